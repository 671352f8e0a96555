/* SPDX-License-Identifier: MIT */
/* preload/notes.c: the writing side of notes.h. Ordinary code but for notes_push() and notes_pop(), which are async-signal-safe. */
#include "preload/notes.h"
#include "preload/api.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct notes notes;

static pthread_mutex_t metadata_lock = PTHREAD_MUTEX_INITIALIZER;

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
        size_t n = strnlen(from, size - 1);

        memcpy(to, from, n);
        memset(to + n, 0, size - n);
}

/* The entry of `key`, else a free one where `make` is set, else NULL. */
static struct note_metadata *find_metadata(const char *key, bool make)
{
        struct note_metadata *unused = NULL;

        for (unsigned i = 0; i < NOTES_METADATA; i++) {
                struct note_metadata *m = &notes.metadata[i];

                if (m->key[0] && !strncmp(m->key, key, sizeof(m->key) - 1))
                        return m;
                if (!m->key[0] && !unused)
                        unused = m;
        }
        return make ? unused : NULL;
}

static void put_metadata(const char *key, enum note_type type, const char *value, int (*read)(char *, size_t))
{
        struct note_metadata *m;
        bool present = value || read;

        if (!key || !*key)
                return;
        pthread_mutex_lock(&metadata_lock);
        m = find_metadata(key, present);
        if (m) {
                begin_write(&m->sequence);
                copy_cut(m->key, sizeof(m->key), present ? key : "");
                copy_cut(m->value, sizeof(m->value), value ? value : "");
                m->type = type;
                m->read = read;
                end_write(&m->sequence);
        }
        pthread_mutex_unlock(&metadata_lock);
}

void api_set(const char *key, const char *value)
{
        put_metadata(key, NOTE_STRING, value, NULL);
}

void api_set_int(const char *key, long value)
{
        char text[32];

        snprintf(text, sizeof(text), "%ld", value);
        put_metadata(key, NOTE_INT, text, NULL);
}

void api_set_double(const char *key, double value)
{
        char text[64];

        snprintf(text, sizeof(text), "%.17g", value);
        put_metadata(key, NOTE_DOUBLE, text, NULL);
}

void api_set_bool(const char *key, int value)
{
        put_metadata(key, NOTE_BOOL, value ? "true" : "false", NULL);
}

void api_set_volatile(const char *key, int (*read)(char *buf, size_t size))
{
        put_metadata(key, NOTE_VOLATILE, NULL, read);
}

void api_vbreadcrumb(const char *category, const char *format, va_list arguments)
{
        uint64_t n = __atomic_fetch_add(&notes.breadcrumb_count, 1, __ATOMIC_ACQ_REL);
        struct note_breadcrumb *b = &notes.breadcrumb[n % NOTES_BREADCRUMBS];
        struct timespec now;
        int saved = errno;

        clock_gettime(CLOCK_REALTIME, &now);
        begin_write(&b->sequence);
        b->tid = (int32_t)syscall(SYS_gettid);
        b->time_sec = now.tv_sec;
        b->time_nsec = now.tv_nsec;
        copy_cut(b->category, sizeof(b->category), category ? category : "");
        vsnprintf(b->message, sizeof(b->message), format, arguments);
        end_write(&b->sequence);
        errno = saved;
}

/* This thread's record. A forked child has its parent's thread pointer storage but another tid: it takes a record of its own. */
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
        pthread_key_create(&release_key, release_record);
}

static struct note_thread *my_record(void)
{
        int32_t tid = (int32_t)syscall(SYS_gettid);

        if (mine && mine->tid == tid)
                return mine;
        for (unsigned i = 0; i < NOTES_THREADS; i++) {
                int32_t unused = 0;

                if (!__atomic_compare_exchange_n(&notes.thread[i].tid, &unused, tid, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
                        continue;
                mine = &notes.thread[i];
                mine->depth = 0;
                pthread_once(&release_once, make_release_key);
                pthread_setspecific(release_key, mine);
                return mine;
        }
        return NULL;
}

void api_push(const char *module, const char *klass, const char *phase)
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

void api_pop(void)
{
        struct note_thread *t = mine;

        if (t && t->depth)
                __atomic_store_n(&t->depth, t->depth - 1, __ATOMIC_RELEASE);
}

#define META_PREFIX "CRASHPRE_META_"

void notes_metadata_from_environment(char **envp)
{
        for (; *envp; envp++) {
                const char *name = *envp + sizeof(META_PREFIX) - 1, *value;
                char key[sizeof(notes.metadata[0].key)];

                if (strncmp(*envp, META_PREFIX, sizeof(META_PREFIX) - 1) != 0 || !(value = strchr(name, '=')) || value == name)
                        continue;
                copy_cut(key, (size_t)(value - name) + 1 < sizeof(key) ? (size_t)(value - name) + 1 : sizeof(key), name);
                api_set(key, value + 1);
        }
}
