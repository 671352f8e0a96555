/* SPDX-License-Identifier: MIT */
/* preload/base/stackwalk.h: unwinds the crashing thread with the CFI engine, reading memory by probes.
 *
 * Signal context: async-signal-safe. Requires probe_begin() and memmap_read(). One user at a time: the thread that
 * claimed the crash.
 */
#ifndef CRASHPRE_PRELOAD_STACKWALK_H
#define CRASHPRE_PRELOAD_STACKWALK_H

#include "unwind/core/cfi/cfi.h"
#include "unwind/core/terms/wire.h"

/* Fills at most `max` frames, innermost first. Returns their number; sets *end to the reason why the unwind ended. */
uint32_t stackwalk(const struct arch_registers *regs, struct wire_frame *frame, uint32_t max, enum cfi_end *end);

#endif
