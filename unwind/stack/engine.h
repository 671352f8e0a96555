/* SPDX-License-Identifier: MIT */
/* unwind/stack/engine.h: libunwind as a second engine over a target. Private to unwind/.
 *
 * It reads memory, registers and unwind tables through our accessors only; it never sees the process.
 */
#ifndef CRASHPRE_UNWIND_ENGINE_H
#define CRASHPRE_UNWIND_ENGINE_H

#include "unwind/stack/frames.h"

struct engine;

/* New; `space` is borrowed. NULL without memory. engine_free(NULL) is fine. */
struct engine *engine_new(struct target *t, const struct cfi_space *space);
void engine_free(struct engine *e);

/* Walks from `regs`, at most `limit` frames; out->end is CFI_END_OF_STACK only if libunwind saw the outermost frame.
 * A frame whose pc is in no executable mapping ends the walk and is left out, unless it is the innermost. 0 or
 * -ENOMEM. */
int engine_walk(struct engine *e, const struct arch_registers *regs, size_t limit, struct frames *out);

#endif
