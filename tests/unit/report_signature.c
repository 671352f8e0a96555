/* SPDX-License-Identifier: MIT */
/* tests/unit/report_signature.c: own frames, recursion, signature, fingerprint and summary, of stacks written as
 * words: "strlen@libc.so.6 count main". */
#include "report/words/describe.h"
#include "report/words/own.h"
#include "report/words/recursion.h"
#include "report/words/signature.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static int64_t module_of(struct report *r, const char *path)
{
        size_t i;

        for (i = 0; i < r->module_count; i++)
                if (!strcmp(r->modules[i].path, path))
                        return (int64_t)i;
        POOL_APPEND(&r->pool, r->modules, r->module_count)->path = path;
        return (int64_t)i;
}

/* "name", "name@module", "i:name" inlined, "+module" without a name, "!" a signal frame, "...N" omitted frames. */
static void push(struct report *r, struct report_thread *t, const char *word, int64_t *index)
{
        const char *at = strchr(word, '@');
        struct report_frame *f;

        if (!strncmp(word, "...", 3)) {
                t->frames_omitted = KNOWN_INT(atoi(word + 3));
                *index += t->frames_omitted.v;
                return;
        }
        f = POOL_APPEND(&r->pool, t->frames, t->frame_count);
        f->index = KNOWN_INT((*index)++);
        f->pc = KNOWN_U64(0x401000 + (uint64_t)f->index.v);
        f->module_offset = KNOWN_U64(0x1139);
        f->inlined = !strncmp(word, "i:", 2);
        f->signal_frame = *word == '!';
        f->module = KNOWN_INT(module_of(r, at ? at + 1 : *word == '+' ? word + 1 : "/usr/bin/app"));
        if (*word != '+' && *word != '!')
                f->function = pool_strndup(&r->pool, word + 2 * f->inlined,
                                           (at ? (size_t)(at - word) : strlen(word)) - 2 * f->inlined);
}

static struct report *stack(const char *words)
{
        struct report *r = report_new();
        char *copy = pool_strdup(&r->pool, words), *word;
        struct report_thread *t = POOL_APPEND(&r->pool, r->threads, r->thread_count);
        int64_t index = 0;

        r->cause.kind = "signal";
        r->signal.name = "SIGSEGV";
        r->fault.class = "null-dereference";
        while ((word = strsep(&copy, " ")))
                if (*word)
                        push(r, t, word, &index);
        return r;
}

static struct report *overflow(const char *words)
{
        struct report *r = stack(words);

        r->fault.class = "stack-overflow";
        recursion_fill(r);
        return r;
}

static void signature_is(struct report *r, const char *wanted, const char *title)
{
        signature_fill(r);
        if (!tap_ok(r->signature ? !strcmp(r->signature, wanted) : !*wanted, "%s", title))
                printf("# got    %s\n# wanted %s\n", r->signature ? r->signature : "none", wanted);
        report_free(r);
}

static void summary_is(struct report *r, const char *wanted)
{
        describe_summary(r);
        if (!tap_ok(!strcmp(r->cause.summary, wanted), "summary: %s", wanted))
                printf("# got %s\n", r->cause.summary);
        report_free(r);
}

static void signatures(void)
{
        struct report *r;

        signature_is(stack("store process main __libc_start_main@libc.so.6 _start"), "store | process | main",
                     "own frames, without the functions that start a program");
        signature_is(stack("a b c d e main"), "a | b | c | d", "at most four");
        signature_is(stack("__pthread_kill_implementation@libc.so.6 raise@libc.so.6 abort@libc.so.6 give_up main"),
                     "give_up | main", "abort is skipped");
        signature_is(stack("abort __assert_fail check main"), "check | main",
                     "abort is skipped if libc is linked statically");
        signature_is(stack("__strlen_avx2@libc.so.6 count main"), "count | main",
                     "a crash in libc starts with its caller");
        signature_is(stack("+libstdc++.so.6.0.30 std::terminate() on_terminate@/opt/lib/libcrashpre.so "
                           "std::terminate()@libstdc++.so.6 __cxa_throw@libstdc++.so.6 get main"),
                     "get | main", "terminate, libcrashpre and the throw are skipped");
        signature_is(stack("null_write ! raise@libc.so.6 on_event main"), "null_write | on_event | main",
                     "signal frames are skipped");
        signature_is(stack("i:put<int> i:all<A,B> receive main"), "put<> | all<> | receive | main",
                     "inlined calls are included");
        signature_is(stack("visit visit visit main"), "visit | main", "independent of the depth of a recursion");
        signature_is(stack("value object value object value main"), "value | object | main",
                     "independent of the depth, with several functions");
        signature_is(stack("+/usr/lib/libshop.so main"), "libshop.so+0x1139 | main",
                     "module and offset if there is no name");
        signature_is(stack("poll@libc.so.6 +libc.so.6"), "poll", "libc if there is nothing else");
        signature_is(stack("raise@libc.so.6 abort@libc.so.6 deliver@libffi.so.8 +libstdc++.so.6"), "deliver",
                     "functions that end a program are skipped if there is anything else");
        signature_is(stack("raise@libc.so.6 abort@libc.so.6"), "raise | abort",
                     "functions that end a program if there is nothing else");
        r = stack("abort@libc.so.6 main");
        r->threads[0].frames[1].file = "/usr/include/c++/12/vector";
        signature_is(r, "main", "a function of the program with a line in a header");
        r = stack("__memset_avx2@libc.so.6 i:memset clear main");
        r->threads[0].frames[1].file = "/usr/include/x86_64-linux-gnu/bits/string_fortified.h";
        signature_is(r, "clear | main", "inline functions of glibc's headers are not own");
        signature_is(stack(""), "", "no frames, no signature");
        r = stack("+/usr/bin/app call main");
        r->fault.access = "execute";
        signature_is(r, "call | main", "the target of a wild jump is not a function");
        signature_is(stack("app::main std::rt::lang_start main"), "app::main", "C's main of a Rust program is not own");
        signature_is(stack("crashpre_report give_up main"), "give_up | main", "crashpre_report() is skipped");
        signature_is(stack("core::run main"), "core::run | main", "a namespace core is skipped in Rust only");
}

static struct report *with_script(struct report *r)
{
        static struct report_script_frame script[] = { { "load", "/src/app.py", { .v = 3, .known = true } },
                                                       { "<module>", "/src/app.py", { .v = 9, .known = true } } };

        r->interpreter.language = "python";
        r->interpreter.frames = script;
        r->interpreter.frame_count = 2;
        return r;
}

static void scripts(void)
{
        static struct report_script_frame library[] = {
                { "string_at", "/usr/lib/python3.11/ctypes/__init__.py", { 0 } },
                { "load", "/src/app.py", { .v = 3, .known = true } }
        };
        struct report *r;

        static const char plain[] = "strlen@libc.so.6 string_at@_ctypes.cpython-311.so call@python3.11 main@python3.11";
        static const char extension[] = "strlen@libc.so.6 count@counter.so call@libpython3.11.so.1.0 embed main";

        signature_is(stack(plain), "string_at | call | main", "an interpreter without script");
        signature_is(with_script(stack(plain)), "load (app.py) | <module> (app.py)", "an interpreter with a script");
        r = with_script(stack(plain));
        r->interpreter.frames = library;
        r->interpreter.frame_count = 2;
        signature_is(r, "load (app.py)", "frames of the script's language library are skipped");
        signature_is(with_script(stack(extension)), "count | load (app.py) | <module> (app.py) | embed",
                     "a script between an extension and the program that embeds the interpreter");
        summary_is(with_script(stack(plain)), "null-dereference in strlen, called from load at app.py:3");
        summary_is(with_script(stack(extension)), "null-dereference in strlen, called from count");
        summary_is(with_script(stack("_PyEval@python3.11 main@python3.11")), "null-dereference in load at app.py:3");
}

static void overflows(void)
{
        signature_is(overflow("f g f g f g f g f main"), "f | g", "a stack overflow: the cycle");
        signature_is(overflow("g f g f g f g f g main"), "f | g", "independent of where in the cycle the stack ended");
        signature_is(overflow("memset@libc.so.6 log g f g f g f g main"), "f | g",
                     "independent of functions called from the cycle");
        signature_is(overflow("a left a right a a left a left left a right right a main"), "a | left | right",
                     "a traversal of a tree: recurring functions, by name");
        signature_is(
                overflow("sort compare qsort@libc.so.6 sort compare qsort@libc.so.6 sort compare qsort@libc.so.6 main"),
                "compare | sort", "the own functions of a cycle through a library");
        signature_is(overflow("big main"), "big | main", "one large frame: like any other crash");
}

static void fingerprint_differs(struct report *a, struct report *b, bool differs, const char *title)
{
        signature_fill(a);
        signature_fill(b);
        tap_ok(strlen(a->fingerprint) == 16 && !strcmp(a->fingerprint, b->fingerprint) != differs, "%s: %s, %s", title,
               a->fingerprint, b->fingerprint);
        report_free(a);
        report_free(b);
}

static struct report *with(const char *words, const char *class, const char *message, const char *type)
{
        struct report *r = stack(words);

        r->fault.class = class;
        r->cause.message = message;
        r->cause.exception.type = type;
        return r;
}

static void fingerprints(void)
{
        struct report *r = stack("a b main"), *other = stack("a b main");
        const char *assertion = "app: a.c:1: f: Assertion `n > 0' failed.",
                   *moved = "app: a.c:9: f: Assertion `n > 0' failed.";

        signature_fill(r);
        tap_ok(!strcmp(r->fingerprint, "ae81e6355589147f"), "a fingerprint is the same as in earlier versions: %s",
               r->fingerprint);
        report_free(r);
        other->threads[0].frames[0].pc.v += 0x1000;
        other->threads[0].frames[0].line = KNOWN_INT(7);
        other->process.pid = KNOWN_INT(7);
        fingerprint_differs(stack("a b main"), other, false, "independent of addresses, lines and process");
        fingerprint_differs(stack("a b main"), stack("a bmain"), true, "depends on the ends of names");
        fingerprint_differs(stack("a main"), stack("b main"), true, "depends on functions");
        fingerprint_differs(stack("a main"), with("a main", "unmapped-address", NULL, NULL), true,
                            "depends on the class");
        fingerprint_differs(with("a", "assertion", assertion, NULL), with("a", "assertion", moved, NULL), false,
                            "independent of the line of an assertion");
        fingerprint_differs(with("a", "assertion", assertion, NULL),
                            with("a", "assertion", "app: a.c:1: f: Assertion `n < 0' failed.", NULL), true,
                            "depends on the expression of an assertion");
        fingerprint_differs(with("a", "uncaught-exception", NULL, "int"), with("a", "uncaught-exception", NULL, "char"),
                            true, "depends on the type of an exception");
        fingerprint_differs(with("a", "heap-corruption", "free(): invalid pointer", NULL),
                            with("a", "heap-corruption", "free(): double free", NULL), true,
                            "depends on malloc's message");
        fingerprint_differs(
                with("a", "heap-corruption", "double free or corruption (out): 0x00000000021ac010 ***", NULL),
                with("a", "heap-corruption", "double free or corruption (out): 0x0000000000be9f10 ***", NULL), false,
                "independent of an address in malloc's message");
        fingerprint_differs(stack("std::terminate a main"), stack("std::thread::~thread a main"), true,
                            "depends on the standard library's function called");
}

/* ---- recursion ---- */

static void recursion_is(const char *words, const char *functions, int64_t count, const char *title)
{
        struct report *r = overflow(words);
        const struct report_recursion *got = &r->fault.recursion;
        const char *list = "";
        size_t i;

        for (i = 0; i < got->function_count; i++)
                list = pool_printf(&r->pool, "%s%s%s", list, i ? " " : "", got->functions[i]);
        if (!tap_ok(!strcmp(list, functions) && got->count.v == count, "%s", title))
                printf("# got    %s, %lld times\n", list, (long long)got->count.v);
        report_free(r);
}

static void recursions(void)
{
        struct report *r;
        struct recursion found;

        recursion_is("f f f f main", "f", 4, "a function calls itself");
        recursion_is("f f main", "", 0, "two calls are not a recursion");
        recursion_is("leaf f g h f g h f g h main", "f g h", 3, "three functions");
        recursion_is("h f g h f g h f g main", "f g h", 3, "starts with the same function, wherever the stack ended");
        recursion_is("f f f ...100 f f main", "f", 105, "omitted frames are counted");
        recursion_is("f g f g f g ...101 f g main", "f g", 54, "omitted frames that are not a whole number of cycles");
        recursion_is("i:f g i:f g i:f g ...100 i:f g main", "f g", 104,
                     "omitted frames are physical ones and include their inlined calls");
        recursion_is("f f f ...100 a b main", "", 0, "omitted frames followed by another cycle are not counted");
        recursion_is("w r w l w l w r w r w l w r w l w l w l ...100000 w l w l w r w r w l w main", "", 0,
                     "a few repetitions in a traversal without a cycle are accidental");
        recursion_is("a a a f g f g f g f g main", "f g", 4, "the longest recursion");
        r = stack("f f f f main");
        recursion_fill(r);
        tap_ok(!r->fault.recursion.function_count, "fault.recursion is set for a stack overflow only");
        tap_ok(recursion_find(&r->threads[0], 0, &found) && found.first == 0 && found.end == 4 && found.period == 1,
               "recursion_longest() finds it in any stack");
        tap_ok(!recursion_find(&r->threads[0], 2, &found), "not if too little of it follows");
        report_free(r);
}

/* ---- the summary ---- */

static struct report *aborted(const char *words, const char *class, const char *message)
{
        struct report *r = with(words, class, message, NULL);

        r->cause.kind = "abort";
        r->signal.name = "SIGABRT";
        r->threads[0].frames[r->threads[0].frame_count - 2].file = "/src/app/stack.c";
        r->threads[0].frames[r->threads[0].frame_count - 2].line = KNOWN_INT(42);
        return r;
}

static struct report *thrown(const char *words, const char *type, const char *what)
{
        struct report *r = aborted(words, "uncaught-exception", NULL);

        r->cause.kind = "exception";
        r->cause.exception.type = type;
        r->cause.exception.what = what;
        return r;
}

static void summaries(void)
{
        struct report *r = stack("shop::Shelf::put(shop::Item) main");

        r->fault.access = "write";
        r->fault.address = KNOWN_U64(4);
        r->threads[0].frames[0].file = "/src/inlined.cc";
        r->threads[0].frames[0].line = KNOWN_INT(23);
        summary_is(r, "null-dereference: write to 0x4 in shop::Shelf::put at inlined.cc:23");
        summary_is(stack("__strlen_evex@libc.so.6 count main"), "null-dereference in strlen, called from count");
        summary_is(stack("+libc.so.6"), "null-dereference");
        summary_is(stack(""), "null-dereference");
        r = report_new();
        r->fault.class = "trap";
        summary_is(r, "trap");
        summary_is(aborted("abort@libc.so.6 pop main", "assertion", "a: stack.c:42: pop: Assertion `n > 0' failed."),
                   "assertion failed: n > 0, in pop at stack.c:42");
        summary_is(
                aborted("abort@libc.so.6 pop main", "assertion", "v.h:9: T f(): Assertion 'n < this->size()' failed."),
                "assertion failed: n < this->size(), in pop at stack.c:42");
        summary_is(aborted("abort@libc.so.6 pop main", "stack-smashing", "*** stack smashing detected ***: terminated"),
                   "stack smashing detected, in pop at stack.c:42");
        summary_is(aborted("abort@libc.so.6 pop main", "abort", "out of\nbeer"), "out of beer, in pop at stack.c:42");
        summary_is(aborted("abort@libc.so.6 pop main", "abort", NULL), "abort in pop at stack.c:42");
        summary_is(thrown("abort@libc.so.6 mine __cxa_throw@libstdc++.so.6 pop main", "std::out_of_range", "no 7"),
                   "std::out_of_range: no 7, thrown in pop at stack.c:42");
        summary_is(thrown("abort@libc.so.6 __cxa_rethrow@libstdc++.so.6 pop main", "int", "7"),
                   "int: 7, rethrown in pop at stack.c:42");
        summary_is(
                thrown("abort@libc.so.6 std::rethrow_exception(std::__exception_ptr::exception_ptr)@libstdc++.so.6 wait main",
                       "int", "7"),
                "int: 7, rethrown in wait at stack.c:42");
        summary_is(overflow("g f g f g f g main"), "stack-overflow: f and g calling each other 3 times, in g");
        summary_is(overflow("f f f f main"), "stack-overflow: f calling itself 4 times, in f");
        summary_is(overflow("f main"), "stack-overflow in f");
        r = stack("main");
        r->fault.class = "sent-by-process";
        r->signal.sender.pid = KNOWN_INT(12);
        r->signal.sender.uid = KNOWN_INT(0);
        summary_is(r, "SIGSEGV sent by process 12, uid 0 in main");
        r = stack("main");
        r->fault.class = "sent-by-process";
        r->signal.code_name = "SI_TIMER";
        summary_is(r, "SIGSEGV sent by a timer in main");
}

int main(void)
{
        signatures();
        scripts();
        overflows();
        fingerprints();
        recursions();
        summaries();
        return tap_done();
}
