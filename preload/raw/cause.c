/* SPDX-License-Identifier: MIT */
#include "preload/base/arch.h"
#include "preload/base/memmap.h"
#include "preload/base/probe.h"
#include "preload/raw/exception.h"
#include "preload/raw/line.h"
#include "preload/raw/sections.h"
#include "unwind/core/image/fault_look.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"

static struct sigsafe_out *const out = &raw.out;

static struct fault_area area_of(const struct memmap_range *r)
{
        return r ? (struct fault_area){ r->start, r->end, r->perms } : (struct fault_area){ 0 };
}

static const struct memmap_range *writable_above(uint64_t addr)
{
        for (size_t i = 0; i < raw.map->range_count; i++)
                if (raw.map->range[i].start > addr && raw.map->range[i].perms & MAPS_WRITE)
                        return &raw.map->range[i];
        return NULL;
}

static bool is_stack(const struct crash *c, const struct memmap_range *r)
{
        if (str_item_is(r->path, r->path_len, "[stack]"))
                return true;
        for (uint32_t i = 0; i < c->wire.frame_count; i++)
                if (c->wire.frames[i].sp >= r->start && c->wire.frames[i].sp < r->end)
                        return true;
        return false;
}

/* A guard region is none of the ranges of the map, but has the same effect as one without rights, so it is made one here. */
static void look_at_guard(const struct crash *c, struct fault_look *look)
{
        struct memmap_range rest;
        struct guard_region guard;

        look->guard = probe_guard(look->at.start, look->at.end, look->address, &guard);
        if (look->guard == GUARD_NONE) /* mapped after the fault */
                look->at = (struct fault_area){ 0 };
        if (look->guard != GUARD_FOUND)
                return;
        rest = (struct memmap_range){ .start = guard.end, .end = look->at.end, .perms = look->at.perms, .path = "" };
        if (rest.start < rest.end && rest.perms & MAPS_WRITE) {
                look->above = area_of(&rest);
                look->above_is_stack = is_stack(c, &rest);
        }
        look->at = (struct fault_area){ guard.start, guard.end, 0 };
}

static void look_at_map(const struct crash *c, struct fault_look *look)
{
        const struct memmap_range *above = writable_above(look->address);

        look->has_map = raw.map->range_count && !raw.map->error && !raw.map->ranges_omitted;
        look->at = area_of(memmap_find(raw.map, look->address));
        look->above = area_of(above);
        look->above_is_stack = above && is_stack(c, above);
        if (fault_look_wants_guard(look))
                look_at_guard(c, look);
}

/* A pure virtual call ends in std::terminate() whether or not an exception is being handled at that moment. */
static bool is_pure_virtual(const struct crash *c)
{
        return exception_frame_of(c, "__cxa_pure_virtual") >= 0 || exception_frame_of(c, "__cxa_deleted_virtual") >= 0;
}

static enum fault_class class_of(const struct crash *c)
{
        const siginfo_t *info = &c->wire.siginfo;
        uint8_t code[ARCH_INSTRUCTION_LONGEST];
        struct fault_look look = {
                .signal = info->si_signo,
                .code = info->si_code,
                .from_self = info->si_pid == c->wire.pid,
                .uncaught_exception = c->wire.uncaught_exception && !is_pure_virtual(c),
                .terminate = c->wire.terminate,
                .has_address = signames_has_address(info->si_signo, info->si_code),
                .address = (uint64_t)info->si_addr,
                .trap = c->wire.fault_trap,
                .error = c->wire.fault_error,
                .regs = &c->wire.fault_regs,
                .code_at_pc = code,
        };

        look.code_size = probe_copy(c->wire.fault_regs.v[ARCH_REG_PC], code, sizeof(code));
        if (look.has_address)
                look_at_map(c, &look);
        return fault_look_class(&look);
}

static void put_syscall(const struct crash *c)
{
        rawline_key(RAW_KEY_SYSCALL);
        sigsafe_dec(out, c->wire.siginfo.si_syscall);
        if (c->wire.siginfo.si_arch != ARCH_AUDIT) {
                sigsafe_str(out, " arch ");
                sigsafe_hex(out, c->wire.siginfo.si_arch);
        }
        sigsafe_char(out, '\n');
}

static void put_signal(const struct crash *c, enum fault_class class)
{
        const siginfo_t *info = &c->wire.siginfo;
        const char *name = signames_signal(info->si_signo), *code = signames_code(info->si_signo, info->si_code);

        rawline_key(RAW_KEY_SIGNAL);
        sigsafe_dec(out, info->si_signo);
        sigsafe_char(out, ' ');
        sigsafe_str(out, name ? name : "?");
        sigsafe_char(out, '\n');
        rawline_key(RAW_KEY_CODE);
        sigsafe_dec(out, info->si_code);
        sigsafe_char(out, ' ');
        sigsafe_str(out, code ? code : "?");
        sigsafe_char(out, '\n');
        if (signames_has_address(info->si_signo, info->si_code))
                rawline_hex(RAW_KEY_ADDRESS, (uint64_t)info->si_addr);
        if (signames_has_sender(info->si_code)) {
                rawline_key(RAW_KEY_SENDER);
                sigsafe_str(out, "pid ");
                sigsafe_dec(out, info->si_pid);
                sigsafe_str(out, " uid ");
                sigsafe_dec(out, (int64_t)(uint32_t)info->si_uid);
                sigsafe_char(out, '\n');
        }
        if (info->si_signo == SIGSYS && info->si_code > 0)
                put_syscall(c);
        rawline_key(RAW_KEY_TRAP);
        sigsafe_dec(out, (int64_t)c->wire.fault_trap);
        sigsafe_str(out, " error ");
        sigsafe_hex(out, c->wire.fault_error);
        sigsafe_char(out, '\n');
        rawline_str(RAW_KEY_CLASS, fault_class_name(class));
}

static void put_exception(const struct exception_chain *chain)
{
        for (uint32_t i = 0; i < chain->count; i++) {
                const struct exception_text *e = &chain->v[i];

                rawline_text(i ? RAW_KEY_NESTED : RAW_KEY_EXCEPTION, e->type, str_len(e->type));
                if (e->what_kind == EXCEPTION_WHAT_TEXT)
                        rawline_text(RAW_KEY_WHAT, e->what, str_len(e->what));
                else if (e->what_kind == EXCEPTION_WHAT_OWN)
                        rawline_str(RAW_KEY_WHAT_UNKNOWN, "the program's own what()");
        }
}

static void put_throw_site(const struct crash *c)
{
        for (uint32_t i = 0; i < c->wire.throw_count; i++) {
                rawline_key(RAW_KEY_THROWN_AT);
                sigsafe_hex(out, c->wire.throw_pc[i]);
                sigsafe_char(out, ' ');
                rawsection_place(c->wire.throw_pc[i]);
                sigsafe_char(out, '\n');
        }
}

void rawsection_cause(void)
{
        struct crash *c = raw.crash;
        enum fault_class class = c->signal ? class_of(c) : FAULT_UNKNOWN;
        int signal_number = c->wire.siginfo.si_signo;
        const char *kind = signal_number == SIGABRT ? "abort" : "signal";

        c->class = class;
        sigsafe_str(out, RAW_SECTION_CAUSE "\n");
        if (!c->signal)
                kind = "request";
        else if (signal_number == SIGABRT && class == FAULT_UNCAUGHT_EXCEPTION)
                kind = "exception";
        rawline_str(RAW_KEY_KIND, kind);
        if (c->signal)
                put_signal(c, class);
        if (c->wire.handler)
                rawline_str(RAW_KEY_HANDLER, raw_handler_name(c->wire.handler));
        if (c->wire.message[0])
                rawline_text(RAW_KEY_MESSAGE, c->wire.message, str_len(c->wire.message));
        if (c->wire.exception_certain) {
                put_exception(&c->wire.exception);
                put_throw_site(c);
        }
        if (c->wire.kind == WIRE_KIND_REQUEST)
                rawline_text(RAW_KEY_REASON, c->wire.reason, str_len(c->wire.reason));
}
