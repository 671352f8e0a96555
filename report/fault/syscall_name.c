/* SPDX-License-Identifier: MIT */
#include "report/fault/syscall_name.h"

#include "syscallnames.h"

#include <stddef.h>

const char *syscall_name(int64_t number)
{
        static const struct {
                const char *name;
                int64_t number;
        } calls[] = { SYSCALL_NAMES };
        size_t i;

        for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
                if (calls[i].number == number)
                        return calls[i].name;
        return NULL;
}
