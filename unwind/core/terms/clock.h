/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/clock.h: units of time. All times are nanoseconds of CLOCK_MONOTONIC unless their name indicates
 * otherwise. */
#ifndef CRASHPRE_UNWIND_CORE_CLOCK_H
#define CRASHPRE_UNWIND_CORE_CLOCK_H

#include <stdint.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_US UINT64_C(1000)

#endif
