/* SPDX-License-Identifier: MIT */
/* report/fault/explain_abort.c: the explanations of what was no fault of an instruction. */
#include "report/fault/explain.h"
#include "report/fault/syscall_name.h"
#include "report/model/names.h"
#include "report/words/describe.h"
#include "report/words/own.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define DEPTH 12

static bool message_contains(const struct report *report, const char *part)
{
        return report->cause.message && strstr(report->cause.message, part);
}

/* Who called the last of the frames of `function` among the innermost ones; NULL unknown. */
static const struct report_frame *caller_of(const struct report *report, const char *function)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        const struct report_frame *frame = fault_frame_of(report, function, DEPTH);
        size_t i = thread && frame ? (size_t)(frame - thread->frames) + 1 : 0;

        return i && i < thread->frame_count && thread->frames[i].function ? &thread->frames[i] : NULL;
}

static const char *name_and_line(struct report *report, const struct report_frame *frame)
{
        const char *line = describe_line(report, frame), *name = names_plain(&report->pool, frame->function);

        return line ? pool_printf(&report->pool, "%s at %s", name, line) : name;
}

static const char *abort_words(struct report *report, const struct crash_facts *f)
{
        const struct report_frame *frame = caller_of(report, "abort");

        (void)f;
        if (frame && !own_frame(report, frame)) /* a run-time's way to give up */
                frame = own_first(report, report->threads[0].frames, report->threads[0].frame_count);
        if (report->cause.message)
                return "The program gave up by abort() after it had said why.";
        if (frame && frame->function)
                return pool_printf(&report->pool, "The program gave up by abort(), called by %s.",
                                   name_and_line(report, frame));
        return "The program gave up: it sent itself SIGABRT, by abort() or raise().";
}

/* The caller of assert(3)'s function: since glibc 2.41 that ends in a jump to one that is not exported, and has no name
 * without debugging information. What calls abort() from within the same module as it is that function. */
static const struct report_frame *asserting(const struct report *report)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        const struct report_frame *frame = caller_of(report, "__assert_fail"), *end, *last;

        if (!frame)
                frame = caller_of(report, "__assert_fail_base");
        last = fault_frame_of(report, "abort", DEPTH);
        if (frame || !last || !last->module.known)
                return frame;
        end = thread->frames + thread->frame_count;
        for (frame = last + 1; frame < end && frame->module.known && frame->module.v == last->module.v; frame++)
                ;
        return frame > last + 1 && frame < end && frame->function ? frame : NULL;
}

static const char *assertion(struct report *report, const struct crash_facts *f)
{
        const struct report_frame *frame = asserting(report);

        (void)f;
        if (frame)
                return pool_printf(&report->pool,
                                   "A condition that %s checks, and that must always hold, did not: a bug in what led "
                                   "there.",
                                   name_and_line(report, frame));
        return "A condition that the program checks, and that must always hold, did not: a bug in what led there.";
}

static const char *heap_corruption(struct report *report, const struct crash_facts *f)
{
        (void)f;
        if (message_contains(report, "double free or corruption") && !message_contains(report, "(fasttop)"))
                return "A block of memory was freed twice, this being the second time; or something wrote past the end of a "
                       "block, over what malloc keeps between them.";
        if (message_contains(report, "double free"))
                return "A block of memory was freed twice; this is the second time.";
        if (message_contains(report, "invalid pointer"))
                return "free() or realloc() was given a pointer that malloc() never returned: one into the middle of a block, to a "
                       "variable, or one that was overwritten. Or something wrote over what malloc keeps before the block.";
        return "The heap is damaged: something wrote past the end of a block, or into one that was freed before. It was "
               "noticed here, but done earlier: valgrind or -fsanitize=address shows where.";
}

static const char *stack_smashing(struct report *report, const struct crash_facts *f)
{
        const struct report_frame *frame = caller_of(report, "__stack_chk_fail");

        (void)f;
        return pool_printf(&report->pool,
                           "%s wrote past the end of a local array: the guard value behind it was no longer the same "
                           "when the function returned.",
                           frame ? frame->function : "A function");
}

static const char *fortify(struct report *report, const struct crash_facts *f)
{
        (void)f;
        if (message_contains(report, "%n in writable"))
                return "A format string that the program can change contains %n, which glibc refuses.";
        if (message_contains(report, "longjmp"))
                return "longjmp() was to go to a function that has returned already.";
        if (message_contains(report, "fd_set"))
                return "A file descriptor was too large for an fd_set (FD_SETSIZE).";
        return "A function of the C library was about to write past the end of its destination, a buffer whose size the "
               "compiler knew (_FORTIFY_SOURCE).";
}

/* On its way out the exception met a function that ends the program: the unwinder stands on the stack then. Where no
 * handler was found, __cxa_throw() itself calls std::terminate(). */
static bool left_noexcept(const struct report *report)
{
        static const char *const functions[] = { "__gxx_personality_v0",   "__cxa_call_terminate",
                                                 "__clang_call_terminate", "_Unwind_RaiseException",
                                                 "_Unwind_Resume",         "_Unwind_Resume_or_Rethrow" };
        size_t i;

        for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
                if (fault_frame_of(report, functions[i], DEPTH))
                        return true;
        return false;
}

/* By "throw;", or, maybe from another thread, through an exception_ptr: a future's get() does that. */
static bool was_rethrown(struct report *report)
{
        return fault_frame_of(report, "__cxa_rethrow", DEPTH) ||
               fault_frame_of(report, "std::rethrow_exception", DEPTH);
}

static const char *uncaught(struct report *report, const struct crash_facts *f)
{
        const char *type = report->cause.exception.type, *where = describe_where(report);

        (void)f;
        type = type ? names_short(&report->pool, type, 160) : "An exception";
        return pool_printf(&report->pool, "%s was %s%s%s; %s.", type, was_rethrown(report) ? "rethrown" : "thrown",
                           where ? " " : "", where ? where : "",
                           left_noexcept(report) ? "it left a function that promises to let nothing out (noexcept, or "
                                                   "a destructor)"
                                                 : "nothing on the stack of its thread catches it");
}

static const char *terminate(struct report *report, const struct crash_facts *f)
{
        (void)f;
        if (fault_frame_of(report, "std::thread::~thread", DEPTH) ||
            fault_frame_of(report, "std::thread::operator=", DEPTH))
                return "A std::thread object went away while its thread was neither joined nor detached.";
        if (fault_frame_of(report, "__cxa_rethrow", DEPTH))
                return "A \"throw;\" was reached outside of any catch: there was no exception to throw again.";
        return "std::terminate() was called with no exception on its way: a std::thread that was never joined, a \"throw;\" "
               "outside of any catch, or a call of the program's own.";
}

static const char *pure_virtual(struct report *report, const struct crash_facts *f)
{
        (void)report;
        (void)f;
        return "A virtual function was called that the object did not have: from the constructor or destructor of a base "
               "class, or on an object that was destroyed.";
}

static const char *system_call(struct report *report, const struct crash_facts *f)
{
        const char *name = f->syscall.known && !f->syscall_foreign ? syscall_name(f->syscall.v) : NULL;

        if (!f->syscall.known)
                return "A seccomp filter does not allow the system call that the program made.";
        return pool_printf(&report->pool,
                           "The program made the system call %s (%" PRId64 "), which a seccomp filter does "
                           "not allow.",
                           name ? name : "that has no name here", f->syscall.v);
}

static const char *call_that_sent(int code)
{
        switch (code) {
        case SI_USER:
                return "kill()";
        case SI_TKILL:
                return "raise(), pthread_kill() or tgkill()";
        case SI_QUEUE:
                return "sigqueue()";
        default:
                return "a system call";
        }
}

static const char *sent(struct report *report, const struct crash_facts *f)
{
        const char *name = report->signal.name ? report->signal.name : "the signal";
        const struct report_sender *sender = &report->signal.sender;

        if (f->code == SI_TIMER)
                return pool_printf(&report->pool, "A timer of the program (timer_create) was set to send %s.", name);
        if (f->code == SI_MESGQ || f->code == SI_ASYNCIO)
                return pool_printf(&report->pool, "The program asked the kernel to send it %s (%s).", name,
                                   f->code == SI_MESGQ ? "mq_notify" : "aio");
        if (!f->sender_pid.known)
                return pool_printf(&report->pool, "%s was sent; the program did not fault.", name);
        if (f->sender_pid.v == f->pid)
                return pool_printf(&report->pool, "The program sent %s to itself by %s; it did not fault.", name,
                                   call_that_sent(f->code));
        if (!f->sender_pid.v)
                return pool_printf(&report->pool,
                                   "A process outside this container sent %s; the program did not fault.", name);
        return pool_printf(&report->pool,
                           "Process %" PRId64 "%s%s%s, uid %" PRId64 ", sent %s by %s; the program did not fault.",
                           f->sender_pid.v, sender->name ? " (" : "", sender->name ? sender->name : "",
                           sender->name ? ")" : "", f->sender_uid.v, name, call_that_sent(f->code));
}

const char *fault_explain_abort(struct report *report, const struct crash_facts *facts)
{
        static const struct {
                enum fault_class class;
                const char *(*explain)(struct report *report, const struct crash_facts *f);
        } classes[] = {
                { FAULT_ABORT, abort_words },
                { FAULT_ASSERTION, assertion },
                { FAULT_HEAP_CORRUPTION, heap_corruption },
                { FAULT_STACK_SMASHING, stack_smashing },
                { FAULT_FORTIFY, fortify },
                { FAULT_UNCAUGHT_EXCEPTION, uncaught },
                { FAULT_TERMINATE, terminate },
                { FAULT_PURE_VIRTUAL_CALL, pure_virtual },
                { FAULT_BAD_SYSTEM_CALL, system_call },
                { FAULT_SENT_BY_PROCESS, sent },
        };
        size_t i;

        for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
                if (fault_class_is(report->fault.class, classes[i].class))
                        return classes[i].explain(report, facts);
        return NULL;
}
