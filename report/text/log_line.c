/* SPDX-License-Identifier: MIT */
#include "report/text/text.h"

#include "report/model/utf8.h"
#include "report/words/describe.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void set_string(struct pool *pool, json_t *object, const char *name, const char *value)
{
        if (value)
                json_object_set_new_nocheck(object, name, json_string(utf8_valid(pool, value)));
}

/* Returns the diagnostics about settings, for the user who set them; NULL if there are none. */
static json_t *settings_of(struct report *report)
{
        json_t *list = NULL;
        size_t i;

        for (i = 0; i < report->diagnostic_count; i++) {
                const struct report_diagnostic *d = &report->diagnostics[i];
                json_t *object;

                if (strcmp(d->stage, "settings"))
                        continue;
                object = json_object();
                set_string(&report->pool, object, "stage", d->stage);
                set_string(&report->pool, object, "message", d->message);
                if (!list)
                        list = json_array();
                json_array_append_new(list, object);
        }
        return list;
}

/* preload/raw/stderr.c prints the same line without the members that only the helper knows. */
char *text_log_line(struct report *report, const struct text_options *options)
{
        struct pool *pool = &report->pool;
        json_t *line, *settings;
        char *text, *result;
        size_t len;

        json_set_alloc_funcs(pool_malloc, free);
        line = json_object();
        set_string(pool, line, "program", describe_program(report));
        if (report->process.pid.known)
                json_object_set_new_nocheck(line, "pid", json_integer(report->process.pid.v));
        set_string(pool, line, "class", report->fault.class);
        set_string(pool, line, "summary", report->cause.summary);
        set_string(pool, line, "signature", report->signature);
        set_string(pool, line, "fingerprint", report->fingerprint);
        set_string(pool, line, "path", options->path);
        settings = settings_of(report);
        if (settings)
                json_object_set_new_nocheck(line, "diagnostics", settings);
        text = utf8_json(json_dumps(line, JSON_ENSURE_ASCII));
        json_decref(line);
        len = strlen(text);
        result = pool_malloc(len + 2);
        memcpy(result, text, len);
        memcpy(result + len, "\n", 2);
        free(text);
        return result;
}
