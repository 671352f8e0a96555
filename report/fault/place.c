/* SPDX-License-Identifier: MIT */
#include "report/fault/place.h"

#include "report/words/describe.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/str.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* A neighbouring mapping farther away is not related. */
#define NEAR ((uint64_t)1024 * 1024)

/* A loop exceeds a mapping by at most the amount that it processes at a time: two of the longest vectors, of 64
 * bytes. */
#define PAST_END 128

#define ACCESS_ANY (MAPS_READ | MAPS_WRITE | MAPS_EXEC)

/* ---- stacks ---- */

static bool has_stack_in(const struct target_thread *thread, const struct mapping *m)
{
        uint64_t sp = thread->regs.v[ARCH_REG_SP];
        size_t i;

        if (thread->regs.known >> ARCH_REG_SP & 1 && sp >= m->start && sp < m->end)
                return true;
        for (i = 0; i < thread->frame_count; i++)
                if (thread->frames[i].sp >= m->start && thread->frames[i].sp < m->end)
                        return true;
        return false;
}

/* Determined by the outermost frame with a known SP: the innermost frames may be on an alternate stack, or have a wrong
 * SP. */
const struct mapping *fault_stack_of(const struct target *t, size_t i)
{
        const struct target_thread *thread = &t->threads[i];
        const struct mapping *m = NULL;
        size_t k;

        for (k = thread->frame_count; k > 0 && !m; k--)
                if (thread->frames[k - 1].sp)
                        m = target_mapping(t, thread->frames[k - 1].sp);
        if (!m && thread->regs.known >> ARCH_REG_SP & 1)
                m = target_mapping(t, thread->regs.v[ARCH_REG_SP]);
        return m && m->perms & MAPS_WRITE ? m : NULL;
}

/* Index of the thread that has its stack in `m`, -1 if none. */
static int thread_on(const struct target *t, const struct mapping *m)
{
        size_t i;

        if (!(m->perms & MAPS_WRITE))
                return -1;
        for (i = 0; i < t->thread_count; i++)
                if (has_stack_in(&t->threads[i], m))
                        return (int)i;
        return -1;
}

/* The mapping right above `m`. */
static const struct mapping *above(const struct target *t, const struct mapping *m)
{
        const struct mapping *next = m + 1;

        return next < t->mappings.v + t->mappings.n && next->start == m->end ? next : NULL;
}

static const char *thread_name(struct report *report, const struct target *t, int i)
{
        const struct target_thread *thread = &t->threads[i];

        if (!thread->name[0])
                return pool_printf(&report->pool, "thread %d", (int)thread->tid);
        return pool_printf(&report->pool, "thread %d (%s)", (int)thread->tid, thread->name);
}

static const char *stack_name(struct report *report, const struct target *t, const struct mapping *m)
{
        int thread = thread_on(t, m);

        if (!strcmp(m->path, "[stack]"))
                return "the main stack";
        return thread < 0 ? NULL : pool_printf(&report->pool, "the stack of %s", thread_name(report, t, thread));
}

/* ---- kinds ---- */

static bool is_guard(const struct target *t, const struct mapping *m)
{
        const struct mapping *stack = above(t, m);

        return !(m->perms & ACCESS_ANY) && stack && (thread_on(t, stack) >= 0 || !strcmp(stack->path, "[stack]"));
}

static enum place_kind kind_of(const struct target *t, const struct mapping *m)
{
        if (!(m->perms & ACCESS_ANY))
                return is_guard(t, m) ? PLACE_GUARD : PLACE_CLOSED;
        if (!strcmp(m->path, "[heap]"))
                return PLACE_HEAP;
        if (!strcmp(m->path, "[stack]") || (m->module < 0 && thread_on(t, m) >= 0))
                return PLACE_STACK;
        if (m->module >= 0)
                return m->perms & MAPS_EXEC ? PLACE_CODE : m->perms & MAPS_WRITE ? PLACE_DATA : PLACE_CONSTANTS;
        return m->path[0] == '/' ? PLACE_FILE : PLACE_ANONYMOUS;
}

static const char *rights(const struct mapping *m)
{
        static const char *const words[] = { "without access rights", "read-only",  "write-only", "read-write",
                                             "execute-only",          "executable", "executable", "executable" };

        return words[m->perms & ACCESS_ANY];
}

static const char *file_name(struct report *report, const struct mapping *m)
{
        return pool_printf(&report->pool, "%s%s", m->path, m->deleted ? STR_DELETED : "");
}

const char *fault_place_name(struct report *report, const struct target *t, const struct mapping *m)
{
        const char *module = m->module >= 0 && (size_t)m->module < t->modules.n ? str_base(t->modules.v[m->module].path)
                                                                                : str_base(m->path);

        switch (kind_of(t, m)) {
        case PLACE_STACK:
                return stack_name(report, t, m);
        case PLACE_GUARD:
                return pool_printf(&report->pool, "the guard page below %s", stack_name(report, t, above(t, m)));
        case PLACE_HEAP:
                return "the heap";
        case PLACE_CODE:
                return pool_printf(&report->pool, "the code of %s", module);
        case PLACE_CONSTANTS:
                return pool_printf(&report->pool, "the constants of %s", module);
        case PLACE_DATA:
                return pool_printf(&report->pool, "the variables of %s", module);
        case PLACE_FILE:
                return pool_printf(&report->pool, "the mapped file %s (%s)", file_name(report, m), rights(m));
        case PLACE_CLOSED:
                if (m->guard)
                        return "a guard region (MADV_GUARD_INSTALL)";
                return m->path[0] ? pool_printf(&report->pool, "%s, mapped %s", file_name(report, m), rights(m))
                                  : "memory without access rights (PROT_NONE)";
        default:
                break;
        }
        return pool_printf(&report->pool, "%s %s memory", m->path[0] ? m->path : "anonymous", rights(m));
}

/* ---- neighbours ---- */

static const char *distance(struct report *report, uint64_t n)
{
        if (n < 4096)
                return pool_printf(&report->pool, "%" PRIu64 " byte%s", n, n == 1 ? "" : "s");
        return pool_printf(&report->pool, "%" PRIu64 " KiB", n / 1024);
}

/* Index of the first mapping that begins above `addr`. */
static size_t index_above(const struct target *t, uint64_t addr)
{
        size_t low = 0, high = t->mappings.n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (t->mappings.v[mid].start > addr)
                        high = mid;
                else
                        low = mid + 1;
        }
        return low;
}

static const char *nothing_words(struct report *report, const struct target *t, uint64_t addr, bool *past_end)
{
        size_t next = index_above(t, addr);
        const struct mapping *below = next ? &t->mappings.v[next - 1] : NULL;
        const struct mapping *higher = next < t->mappings.n ? &t->mappings.v[next] : NULL;
        uint64_t down = below ? addr - below->end : UINT64_MAX, up = higher ? higher->start - addr : UINT64_MAX;

        *past_end = down < PAST_END;
        if (down > NEAR && up > NEAR)
                return "where nothing is mapped, nor anything near it";
        if (down <= up)
                return pool_printf(&report->pool, "where nothing is mapped, %s after the end of %s",
                                   distance(report, down), fault_place_name(report, t, below));
        return pool_printf(&report->pool, "where nothing is mapped, %s below the beginning of %s", distance(report, up),
                           fault_place_name(report, t, higher));
}

struct fault_place fault_place(struct report *report, const struct target *t, uint64_t addr)
{
        struct fault_place place = { .mapping = t ? target_mapping(t, addr) : NULL };

        if (place.mapping) {
                place.kind = kind_of(t, place.mapping);
                place.words = pool_printf(&report->pool, "in %s", fault_place_name(report, t, place.mapping));
        } else if (addr >> 63) {
                place.kind = PLACE_KERNEL;
                place.words = "in the kernel's part of the address space";
        } else if (t && t->mappings.n) {
                place.kind = PLACE_NOTHING;
                place.words = nothing_words(report, t, addr, &place.past_end);
        }
        return place;
}

/* ---- pointers ---- */

/* At least four printable characters, with only zeros above them. */
static const char *text_hint(struct report *report, uint64_t value)
{
        char text[9] = "";
        size_t n = 0;

        for (; value && n < 8; value >>= 8, n++) {
                text[n] = (char)(value & 0xff);
                if (text[n] < 0x20 || text[n] > 0x7e)
                        return NULL;
        }
        if (n < 4 || (n == 6 && (text[5] == 0x55 || text[5] == 0x56))) /* a usual address of programs: coincidence */
                return NULL;
        return pool_printf(&report->pool,
                           "Its bytes are the text \"%s\": most likely a string was written over the pointer.", text);
}

/* gcc and clang fill variables with 0xfe and 0xaa (-ftrivial-auto-var-init=pattern); the others are fill patterns of
 * debugging allocators. */
static const char *pattern_hint(struct report *report, uint64_t value)
{
        static const uint8_t fills[] = { 0xaa, 0xfe, 0xcd, 0xdd, 0xcc, 0xab, 0xa5, 0x5a, 0xbe, 0x6b, 0xfd };
        size_t i;

        for (i = 0; i < sizeof(fills); i++) {
                uint64_t distance = value - 0x0101010101010101u * fills[i];

                if (distance + 4096 < 8192)
                        return pool_printf(&report->pool,
                                           "It consists of repeated bytes 0x%02x, a fill pattern for memory that "
                                           "is not initialized or was freed.",
                                           fills[i]);
        }
        return NULL;
}

/* Values with which programs mark memory that must not be used, in the lower or in the upper half. */
static const char *mark_hint(struct report *report, uint64_t value)
{
        static const uint32_t marks[] = { 0xdeadbeef, 0xbaadf00d, 0xdeadc0de, 0xdeaddead,
                                          0xcafebabe, 0xfeedface, 0xfeeefeee, 0x8badf00d };
        size_t i;

        for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
                if ((uint32_t)value - marks[i] < 4096 || value >> 32 == marks[i])
                        return pool_printf(&report->pool,
                                           "It is 0x%x, a marker for memory that is not initialized or was freed.",
                                           marks[i]);
        return NULL;
}

/* A pointer that was converted to an int, for example because the function that returns it was not declared. */
static const char *half_hint(struct report *report, const struct target *t, uint64_t value)
{
        uint64_t low = value & UINT32_MAX, whole;
        size_t i;

        if ((value >> 32 && value >> 31 != 0x1ffffffffu) || low < 65536)
                return NULL;
        for (i = 0; i < t->mappings.n; i++) {
                const struct mapping *m = &t->mappings.v[i];

                whole = (m->start & ~(uint64_t)UINT32_MAX) | low;
                if (whole != value && m->start >> 32 && m->perms & MAPS_WRITE && whole >= m->start && whole < m->end)
                        return pool_printf(&report->pool,
                                           "Its upper half may be lost, as in an int: 0x%" PRIx64 " would lie in %s.",
                                           whole, fault_place_name(report, t, m));
        }
        return NULL;
}

static const char *tag_hint(struct report *report, const struct target *t, uint64_t value)
{
        uint64_t low = value & UINT64_C(0x00007fffffffffff);
        const struct mapping *m = target_mapping(t, low);

        if (low == value || !m || !(m->perms & MAPS_READ))
                return NULL;
        return pool_printf(&report->pool, "Without its upper bits, 0x%" PRIx64 ", it would point into %s.", low,
                           fault_place_name(report, t, m));
}

static bool in_heap(const struct target *t, uint64_t addr)
{
        const struct mapping *m = target_mapping(t, addr);

        return m && m->perms & MAPS_WRITE && m->module < 0 && (!m->path[0] || !strcmp(m->path, "[heap]"));
}

/* glibc (malloc/malloc.c, PROTECT_PTR, since 2.32) links freed blocks by their addresses, and XORs each pointer with
 * the page number of its own location: the last block of a list contains only that number. */
static const char *freed_hint(const struct target *t, uint64_t value)
{
        uint64_t next = value;
        int i;

        for (i = 0; i < 4; i++) /* each round decodes 12 more bits, if both blocks are in one page */
                next = value ^ next >> 12;
        if (!(value >> 16) || value >> 47 || !(in_heap(t, value << 12) || (next % 16 == 0 && in_heap(t, next))))
                return NULL;
        return "It looks like a value that malloc writes to freed blocks: most likely memory was used after it was freed.";
}

const char *fault_pointer_hint(struct report *report, const struct target *t, uint64_t value)
{
        const char *hint = t ? freed_hint(t, value) : NULL;

        if (!hint)
                hint = text_hint(report, value);

        if (!hint && value + 64 < 128 && value >> 63)
                hint = "It is -1 or close to it, a value that failed calls return, for example mmap's MAP_FAILED.";
        if (!hint)
                hint = pattern_hint(report, value);
        if (!hint &&
            (!(value >> 32) || (value >> 47 && value >> 47 != 0x1ffff))) /* otherwise it may be a valid address */
                hint = mark_hint(report, value);
        if (!hint && t)
                hint = half_hint(report, t, value);
        if (!hint && t)
                hint = tag_hint(report, t, value);
        return hint;
}
