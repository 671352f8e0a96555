/* SPDX-License-Identifier: MIT */
/* Fuzz target: the memory of a Python interpreter. The input's first byte selects the version, the rest is repeated over the whole
 * address space, so that each pointer leads somewhere. */
#include "tests/fuzz/fuzz.h"

#include "report/gather/python.h"
#include "unwind/target/clock.h"

#define MAX_FRAMES 32
#define THREADS 4
#define TIME_NS 200000000 /* a table of lines may have 4 MB */

struct memory_target {
        struct target target;
        const uint8_t *data;
        size_t size;
};

/* Every 16th page is not readable. */
static ssize_t read_memory(struct target *t, uint64_t addr, void *buf, size_t len)
{
        const struct memory_target *m = (const struct memory_target *)t;

        for (size_t i = 0; i < len; i++) {
                if (((addr + i) >> 12) % 16 == 15)
                        return (ssize_t)i;
                ((uint8_t *)buf)[i] = m->data[(addr + i) % m->size];
        }
        return (ssize_t)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct target_ops ops = { .read = read_memory };
        struct target_thread threads[THREADS] = { { .tid = 1 }, { .tid = 2 }, { .tid = 3 }, { .tid = 0x41414141 } };
        struct memory_target m = { .target = { .ops = &ops, .threads = threads, .thread_count = THREADS } };
        struct python_runtime runtime = { .address = 0 };
        struct python_stacks stacks;
        struct report *report;

        if (size < 9)
                return 0;
        m.data = data + 1;
        m.size = size - 1;
        for (size_t i = 0; i < THREADS; i++) {
                threads[i].regs.known = ~0u;
                for (size_t k = 0; k < ARCH_REGS; k++)
                        threads[i].regs.v[k] = data[1 + i];
        }
        m.target.deadline_ns = clock_now_ns() + TIME_NS;
        report = report_new();
        if (!python_fill_layout(&m.target, PYTHON_VERSION(3, 9 + data[0] % 6), &runtime)) {
                python_read_at(report, &m.target, &runtime, MAX_FRAMES, &stacks);
                python_fill(report, &stacks);
        }
        report_free(report);
        return 0;
}
