/* SPDX-License-Identifier: MIT */
/* preload/raw/encode.h: a block of bytes as text that survives being pasted: run-length coded, base64, with a CRC-32
 * (unwind/core/terms/raw_format.h says how). Async-signal-safe; the bytes are fetched by probe_copy().
 */
#ifndef CRASHPRE_PRELOAD_ENCODE_H
#define CRASHPRE_PRELOAD_ENCODE_H

#include "preload/base/sigsafe.h"

/* Writes "<key>: address 0x.. length N crc32 0x.." and the coded lines for the readable prefix of `n` bytes at `addr`;
 * nothing where not even one byte is readable. */
void encode_block(struct sigsafe_out *o, const char *key, uint64_t addr, size_t n);

#endif
