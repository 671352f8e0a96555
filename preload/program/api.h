/* SPDX-License-Identifier: MIT */
/* preload/program/api.h: the functions behind crashpre.h, which documents them. Async-signal-safe: push, pop. */
#ifndef CRASHPRE_PRELOAD_API_H
#define CRASHPRE_PRELOAD_API_H

#include <stdarg.h>
#include <stddef.h>

void api_set(const char *key, const char *value);
void api_set_int(const char *key, long value);
void api_set_double(const char *key, double value);
void api_set_bool(const char *key, int value);
void api_set_volatile(const char *key, int (*read)(char *buf, size_t size));
void api_vbreadcrumb(const char *category, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
void api_push(const char *module, const char *klass, const char *phase);
void api_pop(void);
const char *api_last_report(void);

#endif
