/* SPDX-License-Identifier: MIT */
/* preload/program/sanitizer.h: programs built with AddressSanitizer end by its own hand, past every handler and exit
 * function; it offers a callback (sanitizer/common_interface_defs.h) for a last word. */
#ifndef CRASHPRE_PRELOAD_SANITIZER_H
#define CRASHPRE_PRELOAD_SANITIZER_H

/* Adds our report to AddressSanitizer's, where the program has one. Ordinary code. */
void sanitizer_hook(void);

#endif
