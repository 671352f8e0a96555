/* SPDX-License-Identifier: MIT */
/* refuse CALL[,CALL...] COMMAND...: runs the command under a seccomp filter by which these system calls fail with
 * EPERM, or, written as CALL!, kill with SIGSYS. For what a container may refuse. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
        const char *name;
        unsigned number;
} calls[] = {
        { "ptrace", SYS_ptrace },
        { "process_vm_readv", SYS_process_vm_readv },
        { "clone", SYS_clone },
        { "memfd_create", SYS_memfd_create },
        { "openat", SYS_openat },
        { "rt_sigaction", SYS_rt_sigaction },
        { "close_range", SYS_close_range },
};

static unsigned number_of(const char *name)
{
        size_t i;

        for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
                if (!strcmp(calls[i].name, name))
                        return calls[i].number;
        fprintf(stderr, "refuse: no such call here: %s\n", name);
        exit(2);
}

int main(int argc, char **argv)
{
        struct sock_filter code[128] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        };
        struct sock_fprog program = { .len = 1, .filter = code };
        char *list, *word;

        if (argc < 3)
                return 2;
        for (list = argv[1]; (word = strsep(&list, ",")) && program.len < 120;) {
                char *mark = strchr(word, '!');

                if (mark)
                        *mark = 0;
                code[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number_of(word), 0, 1);
                code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, mark ? SECCOMP_RET_KILL_PROCESS
                                                                                         : SECCOMP_RET_ERRNO | EPERM);
        }
        code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
                perror("refuse: seccomp");
                return 3;
        }
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        return 127;
}
