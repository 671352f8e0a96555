/* SPDX-License-Identifier: MIT */
/* report/model/model.h: a crash report in memory.
 *
 * It depends on neither ptrace nor JSON: the helper fills it from a live process, raw/read.c from a raw report,
 * json.c from a JSON report; json.c and text.c write it. Every string and array is borrowed from the report's pool
 * and valid until report_free(). Unknown: NULL for a string, `known` false for a number, n == 0 for a list. Values of
 * open enumerations (classes, trusts, ...) are strings, so that values of a later version are preserved. Strings
 * contain the original bytes: the writers escape them. Not async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_MODEL_H
#define CRASHPRE_REPORT_MODEL_H

#include "report/model/pool.h"

#include <stdbool.h>
#include <stdint.h>

#define REPORT_SCHEMA "crashpre-report/1"

struct known_u64 {
        uint64_t v;
        bool known;
};

struct known_int {
        int64_t v;
        bool known;
};

struct known_real {
        double v;
        bool known;
};

#define KNOWN_U64(x) ((struct known_u64){ .v = (x), .known = true })
#define KNOWN_INT(x) ((struct known_int){ .v = (x), .known = true })
#define KNOWN_REAL(x) ((struct known_real){ .v = (x), .known = true })

struct report_pair {
        const char *name, *value;
};

struct report_register {
        const char *name;
        uint64_t value;
};

enum report_value_kind { REPORT_STRING, REPORT_INTEGER, REPORT_REAL, REPORT_BOOLEAN };

struct report_metadata {
        const char *name;
        enum report_value_kind kind;
        const char *string;
        int64_t integer;
        double real;
        bool boolean;
};

struct report_tool {
        const char *name, *version, *commit;
};

struct report_nested {
        const char *type, *what;
};

struct report_exception {
        const char *type;             /* demangled */
        const char *what;             /* what() of a std::exception; the value of a string or number */
        struct report_nested *nested; /* std::nested_exception: the nested exceptions, outermost first */
        size_t nested_count;
        struct report_frame *thrown_at; /* stack of the original throw of a rethrown one */
        size_t thrown_at_count;
};

struct report_cause {
        const char *kind;    /* signal, abort, assertion, exception, request */
        const char *summary; /* set last, by describe_summary() */
        const char *message; /* the program's last message: assertion, malloc, fortify; of a request: its reason */
        const char *handler; /* abort, exit, raise: how the program's own handler of the signal ended it; else NULL */
        const char *chance;  /* "first": the program's own handler runs after the report and may recover; else NULL */
        bool relayed;        /* the process passed on the signal that its child had died of: the crash is the child's */
        struct report_exception exception;
};

struct report_sender {
        struct known_int pid, uid;
        const char *name; /* comm, if the sender still existed */
};

struct report_signal {
        struct known_int number;
        const char *name;
        struct known_int code;
        const char *code_name;
        struct known_u64 address;
        struct known_int syscall; /* of a SIGSYS */
        const char *syscall_name;
        struct report_sender sender;
};

/* The repeated calls of a stack overflow, innermost first: each is called by the next one, the last by the first. */
struct report_recursion {
        const char **functions;
        size_t function_count;
        struct known_int count; /* number of repetitions, including omitted frames */
};

struct report_fault {
        const char *class;
        const char *access; /* read, write, execute */
        struct known_u64 address;
        const char *instruction; /* the faulting one, AT&T syntax */
        const char *operand;     /* its operand that is the address */
        const char *mapping;     /* path, [heap], [stack], ... of the address */
        const char *explanation; /* a sentence */
        struct known_int
                frame; /* index in threads[0].frames, if a handler that was called for the fault ended the process */
        struct report_recursion recursion;
};

struct report_ancestor {
        struct known_int pid;
        const char *name; /* comm */
};

/* Process IDs of other processes are those of the /proc that the helper sees. */
struct report_process {
        struct known_int pid, ppid;
        struct report_ancestor *ancestors; /* the parent first; a part if /proc does not show them all */
        size_t ancestor_count;
        struct known_int tracer_pid; /* a debugger, strace, ... */
        const char *exe;
        const char **cmdline;
        size_t cmdline_count;
        const char *cwd;
        struct known_int uid, gid;
        const char *start_time; /* as report.time */
        struct known_real uptime_seconds;
        struct report_pair *environment;
        size_t environment_count;
};

struct report_system {
        const char *kernel, *machine, *distribution, *hostname;
        struct known_int cpus;
        const char *container; /* docker, podman, lxc, ...: NULL outside any known one */
};

/* Unmodified lines of a source file. */
struct report_source {
        struct known_int first_line; /* counted from 1 */
        const char **lines;
        size_t line_count;
};

/* A call: inlined calls precede the physical frame they are part of, and have its pc and trust. */
struct report_frame {
        struct known_int index; /* depth; not consecutive if frames were omitted */
        const char *trust;
        struct known_u64 pc;
        struct known_int module;          /* index into modules */
        struct known_u64 module_offset;   /* pc as ELF virtual address */
        struct known_u64 lookup_offset;   /* pc - 1 for callers, as ELF virtual address */
        const char *function, *symbol;    /* demangled; as in the ELF file */
        struct known_int function_offset; /* pc minus the start of the function; not of an inlined one */
        const char *file;                 /* absolute; relative only if the compiler mapped prefixes */
        struct known_int line, column;
        bool inlined;
        bool signal_frame;
        const char *signal; /* the one of a signal frame */
        const char *text;
        struct report_source source;
};

struct report_script_frame {
        const char *function, *file;
        struct known_int line;
};

/* A thread's stack in an interpreter, innermost first. */
struct report_interpreter {
        const char *language; /* python */
        struct report_script_frame *frames;
        size_t frame_count;
};

struct report_memory {
        const char *register_name;
        struct known_u64 address;
        const char *mapping;
        const char *bytes;       /* hexadecimal; NULL if they are withheld */
        struct known_int length; /* of withheld bytes */
        const char *withheld;    /* why: report/gather/privacy.h */
};

struct report_instruction {
        struct known_u64 address;
        const char *text;
        bool faulting;
};

struct report_context {
        const char *module, *class, *phase;
};

struct report_thread {
        struct known_int tid;
        const char *name;
        bool crashed;
        struct report_context *context;
        size_t context_count;
        struct report_register *registers;
        size_t register_count;
        struct report_frame *frames;
        size_t frame_count;
        struct known_int frames_omitted; /* physical frames: calls inlined into them are unknown */
        const char *unwind_end;
        struct report_interpreter interpreter; /* language NULL: the thread runs no script */
};

struct report_module {
        const char *path;
        struct known_u64 base, end;
        const char *build_id, *debug_file, *status;
};

struct report_breadcrumb {
        const char *time;
        struct known_int tid;
        const char *category, *message;
};

struct report_files {
        const char *raw; /* file name, in the directory of the report */
};

struct report_diagnostic {
        const char *stage, *message;
};

struct report_timings {
        struct known_int raw, attach, unwind, held, symbolize, total;
};

struct report {
        struct pool pool;
        const char *schema, *id, *time;
        struct known_real time_unix;
        struct report_tool tool;
        struct report_cause cause;
        struct report_signal signal;
        struct report_fault fault;
        struct report_process process;
        struct report_system system;
        const char *signature, *fingerprint;
        struct report_thread *threads; /* the crashed one first */
        size_t thread_count;
        struct report_interpreter interpreter; /* of the crashed thread */
        struct report_module *modules;
        size_t module_count;
        struct report_memory *memory;
        size_t memory_count;
        struct report_instruction *disassembly;
        size_t disassembly_count;
        struct report_breadcrumb *breadcrumbs;
        size_t breadcrumb_count;
        struct report_metadata *metadata;
        size_t metadata_count;
        struct report_files files;
        struct report_diagnostic *diagnostics;
        size_t diagnostic_count;
        struct report_timings timings_us;
};

/* Returns a new, empty report, freed by report_free(), which accepts NULL. */
struct report *report_new(void);
void report_free(struct report *report);

/* Adds a diagnostic unless the same stage and message were added before. */
void report_diagnose(struct report *report, const char *stage, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Returns "2026-11-21T14:35:12.123456Z", from the pool. */
const char *report_format_time(struct report *report, int64_t sec, int64_t nsec);

#endif
