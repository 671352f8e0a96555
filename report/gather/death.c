/* SPDX-License-Identifier: MIT */
#include "report/gather/death.h"

#include "unwind/target/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* The first character of kernel.core_pattern; -1: unknown. */
static int first_of_pattern(void)
{
        int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
        char first;
        ssize_t n;

        if (fd < 0)
                return -1;
        n = read(fd, &first, 1);
        close(fd);
        return n == 1 ? first : -1;
}

bool death_may_dump_core(pid_t pid)
{
        int first = first_of_pattern();
        struct rlimit limit;

        return first < 0 || first == '|' || first == '@' || prlimit(pid, RLIMIT_CORE, NULL, &limit) < 0 ||
               limit.rlim_cur > 0;
}

bool death_may_meet_filter(pid_t pid)
{
        char id[32];

        snprintf(id, sizeof(id), "%d", (int)proc_number(pid));
        return proc_status(id, "Seccomp:") != 0;
}
