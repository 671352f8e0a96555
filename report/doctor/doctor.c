/* SPDX-License-Identifier: MIT */
#include "report/doctor/doctor.h"

#include "report/place/store.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void doctor_add(struct doctor *d, const char *name, enum doctor_result result, const char *remedy, const char *format,
                ...)
{
        struct doctor_check *check = POOL_APPEND(&d->pool, d->checks, d->count);
        va_list ap;

        check->name = pool_strdup(&d->pool, name);
        check->result = result;
        check->remedy = pool_strdup(&d->pool, remedy);
        va_start(ap, format);
        check->message = pool_vprintf(&d->pool, format, ap);
        va_end(ap);
}

long long doctor_own_status(const char *name, int base)
{
        struct pool pool = { NULL };
        long long value = -1;
        char *text;
        const char *line;
        size_t len;

        if (!store_read(&pool, AT_FDCWD, "/proc/self/status", 65536, &text, &len)) {
                line = strstr(text, pool_printf(&pool, "\n%s", name));
                if (line)
                        value = strtoll(line + 1 + strlen(name), NULL, base);
        }
        pool_free(&pool);
        return value;
}
