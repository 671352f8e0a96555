/* SPDX-License-Identifier: MIT */
/* crashpre.h: functions by which a program adds data to its crash reports.
 *
 * For C89 and later and for C++. Nothing must be linked: the functions are implemented in libcrashpre.so and found if
 * that library is preloaded; without it a call costs one test and does nothing.
 *
 * Strings are copied unless stated otherwise. No function changes errno or prints errors: strings that are too long are
 * truncated, entries for which there is no space are dropped. All are thread-safe; crashpre_pop and crashpre_report are
 * async-signal-safe, and crashpre_push is after the first push of its thread: crashpre(3).
 */
#ifndef CRASHPRE_H
#define CRASHPRE_H

#include <stdarg.h>
#include <stddef.h>

#if defined(__GNUC__)
#define CRASHPRE_STATIC static __attribute__((unused))
#define CRASHPRE_PRINTF __attribute__((unused, format(printf, 2, 3)))
#define CRASHPRE_WEAK __attribute__((weak))
#else
#error "crashpre.h needs gcc or clang: weak symbols have no other spelling"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The functions below as pointers, for the wrappers. New fields are only added at the end. */
struct crashpre_api {
        size_t size; /* of this struct in the library */
        void (*set)(const char *key, const char *value);
        void (*set_int)(const char *key, long value);
        void (*set_double)(const char *key, double value);
        void (*set_bool)(const char *key, int value);
        void (*set_volatile)(const char *key, int (*read)(char *buf, size_t size));
        void (*vbreadcrumb)(const char *category, const char *format, va_list arguments);
        void (*push)(const char *module, const char *klass, const char *phase);
        void (*pop)(void);
        int (*report)(const char *reason);
        void (*set_filter)(int (*wanted)(int signal));
        void (*set_after_report)(int (*done)(const char *raw_path));
        void (*set_enabled)(int on);
        const char *(*last_report)(void);
};

/* The library's table. A weak reference; if its address is 0, as it always is in a program linked with -no-pie, the
 * function is found by dlsym(3). dlsym itself is a weak reference, too: before glibc 2.34 it was in a separate
 * library. */
extern const struct crashpre_api *crashpre_get_api(void) CRASHPRE_WEAK;
extern void *crashpre_dlsym_(void *handle, const char *name) __asm__("dlsym") CRASHPRE_WEAK;

#ifndef CRASHPRE_NO_WRAPPERS /* the library itself defines functions of the names below */

CRASHPRE_STATIC const struct crashpre_api *crashpre_find_(void)
{
        static const struct crashpre_api *found;
        static int looked;
        const struct crashpre_api *(*get)(void) = 0;
        void *address;

        if (looked)
                return found;
        if (crashpre_get_api) {
                get = crashpre_get_api;
        } else if (crashpre_dlsym_) {
                address = crashpre_dlsym_((void *)0 /* RTLD_DEFAULT */, "crashpre_get_api");
                __builtin_memcpy(&get, &address, sizeof(get));
        }
        if (get)
                found = get();
        looked = 1;
        return found;
}

/* Metadata of the whole process: one value for each key; NULL removes the key. At most 64 keys; keys of up to 63 bytes,
 * values of up to 255 bytes. */
CRASHPRE_STATIC void crashpre_set(const char *key, const char *value)
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->set(key, value);
}

CRASHPRE_STATIC void crashpre_set_int(const char *key, long value)
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->set_int(key, value);
}

CRASHPRE_STATIC void crashpre_set_double(const char *key, double value)
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->set_double(key, value);
}

CRASHPRE_STATIC void crashpre_set_bool(const char *key, int value)
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->set_bool(key, value);
}

/* A value that is read at crash time: `read` writes at most `size` bytes to `buf` and returns their number, or a
 * negative number for no value. `read` must be async-signal-safe; if it faults, the report continues without the value.
 * NULL removes the key. */
CRASHPRE_STATIC void crashpre_set_volatile(const char *key, int (*read)(char *buf, size_t size))
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->set_volatile(key, read);
}

/* Records an event for the report; the newest 128 are kept. Category of up to 31 bytes, text of up to 215 bytes. */
CRASHPRE_PRINTF static void crashpre_breadcrumb(const char *category, const char *format, ...)
{
        const struct crashpre_api *api = crashpre_find_();
        va_list arguments;

        if (!api)
                return;
        va_start(arguments, format);
        api->vbreadcrumb(category, format, arguments);
        va_end(arguments);
}

/* Push and pop the current activity of this thread, on a stack of up to 16 entries. The strings are not copied: they
 * must remain valid until the matching pop. Any of them may be NULL. */
CRASHPRE_STATIC void crashpre_push(const char *module, const char *klass, const char *phase)
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->push(module, klass, phase);
}

CRASHPRE_STATIC void crashpre_pop(void)
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->pop();
}

/* Writes a report (kind "request") of all threads; the program continues. Waits until the report is complete. Returns
 * 0, or -errno; -ENOSYS without the preload. Blocking system calls of other threads may be interrupted, as by any
 * signal (signal(7)). */
CRASHPRE_STATIC int crashpre_report(const char *reason)
{
        const struct crashpre_api *api = crashpre_find_();

        return api ? api->report(reason) : -38 /* -ENOSYS */;
}

/* `wanted` is called before a signal is reported; if it returns 0, no report is written. Must be async-signal-safe.
 * NULL: all signals are reported. */
CRASHPRE_STATIC void crashpre_set_filter(int (*wanted)(int signal))
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->set_filter(wanted);
}

/* `done` is called after a report was written, with the path of the raw report. Must be async-signal-safe. A non-zero
 * return value requests to treat the signal as handled, which is possible if it was sent and not raised by the
 * processor. NULL: no function is called. */
CRASHPRE_STATIC void crashpre_set_after_report(int (*done)(const char *raw_path))
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->set_after_report(done);
}

/* 0 disables reports until the function is called with a non-zero value. */
CRASHPRE_STATIC void crashpre_set_enabled(int on)
{
        const struct crashpre_api *api = crashpre_find_();

        if (api)
                api->set_enabled(on);
}

/* Returns the path of the newest earlier report of this program in the report directory, or NULL. The string is static
 * and overwritten by the next call. */
CRASHPRE_STATIC const char *crashpre_last_report(void)
{
        const struct crashpre_api *api = crashpre_find_();

        return api ? api->last_report() : 0;
}

#endif

#ifdef __cplusplus
}
#endif

#endif
