/* SPDX-License-Identifier: MIT */
/* unwind/elf/debug_files.h: the files that belong to a module: the one it was mapped from, and its separate debug file.
 * Private to unwind/. */
#ifndef CRASHPRE_UNWIND_DEBUG_FILES_H
#define CRASHPRE_UNWIND_DEBUG_FILES_H

#include "unwind/elf/elf_file.h"
#include "unwind/target/target.h"

enum origin {
        ORIGIN_NONE,   /* no file; perhaps .dynsym in memory */
        ORIGIN_PATH,   /* the file at the module's path, and it is the one that runs */
        ORIGIN_MAPPED, /* deleted or replaced, but the kernel still has it */
        ORIGIN_MEMORY, /* an image that is complete in memory: the vDSO */
};

/* `why` gets a sentence where the file at the path is not the right one, else "". */
enum origin debug_files_open_module(struct target *t, int module, struct elf_file *out, char *why, size_t why_size);

/* By build-id below each of `dirs` (colon list), else by the name in .gnu_debuglink beside the module, in .debug/
 * there, and below each of `dirs`; that one must have the right build-id or CRC. Its path (new) in *path. 0 or
 * -ENOENT. */
int debug_files_open_separate(struct target *t, const struct module *m, const struct elf_file *main, const char *dirs,
                              struct elf_file *out, char **path);

#endif
