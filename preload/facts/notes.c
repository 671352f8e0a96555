/* SPDX-License-Identifier: MIT */
/* preload/facts/notes.c: the writing side of notes.h. Not async-signal-safe except notes_push() and notes_pop(). */
#include "preload/facts/notes.h"
#include "preload/base/libc.h"
#include "preload/base/next.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/str.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct notes notes;

/* The pid of the holder; held for a copy of a few hundred bytes. In a forked child the holder may be a thread that does
 * not exist there: then the pid is another one. */
static int metadata_lock;

static void begin_write(uint32_t *sequence)
{
        __atomic_add_fetch(sequence, 1, __ATOMIC_ACQ_REL);
}

static void end_write(uint32_t *sequence)
{
        __atomic_add_fetch(sequence, 1, __ATOMIC_ACQ_REL);
}

static void copy_cut(char *to, size_t size, const char *from)
{
        size_t at = 0;

        str_cat(to, size, &at, from);
        memset(to + at, 0, size - at);
}

static bool same_key(const char *a, const char *b, size_t n)
{
        while (n && *a && *a == *b)
                a++, b++, n--;
        return !n || *a == *b;
}

/* Returns the entry of `key`, or else a free one if `make` is set, or else NULL. */
static struct note_metadata *find_metadata(const char *key, bool make)
{
        struct note_metadata *unused = NULL;

        for (unsigned i = 0; i < NOTES_METADATA; i++) {
                struct note_metadata *m = &notes.metadata[i];

                if (m->key[0] && same_key(m->key, key, sizeof(m->key) - 1))
                        return m;
                if (!m->key[0] && !unused)
                        unused = m;
        }
        return make ? unused : NULL;
}

static void lock_metadata(void)
{
        int pid = sys_getpid(), holder = 0;

        while (!__atomic_compare_exchange_n(&metadata_lock, &holder, pid, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
                if (holder == pid)
                        holder = 0;
                sys_0(SYS_sched_yield);
        }
}

static void put_metadata(const char *key, enum note_type type, const char *value, int (*read)(char *, size_t))
{
        struct note_metadata *m;
        bool present = value || read;

        if (!key || !*key)
                return;
        lock_metadata();
        m = find_metadata(key, present);
        if (m) {
                if (notes.metadata_end <= m - notes.metadata)
                        notes.metadata_end = (uint32_t)(m - notes.metadata) + 1;
                begin_write(&m->sequence);
                copy_cut(m->key, sizeof(m->key), present ? key : "");
                copy_cut(m->value, sizeof(m->value), value ? value : "");
                m->type = type;
                m->read = read;
                end_write(&m->sequence);
        }
        __atomic_store_n(&metadata_lock, 0, __ATOMIC_RELEASE);
}

void notes_set(const char *key, const char *value)
{
        put_metadata(key, NOTE_STRING, value, NULL);
}

void notes_set_int(const char *key, long value)
{
        char text[32] = "-";
        size_t at = value < 0;

        str_cat_dec(text, sizeof(text), &at, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
        put_metadata(key, NOTE_INT, text, NULL);
}

/* snprintf() by means of vsnprintf(), which breadcrumbs need anyway. */
static __attribute__((format(printf, 3, 4))) void format(char *to, size_t size, const char *text, ...)
{
        va_list arguments;

        va_start(arguments, text);
        if (vsnprintf)
                vsnprintf(to, size, text, arguments);
        va_end(arguments);
}

void notes_set_double(const char *key, double value)
{
        char text[64];

        format(text, sizeof(text), "%.17g", value);
        put_metadata(key, NOTE_DOUBLE, text, NULL);
}

void notes_set_bool(const char *key, int value)
{
        put_metadata(key, NOTE_BOOL, value ? "true" : "false", NULL);
}

void notes_set_volatile(const char *key, int (*read)(char *buf, size_t size))
{
        put_metadata(key, NOTE_VOLATILE, NULL, read);
}

void notes_vbreadcrumb(const char *category, const char *text, va_list arguments)
{
        uint64_t n = __atomic_fetch_add(&notes.breadcrumb_count, 1, __ATOMIC_ACQ_REL);
        struct note_breadcrumb *b = &notes.breadcrumb[n % NOTES_BREADCRUMBS];
        struct timespec now;
        int saved = get_errno();

        sys_2(SYS_clock_gettime, CLOCK_REALTIME, (long)&now);
        begin_write(&b->sequence);
        b->tid = sys_gettid();
        b->time_sec = now.tv_sec;
        b->time_nsec = now.tv_nsec;
        copy_cut(b->category, sizeof(b->category), category ? category : "");
        if (vsnprintf)
                vsnprintf(b->message, sizeof(b->message), text, arguments);
        else
                copy_cut(b->message, sizeof(b->message), text);
        end_write(&b->sequence);
        set_errno(saved);
}

/* This thread's record. A forked child has a copy of its parent's thread-local storage but another tid: it allocates
 * its own record. */
static __thread struct note_thread *mine;
static pthread_key_t release_key;
static pthread_once_t release_once = PTHREAD_ONCE_INIT;

static void release_record(void *record)
{
        struct note_thread *t = record;

        t->depth = 0;
        __atomic_store_n(&t->tid, 0, __ATOMIC_RELEASE);
}

static void make_release_key(void)
{
        NEXT(pthread_key_create)(&release_key, release_record);
}

static void raise_thread_end(uint32_t end)
{
        uint32_t now = __atomic_load_n(&notes.thread_end, __ATOMIC_RELAXED);

        while (now < end &&
               !__atomic_compare_exchange_n(&notes.thread_end, &now, end, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
                ;
}

static struct note_thread *my_record(void)
{
        int32_t tid = sys_gettid();

        if (mine && mine->tid == tid)
                return mine;
        for (unsigned i = 0; i < NOTES_THREADS; i++) {
                int32_t unused = 0;

                if (!__atomic_compare_exchange_n(&notes.thread[i].tid, &unused, tid, false, __ATOMIC_ACQ_REL,
                                                 __ATOMIC_RELAXED))
                        continue;
                mine = &notes.thread[i];
                mine->depth = 0;
                raise_thread_end(i + 1);
                if (NEXT(pthread_once) && NEXT(pthread_key_create) && NEXT(pthread_setspecific)) {
                        NEXT(pthread_once)(&release_once, make_release_key);
                        NEXT(pthread_setspecific)(release_key, mine);
                }
                return mine;
        }
        return NULL;
}

void notes_push(const char *module, const char *klass, const char *phase)
{
        struct note_thread *t = my_record();

        if (!t)
                return;
        if (t->depth < NOTES_CONTEXT_DEPTH) {
                t->entry[t->depth].module = module;
                t->entry[t->depth].klass = klass;
                t->entry[t->depth].phase = phase;
        }
        __atomic_store_n(&t->depth, t->depth + 1, __ATOMIC_RELEASE);
}

void notes_pop(void)
{
        struct note_thread *t = mine;

        if (t && t->depth)
                __atomic_store_n(&t->depth, t->depth - 1, __ATOMIC_RELEASE);
}

#define META_PREFIX "CRASHPRE_META_"

void notes_metadata_from_environment(char **envp)
{
        const size_t prefix = sizeof(META_PREFIX) - 1;

        for (; *envp; envp++) {
                char key[sizeof(notes.metadata[0].key)];
                size_t n = 0;

                if (**envp != 'C' || !same_key(*envp, META_PREFIX, prefix))
                        continue;
                while ((*envp)[prefix + n] && (*envp)[prefix + n] != '=' && n + 1 < sizeof(key)) {
                        key[n] = (*envp)[prefix + n];
                        n++;
                }
                key[n] = 0;
                if (n && (*envp)[prefix + n] == '=')
                        notes_set(key, *envp + prefix + n + 1);
        }
}
