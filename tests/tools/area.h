/* SPDX-License-Identifier: MIT */
/* tests/tools/area.h: moves the place where the kernel looks for a process's arguments or environment. */
#ifndef CRASHPRE_TEST_AREA_H
#define CRASHPRE_TEST_AREA_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Fields 26 to 51 of /proc/self/stat (proc(5)). Returns 0 or -1. */
static inline int area_read(unsigned long long value[26])
{
        char text[4096] = "", *at;
        int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        close(fd);
        if (n <= 0)
                return -1;
        at = strrchr(text, ')');
        for (int field = 2; at && field < 51; field++) {
                at = strchr(at + 1, ' ');
                if (at && field >= 25)
                        value[field - 25] = strtoull(at + 1, NULL, 10);
        }
        return 0;
}

/* PR_SET_MM_ARG_START and its like need CAP_SYS_RESOURCE, PR_SET_MM_MAP does not (prctl(2)). Returns 0, or -1 with errno. */
static inline int area_move(int environment, const char *p, size_t size)
{
        unsigned long long f[26] = { 0 };
        struct prctl_mm_map m;

        if (area_read(f))
                return -1;
        m = (struct prctl_mm_map){
                .start_code = f[0],
                .end_code = f[1],
                .start_stack = f[2],
                .start_data = f[19],
                .end_data = f[20],
                .start_brk = f[21],
                .brk = (uintptr_t)sbrk(0),
                .arg_start = f[22],
                .arg_end = f[23],
                .env_start = f[24],
                .env_end = f[25],
                .exe_fd = -1u,
        };
        *(environment ? &m.env_start : &m.arg_start) = (uintptr_t)p;
        *(environment ? &m.env_end : &m.arg_end) = (uintptr_t)p + size;
        return prctl(PR_SET_MM, PR_SET_MM_MAP, &m, sizeof(m), 0);
}

#endif
