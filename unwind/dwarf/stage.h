/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/stage.h: module.h for several modules, isolated from malicious contents. Private to unwind/.
 *
 * Debugging information is untrusted input, and libdw assumes that it is well-formed. So a forked child reads it,
 * with limits on memory and processor time, and returns its results through a pipe, unit by unit. If a child crashes
 * (also because a file is truncated while mapped) or reaches the deadline, the results it had not sent yet are lost;
 * after a crash another child continues with the next module. A fork of the small helper takes a fraction of a
 * millisecond.
 */
#ifndef CRASHPRE_UNWIND_DWARF_STAGE_H
#define CRASHPRE_UNWIND_DWARF_STAGE_H

#include "unwind/dwarf/module.h"

struct dwarf_stage {
        struct dwarf_module *modules; /* in order of priority; answer, note, ctx and max are set here */
        size_t count;
        uint64_t deadline_ns; /* CLOCK_MONOTONIC, 0: a minute from now */
        uint64_t bytes;       /* memory of the child, 0: 1 GiB */

        /* Receives the lines of pcs[index] of modules[module]. The lines are taken: the callee frees array and
         * strings. */
        void (*answer)(void *ctx, size_t module, size_t index, struct symbol_line *lines, size_t n);
        void (*note)(void *ctx, const char *message);
        void *ctx;
};

/* Returns when all modules are done or the deadline has passed. Failures are passed to `note`. Not async-signal-safe.
 */
void dwarf_stage_run(struct dwarf_stage *s);

#endif
