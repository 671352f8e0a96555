/* SPDX-License-Identifier: MIT */
#include "report/fault/abort.h"

#include "report/fault/fault.h"

#include <string.h>

/* What led to an abort stands among the innermost frames: abort itself, raise and the like come before it. */
#define DEPTH 12

/* In glibc's texts: debug/, malloc/malloc.c, assert/assert.c of glibc 2.31 to 2.38; libstdc++: libsupc++/pure.cc. */
static const struct {
        const char *part, *class;
} messages[] = {
        { "malloc assertion failure in", "heap-corruption" },
        { "sysmalloc: Assertion", "heap-corruption" },
        { "Assertion `", "assertion" },
        { "Assertion '", "assertion" },
        { "assertion failed", "assertion" },
        { ": Error: ", "assertion" },          /* libstdc++'s debug mode, src/c++11/debug.cc */
        { "Unexpected error: ", "assertion" }, /* assert_perror(3) */
        { "stack smashing detected", "stack-smashing" },
        { "buffer overflow detected", "fortify" },
        { "%n in writable segment detected", "fortify" },
        { "use detected ***", "fortify" }, /* invalid %N$ */
        { "longjmp causes uninitialized stack frame", "fortify" },
        { "bit out of range 0 - FD_SETSIZE on fd_set", "fortify" },
        { "pure virtual method called", "pure-virtual-call" },
        { "deleted virtual method called", "pure-virtual-call" },
        { "Pure virtual function called!", "pure-virtual-call" },    /* libc++abi */
        { "Deleted virtual function called!", "pure-virtual-call" }, /* libc++abi */
        { "double free", "heap-corruption" },
        { "free(): ", "heap-corruption" },
        { "malloc(): ", "heap-corruption" },
        { "realloc(): ", "heap-corruption" },
        { "calloc(): ", "heap-corruption" },
        { "malloc_consolidate(): ", "heap-corruption" },
        { "munmap_chunk(): ", "heap-corruption" },
        { "mremap_chunk(): ", "heap-corruption" },
        { "tcache_thread_shutdown(): ", "heap-corruption" },
        { "corrupted size vs. prev_size", "heap-corruption" },
        { "corrupted double-linked list", "heap-corruption" },
        { "invalid fastbin entry", "heap-corruption" },
        { "break adjusted to free malloc space", "heap-corruption" },
        { "arena is corrupted", "heap-corruption" },
};

/* Exported by libc, libstdc++, libc++, glib: known without debugging information. */
static const struct {
        const char *function, *class;
} functions[] = {
        { "__stack_chk_fail", "stack-smashing" },
        { "__stack_chk_fail_local", "stack-smashing" },
        { "__fortify_fail", "fortify" },
        { "__chk_fail", "fortify" },
        { "__cxa_pure_virtual", "pure-virtual-call" },
        { "__cxa_deleted_virtual", "pure-virtual-call" },
        { "malloc_printerr", "heap-corruption" },
        { "__malloc_assert", "heap-corruption" },
        { "__assert_fail", "assertion" },
        { "__assert_fail_base", "assertion" },
        { "__assert_perror_fail", "assertion" },
        { "__assert", "assertion" },
        { "std::__glibcxx_assert_fail", "assertion" },
        { "std::__replacement_assert", "assertion" },
        { "__gnu_debug::_Error_formatter::_M_error", "assertion" },
        { "std::__1::__libcpp_verbose_abort", "assertion" },
        { "g_assertion_message", "assertion" },
        { "g_assertion_message_expr", "assertion" },
        /* An allocator that gives up, whosever it is. */
        { "free", "heap-corruption" },
        { "cfree", "heap-corruption" },
        { "malloc", "heap-corruption" },
        { "calloc", "heap-corruption" },
        { "realloc", "heap-corruption" },
};

const struct report_frame *fault_frame_of(const struct report *report, const char *function, size_t n)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        size_t len = strlen(function), i;

        for (i = 0; thread && i < thread->frame_count && i < n; i++) {
                const char *name = thread->frames[i].function;

                if (thread->frames[i].signal_frame) /* what was interrupted has not called us */
                        break;
                if (name && !strncmp(name, "__GI_", 5))
                        name += 5;
                if (name && !strncmp(name, function, len) && (!name[len] || name[len] == '(' || name[len] == '['))
                        return &thread->frames[i];
        }
        return NULL;
}

const char *fault_abort_class(const struct report *report)
{
        const char *message = report->cause.message;
        size_t i;

        for (i = 0; message && i < sizeof(messages) / sizeof(messages[0]); i++)
                if (strstr(message, messages[i].part))
                        return messages[i].class;
        for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
                if (fault_frame_of(report, functions[i].function, DEPTH))
                        return functions[i].class;
        return NULL;
}
