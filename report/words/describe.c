/* SPDX-License-Identifier: MIT */
#include "report/words/describe.h"

#include "report/model/names.h"
#include "report/words/own.h"
#include "report/words/recursion.h"
#include "unwind/core/terms/fault_class.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"
#include "unwind/elf/demangle.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Limits of a message, and of the functions of a recursion, in the summary. */
#define SUMMARY_TEXT 160
#define SUMMARY_FUNCTIONS 4

const char *describe_program(struct report *report)
{
        const char *name = str_base(report->process.exe);

        if (!name && report->process.cmdline_count)
                name = str_base(report->process.cmdline[0]);
        return name && *name ? name : "process";
}

const char *describe_signal(struct report *report, int signal)
{
        const char *name = signames_signal(signal);

        if (!name && signal >= SIGRTMIN && signal <= SIGRTMAX)
                name = pool_printf(&report->pool, "SIGRTMIN+%d", signal - SIGRTMIN);
        return name;
}

const char *describe_type(struct pool *pool, const char *mangled)
{
        static const char prefix[] = "typeinfo for ";
        char *demangled = demangle(pool_printf(pool, "_ZTI%s", mangled));
        const char *name = mangled;

        if (demangled && !strncmp(demangled, prefix, sizeof(prefix) - 1))
                name = demangled + sizeof(prefix) - 1;
        name = pool_strdup(pool, name);
        free(demangled);
        return name;
}

static bool is(const char *word, const char *expected)
{
        return word && !strcmp(word, expected);
}

static const char *sent_by(struct report *report)
{
        const struct report_sender *sender = &report->signal.sender;
        const char *code = report->signal.code_name;

        if (is(code, "SI_TIMER"))
                return "by a timer";
        if (is(code, "SI_MESGQ"))
                return "by a message queue";
        if (is(code, "SI_ASYNCIO") || is(code, "SI_SIGIO"))
                return "by asynchronous I/O";
        if (!sender->pid.known)
                return NULL;
        if (report->process.pid.known && sender->pid.v == report->process.pid.v)
                return "by itself";
        if (!sender->pid.v)
                return "by a process that is not known here";
        if (sender->name)
                return pool_printf(&report->pool, "by %s [%" PRId64 "], uid %" PRId64, sender->name, sender->pid.v,
                                   sender->uid.v);
        return pool_printf(&report->pool, "by process %" PRId64 ", uid %" PRId64, sender->pid.v, sender->uid.v);
}

static const char *access_phrase(struct report *report)
{
        const struct report_fault *fault = &report->fault;
        const char *verb = fault->access;

        if (!fault->address.known)
                return NULL;
        if (is(verb, "read"))
                verb = "read from";
        else if (is(verb, "write"))
                verb = "write to";
        else if (is(verb, "execute"))
                verb = "jump to";
        else
                verb = "access to";
        return pool_printf(&report->pool, "%s 0x%" PRIx64, verb, fault->address.v);
}

/* Returns the text after the class, or NULL. */
static const char *detail(struct report *report)
{
        const char *class = report->fault.class;

        if (fault_class_is(class, FAULT_SENT_BY_PROCESS))
                return sent_by(report);
        if (fault_class_is(class, FAULT_UNCAUGHT_EXCEPTION))
                return report->cause.exception.type ? names_readable(&report->pool, report->cause.exception.type)
                                                    : NULL;
        if (fault_class_is(class, FAULT_BAD_SYSTEM_CALL) && report->signal.syscall_name)
                return report->signal.syscall_name;
        if (fault_class_is(class, FAULT_BAD_SYSTEM_CALL) && report->signal.syscall.known)
                return pool_printf(&report->pool, "number %" PRId64, report->signal.syscall.v);
        return access_phrase(report);
}

static const char *signal_name(struct report *report)
{
        if (report->signal.name)
                return report->signal.name;
        return report->signal.number.known ? pool_printf(&report->pool, "signal %" PRId64, report->signal.number.v)
                                           : "an unknown signal";
}

const char *describe_finding(struct report *report)
{
        static const char prefix[] = "AddressSanitizer: "; /* preload/program/sanitizer.c */
        const char *message = report->cause.message;

        if (!is(report->cause.kind, "request") || !message || !str_begins(message, prefix))
                return NULL;
        message += sizeof(prefix) - 1;
        return pool_strndup(&report->pool, message, strcspn(message, ":"));
}

const char *describe_cause(struct report *report)
{
        const char *class = report->fault.class, *name = signal_name(report), *more;

        if (describe_finding(report))
                return report->cause.message;
        if (is(report->cause.kind, "request"))
                return report->cause.message && *report->cause.message
                               ? pool_printf(&report->pool, "a request (%s)", report->cause.message)
                               : "a request";
        if (!class)
                return name;
        more = detail(report);
        if (fault_class_is(class, FAULT_UNKNOWN))
                return more ? pool_printf(&report->pool, "%s (%s)", name, more) : name;
        return more ? pool_printf(&report->pool, "%s (%s: %s)", name, class, more)
                    : pool_printf(&report->pool, "%s (%s)", name, class);
}

static const char *process_name(struct report *report)
{
        const char *program = describe_program(report);

        return report->process.pid.known ? pool_printf(&report->pool, "%s[%" PRId64 "]", program, report->process.pid.v)
                                         : program;
}

/* NULL: the process died of the signal itself. */
static const char *handler_end(const struct report *report)
{
        if (is(report->cause.handler, "abort"))
                return ", and its own handler aborted";
        return is(report->cause.handler, "exit") ? ", and its own handler ended it by exit" : NULL;
}

const char *describe_headline(struct report *report)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        const char *cause = describe_cause(report), *what = process_name(report);
        const char *end = handler_end(report), *verb = end || is(report->cause.chance, "first") ? "got" : "died of";

        if (describe_finding(report))
                return pool_printf(&report->pool, "%s: %s", what, cause);
        if (is(report->cause.kind, "request"))
                return pool_printf(&report->pool, "%s: report on %s", what, cause);
        if (!end)
                end = "";
        if (!thread || !thread->tid.known || thread->tid.v == report->process.pid.v)
                return pool_printf(&report->pool, "%s %s %s%s", what, verb, cause, end);
        return pool_printf(&report->pool, "%s %s %s in thread %s [%" PRId64 "]%s", what, verb, cause,
                           thread->name ? thread->name : "?", thread->tid.v, end);
}

/* ---- location ---- */

/* Returns a plain name: parameters and template arguments are printed in the stack below. */
static const char *function_name(struct report *report, const struct report_frame *frame)
{
        return frame->function ? names_plain(&report->pool, frame->function) : describe_place(report, frame);
}

static const char *place_of_frame(struct report *report, const struct report_frame *frame)
{
        const char *line = describe_line(report, frame), *name = function_name(report, frame);

        return line ? pool_printf(&report->pool, "%s at %s", name, line) : name;
}

/* Returns the innermost location in own code: a frame, or a script's frame. *index is its index in the native stack. */
static const char *own_place(struct report *report, size_t *index)
{
        const struct report_thread *thread = &report->threads[0];
        const struct report_script_frame *script =
                report->interpreter.frame_count ? &report->interpreter.frames[own_script_frame(report)] : NULL;
        const bool *own = own_frames(report, thread);
        size_t end = own_script_begin(report);

        for (*index = own_begin(report); *index < thread->frame_count; ++*index) {
                if (own[*index])
                        return place_of_frame(report, &thread->frames[*index]);
                if (*index == end && script && script->function && script->file && script->line.known)
                        return pool_printf(&report->pool, "%s at %s:%" PRId64, script->function, str_base(script->file),
                                           script->line.v);
        }
        return NULL;
}

/* Of the foreign functions above own code the outermost is printed, since it is the one that the source names. */
const char *describe_where(struct report *report)
{
        const struct report_frame *frames;
        const char *own, *called;
        size_t i;

        if (!report->thread_count || !report->threads[0].frame_count)
                return NULL;
        frames = report->threads[0].frames;
        own = own_place(report, &i);
        if (!own)
                return frames[own_fault(report)].function
                               ? pool_printf(&report->pool, "in %s", place_of_frame(report, &frames[own_fault(report)]))
                               : NULL;
        called = i > own_begin(report) && frames[i - 1].function ? function_name(report, &frames[i - 1]) : NULL;
        if (!called || !is(report->cause.kind, "signal"))
                return pool_printf(&report->pool, "in %s", own);
        return pool_printf(&report->pool, "in %s, called from %s", called, own);
}

/* ---- the summary ---- */

const char *describe_assertion(struct report *report)
{
        const char *message = report->cause.message, *begin, *end, *next;

        /* GLib, gtestutils.c: "ERROR:a.c:8:main: assertion failed: (n > 0)", "assertion failed (a == b): (3 == 5)". */
        begin = message ? strstr(message, "assertion failed: (") : NULL;
        if (begin && message[strlen(message) - 1] == ')')
                return pool_strndup(&report->pool, begin + 19, strlen(begin) - 20);
        begin = message ? strstr(message, "assertion failed (")
                        : NULL; /* the values behind it differ from run to run */
        end = begin ? strstr(begin, "): ") : NULL;
        if (end)
                return pool_strndup(&report->pool, begin + 18, (size_t)(end - begin - 18));
        begin = message ? strstr(message, "ASSERT: \"") : NULL; /* Qt: "ASSERT: \"n > 0\" in file a.cc, line 8" */
        end = begin ? strstr(begin + 9, "\" in file ") : NULL;
        if (end)
                return pool_strndup(&report->pool, begin + 9, (size_t)(end - begin - 9));
        /* glibc, assert/assert.c: "%s%s%s:%u: %s%sAssertion `%s' failed.\n"; libstdc++ has two like quotes. */
        begin = message ? strstr(message, "Assertion ") : NULL;
        if (!begin || !strchr("`'", begin[10]) || !begin[10])
                return NULL;
        begin += 11;
        for (end = NULL, next = begin; (next = strstr(next, "' failed")); next++)
                end = next;
        return end ? pool_strndup(&report->pool, begin, (size_t)(end - begin)) : NULL;
}

/* Returns a single line of limited length, whatever the message contains. */
static const char *one_line(struct report *report, const char *s)
{
        char *line = pool_strndup(&report->pool, s, strnlen(s, 4 * SUMMARY_TEXT)), *c;

        for (c = line; *c; c++)
                if (*c == '\n' || *c == '\t')
                        *c = ' ';
        return names_cut(&report->pool, line, SUMMARY_TEXT);
}

/* What is behind the prefix of a logging library: "F20261201 10:20:30.123456  4242 a.cc:12] Check failed: ...", "[a.cc : 12] RAW: ...". */
static const char *without_prefix(const char *message)
{
        const char *end = strstr(message, "] RAW: ");

        if (*message == '[' && end)
                return end + 7;
        end = strstr(message, "] ");
        return *message == 'F' && message[1] >= '0' && message[1] <= '9' && end ? end + 2 : message;
}

/* Returns the message; for "*** stack smashing detected ***: terminated" without the asterisks. */
static const char *message_phrase(struct report *report)
{
        const char *assertion = describe_assertion(report), *message = report->cause.message, *end;

        if (assertion)
                return pool_printf(&report->pool, "assertion failed: %s", one_line(report, assertion));
        if (strncmp(message, "*** ", 4))
                return one_line(report, without_prefix(message));
        end = strstr(message + 4, " ***");
        return end ? pool_strndup(&report->pool, message + 4, (size_t)(end - message - 4)) : one_line(report, message);
}

static const char *exception_phrase(struct report *report)
{
        const struct report_exception *e = &report->cause.exception;
        const char *type = names_short(&report->pool, e->type, SUMMARY_TEXT);

        return e->what ? pool_printf(&report->pool, "%s: %s", type, one_line(report, e->what)) : type;
}

/* Formats "f, g and h". */
static const char *join_names(struct report *report, const char **names, size_t n)
{
        const char *list = names[0];
        size_t i;

        for (i = 1; i < n; i++)
                list = pool_printf(&report->pool, "%s%s%s", list, i + 1 < n ? ", " : " and ", names[i]);
        return list;
}

const char *describe_recursion(struct report *report)
{
        size_t n;
        const char **names = recursion_own_names(report, &n);

        if (!n)
                return NULL;
        if (n > SUMMARY_FUNCTIONS)
                n = SUMMARY_FUNCTIONS;
        return pool_printf(&report->pool, "%s calling %s %" PRId64 " times", join_names(report, names, n),
                           n > 1 ? "each other" : "itself", report->fault.recursion.count.v);
}

static const char *fault_phrase(struct report *report)
{
        const char *class = report->fault.class, *more;

        if (fault_class_is(class, FAULT_STACK_OVERFLOW))
                return report->fault.recursion.function_count
                               ? pool_printf(&report->pool, "stack-overflow: %s", describe_recursion(report))
                               : class;
        if (!class || fault_class_is(class, FAULT_UNKNOWN))
                return describe_cause(report);
        more = detail(report);
        if (fault_class_is(class, FAULT_SENT_BY_PROCESS))
                return pool_printf(&report->pool, "%s sent %s", signal_name(report), more ? more : "by a process");
        return more ? pool_printf(&report->pool, "%s: %s", class, more) : class;
}

const char *describe_what(struct report *report)
{
        if (is(report->cause.kind, "request"))
                return describe_cause(report);
        if (report->cause.exception.type && !is(report->cause.kind, "signal")) /* and what() itself did not crash */
                return exception_phrase(report);
        if (report->cause.message &&
            !(is(report->cause.kind, "signal") && own_fault(report))) /* or the handler's message */
                return message_phrase(report);
        return fault_phrase(report);
}

/* Returns the separator between cause and location; a fault needs none. */
static const char *separator(struct report *report)
{
        size_t begin = own_begin(report);
        const char *function = NULL;

        if (report->thread_count && begin < report->threads[0].frame_count)
                function = report->threads[0].frames[begin].function;
        if (is(function, "__cxa_throw"))
                return ", thrown ";
        if (is(function, "__cxa_rethrow") || (function && !strncmp(function, "std::rethrow_exception(", 23)))
                return ", rethrown ";
        if (report->cause.exception.type || report->cause.message || report->fault.recursion.function_count)
                return ", ";
        return " ";
}

void describe_summary(struct report *report)
{
        const char *what = describe_what(report), *where = describe_where(report);

        report->cause.summary = where && (!is(report->cause.kind, "request") || describe_finding(report))
                                        ? pool_printf(&report->pool, "%s%s%s", what, separator(report), where)
                                        : what;
}

/* ---- frames ---- */

static const char *module_name(const struct report *report, const struct report_frame *frame)
{
        if (!frame->module.known || frame->module.v < 0 || (uint64_t)frame->module.v >= report->module_count)
                return NULL;
        return str_base(report->modules[frame->module.v].path);
}

const char *describe_place(struct report *report, const struct report_frame *frame)
{
        const char *module = module_name(report, frame);

        if (module && frame->module_offset.known)
                return pool_printf(&report->pool, "%s+0x%" PRIx64, module, frame->module_offset.v);
        return pool_printf(&report->pool, "0x%" PRIx64, frame->pc.v);
}

const char *describe_line(struct report *report, const struct report_frame *frame)
{
        if (!frame->file || !frame->line.known)
                return NULL;
        return pool_printf(&report->pool, "%s:%" PRId64, str_base(frame->file), frame->line.v);
}

const char *describe_data(struct report *report, const struct report_frame *frame)
{
        if (frame->function || !frame->symbol)
                return NULL;
        if (!frame->function_offset.known || !frame->function_offset.v)
                return pool_printf(&report->pool, "data %s", frame->symbol);
        return pool_printf(&report->pool, "data %s+0x%" PRIx64, frame->symbol, (uint64_t)frame->function_offset.v);
}

const char *describe_frame(struct report *report, const struct report_frame *frame)
{
        const char *module = module_name(report, frame), *name = frame->function, *line = describe_line(report, frame);

        if (frame->signal_frame)
                return "<signal handler called>";
        if (line)
                return pool_printf(&report->pool, "%s at %s", name ? name : describe_place(report, frame), line);
        if (!name && describe_data(report, frame))
                return pool_printf(&report->pool, "%s in %s", describe_data(report, frame), module);
        if (!name)
                return describe_place(report, frame);
        if (frame->function_offset.known && frame->function_offset.v)
                name = pool_printf(&report->pool, "%s+0x%" PRIx64, name, (uint64_t)frame->function_offset.v);
        return module ? pool_printf(&report->pool, "%s in %s", name, module) : name;
}
