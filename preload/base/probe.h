/* SPDX-License-Identifier: MIT */
/* preload/base/probe.h: reads the crashing program's memory without faulting.
 *
 * Signal context: async-signal-safe. The kernel does the read and returns an error for unmapped memory. Three methods
 * are tried in turn, since each is forbidden in some environments: process_vm_readv(2) on this process, its mem file in
 * /proc, and a write(2) to a pipe from the address in question. One user at a time: the thread that claimed the crash.
 * Pages are cached; probe_begin() empties the cache.
 */
#ifndef CRASHPRE_PRELOAD_PROBE_H
#define CRASHPRE_PRELOAD_PROBE_H

#include "unwind/core/image/guards.h"

#include <sys/types.h>

void probe_begin(void);
void probe_end(void); /* closes the files opened by probe_begin() and by reads */

/* Reads exactly `n` bytes. Returns 0 or -EFAULT. `ctx` is unused; the signature is that of read in struct cfi_space. */
int probe_read(void *ctx, uint64_t addr, void *buf, size_t n);

/* Copies the readable prefix of `n` bytes. Returns the number of bytes copied, 0 if none. */
size_t probe_copy(uint64_t addr, void *buf, size_t n);

/* Reads a string of at most size - 1 bytes and NUL-terminates it in `buf`. Returns its length, or -EFAULT if its first
 * byte is not readable. */
ssize_t probe_string(uint64_t addr, char *buf, size_t size);

/* Looks for a guard region at `address`, where an access failed with SEGV_MAPERR, in the mapping from `start` to `end`. */
enum guard_state probe_guard(uint64_t start, uint64_t end, uint64_t address, struct guard_region *out);

#endif
