/* SPDX-License-Identifier: MIT */
/* preload/program/api.c: the functions of crashpre.h, as a table for its wrappers and as exported functions for callers
 * without the header (ctypes, FFI). */
#define CRASHPRE_NO_WRAPPERS
#include "preload/crash/occasion.h"
#include "preload/crash/report.h"
#include "preload/crashpre.h"
#include "preload/facts/notes.h"
#include "preload/program/interpose.h"
#include "preload/program/lastreport.h"

#include <errno.h>

void crashpre_set(const char *key, const char *value);
void crashpre_set_int(const char *key, long value);
void crashpre_set_double(const char *key, double value);
void crashpre_set_bool(const char *key, int value);
void crashpre_set_volatile(const char *key, int (*read)(char *buf, size_t size));
void crashpre_breadcrumb(const char *category, const char *format, ...) __attribute__((format(printf, 2, 3)));
void crashpre_push(const char *module, const char *klass, const char *phase);
void crashpre_pop(void);
int crashpre_report(const char *reason);
void crashpre_set_filter(int (*wanted)(int signal));
void crashpre_set_after_report(int (*done)(const char *raw_path));
void crashpre_set_enabled(int on);
const char *crashpre_last_report(void);

EXPORT void crashpre_set(const char *key, const char *value)
{
        notes_set(key, value);
}

EXPORT void crashpre_set_int(const char *key, long value)
{
        notes_set_int(key, value);
}

EXPORT void crashpre_set_double(const char *key, double value)
{
        notes_set_double(key, value);
}

EXPORT void crashpre_set_bool(const char *key, int value)
{
        notes_set_bool(key, value);
}

EXPORT void crashpre_set_volatile(const char *key, int (*read)(char *buf, size_t size))
{
        notes_set_volatile(key, read);
}

EXPORT void crashpre_breadcrumb(const char *category, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        notes_vbreadcrumb(category, format, arguments);
        va_end(arguments);
}

EXPORT void crashpre_push(const char *module, const char *klass, const char *phase)
{
        notes_push(module, klass, phase);
}

EXPORT void crashpre_pop(void)
{
        notes_pop();
}

EXPORT int crashpre_report(const char *reason)
{
        return interpose_active() ? occasion_request(reason) : -EPERM;
}

EXPORT void crashpre_set_filter(int (*wanted)(int signal))
{
        crashreport_set_filter(wanted);
}

EXPORT void crashpre_set_after_report(int (*done)(const char *raw_path))
{
        crashreport_set_after_report(done);
}

EXPORT void crashpre_set_enabled(int on)
{
        crashreport_set_enabled(on != 0);
}

EXPORT const char *crashpre_last_report(void)
{
        return lastreport_newest();
}

EXPORT const struct crashpre_api *crashpre_get_api(void)
{
        static const struct crashpre_api api = {
                .size = sizeof(api),
                .set = notes_set,
                .set_int = notes_set_int,
                .set_double = notes_set_double,
                .set_bool = notes_set_bool,
                .set_volatile = notes_set_volatile,
                .vbreadcrumb = notes_vbreadcrumb,
                .push = notes_push,
                .pop = notes_pop,
                .report = crashpre_report,
                .set_filter = crashreport_set_filter,
                .set_after_report = crashreport_set_after_report,
                .set_enabled = crashpre_set_enabled,
                .last_report = lastreport_newest,
        };

        return &api;
}
