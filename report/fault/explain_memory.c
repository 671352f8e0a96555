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
        bool null_base = m && m->known && m->base >= 0 && !m->base_value;
        const char *what;

        if (explanation_is_plain_pointer(m) && null_base && m->displacement)
                return explanation_join(
                        in,
                        pool_printf(in->pool,
                                    "The program %s at %s, and %s is NULL: a member of a struct or an element of an "
                                    "array that is not there.",
                                    explanation_access_text(in), m->text, names[m->base]),
                        explanation_caller(in));
        if (explanation_is_plain_pointer(m) && null_base)
                what = ", which is NULL.";
        else if (null_base && m->index >= 0)
                what = ": an element of an array through a NULL pointer.";
        else if (offset == 0)
                what = ", that is through a NULL pointer.";
        else if (offset > 0)
                what = pool_printf(in->pool,
                                   "%s, that is %" PRId64 " byte%s from NULL: most likely a member of a struct or an "
                                   "element of an array through a NULL pointer.",
                                   m && m->base >= 0 ? pool_printf(in->pool, ", address 0x%" PRIx64, in->address) : "",
                                   offset, offset == 1 ? "" : "s");
        else
                what = ", just below NULL: most likely at a negative offset from a NULL pointer.";
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
                           "%s is full: most likely by an endless recursion, or by local variables that are too "
                           "large for this stack.",
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
                return "Most likely the pointer was not initialized, or was overwritten.";
        if (in->place.past_end)
                return "Most likely a loop, an index or a length went past the end of that memory; or the memory "
                       "that the pointer points to was unmapped (munmap, free of a large block).";
        return "Most likely the pointer was not initialized or was overwritten, or the memory that it points to was "
               "unmapped (munmap, free of a large block).";
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
                                   "The stack pointer itself is wrong, 0x%" PRIx64 ": most likely it was set to an "
                                   "address that is not a stack, or loaded from memory that was overwritten.",
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
                more = "Most likely a pointer or an index is wrong, and the stack itself is not full.";
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
                           : in->place.kind == PLACE_FILE    ? "It is not mapped for writing."
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
                return "Most likely the program used something that is not an address of this processor (non-canonical), "
                       "through a pointer that was not initialized or was overwritten.";
        hint = fault_pointer_hint(in->report, in->t, explanation_pointer(in));
        return explanation_join(in,
                                pool_printf(in->pool,
                                            "The program %s %s, and 0x%" PRIx64 " is not an address of this "
                                            "processor (non-canonical): most likely the pointer was not "
                                            "initialized, or was overwritten.",
                                            explanation_access_text(in), explanation_operand_text(in), in->address),
                                explanation_join(in, hint, explanation_caller(in)));
}

/* ---- mapped memory ---- */

/* "64 MiB" */
static const char *amount(struct explanation_input *in, uint64_t bytes)
{
        static const char *const units[] = { "KiB", "MiB", "GiB" };
        unsigned i = 0;

        for (bytes /= 1024; bytes >= 10240 && i < 2; i++)
                bytes /= 1024;
        if (bytes % 1024 == 0 && bytes && i < 2) {
                bytes /= 1024;
                i++;
        }
        return pool_printf(in->pool, "%" PRIu64 " %s", bytes, units[i]);
}

/* "the tmpfs at /dev/shm" */
static const char *file_system(struct explanation_input *in, const struct backing *b)
{
        if (!b->type[0])
                return "its file system";
        return pool_printf(in->pool, "the %s at %s", b->type, b->point);
}

/* "0 of 64 MiB free" */
static const char *room_text(struct explanation_input *in, const struct backing *b)
{
        const char *room = b->room.v < 1024 ? "0" : amount(in, b->room.v);

        return pool_printf(in->pool, "%s of %s free", room, amount(in, b->capacity));
}

static const char *no_room(struct explanation_input *in, const struct backing *b, bool certain)
{
        if (b->nowhere && b->committed_percent.known)
                return pool_printf(in->pool,
                                   ", where it has no page yet, and %" PRIu64
                                   " %% of the memory that the system may promise is "
                                   "promised (vm.overcommit_memory is 2): most likely there was none for the page",
                                   b->committed_percent.v);
        if (b->nowhere || !b->room.known || !b->capacity)
                return ", where it has no page yet: most likely the system had no memory for it";
        if (b->room.v >= b->page_size)
                return pool_printf(in->pool,
                                   ", where it has no page yet: most likely there was no room for one; %s has room now "
                                   "(%s)",
                                   file_system(in, b), room_text(in, b));
        return pool_printf(in->pool, ", and %s is full (%s): %sthere was no room for the page", file_system(in, b),
                           room_text(in, b), certain ? "" : "most likely ");
}

static const char *no_huge_page(struct explanation_input *in, const struct backing *b)
{
        const char *size = amount(in, b->page_size);

        if (b->room.known && b->capacity && b->room.v < b->page_size)
                return pool_printf(in->pool, ", in memory of %s pages, and %s is full: there was no room for the page",
                                   size, file_system(in, b));
        if (b->huge_failed)
                return pool_printf(
                        in->pool,
                        ", in memory of %s pages, and the system has no free one (HugePages_Free): there was "
                        "none for this access",
                        size);
        return pool_printf(
                in->pool,
                ", in memory of %s pages: most likely no such page was free, or the control group may have no "
                "more",
                size);
}

/* "at byte 8192 of the mapped file /tmp/data" */
static const char *file_text(struct explanation_input *in, const struct backing *b)
{
        const char *name = in->place.mapping ? in->place.mapping->path : "";

        if (!b->file && b->huge)
                return "in anonymous memory";
        if (!b->file)
                return in->place.words ? in->place.words : "in memory";
        return pool_printf(in->pool, "at byte %" PRIu64 " of the mapped file %s", b->offset.v, name);
}

static const char *length_text(struct explanation_input *in, const struct backing *b)
{
        return b->size.known ? pool_printf(in->pool, ", which is %" PRIu64 " bytes long", b->size.v) : "";
}

static const char *file_reason(struct explanation_input *in, const struct backing *b, enum backing_cause cause)
{
        const char *length = length_text(in, b);

        switch (cause) {
        case BACKING_ENDS_BEFORE:
                return pool_printf(in->pool, "%s now: it was truncated after it was mapped, or never was longer",
                                   length);
        case BACKING_MAY_END_BEFORE:
                return ", whose length is not known: most likely it was truncated after it was mapped";
        case BACKING_FULL:
        case BACKING_MAY_BE_FULL:
                return pool_printf(in->pool, "%s%s", length, no_room(in, b, cause == BACKING_FULL));
        case BACKING_NO_HUGE_PAGE:
                return pool_printf(in->pool, "%s%s", length, no_huge_page(in, b));
        case BACKING_UNREADABLE:
                return pool_printf(
                        in->pool,
                        "%s: most likely the page could not be read or written (an I/O error), or the file was "
                        "shorter for a time",
                        length);
        case BACKING_DEVICE:
                return ", a device: most likely its driver has nothing there";
        default:
                return b->no_answer
                               ? ", whose file system does not answer: most likely the page could not be read"
                               : ": most likely the file was truncated after it was mapped, or the page could not be read";
        }
}

static const char *bus_reason(struct explanation_input *in, const struct backing *b, enum backing_cause cause)
{
        if (cause == BACKING_MARKED)
                return ", in a page that is not present but taken: most likely the kernel could not read it back from swap, or "
                       "it was marked as unusable by userfaultfd(2) (UFFDIO_POISON)";
        if (cause == BACKING_USERFAULT)
                return ", whose missing pages are left to userfaultfd(2): most likely the page was missing, and SIGBUS was "
                       "requested for that (UFFD_FEATURE_SIGBUS)";
        if (cause == BACKING_NO_HUGE_PAGE && !b->file)
                return no_huge_page(in, b);
        if (b->file)
                return file_reason(in, b, cause);
        return ": most likely the kernel could not read the page back from swap";
}

const char *explain_bus(struct explanation_input *in)
{
        static const struct backing none;
        const struct backing *b = in->seen ? &in->seen->backing : &none;
        bool reads = explanation_word_is(in->report->fault.access, "read");

        if (in->facts->signal != SIGBUS || in->facts->code != BUS_ADRERR)
                return NULL;
        if (!b->mapped)
                return pool_printf(in->pool,
                                   "The program %s %s, and there was no page for it: most likely the mapped file was "
                                   "truncated, or the page could not be read.",
                                   explanation_access_text(in), explanation_operand_text(in));
        return pool_printf(in->pool, "The program %s %s, %s%s.", explanation_access_text(in),
                           explanation_operand_text(in), file_text(in, b), bus_reason(in, b, backing_cause(b, reads)));
}

/* Also raised for a locked access across two cache lines, if the system forbids that (split_lock_detect=fatal). */
static const char *alignment_check(struct explanation_input *in)
{
        const struct arch_registers *regs = &in->facts->regs;

        if (!(regs->known >> ARCH_REG_FLAGS & 1))
                return "; most likely alignment checks are enabled (flag AC)";
        return regs->v[ARCH_REG_FLAGS] & ARCH_FLAG_ALIGNMENT
                       ? ", while alignment checks are enabled (flag AC)"
                       : "; most likely a locked access across two cache lines (split_lock_detect)";
}

const char *explain_misaligned(struct explanation_input *in)
{
        uint32_t alignment = in->seen && in->seen->decoded ? in->seen->insn.alignment : 0;

        if (fault_class_is(in->report->fault.class, FAULT_BUS_MISALIGNED) || !alignment)
                return pool_printf(in->pool, "The program %s %s, an address that is not a multiple of the size%s.",
                                   explanation_access_text(in), explanation_operand_text(in), alignment_check(in));
        return pool_printf(in->pool,
                           "The instruction %s requires an address that is a multiple of %u, and 0x%" PRIx64 " is "
                           "not: most likely the pointer is not aligned for its type, or the stack is not aligned.",
                           in->seen->insn.text, alignment, in->address);
}

const char *explain_memory_failure(struct explanation_input *in)
{
        const char *bus = explain_bus(in);

        return bus ? bus
                   : "The kernel has marked the memory at that address as defective: most likely because of a hardware error that "
                     "could not be corrected; MADV_HWPOISON of madvise(2) and UFFDIO_POISON of userfaultfd(2) do the same.";
}
