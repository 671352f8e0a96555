/* SPDX-License-Identifier: MIT */
#include "report/place/settings.h"
#include "unwind/core/terms/secret.h"
#include "unwind/core/terms/str.h"

#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

static const char default_environment[] =
        "PATH,LANG,LANGUAGE,LC_*,TZ,TERM,SHELL,PWD,CI,LD_LIBRARY_PATH,LD_PRELOAD,MALLOC_*,GLIBC_TUNABLES,*SAN_OPTIONS,"
        "GITHUB_WORKFLOW,GITHUB_JOB,GITHUB_RUN_ID,GITHUB_REF,GITHUB_SHA";

void settings_read(struct settings *out)
{
        struct setting_values v;

        settings_evaluate(environ, &v, NULL, NULL);
        *out = (struct settings){
                .stderr_text = (enum setting_stderr)v.number[SETTING_STDERR],
                .timeout = (unsigned)v.number[SETTING_TIMEOUT],
                .max_frames = (size_t)v.number[SETTING_MAX_FRAMES],
                .source_lines = (size_t)v.number[SETTING_SOURCE],
                .max_reports = (size_t)v.number[SETTING_MAX_REPORTS],
                .mode = (mode_t)v.number[SETTING_MODE],
                .wait_debugger = (unsigned)v.number[SETTING_WAIT_DEBUGGER],
                .redact = (unsigned)v.number[SETTING_REDACT],
                .on_report = v.text[SETTING_ON_REPORT],
                .environment = v.text[SETTING_ENV] ? v.text[SETTING_ENV] : default_environment,
                .debug_dirs = v.text[SETTING_DEBUG_DIR],
        };
}

struct counter {
        setting_note *note;
        void *ctx;
        size_t count;
};

static void count_and_pass(void *counter, const char *name, const char *message)
{
        struct counter *c = counter;

        c->count++;
        c->note(c->ctx, name, message);
}

size_t settings_check(setting_note *note, void *ctx)
{
        struct counter c = { note, ctx, 0 };
        struct setting_values v;

        settings_evaluate(environ, &v, count_and_pass, &c);
        return c.count;
}

static bool matches(const char *globs, const char *name)
{
        const char *item;
        char glob[256];
        size_t len;

        while (str_list_next(&globs, &item, &len)) {
                if (len >= sizeof(glob))
                        continue;
                memcpy(glob, item, len);
                glob[len] = 0;
                if (!fnmatch(glob, name, 0))
                        return true;
        }
        return false;
}

bool settings_shows_variable(const char *globs, const char *name)
{
        return matches(globs, name) && !secret_has_name(name, strlen(name));
}
