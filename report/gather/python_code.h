/* SPDX-License-Identifier: MIT */
/* report/gather/python_code.h: reads CPython's code objects and strings in a target's memory, which may be hostile: lengths and
 * tables are bounded. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_PYTHON_CODE_H
#define CRASHPRE_REPORT_PYTHON_CODE_H

#include "report/gather/python_layout.h"
#include "report/model/pool.h"

struct python_code {
        const char *function, *file; /* from the pool */
        size_t text;                 /* bytes of both */
        uint64_t address;            /* of the code object */
        uint64_t lines;              /* the bytes object that maps instructions to lines */
        int32_t first_line;
        int32_t first_traceable; /* index of an instruction; 0 unknown */
};

/* Reads the code object at `addr`. Returns 0 or -EFAULT: unreadable, or not a code object. */
int python_read_code(struct target *t, const struct python_layout *layout, struct pool *pool, uint64_t addr,
                     struct python_code *out);

/* Returns the line of the instruction at `offset`, bytes from the first one (negative: before it); -1 if it has none or the
 * table cannot be read. */
int64_t python_line(struct target *t, const struct python_layout *layout, const struct python_code *code,
                    int64_t offset);

#endif
