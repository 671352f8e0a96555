/* SPDX-License-Identifier: MIT */
/* preload/program/sanitizer.h: AddressSanitizer ends a program itself, without calling signal handlers or exit
 * functions; before that it calls a callback (sanitizer/common_interface_defs.h). */
#ifndef CRASHPRE_PRELOAD_SANITIZER_H
#define CRASHPRE_PRELOAD_SANITIZER_H

/* Registers a callback that writes a report, if the program contains AddressSanitizer. Not async-signal-safe. */
void sanitizer_hook(void);

#endif
