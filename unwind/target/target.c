/* SPDX-License-Identifier: MIT */
/* unwind/target/target.c: functions common to all kinds of targets. */
#include "unwind/target/target.h"
#include "unwind/target/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int target_read(struct target *t, uint64_t addr, void *buf, size_t len)
{
        ssize_t n = t->ops->read(t, addr, buf, len);

        return n >= 0 && (size_t)n == len ? 0 : -EFAULT;
}

ssize_t target_read_string(struct target *t, uint64_t addr, char *buf, size_t size)
{
        ssize_t n;
        char *nul;

        if (!size)
                return -EFAULT;
        n = t->ops->read(t, addr, buf, size - 1);
        if (n <= 0)
                return size == 1 && n == 0 ? 0 : -EFAULT;
        buf[n] = '\0';
        nul = memchr(buf, '\0', (size_t)n + 1);
        return nul - buf;
}

const struct mapping *target_mapping(const struct target *t, uint64_t addr)
{
        size_t low = 0, high = t->mappings.n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;
                const struct mapping *m = &t->mappings.v[mid];

                if (addr < m->start)
                        high = mid;
                else if (addr >= m->end)
                        low = mid + 1;
                else
                        return m;
        }
        return NULL;
}

/* Without mappings (a raw report whose maps were truncated) only modules are known: one may be mapped into a gap of
 * another, so the last to begin before `addr` is checked first. */
static int index_without_mappings(const struct target *t, uint64_t addr)
{
        size_t low = 0, high = t->modules.n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (addr < t->modules.v[mid].base)
                        high = mid;
                else
                        low = mid + 1;
        }
        while (low-- > 0)
                if (addr < t->modules.v[low].end)
                        return (int)low;
        return -1;
}

int target_module_index(const struct target *t, uint64_t addr)
{
        const struct mapping *m;

        if (!t->mappings.n)
                return index_without_mappings(t, addr);
        m = target_mapping(t, addr);
        if (!m || m->module < 0 || addr >= t->modules.v[m->module].end)
                return -1;
        return m->module;
}

static struct thread_frame frame_of(const struct target *t, const struct wire_frame *from)
{
        return (struct thread_frame){
                .pc = from->pc,
                .sp = from->sp,
                .trust = from->trust <= CFI_TRUST_SCAN ? (enum cfi_trust)from->trust : CFI_TRUST_SCAN,
                .exact_pc = from->exact_pc,
                .signal_frame = from->signal_frame,
                .module = target_module_index(t, from->exact_pc ? from->pc : from->pc - 1),
        };
}

int target_add_crashed(struct target *t, const struct wire_crash *crash, const char *name)
{
        uint32_t n = crash->frame_count < WIRE_MAX_FRAMES ? crash->frame_count : WIRE_MAX_FRAMES;
        struct target_thread *threads = calloc(t->thread_count + 1, sizeof(*threads));
        struct thread_frame *frames = calloc(n + 1, sizeof(*frames));

        if (!threads || !frames) {
                free(threads);
                free(frames);
                return -ENOMEM;
        }
        if (t->thread_count)
                memcpy(threads + 1, t->threads, t->thread_count * sizeof(*threads));
        free(t->threads);
        t->threads = threads;
        t->thread_count++;
        for (uint32_t i = 0; i < n; i++)
                frames[i] = frame_of(t, &crash->frames[i]);
        threads->tid = crash->tid;
        threads->regs = crash->regs;
        threads->frames = frames;
        threads->frame_count = n;
        threads->end = crash->frame_end <= CFI_END_NO_RULE ? (enum cfi_end)crash->frame_end : CFI_END_NONE;
        strncpy(threads->name, name ? name : "", sizeof(threads->name) - 1);
        return 0;
}

bool target_past_deadline(const struct target *t)
{
        return clock_is_past(t->deadline_ns);
}

void target_free(struct target *t)
{
        struct target_thread *threads;

        if (!t)
                return;
        for (size_t i = 0; i < t->modules.n; i++) {
                free(t->modules.v[i].path);
                free(t->modules.v[i].debug_file);
        }
        for (size_t i = 0; i < t->thread_count; i++) {
                free(t->threads[i].frames);
                free(t->threads[i].frame_regs);
        }
        free(t->modules.v);
        free(t->mappings.v);
        free(t->maps_text);
        /* The specific part needs the list of threads to detach from them, and frees the memory that contains `t`. */
        threads = t->threads;
        t->ops->free(t);
        free(threads);
}
