/* SPDX-License-Identifier: MIT */
#include "preload/program/terminate.h"
#include "preload/base/syscalls.h"
#include "preload/base/trial.h"
#include "preload/facts/notes.h"
#include "unwind/core/terms/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Declared by their mangled names: this library is written in C and not linked with a C++ run-time (Itanium C++ ABI,
 * "Exception Handling"). */
typedef void terminate_fn(void);
typedef terminate_fn *set_terminate_fn(terminate_fn *);

/* Itanium C++ ABI, "Exception Handling" 2.2.2: a thread's exceptions, `caught` the one caught last. */
struct globals {
        char *caught;
        unsigned int uncaught;
};

/* Weak: bound when the program has a C++ run-time, null otherwise. dlsym() for a missing symbol would allocate its
 * error message. */
extern set_terminate_fn set_terminate __asm__("_ZSt13set_terminatePFvvE") __attribute__((weak));
extern struct globals *get_globals(void) __asm__("__cxa_get_globals") __attribute__((weak));

/* Offset of the unwinder's header in the structure that `caught` points to: in libstdc++, and in libc++abi since LLVM
 * 10, which has two more words. */
#define GNU_TO_HEADER 80
#define LLVM_TO_HEADER 96

static terminate_fn *previous;

struct copy {
        void *to;
        const void *from;
        size_t len;
        bool done;
};

/* By a system call, so that a debugger sees no fault; where it is refused, as the program itself would. */
static void copy(void *copy)
{
        struct copy *c = copy;
        struct iovec to = { c->to, c->len }, from = { (void *)(uintptr_t)c->from, c->len };
        ssize_t n = sys_process_vm_readv(sys_getpid(), &to, &from);

        if (n < 0 && n != -EFAULT) {
                memcpy(c->to, c->from, c->len);
                n = (ssize_t)c->len;
        }
        c->done = n == (ssize_t)c->len;
}

/* Under a trial: not every exception has what is looked for, and a seccomp filter may answer the call by SIGSYS. */
static int read_self(void *ctx, uint64_t addr, void *buf, size_t len)
{
        struct copy c = { buf, (const void *)addr, len, false }; // NOLINT(performance-no-int-to-ptr)

        (void)ctx;
        return trial_run_own(copy, &c) && c.done ? 0 : -EFAULT;
}

struct call {
        const char *(*what)(const void *object);
        const void *object;
        char *buf;
        size_t size;
};

static void call(void *call)
{
        struct call *c = call;
        const char *text = c->what(c->object);
        size_t at = 0;

        if (!text)
                return;
        str_cat(c->buf, c->size, &at, text);
}

/* what() may fault, since the heap may be corrupted, or throw (then on_terminate() is called inside it). Neither may
 * end the process before the handler of libstdc++ has printed the exception's type. */
static bool call_what(uint64_t what, uint64_t object, char *buf, size_t size)
{
        struct call c = { .buf = buf,
                          .size = size,
                          .object = (const void *)object }; // NOLINT(performance-no-int-to-ptr)
        struct globals *g = get_globals(), before = *g;

        memcpy(&c.what, &what, sizeof(c.what));
        buf[0] = 0;
        if (trial_run(call, &c))
                return true;
        *g = before;
        return false;
}

/* Runs in the thread that called std::terminate, before any signal. */
static void note_exception(void)
{
        const struct cfi_space space = { .read = read_self };
        const struct exception_reader reader = { .space = &space, .call = call_what };
        struct note_terminate *t = &notes.terminate;
        struct globals *g = get_globals ? get_globals() : NULL;
        struct exception_object object;
        int tid = sys_gettid();

        t->count = t->tid == tid ? t->count + 1 : 1;
        t->exception.count = 0;
        t->object = 0;
        t->tid = tid;
        t->in_flight = g && g->caught;
        if (!t->in_flight)
                return;
        if (exception_at(&space, (uint64_t)g->caught + GNU_TO_HEADER, &object) ||
            exception_at(&space, (uint64_t)g->caught + LLVM_TO_HEADER, &object)) {
                t->object = object.object;
                exception_describe(&reader, &object, &t->exception);
        }
}

static void on_terminate(void)
{
        if (trial_is_mine())
                trial_abandon(); /* what() threw */
        note_exception();
        if (previous)
                previous(); /* libstdc++'s prints the exception, then aborts */
        abort();
}

void terminate_hook(void)
{
        if (set_terminate)
                previous = set_terminate(on_terminate);
}
