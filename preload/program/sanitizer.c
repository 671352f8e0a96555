/* SPDX-License-Identifier: MIT */
#include "preload/program/sanitizer.h"
#include "preload/base/sigsafe.h"
#include "preload/crash/occasion.h"

#include <stddef.h>

/* Weak: bound where the program has the run-time, null otherwise. sanitizer/common_interface_defs.h, sanitizer/asan_interface.h. */
extern void set_death_callback(void (*callback)(void)) __asm__("__sanitizer_set_death_callback") __attribute__((weak));
extern int report_present(void) __asm__("__asan_report_present") __attribute__((weak));
extern const char *description(void) __asm__("__asan_get_report_description") __attribute__((weak));
extern void *address(void) __asm__("__asan_get_report_address") __attribute__((weak));
extern int access_type(void) __asm__("__asan_get_report_access_type") __attribute__((weak));
extern size_t access_size(void) __asm__("__asan_get_report_access_size") __attribute__((weak));

/* "AddressSanitizer: heap-use-after-free: read of 1 byte at 0x602000000011" */
static void put_finding(struct sigsafe_out *o)
{
        size_t size = access_size ? access_size() : 0;

        sigsafe_str(o, "AddressSanitizer: ");
        sigsafe_str(o, description && description() ? description() : "see its own report");
        if (size) { /* none for a second free(), for example */
                sigsafe_str(o, access_type && access_type() ? ": write of " : ": read of ");
                sigsafe_dec(o, (int64_t)size);
                sigsafe_str(o, size == 1 ? " byte" : " bytes");
        }
        if (address && address()) {
                sigsafe_str(o, size ? " at " : ": address ");
                sigsafe_hex(o, (uint64_t)(uintptr_t)address());
        }
}

/* Called whenever a sanitizer ends the process, also for leaks found at exit, which are not crashes. */
static void on_death(void)
{
        static struct sigsafe_out out;

        if (!report_present || !report_present())
                return;
        out = (struct sigsafe_out){ .fd = -1 };
        put_finding(&out);
        sigsafe_char(&out, 0);
        occasion_request(out.buf);
}

void sanitizer_hook(void)
{
        if (set_death_callback)
                set_death_callback(on_death);
}
