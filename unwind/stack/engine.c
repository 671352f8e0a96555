/* SPDX-License-Identifier: MIT */
/* unwind/stack/engine.c: see engine.h. */
#include "unwind/stack/engine.h"

#include <errno.h>
#include <libunwind.h>
#include <stdlib.h>
#include <string.h>

/* libunwind exports this for authors of accessors (its own ptrace accessors use it), but declares it in none of its
 * installed headers. */
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t as, unw_word_t ip, unw_dyn_info_t *di,
                                              unw_proc_info_t *pi, int need_unwind_info, void *arg);

enum { CLOCK_EVERY = 1024 }; /* frames between two checks of the clock */

struct engine {
        struct target *t;
        const struct cfi_space *space;
        unw_addr_space_t as;
        struct arch_registers regs; /* of the current walk */
};

/* The start of .eh_frame_hdr (LSB 5.0, 10.6.2) in the only form that libunwind can search and that all linkers
 * produce. */
struct eh_frame_hdr {
        uint8_t version, eh_frame_enc, count_enc, table_enc;
        int32_t eh_frame;
        uint32_t count;
};

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need, void *arg)
{
        struct engine *e = arg;
        struct eh_frame_hdr hdr;
        struct cfi_module m;
        unw_dyn_info_t di;

        if (e->space->module(e->space->ctx, ip, &m) || !m.eh_frame_hdr ||
            e->space->read(e->space->ctx, m.eh_frame_hdr, &hdr, sizeof(hdr)))
                return -UNW_ENOINFO;
        if (hdr.version != 1 || (hdr.eh_frame_enc & 0x0f) != 0x0b || hdr.count_enc != 0x03 || hdr.table_enc != 0x3b)
                return -UNW_ENOINFO;
        if (m.eh_frame_hdr_size < sizeof(hdr) || hdr.count > (m.eh_frame_hdr_size - sizeof(hdr)) / 8)
                return -UNW_ENOINFO;
        memset(&di, 0, sizeof(di));
        di.format = UNW_INFO_FORMAT_REMOTE_TABLE;
        di.start_ip = m.start;
        di.end_ip = m.end;
        di.u.rti.segbase = m.eh_frame_hdr;
        di.u.rti.table_data = m.eh_frame_hdr + sizeof(hdr);
        di.u.rti.table_len = (unw_word_t)hdr.count * 8 / sizeof(unw_word_t);
        return UNW_OBJ(dwarf_search_unwind_table)(as, ip, &di, pi, need, arg);
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
        (void)as;
        (void)arg;
        free(pi->unwind_info);
        pi->unwind_info = NULL;
}

static int no_dynamic_info(unw_addr_space_t as, unw_word_t *addr, void *arg)
{
        (void)as;
        (void)addr;
        (void)arg;
        return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t as, unw_word_t addr, unw_word_t *value, int write, void *arg)
{
        struct engine *e = arg;

        (void)as;
        if (write || e->space->read(e->space->ctx, addr, value, sizeof(*value)))
                return -UNW_EINVAL;
        return 0;
}

/* libunwind uses DWARF's register numbers; the pc is the return address column. */
static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write, void *arg)
{
        struct engine *e = arg;

        (void)as;
        if (write || reg < 0 || reg >= ARCH_DWARF_REGS || !(e->regs.known & (1u << reg)))
                return -UNW_EBADREG;
        *value = e->regs.v[reg];
        return 0;
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
        (void)as;
        (void)reg;
        (void)value;
        (void)write;
        (void)arg;
        return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
        (void)as;
        (void)cursor;
        (void)arg;
        return -UNW_EINVAL;
}

struct engine *engine_new(struct target *t, const struct cfi_space *space)
{
        static unw_accessors_t accessors = {
                .find_proc_info = find_proc_info,
                .put_unwind_info = put_unwind_info,
                .get_dyn_info_list_addr = no_dynamic_info,
                .access_mem = access_mem,
                .access_reg = access_reg,
                .access_fpreg = access_fpreg,
                .resume = no_resume,
        };
        struct engine *e = calloc(1, sizeof(*e));

        if (!e)
                return NULL;
        e->t = t;
        e->space = space;
        e->as = unw_create_addr_space(&accessors, 0);
        if (!e->as) {
                free(e);
                return NULL;
        }
        /* Caching is off by default for remote address spaces, which makes a walk 40 times slower. */
        unw_set_caching_policy(e->as, UNW_CACHE_GLOBAL);
        return e;
}

void engine_free(struct engine *e)
{
        if (!e)
                return;
        unw_destroy_addr_space(e->as);
        free(e);
}

static bool has_cfi(unw_cursor_t *cursor)
{
        unw_proc_info_t info;

        return unw_get_proc_info(cursor, &info) == 0 && info.start_ip != info.end_ip;
}

static int add_frame(struct engine *e, unw_cursor_t *cursor, enum cfi_trust trust, bool exact, struct frames *out)
{
        unw_word_t pc = 0, sp = 0;
        struct thread_frame frame;

        unw_get_reg(cursor, UNW_REG_IP, &pc);
        unw_get_reg(cursor, UNW_REG_SP, &sp);
        if (out->total && !e->space->executable(e->space->ctx, exact ? pc : pc - 1))
                return -EFAULT;
        frame = (struct thread_frame){ .pc = pc,
                                       .sp = sp,
                                       .trust = trust,
                                       .exact_pc = exact,
                                       .signal_frame = unw_is_signal_frame(cursor) > 0,
                                       .module = target_module_index(e->t, exact ? pc : pc - 1) };
        return frames_add(out, &frame);
}

int engine_walk(struct engine *e, const struct arch_registers *regs, size_t limit, struct frames *out)
{
        enum cfi_trust trust = CFI_TRUST_CONTEXT;
        unw_cursor_t cursor;
        bool exact = true;

        e->regs = *regs;
        out->end = CFI_END_NO_RULE;
        if (unw_init_remote(&cursor, e->as, e) < 0)
                return 0;
        for (;;) {
                int step, err = add_frame(e, &cursor, trust, exact, out);

                if (err) {
                        out->end = CFI_END_BAD_PC;
                        return err == -ENOMEM ? err : 0;
                }
                if (out->total >= limit || (out->total % CLOCK_EVERY == 0 && target_past_deadline(e->t))) {
                        out->end = CFI_END_MAX_FRAMES;
                        return 0;
                }
                trust = has_cfi(&cursor) ? CFI_TRUST_CFI : CFI_TRUST_FRAME_POINTER;
                exact = unw_is_signal_frame(&cursor) > 0;
                step = unw_step(&cursor);
                if (step > 0)
                        continue;
                if (step == 0)
                        out->end = CFI_END_OF_STACK;
                return 0;
        }
}
