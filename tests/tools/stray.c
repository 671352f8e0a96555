/* SPDX-License-Identifier: MIT */
/* tests/tools/stray.c: a stray write into the preloaded library's data, then a fault.
 *
 *   stray LIBRARY OFFSET VALUE    writes 8 bytes at OFFSET from where LIBRARY (a path, as in /proc/self/maps) is loaded
 *   stray LIBRARY map             prints the mappings of the library: offset, end and permissions of each, and that of its .bss
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int *volatile nowhere;

int main(int argc, char **argv)
{
        int show = argc == 3 && !strcmp(argv[2], "map");
        FILE *f = fopen("/proc/self/maps", "r");
        uint64_t base = 0, last = 0;
        char line[8192];

        if (!f || (argc != 4 && !show))
                return 2;
        while (fgets(line, sizeof(line), f)) {
                uint64_t start, end;
                char perms[5] = "", *path = strchr(line, '/');
                int ours;

                if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, perms) != 3)
                        continue;
                line[strcspn(line, "\n")] = 0;
                ours = path && !strcmp(path, argv[1]);
                if (ours && !base)
                        base = start;
                ours |= base && !path && !strchr(line, '[') && start == last; /* .bss */
                last = ours ? end : last;
                if (show && ours)
                        printf("%#" PRIx64 " %#" PRIx64 " %s\n", start - base, end - base, perms);
        }
        fclose(f);
        if (show)
                return base ? 0 : 3;
        if (base)
                *(volatile uint64_t *)(uintptr_t)(base + strtoull(argv[2], NULL, 0)) =
                        strtoull(argv[3], NULL, 0); // NOLINT
        *nowhere = 1;
        return 0;
}
