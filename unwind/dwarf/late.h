/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/late.h: compressed sections that are inflated as far as they are read. Private to unwind/.
 *
 * A crash asks for a few units of a library, and libdw reads up to them and no further: of libc's .debug_info (5.8 MB
 * in Debian's libc6-dbg) mostly the first eighth. Inflating all of it took half of the time of a small crash. So of a
 * large section only a first part is inflated, and the pages behind it cannot be read; a read that comes to them
 * raises SIGSEGV, and the handler inflates further. A stream cannot be taken up in its middle, it begins at the
 * beginning each time: who knows how far it will go says so before (dwarf_late_reach()).
 *
 * For a process of its own, whose handler of SIGSEGV this is: the child of stage.c. One thread.
 */
#ifndef CRASHPRE_UNWIND_DWARF_LATE_H
#define CRASHPRE_UNWIND_DWARF_LATE_H

#include "unwind/elf/inflate.h"

enum { DWARF_LATE_LEAST = 256 * 1024 }; /* bytes of a section that is worth it */

/* Takes SIGSEGV; until then dwarf_late_open() refuses. */
void dwarf_late_begin(void);

/* `size` bytes at `to`, inaccessible and on pages of their own (of 64 KiB), shall be what `from` inflates to; the first
 * of them are at once. Its bytes are borrowed until dwarf_late_forget(); a `mapping` that they lie in is taken (NULL:
 * none). false: it is not done, and nothing is taken. A stream that turns out later to be broken ends the process by
 * SIGSEGV. */
bool dwarf_late_open(uint8_t *to, size_t size, const struct inflate_source *from, void *mapping, size_t mapping_size);

/* As if the byte at `at` were read. */
void dwarf_late_reach(const uint8_t *at);

/* The sections in these bytes are no more. */
void dwarf_late_forget(const uint8_t *map, size_t size);

#endif
