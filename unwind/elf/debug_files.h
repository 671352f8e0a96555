/* SPDX-License-Identifier: MIT */
/* unwind/elf/debug_files.h: opens the files of a module: the one it was mapped from, and its separate debug file.
 * Private to unwind/. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_DEBUG_FILES_H
#define CRASHPRE_UNWIND_DEBUG_FILES_H

#include "unwind/elf/elf_file.h"
#include "unwind/target/target.h"

enum origin {
        ORIGIN_NONE,   /* no file; .dynsym may be in memory */
        ORIGIN_PATH,   /* the file at the module's path, which is the mapped one */
        ORIGIN_MAPPED, /* deleted or replaced, but still accessible through the kernel */
        ORIGIN_MEMORY, /* an image that is completely in memory: the vDSO */
};

/* Opens the file of module `module` as *out (new unless ORIGIN_NONE: close it). If the file at its path is not the
 * mapped one, `why` is a message, else "". */
enum origin debug_files_open_module(struct target *t, int module, struct elf_file *out, char *why, size_t why_size);

/* Opens the separate debug file as *out (new): by build-id below each of `dirs` (colon-separated list), else by the
 * name in .gnu_debuglink in the module's directory, in its .debug/, and below each of `dirs`; a file found by name
 * must have the same build-id or the right CRC. *path is its path (new). The CRC is computed until a quarter of the time left
 * to t->deadline_ns has passed, and not at all of a file that is far larger than its sections: `why` is a message then, else "".
 * Returns 0, -ENOENT or -ENOMEM. */
int debug_files_open_separate(struct target *t, const struct module *m, const struct elf_file *main, const char *dirs,
                              struct elf_file *out, char **path, char *why, size_t why_size);

#endif
