/* SPDX-License-Identifier: MIT */
/* tests/unit/tap.h: TAP output of one test program. The plan is printed last, by tap_done(), whose result main
 * returns. */
#ifndef CRASHPRE_TESTS_UNIT_TAP_H
#define CRASHPRE_TESTS_UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

/* Prints one test result. Returns `good`, so that the caller can print more. */
__attribute__((format(printf, 2, 3), unused)) static bool tap_ok(bool good, const char *title, ...)
{
        va_list args;

        tap_count++;
        tap_failed += !good;
        printf("%sok %d - ", good ? "" : "not ", tap_count);
        va_start(args, title);
        vprintf(title, args);
        va_end(args);
        printf("\n");
        fflush(stdout);
        return good;
}

/* Compares two numbers; on failure prints both. */
__attribute__((format(printf, 3, 4), unused)) static bool tap_is(unsigned long long got, unsigned long long wanted,
                                                                 const char *title, ...)
{
        char text[256];
        va_list args;

        va_start(args, title);
        vsnprintf(text, sizeof(text), title, args);
        va_end(args);
        if (tap_ok(got == wanted, "%s", text))
                return true;
        printf("#   got    %#llx (%lld)\n#   wanted %#llx (%lld)\n", got, (long long)got, wanted, (long long)wanted);
        return false;
}

__attribute__((unused)) static int tap_done(void)
{
        printf("1..%d\n", tap_count);
        return tap_failed ? 1 : 0;
}

#endif
