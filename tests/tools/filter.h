/* SPDX-License-Identifier: MIT */
/* tests/tools/filter.h: a seccomp filter from a list of words, for system calls that a container or an application's
 * sandbox may reject.
 *
 *   CALL        fails with EPERM
 *   CALL=ERRNO  fails with this error, by name: clone=ENOSYS
 *   CALL=trap   SIGSYS, for a program that handles it
 *   CALL=kill   ends the process with SIGSYS, no handler runs; CALL! is equivalent
 */
#ifndef CRASHPRE_TESTS_TOOLS_FILTER_H
#define CRASHPRE_TESTS_TOOLS_FILTER_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscallnames.h"

static unsigned filter_call(const char *name)
{
        static const struct {
                const char *name;
                unsigned number;
        } calls[] = { SYSCALL_NAMES };

        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
                if (!strcmp(calls[i].name, name))
                        return calls[i].number;
        fprintf(stderr, "filter: unknown system call: %s\n", name);
        exit(2);
}

/* `what` is NULL for a word without '='. */
static unsigned filter_action(const char *what)
{
        if (!what)
                return SECCOMP_RET_ERRNO | EPERM;
        if (!strcmp(what, "kill"))
                return SECCOMP_RET_KILL_PROCESS;
        if (!strcmp(what, "trap"))
                return SECCOMP_RET_TRAP;
        for (unsigned e = 1; e < 134; e++) {
                const char *name = strerrorname_np((int)e);

                if (name && !strcmp(name, what))
                        return SECCOMP_RET_ERRNO | e;
        }
        fprintf(stderr, "filter: unknown error: %s\n", what);
        exit(2);
}

/* Installs the filter for this thread and its descendants; `list` is modified. Returns 0, or -1 and sets errno. */
static int filter_install(char *list)
{
        struct sock_filter code[128] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        };
        struct sock_fprog program = { .len = 1, .filter = code };
        char *word;

        while ((word = strsep(&list, ",")) && program.len < 120) {
                char *mark = strpbrk(word, "!=");
                const char *what = NULL;

                if (mark) {
                        what = *mark == '!' ? "kill" : mark + 1;
                        *mark = 0;
                }
                code[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, filter_call(word), 0, 1);
                code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, filter_action(what));
        }
        code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
                return -1;
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#endif
