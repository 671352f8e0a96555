/* SPDX-License-Identifier: MIT */
/* refuse CALL[,CALL...] COMMAND...: runs the command under a seccomp filter that rejects these system calls (words of
 * tests/tools/filter.h). */
#include "tests/tools/filter.h"

int main(int argc, char **argv)
{
        if (argc < 3)
                return 2;
        if (filter_install(argv[1])) {
                perror("refuse: seccomp");
                return 3;
        }
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        return 127;
}
