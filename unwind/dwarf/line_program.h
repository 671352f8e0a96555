/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/line_program.h: one unit's line-number program (DWARF 2 to 5). Private to unwind/.
 *
 * The program is run without storing rows: all addresses wanted of the unit are answered in one pass, which ends as
 * soon as none is left. That is 20 to 30 times faster than decoding and sorting the table, since a report asks for a
 * handful of addresses. Bytes are never trusted: a malformed program ends early and answers less.
 */
#ifndef CRASHPRE_UNWIND_LINE_PROGRAM_H
#define CRASHPRE_UNWIND_LINE_PROGRAM_H

#include "unwind/dwarf/bytes.h"

struct line_program_sections { /* borrowed; those that are missing have size 0 */
        struct dwarf_bytes line, line_str, str, alt_str;
};

enum { LINE_PROGRAM_FORMS = 16 }; /* fields of a file entry; more is nonsense */

struct line_program_table { /* of directories or files: where entries begin and what they are made of */
        const uint8_t *entries;
        uint64_t count;
        uint8_t form_count;
        uint16_t content[LINE_PROGRAM_FORMS], form[LINE_PROGRAM_FORMS];
};

struct line_program {
        const struct line_program_sections *sections;
        const char *comp_dir; /* borrowed, may be NULL */
        uint16_t version;
        uint8_t offset_size, address_size;
        uint8_t min_length, max_ops, line_range, opcode_base;
        bool default_is_stmt;
        int8_t line_base;
        const uint8_t *lengths; /* operands of the standard opcodes, opcode_base - 1 of them */
        struct line_program_table dirs, files;
        const uint8_t *program, *end;
};

struct line_program_want {
        uint64_t addr;
        bool found;
        uint32_t file, line, column; /* line 0: code of no line */
};

/* Reads the header at `offset` of .debug_line. 0, or -EBADMSG. */
int line_program_open(struct line_program *l, const struct line_program_sections *s, uint64_t offset,
                      const char *comp_dir);

/* Which row speaks for an address where several stand at one place (gcc and clang put inlined arguments there). */
enum line_rule {
        LINE_RULE_STATEMENT, /* as gdb: the last that begins a statement, if any does; rows of line 0 do not count */
        LINE_RULE_LAST_ROW,  /* as llvm-symbolizer: the last */
};

/* Answers `wants`, which ascend by address: the last row at or before the address (by `rule`), in a sequence that
 * covers it. */
void line_program_run(const struct line_program *l, struct line_program_want *wants, size_t n, enum line_rule rule);

/* The name of a file by its number in this table (0 or 1 is the first, by version): directories put before it until
 * it is absolute, "." and "" taken out. New; NULL: there is none, or no memory. */
char *line_program_file(const struct line_program *l, uint64_t number);

#endif
