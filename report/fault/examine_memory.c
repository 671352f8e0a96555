/* SPDX-License-Identifier: MIT */
/* report/fault/examine_memory.c: the bytes that registers point to. */
#include "report/fault/examine.h"

#include "unwind/core/image/maps.h"

#include <string.h>

/* Bytes before and after the address in a register; of the stack, the red zone and the innermost frames. */
#define AROUND_BEFORE 32
#define AROUND_AFTER 96
#define STACK_AFTER 384
#define LINE 16

struct window {
        uint64_t start, end;
};

/* Reading device memory may have side effects. */
static bool may_read(const struct mapping *m)
{
        return m && m->perms & MAPS_READ && (strncmp(m->path, "/dev/", 5) || !strncmp(m->path, "/dev/shm/", 9));
}

/* Limited to the mapping: memory beyond it is unrelated. */
static struct window window_around(const struct mapping *m, uint64_t addr, uint64_t before, uint64_t after)
{
        uint64_t line = addr - addr % LINE;
        struct window w = { m->start, m->end };

        if (line - m->start > before)
                w.start = line - before;
        if (m->end - line > after)
                w.end = line + after;
        return w;
}

static bool is_covered(const struct report *report, const struct window *w)
{
        size_t i;

        for (i = 0; i < report->memory_count; i++) {
                uint64_t start = report->memory[i].address.v, end = start + strlen(report->memory[i].bytes) / 2;

                if (w->start >= start && w->end <= end)
                        return true;
        }
        return false;
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

static void add_window(struct report *report, struct target *t, int reg, const struct mapping *m, struct window w)
{
        static const char *const names[] = ARCH_REG_NAMES;
        uint8_t bytes[ARCH_RED_ZONE + STACK_AFTER + LINE];
        struct report_memory *out;
        ssize_t n;

        if (w.end <= w.start || w.end - w.start > sizeof(bytes) || is_covered(report, &w))
                return;
        n = t->ops->read(t, w.start, bytes, w.end - w.start);
        if (n <= 0)
                return;
        out = POOL_APPEND(&report->pool, report->memory, report->memory_count);
        out->register_name = names[reg];
        out->address = KNOWN_U64(w.start);
        out->mapping = pool_strdup(&report->pool, m->path[0] ? m->path : "[anonymous]");
        out->bytes = hexadecimal(&report->pool, bytes, (size_t)n);
}

void examine_memory(struct report *report, struct target *t)
{
        static const unsigned char order[] = ARCH_REG_DISPLAY_ORDER;
        const struct target_thread *thread = t && t->thread_count ? &t->threads[0] : NULL;
        const struct mapping *m;
        uint64_t sp;
        size_t i;

        if (!thread)
                return;
        sp = thread->regs.v[ARCH_REG_SP];
        m = thread->regs.known >> ARCH_REG_SP & 1 ? target_mapping(t, sp) : NULL;
        if (may_read(m)) /* the largest first: windows inside it are not listed again */
                add_window(report, t, ARCH_REG_SP, m, window_around(m, sp, ARCH_RED_ZONE, STACK_AFTER));
        for (i = 0; i < sizeof(order); i++) {
                if (order[i] >= ARCH_DWARF_REGS || order[i] == ARCH_REG_SP || !(thread->regs.known >> order[i] & 1))
                        continue;
                m = target_mapping(t, thread->regs.v[order[i]]);
                if (may_read(m))
                        add_window(report, t, order[i], m,
                                   window_around(m, thread->regs.v[order[i]], AROUND_BEFORE, AROUND_AFTER));
        }
}
