/* SPDX-License-Identifier: MIT */
/* unwind/target/modules.h: parses /proc/PID/maps into mappings and modules. For implementations of targets. Not
 * async-signal-safe. */
#ifndef CRASHPRE_UNWIND_MODULES_H
#define CRASHPRE_UNWIND_MODULES_H

#include "unwind/target/target.h"

/* Parses the lines into t->mappings. Takes `text` (allocated, `len` bytes plus one), which becomes t->maps_text and
 * contains the mappings' paths. Malformed lines are skipped. Returns 0 or -ENOMEM. */
int modules_parse_maps(struct target *t, char *text, size_t len);

/* Groups the mappings into t->modules and reads each image from the target's memory. A module is a file (device,
 * inode, path) mapped starting with an ELF header, with an executable part; each further mapping of the header begins
 * another module (a second copy by dlmopen); mappings within the image's extent belong to it, gaps or not. The vDSO
 * is a module too. Data files mapped for reading are not. An executable mapping of a file whose header cannot be read
 * becomes a module with image.base 0 (image.bias is such that module offsets are file offsets). Returns 0 or -ENOMEM.
 */
int modules_build(struct target *t);

/* Returns a space through which functions of core/ read `t`: only `read` is set. `t` is borrowed. */
struct cfi_space modules_space(struct target *t);

#endif
