/* SPDX-License-Identifier: MIT */
#include "preload/base/x86_64.h"
#include "preload/raw/line.h"
#include "preload/raw/sections.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"

/* A call of an address below the first is one of a null pointer; below the second, vm.mmap_min_addr, nothing is mapped. */
#define NULL_PAGE 4096u
#define NULL_AREA 65536u

static struct sigsafe_out *const out = &raw.out;

/* The fault class as far as it is known without symbols or a disassembler. */
static const char *fault_class(const struct crash *c)
{
        uint64_t addr = (uint64_t)c->wire.siginfo.si_addr, pc, sp;
        struct arch_registers regs;

        if (c->wire.uncaught_exception)
                return "uncaught-exception";
        if (c->wire.terminate)
                return "terminate";
        if (c->wire.siginfo.si_code <= 0)
                return c->signal == SIGABRT && c->wire.siginfo.si_pid == c->wire.pid ? "abort" : "sent-by-process";
        arch_registers_from_context(c->fault_uc, &regs);
        pc = regs.v[ARCH_REG_PC];
        sp = regs.v[ARCH_REG_SP];
        switch (c->signal) {
        case SIGSEGV:
                if (c->wire.siginfo.si_code == SI_KERNEL)
                        return arch_context_is_protection_fault(c->fault_uc) ? "non-canonical-address" : "unknown";
                if (addr == pc)
                        return pc < NULL_PAGE               ? "null-call"
                               : memmap_find(raw.map, addr) ? "execute-non-executable"
                                                            : "unmapped-address";
                if (addr < NULL_AREA)
                        return "null-dereference";
                /* A push, a call or a store into a fresh frame, below the lowest page of the stack. */
                if (addr + 65536 > sp && addr < sp + NULL_PAGE && !memmap_find(raw.map, addr - addr % NULL_PAGE))
                        return "stack-overflow";
                if (addr + 65536 > sp && addr < sp + NULL_PAGE && !(memmap_find(raw.map, addr)->perms & MAPS_READ))
                        return "stack-overflow";
                return c->wire.siginfo.si_code == SEGV_ACCERR ? "write-to-read-only" : "unmapped-address";
        case SIGBUS:
                return c->wire.siginfo.si_code == BUS_ADRALN ? "bus-misaligned" : "bus-file-truncated";
        case SIGFPE:
                return c->wire.siginfo.si_code == FPE_INTDIV ? "integer-divide-by-zero" : "unknown";
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

static void put_signal(const struct crash *c)
{
        const char *name = signames_signal(c->signal), *code = signames_code(c->signal, c->wire.siginfo.si_code);

        rawline_key(RAW_KEY_SIGNAL);
        sigsafe_dec(out, c->signal);
        sigsafe_char(out, ' ');
        sigsafe_str(out, name ? name : "?");
        sigsafe_char(out, '\n');
        rawline_key(RAW_KEY_CODE);
        sigsafe_dec(out, c->wire.siginfo.si_code);
        sigsafe_char(out, ' ');
        sigsafe_str(out, code ? code : "?");
        sigsafe_char(out, '\n');
        if (signames_has_address(c->signal, c->wire.siginfo.si_code))
                rawline_hex(RAW_KEY_ADDRESS, (uint64_t)c->wire.siginfo.si_addr);
        if (signames_has_sender(c->wire.siginfo.si_code)) {
                rawline_key(RAW_KEY_SENDER);
                sigsafe_str(out, "pid ");
                sigsafe_dec(out, c->wire.siginfo.si_pid);
                sigsafe_str(out, " uid ");
                sigsafe_dec(out, (int64_t)(uint32_t)c->wire.siginfo.si_uid);
                sigsafe_char(out, '\n');
        }
        if (c->signal == SIGSYS && c->wire.siginfo.si_code > 0)
                put_syscall(c);
        rawline_key(RAW_KEY_TRAP);
        sigsafe_dec(out, (int64_t)arch_context_trap(c->fault_uc));
        sigsafe_str(out, " error ");
        sigsafe_hex(out, arch_context_fault_error(c->fault_uc));
        sigsafe_char(out, '\n');
        rawline_str(RAW_KEY_CLASS, fault_class(c));
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
        const char *kind = c->signal == SIGABRT ? "abort" : "signal";

        sigsafe_str(out, RAW_SECTION_CAUSE "\n");
        if (!c->signal)
                kind = "request";
        else if (c->signal == SIGABRT && c->wire.uncaught_exception)
                kind = "exception";
        rawline_str(RAW_KEY_KIND, kind);
        if (c->signal)
                put_signal(c);
        if (c->wire.message[0])
                rawline_text(RAW_KEY_MESSAGE, c->wire.message, str_len(c->wire.message));
        if (c->wire.exception_certain) {
                put_exception(&c->wire.exception);
                put_throw_site(c);
        }
        if (c->wire.kind == WIRE_KIND_REQUEST)
                rawline_text(RAW_KEY_REASON, c->wire.reason, str_len(c->wire.reason));
}
