/* SPDX-License-Identifier: MIT */
/* preload/base/probe.h: reads of the dying program's memory that cannot fault.
 *
 * Signal context: async-signal-safe. The kernel does the reading and gives an error for what is not there; three ways
 * in turn, since each is forbidden somewhere: process_vm_readv on ourselves, our mem file in /proc, and a pipe that is
 * written from the address in question. One user at a time: the thread that claimed the crash. Pages are cached;
 * probe_begin() forgets them.
 */
#ifndef CRASHPRE_PRELOAD_PROBE_H
#define CRASHPRE_PRELOAD_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void probe_begin(void);
void probe_end(void); /* closes what probe_begin() and reads opened */

/* Exactly `n` bytes. 0 or -EFAULT. `ctx` is not used: the shape is that of struct cfi_space. */
int probe_read(void *ctx, uint64_t addr, void *buf, size_t n);

/* The readable prefix of `n` bytes: how many were copied, 0 if none. */
size_t probe_copy(uint64_t addr, void *buf, size_t n);

/* A string of at most size - 1 bytes, NUL-terminated in `buf`. Its length, or -EFAULT where not even its first byte
 * is readable. */
ssize_t probe_string(uint64_t addr, char *buf, size_t size);

#endif
