/* SPDX-License-Identifier: MIT */
/* unwind/target/modules.h: from the text of /proc/PID/maps to mappings and modules. For makers of targets. */
#ifndef CRASHPRE_UNWIND_MODULES_H
#define CRASHPRE_UNWIND_MODULES_H

#include "unwind/target/target.h"

/* Parses the lines into t->mappings. Takes `text` (allocated, `len` bytes and one more behind them): it becomes
 * t->maps_text, in which the paths stand. Malformed lines are left out. 0 or -ENOMEM. */
int modules_parse_maps(struct target *t, char *text, size_t len);

/* Groups the mappings into t->modules and reads each image from the target's memory. What counts as a module: a file
 * (device, inode, path) mapped from an ELF header on, with an executable part; each further mapping of the header
 * begins another (a second copy by dlmopen); mappings within the image's extent belong to it, gaps or not. The vDSO
 * too. Data files mapped for reading are none. An executable mapping of a file whose header cannot be read makes a
 * module with image.base 0 (image.bias is such that module offsets are file offsets). 0 or -ENOMEM. */
int modules_build(struct target *t);

/* The space through which core/ functions read `t`: only `read` is set. */
struct cfi_space modules_space(struct target *t);

#endif
