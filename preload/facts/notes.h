/* SPDX-License-Identifier: MIT */
/* preload/facts/notes.h: what the application told us for its reports: metadata, breadcrumbs, each thread's context, an
 * uncaught exception.
 *
 * Writers run in ordinary code (notes.c), the crash path reads. Nothing is locked for reading: each record carries a
 * sequence number, odd while it is being written, and a record caught in the middle is left out. All storage is fixed
 * and static.
 */
#ifndef CRASHPRE_PRELOAD_NOTES_H
#define CRASHPRE_PRELOAD_NOTES_H

#include "unwind/core/image/exception.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NOTES_METADATA = 64, NOTES_BREADCRUMBS = 128, NOTES_THREADS = 256, NOTES_CONTEXT_DEPTH = 16 };

enum note_type { NOTE_STRING, NOTE_INT, NOTE_DOUBLE, NOTE_BOOL, NOTE_VOLATILE };

struct note_metadata {
        uint32_t sequence;
        uint32_t type;                       /* enum note_type */
        char key[64];                        /* "" free */
        char value[256];                     /* as text, whatever the type */
        int (*read)(char *buf, size_t size); /* NOTE_VOLATILE: asked at crash time */
};

struct note_breadcrumb {
        uint32_t sequence;
        int32_t tid;
        int64_t time_sec, time_nsec; /* CLOCK_REALTIME; 0: never used */
        char category[32];
        char message[216];
};

struct note_thread {
        int32_t tid;    /* 0: free */
        uint32_t depth; /* may pass NOTES_CONTEXT_DEPTH: the surplus is not kept */
        struct {
                const char *module, *klass, *phase; /* static strings of the application: probed before they are read */
        } entry[NOTES_CONTEXT_DEPTH];
};

/* std::terminate was entered. A second thread that enters it overwrites what the first one left. */
struct note_terminate {
        int32_t tid;
        uint32_t count;  /* how often by this thread; 0: never */
        bool in_flight;  /* with an exception */
        uint64_t object; /* the exception */
        struct exception_chain exception;
};

struct notes {
        struct note_metadata metadata[NOTES_METADATA];
        struct note_breadcrumb breadcrumb[NOTES_BREADCRUMBS];
        uint64_t breadcrumb_count; /* ever: the next one goes to [count % NOTES_BREADCRUMBS] */
        struct note_thread thread[NOTES_THREADS];
        /* Entries from these on were never used: the crash path need not touch their pages. */
        uint32_t metadata_end, thread_end;
        struct note_terminate terminate;
};

extern struct notes notes;

/* The functions behind crashpre.h, which documents them. Ordinary code; async-signal-safe: push, pop. */
void notes_set(const char *key, const char *value);
void notes_set_int(const char *key, long value);
void notes_set_double(const char *key, double value);
void notes_set_bool(const char *key, int value);
void notes_set_volatile(const char *key, int (*read)(char *buf, size_t size));
void notes_vbreadcrumb(const char *category, const char *format, va_list arguments)
        __attribute__((format(printf, 2, 0)));
void notes_push(const char *module, const char *klass, const char *phase);
void notes_pop(void);

/* CRASHPRE_META_name=value, at load. */
void notes_metadata_from_environment(char **envp);

#endif
