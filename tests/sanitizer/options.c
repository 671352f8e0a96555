/* SPDX-License-Identifier: MIT */
/* tests/sanitizer/options.c: linked into helper, command and test programs of a sanitizer build.
 *
 * The helper's environment is made by the dying program and carries no ASAN_OPTIONS, and its stderr belongs to that
 * program: what a sanitizer finds goes to files in the build tree, which scripts/check looks for and counts as failures.
 * Quotes, for a path with a blank. Memory that a short-lived process still holds at its end is no error, and one that dies of a signal does so as ever.
 */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

#define OPTIONS                                                                                            \
        "detect_leaks=0:print_stacktrace=1:handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:" \
        "log_path='" CRASHPRE_SAN_LOG "'"

const char *__asan_default_options(void)
{
        return OPTIONS;
}

const char *__ubsan_default_options(void)
{
        return OPTIONS;
}
