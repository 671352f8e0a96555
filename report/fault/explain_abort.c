/* SPDX-License-Identifier: MIT */
/* report/fault/explain_abort.c: explanations of crashes that are not faults of an instruction. */
#include "report/fault/explain.h"
#include "report/fault/syscall_name.h"
#include "report/model/names.h"
#include "report/words/describe.h"
#include "report/words/own.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define DEPTH 12
#define UNWINDER_DEPTH 32 /* from abort() through std::terminate() to the function that unwinds */
#define SYS_DISPATCHED 2  /* si_code: SYS_USER_DISPATCH, in the headers of glibc since 2.35 */

static bool message_contains(const struct report *report, const char *part)
{
        return report->cause.message && strstr(report->cause.message, part);
}

/* The caller of `function`, which must be among the innermost frames; NULL unknown. */
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
        if (frame && !own_frame(report, frame)) /* a run-time that aborts */
                frame = own_first(report, report->threads[0].frames + own_fault(report),
                                  report->threads[0].frame_count - own_fault(report));
        if (message_contains(report, "exception not rethrown"))
                return "A catch (...) did not rethrow the forced unwind of pthread_exit() or of the cancellation of the thread.";
        if (report->cause.message)
                return "The program called abort() after printing a message.";
        if (frame && frame->function)
                return pool_printf(&report->pool, "The program ended itself by abort(), called by %s.",
                                   name_and_line(report, frame));
        return "The program sent itself SIGABRT, by abort() or raise().";
}

/* The caller of assert(3)'s function: since glibc 2.41 it ends in a jump to a function that is not exported and has no
 * name without debugging information. The function that calls abort() from the same module is that function. */
static const struct report_frame *asserting(const struct report *report)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        const struct report_frame *frame = caller_of(report, "__assert_fail"), *end, *last;

        if (!frame)
                frame = caller_of(report, "__assert_fail_base");
        last = fault_frame_of(report, "abort", DEPTH);
        if (frame || !thread || !last || !last->module.known)
                return frame;
        end = thread->frames + thread->frame_count;
        for (frame = last + 1; frame < end && frame->module.known && frame->module.v == last->module.v; frame++)
                ;
        return frame > last + 1 && frame < end && frame->function ? frame : NULL;
}

static const char *panic(struct report *report, const struct crash_facts *f)
{
        const char *where = describe_where(report);

        (void)f;
        return pool_printf(
                &report->pool,
                "The program panicked%s%s, and a panic ends the process here: most likely it was built or set so, or the panic cannot unwind.",
                where ? " " : "", where ? where : "");
}

static const char *assertion(struct report *report, const struct crash_facts *f)
{
        const struct report_frame *frame = asserting(report);

        const char *condition = describe_assertion(report), *line = frame ? describe_line(report, frame) : NULL;

        (void)f;
        return pool_printf(&report->pool, "%s%s%s%s%s failed%s%s.", line ? line : "",
                           line ? ": assertion" : "Assertion", condition ? " `" : "", condition ? condition : "",
                           condition ? "'" : "", frame ? " in " : "",
                           frame ? names_plain(&report->pool, frame->function) : "");
}

static const char *heap_corruption(struct report *report, const struct crash_facts *f)
{
        (void)f;
        if (message_contains(report, "double free or corruption") && !message_contains(report, "(fasttop)"))
                return "Most likely a block of memory was freed twice, and this is the second time; or a write past the end of "
                       "a block overwrote malloc's data between the blocks.";
        if (message_contains(report, "double free"))
                return "A block of memory was freed twice; this is the second time.";
        if (message_contains(report, "invalid pointer"))
                return "Most likely free() or realloc() was called with a pointer that malloc() never returned: one into "
                       "the middle of a block, to a variable, or one that was overwritten. Or malloc's data before the "
                       "block was overwritten.";
        return "The heap is corrupted: most likely the program wrote past the end of a block, or to a block that was "
               "already freed, some time before this was detected here. valgrind or -fsanitize=address shows where.";
}

static const char *stack_smashing(struct report *report, const struct crash_facts *f)
{
        const struct report_frame *frame = caller_of(report, "__stack_chk_fail");

        (void)f;
        return pool_printf(&report->pool,
                           "The guard value after the local arrays of %s had changed when it returned: most likely it "
                           "wrote past the end of a local array.",
                           frame ? frame->function : "a function");
}

static const char *fortify(struct report *report, const struct crash_facts *f)
{
        (void)f;
        if (message_contains(report, "%n in writable"))
                return "A format string in writable memory contains %n, which glibc rejects.";
        if (message_contains(report, "longjmp"))
                return "longjmp() was called to jump to a function that has already returned.";
        if (message_contains(report, "fd_set"))
                return "A file descriptor is too large for an fd_set (FD_SETSIZE).";
        return "A function of the C library was about to write past the end of its destination, a buffer of a size "
               "known to the compiler (_FORTIFY_SOURCE).";
}

/* Whether the exception would have left a function that must not throw: the unwinder is on the stack then. If no
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

/* By "throw;", or through an exception_ptr, possibly in another thread, as in a future's get(). */
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
                           left_noexcept(report) ? "it would have left a function that must not throw (noexcept, "
                                                   "or a destructor)"
                                                 : "no function on the stack of its thread catches it");
}

static const char *terminate(struct report *report, const struct crash_facts *f)
{
        (void)f;
        if (fault_frame_of(report, "std::thread::~thread", DEPTH) ||
            fault_frame_of(report, "std::thread::operator=", DEPTH))
                return "A std::thread object was destroyed or overwritten while its thread was neither joined nor "
                       "detached.";
        if (fault_frame_of(report, "_Unwind_ForcedUnwind", UNWINDER_DEPTH))
                return "pthread_exit() or the cancellation of the thread unwinds its stack (a forced unwind), which would have left a function that "
                       "must not throw (noexcept, or a destructor).";
        if (message_contains(report, "foreign exception"))
                return "An exception of another language or run-time would have left a function of C++ that must not throw.";
        if (fault_frame_of(report, "__cxa_rethrow", DEPTH))
                return "A \"throw;\" was executed outside of any catch: there was no exception to rethrow.";
        return "std::terminate() was called without an exception: most likely because of a std::thread that was never joined, "
               "a \"throw;\" outside of any catch, or by the program itself.";
}

static const char *pure_virtual(struct report *report, const struct crash_facts *f)
{
        (void)report;
        (void)f;
        return "A virtual function was called that the object does not implement: most likely from the constructor or "
               "destructor of a base class, or on an object that was already destroyed.";
}

static const char *system_call(struct report *report, const struct crash_facts *f)
{
        const char *name = f->syscall.known && !f->syscall_foreign ? syscall_name(f->syscall.v) : NULL;

        if (f->code == SYS_DISPATCHED)
                return "The program made a system call that it had left to its own handler of SIGSYS (prctl(2), "
                       "PR_SET_SYSCALL_USER_DISPATCH).";
        if (!f->syscall.known)
                return "A seccomp filter does not allow the system call that the program made.";
        return pool_printf(&report->pool,
                           "The program made the system call %s (%" PRId64 "), which a seccomp filter does "
                           "not allow.",
                           name ? name : "of unknown name", f->syscall.v);
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
                return pool_printf(&report->pool, "The program requested %s from the kernel (%s).", name,
                                   f->code == SI_MESGQ ? "mq_notify" : "aio");
        if (!f->sender_pid.known)
                return pool_printf(&report->pool, "%s was sent; the program did not fault.", name);
        if (f->sender_pid.v == f->pid)
                return pool_printf(&report->pool, "The program sent %s to itself by %s; it did not fault.", name,
                                   call_that_sent(f->code));
        if (!f->sender_pid.v)
                return pool_printf(
                        &report->pool,
                        "%s was sent, most likely by a process outside this container, or by one that the kernel had no room to "
                        "record; the program did not fault.",
                        name);
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
                { FAULT_PANIC, panic },
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
