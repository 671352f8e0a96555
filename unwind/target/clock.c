/* SPDX-License-Identifier: MIT */
#include "unwind/target/clock.h"

#include <time.h>

uint64_t clock_now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

bool clock_is_past(uint64_t deadline_ns)
{
        return deadline_ns && clock_now_ns() >= deadline_ns;
}

uint64_t clock_share(uint64_t deadline_ns)
{
        uint64_t now = clock_now_ns();

        return deadline_ns > now ? now + (deadline_ns - now) / 4 : deadline_ns;
}
