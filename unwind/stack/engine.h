/* SPDX-License-Identifier: MIT */
/* unwind/stack/engine.h: libunwind as a second unwinder for a target. Private to unwind/. Not async-signal-safe.
 *
 * It reads memory, registers and unwind tables only through accessors defined here; it does not access the process.
 */
#ifndef CRASHPRE_UNWIND_ENGINE_H
#define CRASHPRE_UNWIND_ENGINE_H

#include "unwind/stack/frames.h"

struct engine;

/* Returns a new engine, NULL if out of memory; `t` and `space` are borrowed. engine_free() accepts NULL. */
struct engine *engine_new(struct target *t, const struct cfi_space *space);
void engine_free(struct engine *e);

/* Walks from `regs`, at most `limit` frames; out->end is CFI_END_OF_STACK only if libunwind reached the outermost
 * frame. A frame whose pc is in no executable mapping ends the walk and is omitted, unless it is the innermost.
 * Returns 0 or -ENOMEM. */
int engine_walk(struct engine *e, const struct arch_registers *regs, size_t limit, struct frames *out);

#endif
