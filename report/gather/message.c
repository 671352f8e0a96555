/* SPDX-License-Identifier: MIT */
#include "report/gather/message.h"

#include "report/runtime/last_words.h"
#include "report/words/describe.h"
#include "report/words/own.h"
#include "unwind/core/image/library_message.h"
#include "unwind/target/modules.h"

#include <signal.h>
#include <string.h>

#define DEPTH 32 /* frames, inlined ones included, from raise() to the caller of std::terminate */

/* ---- from the names of frames ---- */

static bool is_named(const struct report_frame *frame, const char *name)
{
        size_t len = strlen(name);

        return frame->function && !strncmp(frame->function, name, len) &&
               (!frame->function[len] || frame->function[len] == '(' || frame->function[len] == ' ');
}

static bool is_on_stack(const struct report *report, const char *const *names, size_t n)
{
        const struct report_thread *thread = &report->threads[0];
        size_t i, k;

        for (i = 0; report->thread_count && i < thread->frame_count && i < DEPTH; i++)
                for (k = 0; k < n; k++)
                        if (is_named(&thread->frames[i], names[k]))
                                return true;
        return false;
}

/* Reconstructs the message of a failed check of libstdc++: its arguments are constants in the calling code. */
static void find_assertion(struct report *report, struct target *t)
{
        static const char *const name = "std::__glibcxx_assert_fail";
        const struct report_thread *thread = &report->threads[0];
        struct cfi_space space = modules_space(t);
        char text[WIRE_MESSAGE_MAX];
        size_t i;

        for (i = 0; report->thread_count && i + 1 < thread->frame_count && i < DEPTH; i++)
                if (is_named(&thread->frames[i], name) &&
                    library_message_assertion(&space, thread->frames[i + 1].pc.v, text, sizeof(text)))
                        report->cause.message = pool_strdup(&report->pool, text);
}

/* What std::terminate() was called for: C++ knows of no exception. */
static const char *without_exception(struct report *report, struct target *t)
{
        static const char *const forced[] = { "_Unwind_ForcedUnwind" };
        const char *class;

        if (is_on_stack(report, forced, 1))
                return "terminate called for a forced unwind (pthread_exit, pthread_cancel)";
        class = last_words_foreign(report, t);
        return class ? pool_printf(&report->pool, "terminate called for a foreign exception (%s)", class)
                     : "terminate called without an active exception";
}

/* Whether a library or run-time has executed an instruction that ends the program. */
static bool is_end_by_instruction(struct report *report, const struct wire_crash *wire)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        size_t i = 0;

        if (wire->siginfo.si_signo != SIGTRAP && wire->siginfo.si_signo != SIGILL)
                return false;
        while (wire->handler && thread && i < thread->frame_count && !thread->frames[i++].signal_frame)
                ;
        return thread && i < thread->frame_count && !own_frame(report, &thread->frames[i]);
}

void message_by_names(struct report *report, struct wire_crash *wire, struct target *t)
{
        static const char *const terminate[] = { "std::terminate",         "__cxxabiv1::__terminate",
                                                 "std::__terminate",       "__cxa_call_terminate",
                                                 "__clang_call_terminate", "__gxx_personality_v0" };
        static const char *const pure[] = { "__cxa_pure_virtual" }, *const deleted[] = { "__cxa_deleted_virtual" };
        const siginfo_t info = wire->siginfo;

        if (!report->cause.message && (info.si_signo == SIGABRT || is_end_by_instruction(report, wire)))
                report->cause.message = last_words(report, t, wire->handler != WIRE_HANDLER_NONE);
        if (info.si_signo != SIGABRT || info.si_code > 0)
                return;
        if (!wire->terminate && is_on_stack(report, terminate, sizeof(terminate) / sizeof(terminate[0]))) {
                wire->terminate = 1;
                wire->uncaught_exception = wire->exception_certain = wire->exception.count > 0;
        }
        if (wire->terminate && !wire->uncaught_exception && report->cause.message &&
            strstr(report->cause.message, "without an active exception"))
                report->cause.message = without_exception(report, t);
        if (wire->message[0] || report->cause.message)
                return;
        if (!wire->terminate) {
                find_assertion(report, t);
                return;
        }
        if (is_on_stack(report, pure, 1))
                report->cause.message = "pure virtual method called";
        else if (is_on_stack(report, deleted, 1))
                report->cause.message = "deleted virtual method called";
        else if (!wire->uncaught_exception)
                report->cause.message = without_exception(report, t);
}

/* ---- exceptions ---- */

static void diagnose_unknown_what(struct report *report, const char *type)
{
        report_diagnose(report, "exception", "what() of %s is defined by the program and could not be called", type);
}

static void add(struct report *report, const char *mangled, const char *what, bool unknown)
{
        struct report_exception *e = &report->cause.exception;
        const char *type = describe_type(&report->pool, mangled);

        if (unknown)
                diagnose_unknown_what(report, type);
        if (!e->type) {
                e->type = type;
                e->what = what;
        } else {
                *POOL_APPEND(&report->pool, e->nested, e->nested_count) = (struct report_nested){ type, what };
        }
}

void message_exception(struct report *report, const struct exception_chain *chain)
{
        uint32_t i;

        for (i = 0; i < chain->count; i++) {
                const struct exception_text *t = &chain->v[i];
                bool known = t->what_kind == EXCEPTION_WHAT_TEXT;

                add(report, t->type, known ? pool_strdup(&report->pool, t->what) : NULL,
                    t->what_kind == EXCEPTION_WHAT_OWN);
        }
}
