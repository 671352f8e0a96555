/* SPDX-License-Identifier: MIT */
/* preload/program/terminate.h: the std::terminate hook: notes which exception nobody caught before std::terminate aborts. */
#ifndef CRASHPRE_PRELOAD_TERMINATE_H
#define CRASHPRE_PRELOAD_TERMINATE_H

/* Hooks libstdc++ or libc++ where the program has loaded one; does nothing otherwise. Ordinary code. */
void terminate_hook(void);

#endif
