/* SPDX-License-Identifier: MIT */
/* unwind/target/clock.h: the clock of all deadlines. */
#ifndef CRASHPRE_UNWIND_CLOCK_H
#define CRASHPRE_UNWIND_CLOCK_H

#include "unwind/core/terms/clock.h"

#include <stdbool.h>

/* CLOCK_MONOTONIC, in nanoseconds. Async-signal-safe. */
uint64_t clock_now_ns(void);

/* Has `deadline_ns` passed? 0: there is none. Async-signal-safe. */
bool clock_is_past(uint64_t deadline_ns);

#endif
