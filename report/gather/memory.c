/* SPDX-License-Identifier: MIT */
#include "report/gather/memory.h"

#include "unwind/core/image/maps.h"

#include <string.h>

/* Bytes before and after the address in a register; of the stack, the red zone and the innermost frames. */
#define AROUND_BEFORE 32
#define AROUND_AFTER 96
#define STACK_AFTER 384
#define LINE 16

struct window {
        uint64_t start, end;
        int reg; /* number in DWARF */
        const struct mapping *mapping;
};

struct windows {
        struct window v[ARCH_REGS];
        size_t n;
};

/* Reading device memory may have side effects. */
static bool may_read(const struct mapping *m)
{
        return m && m->perms & MAPS_READ && (strncmp(m->path, "/dev/", 5) || !strncmp(m->path, "/dev/shm/", 9));
}

/* Limited to the mapping: memory beyond it is unrelated. */
static struct window window_around(const struct mapping *m, int reg, uint64_t addr, uint64_t before, uint64_t after)
{
        uint64_t line = addr - addr % LINE;
        struct window w = { m->start, m->end, reg, m };

        if (line - m->start > before)
                w.start = line - before;
        if (m->end - line > after)
                w.end = line + after;
        return w;
}

static void add_window(struct windows *out, const struct target *t, int reg, uint64_t before, uint64_t after)
{
        const struct arch_registers *regs = &t->threads[0].regs;
        const struct mapping *m = regs->known >> reg & 1 ? target_mapping(t, regs->v[reg]) : NULL;
        struct window w;

        if (!may_read(m))
                return;
        w = window_around(m, reg, regs->v[reg], before, after);
        for (size_t i = 0; i < out->n; i++)
                if (w.start >= out->v[i].start && w.end <= out->v[i].end)
                        return;
        out->v[out->n++] = w;
}

static void find_windows(const struct target *t, struct windows *out)
{
        static const unsigned char order[] = ARCH_REG_DISPLAY_ORDER;

        out->n = 0;
        if (!t || !t->thread_count)
                return;
        add_window(out, t, ARCH_REG_SP, ARCH_RED_ZONE,
                   STACK_AFTER); /* the largest first: what is inside it is not listed again */
        for (size_t i = 0; i < sizeof(order); i++)
                if (order[i] < ARCH_DWARF_REGS && order[i] != ARCH_REG_SP)
                        add_window(out, t, order[i], AROUND_BEFORE, AROUND_AFTER);
}

uint64_t memory_highest(const struct target *t)
{
        struct windows windows;
        uint64_t highest = 0;

        find_windows(t, &windows);
        for (size_t i = 0; i < windows.n; i++)
                if (windows.v[i].end - 1 > highest)
                        highest = windows.v[i].end - 1;
        return highest;
}

static char *hexadecimal(struct pool *pool, const uint8_t *bytes, size_t n)
{
        static const char digits[] = "0123456789abcdef";
        char *hex = pool_alloc(pool, 2 * n + 1);
        size_t i;

        for (i = 0; i < n; i++) {
                hex[2 * i] = digits[bytes[i] >> 4];
                hex[2 * i + 1] = digits[bytes[i] & 15];
        }
        return hex;
}

static void add_piece(struct report *report, const struct window *w, const uint8_t *bytes, size_t at, size_t n,
                      enum privacy_reason reason)
{
        static const char *const names[] = ARCH_REG_NAMES;
        struct report_memory *out = POOL_APPEND(&report->pool, report->memory, report->memory_count);

        out->register_name = names[w->reg];
        out->address = KNOWN_U64(w->start + at);
        out->mapping = pool_strdup(&report->pool, w->mapping->path[0] ? w->mapping->path : "[anonymous]");
        if (!reason) {
                out->bytes = hexadecimal(&report->pool, bytes + at, n);
                return;
        }
        out->length = KNOWN_INT((int64_t)n);
        out->withheld = privacy_reason_name(reason);
}

static void read_window(struct report *report, struct target *t, const struct window *w, const struct privacy *privacy)
{
        uint8_t bytes[ARCH_RED_ZONE + STACK_AFTER + LINE], reasons[sizeof(bytes)];
        size_t start = 0, i;
        ssize_t n;

        if (w->end <= w->start || w->end - w->start > sizeof(bytes))
                return;
        n = t->ops->read(t, w->start, bytes, w->end - w->start);
        if (n <= 0)
                return;
        privacy_mark(privacy, w->start, (size_t)n, reasons);
        for (i = 1; i <= (size_t)n; i++) {
                if (i < (size_t)n && reasons[i] == reasons[start])
                        continue;
                add_piece(report, w, bytes, start, i - start, reasons[start]);
                start = i;
        }
}

void memory_fill(struct report *report, struct target *t, const struct privacy *privacy)
{
        struct windows windows;

        find_windows(t, &windows);
        for (size_t i = 0; i < windows.n; i++)
                read_window(report, t, &windows.v[i], privacy);
}
