/* SPDX-License-Identifier: MIT */
#include "report/fault/examine.h"

#include "unwind/core/image/maps.h"
#include "unwind/target/files.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Instructions listed on either side of the faulting one. */
#define BEFORE 6
#define AFTER 5

/* Maximum distance from the start of a function over which its instructions are decoded to reach an instruction
 * boundary. */
#define WALK_MAX 16384

static bool is_known(const struct crash_facts *f, int reg)
{
        return f->regs.known >> reg & 1;
}

/* ---- bytes of code ---- */

/* Used if the process cannot be read: a mapping of a file without write permission has the file's contents. */
static size_t read_from_file(const struct target *t, uint64_t addr, uint8_t *buf, size_t len)
{
        const struct mapping *m = target_mapping(t, addr);
        ssize_t n;
        int fd;

        if (!m || m->perms & MAPS_WRITE)
                return 0;
        if (len > m->end - addr)
                len = m->end - addr;
        fd = files_open_mapped(t, m);
        if (fd < 0)
                return 0;
        n = files_pread(fd, buf, len, (uint64_t)(m->offset + (addr - m->start)));
        close(fd);
        return n > 0 ? (size_t)n : 0;
}

/* Returns how many of `len` bytes at `addr` could be read. */
static size_t read_code(struct target *t, uint64_t addr, uint8_t *buf, size_t len)
{
        ssize_t n = t->ops->read(t, addr, buf, len);

        return n > 0 ? (size_t)n : read_from_file(t, addr, buf, len);
}

static bool decode_at(struct target *t, uint64_t addr, const struct arch_registers *regs, struct instruction *out)
{
        uint8_t code[INSTRUCTION_LONGEST];
        size_t n = read_code(t, addr, code, sizeof(code));

        return n && disassemble(code, n, addr, regs, out) != -ENOMEM;
}

/* ---- the list around pc ---- */

static void list_instruction(struct report *report, const struct instruction *insn, bool faulting)
{
        struct report_instruction *i = POOL_APPEND(&report->pool, report->disassembly, report->disassembly_count);

        i->address = KNOWN_U64(insn->address);
        i->text = pool_strdup(&report->pool, insn->text);
        i->faulting = faulting;
}

/* The frame whose pc is that of the fault: inlined frames precede it, and so do those of a handler that raised the
 * signal again. */
static const struct report_frame *physical_frame(const struct report *report, const struct crash_facts *f)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        size_t i;

        for (i = 0; thread && i < thread->frame_count; i++)
                if (!thread->frames[i].inlined && thread->frames[i].pc.v == f->regs.v[ARCH_REG_PC])
                        return &thread->frames[i];
        return NULL;
}

/* Decodes from the start of the function, since instruction boundaries are unknown otherwise; lists nothing if decoding
 * does not reach `until` exactly. */
static void list_before(struct report *report, const struct crash_facts *f, struct target *t, uint64_t until)
{
        const struct report_frame *frame = physical_frame(report, f);
        struct instruction ring[BEFORE];
        uint64_t at, offset;
        size_t n = 0, i;

        if (!frame || !frame->function_offset.known || !frame->pc.known || frame->function_offset.v <= 0 ||
            frame->function_offset.v > WALK_MAX)
                return;
        offset = (uint64_t)frame->function_offset.v;
        for (at = frame->pc.v - offset; at < until; n++) {
                if (!decode_at(t, at, NULL, &ring[n % BEFORE]))
                        return;
                at += ring[n % BEFORE].length;
        }
        if (at != until)
                return;
        for (i = n > BEFORE ? n - BEFORE : 0; i < n; i++)
                list_instruction(report, &ring[i % BEFORE], false);
}

static void list_after(struct report *report, struct target *t, uint64_t at)
{
        struct instruction insn;
        int i;

        for (i = 0; i < AFTER && decode_at(t, at, NULL, &insn); i++) {
                list_instruction(report, &insn, false);
                at += insn.length;
        }
}

/* ---- the faulting instruction ---- */

/* pc of a breakpoint trap is that of the next instruction (Intel SDM volume 3, 6.15, #BP, #OF; for int1 the kernel
 * reports TRAP_BRKPT: arch/x86/kernel/traps.c, exc_debug_user), and so is that of a system call that a seccomp filter
 * trapped. */
static bool decode_before_pc(const struct crash_facts *f, struct target *t, enum instruction_kind kind,
                             struct examination *out)
{
        uint64_t pc = f->regs.v[ARCH_REG_PC];
        uint32_t length;

        for (length = 1; length <= 2; length++)
                if (decode_at(t, pc - length, &f->regs, &out->insn) && out->insn.kind == kind &&
                    out->insn.length == length)
                        return true;
        return false;
}

static bool decode_faulting(const struct crash_facts *f, struct target *t, struct examination *out)
{
        if (f->signal == SIGTRAP && (f->code == SI_KERNEL || f->code == TRAP_BRKPT) &&
            decode_before_pc(f, t, INSTRUCTION_BREAKPOINT, out))
                return true;
        if (f->signal == SIGSEGV && f->trap == ARCH_TRAP_OVERFLOW &&
            decode_before_pc(f, t, INSTRUCTION_PRIVILEGED, out))
                return true;
        if (f->signal == SIGSYS && decode_before_pc(f, t, INSTRUCTION_SYSTEM_CALL, out))
                return true;
        return decode_at(t, f->regs.v[ARCH_REG_PC], &f->regs, &out->insn);
}

static bool read_word(struct target *t, uint64_t addr, uint32_t size, struct known_u64 *out)
{
        uint64_t value = 0;

        if (!size || size > sizeof(value) || target_read(t, addr, &value, size))
                return false;
        *out = KNOWN_U64(value);
        return true;
}

/* Reads the divisor, or the target of a branch. */
static void find_value(struct target *t, struct examination *e)
{
        const struct value_operand *v = &e->insn.value;

        if (e->insn.kind == INSTRUCTION_RETURN && e->insn.operand_count && e->insn.operands[0].known)
                read_word(t, e->insn.operands[0].address, 8, &e->value);
        else if (v->present && v->known)
                e->value = KNOWN_U64(v->value);
        else if (v->present && v->in_memory && e->insn.operand_count && e->insn.operands[0].known)
                read_word(t, e->insn.operands[0].address, v->size, &e->value);
}

static bool covers(const struct memory_operand *m, uint64_t address)
{
        return m->known && !m->vector_index && address - m->address < (m->size ? m->size : 1);
}

/* The kernel reported an address. */
static int operand_by_address(const struct examination *e, uint64_t address, unsigned access)
{
        const struct instruction *insn = &e->insn;
        int i, n = (int)insn->operand_count, found = -1, matching = 0;

        for (i = 0; i < n; i++)
                if (covers(&insn->operands[i], address))
                        return i;
        /* A string instruction may fault at an address beyond its registers' current values; a gather has many
         * addresses. */
        for (i = 0; i < n; i++)
                if (insn->operands[i].access & access) {
                        found = i;
                        matching++;
                }
        return matching == 1 ? found : -1;
}

/* The kernel reported no address, since it was not a valid one. */
static void operand_by_value(struct examination *e)
{
        const struct instruction *insn = &e->insn;
        size_t i;

        for (i = 0; i < insn->operand_count && e->bad_operand < 0; i++) {
                const struct memory_operand *m = &insn->operands[i];

                if (m->known && !arch_is_canonical(m->vector_index ? m->base_value : m->address, m->size))
                        e->bad_operand = (int)i;
        }
        if (e->bad_operand < 0 && e->value.known && insn->kind != INSTRUCTION_DIVISION &&
            !arch_is_canonical(e->value.v, 1))
                e->target_is_bad = true;
        else if (e->bad_operand < 0 && insn->alignment && insn->operands[0].known &&
                 insn->operands[0].address % insn->alignment)
                e->bad_operand = 0;
}

/* The kernel reports no address for an alignment check (arch/x86/kernel/traps.c: exc_alignment_check). */
static int operand_by_alignment(const struct examination *e)
{
        size_t i;

        for (i = 0; i < e->insn.operand_count; i++) {
                const struct memory_operand *m = &e->insn.operands[i];

                if (m->known && !m->vector_index && m->size > 1 && m->address % m->size)
                        return (int)i;
        }
        return -1;
}

static void find_bad_operand(const struct crash_facts *f, struct examination *e)
{
        unsigned access = f->error & ARCH_FAULT_WRITE ? OPERAND_WRITE : OPERAND_READ;

        if (f->signal != SIGSEGV && f->signal != SIGBUS)
                return;
        if (f->signal == SIGBUS && f->code == BUS_ADRALN)
                e->bad_operand = operand_by_alignment(e);
        else if (f->address.known)
                e->bad_operand = operand_by_address(e, f->address.v, access);
        else if (f->code == SI_KERNEL)
                operand_by_value(e);
}

/* ---- pc itself is the bad address ---- */

/* Whether an instruction that ends at `end` calls the address in pc. Its length is unknown, so all lengths are
 * tried. */
static bool find_call(const struct crash_facts *f, struct target *t, uint64_t end, struct examination *out)
{
        uint32_t length;

        for (length = 2; length <= 8; length++) {
                struct instruction insn;
                struct known_u64 goal = { 0 };

                if (!decode_at(t, end - length, &f->regs, &insn) || insn.length != length ||
                    insn.kind != INSTRUCTION_CALL || !insn.value.present)
                        continue;
                if (insn.value.known)
                        goal = KNOWN_U64(insn.value.value);
                else if (insn.operand_count && insn.operands[0].known)
                        read_word(t, insn.operands[0].address, 8, &goal);
                if (!goal.known || goal.v != f->regs.v[ARCH_REG_PC])
                        continue;
                if (!insn.value.constant) /* a direct call has no operand to name */
                        snprintf(out->arrived_by, sizeof(out->arrived_by), "%s", insn.value.text);
                return true;
        }
        return false;
}

/* After a call the return address is at SP; after a return the value of pc is still below SP, in the red zone. */
static void find_arrival(const struct crash_facts *f, struct target *t, struct examination *out)
{
        uint64_t sp = f->regs.v[ARCH_REG_SP];
        struct known_u64 word = { 0 };

        if (!is_known(f, ARCH_REG_SP))
                return;
        if (read_word(t, sp, 8, &word) && find_call(f, t, word.v, out))
                out->arrival = ARRIVAL_CALL;
        else if (read_word(t, sp - 8, 8, &word) && word.v == f->regs.v[ARCH_REG_PC])
                out->arrival = ARRIVAL_RETURN;
}

static bool is_execution(const struct crash_facts *f)
{
        struct fault_look look;

        fault_fill_look(f, NULL, &look);
        if (f->signal != SIGSEGV && f->signal != SIGBUS)
                return false;
        if (!arch_is_canonical(f->regs.v[ARCH_REG_PC], 1))
                return true;
        if (!f->address.known)
                return false;
        if (f->trap == ARCH_TRAP_PAGE_FAULT && f->error & ARCH_FAULT_EXECUTE)
                return fault_look_is_fetch(&look);
        if (f->trap == ARCH_TRAP_PAGE_FAULT && f->error & ARCH_FAULT_WRITE)
                return false; /* an instruction may write to itself */
        return f->address.v == f->regs.v[ARCH_REG_PC];
}

void examine(struct report *report, const struct crash_facts *f, struct target *t, struct examination *out)
{
        memset(out, 0, sizeof(*out));
        out->bad_operand = -1;
        if (!t || !f->signal || f->code <= 0 || !is_known(f, ARCH_REG_PC))
                return; /* the pc at which a sent signal arrived is meaningless */
        if (f->signal == SIGBUS && f->address.known)
                backing_look(t, f->address.v, &out->backing);
        if (is_execution(f)) {
                find_arrival(f, t, out);
                return;
        }
        out->decoded = decode_faulting(f, t, out);
        if (!out->decoded)
                return;
        find_value(t, out);
        find_bad_operand(f, out);
        list_before(report, f, t, out->insn.address);
        list_instruction(report, &out->insn, true);
        list_after(report, t, out->insn.address + out->insn.length);
}
