/* SPDX-License-Identifier: MIT */
#include "report/fault/abort.h"

#include "report/fault/fault.h"
#include "report/words/own.h"

#include <string.h>

/* The function that caused an abort is among the innermost frames, after abort, raise and similar functions. */
#define DEPTH 12

/* Parts of glibc's messages: debug/, malloc/malloc.c, assert/assert.c of glibc 2.31 to 2.38; libstdc++:
 * libsupc++/pure.cc. */
static const struct {
        const char *part;
        enum fault_class class;
} messages[] = {
        { "panicked at ", FAULT_PANIC }, /* Rust: report/runtime/rust_panic.c */
        { "panicked: ", FAULT_PANIC },
        { "malloc assertion failure in", FAULT_HEAP_CORRUPTION },
        { "sysmalloc: Assertion", FAULT_HEAP_CORRUPTION },
        { "Assertion `", FAULT_ASSERTION },
        { "Assertion '", FAULT_ASSERTION },
        { "assertion failed", FAULT_ASSERTION },
        { ": assertion '", FAULT_ASSERTION }, /* g_return_if_fail() of GLib, where G_DEBUG makes it fatal */
        { "ASSERT: \"", FAULT_ASSERTION },    /* Qt, qglobal.cpp */
        { "ASSERT failure in ", FAULT_ASSERTION },
        { "] Check failed: ", FAULT_ASSERTION }, /* glog, abseil */
        { "] RAW: Check ", FAULT_ASSERTION },
        { ": Error: ", FAULT_ASSERTION },          /* libstdc++'s debug mode, src/c++11/debug.cc */
        { "Unexpected error: ", FAULT_ASSERTION }, /* assert_perror(3) */
        { "stack smashing detected", FAULT_STACK_SMASHING },
        { "buffer overflow detected", FAULT_FORTIFY },
        { "%n in writable segment detected", FAULT_FORTIFY },
        { "use detected ***", FAULT_FORTIFY }, /* invalid %N$ */
        { "longjmp causes uninitialized stack frame", FAULT_FORTIFY },
        { "bit out of range 0 - FD_SETSIZE on fd_set", FAULT_FORTIFY },
        { "pure virtual method called", FAULT_PURE_VIRTUAL_CALL },
        { "deleted virtual method called", FAULT_PURE_VIRTUAL_CALL },
        { "Pure virtual function called!", FAULT_PURE_VIRTUAL_CALL },    /* libc++abi */
        { "Deleted virtual function called!", FAULT_PURE_VIRTUAL_CALL }, /* libc++abi */
        { "double free", FAULT_HEAP_CORRUPTION },
        { "free(): ", FAULT_HEAP_CORRUPTION },
        { "malloc(): ", FAULT_HEAP_CORRUPTION },
        { "realloc(): ", FAULT_HEAP_CORRUPTION },
        { "calloc(): ", FAULT_HEAP_CORRUPTION },
        { "malloc_consolidate(): ", FAULT_HEAP_CORRUPTION },
        { "munmap_chunk(): ", FAULT_HEAP_CORRUPTION },
        { "mremap_chunk(): ", FAULT_HEAP_CORRUPTION },
        { "tcache_thread_shutdown(): ", FAULT_HEAP_CORRUPTION },
        { "corrupted size vs. prev_size", FAULT_HEAP_CORRUPTION },
        { "corrupted double-linked list", FAULT_HEAP_CORRUPTION },
        { "invalid fastbin entry", FAULT_HEAP_CORRUPTION },
        { "break adjusted to free malloc space", FAULT_HEAP_CORRUPTION },
        { "arena is corrupted", FAULT_HEAP_CORRUPTION },
};

/* Exported by libc, libstdc++, libc++, glib: identified without debugging information. */
static const struct {
        const char *function;
        enum fault_class class;
} functions[] = {
        { "__stack_chk_fail", FAULT_STACK_SMASHING },
        { "__stack_chk_fail_local", FAULT_STACK_SMASHING },
        { "__fortify_fail", FAULT_FORTIFY },
        { "__chk_fail", FAULT_FORTIFY },
        { "__cxa_pure_virtual", FAULT_PURE_VIRTUAL_CALL },
        { "__cxa_deleted_virtual", FAULT_PURE_VIRTUAL_CALL },
        { "malloc_printerr", FAULT_HEAP_CORRUPTION },
        { "__malloc_assert", FAULT_HEAP_CORRUPTION },
        { "__assert_fail", FAULT_ASSERTION },
        { "__assert_fail_base", FAULT_ASSERTION },
        { "__assert_perror_fail", FAULT_ASSERTION },
        { "__assert", FAULT_ASSERTION },
        { "std::__glibcxx_assert_fail", FAULT_ASSERTION },
        { "std::__replacement_assert", FAULT_ASSERTION },
        { "__gnu_debug::_Error_formatter::_M_error", FAULT_ASSERTION },
        { "std::__1::__libcpp_verbose_abort", FAULT_ASSERTION },
        { "g_assertion_message", FAULT_ASSERTION },
        { "g_assertion_message_expr", FAULT_ASSERTION },
        { "g_assertion_message_cmpnum", FAULT_ASSERTION },
        { "g_assertion_message_cmpstr", FAULT_ASSERTION },
        { "g_assertion_message_cmpstrv", FAULT_ASSERTION },
        { "g_assertion_message_cmpint", FAULT_ASSERTION },
        { "g_assertion_message_error", FAULT_ASSERTION },
        { "g_logv", FAULT_ABORT },
        { "g_log_structured", FAULT_ABORT },
        { "g_log_structured_array", FAULT_ABORT },
        { "g_log_structured_standard", FAULT_ABORT },
        { "qt_assert", FAULT_ASSERTION },
        { "qt_assert_x", FAULT_ASSERTION },
        { "boost::assertion_failed", FAULT_ASSERTION },
        { "boost::assertion::detail::assertion_failed_msg", FAULT_ASSERTION },
        { "caml_failed_assert", FAULT_ASSERTION },
        { "core::panicking::panic_fmt", FAULT_PANIC },
        { "core::panicking::panic", FAULT_PANIC },
        { "std::panicking::begin_panic", FAULT_PANIC },
        { "std::panicking::begin_panic_handler", FAULT_PANIC },
        { "std::panicking::rust_panic_with_hook", FAULT_PANIC },
        { "rust_begin_unwind", FAULT_PANIC },
        { "__rustc::rust_begin_unwind", FAULT_PANIC },
        { "rust_panic", FAULT_PANIC },
        { "runtime.gopanic", FAULT_PANIC },
        { "runtime.panicmem", FAULT_PANIC },
        { "runtime.fatalpanic", FAULT_PANIC },
        /* An allocator, of any library, that calls abort(). */
        { "free", FAULT_HEAP_CORRUPTION },
        { "cfree", FAULT_HEAP_CORRUPTION },
        { "malloc", FAULT_HEAP_CORRUPTION },
        { "calloc", FAULT_HEAP_CORRUPTION },
        { "realloc", FAULT_HEAP_CORRUPTION },
};

const struct report_frame *fault_frame_of(const struct report *report, const char *function, size_t n)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        size_t len = strlen(function), begin = own_fault(report), i;

        for (i = begin; thread && i < thread->frame_count && i - begin < n; i++) {
                const char *name = thread->frames[i].function;

                if (thread->frames[i].signal_frame) /* the interrupted code is not a caller */
                        break;
                if (name && !strncmp(name, "__GI_", 5))
                        name += 5;
                if (name && !strncmp(name, function, len) && (!name[len] || name[len] == '(' || name[len] == '['))
                        return &thread->frames[i];
        }
        return NULL;
}

enum fault_class fault_abort_class(const struct report *report)
{
        const char *message = report->cause.message;
        size_t i;

        for (i = 0; message && i < sizeof(messages) / sizeof(messages[0]); i++)
                if (strstr(message, messages[i].part))
                        return messages[i].class;
        for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
                if (fault_frame_of(report, functions[i].function, DEPTH))
                        return functions[i].class;
        return FAULT_UNKNOWN;
}
