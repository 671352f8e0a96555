/* SPDX-License-Identifier: MIT */
/* preload/base/next.h: the functions that this library's interposed ones stand before: libc's, or those of another preloaded library; and
 * functions of libc that have several versions (libc.h).
 *
 * They are looked up in the loader's list of modules: the first definition behind this library, as dlsym(3) with RTLD_NEXT would
 * find it. dlsym() itself waits for the loader's lock, which another thread may hold for as long as a dlopen() takes, or for ever in
 * a forked child, and clears the text of dlerror(3). No lock is needed here: the modules that a program starts with come first in
 * the list, in an order that does not change, are never unloaded, and define all these names, libc at the latest; modules that are
 * opened later are appended (glibc, elf/dl-object.c: _dl_add_to_namespace_list()).
 */
#ifndef CRASHPRE_PRELOAD_NEXT_H
#define CRASHPRE_PRELOAD_NEXT_H

#define NEXT_NAMES(X)                 \
        X(abort)                      \
        X(dlopen)                     \
        X(execve)                     \
        X(execv)                      \
        X(execvp)                     \
        X(execvpe)                    \
        X(fexecve)                    \
        X(execveat)                   \
        X(posix_spawn)                \
        X(posix_spawnp)               \
        X(system)                     \
        X(popen)                      \
        X(pthread_create)             \
        X(pthread_attr_getstack)      \
        X(pthread_key_create)         \
        X(pthread_once)               \
        X(pthread_setspecific)        \
        X(pthread_attr_setsigmask_np) \
        X(pthread_attr_getsigmask_np) \
        X(syscall)                    \
        X(thrd_create)                \
        X(timer_create)               \
        X(timer_delete)

#define NEXT_ID(name) NEXT_##name,
enum next { NEXT_NAMES(NEXT_ID) NEXT_COUNT };

/* Finds this library in the list. Called at load time. */
void next_init(void);

/* The path by which the loader opened this library: absolute, or relative to the working directory at load time; "" unknown. Borrowed. */
const char *next_own_path(void);

/* The address, looked up until it is found; NULL if no module defines the name. Async-signal-safe. */
void *next_definition(enum next which);

/* This library's function `name`, if a reference from any module is to lead to it: NULL if this library exports none, or if there is more than
 * one definition beside it. *behind: that one. Reads the loader's list, as a caller within dlopen(3) may. */
void *next_own(const char *name, void **behind);

/* The definition of `name`, as a pointer of its type. */
#define NEXT(name) ((__typeof__(&name))next_definition(NEXT_##name))

#endif
