/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/late.h: compressed sections inflated on demand. Private to unwind/.
 *
 * A crash requires a few units of a library, and libdw reads up to them and no further: of libc's .debug_info (5.8 MB
 * in Debian's libc6-dbg) mostly the first eighth. Inflating all of it took half of the time of a small crash. So only
 * a first part of a large section is inflated, and the pages after it are inaccessible; a read of them raises
 * SIGSEGV, and the handler inflates further. Decompression cannot be resumed, each step restarts at the beginning: a
 * caller that knows how far it will read announces it (dwarf_late_reach()).
 *
 * Only for a separate process in which this handler of SIGSEGV may be installed: the child of stage.c.
 * Single-threaded; not async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_DWARF_LATE_H
#define CRASHPRE_UNWIND_DWARF_LATE_H

#include "unwind/elf/inflate.h"

enum { DWARF_LATE_LEAST = 256 * 1024 }; /* bytes; smaller sections are not inflated on demand */

/* Installs the handler of SIGSEGV; until then dwarf_late_open() returns false. */
void dwarf_late_begin(void);

/* Prepares `size` bytes at `to`, inaccessible and on separate pages (of 64 KiB), to receive the uncompressed data of
 * `from`; inflates the first of them. The data of `from` is borrowed until dwarf_late_forget(); a `mapping` that
 * contains it is taken (NULL: none). Returns false if this is not possible; nothing is taken then. If the data is
 * later found to be malformed, the process ends by SIGSEGV. */
bool dwarf_late_open(uint8_t *to, size_t size, const struct inflate_source *from, void *mapping, size_t mapping_size);

/* Inflates as if the byte at `at` were read. */
void dwarf_late_reach(const uint8_t *at);

/* Ends the use of the sections in these bytes and unmaps their compressed data. */
void dwarf_late_forget(const uint8_t *map, size_t size);

#endif
