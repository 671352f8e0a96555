/* SPDX-License-Identifier: MIT */
/* report/fault/syscall_name.h: names of system calls, from the kernel's headers at build time. */
#ifndef CRASHPRE_REPORT_SYSCALL_NAME_H
#define CRASHPRE_REPORT_SYSCALL_NAME_H

#include <stdint.h>

/* "openat"; NULL unknown. Static. */
const char *syscall_name(int64_t number);

#endif
