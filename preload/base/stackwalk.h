/* SPDX-License-Identifier: MIT */
/* preload/base/stackwalk.h: the crashing thread's own frames, by the CFI engine over probed memory.
 *
 * Signal context: async-signal-safe. Needs probe_begin() and memmap_read(); one user at a time: the thread that
 * claimed the crash.
 */
#ifndef CRASHPRE_PRELOAD_STACKWALK_H
#define CRASHPRE_PRELOAD_STACKWALK_H

#include "unwind/core/cfi/cfi.h"
#include "unwind/core/terms/wire.h"

/* Fills at most `max` frames, innermost first; returns how many, and why it stopped in *end. */
uint32_t stackwalk(const struct arch_registers *regs, struct wire_frame *frame, uint32_t max, enum cfi_end *end);

#endif
