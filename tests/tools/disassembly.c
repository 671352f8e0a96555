/* SPDX-License-Identifier: MIT */
/* disassembly: reads lines "address<TAB>bytes in hexadecimal" and prints each as decoded by
 * report/code/disassemble.h: "address<TAB>length<TAB>text". For comparison with objdump over whole libraries. */
#include "report/code/disassemble.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
        static char line[1024];

        while (fgets(line, sizeof(line), stdin)) {
                struct instruction insn;
                uint8_t code[INSTRUCTION_LONGEST + 1];
                size_t n = 0;
                char *at;
                uint64_t address = strtoull(line, &at, 16);

                while (n < sizeof(code)) {
                        char *end;
                        unsigned long value = strtoul(at, &end, 16);

                        if (end == at)
                                break;
                        code[n++] = (uint8_t)value;
                        at = end;
                }
                disassemble(code, n, address, NULL, &insn);
                printf("%" PRIx64 "\t%u\t%s\n", address, insn.length, insn.text);
        }
        return 0;
}
