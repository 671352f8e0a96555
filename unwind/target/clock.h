/* SPDX-License-Identifier: MIT */
/* unwind/target/clock.h: the clock used for all deadlines. */
#ifndef CRASHPRE_UNWIND_CLOCK_H
#define CRASHPRE_UNWIND_CLOCK_H

#include "unwind/core/terms/clock.h"

#include <stdbool.h>

/* Returns the time of CLOCK_MONOTONIC in nanoseconds. Async-signal-safe. */
uint64_t clock_now_ns(void);

/* True if `deadline_ns` has passed; 0: no deadline. Async-signal-safe. */
bool clock_is_past(uint64_t deadline_ns);

/* Returns the end of a quarter of the time left until `deadline_ns`, for one of several untrusted files: what one takes leaves
 * time for the others. 0: no deadline. Async-signal-safe. */
uint64_t clock_share(uint64_t deadline_ns);

#endif
