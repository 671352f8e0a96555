/* SPDX-License-Identifier: MIT */
#include "report/describe.h"

#include "unwind/symbols.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *describe_base_name(const char *path)
{
        const char *slash = path ? strrchr(path, '/') : NULL;

        return slash && slash[1] ? slash + 1 : path;
}

const char *describe_program(struct report *report)
{
        const char *name = describe_base_name(report->process.exe);

        if (!name && report->process.cmdline_count)
                name = describe_base_name(report->process.cmdline[0]);
        return name && *name ? name : "process";
}

const char *describe_type(struct pool *pool, const char *mangled)
{
        static const char prefix[] = "typeinfo for ";
        char *demangled = symbols_demangle(pool_printf(pool, "_ZTI%s", mangled));
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

        if (!sender->pid.known)
                return NULL;
        if (report->process.pid.known && sender->pid.v == report->process.pid.v)
                return "by itself";
        if (!sender->pid.v)
                return "by a process outside this container";
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

/* What follows the class, or NULL. */
static const char *detail(struct report *report)
{
        const char *class = report->fault.class;

        if (is(class, "sent-by-process"))
                return sent_by(report);
        if (is(class, "uncaught-exception"))
                return report->cause.exception.type;
        if (is(class, "bad-system-call") && report->signal.syscall.known)
                return pool_printf(&report->pool, "number %" PRId64, report->signal.syscall.v);
        return access_phrase(report);
}

const char *describe_cause(struct report *report)
{
        const char *class = report->fault.class, *name = report->signal.name, *more;

        if (is(report->cause.kind, "request"))
                return report->cause.message ? pool_printf(&report->pool, "a request (%s)", report->cause.message)
                                             : "a request";
        if (!name)
                name = report->signal.number.known
                               ? pool_printf(&report->pool, "signal %" PRId64, report->signal.number.v)
                               : "an unknown signal";
        if (!class)
                return name;
        more = detail(report);
        if (is(class, "unknown"))
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

const char *describe_headline(struct report *report)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        const char *cause = describe_cause(report), *what = process_name(report);
        const char *verb = is(report->cause.chance, "first") ? "got" : "died of";

        if (is(report->cause.kind, "request"))
                return pool_printf(&report->pool, "%s: report on %s", what, cause);
        if (!thread || !thread->tid.known || thread->tid.v == report->process.pid.v)
                return pool_printf(&report->pool, "%s %s %s", what, verb, cause);
        return pool_printf(&report->pool, "%s %s %s in thread %s [%" PRId64 "]", what, verb, cause,
                           thread->name ? thread->name : "?", thread->tid.v);
}

void describe_summary(struct report *report)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        const char *cause = describe_cause(report), *line;
        const struct report_frame *frame = NULL;
        size_t i;

        report->cause.summary = cause;
        /* Of a sent or raised signal the innermost frames are the kernel's entry and libc's, which say nothing. */
        if (!thread || !report->fault.address.known)
                return;
        for (i = 0; i < thread->frame_count && !frame; i++)
                if (thread->frames[i].function)
                        frame = &thread->frames[i];
        if (!frame)
                return;
        line = describe_line(report, frame);
        report->cause.summary = pool_printf(&report->pool, "%s in %s%s%s", cause, frame->function, line ? " at " : "",
                                            line ? line : "");
}

static const char *module_name(const struct report *report, const struct report_frame *frame)
{
        if (!frame->module.known || frame->module.v < 0 || (uint64_t)frame->module.v >= report->module_count)
                return NULL;
        return describe_base_name(report->modules[frame->module.v].path);
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
        return pool_printf(&report->pool, "%s:%" PRId64, describe_base_name(frame->file), frame->line.v);
}

const char *describe_frame(struct report *report, const struct report_frame *frame)
{
        const char *module = module_name(report, frame), *name = frame->function, *line = describe_line(report, frame);

        if (frame->signal_frame)
                return "<signal handler called>";
        if (line)
                return pool_printf(&report->pool, "%s at %s", name ? name : describe_place(report, frame), line);
        if (!name)
                return describe_place(report, frame);
        if (frame->function_offset.known && frame->function_offset.v)
                name = pool_printf(&report->pool, "%s+0x%" PRIx64, name, (uint64_t)frame->function_offset.v);
        return module ? pool_printf(&report->pool, "%s in %s", name, module) : name;
}
