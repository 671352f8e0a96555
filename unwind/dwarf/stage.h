/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/stage.h: module.h for several modules, where nothing they contain can hurt us. Private.
 *
 * Debugging information is a program's word about itself, and libdw was written for honest ones. So a forked child
 * reads it, with bounds on memory and processor time, and hands back what it finds through a pipe, unit by unit. A
 * child that crashes (a file that shrinks under its mapping counts) or comes to the deadline costs what it had not
 * told yet; after a crash another child goes on with the next module. A fork of the small helper takes a fraction of
 * a millisecond.
 */
#ifndef CRASHPRE_UNWIND_DWARF_STAGE_H
#define CRASHPRE_UNWIND_DWARF_STAGE_H

#include "unwind/dwarf/module.h"

struct dwarf_stage {
        struct dwarf_module *modules; /* in the order of their importance; answer, note, ctx and max are set here */
        size_t count;
        uint64_t deadline_ns; /* CLOCK_MONOTONIC, 0: a minute from now */
        uint64_t bytes;       /* memory of the child, 0: 1 GiB */

        /* pcs[index] of modules[module]. The lines are taken: array and strings are freed by the callee. */
        void (*answer)(void *ctx, size_t module, size_t index, struct symbol_line *lines, size_t n);
        void (*note)(void *ctx, const char *message);
        void *ctx;
};

/* Returns when all is answered or the deadline has come. What could not be done is told to `note`. */
void dwarf_stage_run(struct dwarf_stage *s);

#endif
