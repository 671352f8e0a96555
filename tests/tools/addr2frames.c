/* SPDX-License-Identifier: MIT */
/* addr2frames: prints what unwind/ finds for addresses of a file: functions, inlined calls, lines. For comparison with
 * llvm-symbolizer and similar tools, and for benchmarks.
 *
 *   addr2frames [--debug-dirs LIST] [--seconds S] [--kilobytes N] [--mangled] [--last-rows] [--quiet] FILE <addresses
 *
 * --last-rows: of several rows of a line table with the same address use the last, as llvm-symbolizer; default: as gdb.
 * The addresses on standard input are hexadecimal ELF virtual addresses. Output for each: the address; then a line
 * "  function|file:line:column" per call, innermost first ("?" unknown); "# " begins a note.
 */
#include "unwind/elf/elf_file.h"
#include "unwind/symbols/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct options {
        const char *debug_dirs, *file;
        unsigned long seconds, kilobytes;
        int quiet, mangled, last_rows;
};

static int usage(void)
{
        fprintf(stderr,
                "usage: addr2frames [--debug-dirs LIST] [--seconds S] [--kilobytes N] [--mangled] [--last-rows] [--quiet]\n"
                "       FILE <addresses\n");
        return 2;
}

static int parse(int argc, char **argv, struct options *o)
{
        static const struct option longs[] = { { "debug-dirs", required_argument, NULL, 'd' },
                                               { "seconds", required_argument, NULL, 's' },
                                               { "kilobytes", required_argument, NULL, 'k' },
                                               { "quiet", no_argument, NULL, 'q' },
                                               { "mangled", no_argument, NULL, 'l' },
                                               { "last-rows", no_argument, NULL, 'r' },
                                               { 0 } };
        int c;

        *o = (struct options){ 0 };
        while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
                if (c == 'd')
                        o->debug_dirs = optarg;
                else if (c == 's')
                        o->seconds = strtoul(optarg, NULL, 10);
                else if (c == 'k')
                        o->kilobytes = strtoul(optarg, NULL, 10);
                else if (c == 'q')
                        o->quiet = 1;
                else if (c == 'l')
                        o->mangled = 1;
                else if (c == 'r')
                        o->last_rows = 1;
                else
                        return -1;
        }
        if (optind + 1 != argc)
                return -1;
        o->file = argv[optind];
        return 0;
}

/* No process: one module at its ELF virtual addresses. */
static ssize_t read_nothing(struct target *t, uint64_t addr, void *buf, size_t len)
{
        (void)t, (void)addr, (void)buf, (void)len;
        return -EFAULT;
}

static int describe(const char *file, struct module *m)
{
        struct elf_file f;
        struct stat st;
        size_t len;
        int fd;

        *m = (struct module){ .path = realpath(file, NULL), .has_code = true };
        fd = m->path ? open(m->path, O_RDONLY | O_CLOEXEC) : -1;
        if (fd < 0 || fstat(fd, &st) || elf_file_open(&f, fd, 0))
                return -1;
        m->end = UINT64_MAX;
        m->dev = st.st_dev;
        m->inode = st.st_ino;
        if (elf_file_build_id(&f, m->image.build_id, sizeof(m->image.build_id), &len) == 0)
                m->image.build_id_len = (uint32_t)len;
        elf_file_close(&f);
        return 0;
}

static struct symbol_query *read_addresses(size_t *n)
{
        struct symbol_query *q = NULL;
        char line[64];

        for (*n = 0; fgets(line, sizeof(line), stdin); (*n)++) {
                q = reallocarray(q, *n + 1, sizeof(*q));
                if (!q)
                        exit(1);
                q[*n] = (struct symbol_query){ .addr = strtoull(line, NULL, 16) };
        }
        return q;
}

static const char *or_unknown(const char *s)
{
        return s ? s : "?";
}

static void print(const struct symbol_query *q, int mangled)
{
        printf("0x%" PRIx64 "\n", q->addr);
        for (size_t i = 0; i < q->line_count; i++) {
                const struct symbol_line *l = &q->lines[i];

                printf("  %s|%s:%u:%u\n", or_unknown(mangled && l->symbol ? l->symbol : l->function),
                       or_unknown(l->file), l->line, l->column);
        }
        if (!q->line_count)
                printf("  %s|?:0:0\n", or_unknown(mangled ? q->symbol : q->function));
}

static void note(void *ctx, const char *message)
{
        (void)ctx;
        printf("# %s\n", message);
}

int main(int argc, char **argv)
{
        static const struct target_ops ops = { .read = read_nothing };
        struct target t = { .ops = &ops, .pid = getpid() };
        struct symbol_query *q;
        struct symbols *s;
        struct timespec now;
        struct module m;
        struct options o;
        size_t n;

        if (parse(argc, argv, &o))
                return usage();
        if (describe(o.file, &m)) {
                fprintf(stderr, "addr2frames: %s: not an ELF file\n", o.file);
                return 1;
        }
        t.modules = (struct module_list){ .v = &m, .n = 1 };
        s = symbols_new(&t, o.debug_dirs, note, NULL);
        q = read_addresses(&n);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (o.last_rows)
                symbols_take_last_rows(s);
        symbols_set_limits(s, o.seconds ? ((uint64_t)now.tv_sec + o.seconds) * 1000000000u : 0,
                           (uint64_t)o.kilobytes << 10);
        if (symbols_resolve(s, q, n))
                return 1;
        for (size_t i = 0; i < n; i++) {
                if (!o.quiet)
                        print(&q[i], o.mangled);
                symbol_query_clear(&q[i]);
        }
        free(q);
        symbols_free(s);
        free(m.debug_file);
        free(m.path);
        return 0;
}
