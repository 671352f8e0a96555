/* SPDX-License-Identifier: MIT */
/* tests/unit/report_text.c: the text for people, and that no raw bytes of the crashed program reach the terminal. */
#include "report/text/text.h"
#include "report/words/describe.h"
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
        r->cause.kind = "signal";
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
        struct text_options options = { .path = "/tmp/it's.json" };

        is_text(text_brief(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0) in thread app [4243]\n"
                "  in app\n"
                "report: /tmp/it's.json\n",
                "brief: headline, location and path");
        is_text(text_full(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0) in thread app [4243]\n"
                "  #0  app  app+0x1136\n"
                "  #1  app+0x10  app+0x1137\n"
                "report: /tmp/it's.json\n"
                "  more: crashpre show '/tmp/it'\\''s.json'\n",
                "full: also the stack and the command to show more");
        r->threads[0].tid = KNOWN_INT(4242);
        r->threads[0].frames[0].function = r->threads[0].frames[1].function = NULL;
        options.path = NULL;
        is_text(text_brief(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n  in app+0x1136\n",
                "the initial thread is not named, and a missing path is omitted");
        r->threads[0].frames[1].signal_frame = true;
        r->threads[0].frames[0].trust = "scan";
        r->threads[0].frames[0].module.known = false;
        r->threads[0].unwind_end = "bad-pc";
        is_text(text_full(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n"
                "  #0  0x401136 in no module  (guessed from the stack)\n"
                "  #1  -- signal, handled by the program --\n"
                "  (the stack ends here, bad-pc: the return address points to no code)\n",
                "a frame found by scanning, a trampoline, an early end");
        report_free(r);
}

static void log_line(void)
{
        struct report *r = sample("app", 1), *none = report_new();
        struct text_options options = { .path = "/tmp/\xc3\xa9\n\xff.json" };

        r->cause.summary = "a \"quoted\" word";
        r->signature = "f | main";
        r->fingerprint = "0123456789abcdef";
        report_diagnose(r, "unwind", "not for this line");
        is_text(text_log_line(r, &options),
                "{\"program\": \"app\", \"pid\": 4242, \"class\": \"null-dereference\", "
                "\"summary\": \"a \\\"quoted\\\" word\", \"signature\": \"f | main\", "
                "\"fingerprint\": \"0123456789abcdef\", \"path\": \"/tmp/\\u00E9\\n\\\\xff.json\"}\n",
                "a line of JSON in ASCII");
        report_diagnose(none, "settings", "CRASHPRE_X: no such setting");
        options.path = NULL;
        is_text(text_log_line(none, &options),
                "{\"program\": \"process\", \"diagnostics\": [{\"stage\": \"settings\", "
                "\"message\": \"CRASHPRE_X: no such setting\"}]}\n",
                "what is unknown is absent; settings are there");
        report_free(r);
        report_free(none);
}

static void causes(void)
{
        struct report *r = sample("app", 0);
        struct text_options options = { .columns = 60 };
        struct report_nested *nested =
                POOL_APPEND(&r->pool, r->cause.exception.nested, r->cause.exception.nested_count);

        r->thread_count = 0;
        r->cause.kind = "exception";
        r->cause.message = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
        r->cause.exception.what = "no such key";
        nested->type = "std::vector<int, std::allocator<int> >";
        nested->what = "empty";
        r->fault.explanation = "0123456789012345678901234567890123456789012345678901234567890123456789";
        is_text(text_brief(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n"
                "  one two three four five six seven eight nine ten eleven\n"
                "  twelve thirteen fourteen\n"
                "  what(): no such key\n"
                "  caused by std::vector<int>: empty\n"
                "  0123456789012345678901234567890123456789012345678901234567\n"
                "  890123456789\n",
                "message, what(), nested exception and explanation, within the columns");
        r->cause.message = r->fault.explanation = NULL;
        r->cause.exception.nested_count = 0;
        r->cause.exception.type = "char const*";
        is_text(text_brief(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n"
                "  value: no such key\n",
                "a thrown string is not labelled what()");
        r->cause.exception.what = NULL;
        r->cause.exception.nested_count = 0;
        r->cause.message = pool_printf(&r->pool, "%0999d", 7);
        is_text(text_brief(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n"
                "  0000000000000000000000000000000000000000000000000000000000\n"
                "  0000000000000000000000000000000000000000000000000000000000\n"
                "  0000000000000000000000000000000000000000000000000000000000\n"
                "  0000000000000000000000000000000000000000000000000000000...\n",
                "a long message is truncated");
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
        for (i = 0; i < 4; i++)
                f[i].function = pool_printf(&r->pool, "f%zu", i);
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
                "  #0  f0 at vector:7  (inlined)\n"
                "  #1  f1 at app.c:42  (inlined)\n"
                "        /src/app.c:42\n"
                "           39  {\n"
                "           40          int *p = 0;\n"
                "           41\n"
                "      >    42          *p = \\xff;\n"
                "           43    \xc3\xa9     }\n"
                "  #2  f2 at app.c:42\n"
                "  #3  f3+0x30  app+0x1139\n",
                "lines, and the source of the innermost own frame");
        f[2].line = KNOWN_INT(39);
        is_text(text_show(r, &options),
                "crashpre: app[4242] died of SIGSEGV (null-dereference: write to 0x0)\n"
                "\nThread 4242 app, which crashed\n"
                "  #0  f0 at vector:7  (inlined)\n"
                "  #1  f1 at app.c:42  (inlined)\n"
                "        /src/app.c:42\n"
                "           39  {\n"
                "           40          int *p = 0;\n"
                "           41\n"
                "      >    42          *p = \\xff;\n"
                "           43    \xc3\xa9     }\n"
                "  #2  f2 at app.c:39  app+0x1138\n"
                "      >    39  {\n"
                "  #3  f3+0x30  app+0x1139\n"
                "\nProcess\n"
                "  signal      SIGSEGV (11)\n"
                "  program     /bin/app\n",
                "show: also the lines of its callers");
        describe_summary(r);
        tap_ok(!strcmp(r->cause.summary, "null-dereference: write to 0x0 in f0, called from f1 at app.c:42"),
               "the summary contains the failed call and the own location that made it: %s", r->cause.summary);
        report_free(r);
}

/* Frames by their functions: "name", "lib:name" in libc. */
static struct report *stack(const char *const *names, size_t n)
{
        struct report *r = sample("app", n);
        size_t i;

        POOL_APPEND(&r->pool, r->modules, r->module_count)->path = "/lib/libc.so.6";
        for (i = 0; i < n; i++) {
                struct report_frame *f = &r->threads[0].frames[i];
                bool lib = !strncmp(names[i], "lib:", 4);

                f->function = names[i] + (lib ? 4 : 0);
                f->module = KNOWN_INT(lib);
                f->file = "/src/a.c";
                f->line = KNOWN_INT((int64_t)i);
        }
        r->threads[0].tid = KNOWN_INT(4242);
        return r;
}

/* Compares the stack in text_full(). */
static void is_stack(struct report *r, const char *wanted, const char *title)
{
        struct text_options options = { 0 };
        char *text = text_full(r, &options);

        is_text(strdup(strchr(text, '\n') + 1), wanted, title);
        free(text);
        report_free(r);
}

#define STACK(...) \
        stack((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void folded(void)
{
        struct report *r;

        is_stack(
                STACK("lib:__pthread_kill_implementation", "lib:__GI_raise", "lib:__GI_abort", "lib:__GI___assert_fail",
                      "check", "lib:bsearch", "find", "main", "lib:__libc_start_call_main", "_start"),
                "  #0-#3  raise <- abort <- __assert_fail\n"
                "  #4  check at a.c:4\n"
                "  #5  bsearch at a.c:5\n"
                "  #6  find at a.c:6\n"
                "  #7  main at a.c:7\n",
                "stderr: ending functions in one line, starting functions omitted, a library call in between unchanged");
        is_stack(STACK("lib:poll", "lib:inner", "lib:outer"),
                 "  #0  poll at a.c:0\n  #1  inner at a.c:1\n  #2  outer at a.c:2\n",
                 "a stack of libraries only is shown unchanged");
        r = STACK("f", "lib:inner", "lib:middle", "lib:outer", "main");
        r->threads[0].frames[2].trust = "scan";
        is_stack(r,
                 "  #0  f at a.c:0\n"
                 "  #1-#3  inner <- middle <- outer  (guessed from the stack)\n"
                 "  #4  main at a.c:4\n",
                 "a line of several frames, one of which is a guess");
        r = STACK("f", "lib:start_thread", "lib:clone");
        r->threads[0].unwind_end = "unreadable";
        is_stack(r,
                 "  #0  f at a.c:0\n  #1  start_thread at a.c:1\n  #2  clone at a.c:2\n"
                 "  (the stack ends here, unreadable: its memory cannot be read)\n",
                 "the outermost frames are omitted only if the stack is complete");
        is_stack(STACK("leaf", "f", "f", "f", "f", "main"),
                 "  #0  leaf at a.c:0\n"
                 "  #1  f at a.c:1\n"
                 "  #2-#4  the same call 3 more times\n"
                 "  #5  main at a.c:5\n",
                 "a function that calls itself");
        r = STACK("f", "g", "f", "g", "f", "g", "f", "g", "main");
        r->threads[0].frames[7].index.v = 1007;
        r->threads[0].frames[8].index.v = 1008;
        r->threads[0].frames[6].index.v = 1006;
        r->threads[0].frames_omitted = KNOWN_INT(1000);
        is_stack(r,
                 "  #0  f at a.c:0\n"
                 "  #1  g at a.c:1\n"
                 "  #2-#1007  these 2 calls 503 more times\n"
                 "  #1008 main at a.c:8\n",
                 "two functions that call each other, with omitted frames");
}

/* Adds a thread in `function` of libc, called by `caller`. */
static void add_thread(struct report *r, int64_t tid, const char *name, const char *function, const char *caller)
{
        struct report_thread *t = POOL_APPEND(&r->pool, r->threads, r->thread_count);
        const char *const functions[] = { function, caller };
        size_t i;

        t->tid = KNOWN_INT(tid);
        t->name = name;
        for (i = 0; i < 2; i++) {
                struct report_frame *f = POOL_APPEND(&r->pool, t->frames, t->frame_count);

                f->function = functions[i];
                f->index = KNOWN_INT((int64_t)i);
                f->module = KNOWN_INT(i == 0);
                f->module_offset = KNOWN_U64(0x20);
                f->pc = KNOWN_U64((uint64_t)(uintptr_t)functions[i]);
        }
}

static void threads(void)
{
        struct report *r = STACK("main");
        struct text_options options = { 0 };
        char *text;
        int64_t i;

        add_thread(r, 1, "waiter", "__GI___poll", "serve");
        text = text_full(r, &options);
        tap_ok(strstr(text, "\n  and 1 more thread, waiting in poll\n") != NULL, "one more thread and its activity");
        free(text);
        for (i = 2; i < 50; i++)
                add_thread(r, i, "worker", "___pthread_cond_wait", "take");
        add_thread(r, 50, "sleeper", "clock_nanosleep", "take");
        add_thread(r, 51, "busy", "memcpy", "take");
        text = text_full(r, &options);
        tap_ok(strstr(text,
                      "\n  and 51 more threads: 48 waiting in pthread_cond_wait, 1 waiting in poll, 1 sleeping in "
                      "clock_nanosleep, ...\n") ||
                       strstr(text,
                              "\n  and 51 more threads: 48 waiting in pthread_cond_wait, 1 waiting in poll, 1 sleeping"),
               "many threads, by activity, the most frequent first");
        free(text);
        text = text_show(r, &options);
        tap_ok(strstr(text,
                      "\n  48 threads waiting in pthread_cond_wait: worker [2], worker [3], worker [4], worker [5], ...\n"
                      "      #1  take  app+0x20\n") != NULL,
               "show: threads with equal stacks together, with their own frames");
        tap_ok(strstr(text, "\n  waiter [1] waiting in poll\n      #1  serve  app+0x20\n") != NULL,
               "a single thread by its name");
        tap_ok(strstr(text, "\n  busy [51] in memcpy\n") != NULL, "a thread that is not waiting");
        free(text);
        options.all_threads = true;
        text = text_show(r, &options);
        tap_ok(strstr(text, "\nThread 49 worker\n  #0  ___pthread_cond_wait") && !strstr(text, "Other threads"),
               "with all threads there are no groups");
        free(text);
        report_free(r);
}

#define ZEROS "00000000000000000000000000000000"

static void withheld_memory(void)
{
        struct report *r = STACK("main");
        struct text_options options = { 0 };
        struct report_memory *m;
        char *text;

        *POOL_APPEND(&r->pool, r->memory, r->memory_count) =
                (struct report_memory){ "rsp", KNOWN_U64(0x1000), "[stack]", "4142", { 0 }, NULL };
        *POOL_APPEND(&r->pool, r->memory, r->memory_count) =
                (struct report_memory){ "rsp", KNOWN_U64(0x1002), "[stack]", NULL, KNOWN_INT(7), "secret" };
        m = POOL_APPEND(&r->pool, r->memory, r->memory_count);
        *m = (struct report_memory){ "rax", KNOWN_U64(0x1009), "[heap]", NULL, KNOWN_INT(12), "dont-dump" };
        text = text_show(r, &options);
        tap_ok(strstr(text, "\nMemory\n  rsp, in [stack]\n"
                            "    0x0000000000001000  41 42                                            AB\n"
                            "    0x0000000000001002  withheld: 7 bytes, secret\n"
                            "  rax, in [heap]\n"
                            "    0x0000000000001009  withheld: 12 bytes, dont-dump\n") != NULL,
               "show: withheld bytes");
        free(text);
        report_free(r);
}

static void sections(void)
{
        struct report *r = STACK("strlen", "string_at", "ffi_call", "call", "eval", "main");
        struct text_options options = { 0 };
        struct report_script_frame *script = POOL_APPEND(&r->pool, r->interpreter.frames, r->interpreter.frame_count);
        struct report_memory *m = POOL_APPEND(&r->pool, r->memory, r->memory_count);
        struct report_instruction *one = POOL_APPEND(&r->pool, r->disassembly, r->disassembly_count);
        char *text;
        size_t i;

        r->modules[1].path = "/usr/bin/python3.11";
        for (i = 1; i < 6; i++)
                r->threads[0].frames[i].module = KNOWN_INT(1);
        r->interpreter.language = "python";
        script->function = "load";
        script->file = "/src/app.py";
        script->line = KNOWN_INT(12);
        m->register_name = "rsp";
        m->address = KNOWN_U64(0x7ffd00000ff8);
        m->mapping = "[stack]";
        m->bytes = "00414243444546477f8081ff20217e00" ZEROS ZEROS ZEROS "61";
        *POOL_APPEND(&r->pool, r->threads[0].registers, r->threads[0].register_count) =
                (struct report_register){ "rsp", 0x7ffd00001000 };
        one->address = KNOWN_U64(0x401136);
        one->text = "movl $1, (%rax)";
        one->faulting = true;
        r->fault.operand = "rax";
        text = text_full(r, &options);
        tap_ok(strstr(text,
                      ")\n  in python:\n    load at /src/app.py:12\n  #0  strlen at a.c:0\n  #1  string_at at a.c:1\n"
                      "  #2  ffi_call at a.c:2\n  #3-#5  the interpreter\n") != NULL,
               "stderr: the script's stack before the native one");
        free(text);
        text = text_show(r, &options);
        tap_ok(strstr(text, "\nStack of the python program\n  load at /src/app.py:12\n\nThread ") != NULL,
               "show: the script's stack as a section");
        tap_ok(strstr(text, "\nInstructions\n  > 0x0000000000401136  movl $1, (%rax)\n  the address came from rax\n") !=
                       NULL,
               "the faulting instruction and its operand");
        tap_ok(strstr(text,
                      "\nMemory\n  rsp = 0x7ffd00001000, in [stack]\n"
                      "    0x00007ffd00000ff8  00 41 42 43 44 45 46 47 7f 80 81 ff 20 21 7e 00  .ABCDEFG.... !~.\n"
                      "    0x00007ffd00001008  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n"
                      "    *\n"
                      "    0x00007ffd00001038  61                                               a\n") != NULL,
               "memory by bytes and characters");
        free(text);
        report_free(r);
}

/* Every string of a report that the text contains. */
static void add_hostile(struct report *r)
{
        struct report_thread *t = POOL_APPEND(&r->pool, r->threads, r->thread_count);
        struct report_frame *f = POOL_APPEND(&r->pool, t->frames, t->frame_count);
        struct report_exception *e = &r->cause.exception;

        f->index = KNOWN_INT(0);
        f->function = f->file = t->name = t->unwind_end = HOSTILE;
        *POOL_APPEND(&r->pool, e->thrown_at, e->thrown_at_count) = *f;
        e->type = e->what = r->fault.explanation = r->fault.operand = r->fault.mapping = HOSTILE;
        *POOL_APPEND(&r->pool, e->nested, e->nested_count) = (struct report_nested){ HOSTILE, HOSTILE };
        r->interpreter.language = HOSTILE;
        *POOL_APPEND(&r->pool, r->interpreter.frames, r->interpreter.frame_count) =
                (struct report_script_frame){ HOSTILE, HOSTILE, { 0 } };
        *POOL_APPEND(&r->pool, r->memory, r->memory_count) =
                (struct report_memory){ HOSTILE, KNOWN_U64(1), HOSTILE, HOSTILE, KNOWN_INT(1), HOSTILE };
        *POOL_APPEND(&r->pool, r->disassembly, r->disassembly_count) =
                (struct report_instruction){ KNOWN_U64(1), HOSTILE, true };
        *POOL_APPEND(&r->pool, r->threads[0].context, r->threads[0].context_count) =
                (struct report_context){ HOSTILE, HOSTILE, HOSTILE };
        *POOL_APPEND(&r->pool, r->threads[0].registers, r->threads[0].register_count) =
                (struct report_register){ HOSTILE, 1 };
        r->signature = r->fingerprint = r->system.container = r->system.distribution = HOSTILE;
}

static void terminal(void)
{
        struct text_options options = { .path = HOSTILE, .all_threads = true };
        struct report *r = sample(HOSTILE, 1);
        char *all[4];
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
        add_hostile(r);
        all[0] = text_brief(r, &options);
        all[1] = text_full(r, &options);
        all[2] = text_show(r, &options);
        options.all_threads = false;
        all[3] = text_show(r, &options);
        for (i = 0; i < 4; i++) {
                bool clean = true;

                for (k = 0; all[i][k]; k++)
                        clean &= all[i][k] == '\n' || (all[i][k] >= 0x20 && all[i][k] < 0x7f);
                tap_ok(clean && strstr(all[i], HARMLESS),
                       "text %zu has no control byte, and contains the escaped strings", i);
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

        for (i = 0; i < 100; i++)
                r->threads[0].frames[i].function = pool_printf(&r->pool, "f%zu", i);
        for (i = 50; i < 100; i++)
                r->threads[0].frames[i].index.v += 1000;
        text = text_full(r, &options);
        for (i = 0; text[i]; i++)
                lines += text[i] == '\n';
        tap_is(lines, 1 + 14 + 1 + 6, "a deep stack shows its two ends on stderr");
        tap_ok(strstr(text, "  ...  1080 more frames\n") != NULL,
               "the number of frames between them, omitted ones included");
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
        is_text(text_show(r, &options), "crashpre: process died of an unknown signal\n",
                "an empty report can be shown");
        report_free(r);
}

static void colour(void)
{
        struct text_options with = { .colour = true }, without = { 0 };
        struct report *r = sample("app", 1);
        char *text = text_show(r, &with);

        tap_ok(strchr(text, '\x1b') != NULL, "colour if requested");
        free(text);
        text = text_show(r, &without);
        tap_ok(!strchr(text, '\x1b'), "no colour if not requested");
        free(text);
        report_free(r);
}

int main(void)
{
        plain();
        log_line();
        causes();
        lines();
        folded();
        threads();
        sections();
        withheld_memory();
        terminal();
        deep();
        empty();
        colour();
        return tap_done();
}
