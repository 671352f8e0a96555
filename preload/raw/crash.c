/* SPDX-License-Identifier: MIT */
#include "preload/raw/crash.h"
#include "preload/base/arch.h"
#include "preload/base/crashstack.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "unwind/core/terms/str.h"

void crash_begin(struct crash *c, enum wire_kind kind, uint64_t fault_ns, const char *settings_note)
{
        struct wire_crash *w = &c->wire;
        struct timespec now = { 0, 0 };
        size_t at = 0;

        __builtin_memset(c, 0, sizeof(*c));
        w->magic = WIRE_MAGIC;
        w->version = WIRE_VERSION;
        w->size = sizeof(*w);
        w->kind = kind;
        w->fault_ns = fault_ns;
        w->pid = sys_getpid();
        w->tid = sys_gettid();
        sys_2(SYS_clock_gettime, CLOCK_REALTIME, (long)&now);
        w->time_sec = now.tv_sec;
        w->time_nsec = now.tv_nsec;
        w->altstack_base = crashstack_base();
        w->altstack_size = crashstack_size();
        w->park_pc = (uint64_t)arch_park;
        w->program_at = settings.program_at;
        c->dir_fd = c->raw_fd = -1;
        str_cat(w->note, sizeof(w->note), &at, settings_note);
}

void crash_set_fault(struct crash *c, const ucontext_t *uc)
{
        arch_registers_from_context(uc, &c->wire.fault_regs);
        c->wire.fault_trap = arch_context_trap(uc);
        c->wire.fault_error = arch_context_fault_error(uc);
}

void crash_note(struct crash *c, const char *what, const char *detail, int err)
{
        size_t at = str_len(c->wire.note);

        str_cat(c->wire.note, sizeof(c->wire.note), &at, what);
        str_cat(c->wire.note, sizeof(c->wire.note), &at, detail ? detail : "");
        if (err) {
                str_cat(c->wire.note, sizeof(c->wire.note), &at, ": errno ");
                str_cat_dec(c->wire.note, sizeof(c->wire.note), &at, (uint64_t)err, 1);
        }
        str_cat(c->wire.note, sizeof(c->wire.note), &at, "\n");
}
