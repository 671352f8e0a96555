/* SPDX-License-Identifier: MIT */
/* unwind/elf/minidebug.h: .gnu_debugdata, an xz-compressed ELF file with symbols inside a stripped file. Private to
 * unwind/. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_MINIDEBUG_H
#define CRASHPRE_UNWIND_MINIDEBUG_H

#include "unwind/elf/elf_file.h"

/* Opens the embedded file as *out (new). Returns 0, -ENOENT (there is none), -EBADMSG, -ENOMEM, or -ETIME: `deadline_ns`
 * (CLOCK_MONOTONIC; 0: none) passed before it was unpacked. */
int minidebug_open(const struct elf_file *f, uint64_t deadline_ns, struct elf_file *out);

#endif
