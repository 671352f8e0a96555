/* SPDX-License-Identifier: MIT */
#include "report/model/fields.h"

#define STRING_OF(name, type, member, origin)                                                \
        {                                                                                    \
                name, FIELD_STRING, offsetof(struct type, member), 0, 0, NULL, false, origin \
        }
#define STRING(name, type, member) STRING_OF(name, type, member, FIELD_FROM_PROGRAM)
#define NAME(name, type, member) STRING_OF(name, type, member, FIELD_FROM_FILE)
#define TERM(name, type, member) STRING_OF(name, type, member, FIELD_OWN)
#define PLAIN(name, kind, type, member)                                                          \
        {                                                                                        \
                name, kind, offsetof(struct type, member), 0, 0, NULL, false, FIELD_FROM_PROGRAM \
        }
#define HEX(name, type, member) PLAIN(name, FIELD_HEX, type, member)
#define INT(name, type, member) PLAIN(name, FIELD_INT, type, member)
#define REAL(name, type, member) PLAIN(name, FIELD_REAL, type, member)
#define FLAG(name, type, member) PLAIN(name, FIELD_FLAG, type, member)
#define MARK(name, type, member) PLAIN(name, FIELD_MARK, type, member)
#define OBJECT(name, type, member, sub)                                                                 \
        {                                                                                               \
                name, FIELD_OBJECT, offsetof(struct type, member), 0, 0, sub, false, FIELD_FROM_PROGRAM \
        }
#define ARRAY_OF(name, kind, type, member, counter, element, sub, always, origin)                                \
        {                                                                                                        \
                name, kind, offsetof(struct type, member), offsetof(struct type, counter), element, sub, always, \
                        origin                                                                                   \
        }
#define ARRAY(name, kind, type, member, counter, element, sub, always) \
        ARRAY_OF(name, kind, type, member, counter, element, sub, always, FIELD_FROM_PROGRAM)
#define END                                                                  \
        {                                                                    \
                NULL, FIELD_STRING, 0, 0, 0, NULL, false, FIELD_FROM_PROGRAM \
        }

static const struct field tool_fields[] = {
        TERM("name", report_tool, name),
        TERM("version", report_tool, version),
        TERM("commit", report_tool, commit),
        END,
};

static const struct field source_fields[] = {
        INT("first_line", report_source, first_line),
        ARRAY("lines", FIELD_STRINGS, report_source, lines, line_count, sizeof(const char *), NULL, false),
        END,
};

static const struct field frame_fields[] = {
        INT("index", report_frame, index),
        TERM("trust", report_frame, trust),
        HEX("pc", report_frame, pc),
        INT("module", report_frame, module),
        HEX("module_offset", report_frame, module_offset),
        HEX("lookup_offset", report_frame, lookup_offset),
        NAME("function", report_frame, function),
        NAME("symbol", report_frame, symbol),
        INT("function_offset", report_frame, function_offset),
        NAME("file", report_frame, file),
        INT("line", report_frame, line),
        INT("column", report_frame, column),
        FLAG("inline", report_frame, inlined),
        FLAG("signal_frame", report_frame, signal_frame),
        TERM("signal", report_frame, signal),
        NAME("text", report_frame, text),
        OBJECT("source", report_frame, source, source_fields),
        END,
};

static const struct field nested_fields[] = {
        NAME("type", report_nested, type),
        STRING("what", report_nested, what),
        END,
};

static const struct field exception_fields[] = {
        NAME("type", report_exception, type),
        STRING("what", report_exception, what),
        ARRAY("nested", FIELD_LIST, report_exception, nested, nested_count, sizeof(struct report_nested), nested_fields,
              false),
        ARRAY("thrown_at", FIELD_LIST, report_exception, thrown_at, thrown_at_count, sizeof(struct report_frame),
              frame_fields, false),
        END,
};

static const struct field cause_fields[] = {
        TERM("kind", report_cause, kind),
        STRING("summary", report_cause, summary),
        STRING("message", report_cause, message),
        TERM("handler", report_cause, handler),
        TERM("chance", report_cause, chance),
        MARK("relayed", report_cause, relayed),
        OBJECT("exception", report_cause, exception, exception_fields),
        END,
};

static const struct field sender_fields[] = {
        INT("pid", report_sender, pid),
        INT("uid", report_sender, uid),
        STRING("name", report_sender, name),
        END,
};

static const struct field signal_fields[] = {
        INT("number", report_signal, number),
        TERM("name", report_signal, name),
        INT("code", report_signal, code),
        TERM("code_name", report_signal, code_name),
        HEX("address", report_signal, address),
        INT("syscall", report_signal, syscall),
        TERM("syscall_name", report_signal, syscall_name),
        OBJECT("sender", report_signal, sender, sender_fields),
        END,
};

static const struct field recursion_fields[] = {
        ARRAY_OF("functions", FIELD_STRINGS, report_recursion, functions, function_count, sizeof(const char *), NULL,
                 false, FIELD_FROM_FILE),
        INT("count", report_recursion, count),
        END,
};

static const struct field fault_fields[] = {
        TERM("class", report_fault, class),
        TERM("access", report_fault, access),
        HEX("address", report_fault, address),
        NAME("instruction", report_fault, instruction),
        NAME("operand", report_fault, operand),
        NAME("mapping", report_fault, mapping),
        STRING("explanation", report_fault, explanation),
        INT("frame", report_fault, frame),
        OBJECT("recursion", report_fault, recursion, recursion_fields),
        END,
};

static const struct field ancestor_fields[] = {
        INT("pid", report_ancestor, pid),
        STRING("name", report_ancestor, name),
        END,
};

static const struct field process_fields[] = {
        INT("pid", report_process, pid),
        INT("ppid", report_process, ppid),
        ARRAY("ancestors", FIELD_LIST, report_process, ancestors, ancestor_count, sizeof(struct report_ancestor),
              ancestor_fields, false),
        INT("tracer_pid", report_process, tracer_pid),
        NAME("exe", report_process, exe),
        ARRAY("cmdline", FIELD_STRINGS, report_process, cmdline, cmdline_count, sizeof(const char *), NULL, false),
        NAME("cwd", report_process, cwd),
        INT("uid", report_process, uid),
        INT("gid", report_process, gid),
        TERM("start_time", report_process, start_time),
        REAL("uptime_seconds", report_process, uptime_seconds),
        ARRAY("environment", FIELD_PAIRS, report_process, environment, environment_count, sizeof(struct report_pair),
              NULL, false),
        END,
};

static const struct field system_fields[] = {
        STRING("kernel", report_system, kernel),
        TERM("machine", report_system, machine),
        STRING("distribution", report_system, distribution),
        STRING("hostname", report_system, hostname),
        INT("cpus", report_system, cpus),
        STRING("container", report_system, container),
        END,
};

static const struct field context_fields[] = {
        STRING("module", report_context, module),
        STRING("class", report_context, class),
        STRING("phase", report_context, phase),
        END,
};

static const struct field script_frame_fields[] = {
        STRING("function", report_script_frame, function),
        NAME("file", report_script_frame, file),
        INT("line", report_script_frame, line),
        END,
};

static const struct field interpreter_fields[] = {
        TERM("language", report_interpreter, language),
        ARRAY("frames", FIELD_LIST, report_interpreter, frames, frame_count, sizeof(struct report_script_frame),
              script_frame_fields, false),
        END,
};

static const struct field thread_fields[] = {
        INT("tid", report_thread, tid),
        STRING("name", report_thread, name),
        FLAG("crashed", report_thread, crashed),
        ARRAY("context", FIELD_LIST, report_thread, context, context_count, sizeof(struct report_context),
              context_fields, false),
        ARRAY("registers", FIELD_REGISTERS, report_thread, registers, register_count, sizeof(struct report_register),
              NULL, false),
        ARRAY("frames", FIELD_LIST, report_thread, frames, frame_count, sizeof(struct report_frame), frame_fields,
              true),
        OBJECT("interpreter", report_thread, interpreter, interpreter_fields),
        INT("frames_omitted", report_thread, frames_omitted),
        TERM("unwind_end", report_thread, unwind_end),
        END,
};

static const struct field memory_fields[] = {
        TERM("register", report_memory, register_name),
        HEX("address", report_memory, address),
        NAME("mapping", report_memory, mapping),
        TERM("bytes", report_memory, bytes),
        INT("length", report_memory, length),
        TERM("withheld", report_memory, withheld),
        END,
};

static const struct field instruction_fields[] = {
        HEX("address", report_instruction, address),
        NAME("text", report_instruction, text),
        FLAG("faulting", report_instruction, faulting),
        END,
};

static const struct field module_fields[] = {
        NAME("path", report_module, path),
        HEX("base", report_module, base),
        HEX("end", report_module, end),
        TERM("build_id", report_module, build_id),
        NAME("debug_file", report_module, debug_file),
        TERM("status", report_module, status),
        END,
};

static const struct field breadcrumb_fields[] = {
        TERM("time", report_breadcrumb, time),
        INT("tid", report_breadcrumb, tid),
        STRING("category", report_breadcrumb, category),
        STRING("message", report_breadcrumb, message),
        END,
};

static const struct field files_fields[] = {
        TERM("raw", report_files, raw),
        END,
};

static const struct field diagnostic_fields[] = {
        TERM("stage", report_diagnostic, stage),
        STRING("message", report_diagnostic, message),
        END,
};

static const struct field timings_fields[] = {
        INT("raw", report_timings, raw),
        INT("attach", report_timings, attach),
        INT("unwind", report_timings, unwind),
        INT("held", report_timings, held),
        INT("symbolize", report_timings, symbolize),
        INT("total", report_timings, total),
        END,
};

const struct field report_fields[] = {
        TERM("schema", report, schema),
        TERM("id", report, id),
        TERM("time", report, time),
        REAL("time_unix", report, time_unix),
        OBJECT("tool", report, tool, tool_fields),
        OBJECT("cause", report, cause, cause_fields),
        OBJECT("signal", report, signal, signal_fields),
        OBJECT("fault", report, fault, fault_fields),
        OBJECT("process", report, process, process_fields),
        OBJECT("system", report, system, system_fields),
        NAME("signature", report, signature),
        TERM("fingerprint", report, fingerprint),
        ARRAY("threads", FIELD_LIST, report, threads, thread_count, sizeof(struct report_thread), thread_fields, true),
        OBJECT("interpreter", report, interpreter, interpreter_fields),
        ARRAY("modules", FIELD_LIST, report, modules, module_count, sizeof(struct report_module), module_fields, true),
        ARRAY("memory", FIELD_LIST, report, memory, memory_count, sizeof(struct report_memory), memory_fields, false),
        ARRAY("disassembly", FIELD_LIST, report, disassembly, disassembly_count, sizeof(struct report_instruction),
              instruction_fields, false),
        ARRAY("breadcrumbs", FIELD_LIST, report, breadcrumbs, breadcrumb_count, sizeof(struct report_breadcrumb),
              breadcrumb_fields, true),
        ARRAY("metadata", FIELD_METADATA, report, metadata, metadata_count, sizeof(struct report_metadata), NULL, true),
        OBJECT("files", report, files, files_fields),
        ARRAY("diagnostics", FIELD_LIST, report, diagnostics, diagnostic_count, sizeof(struct report_diagnostic),
              diagnostic_fields, true),
        OBJECT("timings_us", report, timings_us, timings_fields),
        END,
};
