/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/fault_look.h"

#include "unwind/core/image/maps.h"
#include "unwind/core/terms/signames.h"

#include <signal.h>

/* How far below its stack a thread may reach at once (a large frame, alloca) and still be called an overflow, and
 * how deep below the lowest page of the stack SP itself may be. */
#define STACK_REACH ((uint64_t)1024 * 1024)
#define STACK_NEAR ((uint64_t)64 * 1024)

/* How far below its stack SP may be because of a single variable. */
#define STACK_FARTHEST ((uint64_t)4 << 30)

/* The largest distance from SP or FP of what push, call, pop, ret, enter and leave access. */
#define PUSHED 16u

static bool knows(const struct fault_look *look, int reg)
{
        return look->regs->known >> reg & 1;
}

static uint64_t pc_of(const struct fault_look *look)
{
        return look->regs->v[ARCH_REG_PC];
}

/* ---- access ---- */

bool fault_look_is_fetch(const struct fault_look *look)
{
        if (arch_fault_access(look->trap, look->error) != ARCH_ACCESS_EXECUTE || !look->has_address)
                return false;
        return !knows(look, ARCH_REG_PC) || look->address - pc_of(look) <= ARCH_INSTRUCTION_LONGEST;
}

enum arch_access fault_look_access(const struct fault_look *look)
{
        enum arch_access access = arch_fault_access(look->trap, look->error);

        if (fault_look_is_fetch(look))
                return ARCH_ACCESS_EXECUTE;
        if (access != ARCH_ACCESS_UNKNOWN && access != ARCH_ACCESS_EXECUTE)
                return access;
        if (!knows(look, ARCH_REG_PC))
                return ARCH_ACCESS_UNKNOWN;
        if (look->has_address)
                return pc_of(look) == look->address ? ARCH_ACCESS_EXECUTE : ARCH_ACCESS_UNKNOWN;
        return arch_is_canonical(pc_of(look), 1) ? ARCH_ACCESS_UNKNOWN : ARCH_ACCESS_EXECUTE;
}

/* ---- bad addresses ---- */

bool fault_look_wants_guard(const struct fault_look *look)
{
        return look->signal == SIGSEGV && look->code == SEGV_MAPERR && look->has_address && look->at.end &&
               guards_may_be_at(look->at.perms, look->address);
}

bool fault_look_is_below_stack(const struct fault_look *look)
{
        const struct fault_area *at = &look->at, *stack = &look->above;
        uint64_t sp = look->regs->v[ARCH_REG_SP], edge = at->end ? at->end : look->address;

        if (!stack->end || !knows(look, ARCH_REG_SP) || at->perms & MAPS_WRITE)
                return false;
        if (at->end && edge != stack->start)
                return false;
        if (!look->above_is_stack && !(at->end && sp >= at->start && sp < at->end))
                return false; /* SP in inaccessible pages right below: no frame is left, but that is a stack's guard */
        if (sp < stack->start && look->address + ARCH_RED_ZONE - sp < STACK_REACH)
                return stack->start - sp <= STACK_FARTHEST; /* a local variable larger than the rest of the stack */
        return stack->start - edge <= STACK_REACH && sp < stack->start + STACK_NEAR &&
               stack->start - look->address <= 16 * STACK_REACH;
}

static bool is_stack_overflow(const struct fault_look *look)
{
        return fault_look_is_below_stack(look) && look->regs->v[ARCH_REG_SP] < look->above.start + FAULT_STACK_LOWEST;
}

static bool is_near(const struct fault_look *look, int reg)
{
        return !knows(look, reg) || look->address - look->regs->v[reg] + PUSHED <= 2 * PUSHED;
}

/* Beyond the first page it may also be a wild stack pointer, or a wild thread pointer. */
static bool is_null(const struct fault_look *look)
{
        if (look->at.end || look->address >= FAULT_NULL_AREA)
                return false;
        if (look->address < FAULT_NULL_PAGE)
                return true;
        return !is_near(look, ARCH_REG_SP) && !is_near(look, ARCH_REG_FP) &&
               arch_code_is_flat(look->code_at_pc, look->code_size);
}

static enum fault_class fetch_class(const struct fault_look *look)
{
        if (look->address < FAULT_NULL_PAGE)
                return FAULT_NULL_CALL;
        if (!look->has_map)
                return FAULT_UNKNOWN;
        return look->at.end ? FAULT_EXECUTE_NON_EXECUTABLE : FAULT_UNMAPPED_ADDRESS;
}

/* With SP in the same area, a large local variable may have taken it out of its stack. */
static bool is_sp_in_area(const struct fault_look *look)
{
        uint64_t sp = look->regs->v[ARCH_REG_SP];

        return knows(look, ARCH_REG_SP) && sp >= look->at.start && sp < look->at.end;
}

/* Mapped, but without the necessary permission. */
static enum fault_class rights_class(const struct fault_look *look)
{
        if (!look->at.end)
                return FAULT_UNKNOWN; /* the map is not known, or has changed */
        if (fault_look_access(look) == ARCH_ACCESS_WRITE && look->at.perms & MAPS_READ &&
            !(look->at.perms & MAPS_WRITE) && !fault_look_is_below_stack(look) && !is_sp_in_area(look))
                return FAULT_WRITE_TO_READ_ONLY;
        return FAULT_INACCESSIBLE_ADDRESS;
}

/* Not mapped, or in a guard region of a mapping. */
static enum fault_class maperr_class(const struct fault_look *look)
{
        if (look->guard == GUARD_FOUND)
                return FAULT_INACCESSIBLE_ADDRESS;
        return fault_look_wants_guard(look) ? FAULT_UNKNOWN : FAULT_UNMAPPED_ADDRESS;
}

static enum fault_class segv_class(const struct fault_look *look)
{
        if (!look->has_address)
                return FAULT_UNKNOWN;
        if (fault_look_access(look) == ARCH_ACCESS_EXECUTE)
                return fetch_class(look);
        if (is_null(look))
                return FAULT_NULL_DEREFERENCE;
        if (is_stack_overflow(look))
                return FAULT_STACK_OVERFLOW;
        if (look->code == SEGV_MAPERR)
                return maperr_class(look);
        return look->code == SEGV_ACCERR ? rights_class(look) : FAULT_UNKNOWN;
}

/* The processor reports neither an address nor which of its rules was broken (Intel SDM volume 3, 6.15, #GP, #SS). */
static enum fault_class protection_class(const struct fault_look *look)
{
        if (knows(look, ARCH_REG_PC) && !arch_is_canonical(pc_of(look), 1))
                return FAULT_NON_CANONICAL_ADDRESS;
        if (arch_fault_is_stack_protection(look->trap) && knows(look, ARCH_REG_SP) &&
            !arch_is_canonical(look->regs->v[ARCH_REG_SP], 1))
                return FAULT_NON_CANONICAL_ADDRESS;
        if (arch_fault_is_protection(look->trap) && arch_code_is_privileged(look->code_at_pc, look->code_size))
                return FAULT_PRIVILEGED_INSTRUCTION;
        return FAULT_UNKNOWN;
}

/* ---- other faults ---- */

/* BUS_ADRERR is ambiguous: the file was truncated, or its file system cannot read or store the page. */
static enum fault_class bus_class(const struct fault_look *look)
{
        switch (look->code) {
        case BUS_ADRALN:
                return FAULT_BUS_MISALIGNED;
        case BUS_MCEERR_AR:
        case BUS_MCEERR_AO:
                return FAULT_BUS_MEMORY_FAILURE;
        default:
                return FAULT_UNKNOWN;
        }
}

/* FPE_INTDIV is ambiguous: the processor raises the same exception for a zero divisor and for a quotient that does not fit. */
static enum fault_class fpe_class(const struct fault_look *look)
{
        switch (look->code) {
        case FPE_FLTDIV:
        case FPE_FLTOVF:
        case FPE_FLTUND:
        case FPE_FLTRES:
        case FPE_FLTINV:
        case FPE_FLTSUB:
                return FAULT_FLOATING_POINT_EXCEPTION;
        default:
                return FAULT_UNKNOWN;
        }
}

static enum fault_class kernel_class(const struct fault_look *look)
{
        switch (look->signal) {
        case SIGSEGV:
                return look->code == SI_KERNEL ? protection_class(look) : segv_class(look);
        case SIGBUS:
                return look->code == SI_KERNEL ? protection_class(look) : bus_class(look);
        case SIGFPE:
                return fpe_class(look);
        case SIGILL:
                return FAULT_ILLEGAL_INSTRUCTION;
        case SIGTRAP:
                return FAULT_TRAP;
        case SIGSYS:
                return FAULT_BAD_SYSTEM_CALL;
        default:
                return FAULT_UNKNOWN;
        }
}

enum fault_class fault_look_class(const struct fault_look *look)
{
        if (look->uncaught_exception)
                return FAULT_UNCAUGHT_EXCEPTION;
        if (look->terminate)
                return FAULT_TERMINATE;
        if (signames_has_sender(look->code) && look->from_self && look->signal == SIGABRT)
                return FAULT_ABORT;
        if (signames_has_sender(look->code) || look->code == SI_TIMER || look->code == SI_MESGQ ||
            look->code == SI_ASYNCIO)
                return FAULT_SENT_BY_PROCESS;
        return look->code > 0 ? kernel_class(look) : FAULT_UNKNOWN;
}
