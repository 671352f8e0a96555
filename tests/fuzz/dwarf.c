/* SPDX-License-Identifier: MIT */
/* Fuzz target: line-number programs. libdw, which reads the rest of DWARF, is not ours to mend, and runs in a process of its own
 * (tests/unit/dwarf_hostile.c). The input's first byte says how many 16ths of the rest are .debug_line_str; what is before them
 * is .debug_line. */
#include "tests/fuzz/fuzz.h"

#include "unwind/dwarf/line_program.h"

#include <stdlib.h>

#define WANTS 16

static void run(const struct line_program *l, enum line_rule rule)
{
        struct line_program_want wants[WANTS];

        for (size_t i = 0; i < WANTS; i++)
                wants[i] = (struct line_program_want){ .addr = i < WANTS / 2 ? 4 * i : 0x401000 + 4 * i };
        line_program_run(l, wants, WANTS, rule);
        for (size_t i = 0; i < WANTS; i++) {
                if (wants[i].found)
                        free(line_program_file(l, wants[i].file));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct line_program_sections sections = { .line = { data, size } };
        struct line_program l;
        size_t strings;

        if (!size)
                return 0;
        strings = (size - 1) * (data[0] & 15) / 16;
        sections.line = (struct dwarf_bytes){ data + 1, size - 1 - strings };
        sections.line_str = (struct dwarf_bytes){ data + size - strings, strings };
        sections.str = sections.line_str;
        if (line_program_open(&l, &sections, 0, data[0] & 16 ? "/comp" : NULL))
                return 0;
        run(&l, LINE_RULE_STATEMENT);
        run(&l, LINE_RULE_LAST_ROW);
        for (uint64_t i = 0; i < 4; i++)
                free(line_program_file(&l, i));
        return 0;
}
