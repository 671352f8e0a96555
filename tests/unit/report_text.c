/* SPDX-License-Identifier: MIT */
/* tests/unit/report_text.c: what people read, and that nothing of the dying program reaches their terminal raw. */
#include "report/describe.h"
#include "report/text.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

#define HOSTILE "a\x1b[2J\r\n\x07\xff\xc2\x9b\xe2\x80\xae"
#define HARMLESS "a\\x1b[2J\\x0d\\x0a\\x07\\xff\\xc2\\x9b\\xe2\\x80\\xae"

static struct report *sample(const char *name, size_t frames)
{
        struct report *r = report_new();
        struct report_module *m = POOL_APPEND(&r->pool, r->modules, r->module_count);
        struct report_thread *t;
        size_t i;

        m->path = pool_printf(&r->pool, "/lib/%s", name);
        r->process.pid = KNOWN_INT(4242);
        r->process.exe = pool_printf(&r->pool, "/bin/%s", name);
        r->signal.number = KNOWN_INT(11);
        r->signal.name = "SIGSEGV";
        r->fault.class = "null-dereference";
        r->fault.access = "write";
        r->fault.address = KNOWN_U64(0);
        t = POOL_APPEND(&r->pool, r->threads, r->thread_count);
        t->tid = KNOWN_INT(4243);
        t->name = name;
        t->crashed = true;
        t->unwind_end = "end-of-stack";
        for (i = 0; i < frames; i++) {
                struct report_frame *f = POOL_APPEND(&r->pool, t->frames, t->frame_count);

                f->index = KNOWN_INT((int64_t)i);
                f->pc = KNOWN_U64(0x401136 + i);
                f->module = KNOWN_INT(0);
                f->module_offset = KNOWN_U64(0x1136 + i);
                f->function = name;
                f->function_offset = KNOWN_INT((int64_t)(16 * i));
        }
        return r;
}

static void is_text(char *got, const char *wanted, const char *title)
{
        if (!tap_ok(!strcmp(got, wanted), "%s", title))
                printf("# got\n%s\n# wanted\n%s\n", got, wanted);
        free(got);
}

static void plain(void)
{
        struct report *r = sample("app", 2);
        struct text_options options = { .path = "/tmp/crash-app.json" };

        is_text(text_brief(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0) in thread app [4243]\n"
                "report: /tmp/crash-app.json\n",
                "brief: headline and path");
        is_text(text_full(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0) in thread app [4243]\n"
                "  #0  0x0000000000401136 app  app+0x1136\n"
                "  #1  0x0000000000401137 app+0x10  app+0x1137\n"
                "report: /tmp/crash-app.json\n",
                "full: the stack between them");
        r->threads[0].tid = KNOWN_INT(4242);
        options.path = NULL;
        is_text(text_brief(r, &options), "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n",
                "the initial thread is not named, nor a path where there is none");
        r->threads[0].frames[1].signal_frame = true;
        r->threads[0].frames[0].function = NULL;
        r->threads[0].frames[0].trust = "scan";
        r->threads[0].frames[0].module.known = false;
        r->threads[0].unwind_end = "bad-pc";
        is_text(text_full(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n"
                "  #0  0x0000000000401136 in no module  (guessed from the stack)\n"
                "  #1  0x0000000000401137 <signal handler called>  app+0x1137\n"
                "  (the stack ends here: bad-pc)\n",
                "a guessed frame, a trampoline, an early end");
        report_free(r);
}

static void lines(void)
{
        static const char *const source[] = { "{", "\tint *p = 0;", "", "\t*p = \xff;", "  \xc3\xa9\t}" };
        struct text_options options = { 0 };
        struct report *r = sample("app", 4);
        struct report_frame *f = r->threads[0].frames;
        size_t i;

        r->threads[0].tid = KNOWN_INT(4242);
        for (i = 0; i < 3; i++) {
                f[i].file = i ? "/src/app.c" : "/usr/include/c++/12/vector";
                f[i].line = KNOWN_INT(i ? 42 : 7);
                f[i].inlined = i < 2;
                f[i].source.lines = (const char **)(uintptr_t)source;
                f[i].source.line_count = 5;
                f[i].source.first_line = KNOWN_INT(39);
        }
        is_text(text_full(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n"
                "  #0  0x0000000000401136 app at vector:7  (inlined)\n"
                "  #1  0x0000000000401137 app at app.c:42  (inlined)\n"
                "        /src/app.c\n"
                "           39  {\n"
                "           40          int *p = 0;\n"
                "           41\n"
                "      >    42          *p = \\xff;\n"
                "           43    \xc3\xa9     }\n"
                "  #2  0x0000000000401138 app at app.c:42  app+0x1138\n"
                "  #3  0x0000000000401139 app+0x30  app+0x1139\n",
                "lines, and the source of the innermost frame that is no system header");
        f[2].line = KNOWN_INT(39);
        is_text(text_show(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n"
                "  signal     SIGSEGV (11)\n"
                "  program    /bin/app\n"
                "\nThread 4242 app, which crashed\n"
                "  #0  0x0000000000401136 app at vector:7  (inlined)\n"
                "  #1  0x0000000000401137 app at app.c:42  (inlined)\n"
                "        /src/app.c\n"
                "           39  {\n"
                "           40          int *p = 0;\n"
                "           41\n"
                "      >    42          *p = \\xff;\n"
                "           43    \xc3\xa9     }\n"
                "  #2  0x0000000000401138 app at app.c:39  app+0x1138\n"
                "      >    39  {\n"
                "  #3  0x0000000000401139 app+0x30  app+0x1139\n",
                "show: of its callers, too, the line itself");
        describe_summary(r);
        tap_ok(!strcmp(r->cause.summary, "null-dereference: write to 0x0 in app at app.c:42"),
               "the summary has function and line: %s", r->cause.summary);
        report_free(r);
}

static void terminal(void)
{
        struct text_options options = { .path = HOSTILE, .all_threads = true };
        struct report *r = sample(HOSTILE, 1);
        char *all[3];
        size_t i, k;

        r->cause.message = HOSTILE;
        r->process.cwd = HOSTILE;
        r->system.kernel = HOSTILE;
        *POOL_APPEND(&r->pool, r->process.cmdline, r->process.cmdline_count) = HOSTILE;
        *POOL_APPEND(&r->pool, r->metadata, r->metadata_count) =
                (struct report_metadata){ .name = HOSTILE, .string = HOSTILE };
        POOL_APPEND(&r->pool, r->breadcrumbs, r->breadcrumb_count)->message = HOSTILE;
        report_diagnose(r, HOSTILE, "%s", HOSTILE);
        r->threads[0].frames[0].file = HOSTILE;
        r->threads[0].frames[0].line = KNOWN_INT(INT64_MAX);
        r->threads[0].frames[0].source.first_line = KNOWN_INT(INT64_MAX);
        *POOL_APPEND(&r->pool, r->threads[0].frames[0].source.lines, r->threads[0].frames[0].source.line_count) =
                HOSTILE;
        *POOL_APPEND(&r->pool, r->threads[0].frames[0].source.lines, r->threads[0].frames[0].source.line_count) =
                HOSTILE;
        all[0] = text_brief(r, &options);
        all[1] = text_full(r, &options);
        all[2] = text_show(r, &options);
        for (i = 0; i < 3; i++) {
                bool clean = true;

                for (k = 0; all[i][k]; k++)
                        clean &= all[i][k] == '\n' || (all[i][k] >= 0x20 && all[i][k] < 0x7f);
                tap_ok(clean && strstr(all[i], HARMLESS), "text %zu has no control byte, and shows what was there", i);
                free(all[i]);
        }
        report_free(r);
}

static void deep(void)
{
        struct text_options options = { 0 };
        struct report *r = sample("app", 100);
        char *text;
        size_t lines = 0, i;

        for (i = 50; i < 100; i++)
                r->threads[0].frames[i].index.v += 1000;
        text = text_full(r, &options);
        for (i = 0; text[i]; i++)
                lines += text[i] == '\n';
        tap_is(lines, 1 + 24 + 1 + 8, "a deep stack shows its two ends on stderr");
        tap_ok(strstr(text, "  ...  1068 more frames\n") != NULL,
               "and how many lie between, those left out before too");
        tap_ok(strstr(text, "#1099 ") != NULL, "the outermost frame has its true index");
        free(text);
        text = text_show(r, &options);
        tap_ok(strstr(text, "  ...  1000 frames left out\n") && strstr(text, "#49 ") && strstr(text, "#1050 "),
               "show has all frames of the report");
        free(text);
        report_free(r);
}

static void empty(void)
{
        struct text_options options = { .all_threads = true };
        struct report *r = report_new();

        is_text(text_full(r, &options), "crashpre: process died of an unknown signal\n",
                "an empty report has a headline");
        is_text(text_show(r, &options), "crashpre: process died of an unknown signal\n", "and can be shown");
        report_free(r);
}

static void colour(void)
{
        struct text_options with = { .colour = true }, without = { 0 };
        struct report *r = sample("app", 1);
        char *text = text_show(r, &with);

        tap_ok(strchr(text, '\x1b') != NULL, "colour where it is asked for");
        free(text);
        text = text_show(r, &without);
        tap_ok(!strchr(text, '\x1b'), "none where not");
        free(text);
        report_free(r);
}

int main(void)
{
        plain();
        lines();
        terminal();
        deep();
        empty();
        colour();
        return tap_done();
}
