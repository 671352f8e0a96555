/* SPDX-License-Identifier: MIT */
/* frames: prints what unwind/ finds in a live process. For comparison with other debuggers, and for benchmarks.
 *
 *   frames [--engine own|libunwind|both|report] [--symbols] [--debug-dirs LIST] [--counts] [--quiet] [--max N] PID
 *   frames --lookup [--debug-dirs LIST] PID <addresses
 *
 * One line per frame: tid, index, pc, trust, function or "-". Lines that begin with "#" are notes. The process
 * continues afterwards. With --lookup: one line per (hexadecimal) address on standard input: address, offset,
 * function or "-".
 */
#include "unwind/stack/unwind.h"
#include "unwind/symbols/symbols.h"
#include "unwind/target/process.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct options {
        enum unwind_check check;
        size_t max;
        int symbols, counts, quiet, lookup;
        const char *debug_dirs;
        pid_t pid;
};

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int usage(void)
{
        fprintf(stderr,
                "usage: frames [--engine own|libunwind|both|report] [--symbols] [--debug-dirs LIST] [--counts]\n"
                "              [--quiet] [--max N] PID\n"
                "       frames --lookup [--debug-dirs LIST] PID <addresses\n");
        return 2;
}

static int engine(const char *name, enum unwind_check *out)
{
        static const struct {
                const char *name;
                enum unwind_check check;
        } engines[] = { { "own", UNWIND_OWN_ONLY },
                        { "libunwind", UNWIND_LIBUNWIND },
                        { "both", UNWIND_CROSS_CHECK },
                        { "report", UNWIND_OWN } };

        for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
                if (strcmp(engines[i].name, name) == 0) {
                        *out = engines[i].check;
                        return 0;
                }
        }
        return -1;
}

static int parse(int argc, char **argv, struct options *o)
{
        static const struct option longs[] = {
                { "engine", required_argument, NULL, 'e' },     { "symbols", no_argument, NULL, 's' },
                { "counts", no_argument, NULL, 'c' },           { "quiet", no_argument, NULL, 'q' },
                { "max", required_argument, NULL, 'm' },        { "lookup", no_argument, NULL, 'l' },
                { "debug-dirs", required_argument, NULL, 'd' }, { 0 }
        };
        int c;

        *o = (struct options){ .check = UNWIND_OWN, .max = 1000000 };
        while ((c = getopt_long(argc, argv, "e:scqm:ld:", longs, NULL)) != -1) {
                if (c == 's')
                        o->symbols = 1;
                else if (c == 'c')
                        o->counts = 1;
                else if (c == 'q')
                        o->quiet = 1;
                else if (c == 'l')
                        o->lookup = 1;
                else if (c == 'd')
                        o->debug_dirs = optarg;
                else if (c == 'm')
                        o->max = strtoul(optarg, NULL, 10);
                else if (c != 'e' || engine(optarg, &o->check))
                        return -1;
        }
        if (optind + 1 != argc)
                return -1;
        o->pid = (pid_t)strtol(argv[optind], NULL, 10);
        return o->pid > 0 ? 0 : -1;
}

static void note(void *ctx, const char *message)
{
        (void)ctx;
        printf("# %s\n", message);
}

static struct symbol_query *queries(const struct target *t, size_t *n)
{
        struct symbol_query *q;
        size_t k = 0;

        for (size_t i = 0; i < t->thread_count; i++)
                k += t->threads[i].frame_count;
        q = calloc(k + 1, sizeof(*q));
        if (!q)
                exit(1);
        *n = k;
        k = 0;
        for (size_t i = 0; i < t->thread_count; i++) {
                for (size_t f = 0; f < t->threads[i].frame_count; f++) {
                        const struct thread_frame *frame = &t->threads[i].frames[f];

                        q[k].module = frame->module;
                        q[k++].addr = frame->pc - !frame->exact_pc;
                }
        }
        return q;
}

static void print(const struct target *t, const struct symbol_query *q)
{
        for (size_t i = 0; i < t->thread_count; i++) {
                const struct target_thread *thread = &t->threads[i];

                for (size_t f = 0; f < thread->frame_count; f++, q += q != NULL) {
                        const struct thread_frame *frame = &thread->frames[f];

                        if (f && thread->frames_omitted && f == thread->omitted_after + 1)
                                printf("# thread %d: %zu frames omitted\n", (int)thread->tid, thread->frames_omitted);
                        printf("%d %zu 0x%" PRIx64 " %s %s%s\n", (int)thread->tid, f, frame->pc,
                               cfi_trust_name(frame->trust), q && q->function ? q->function : "-",
                               frame->signal_frame ? " <signal>" : "");
                }
                printf("# thread %d %s: %s\n", (int)thread->tid, thread->name, cfi_end_name(thread->end));
        }
}

static void print_counts(const struct target *t, const uint64_t *times)
{
        struct process_counts counts = process_counts(t);
        size_t frames = 0;

        for (size_t i = 0; i < t->thread_count; i++)
                frames += t->threads[i].frame_count + t->threads[i].frames_omitted;
        printf("# threads %zu frames %zu modules %zu mappings %zu reads %" PRIu64 " pages %" PRIu64 "\n",
               t->thread_count, frames, t->modules.n, t->mappings.n, counts.reads, counts.pages);
        printf("# us: attach %" PRIu64 " load %" PRIu64 " unwind %" PRIu64 " release %" PRIu64 " symbols %" PRIu64 "\n",
               (times[1] - times[0]) / 1000, (times[2] - times[1]) / 1000, (times[3] - times[2]) / 1000,
               (times[4] - times[3]) / 1000, (times[5] - times[4]) / 1000);
}

static int lookup(struct target *t, const char *debug_dirs)
{
        struct symbols *symbols = symbols_new(t, debug_dirs, note, NULL);
        struct symbol_query *q = NULL;
        size_t n = 0, room = 0;
        char line[64];
        int err;

        while (fgets(line, sizeof(line), stdin)) {
                if (n == room)
                        q = realloc(q, (room = room ? room * 2 : 64) * sizeof(*q));
                if (!q)
                        return 1;
                q[n] = (struct symbol_query){ .addr = strtoull(line, NULL, 16) };
                q[n].module = target_module_index(t, q[n].addr);
                n++;
        }
        err = symbols ? symbols_resolve(symbols, q, n) : -1;
        for (size_t i = 0; i < n; i++) {
                printf("0x%" PRIx64 " %" PRIu64 " %s\n", q[i].addr, q[i].offset, q[i].function ? q[i].function : "-");
                free(q[i].symbol);
                free(q[i].function);
        }
        free(q);
        symbols_free(symbols);
        target_free(t);
        return err != 0;
}

int main(int argc, char **argv)
{
        struct symbol_query *q = NULL;
        struct symbols *symbols = NULL;
        struct options o;
        struct target *t;
        uint64_t times[6];
        char why[512];
        size_t n = 0;
        int err;

        if (parse(argc, argv, &o))
                return usage();
        times[0] = now_ns();
        if (process_attach(o.pid, times[0] + 5000000000u, &t, why, sizeof(why))) {
                fprintf(stderr, "frames: %s\n", why);
                return 1;
        }
        times[1] = now_ns();
        err = process_load(t);
        times[2] = now_ns();
        if (!err && o.lookup)
                return lookup(t, o.debug_dirs);
        if (!err)
                err = unwind_threads(t, o.max, o.check, note, NULL);
        times[3] = now_ns();
        process_release_all(t);
        times[4] = now_ns();
        if (o.symbols && !err) {
                symbols = symbols_new(t, o.debug_dirs, note, NULL);
                q = queries(t, &n);
                err = symbols ? symbols_resolve(symbols, q, n) : -1;
        }
        times[5] = now_ns();
        if (!o.quiet && !err)
                print(t, q);
        if (o.counts)
                print_counts(t, times);
        for (size_t i = 0; i < n; i++) {
                free(q[i].symbol);
                free(q[i].function);
        }
        free(q);
        symbols_free(symbols);
        target_free(t);
        return err ? 1 : 0;
}
