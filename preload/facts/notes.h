/* SPDX-License-Identifier: MIT */
/* preload/facts/notes.h: data of the application for its reports: metadata, breadcrumbs, each thread's context, an
 * uncaught exception.
 *
 * Written by ordinary code (notes.c), read by the crash path. Reading takes no lock: each record has a sequence number,
 * odd while it is being written, and an incompletely written record is omitted. All storage is fixed and static.
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
        int (*read)(char *buf, size_t size); /* NOTE_VOLATILE: called at crash time */
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
        uint32_t depth; /* may exceed NOTES_CONTEXT_DEPTH: further entries are not stored */
        struct {
                const char *module, *klass, *phase; /* static strings of the application: probed before they are read */
        } entry[NOTES_CONTEXT_DEPTH];
};

/* Record of a call of std::terminate. A call in a second thread overwrites the record of the first one. */
struct note_terminate {
        int32_t tid;
        uint32_t count;  /* number of calls by this thread */
        bool in_flight;  /* with an exception */
        uint64_t object; /* the exception */
        struct exception_chain exception;
};

struct notes {
        struct note_metadata metadata[NOTES_METADATA];
        struct note_breadcrumb breadcrumb[NOTES_BREADCRUMBS];
        uint64_t breadcrumb_count; /* total; the next one is stored in [count % NOTES_BREADCRUMBS] */
        struct note_thread thread[NOTES_THREADS];
        /* Entries from these on were never used: the crash path need not touch their pages. */
        uint32_t metadata_end, thread_end;
        struct note_terminate terminate;
};

extern struct notes notes;

/* The implementation of the functions of crashpre.h, which documents them. Only notes_push() and notes_pop() are
 * async-signal-safe. */
void notes_set(const char *key, const char *value);
void notes_set_int(const char *key, long value);
void notes_set_double(const char *key, double value);
void notes_set_bool(const char *key, int value);
void notes_set_volatile(const char *key, int (*read)(char *buf, size_t size));
void notes_vbreadcrumb(const char *category, const char *format, va_list arguments)
        __attribute__((format(printf, 2, 0)));
void notes_push(const char *module, const char *klass, const char *phase);
void notes_pop(void);

/* Reads CRASHPRE_META_name=value, at load time. */
void notes_metadata_from_environment(char **envp);

#endif
