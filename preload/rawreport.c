/* SPDX-License-Identifier: MIT */
#include "preload/rawreport.h"
#include "preload/dispatch.h"
#include "preload/encode.h"
#include "preload/guard.h"
#include "preload/memmap.h"
#include "preload/notes.h"
#include "preload/output.h"
#include "preload/probe.h"
#include "preload/settings.h"
#include "preload/sigsafe.h"
#include "preload/stackwalk.h"
#include "preload/syscalls.h"
#include "unwind/core/maps.h"
#include "unwind/core/raw_format.h"
#include "unwind/core/signames.h"
#include "version.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>

#define STDERR_PATIENCE_NS 2000000000ull /* for a pipe that nobody reads */
#define DELETED " (deleted)"             /* proc(5), /proc/PID/exe */
#define DELETED_LEN (ssize_t)(sizeof(DELETED) - 1)
#define NULL_PAGE 4096u
#define ARGUMENTS_MAX 4096 /* bytes of the command line */

/* Static: the report has one writer, and the crash stack is small. */
static struct {
        struct sigsafe_out out;
        struct crash *crash;
        const struct memmap *map;
        char text[PATH_MAX];
} raw;

static struct sigsafe_out *const out = &raw.out;

/* ---- small pieces ---- */

static void key(const char *name)
{
        sigsafe_str(out, name);
        sigsafe_str(out, ": ");
}

static void line_str(const char *name, const char *trusted)
{
        key(name);
        sigsafe_str(out, trusted);
        sigsafe_char(out, '\n');
}

static void line_text(const char *name, const char *s, size_t n)
{
        key(name);
        sigsafe_text(out, s, n);
        sigsafe_char(out, '\n');
}

static void line_dec(const char *name, int64_t value)
{
        key(name);
        sigsafe_dec(out, value);
        sigsafe_char(out, '\n');
}

static void line_hex(const char *name, uint64_t value)
{
        key(name);
        sigsafe_hex(out, value);
        sigsafe_char(out, '\n');
}

/* Days since 1970-01-01 to a civil date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2014). */
struct civil {
        unsigned year, month, day, hour, minute, second;
};

static struct civil civil_from_seconds(int64_t t)
{
        int64_t days = t / 86400 + 719468, rest = t % 86400, era = days / 146097;
        unsigned doe = (unsigned)(days - era * 146097), yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
        struct civil c = { (unsigned)(yoe + era * 400), mp < 10 ? mp + 3 : mp - 9,  doy - (153 * mp + 2) / 5 + 1,
                           (unsigned)(rest / 3600),     (unsigned)(rest / 60 % 60), (unsigned)(rest % 60) };

        if (c.month <= 2)
                c.year++;
        return c;
}

static void put_time(int64_t sec, int64_t nsec)
{
        struct civil t = civil_from_seconds(sec);

        sigsafe_dec_width(out, t.year, 4);
        sigsafe_char(out, '-');
        sigsafe_dec_width(out, t.month, 2);
        sigsafe_char(out, '-');
        sigsafe_dec_width(out, t.day, 2);
        sigsafe_char(out, 'T');
        sigsafe_dec_width(out, t.hour, 2);
        sigsafe_char(out, ':');
        sigsafe_dec_width(out, t.minute, 2);
        sigsafe_char(out, ':');
        sigsafe_dec_width(out, t.second, 2);
        sigsafe_char(out, '.');
        sigsafe_dec_width(out, (uint64_t)(nsec / 1000), 6);
        sigsafe_char(out, 'Z');
}

/* A small file of /proc into raw.text; its length, 0 if it cannot be had. */
static size_t read_file(const char *path)
{
        int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        size_t len = 0;
        ssize_t n;

        if (fd < 0)
                return 0;
        while (len < sizeof(raw.text) && (n = sys_read(fd, raw.text + len, sizeof(raw.text) - len)) > 0)
                len += (size_t)n;
        sys_close(fd);
        return len;
}

/* ---- header and cause ---- */

/* One line each: settings that were bad, directories that could not be used. */
static void put_notes(void)
{
        const char *line = raw.crash->note;

        while (*line) {
                size_t n = 0;

                while (line[n] && line[n] != '\n')
                        n++;
                line_text("note", line, n);
                line += n + (line[n] != 0);
        }
}

static void put_header(void)
{
        struct crash *c = raw.crash;

        sigsafe_str(out, RAW_SCHEMA_LINE "\n");
        line_str("id", c->id);
        key("time");
        put_time(c->time_sec, c->time_nsec);
        sigsafe_str(out, "\nversion: " CRASHPRE_VERSION " (commit " CRASHPRE_COMMIT ")\nmachine: " ARCH_NAME "\n");
        put_notes();
}

/* The fault class as far as it is known without symbols or a disassembler. */
static const char *fault_class(const struct crash *c)
{
        uint64_t addr = (uint64_t)c->info.si_addr, pc, sp;
        struct arch_registers regs;

        if (c->info.si_code <= 0)
                return c->signal == SIGABRT && c->info.si_pid == c->pid ? "abort" : "sent-by-process";
        arch_registers_from_context(c->fault_uc, &regs);
        pc = regs.v[ARCH_REG_PC];
        sp = regs.v[ARCH_REG_SP];
        switch (c->signal) {
        case SIGSEGV:
                if (c->info.si_code == SI_KERNEL)
                        return arch_context_is_protection_fault(c->fault_uc) ? "non-canonical-address" : "unknown";
                if (addr == pc)
                        return pc < NULL_PAGE ? "null-call" : "execute-non-executable";
                if (addr < NULL_PAGE)
                        return "null-dereference";
                /* A push, a call or a store into a fresh frame, below the lowest page of the stack. */
                if (addr + 65536 > sp && addr < sp + NULL_PAGE && !memmap_find(raw.map, addr - addr % NULL_PAGE))
                        return "stack-overflow";
                if (addr + 65536 > sp && addr < sp + NULL_PAGE && !(memmap_find(raw.map, addr)->perms & MAPS_READ))
                        return "stack-overflow";
                return c->info.si_code == SEGV_ACCERR ? "write-to-read-only" : "unmapped-address";
        case SIGBUS:
                return c->info.si_code == BUS_ADRALN ? "bus-misaligned" : "bus-file-truncated";
        case SIGFPE:
                return c->info.si_code == FPE_INTDIV ? "integer-divide-by-zero" : "unknown";
        case SIGILL:
                return "illegal-instruction";
        case SIGTRAP:
                return "trap";
        case SIGSYS:
                return "bad-system-call";
        default:
                return "unknown";
        }
}

static void put_signal(const struct crash *c)
{
        const char *name = signames_signal(c->signal), *code = signames_code(c->signal, c->info.si_code);

        key("signal");
        sigsafe_dec(out, c->signal);
        sigsafe_char(out, ' ');
        sigsafe_str(out, name ? name : "?");
        sigsafe_str(out, "\ncode: ");
        sigsafe_dec(out, c->info.si_code);
        sigsafe_char(out, ' ');
        sigsafe_str(out, code ? code : "?");
        sigsafe_char(out, '\n');
        if (signames_has_address(c->signal, c->info.si_code))
                line_hex("address", (uint64_t)c->info.si_addr);
        if (signames_has_sender(c->info.si_code)) {
                key("sender");
                sigsafe_str(out, "pid ");
                sigsafe_dec(out, c->info.si_pid);
                sigsafe_str(out, " uid ");
                sigsafe_dec(out, (int64_t)(uint32_t)c->info.si_uid);
                sigsafe_char(out, '\n');
        }
        if (c->signal == SIGSYS && c->info.si_code > 0)
                line_dec("syscall", c->info.si_syscall);
        key("trap");
        sigsafe_dec(out, (int64_t)arch_context_trap(c->fault_uc));
        sigsafe_str(out, " error ");
        sigsafe_hex(out, arch_context_fault_error(c->fault_uc));
        sigsafe_char(out, '\n');
        line_str("class", fault_class(c));
}

static void put_cause(void)
{
        struct crash *c = raw.crash;
        const char *kind = c->signal == SIGABRT ? "abort" : "signal";

        sigsafe_str(out, RAW_SECTION_CAUSE "\n");
        if (!c->signal)
                kind = "request";
        else if (c->signal == SIGABRT && notes.uncaught_exception)
                kind = "exception";
        line_str("kind", kind);
        if (c->signal)
                put_signal(c);
        if (notes.uncaught_exception && notes.exception_type[0])
                line_text("exception", notes.exception_type, sigsafe_strlen(notes.exception_type));
        if (c->reason)
                line_text("reason", c->reason, sigsafe_strlen(c->reason));
}

/* ---- process ---- */

static void put_link(const char *name, const char *path)
{
        ssize_t n = sys_readlink(path, raw.text, sizeof(raw.text));

        if (n > 0)
                line_text(name, raw.text, (size_t)n);
}

static void put_arguments(void)
{
        size_t len = read_file("/proc/self/cmdline"), start = 0;

        len = len < ARGUMENTS_MAX ? len : ARGUMENTS_MAX;
        for (size_t i = 0; i < len; i++) {
                if (raw.text[i] && i + 1 < len)
                        continue;
                line_text("arg", raw.text + start, i - start + (raw.text[i] != 0));
                start = i + 1;
        }
}

/* Field 22 of /proc/self/stat; the second field, the command in parentheses, may hold anything. */
static void put_start_time(void)
{
        size_t len = read_file("/proc/self/stat"), i = len;
        unsigned field = 2;

        while (i > 0 && raw.text[i - 1] != ')')
                i--;
        for (; i < len && field < 22; i++)
                field += raw.text[i] == ' ';
        if (i == 0 || i >= len)
                return;
        key("start_time");
        for (; i < len && raw.text[i] >= '0' && raw.text[i] <= '9'; i++)
                sigsafe_char(out, raw.text[i]);
        sigsafe_char(out, '\n');
}

static void put_thread_name(void)
{
        char name[17] = "";

        /* PR_GET_NAME, not pthread_getname_np(): that one locks and opens files. */
        if (sys_5(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0) == 0)
                line_text("thread", name, sigsafe_strlen(name));
}

static void put_system(void)
{
        struct utsname uts;
        uint8_t cpus[1024];
        long n, count = 0;

        if (sys_1(SYS_uname, (long)&uts) == 0) {
                line_text("kernel", uts.release, sigsafe_strlen(uts.release));
                line_text("hostname", uts.nodename, sigsafe_strlen(uts.nodename));
        }
        n = sys_3(SYS_sched_getaffinity, 0, sizeof(cpus), (long)cpus);
        for (long i = 0; i < n * 8; i++)
                count += cpus[i / 8] >> (i % 8) & 1;
        if (count > 0)
                line_dec("cpus", count);
}

static void put_process(void)
{
        sigsafe_str(out, RAW_SECTION_PROCESS "\n");
        line_dec("pid", raw.crash->pid);
        line_dec("tid", raw.crash->tid);
        put_thread_name();
        line_dec("ppid", sys_0(SYS_getppid));
        put_link("exe", "/proc/self/exe");
        put_link("cwd", "/proc/self/cwd");
        line_dec("uid", sys_0(SYS_getuid));
        line_dec("gid", sys_0(SYS_getgid));
        put_start_time();
        put_arguments();
        put_system();
}

/* ---- what the application told us ---- */

static void put_static_string(const char *s)
{
        char text[128];
        ssize_t n = s ? probe_string((uint64_t)s, text, sizeof(text)) : 0;

        if (n > 0)
                sigsafe_text(out, text, (size_t)n);
        else
                sigsafe_char(out, '-');
}

static void put_context(void)
{
        const struct note_thread *t = NULL;
        uint32_t depth;

        for (unsigned i = 0; i < NOTES_THREADS; i++)
                if (notes.thread[i].tid == raw.crash->tid)
                        t = &notes.thread[i];
        if (!t || !t->depth)
                return;
        sigsafe_str(out, RAW_SECTION_CONTEXT "\n");
        depth = t->depth < NOTES_CONTEXT_DEPTH ? t->depth : NOTES_CONTEXT_DEPTH;
        while (depth--) {
                put_static_string(t->entry[depth].module);
                sigsafe_char(out, ' ');
                put_static_string(t->entry[depth].klass);
                sigsafe_char(out, ' ');
                put_static_string(t->entry[depth].phase);
                sigsafe_char(out, '\n');
        }
}

static void put_breadcrumbs(void)
{
        uint64_t count = notes.breadcrumb_count, first = count > NOTES_BREADCRUMBS ? count - NOTES_BREADCRUMBS : 0;

        if (!count)
                return;
        sigsafe_str(out, RAW_SECTION_BREADCRUMBS "\n");
        for (uint64_t i = first; i < count; i++) {
                const struct note_breadcrumb *b = &notes.breadcrumb[i % NOTES_BREADCRUMBS];

                if (b->sequence & 1 || !b->time_sec)
                        continue;
                put_time(b->time_sec, b->time_nsec);
                sigsafe_char(out, ' ');
                sigsafe_dec(out, b->tid);
                sigsafe_char(out, ' ');
                sigsafe_text(out, b->category, sigsafe_strlen(b->category));
                sigsafe_str(out, ": ");
                sigsafe_text(out, b->message, sigsafe_strlen(b->message));
                sigsafe_char(out, '\n');
        }
}

static void put_metadata_entry(const struct note_metadata *m)
{
        static const char *const suffix[] = { "", " (int)", " (double)", " (bool)", "" };
        char text[256];
        const char *value = m->value;

        if (m->type == NOTE_VOLATILE) {
                int n = m->read(text, sizeof(text));

                if (n < 0)
                        return;
                text[(size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1] = 0;
                value = text;
        }
        sigsafe_text(out, m->key, sigsafe_strlen(m->key));
        sigsafe_str(out, suffix[m->type <= NOTE_VOLATILE ? m->type : 0]);
        sigsafe_str(out, ": ");
        sigsafe_text(out, value, sigsafe_strlen(value));
        sigsafe_char(out, '\n');
}

static void put_metadata(void)
{
        bool any = false;

        for (unsigned i = 0; i < NOTES_METADATA; i++) {
                const struct note_metadata *m = &notes.metadata[i];

                if (!m->key[0] || m->sequence & 1)
                        continue;
                if (!any)
                        sigsafe_str(out, RAW_SECTION_METADATA "\n");
                any = true;
                put_metadata_entry(m);
        }
}

/* ---- machine state ---- */

static void put_registers(void)
{
        static const char *const names[ARCH_REGS] = ARCH_REG_NAMES;
        static const uint8_t order[] = ARCH_REG_DISPLAY_ORDER;
        const struct arch_registers *regs = &raw.crash->regs;
        size_t size;
        const void *xstate;

        sigsafe_str(out, RAW_SECTION_REGISTERS "\n");
        for (unsigned i = 0; i < sizeof(order); i++)
                if (regs->known & 1u << order[i])
                        line_hex(names[order[i]], regs->v[order[i]]);
        if (!raw.crash->uc)
                return;
        xstate = arch_context_xstate(raw.crash->uc, &size);
        if (xstate)
                encode_block(out, "xstate", (uint64_t)xstate, size);
}

static void put_place(uint64_t pc)
{
        const struct memmap_module *m = memmap_module_of(raw.map, pc);

        if (!m) {
                sigsafe_char(out, '-');
                return;
        }
        sigsafe_text(out, m->path, m->path_len);
        sigsafe_str(out, " +");
        sigsafe_hex(out, pc - m->image.bias);
}

static void put_frames(void)
{
        struct crash *c = raw.crash;

        sigsafe_str(out, RAW_SECTION_FRAMES "\n");
        for (uint32_t i = 0; i < c->frame_count; i++) {
                sigsafe_dec(out, i);
                sigsafe_char(out, ' ');
                sigsafe_str(out, cfi_trust_name((enum cfi_trust)c->frame[i].trust));
                sigsafe_char(out, ' ');
                sigsafe_hex(out, c->frame[i].pc);
                sigsafe_char(out, ' ');
                put_place(c->frame[i].pc);
                if (c->frame[i].signal_frame)
                        sigsafe_str(out, " signal");
                sigsafe_char(out, '\n');
        }
        line_str("end", cfi_end_name(c->frame_end));
}

static void put_modules(void)
{
        sigsafe_str(out, RAW_SECTION_MODULES "\n");
        for (size_t i = 0; i < raw.map->module_count; i++) {
                const struct memmap_module *m = &raw.map->module[i];

                sigsafe_hex(out, m->start);
                sigsafe_char(out, ' ');
                sigsafe_hex(out, m->end);
                sigsafe_char(out, ' ');
                if (m->image.build_id_len)
                        sigsafe_hex_bytes(out, m->image.build_id, m->image.build_id_len);
                else
                        sigsafe_char(out, '-');
                sigsafe_char(out, ' ');
                sigsafe_text(out, m->path, m->path_len);
                sigsafe_char(out, '\n');
        }
}

/* ---- maps ---- */

static void put_range(const struct memmap_range *r)
{
        static const char letters[] = "rwx";

        sigsafe_hex(out, r->start);
        sigsafe_char(out, '-');
        sigsafe_hex(out, r->end);
        sigsafe_char(out, ' ');
        for (unsigned i = 0; i < 3; i++)
                sigsafe_char(out, r->perms & 1u << i ? letters[i] : '-');
        sigsafe_char(out, r->perms & MAPS_SHARED ? 's' : 'p');
        sigsafe_char(out, ' ');
        sigsafe_hex(out, r->offset);
        sigsafe_char(out, ' ');
        sigsafe_text(out, r->path, r->path_len);
        sigsafe_char(out, '\n');
}

/* Where not everything fits, what frames and registers point to comes first. */
static void put_named_ranges(void)
{
        const struct memmap_range *last = NULL;

        for (uint32_t i = 0; i < raw.crash->frame_count + ARCH_DWARF_REGS; i++) {
                uint64_t addr = i < ARCH_DWARF_REGS ? raw.crash->regs.v[i] : raw.crash->frame[i - ARCH_DWARF_REGS].pc;
                const struct memmap_range *r = memmap_find(raw.map, addr);

                if (r && r != last && (r->path < raw.map->text || r->path >= raw.map->text + raw.map->text_len))
                        put_range(r);
                last = r;
        }
}

static void put_maps(void)
{
        sigsafe_str(out, RAW_SECTION_MAPS "\n");
        if (raw.map->lines_omitted)
                put_named_ranges();
        sigsafe_bytes(out, raw.map->text, raw.map->text_len);
        if (raw.map->error)
                line_dec("error", -raw.map->error);
        if (raw.map->lines_omitted)
                line_dec("omitted", (int64_t)raw.map->lines_omitted);
}

/* ---- the whole ---- */

static const struct {
        const char *name;
        void (*put)(void);
} sections[] = {
        { "header", put_header },           { "cause", put_cause },
        { "process", put_process },         { "context", put_context },
        { "breadcrumbs", put_breadcrumbs }, { "metadata", put_metadata },
        { "registers", put_registers },     { "frames", put_frames },
        { "modules", put_modules },         { "maps", put_maps },
};

static void run_section(void *section)
{
        sections[*(unsigned *)section].put();
}

/* 0 or -errno of the first write that failed. */
static int write_all(void)
{
        for (unsigned i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
                struct guard_fault fault;

                if (!guard_run(run_section, &i, &fault)) {
                        sigsafe_str(out, "\nthis section was abandoned: signal ");
                        sigsafe_dec(out, fault.signal);
                        sigsafe_str(out, " at ");
                        sigsafe_hex(out, fault.pc);
                        sigsafe_char(out, '\n');
                        crash_note(raw.crash, "a section of the raw report was abandoned: ", sections[i].name, 0);
                }
                if (out->err)
                        return out->err;
        }
        sigsafe_str(out, RAW_END_LINE "\n");
        return sigsafe_flush(out);
}

static int write_to_directory(struct crash *c, unsigned i)
{
        int err = output_open(c, i);

        if (!err) {
                raw.out = (struct sigsafe_out){ .fd = c->raw_fd };
                err = write_all();
                if (err)
                        output_discard(c);
        }
        if (err && err != -ENOENT)
                crash_note(c, "no report could be written to ", c->dir, -err);
        return err;
}

static void write_to_stderr(struct crash *c)
{
        c->dir[0] = 0;
        if (!c->stderr_ok && !settings.stderr_only)
                return;
        raw.out = (struct sigsafe_out){
                .fd = 2,
                .may_block = true,
                .give_up_ns = sys_clock_ns(CLOCK_MONOTONIC) + STDERR_PATIENCE_NS,
        };
        write_all();
}

static void walk(void *crash)
{
        struct crash *c = crash;
        uint32_t max = settings.max_frames < WIRE_MAX_FRAMES ? settings.max_frames : WIRE_MAX_FRAMES;

        c->frame_count = stackwalk(&c->regs, c->frame, max, &c->frame_end);
}

/* A handler of the application that restores the default action and raises its signal again dies of a signal it sent
 * itself; what the reader wants to know is the fault that the handler was called for. The frames go on through the
 * handler to it. */
static void find_origin(void *crash)
{
        struct crash *c = crash;
        struct dispatch d;

        if (c->info.si_code > 0 || c->info.si_pid != c->pid || !dispatch_any() ||
            !dispatch_on_stack(c->frame, c->frame_count, &d) || d.sig != c->signal)
                return;
        if (probe_copy((uint64_t)d.info, &c->info, sizeof(c->info)) == sizeof(c->info))
                c->fault_uc = d.uc;
}

void rawreport_write(struct crash *c)
{
        struct guard_fault fault;
        int err = -ENOENT;

        raw.crash = c;
        output_prepare(c);
        probe_begin();
        raw.map = memmap_read();
        if (!guard_run(walk, c, &fault))
                crash_note(c, "the stack walk of the raw report was abandoned by a fault of its own", NULL, 0);
        if (c->uc && !guard_run(find_origin, c, &fault))
                crash_note(c, "the search for an outer handler was abandoned by a fault of its own", NULL, 0);
        for (unsigned i = 0; err && i < OUTPUT_DIRECTORIES; i++)
                err = write_to_directory(c, i);
        c->raw_err = err;
        if (err)
                write_to_stderr(c);
        c->raw_ns = sys_clock_ns(CLOCK_MONOTONIC);
        probe_end();
}

/* The characters that are safe in a file name everywhere. */
static char safe_char(char ch)
{
        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '.' ||
            ch == '-' || ch == '_' || ch == '+')
                return ch;
        return '_';
}

void rawreport_name(struct crash *c)
{
        struct civil t = civil_from_seconds(c->time_sec);
        ssize_t n = sys_readlink("/proc/self/exe", raw.text, sizeof(raw.text) - 1);
        const char *base;
        size_t at = 0;

        if (n > DELETED_LEN && !memcmp(raw.text + n - DELETED_LEN, DELETED, DELETED_LEN))
                n -= DELETED_LEN;
        raw.text[n > 0 ? n : 0] = 0;
        base = n > 0 ? raw.text : settings.argv0;
        for (const char *p = base; *p; p++)
                if (*p == '/' && p[1])
                        base = p + 1;
        sigsafe_cat(c->id, sizeof(c->id), &at, "crash-");
        for (; *base && at < 128; base++)
                c->id[at++] = safe_char(*base);
        c->id[at] = 0;
        sigsafe_cat(c->id, sizeof(c->id), &at, "-");
        sigsafe_cat_dec(c->id, sizeof(c->id), &at, (uint64_t)c->pid, 1);
        sigsafe_cat(c->id, sizeof(c->id), &at, "-");
        sigsafe_cat_dec(c->id, sizeof(c->id), &at, t.year, 4);
        sigsafe_cat_dec(c->id, sizeof(c->id), &at, t.month, 2);
        sigsafe_cat_dec(c->id, sizeof(c->id), &at, t.day, 2);
        sigsafe_cat(c->id, sizeof(c->id), &at, "T");
        sigsafe_cat_dec(c->id, sizeof(c->id), &at, t.hour, 2);
        sigsafe_cat_dec(c->id, sizeof(c->id), &at, t.minute, 2);
        sigsafe_cat_dec(c->id, sizeof(c->id), &at, t.second, 2);
        sigsafe_cat(c->id, sizeof(c->id), &at, ".");
        sigsafe_cat_dec(c->id, sizeof(c->id), &at, (uint64_t)(c->time_nsec / 1000), 6);
        sigsafe_cat(c->id, sizeof(c->id), &at, "Z");
}

void crash_note(struct crash *c, const char *what, const char *detail, int err)
{
        size_t at = sigsafe_strlen(c->note);

        sigsafe_cat(c->note, sizeof(c->note), &at, what);
        sigsafe_cat(c->note, sizeof(c->note), &at, detail ? detail : "");
        if (err) {
                sigsafe_cat(c->note, sizeof(c->note), &at, ": errno ");
                sigsafe_cat_dec(c->note, sizeof(c->note), &at, (uint64_t)err, 1);
        }
        sigsafe_cat(c->note, sizeof(c->note), &at, "\n");
}
