/* SPDX-License-Identifier: MIT */
/* The line-program interpreter on constructed programs of every version, well-formed and hostile. */
#include "tests/unit/tap.h"
#include "unwind/dwarf/line_program.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

struct writer {
        uint8_t v[4096];
        size_t n;
};

static void fixed(struct writer *w, uint64_t v, size_t size)
{
        for (size_t i = 0; i < size; i++)
                w->v[w->n++] = (uint8_t)(v >> 8 * i);
}

static void uleb(struct writer *w, uint64_t v)
{
        do {
                w->v[w->n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
                v >>= 7;
        } while (v);
}

static void string(struct writer *w, const char *s)
{
        memcpy(w->v + w->n, s, strlen(s) + 1);
        w->n += strlen(s) + 1;
}

static void patch(struct writer *w, size_t at, uint64_t v, size_t size)
{
        for (size_t i = 0; i < size; i++)
                w->v[at + i] = (uint8_t)(v >> 8 * i);
}

struct plan { /* differences between the programs; zero: as emitted by gcc */
        uint16_t version;
        bool dwarf64;
        uint8_t min_length, max_ops, line_range, opcode_base;
};

struct place {
        size_t length, header, size;
};

static void old_names(struct writer *w)
{
        string(w, "include");
        string(w, "/abs//./inc");
        string(w, "");
        for (int i = 0; i < 3; i++) {
                static const char *const names[] = { "main.c", "./rel.h", "abs.h" };

                string(w, names[i]);
                uleb(w, (uint64_t)i);
                uleb(w, 0);
                uleb(w, 0);
        }
        string(w, "");
}

/* Directories by DW_FORM_line_strp, files by DW_FORM_string with an MD5, which is skipped. */
static void new_names(struct writer *w, size_t offset_size)
{
        static const uint64_t dirs[] = { 0, 6, 14 }; /* into line_str below */
        static const char *const names[] = { "main.c", "./rel.h", "abs.h" };

        fixed(w, 1, 1);
        uleb(w, 1);
        uleb(w, 0x1f);
        uleb(w, 3);
        for (int i = 0; i < 3; i++)
                fixed(w, dirs[i], offset_size);
        fixed(w, 3, 1);
        uleb(w, 1);
        uleb(w, 0x08);
        uleb(w, 2);
        uleb(w, 0x0b);
        uleb(w, 5);
        uleb(w, 0x1e);
        uleb(w, 3);
        for (int i = 0; i < 3; i++) {
                string(w, names[i]);
                fixed(w, (uint64_t)i, 1);
                fixed(w, 0, 8);
                fixed(w, 0, 8);
        }
}

static const char line_str[] = "/comp\0include\0/abs//./inc";

static struct place begin(struct writer *w, struct plan p)
{
        static const uint8_t lengths[] = { 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1 };
        struct place at = { .size = p.dwarf64 ? 8 : 4 };

        if (p.dwarf64)
                fixed(w, 0xffffffff, 4);
        at.length = w->n;
        fixed(w, 0, at.size);
        fixed(w, p.version, 2);
        if (p.version >= 5)
                fixed(w, 8, 2); /* addresses of 8 bytes, no segments */
        at.header = w->n;
        fixed(w, 0, at.size);
        fixed(w, p.min_length ? p.min_length : 1, 1);
        if (p.version >= 4)
                fixed(w, p.max_ops ? p.max_ops : 1, 1);
        fixed(w, 1, 1);
        fixed(w, (uint8_t)-5, 1);
        fixed(w, p.line_range, 1);
        fixed(w, p.opcode_base, 1);
        for (int i = 1; i < p.opcode_base; i++)
                fixed(w, i <= 12 ? lengths[i - 1] : 2, 1);
        if (p.version >= 5)
                new_names(w, at.size);
        else
                old_names(w);
        patch(w, at.header, w->n - at.header - at.size, at.size);
        return at;
}

static void end(struct writer *w, struct place at)
{
        patch(w, at.length, w->n - at.length - at.size, at.size);
}

static void set_address(struct writer *w, uint64_t addr)
{
        fixed(w, 0, 1);
        uleb(w, 9);
        fixed(w, 2, 1);
        fixed(w, addr, 8);
}

static void end_sequence(struct writer *w)
{
        fixed(w, 0, 1);
        uleb(w, 1);
        fixed(w, 1, 1);
}

static void copy(struct writer *w)
{
        fixed(w, 1, 1);
}

static void advance_pc(struct writer *w, uint64_t by)
{
        fixed(w, 2, 1);
        uleb(w, by);
}

static void advance_line(struct writer *w, uint8_t by)
{
        fixed(w, 3, 1);
        fixed(w, by & 0x7f, 1);
}

static void set_file(struct writer *w, uint64_t file)
{
        fixed(w, 4, 1);
        uleb(w, file);
}

static void set_column(struct writer *w, uint64_t column)
{
        fixed(w, 5, 1);
        uleb(w, column);
}

/* Rows: 0x1000 line 11; 0x1004 line 12 column 7 file 2; again 0x1004 line 14; 0x1009 line 0; to 0x1010. Then 0x500
 * line 1, to 0x504. */
static void usual_program(struct writer *w)
{
        set_address(w, 0x1000);
        advance_line(w, 10);
        copy(w);
        set_file(w, 2);
        set_column(w, 7);
        fixed(w, 13 + 14 * 4 + 5 + 1, 1); /* special: 4 bytes, one line */
        advance_line(w, 2);
        copy(w);
        fixed(w, 9, 1); /* DW_LNS_fixed_advance_pc */
        fixed(w, 5, 2);
        advance_line(w, 0x80 - 14);
        copy(w);
        advance_pc(w, 7);
        end_sequence(w);
        set_address(w, 0x500);
        copy(w);
        advance_pc(w, 4);
        end_sequence(w);
}

/* ---- querying ---- */

static struct line_program_sections sections_of(const struct writer *w)
{
        return (struct line_program_sections){
                .line = { .data = w->v, .size = w->n },
                .line_str = { .data = (const uint8_t *)line_str, .size = sizeof(line_str) },
        };
}

static void check_want(const struct line_program_want *w, uint32_t line, const char *what)
{
        tap_is(w->found ? w->line : 99999, line, "%s: line at %#llx", what, (unsigned long long)w->addr);
}

static void check_file(const struct line_program *l, uint64_t number, const char *wanted, const char *what)
{
        char *got = line_program_file(l, number);

        if (!tap_ok(wanted ? got && strcmp(got, wanted) == 0 : !got, "%s: file %llu is %s", what,
                    (unsigned long long)number, wanted ? wanted : "none"))
                printf("#   got %s\n", got ? got : "none");
        free(got);
}

static void test_version(uint16_t version, bool dwarf64)
{
        struct line_program_want wants[] = { { .addr = 0x4ff },  { .addr = 0x500 },  { .addr = 0x503 },
                                             { .addr = 0x504 },  { .addr = 0xfff },  { .addr = 0x1000 },
                                             { .addr = 0x1003 }, { .addr = 0x1004 }, { .addr = 0x1008 },
                                             { .addr = 0x1009 }, { .addr = 0x100f }, { .addr = 0x1010 } };
        static const uint32_t lines[] = { 99999, 1, 1, 99999, 99999, 11, 11, 14, 14, 0, 0, 99999 };
        struct plan p = { .version = version, .dwarf64 = dwarf64, .line_range = 14, .opcode_base = 13 };
        struct writer w = { .n = 0 };
        struct place at;
        struct line_program_sections s;
        struct line_program l;
        char what[32];
        uint64_t first = version < 5;

        snprintf(what, sizeof(what), "version %d%s", version, dwarf64 ? ", 64-bit DWARF" : "");
        at = begin(&w, p);
        usual_program(&w);
        end(&w, at);
        s = sections_of(&w);
        tap_is((unsigned long long)line_program_open(&l, &s, 0, "/comp"), 0, "%s: header", what);
        line_program_run(&l, wants, 12, LINE_RULE_LAST_ROW);
        for (size_t i = 0; i < 12; i++)
                check_want(&wants[i], lines[i], what);
        tap_is(wants[7].file, 2, "%s: file of the row", what);
        tap_is(wants[7].column, 7, "%s: column of the row", what);
        check_file(&l, first, "/comp/main.c", what);
        check_file(&l, first + 1, "/comp/include/rel.h", what);
        check_file(&l, first + 2, "/abs/inc/abs.h", what);
        check_file(&l, first + 3, NULL, what);
        if (first)
                check_file(&l, 0, NULL, what);
}

static void negate_statement(struct writer *w)
{
        fixed(w, 6, 1); /* DW_LNS_negate_stmt */
}

/* Several rows at one address, and rows without a line: gdb's rule and llvm-symbolizer's. */
static void test_rules(void)
{
        static const uint32_t by_statement[] = { 1, 1, 7, 7 }, by_last_row[] = { 5, 0, 7, 8 };
        struct plan p = { .version = 5, .line_range = 14, .opcode_base = 13 };
        struct writer w = { .n = 0 };
        struct place at = begin(&w, p);
        struct line_program_sections s;
        struct line_program l;

        set_address(&w, 0x100);
        copy(&w); /* 0x100: line 1, a statement */
        negate_statement(&w);
        advance_line(&w, 4);
        copy(&w); /* same address: line 5, not a statement */
        advance_pc(&w, 4);
        advance_line(&w, -5);
        copy(&w); /* 0x104: line 0 */
        advance_pc(&w, 4);
        advance_line(&w, 9);
        copy(&w); /* 0x108: line 9, not a statement */
        negate_statement(&w);
        advance_line(&w, -2);
        copy(&w); /* same address: line 7, a statement */
        advance_pc(&w, 4);
        copy(&w); /* 0x10c: line 7 */
        negate_statement(&w);
        advance_line(&w, 1);
        copy(&w); /* same address: line 8, not a statement */
        advance_pc(&w, 4);
        end_sequence(&w);
        end(&w, at);
        s = sections_of(&w);
        line_program_open(&l, &s, 0, NULL);
        for (int rule = LINE_RULE_STATEMENT; rule <= LINE_RULE_LAST_ROW; rule++) {
                const uint32_t *lines = rule == LINE_RULE_STATEMENT ? by_statement : by_last_row;
                struct line_program_want wants[] = {
                        { .addr = 0x100 }, { .addr = 0x106 }, { .addr = 0x108 }, { .addr = 0x10f }
                };

                line_program_run(&l, wants, 4, (enum line_rule)rule);
                for (size_t i = 0; i < 4; i++)
                        check_want(&wants[i], lines[i], rule == LINE_RULE_STATEMENT ? "statements" : "last rows");
        }
}

static void discriminator(struct writer *w)
{
        fixed(w, 0, 1);
        fixed(w, 2, 1);
        fixed(w, 4, 1); /* DW_LNE_set_discriminator */
        fixed(w, 1, 1);
}

/* Blocks of one line with different discriminators are one block to gdb: the statement at the address of the first is
 * used. */
static void test_discriminators(void)
{
        static const uint32_t by_statement[] = { 1, 1, 9, 9 }, by_last_row[] = { 5, 5, 9, 9 };
        struct plan p = { .version = 5, .line_range = 14, .opcode_base = 13 };
        struct writer w = { .n = 0 };
        struct place at = begin(&w, p);
        struct line_program_sections s;
        struct line_program l;

        set_address(&w, 0x100);
        copy(&w); /* 0x100: line 1, a statement */
        negate_statement(&w);
        discriminator(&w);
        advance_line(&w, 4);
        copy(&w); /* same address: line 5 */
        discriminator(&w);
        advance_pc(&w, 4);
        copy(&w); /* 0x104: line 5, another block */
        advance_pc(&w, 4);
        advance_line(&w, 4);
        copy(&w); /* 0x108: line 9 */
        advance_pc(&w, 4);
        copy(&w); /* 0x10c: line 9, without discriminator */
        advance_pc(&w, 4);
        end_sequence(&w);
        end(&w, at);
        s = sections_of(&w);
        line_program_open(&l, &s, 0, NULL);
        for (int rule = LINE_RULE_STATEMENT; rule <= LINE_RULE_LAST_ROW; rule++) {
                const uint32_t *lines = rule == LINE_RULE_STATEMENT ? by_statement : by_last_row;
                struct line_program_want wants[] = {
                        { .addr = 0x100 }, { .addr = 0x106 }, { .addr = 0x108 }, { .addr = 0x10c }
                };

                line_program_run(&l, wants, 4, (enum line_rule)rule);
                for (size_t i = 0; i < 4; i++)
                        check_want(&wants[i], lines[i], "discriminators");
        }
}

/* Operations of an instruction bundle share its address. */
static void test_bundles(void)
{
        struct line_program_want wants[] = { { .addr = 0x100 }, { .addr = 0x10c }, { .addr = 0x114 } };
        struct plan p = { .version = 4, .min_length = 4, .max_ops = 3, .line_range = 14, .opcode_base = 13 };
        struct writer w = { .n = 0 };
        struct place at = begin(&w, p);
        struct line_program_sections s;
        struct line_program l;

        set_address(&w, 0x100);
        copy(&w);
        advance_pc(&w, 10); /* three bundles and one operation */
        advance_line(&w, 4);
        copy(&w);
        advance_pc(&w, 5); /* two bundles, index 0 */
        end_sequence(&w);
        end(&w, at);
        s = sections_of(&w);
        line_program_open(&l, &s, 0, NULL);
        line_program_run(&l, wants, 3, LINE_RULE_LAST_ROW);
        check_want(&wants[0], 1, "bundles");
        check_want(&wants[1], 5, "bundles");
        check_want(&wants[2], 99999, "bundles");
        check_file(&l, 1, "main.c", "without a directory");
}

/* Opcodes of later versions are skipped, using the lengths in the header. */
static void test_unknown_opcodes(void)
{
        struct line_program_want want = { .addr = 0x100 };
        struct plan p = { .version = 4, .line_range = 14, .opcode_base = 15 };
        struct writer w = { .n = 0 };
        struct place at = begin(&w, p);
        struct line_program_sections s;
        struct line_program l;

        set_address(&w, 0x100);
        fixed(&w, 14, 1);
        uleb(&w, 1000);
        uleb(&w, 1);
        fixed(&w, 0, 1); /* an extended opcode */
        uleb(&w, 4);
        fixed(&w, 0x99, 1);
        fixed(&w, 0x010101, 3);
        advance_line(&w, 6);
        copy(&w);
        advance_pc(&w, 1);
        end_sequence(&w);
        end(&w, at);
        s = sections_of(&w);
        line_program_open(&l, &s, 0, NULL);
        line_program_run(&l, &want, 1, LINE_RULE_LAST_ROW);
        check_want(&want, 7, "unknown opcodes");
}

static void test_order(void)
{
        struct line_program_want wants[] = { { .addr = 0x10 }, { .addr = 0x20 }, { .addr = 0x30 } };
        struct plan p = { .version = 5, .line_range = 14, .opcode_base = 13 };
        struct writer w = { .n = 0 };
        struct place at = begin(&w, p);
        struct line_program_sections s;
        struct line_program l;

        set_address(&w, 0x30); /* a sequence with decreasing addresses */
        copy(&w);
        set_address(&w, 0x10);
        advance_line(&w, 1);
        copy(&w);
        advance_pc(&w, 0x18);
        advance_line(&w, 1);
        copy(&w);
        advance_pc(&w, 0x10);
        end_sequence(&w);
        end(&w, at);
        s = sections_of(&w);
        line_program_open(&l, &s, 0, NULL);
        line_program_run(&l, wants, 3, LINE_RULE_LAST_ROW);
        check_want(&wants[0], 2, "backwards");
        check_want(&wants[1], 2, "backwards");
        check_want(&wants[2], 3, "backwards");
}

/* ---- hostile ---- */

static void try_all(const uint8_t *bytes, size_t n)
{
        struct line_program_want wants[] = {
                { .addr = 0 }, { .addr = 0x500 }, { .addr = 0x1004 }, { .addr = UINT64_MAX }
        };
        uint8_t *exact = malloc(n ? n : 1); /* exact size, so that a sanitizer detects a read past the end */
        struct line_program_sections s = { .line_str = { .data = (const uint8_t *)line_str,
                                                         .size = sizeof(line_str) } };
        struct line_program l;

        if (n)
                memcpy(exact, bytes, n);
        s.line = (struct dwarf_bytes){ .data = exact, .size = n };
        if (line_program_open(&l, &s, 0, "/comp") == 0) {
                line_program_run(&l, wants, 4, LINE_RULE_LAST_ROW);
                for (uint64_t i = 0; i < 5; i++)
                        free(line_program_file(&l, i));
                free(line_program_file(&l, UINT64_MAX));
        }
        free(exact);
}

static uint32_t dice(uint32_t *state)
{
        *state = *state * 1664525 + 1013904223;
        return *state >> 8;
}

static void test_hostile(uint16_t version)
{
        struct plan p = { .version = version, .line_range = 14, .opcode_base = 13 };
        struct writer w = { .n = 0 }, bad;
        struct place at = begin(&w, p);
        uint32_t state = version;

        usual_program(&w);
        end(&w, at);
        for (size_t n = 0; n <= w.n; n++)
                try_all(w.v, n);
        tap_ok(true, "version %d: truncated at every byte", version);
        for (int round = 0; round < 20000; round++) {
                bad = w;
                for (uint32_t i = bad.n ? dice(&state) % 4 + 1 : 0; i; i--)
                        bad.v[dice(&state) % bad.n] = (uint8_t)(dice(&state) % 3 ? dice(&state) : 0xff);
                try_all(bad.v, bad.n);
        }
        tap_ok(true, "version %d: 20,000 mutations", version);
}

static void test_rejected(void)
{
        struct plan p = { .version = 4, .line_range = 0, .opcode_base = 13 };
        struct line_program_want want = { .addr = 0x1004 };
        struct writer w = { .n = 0 };
        struct place at = begin(&w, p);
        struct line_program_sections s;
        struct line_program l;

        usual_program(&w);
        end(&w, at);
        s = sections_of(&w);
        tap_is((unsigned long long)line_program_open(&l, &s, 0, NULL), 0, "no line range: header");
        line_program_run(&l, &want, 1, LINE_RULE_LAST_ROW);
        tap_ok(!want.found, "line_range 0: no result, no division by zero");
        tap_ok(line_program_open(&l, &s, w.n + 1, NULL) < 0, "an offset past the section");
        tap_ok(line_program_open(&l, &s, UINT64_MAX, NULL) < 0, "offset UINT64_MAX");
        patch(&w, 4, 6, 2);
        tap_ok(line_program_open(&l, &s, 0, NULL) < 0, "unknown version 6");
}

int main(void)
{
        for (uint16_t version = 2; version <= 5; version++)
                test_version(version, false);
        test_version(3, true);
        test_version(5, true);
        test_rules();
        test_discriminators();
        test_bundles();
        test_unknown_opcodes();
        test_order();
        test_rejected();
        for (uint16_t version = 2; version <= 5; version++)
                test_hostile(version);
        return tap_done();
}
