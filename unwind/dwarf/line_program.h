/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/line_program.h: the line-number program of one unit (DWARF 2 to 5). Private to unwind/. Not
 * async-signal-safe.
 *
 * The program is executed without storing rows: all wanted addresses of the unit are resolved in one pass, which ends
 * as soon as none is left. That is 20 to 30 times faster than decoding and sorting the table, since a report needs
 * only a handful of addresses. The input is not trusted: a malformed program ends early and resolves fewer addresses.
 */
#ifndef CRASHPRE_UNWIND_LINE_PROGRAM_H
#define CRASHPRE_UNWIND_LINE_PROGRAM_H

#include "unwind/dwarf/bytes.h"

struct line_program_sections { /* borrowed; missing ones have size 0 */
        struct dwarf_bytes line, line_str, str, alt_str;
};

enum { LINE_PROGRAM_FORMS = 16 }; /* fields of a file entry; more are implausible */

struct line_program_table { /* of directories or files: start and format of the entries */
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
        const uint8_t *lengths; /* number of operands of the standard opcodes, opcode_base - 1 bytes */
        struct line_program_table dirs, files;
        const uint8_t *program, *end;
};

struct line_program_want {
        uint64_t addr;
        bool found;
        uint32_t file, line, column; /* line 0: code without a line */
};

/* Reads the header at `offset` of .debug_line. `s` and `comp_dir` are borrowed. Returns 0 or -EBADMSG. */
int line_program_open(struct line_program *l, const struct line_program_sections *s, uint64_t offset,
                      const char *comp_dir);

/* Which of several rows with the same address is used (gcc and clang emit such rows for inlined arguments). */
enum line_rule {
        LINE_RULE_STATEMENT, /* as gdb: the last that begins a statement, if any does; rows of line 0 are ignored */
        LINE_RULE_LAST_ROW,  /* as llvm-symbolizer: the last */
};

/* Resolves `wants`, which ascend by address: the last row at or before the address (by `rule`), in a sequence that
 * covers it. */
void line_program_run(const struct line_program *l, struct line_program_want *wants, size_t n, enum line_rule rule);

/* Returns the name of a file by its number in this table (the first is 0 or 1, depending on the version): directories
 * are prepended until it is absolute, "." and empty components are removed. New; NULL: there is none, or out of
 * memory. */
char *line_program_file(const struct line_program *l, uint64_t number);

#endif
