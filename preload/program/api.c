/* SPDX-License-Identifier: MIT */
/* preload/program/api.c: the calls of crashpre.h, as a table for its wrappers and under their plain names for foreign callers
 * (ctypes, FFI). */
#define CRASHPRE_NO_WRAPPERS
#include "preload/program/api.h"
#include "preload/crash/occasion.h"
#include "preload/crash/report.h"
#include "preload/crashpre.h"
#include "preload/program/interpose.h"

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
        api_set(key, value);
}

EXPORT void crashpre_set_int(const char *key, long value)
{
        api_set_int(key, value);
}

EXPORT void crashpre_set_double(const char *key, double value)
{
        api_set_double(key, value);
}

EXPORT void crashpre_set_bool(const char *key, int value)
{
        api_set_bool(key, value);
}

EXPORT void crashpre_set_volatile(const char *key, int (*read)(char *buf, size_t size))
{
        api_set_volatile(key, read);
}

EXPORT void crashpre_breadcrumb(const char *category, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        api_vbreadcrumb(category, format, arguments);
        va_end(arguments);
}

EXPORT void crashpre_push(const char *module, const char *klass, const char *phase)
{
        api_push(module, klass, phase);
}

EXPORT void crashpre_pop(void)
{
        api_pop();
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
        return api_last_report();
}

EXPORT const struct crashpre_api *crashpre_get_api(void)
{
        static const struct crashpre_api api = {
                .size = sizeof(api),
                .set = api_set,
                .set_int = api_set_int,
                .set_double = api_set_double,
                .set_bool = api_set_bool,
                .set_volatile = api_set_volatile,
                .vbreadcrumb = api_vbreadcrumb,
                .push = api_push,
                .pop = api_pop,
                .report = crashpre_report,
                .set_filter = crashreport_set_filter,
                .set_after_report = crashreport_set_after_report,
                .set_enabled = crashpre_set_enabled,
                .last_report = api_last_report,
        };

        return &api;
}
