/* SPDX-License-Identifier: MIT */
/* report/fault/explain_memory.c: explanations of bad addresses, and of valid addresses that could not be accessed. */
#include "report/fault/explanation.h"
#include "report/words/describe.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* The local variables of a function with a frame of this size are the cause of the overflow. */
#define LARGE_FRAME 65536u

/* ---- bad addresses ---- */

const char *explain_null_dereference(struct explanation_input *in)
{
        static const char *const names[] = ARCH_REG_NAMES;
        const struct memory_operand *m = in->m;
        int64_t offset = (int64_t)in->address;
        const char *what;

        if (explanation_is_plain_pointer(m) && !m->base_value && m->displacement)
                return explanation_join(
                        in,
                        pool_printf(in->pool,
                                    "The program %s at %s, and %s is NULL: a member of a struct or an element of an "
                                    "array that is not there.",
                                    explanation_access_text(in), m->text, names[m->base]),
                        explanation_caller(in));
        if (explanation_is_plain_pointer(m) && !m->base_value)
                what = ", which is NULL.";
        else if (m && m->base >= 0 && m->index >= 0 && !m->base_value)
                what = ": an element of an array through a NULL pointer.";
        else if (offset == 0)
                what = ", that is through a NULL pointer.";
        else if (offset > 0)
                what = pool_printf(in->pool,
                                   "%s, that is %" PRId64 " byte%s from NULL: a member of a struct or an element of an "
                                   "array through a NULL pointer.",
                                   m && m->base >= 0 ? pool_printf(in->pool, ", address 0x%" PRIx64, in->address) : "",
                                   offset, offset == 1 ? "" : "s");
        else
                what = ", just below NULL: at a negative offset from a NULL pointer.";
        return explanation_join(in,
                                pool_printf(in->pool, "The program %s %s%s", explanation_access_text(in),
                                            explanation_operand_text(in), what),
                                explanation_caller(in));
}

const char *explain_stack_overflow(struct explanation_input *in)
{
        const struct mapping *stack = in->t && in->t->thread_count ? fault_stack_of(in->t, 0) : NULL;
        uint64_t sp = in->facts->regs.v[ARCH_REG_SP];
        const char *name = "The stack";

        if (stack && sp < stack->start && stack->start - sp > LARGE_FRAME)
                return pool_printf(
                        in->pool,
                        "The stack has no space for the local variables of this function, which extend %" PRIu64 " "
                        "KiB beyond its end: allocate the large ones on the heap.",
                        (stack->start - sp) / 1024);
        if (stack &&
            (in->address < stack->start || in->address >= stack->end)) /* else it has a guard of unknown size */
                name = pool_printf(in->pool, "%s, %" PRIu64 " KiB,",
                                   explanation_capitalize(in, fault_place_name(in->report, in->t, stack)),
                                   (stack->end - stack->start) / 1024);
        if (in->report->fault.recursion.function_count)
                return pool_printf(in->pool,
                                   "%s is full of calls, %s: the recursion is endless, or too deep for this stack.",
                                   name, describe_recursion(in->report));
        return pool_printf(in->pool,
                           "%s is full: the cause is an endless recursion, or local variables that are too large "
                           "for this stack.",
                           name);
}

/* The pointer itself is valid, but not the index added to it. NULL: not known to be so. */
static const char *index_hint(struct explanation_input *in)
{
        const struct memory_operand *m = in->m;
        uint64_t base = m && m->base < 0 ? (uint64_t)m->displacement : m ? m->base_value : 0;
        const struct mapping *at;

        if (!m || !m->known || m->index < 0 || m->vector_index || !in->t)
                return NULL;
        at = target_mapping(in->t, base);
        if (!at || !(at->perms & MAPS_READ))
                return NULL;
        return pool_printf(in->pool,
                           "The base address, 0x%" PRIx64 ", is in %s: most likely an index or a length is wrong.",
                           base, fault_place_name(in->report, in->t, at));
}

static const char *unmapped_hint(struct explanation_input *in)
{
        const char *hint = fault_pointer_hint(in->report, in->t, explanation_pointer(in));

        if (!hint)
                hint = index_hint(in);
        if (hint)
                return hint;
        if (in->place.kind == PLACE_KERNEL)
                return "The pointer was not initialized, or was overwritten.";
        if (in->place.past_end)
                return "Most likely a loop, an index or a length went past the end of that memory; or the memory "
                       "that the pointer points to was unmapped (munmap, free of a large block).";
        return "The pointer was not initialized, was overwritten, or the memory that it points to was unmapped "
               "(munmap, free of a large block).";
}

const char *explain_unmapped_address(struct explanation_input *in)
{
        const char *where = in->place.words ? pool_printf(in->pool, ", %s", in->place.words) : "";
        const char *first;

        if (in->place.mapping && in->facts->code == SEGV_MAPERR)
                where = pool_printf(in->pool, ", where nothing was mapped; most likely it was mapped since, %s",
                                    in->place.words);
        if (in->m && in->m->in_segment)
                return pool_printf(
                        in->pool,
                        "The program %s at %s, in thread-local storage, but with the current segment base that is "
                        "address 0x%" PRIx64 ", %s.",
                        explanation_access_text(in), in->m->text, in->address,
                        in->place.words ? in->place.words : "which is invalid");
        if (in->m && in->m->base == ARCH_REG_SP && !(in->t && target_mapping(in->t, in->facts->regs.v[ARCH_REG_SP])))
                return pool_printf(in->pool,
                                   "The stack pointer itself is wrong, 0x%" PRIx64 ": it was set to an address "
                                   "that is not a stack, or loaded from memory that was overwritten.",
                                   in->facts->regs.v[ARCH_REG_SP]);
        if (in->m)
                where = pool_printf(in->pool, ", address 0x%" PRIx64 "%s", in->address, where);
        first = pool_printf(in->pool, "The program %s %s%s.", explanation_access_text(in), explanation_operand_text(in),
                            where);
        return explanation_join(in, explanation_join(in, first, unmapped_hint(in)), explanation_caller(in));
}

/* The map says that the memory is accessible, and pagemap was not readable, or this is a raw report. */
static bool is_unseen_guard(const struct explanation_input *in)
{
        return in->facts->signal == SIGSEGV && in->facts->code == SEGV_MAPERR && in->place.mapping &&
               !in->place.mapping->guard;
}

const char *explain_inaccessible_address(struct explanation_input *in)
{
        const char *where = in->place.words ? in->place.words : "which does not permit that access";
        const char *more = NULL;

        if (is_unseen_guard(in))
                where = pool_printf(
                        in->pool,
                        "%s, where the kernel reports no page that can be accessed: most likely a guard region "
                        "of madvise(2) (MADV_GUARD_INSTALL), which maps does not show",
                        where);
        if (in->place.kind == PLACE_GUARD)
                more = "The stack itself is not full: a pointer or an index is wrong.";
        return explanation_join(in,
                                pool_printf(in->pool, "The program %s %s, %s.", explanation_access_text(in),
                                            explanation_operand_text(in), where),
                                more);
}

const char *explain_write_to_read_only(struct explanation_input *in)
{
        const char *where = in->place.words ? in->place.words : "which is read-only";
        const char *more = in->place.kind == PLACE_CONSTANTS ? "String literals and const objects are stored there."
                           : in->place.kind == PLACE_CODE    ? "Code cannot be changed."
                           : in->place.kind == PLACE_FILE    ? "It was not mapped for writing."
                                                             : "It may only be read.";

        return explanation_join(
                in,
                explanation_join(in,
                                 pool_printf(in->pool, "The program %s %s, %s.", explanation_access_text(in),
                                             explanation_operand_text(in), where),
                                 more),
                explanation_caller(in));
}

const char *explain_non_canonical(struct explanation_input *in)
{
        const char *hint;

        if (!in->report->fault.address.known)
                return "The program used something that is not an address of this processor (non-canonical): a "
                       "pointer was not initialized, or was overwritten.";
        hint = fault_pointer_hint(in->report, in->t, explanation_pointer(in));
        return explanation_join(in,
                                pool_printf(in->pool,
                                            "The program %s %s, and 0x%" PRIx64 " is not an address of this "
                                            "processor (non-canonical): the pointer was not initialized, or "
                                            "was overwritten.",
                                            explanation_access_text(in), explanation_operand_text(in), in->address),
                                explanation_join(in, hint, explanation_caller(in)));
}

/* ---- mapped memory ---- */

const char *explain_file_truncated(struct explanation_input *in)
{
        const struct examination *e = in->seen;
        const char *file = in->place.mapping ? in->place.mapping->path : "a file";
        const char *now = "";

        if (!e || !e->file_offset.known)
                return pool_printf(in->pool,
                                   "The program %s %s, in a mapped file that no longer has bytes there: it was "
                                   "truncated after it was mapped, or its disk cannot be read.",
                                   explanation_access_text(in), explanation_operand_text(in));
        if (e->file_size.known && e->file_size.v > e->file_offset.v)
                return pool_printf(in->pool,
                                   "The program %s %s, at byte %" PRIu64 " of the mapped file %s, which is %" PRIu64
                                   " bytes long: its disk could not be read, or it was temporarily shorter.",
                                   explanation_access_text(in), explanation_operand_text(in), e->file_offset.v, file,
                                   e->file_size.v);
        if (e->file_size.known)
                now = pool_printf(in->pool, ", which is %" PRIu64 " bytes long now", e->file_size.v);
        return pool_printf(in->pool,
                           "The program %s %s, at byte %" PRIu64 " of the mapped file %s%s: the file was truncated "
                           "after it was mapped.",
                           explanation_access_text(in), explanation_operand_text(in), e->file_offset.v, file, now);
}

const char *explain_misaligned(struct explanation_input *in)
{
        uint32_t alignment = in->seen && in->seen->decoded ? in->seen->insn.alignment : 0;

        if (fault_class_is(in->report->fault.class, FAULT_BUS_MISALIGNED) || !alignment)
                return pool_printf(in->pool,
                                   "The program %s %s, an address that is not a multiple of the size, while "
                                   "alignment checks are enabled (flag AC).",
                                   explanation_access_text(in), explanation_operand_text(in));
        return pool_printf(in->pool,
                           "The instruction %s requires an address that is a multiple of %u, and 0x%" PRIx64 " is "
                           "not: the pointer is not aligned for its type, or the stack is not aligned.",
                           in->seen->insn.text, alignment, in->address);
}

const char *explain_memory_failure(struct explanation_input *in)
{
        (void)in;
        return "The memory of the machine is defective at that address: the hardware reported an error that it "
               "could not correct.";
}
