/* SPDX-License-Identifier: MIT */
/* preload/program/timers.c: timer_create() and timer_delete(), for timers with SIGEV_THREAD. libc creates a thread for
 * each expiration without pthread_create(), with all signals blocked: a fault in the application's function would kill
 * the process without calling a handler, and the thread has no alternate stack.
 *
 * So libc calls a function of this library, which sets up the thread like others and then calls the application's
 * function. The latter is stored in a record of the timer. The number of records is fixed: timers are also created in
 * children of fork(2), where a lock could be held forever. If no record is free, libc calls the application's function
 * directly. A record is reused only after all others: a thread that starts while its timer is deleted still finds it.
 */
#include "preload/base/libc.h"
#include "preload/base/next.h"
#include "preload/program/interpose.h"
#include "preload/program/threads.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#define TIMERS 1024

struct record {
        bool taken;
        timer_t timer;
        void (*function)(union sigval);
        union sigval value;
};

static struct record records[TIMERS];
static unsigned turn;

static struct record *allocate_record(void)
{
        for (unsigned tries = 0; tries < TIMERS; tries++) {
                struct record *r = &records[__atomic_fetch_add(&turn, 1, __ATOMIC_ACQ_REL) % TIMERS];

                if (!__atomic_exchange_n(&r->taken, true, __ATOMIC_ACQ_REL))
                        return r;
        }
        return NULL;
}

static void free_record(struct record *r)
{
        r->timer = NULL;
        __atomic_store_n(&r->taken, false, __ATOMIC_RELEASE);
}

static struct record *record_of(timer_t timer)
{
        for (unsigned i = 0; i < TIMERS; i++)
                if (records[i].timer == timer && __atomic_load_n(&records[i].taken, __ATOMIC_ACQUIRE))
                        return &records[i];
        return NULL;
}

/* Ends in a tail call: no frame of this library appears in stack traces. */
static void expired(union sigval p)
{
        const struct record *r = p.sival_ptr;
        void (*function)(union sigval) = r->function;
        union sigval value = r->value;

        threads_adopt();
        function(value);
}

EXPORT int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer)
{
        __typeof__(&timer_create) next = NEXT(timer_create);
        struct sigevent ours;
        struct record *r;
        int err;

        if (!next) {
                set_errno(ENOSYS);
                return -1;
        }
        if (!interpose_active() || !event || event->sigev_notify != SIGEV_THREAD || !(r = allocate_record()))
                return next(clock, event, timer);
        r->function = event->sigev_notify_function;
        r->value = event->sigev_value;
        ours = *event;
        ours.sigev_notify_function = expired;
        ours.sigev_value.sival_ptr = r;
        err = next(clock, &ours, timer);
        if (err)
                free_record(r);
        else
                r->timer = *timer;
        return err;
}

EXPORT int timer_delete(timer_t timer)
{
        __typeof__(&timer_delete) next = NEXT(timer_delete);
        struct record *r = timer ? record_of(timer) : NULL; /* before libc assigns its id to another timer */
        int err;

        if (!next) {
                set_errno(ENOSYS);
                return -1;
        }
        err = next(timer);
        if (!err && r)
                free_record(r);
        return err;
}
