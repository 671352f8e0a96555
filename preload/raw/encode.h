/* SPDX-License-Identifier: MIT */
/* preload/raw/encode.h: writes a block of bytes as text that can be copied and pasted: run-length coded, base64, with a
 * CRC-32 (format: unwind/core/terms/raw_format.h). Async-signal-safe; the bytes are read by probe_copy().
 */
#ifndef CRASHPRE_PRELOAD_ENCODE_H
#define CRASHPRE_PRELOAD_ENCODE_H

#include "preload/base/sigsafe.h"

/* Writes "<key>: address 0x.. length N crc32 0x.." and the coded lines for the readable prefix of `n` bytes at `addr`;
 * writes nothing if the first byte is not readable. */
void encode_block(struct sigsafe_out *o, const char *key, uint64_t addr, size_t n);

#endif
