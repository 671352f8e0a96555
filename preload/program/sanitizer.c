/* SPDX-License-Identifier: MIT */
#include "preload/program/sanitizer.h"
#include "preload/crash/occasion.h"

/* Weak: bound where the program has the run-time, null otherwise. */
extern void set_death_callback(void (*callback)(void)) __asm__("__sanitizer_set_death_callback") __attribute__((weak));
extern int report_present(void) __asm__("__asan_report_present") __attribute__((weak));

/* Called whenever a sanitizer ends the process, also for leaks found at exit, which are not crashes. */
static void on_death(void)
{
        if (report_present && report_present())
                occasion_request("AddressSanitizer ends the program: see its own report");
}

void sanitizer_hook(void)
{
        if (set_death_callback)
                set_death_callback(on_death);
}
