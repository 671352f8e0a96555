/* SPDX-License-Identifier: MIT */
/* Selection of the symbol for an address, in a constructed symbol table, and damaged files. */
#include "tests/unit/tap.h"
#include "unwind/core/cfi/arch.h"
#include "unwind/elf/demangle.h"
#include "unwind/elf/minidebug.h"
#include "unwind/elf/symbol_table.h"
#include "unwind/symbols/symbols.h"
#include "unwind/target/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* ---- an ELF file with two sections of code, one of data, and symbols ---- */

struct entry {
        const char *name;
        uint64_t value, size;
        int type, bind;
        uint16_t section;
};

enum { TEXT = 1, FINI, DATA, SYMTAB, STRTAB, SHSTRTAB, SECTIONS };

static const char section_names[] = "\0.text\0.fini\0.data\0.symtab\0.strtab\0.shstrtab";

struct layout {
        Elf64_Ehdr header;
        Elf64_Shdr sections[SECTIONS];
        char names[sizeof(section_names)];
        Elf64_Sym symbols[64];
        char strings[2048];
};

static Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t flags, uint64_t addr, uint64_t offset, uint64_t size)
{
        return (Elf64_Shdr){ .sh_name = name,
                             .sh_type = type,
                             .sh_flags = flags,
                             .sh_addr = addr,
                             .sh_offset = offset,
                             .sh_size = size };
}

static struct layout *build(const struct entry *entries, size_t n)
{
        struct layout *l = calloc(1, sizeof(*l));
        size_t text = 1;

        memcpy(l->header.e_ident, ELFMAG, SELFMAG);
        l->header.e_ident[EI_CLASS] = ELFCLASS64;
        l->header.e_ident[EI_DATA] = ELFDATA2LSB;
        l->header.e_machine = ARCH_ELF_MACHINE;
        l->header.e_shoff = offsetof(struct layout, sections);
        l->header.e_shentsize = sizeof(Elf64_Shdr);
        l->header.e_shnum = SECTIONS;
        l->header.e_shstrndx = SHSTRTAB;
        memcpy(l->names, section_names, sizeof(section_names));
        for (size_t i = 0; i < n; i++) {
                l->symbols[i + 1] =
                        (Elf64_Sym){ .st_name = (uint32_t)text,
                                     .st_value = entries[i].value,
                                     .st_size = entries[i].size,
                                     .st_shndx = entries[i].section,
                                     .st_info = (unsigned char)ELF64_ST_INFO(entries[i].bind, entries[i].type) };
                strcpy(l->strings + text, entries[i].name);
                text += strlen(entries[i].name) + 1;
        }
        l->sections[TEXT] = section(1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x1000, 0, 0x1000);
        l->sections[FINI] = section(7, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x2000, 0, 0x100);
        l->sections[DATA] = section(13, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0x3000, 0, 0x100);
        l->sections[SYMTAB] =
                section(19, SHT_SYMTAB, 0, 0, offsetof(struct layout, symbols), (n + 1) * sizeof(Elf64_Sym));
        l->sections[SYMTAB].sh_entsize = sizeof(Elf64_Sym);
        l->sections[SYMTAB].sh_link = STRTAB;
        l->sections[STRTAB] = section(27, SHT_STRTAB, 0, 0, offsetof(struct layout, strings), text);
        l->sections[SHSTRTAB] = section(35, SHT_STRTAB, 0, 0, offsetof(struct layout, names), sizeof(section_names));
        return l;
}

static const struct entry table[] = {
        /* not sorted, as created by linkers */
        { "later", 0x1400, 0x10, STT_FUNC, STB_GLOBAL, TEXT },
        { "plain", 0x1100, 0x20, STT_FUNC, STB_LOCAL, TEXT },
        { "label_inside", 0x1110, 0, STT_NOTYPE, STB_LOCAL, TEXT },
        { ".L4", 0x1118, 0, STT_NOTYPE, STB_LOCAL, TEXT },
        { "label_behind", 0x1130, 0, STT_NOTYPE, STB_GLOBAL, TEXT },
        { "_alias", 0x1200, 0x40, STT_FUNC, STB_GLOBAL, TEXT },
        { "alias", 0x1200, 0x40, STT_FUNC, STB_WEAK, TEXT },
        { "zz_local_alias", 0x1200, 0x40, STT_FUNC, STB_LOCAL, TEXT },
        { "alias.wide", 0x1300, 0x40, STT_FUNC, STB_LOCAL, TEXT },
        { "alias", 0x1300, 0x20, STT_FUNC, STB_GLOBAL, TEXT },
        { "outer", 0x1500, 0x100, STT_FUNC, STB_GLOBAL, TEXT },
        { "inner", 0x1540, 0x10, STT_FUNC, STB_GLOBAL, TEXT },
        { "versioned@@V_2", 0x1680, 0x10, STT_FUNC, STB_GLOBAL, TEXT },
        { "file.c", 0x1700, 0, STT_FILE, STB_LOCAL, SHN_ABS },
        { "absolute", 0x1700, 0x100, STT_FUNC, STB_GLOBAL, SHN_ABS },
        { "undefined", 0x1700, 0x100, STT_FUNC, STB_GLOBAL, SHN_UNDEF },
        { "end_of_text", 0x1ff0, 0x40, STT_FUNC, STB_GLOBAL, TEXT },
        { "_fini", 0x2010, 0, STT_FUNC, STB_GLOBAL, FINI },
        { "variable", 0x3000, 0x100, STT_OBJECT, STB_GLOBAL, DATA },
};

static void test_choice(void)
{
        static const struct {
                uint64_t vaddr;
                const char *name; /* "": none */
                uint64_t addr;
                const char *title;
        } cases[] = {
                { 0x10ff, "", 0, "before the first symbol" },
                { 0x1100, "plain", 0x1100, "the first byte" },
                { 0x1115, "plain", 0x1100, "a function is preferred to a label in it" },
                { 0x111f, "plain", 0x1100, "the last byte" },
                { 0x1120, "label_inside", 0x1110, "past the end of a function, the nearest symbol is a label in it" },
                { 0x1134, "label_behind", 0x1130, "a label after the function" },
                { 0x1208, "alias", 0x1200, "the last of two names, global or weak before local" },
                { 0x1308, "alias.wide", 0x1300, "symbols of two sizes: the last name" },
                { 0x1338, "alias.wide", 0x1300, "symbols of two sizes: the one that covers the address" },
                { 0x1418, "", 0, "a gap after a sized function" },
                { 0x1544, "inner", 0x1540, "the innermost function" },
                { 0x1560, "outer", 0x1500, "the enclosing function" },
                { 0x1688, "versioned", 0x1680, "a version is not part of the name" },
                { 0x1710, "", 0, "absolute and undefined symbols are ignored" },
                { 0x1fff, "end_of_text", 0x1ff0, "the end of a section" },
                { 0x2004, "", 0, "symbols do not extend into the next section" },
                { 0x2050, "_fini", 0x2010, "a symbol without size extends to the end of its section" },
                { 0x3004, "variable", 0x3000, "an address in data: the object" },
                { 0x9000, "", 0, "outside all sections" },
        };
        enum { CASES = sizeof(cases) / sizeof(cases[0]) };
        struct layout *l = build(table, sizeof(table) / sizeof(table[0]));
        struct symbol_want wants[CASES] = { { 0 } };
        struct elf_file f;

        for (size_t i = 0; i < CASES; i++)
                wants[i].vaddr = cases[i].vaddr;
        if (elf_file_open_memory(&f, (uint8_t *)l, sizeof(*l)) ||
            symbol_table_search(&f, SYMBOL_TABLE_FULL, wants, CASES, 0))
                exit(1);
        for (size_t i = 0; i < CASES; i++) {
                const char *name = wants[i].name ? wants[i].name : "";

                if (!tap_ok(strcmp(name, cases[i].name) == 0 && (!*name || wants[i].addr == cases[i].addr) &&
                                    wants[i].is_data == (cases[i].vaddr == 0x3004),
                            "%s", cases[i].title))
                        printf("#   got %s at 0x%llx\n", name, (unsigned long long)wants[i].addr);
                free(wants[i].name);
        }
        elf_file_close(&f);
}

/* A separate debug file: a symbol replaces a name only if it is nearer. */
static void test_two_files(void)
{
        static const struct entry first[] = { { "exported", 0x1100, 0x10, STT_FUNC, STB_GLOBAL, TEXT },
                                              { "start", 0x1400, 0, STT_NOTYPE, STB_GLOBAL, TEXT } };
        static const struct entry second[] = { { "z_same_place", 0x1100, 0x10, STT_FUNC, STB_LOCAL, TEXT },
                                               { "nearer", 0x1500, 0x10, STT_FUNC, STB_LOCAL, TEXT } };
        struct symbol_want wants[2] = { { .vaddr = 0x1108 }, { .vaddr = 0x1508 } };
        struct elf_file f;

        elf_file_open_memory(&f, (uint8_t *)build(first, 2), sizeof(struct layout));
        symbol_table_search(&f, SYMBOL_TABLE_FULL, wants, 2, 0);
        elf_file_close(&f);
        tap_ok(wants[1].name && strcmp(wants[1].name, "start") == 0, "the first file has a name for both");
        elf_file_open_memory(&f, (uint8_t *)build(second, 2), sizeof(struct layout));
        symbol_table_search(&f, SYMBOL_TABLE_FULL, wants, 2, 0);
        elf_file_close(&f);
        tap_ok(strcmp(wants[0].name, "exported") == 0, "the second file does not replace a name at the same address");
        tap_ok(strcmp(wants[1].name, "nearer") == 0, "the second file has a nearer symbol");
        free(wants[0].name);
        free(wants[1].name);
}

/* ---- time ---- */

static void test_deadline(void)
{
        static const struct entry one[] = { { "function", 0x1100, 0x10, STT_FUNC, STB_GLOBAL, TEXT } };
        struct symbol_want want = { .vaddr = 0x1108 };
        struct elf_file f;

        elf_file_open_memory(&f, (uint8_t *)build(one, 1), sizeof(struct layout));
        tap_is(symbol_table_search(&f, SYMBOL_TABLE_FULL, &want, 1, 1) == -ETIME, 1, "a search ends at its deadline");
        tap_ok(!want.name, "and the symbols that it has read are not used");
        tap_ok(!symbol_table_search(&f, SYMBOL_TABLE_FULL, &want, 1, clock_now_ns() + 60 * NS_PER_S) && want.name,
               "before the deadline they are");
        free(want.name);
        elf_file_close(&f);
        tap_is(clock_share(0), 0, "without a deadline a share has none");
        tap_is(clock_share(1), 1, "after the deadline nothing is left to share");
        tap_ok(clock_share(clock_now_ns() + 100 * NS_PER_S) < clock_now_ns() + 26 * NS_PER_S, "a share is a quarter");
}

/* ---- damage ---- */

/* xorshift64: the same damage in every run. */
static uint64_t next_random(uint64_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static void read_all(const uint8_t *bytes, size_t size)
{
        struct symbol_want wants[] = {
                { .vaddr = 0x10 }, { .vaddr = 0x808 }, { .vaddr = 0x1108 }, { .vaddr = 0x2050 }
        };
        uint8_t *copy = malloc(size + 1), id[64];
        struct elf_file f, mini;
        size_t len;

        memcpy(copy, bytes, size);
        if (elf_file_open_memory(&f, copy, size))
                return;
        symbol_table_search(&f, SYMBOL_TABLE_FULL, wants, 4, 0);
        symbol_table_search(&f, SYMBOL_TABLE_DYNAMIC, wants, 4, 0);
        symbol_table_search_plt(&f, wants, 4, 0);
        elf_file_build_id(&f, id, sizeof(id), &len);
        if (minidebug_open(&f, 0, &mini) == 0)
                elf_file_close(&mini);
        for (size_t i = 0; i < f.section_count; i++) {
                uint8_t *data;

                if (elf_file_contents(&f, &f.sections[i], &data, &len) == 0)
                        free(data);
        }
        for (size_t i = 0; i < 4; i++)
                free(wants[i].name);
        elf_file_close(&f);
}

static void damage(const uint8_t *good, size_t size, uint64_t seed)
{
        uint8_t *bytes = malloc(size);

        for (int round = 0; round < 4000; round++) {
                size_t n = next_random(&seed) % 8 + 1;

                memcpy(bytes, good, size);
                for (size_t i = 0; i < n; i++)
                        bytes[next_random(&seed) % size] =
                                (uint8_t)(next_random(&seed) % 3 ? next_random(&seed) : 0xff);
                read_all(bytes, round % 5 ? size : next_random(&seed) % size);
        }
        free(bytes);
}

static void test_damage(void)
{
        struct layout *l = build(table, sizeof(table) / sizeof(table[0]));
        const uint8_t *vdso = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);

        damage((uint8_t *)l, offsetof(struct layout, symbols) + 600, 88172645463325252u);
        tap_ok(true, "damaged files are handled");
        if (vdso)
                damage(vdso, 4096, 4711);
        tap_ok(true, "a damaged vDSO is handled");
        free(l);
}

/* ---- readable names ---- */

static void test_demangling(void)
{
        static const char *const names[][2] = {
                { "main", "main" },
                { "_Z10store_itemRK4Item", "store_item(Item const&)" },
                { "_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write" },
                { "_RNvCs1234_7mycrate3foo", "mycrate::foo" },
                { "_D3foo3barFZv", "foo.bar()" },
                { "_Znwm@plt", "operator new(unsigned long)@plt" },
                { "_ZN3foo3barEv.cold", "foo::bar() [clone .cold]" },
                { "_Z3getIiET_v", "get<int>()" },
                { "_D3foo3barFZv.cold", "foo.bar() [clone .cold]" },
                { "__solver_MOD_step", "solver::step" },
                { "__solver.details_MOD_step", "solver.details::step" },
                { "__solver_MOD_step.constprop.0", "solver::step [clone .constprop.0]" },
                { "__GI___MOD_LIST", "__GI___MOD_LIST" },
                { "___MOD_", "___MOD_" },
                { "shop__put__2", "shop__put__2" },
                { "nested.0", "nested" },
                { "v1.0.part", "v1.0.part" },
                { "_Z", "_Z" },
                { "_R", "_R" },
                { "_D", "_D" },
                { "", "" },
        };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char *got = demangle(names[i][0]);

                tap_ok(got && strcmp(got, names[i][1]) == 0, "%s is %s", names[i][0], got);
                free(got);
        }
}

static void test_ada(void)
{
        static const char *const names[][2] = {
                { "_ada_start", "start" },
                { "shop__put__2", "shop.put" },
                { "shop__put__nested__2.0", "shop.put.nested" },
                { "shop__Olt", "shop.\"<\"" },
                { "shop___elabb", "shop'Elab_Body" },
                { "start__workerTB.1", "start.worker" },
                { "shop__lock__getE12b", "shop.lock.get" },
                { "shop__put__B_2__nested", "shop.put.nested" },
                { "shop__put.cold", "shop.put [clone .cold]" },
                { "shop__put@plt", "shop.put@plt" },
                { "main", "main" },
                { "TB", "TB" },
                { "__B_1__", "__B_1__" },
                { "_Z3getv", "_Z3getv" },
                { "", "" },
        };
        static const char *const others[] = { "main", "__libc_start_main", "_Z1f__x", "a__", "Put__x", "" };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char *got = demangle_ada(names[i][0]);

                tap_ok(got && strcmp(got, names[i][1]) == 0, "%s is %s in Ada", names[i][0], got);
                free(got);
        }
        tap_ok(demangle_maybe_ada("_ada_start") && demangle_maybe_ada("shop__put"), "these may be Ada");
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                tap_ok(!demangle_maybe_ada(others[i]), "'%s' is not Ada", others[i]);
}

/* f(X<int, int>, X<X<int, int>, X<int, int> >, ...): each parameter is twice as long as the one before. */
static void test_endless_name(void)
{
        static const char digits[] = "0123456789ABCDEFGHIJ";
        char name[512] = "_Z1f1XIiiE", *got;
        size_t used = strlen(name);

        for (int i = 0; i < 16; i++)
                used += (size_t)sprintf(name + used, "S_IS%c_S%c_E", digits[i], digits[i]);
        got = demangle(name);
        tap_ok(got && strncmp(got, "f(X<int, int>, X<X<int, int>, X<int", 35) == 0 && strlen(got) == 65536 &&
                       strcmp(got + 65533, "...") == 0,
               "a name of exponential length is truncated, and marked");
        free(got);
}

/* f(x000...*, ...): 10,000 characters, each a part of the name. */
static void test_long_name(void)
{
        char name[16384] = "_Z1f", *at = name + 4, *got;

        for (int i = 0; i < 150; i++)
                at += sprintf(at, "P65x%064d", i % 10);
        got = demangle(name);
        tap_ok(got && strlen(got) == 150 * 68 + 1 && strncmp(got, "f(x000", 6) == 0, "a name of %zu characters",
               strlen(name));
        free(got);
}

/* f<0, 1, 2, ...>() */
static void test_many_arguments(void)
{
        char name[16384] = "_Z1fIJ", *at = name + strlen(name), *got;

        for (int i = 0; i < 1700; i++)
                at += sprintf(at, "Li%dE", i);
        strcpy(at, "EEvv");
        got = demangle(name);
        tap_ok(got && strncmp(got, "f<0, 1, 2, ", 11) == 0 && strlen(got) > 2000 &&
                       strcmp(got + strlen(got) - 3, "...") == 0,
               "a template with 1,700 arguments is truncated, and marked");
        free(got);
}

int main(void)
{
        test_choice();
        test_two_files();
        test_deadline();
        test_damage();
        test_demangling();
        test_ada();
        test_endless_name();
        test_long_name();
        test_many_arguments();
        return tap_done();
}
