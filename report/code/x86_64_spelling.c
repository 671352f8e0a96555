/* SPDX-License-Identifier: MIT */
/* report/code/x86_64_spelling.c: converts capstone's AT&T syntax to that of binutils and gdb, with which readers
 * compare a report. tests/tools/disassembly.c compares the two.
 *
 *   capstone: movl $-1, 8(%rax, %rcx)     pushq %rbp          rep stosb %al, (%rdi)
 *   gdb:      movl $0xffffffff,0x8(%rax,%rcx,1)    push %rbp    rep stos %al,%es:(%rdi)
 */
#include "report/code/x86_64_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
        char *at, *end;    /* `at` always points to a NUL */
        uint64_t relative; /* address that an operand relative to rip refers to, 0: none */
};

static void add(struct line *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *out, const char *format, ...)
{
        size_t room = (size_t)(out->end - out->at);
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(out->at, room, format, ap);
        va_end(ap);
        if (n > 0)
                out->at += (size_t)n < room ? (size_t)n : room - 1;
}

static bool is_one_of(const char *word, const char *const *list)
{
        for (; *list; list++)
                if (!strcmp(word, *list))
                        return true;
        return false;
}

/* ---- mnemonics ---- */

/* For string instructions binutils prints both operands' segments and omits the suffix if a register implies it. */
static bool is_string(const struct x86_64_spelling *in)
{
        static const char *const names[] = { "movsb", "movsw", "movsd", "movsq", "stosb", "stosw", "stosd",
                                             "stosq", "lodsb", "lodsw", "lodsd", "lodsq", "scasb", "scasw",
                                             "scasd", "scasq", "cmpsb", "cmpsw", "cmpsd", "cmpsq", NULL };

        return is_one_of(in->plain, names) && !strstr(in->operands, "%xmm");
}

enum { OPERAND_IS_REGISTER = 1, OPERAND_IS_MEMORY = 2 };

/* Which kinds of operands there are: a register that determines the size of the others, so that no suffix is needed;
 * memory. */
static unsigned operand_kinds(const char *plain, const char *s)
{
        static const char *const shifts[] = { "shl", "sal", "shr", "sar", "rol", "ror", "rcl", "rcr", NULL };
        bool begins = true, is_shift = is_one_of(plain, shifts);
        unsigned kinds = 0;
        int depth = 0;

        for (; *s; s++) {
                if (begins && *s == '%' && s[strcspn(s, ":,")] != ':') {
                        if (strncmp(s + 2, "mm", 2) && !(is_shift && !strncmp(s, "%cl,", 4)))
                                kinds |= OPERAND_IS_REGISTER;
                } else if (begins && !strchr("$* ", *s)) {
                        kinds |= OPERAND_IS_MEMORY;
                }
                depth += (*s == '(') - (*s == ')');
                begins = !depth && (*s == ',' || (begins && *s == ' '));
        }
        return kinds;
}

/* "rep ", and in binutils' spelling "repz ", "repnz ", "lock ". */
static void spell_prefixes(struct line *out, const char *prefixes, size_t len)
{
        if (len >= 4 && !strncmp(prefixes + len - 4, "repe", 4))
                add(out, "%.*srepz ", (int)len - 4, prefixes);
        else if (len >= 5 && !strncmp(prefixes + len - 5, "repne", 5))
                add(out, "%.*srepnz ", (int)len - 5, prefixes);
        else
                add(out, "%.*s ", (int)len, prefixes);
}

static void spell_mnemonic(struct line *out, const char *mnemonic, const struct x86_64_spelling *in)
{
        static const char *const never[] = { "push", "pop", "call", "jmp", NULL };
        size_t len = strlen(in->plain), whole = strlen(mnemonic);
        bool suffixed = whole == len + 1 && !strncmp(mnemonic, in->plain, len) && strchr("bwlq", mnemonic[len]);
        unsigned kinds = operand_kinds(in->plain, in->operands);

        if (is_string(in) && strchr(in->operands, '(') && strncmp(in->plain, "movs", 4) &&
            strncmp(in->plain, "cmps", 4))
                add(out, "%.4s", mnemonic);
        else if (suffixed &&
                 (kinds & OPERAND_IS_REGISTER || !(kinds & OPERAND_IS_MEMORY) || is_one_of(in->plain, never)))
                add(out, "%s", strcmp(in->plain, "sal") ? in->plain : "shl");
        else if (!strncmp(mnemonic, "sal", 3) && strlen(mnemonic) <= 4)
                add(out, "shl%s", suffixed ? mnemonic + 3 : "");
        else if (in->quad && !strcmp(mnemonic, "movd"))
                add(out, "movq");
        else
                add(out, "%s", mnemonic);
}

/* ---- operands ---- */

static void spell_number(struct line *out, const char *digits, unsigned bytes)
{
        int64_t value = digits[0] == '-' ? -(int64_t)strtoull(digits + 1, NULL, 0) : (int64_t)strtoull(digits, NULL, 0);

        if (bytes && bytes < 8)
                add(out, "0x%" PRIx64, (uint64_t)value & ((UINT64_C(1) << 8 * bytes) - 1));
        else
                add(out, "0x%" PRIx64, (uint64_t)value);
}

static void spell_displacement(struct line *out, const char *digits, size_t len, unsigned wide, bool alone)
{
        char number[32];

        snprintf(number, sizeof(number), "%.*s", (int)(len < 30 ? len : 30), digits);
        if (!len && wide)
                add(out, "0x0");
        else if (len && number[0] == '-' && !alone)
                add(out, "-0x%llx", strtoull(number + 1, NULL, 0));
        else if (len)
                spell_number(out, number, 0);
}

/* Converts "%fs:-0x10(%rax, %rcx, 4)"; each part is optional. */
static void spell_memory(struct line *out, const char *s, const struct x86_64_spelling *in)
{
        const char *open = strchr(s, '('), *colon = strchr(s, ':'), *displacement;
        int commas = 0;

        if (colon) {
                add(out, "%.*s", (int)(colon + 1 - s), s);
                s = colon + 1;
        } else if (is_string(in) && open) {
                add(out, "%s", !strncmp(open, "(%rdi", 5) || !strncmp(open, "(%edi", 5) ? "%es:" : "%ds:");
        }
        if (!open) {
                spell_displacement(out, s, strlen(s), 0, true);
                return;
        }
        displacement = s;
        spell_displacement(out, s, (size_t)(open - s), in->wide, false);
        for (s = open; *s && *s != ')'; s++) {
                commas += *s == ',';
                if (*s != ' ')
                        add(out, "%c", *s);
        }
        add(out, "%s)", commas == 1 ? ",1" : "");
        for (s += *s != 0; *s; s++) /* " {%k1}" */
                if (*s != ' ')
                        add(out, "%c", *s);
        if (!strncmp(open, "(%rip)", 6))
                out->relative = in->next + (uint64_t)strtoll(displacement, NULL, 0);
}

static void spell_operand(struct line *out, const char *s, const struct x86_64_spelling *in)
{
        if (*s == '*') {
                add(out, "*");
                s++;
        }
        if (*s == '$') {
                add(out, "$");
                spell_number(out, s + 1, in->immediate);
        } else if (*s == '%' && !strchr(s, ':')) {
                for (; *s; s++) /* "%ymm1 {%k1} {z}" */
                        if (*s != ' ')
                                add(out, "%c", *s);
        } else {
                spell_memory(out, s, in);
        }
}

/* Splits off the next operand; commas inside parentheses belong to it. */
static char *next_operand(char **rest)
{
        char *s = *rest;
        int depth = 0;

        while (isspace((unsigned char)*s))
                s++;
        if (!*s)
                return NULL;
        for (*rest = s; **rest && (**rest != ',' || depth); ++*rest)
                depth += (**rest == '(') - (**rest == ')');
        if (**rest)
                *(*rest)++ = 0;
        return s;
}

void x86_64_spell(const struct x86_64_spelling *in, char *out, size_t size)
{
        struct line line = { .at = out, .end = out + size };
        const char *last = strrchr(in->mnemonic, ' ');
        char copy[160], *rest = copy, *operand;
        bool first = true;

        *out = 0;
        if (last)
                spell_prefixes(&line, in->mnemonic, (size_t)(last - in->mnemonic));
        if (!strcmp(in->plain, "xlatb")) {
                add(&line, "xlat %%ds:(%%rbx)");
                return;
        }
        spell_mnemonic(&line, last ? last + 1 : in->mnemonic, in);
        snprintf(copy, sizeof(copy), "%s", in->operands);
        while ((operand = next_operand(&rest))) {
                if (in->by_one && first && !strcmp(operand, "$1"))
                        continue;
                add(&line, "%s", first ? " " : ",");
                spell_operand(&line, operand, in);
                first = false;
        }
        if (line.relative)
                add(&line, " # 0x%" PRIx64, line.relative);
}
