/* SPDX-License-Identifier: MIT */
#include "report/words/own.h"

#include "report/model/names.h"
#include "report/words/describe.h"
#include "unwind/core/terms/str.h"

#include <fnmatch.h>
#include <string.h>

/* ---- tables of globs ---- */

/* Libraries that do not identify a bug, by base name. */
static const char *const foreign_modules[] = {
        /* libc and the loader, glibc's and musl's */
        "libc.so*", "libc-2.*", "ld-*.so*", "libpthread[.-]*", "libdl[.-]*", "librt[.-]*", "libm.so*", "libm-2.*",
        "libmvec[.-]*", "libc.musl-*", "*vdso*",
        /* C++ and its exceptions; calls through pointers */
        "libstdc++.so*", "libgcc_s.so*", "libc++.so*", "libc++abi.so*", "libunwind.so*", "libsupc++*", "libffi.so*",
        "libobjc.so*",
        /* GLib; Qt's core; messages */
        "libglib-2.0.so*", "libgobject-2.0.so*", "libgio-2.0.so*", "libgthread-2.0.so*", "libQt[0-9]*Core.so*",
        "libglog.so*", "libabsl_*.so*",
        /* test runners */
        "libgtest*.so*", "libgmock*.so*", "libboost_unit_test_framework.so*", "libboost_prg_exec_monitor.so*",
        "libCatch2*.so*",
        /* run-times of languages */
        "libgfortran.so*", "libquadmath.so*", "libgnat-*.so*", "libgnarl-*.so*", "libphobos2*.so*", "libgphobos.so*",
        "libgdruntime.so*", "libdruntime*.so*", "libjvm.so*", "libjava.so*", "libjli.so*", "libruby*.so*",
        "libstd-*.so*", "libmono*.so*", "libcoreclr.so*",
        /* allocators */
        "libjemalloc.so*", "libtcmalloc*.so*", "libmimalloc.so*",
        /* sanitizers and libcrashpre */
        "libasan.so*", "libubsan.so*", "libtsan.so*", "liblsan.so*", "libclang_rt.*", "libcrashpre.so*", NULL
};

/* Foreign if the report contains a script's stack, which is more specific. */
static const char *const interpreter_modules[] = { "python[23]*", "libpython[23]*", "_ctypes.*", NULL };

/* Files of a script that belong to its language's library. */
static const char *const foreign_scripts[] = { "*/lib/python[23]*", "<frozen *", NULL };

/* Functions, by names_plain(), in any module: these libraries may be linked statically. */
static const char *const foreign_functions[] = {
        /* functions by which C programs end: abort, assert, fortify, stack protector */
        "abort", "raise", "gsignal", "pthread_kill", "__pthread_kill_*", "__abort*", "__assert*", "__libc_message*",
        "__libc_fatal", "__fortify_fail*", "__chk_fail", "__*_chk", "__stack_chk_fail*", "_exit", "__libc_*",
        /* malloc */
        "malloc", "calloc", "realloc", "free", "_int_malloc", "_int_free", "_int_realloc", "malloc_printerr",
        "malloc_consolidate", "operator new*", "operator delete*",
        /* C++: exceptions and the standard library's own functions in headers */
        "__cxa_*", "__gxx_personality_*", "_Unwind_*", "__verbose_terminate_handler", "__clang_call_terminate",
        "std::*", "__gnu_cxx::*", "__gnu_debug::*", "__cxxabiv1::*",
        /* Rust's panics */
        "rust_begin_unwind", "rust_panic*", "__rust_*", "_rust_*", "__rustc*",
        /* GLib and Qt: fatal messages */
        "g_log", "g_logv", "g_log_*", "g_assertion_message*", "g_return_if_fail_warning", "g_abort", "_g_log_abort",
        "g_error*", "qt_assert*", "qt_message_fatal*", "qt_message", "QMessageLogger::*", "qFatal", "qAbort",
        /* glog, abseil, Boost */
        "google::LogMessage*", "google::ErrnoLogMessage*", "google::*CheckOp*", "google::DumpStackTraceAndExit*",
        "absl::*RawLog*", "absl::*raw_log*", "absl::*log_internal::*", "boost::assertion_failed*",
        "boost::assertion::*", "boost::throw_exception*", "boost::wrapexcept*", "boost::exception_detail::*",
        /* test runners: GoogleTest, Catch2, Boost.Test */
        "testing::internal::*", "testing::Test::*", "testing::TestInfo::*", "testing::TestSuite::*",
        "testing::TestCase::*", "testing::UnitTest::*", "RUN_ALL_TESTS", "Catch::*", "boost::unit_test::*",
        "boost::execution_monitor::*", "boost::detail::function::*", "boost::function*::operator()",
        "boost::test_tools::*",
        /* V8 */
        "v8::*", "Builtins_*",
        /* Go, and its calls of C */
        "runtime.*", "runtime/*", "_cgo_*", "x_cgo_*", "crosscall*", "_rt0_*", "syscall.*", "internal/*",
        /* Fortran, Ada, OCaml, D */
        "_gfortran*", "__gnat_*", "caml_main", "caml_start*", "caml_callback*", "caml_c_call", "caml_raise*",
        "caml_fatal*", "caml_failed_assert", "caml_alloc*", "caml_call_gc", "caml_garbage_collection", "caml_program",
        "_d_*", "d_run_main*",
        /* sanitizers */
        "__asan*", "__ubsan*", "__tsan*", "__lsan*", "__msan*", "__sanitizer*", "__interceptor_*", "___interceptor_*",
        /* start of a process or a thread */
        "_start", "start_thread", "clone", "clone3", "__clone*", "execute_native_thread_routine", "call_init", "_init",
        "_fini",
        /* crashpre.h */
        "crashpre_*", NULL
};

/* C++ programs may also have a namespace "core": these apply to Rust's symbols only. */
static const char *const foreign_rust_functions[] = {
        "core::*", "alloc::*", "<core::*", "<alloc::*", "<std::*", "std::*", "panic_abort::*", "panic_unwind::*",
        /* traits of these for types of none, as "<usize as core::slice::index::SliceIndex<>>::index" */
        "<[a-z0-9]* as core::*", "<&* as core::*", "<\\[* as core::*", "<(* as core::*", "<dyn * as core::*",
        "<\\** as core::*", "<[A-Z] as core::*", "<[A-Z] as alloc::*", "<&* as alloc::*", "<[a-z0-9]* as alloc::*",
        "<&* as std::*", "<[a-z0-9]* as std::*", "<[A-Z] as std::*",
        /* the test harness */
        "test::__rust_begin_short_backtrace*", "test::run_test*", "test::console::*", "test::test_main*",
        "test::types::*", "test::assert_test_result*", NULL
};

/* A type of the program: its path has a crate that is not Rust's own. */
static bool is_own_type(const char *name)
{
        size_t path = name[0] == '<' ? strspn(name + 1, "&*") + 1 : 0,
               crate = strspn(name + path, "abcdefghijklmnopqrstuvwxyz_0123456789");

        return path && crate && !strncmp(name + path + crate, "::", 2) && strncmp(name + path, "core::", 6) != 0 &&
               strncmp(name + path, "alloc::", 7) != 0 && strncmp(name + path, "std::", 5) != 0;
}

static const char *const standard_functions[] = { "std::*", "__gnu_cxx::*", NULL };

/* Full names. */
static const char *const throwing_functions[] = { "__cxa_throw", "__cxa_rethrow", "std::rethrow_exception(*", NULL };

/* Compiled into the program, but not part of its own source. */
static const char *const foreign_files[] = { "/usr/include/c++/*", "/usr/include/*/c++/*", "/usr/lib/gcc/*",
                                             "/usr/lib/llvm*/include/*", "/rustc/*/library/*",
                                             /* glibc's: memset and printf of _FORTIFY_SOURCE, atoi, strtol */
                                             "/usr/include/bits/*", "/usr/include/*-linux-*/bits/*",
                                             "/usr/include/sys/*", "/usr/include/*-linux-*/sys/*",
                                             "/usr/include/stdlib.h", "/usr/include/stdio.h", "/usr/include/string.h",
                                             NULL };

/* ---- */

static bool matches(const char *const *globs, const char *s)
{
        for (; s && *globs; globs++)
                if (!fnmatch(*globs, s, 0))
                        return true;
        return false;
}

static const char *module_path(const struct report *report, const struct report_frame *frame)
{
        if (!frame->module.known || frame->module.v < 0 || (uint64_t)frame->module.v >= report->module_count)
                return NULL;
        return report->modules[frame->module.v].path;
}

/* "_RN...", and in the legacy scheme "_ZN...17h<16 digits>E". */
static bool is_rust(const struct report_frame *frame)
{
        size_t len = frame->symbol ? strlen(frame->symbol) : 0;

        if (len > 2 && !strncmp(frame->symbol, "_R", 2))
                return true;
        return len > 20 && !strncmp(frame->symbol + len - 20, "17h", 3) &&
               strspn(frame->symbol + len - 17, "0123456789abcdef") == 16 && frame->symbol[len - 1] == 'E';
}

static bool is_foreign_rust(const struct report_frame *frame, const char *name)
{
        return is_rust(frame) && !is_own_type(name) && matches(foreign_rust_functions, name);
}

bool own_frame(struct report *report, const struct report_frame *frame)
{
        const char *path = module_path(report, frame), *name;

        if (frame->signal_frame || (!path && !frame->function))
                return false;
        if (path && matches(foreign_modules, str_base(path)))
                return false;
        /* The line at an address in a function of the program may be in a header, from code inlined into it. */
        if ((frame->inlined || !frame->function) && matches(foreign_files, frame->file))
                return false;
        if (!frame->function)
                return true;
        name = names_plain(&report->pool, frame->function);
        return !matches(foreign_functions, name) && !is_foreign_rust(frame, name);
}

static bool is_interpreter(const struct report *report, const struct report_frame *frame)
{
        const char *path = module_path(report, frame);

        return path && matches(interpreter_modules, str_base(path));
}

size_t own_script_begin(const struct report *report)
{
        const struct report_thread *thread = report->threads;
        size_t i;

        if (!report->thread_count)
                return 0;
        if (!report->interpreter.frame_count)
                return thread->frame_count;
        for (i = 0; i < thread->frame_count && !is_interpreter(report, &thread->frames[i]); i++)
                ;
        return i;
}

size_t own_script_frame(const struct report *report)
{
        const struct report_interpreter *script = &report->interpreter;
        size_t i;

        for (i = 0; i < script->frame_count; i++)
                if (script->frames[i].file && !matches(foreign_scripts, script->frames[i].file))
                        return i;
        return 0;
}

/* The main() generated by rustc calls std::rt::lang_start, which is the preceding frame. */
static bool is_rust_main(const struct report_thread *thread, size_t i)
{
        const char *name = thread->frames[i].function, *inner = i ? thread->frames[i - 1].function : NULL;

        return name && inner && !strcmp(name, "main") && !strncmp(inner, "std::rt::lang_start", 19);
}

const bool *own_frames(struct report *report, const struct report_thread *thread)
{
        bool script = thread == report->threads && report->interpreter.frame_count;
        bool *own = pool_alloc(&report->pool, thread->frame_count + 1);
        size_t i;

        for (i = 0; i < thread->frame_count; i++)
                own[i] = own_frame(report, &thread->frames[i]) && !is_rust_main(thread, i) &&
                         !(script && is_interpreter(report, &thread->frames[i]));
        return own;
}

const struct report_frame *own_first(struct report *report, const struct report_frame *frames, size_t n)
{
        size_t i;

        for (i = 0; i < n; i++)
                if (own_frame(report, &frames[i]))
                        return &frames[i];
        return NULL;
}

bool own_is_skipped(struct report *report, const struct report_frame *frame)
{
        return frame->function && matches(foreign_functions, names_plain(&report->pool, frame->function));
}

bool own_is_crashpre(const struct report *report, const struct report_frame *frame)
{
        const char *base = str_base(module_path(report, frame));

        return base && !strncmp(base, "libcrashpre.so", 14);
}

/* crashpre.h has its functions in the program itself as well. */
static bool is_ours(struct report *report, const struct report_frame *frame)
{
        static const char *const functions[] = { "crashpre_*", "crashpre::*", NULL };

        return own_is_crashpre(report, frame) ||
               (frame->function && matches(functions, names_plain(&report->pool, frame->function)));
}

void own_begin_at_caller(struct report *report, struct report_thread *thread)
{
        size_t n = 0, i;

        while (n < thread->frame_count && is_ours(report, &thread->frames[n]))
                n++;
        if (!n || n == thread->frame_count || thread->frames[n].index.v != (int64_t)n)
                return;
        thread->frames += n;
        thread->frame_count -= n;
        for (i = 0; i < thread->frame_count; i++)
                thread->frames[i].index.v -= (int64_t)n;
}

size_t own_fault(const struct report *report)
{
        const struct known_int *at = &report->fault.frame;

        return at->known && at->v > 0 && report->thread_count && (uint64_t)at->v < report->threads[0].frame_count
                       ? (size_t)at->v
                       : 0;
}

size_t own_begin(struct report *report)
{
        const struct report_thread *thread = report->threads;
        size_t first = own_fault(report), i;

        if (!report->thread_count || !thread->frame_count)
                return 0;
        if (report->fault.access && !strcmp(report->fault.access, "execute") && !thread->frames[first].function)
                return first + 1;
        if (!report->cause.exception.type || (report->cause.kind && !strcmp(report->cause.kind, "signal")))
                return first;
        for (i = first; i < thread->frame_count; i++)
                if (thread->frames[i].function && matches(throwing_functions, thread->frames[i].function))
                        return i;
        return first;
}

bool own_is_standard(struct report *report, const struct report_frame *frame)
{
        const char *name = frame->function ? names_plain(&report->pool, frame->function) : NULL;

        return matches(standard_functions, name) || (name && is_foreign_rust(frame, name));
}
