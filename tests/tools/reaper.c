/* SPDX-License-Identifier: MIT */
/* tests/tools/reaper.c: a supervisor that adopts what is left behind in its subtree (PR_SET_CHILD_SUBREAPER, prctl(2)), as the first process of a
 * container does: runs a command and waits for whatever ends, until there is no child any more. Prints each.
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        pid_t command, pid;
        int status;

        if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                return 77;
        command = fork();
        if (command == 0) {
                execvp(argv[1], argv + 1);
                _exit(77);
        }
        while ((pid = waitpid(-1, &status, 0)) > 0)
                printf("%s ended, status 0x%x\n", pid == command ? "the command" : "a child that it never made",
                       (unsigned)status);
        return 0;
}
