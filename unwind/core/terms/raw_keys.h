/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/raw_keys.h: the keys of the raw report's "key: value" lines: one table for the writer and the reader.
 * raw_format.h shows them in their sections. Async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_CORE_RAW_KEYS_H
#define CRASHPRE_UNWIND_CORE_RAW_KEYS_H

#define RAW_KEYS(X)                     \
        X(ID, "id")                     \
        X(TIME, "time")                 \
        X(VERSION, "version")           \
        X(MACHINE, "machine")           \
        X(NOTE, "note")                 \
        X(KIND, "kind")                 \
        X(SIGNAL, "signal")             \
        X(CODE, "code")                 \
        X(ADDRESS, "address")           \
        X(TRAP, "trap")                 \
        X(SENDER, "sender")             \
        X(SYSCALL, "syscall")           \
        X(MESSAGE, "message")           \
        X(EXCEPTION, "exception")       \
        X(WHAT, "what")                 \
        X(WHAT_UNKNOWN, "what unknown") \
        X(NESTED, "nested")             \
        X(THROWN_AT, "thrown at")       \
        X(REASON, "reason")             \
        X(CLASS, "class")               \
        X(HANDLER, "handler")           \
        X(PID, "pid")                   \
        X(TID, "tid")                   \
        X(THREAD, "thread")             \
        X(PPID, "ppid")                 \
        X(EXE, "exe")                   \
        X(CWD, "cwd")                   \
        X(UID, "uid")                   \
        X(GID, "gid")                   \
        X(START_TIME, "start_time")     \
        X(ARG, "arg")                   \
        X(KERNEL, "kernel")             \
        X(HOSTNAME, "hostname")         \
        X(CPUS, "cpus")                 \
        X(XSTATE, "xstate")             \
        X(END, "end")                   \
        X(ERROR, "error")               \
        X(OMITTED, "omitted")

enum raw_key {
#define RAW_KEY(key, name) RAW_KEY_##key,
        RAW_KEYS(RAW_KEY)
#undef RAW_KEY
                RAW_KEY_COUNT,
        RAW_KEY_UNKNOWN = RAW_KEY_COUNT /* written by a later version */
};

/* Static; `key` must be a key of the table. */
const char *raw_key_name(enum raw_key key);

enum raw_key raw_key_find(const char *name);

/* The value of "handler", of enum wire_handler (wire.h), which need not be valid. Static; NULL: none. The second returns 0 for an unknown
 * name. */
const char *raw_handler_name(unsigned handler);
unsigned raw_handler_find(const char *name);

#endif
