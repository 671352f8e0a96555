/* SPDX-License-Identifier: MIT */
/* report/text/threads.c: the threads that did not crash: what each of them does, grouped by equal stacks. */
#include "report/text/parts.h"

#include "report/model/names.h"
#include "report/words/describe.h"
#include "report/words/own.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_FRAMES 3
#define GROUPS_SHOWN 20
#define LINE_GROUPS 4

struct group {
        const struct report_thread **threads;
        size_t count;
        uint64_t hash; /* of the stack */
        const char *doing;
};

struct groups {
        struct group *v;
        size_t n;
};

/* ---- activity of a thread ---- */

/* Blocking calls, by their public names; glibc's internal names have other prefixes or suffixes. */
static const char *const waiting[] = { "pthread_cond_wait",
                                       "pthread_cond_timedwait",
                                       "pthread_cond_clockwait",
                                       "pthread_mutex_lock",
                                       "pthread_mutex_timedlock",
                                       "pthread_rwlock_rdlock",
                                       "pthread_rwlock_wrlock",
                                       "pthread_barrier_wait",
                                       "pthread_join",
                                       "pthread_timedjoin_np",
                                       "pthread_clockjoin",
                                       "sem_wait",
                                       "sem_timedwait",
                                       "sem_clockwait",
                                       "futex",
                                       "lll_lock_wait",
                                       "poll",
                                       "ppoll",
                                       "select",
                                       "pselect",
                                       "epoll_wait",
                                       "epoll_pwait",
                                       "read",
                                       "readv",
                                       "pread",
                                       "write",
                                       "writev",
                                       "recv",
                                       "recvfrom",
                                       "recvmsg",
                                       "send",
                                       "sendto",
                                       "sendmsg",
                                       "accept",
                                       "accept4",
                                       "connect",
                                       "wait4",
                                       "waitpid",
                                       "waitid",
                                       "wait",
                                       "sigwait",
                                       "sigwaitinfo",
                                       "sigtimedwait",
                                       "sigsuspend",
                                       "pause",
                                       "msgrcv",
                                       "semop",
                                       "semtimedop",
                                       "flock",
                                       "fcntl",
                                       "open",
                                       "openat",
                                       "io_getevents",
                                       "fsync",
                                       NULL };

static const char *const sleeping[] = { "nanosleep", "clock_nanosleep", "sleep", "usleep", NULL };

static const char *listed(const char *const *list, const char *name, size_t len)
{
        for (; *list; list++)
                if (strlen(*list) == len && !strncmp(*list, name, len))
                        return *list;
        return NULL;
}

/* Finds the public name of "__futex_abstimed_wait_common64", "___pthread_cond_wait", "__pthread_clockjoin_ex",
 * "__libc_recv64" and the like. */
static const char *find_call(const char *const *list, const char *name)
{
        static const char *const ends[] = { "_nocancel", "64_nocancel", "_ex", "64", "_common", "" };
        size_t i, len;

        name += strspn(name, "_");
        if (!strncmp(name, "libc_", 5))
                name += 5;
        if (!strncmp(name, "futex_", 6))
                return listed(list, "futex", 5);
        for (i = 0, len = strlen(name); i < sizeof(ends) / sizeof(ends[0]); i++) {
                size_t end = strlen(ends[i]);
                const char *found =
                        len > end && !strcmp(name + len - end, ends[i]) ? listed(list, name, len - end) : NULL;

                if (found)
                        return found;
        }
        return NULL;
}

static const char *verb_of(struct writer *w, const char *name)
{
        const char *call = find_call(waiting, name);

        if (call && !strcmp(call, "pthread_clockjoin")) /* glibc implements all variants by this one */
                call = "pthread_join";
        if (call)
                return pool_printf(w->pool, "waiting in %s", call);
        call = find_call(sleeping, name);
        return call ? pool_printf(w->pool, "sleeping in %s", call) : NULL;
}

/* A thread that waits in the crash path until the report of the first one is complete. NULL: it does not. */
static const char *crashed_as_well(struct writer *w, const struct report_thread *thread)
{
        const struct report_frame *interrupted;
        const char *line;
        size_t i;

        for (i = 0; i < thread->frame_count && !thread->frames[i].signal_frame; i++)
                ;
        if (i + 1 >= thread->frame_count || !i || !own_is_crashpre(w->report, &thread->frames[i - 1]))
                return NULL;
        interrupted = &thread->frames[i + 1];
        line = describe_line(w->report, interrupted);
        return pool_printf(w->pool, "that crashed as well (%s%s%s)",
                           thread->frames[i].signal ? thread->frames[i].signal : "",
                           thread->frames[i].signal ? (line ? " at " : " in ") : (line ? "at " : "in "),
                           text_safe(w, line                    ? line
                                        : interrupted->function ? names_plain(w->pool, interrupted->function)
                                                                : describe_place(w->report, interrupted)));
}

/* Returns the outermost blocking call above own code: pthread_cond_wait, not the futex it uses. */
static const char *doing(struct writer *w, const struct report_thread *thread)
{
        const char *verb = crashed_as_well(w, thread);
        size_t i;

        if (verb)
                return verb;
        for (i = 0; i < thread->frame_count && !own_frame(w->report, &thread->frames[i]); i++) {
                const char *name = thread->frames[i].function ? names_plain(w->pool, thread->frames[i].function) : "";
                const char *found = verb_of(w, name);

                verb = found ? found : verb;
        }
        if (verb)
                return verb;
        if (!thread->frame_count)
                return "no stack";
        return pool_printf(w->pool, "in %s",
                           thread->frames[0].function ? text_safe(w, names_plain(w->pool, thread->frames[0].function))
                                                      : text_safe(w, describe_place(w->report, &thread->frames[0])));
}

/* ---- groups ---- */

static uint64_t stack_hash(const struct report_thread *thread)
{
        uint64_t h = thread->frame_count;
        size_t i;

        for (i = 0; i < thread->frame_count; i++)
                h = (h ^ thread->frames[i].pc.v) * UINT64_C(0x100000001b3);
        return h;
}

static bool same_stack(const struct report_thread *a, const struct report_thread *b)
{
        size_t i;

        if (a->frame_count != b->frame_count)
                return false;
        for (i = 0; i < a->frame_count; i++)
                if (a->frames[i].pc.v != b->frames[i].pc.v)
                        return false;
        return true;
}

static struct group *group_of(struct writer *w, struct groups *groups, const struct report_thread *thread)
{
        uint64_t hash = stack_hash(thread);
        struct group *group;
        size_t i;

        for (i = 0; i < groups->n; i++)
                if (groups->v[i].hash == hash && same_stack(groups->v[i].threads[0], thread))
                        return &groups->v[i];
        group = POOL_APPEND(w->pool, groups->v, groups->n);
        group->hash = hash;
        group->doing = doing(w, thread);
        return group;
}

/* Largest group first, then in the order of the report. */
static int by_size(const void *a, const void *b)
{
        const struct group *x = a, *y = b;

        if (x->count != y->count)
                return x->count < y->count ? 1 : -1;
        return x->threads[0] < y->threads[0] ? -1 : 1;
}

static struct groups make_groups(struct writer *w)
{
        struct groups groups = { NULL, 0 };
        size_t i;

        for (i = 1; i < w->report->thread_count; i++) {
                struct group *group = group_of(w, &groups, &w->report->threads[i]);

                *POOL_APPEND(w->pool, group->threads, group->count) = &w->report->threads[i];
        }
        if (groups.n)
                qsort(groups.v, groups.n, sizeof(*groups.v), by_size);
        return groups;
}

/* ---- one line ---- */

/* Different stacks that wait in the same call are merged here. */
static void merge_by_doing(struct groups *groups)
{
        size_t i, k, n = 0;

        for (i = 0; i < groups->n; i++) {
                for (k = 0; k < n && strcmp(groups->v[k].doing, groups->v[i].doing); k++)
                        ;
                if (k < n)
                        groups->v[k].count += groups->v[i].count;
                else
                        groups->v[n++] = groups->v[i];
        }
        groups->n = n;
        if (n)
                qsort(groups->v, n, sizeof(*groups->v), by_size);
}

void text_threads_line(struct writer *w)
{
        struct groups groups = make_groups(w);
        size_t others = w->report->thread_count, i;
        const char *line;

        if (others < 2)
                return;
        merge_by_doing(&groups);
        others--;
        line = pool_printf(w->pool, "and %zu more thread%s", others, others > 1 ? "s" : "");
        for (i = 0; i < groups.n && i < LINE_GROUPS; i++) {
                const char *comma = i ? "," : groups.n > 1 ? ":" : ",";

                if (groups.n > 1)
                        line = pool_printf(w->pool, "%s%s %zu %s", line, comma, groups.v[i].count, groups.v[i].doing);
                else
                        line = pool_printf(w->pool, "%s%s %s", line, comma, groups.v[i].doing);
        }
        fprintf(w->out, "  %s%s\n", names_cut(w->pool, line, w->columns - 6), i < groups.n ? ", ..." : "");
}

/* ---- section ---- */

static const char *thread_name(struct writer *w, const struct report_thread *thread)
{
        return pool_printf(w->pool, "%s%s[%" PRId64 "]", thread->name ? text_safe(w, thread->name) : "",
                           thread->name ? " " : "", thread->tid.v);
}

/* Returns "worker-1 [4243], worker-2 [4244], ..." for the rest of a line. */
static const char *thread_names(struct writer *w, const struct group *group, size_t room)
{
        const char *list = thread_name(w, group->threads[0]);
        size_t i;

        for (i = 1; i < group->count; i++) {
                const char *name = thread_name(w, group->threads[i]);

                if (names_width(list) + names_width(name) + 2 + sizeof(", ...") > room)
                        return pool_printf(w->pool, "%s, ...", list);
                list = pool_printf(w->pool, "%s, %s", list, name);
        }
        return list;
}

/* Prints the innermost own frames; if there are none, the innermost frames. */
static void group_frames(struct writer *w, const struct report_thread *thread)
{
        bool any = own_first(w->report, thread->frames, thread->frame_count) != NULL;
        size_t i, shown = 0;

        for (i = 0; i < thread->frame_count && shown < GROUP_FRAMES; i++) {
                if (any && !own_frame(w->report, &thread->frames[i]))
                        continue;
                text_frame(w, 6, &thread->frames[i]);
                shown++;
        }
}

static void print_group(struct writer *w, const struct group *group)
{
        const char *head = group->count > 1 ? pool_printf(w->pool, "%zu threads %s: ", group->count, group->doing) : "";
        size_t used = names_width(head) + 2;

        fprintf(w->out, "  %s%s", head, thread_names(w, group, w->columns > used + 20 ? w->columns - used : 20));
        fprintf(w->out, "%s%s\n", group->count > 1 ? "" : " ", group->count > 1 ? "" : group->doing);
        group_frames(w, group->threads[0]);
}

void text_threads_section(struct writer *w)
{
        struct groups groups = make_groups(w);
        size_t i, left = 0;

        if (!groups.n)
                return;
        text_title(w, "Other threads");
        for (i = 0; i < groups.n; i++) {
                if (i < GROUPS_SHOWN)
                        print_group(w, &groups.v[i]);
                else
                        left += groups.v[i].count;
        }
        if (left)
                fprintf(w->out, "  and %zu more\n", left);
        fprintf(w->out, "  (crashpre show --all-threads prints their whole stacks)\n");
}
