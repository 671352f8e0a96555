/* SPDX-License-Identifier: MIT */
/* tests/fuzz/replay/main.c: hands saved inputs to a fuzz target, where there is no fuzzer: TARGET FILE... Each is announced on
 * stdout, so that the last one printed is the one that crashed. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In a block of their exact size, so that a sanitizer sees what is read beyond them. */
static int replay(const char *path)
{
        static uint8_t input[1 << 20];
        FILE *f = fopen(path, "r");
        uint8_t *exact;
        size_t size;

        printf("%s\n", path);
        fflush(stdout);
        if (!f) {
                perror(path);
                return 1;
        }
        size = fread(input, 1, sizeof(input), f);
        fclose(f);
        exact = malloc(size + !size);
        if (!exact)
                return 1;
        memcpy(exact, input, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        return 0;
}

int main(int argc, char **argv)
{
        int failed = argc < 2;

        for (int i = 1; i < argc; i++)
                failed |= replay(argv[i]);
        return failed;
}
