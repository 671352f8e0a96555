/* SPDX-License-Identifier: MIT */
/* tests/zoo/zoo.h: a program that crashes in many ways, one word for each.
 *
 *   zoo [prefix-]...fault [argument...]       zoo list: all words
 *
 * Prefixes combine from left to right: "thread-handler-null-write" starts a thread, raises a signal there, and writes
 * through NULL in its handler. Each prefix prepares something and runs the rest by zoo_go(). What a run prints on
 * stdout is the same each time, so that two runs can be compared byte by byte. Lines that crash carry the marker
 * "CRASH: word", which tests look up.
 */
#ifndef CRASHPRE_TESTS_ZOO_ZOO_H
#define CRASHPRE_TESTS_ZOO_ZOO_H

#include <stdbool.h>
#include <stddef.h>

/* The words still to run. Borrowed from main's stack, so valid for the whole run. */
struct zoo_plan {
        const char *word;  /* the rest of the first argument */
        char *const *args; /* the arguments after it, ended by NULL */
};

struct zoo_word {
        const char *name; /* a prefix ends in '-' */
        void (*run)(const struct zoo_plan *plan);
};

/* Runs the rest of the plan; may not return. Exits with 2 for an unknown word. */
void zoo_go(const struct zoo_plan *plan);

/* Writes `s` and a newline to stdout by write(2), so that it is not lost by a crash. Async-signal-safe. */
void zoo_say(const char *s);

/* Set by a race that main should have lost: then main must not write where a run without races writes nothing. */
extern volatile bool zoo_silent_end;

/* Set by a race to the id of this process: zoo_go() then sets zoo_at_fault as the last word, the fault, begins here; in a
 * child that shares this memory (vfork) it does not. */
extern volatile int zoo_racing, zoo_at_fault;

/* The n-th argument or `otherwise`. */
const char *zoo_arg(const struct zoo_plan *plan, size_t n, const char *otherwise);

/* The value of an environment variable as a number, else `otherwise`. */
long zoo_setting(const char *name, long otherwise);

/* Loads libNAME.so from the zoo's own folder. NULL if there is none; may never return. */
void *zoo_load(const char *name);

/* Ends the program with a message and status 2: the fixture itself does not work here. */
void zoo_broken(const char *what) __attribute__((noreturn));

/* Sleeps in steps of a millisecond until *flag is set; 10 s at most, then zoo_broken(). */
void zoo_wait_for(const volatile int *flag, const char *what);

/* "SEGV" or "SIGSEGV" or "11" to its number; 0 if unknown. */
int zoo_signal_number(const char *name);

/* MADV_GUARD_INSTALL, since Linux 6.13; in the headers of glibc since 2.41. */
#define ZOO_GUARD_INSTALL 102

/* Keeps a function as a frame of its own under its own name. */
#ifdef __clang__
#define ZOO_FRAME __attribute__((noinline))
#else
#define ZOO_FRAME __attribute__((noipa))
#endif

/* Tables of the single files; each ends with a NULL name. */
extern const struct zoo_word memory_words[];  /* bad accesses, bad jumps, bad registers */
extern const struct zoo_word fault_words[];   /* faults that look like others, instructions with special behaviour */
extern const struct zoo_word stack_words[];   /* stacks that are full, lost, corrupted or not libc's: coroutines */
extern const struct zoo_word signal_words[];  /* sent signals, aborts, the program's own handlers */
extern const struct zoo_word thread_words[];  /* threads, locks, races */
extern const struct zoo_word process_words[]; /* children, constructors and destructors */
extern const struct zoo_word sandbox_words[]; /* dropped privileges, large numbers of something */
extern const struct zoo_word action_words[];  /* what the program reads back of its actions and alternate stacks */
extern const struct zoo_word mask_words[];    /* blocked signals, and what the program sees of them */
extern const struct zoo_word mode_words[];    /* non-default kernel behaviour: schedulers, clocks, memory, system calls */
extern const struct zoo_word setting_words[]; /* scarce resources, busy loops, requests, what the program sees of itself */

#endif
