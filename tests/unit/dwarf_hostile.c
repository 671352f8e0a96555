/* SPDX-License-Identifier: MIT */
/* Truncated, mutated or implausible debugging information: leads to fewer names and a note, never to a crash, an
 * endless loop or excessive memory use. The input is this program's file. Rounds: DWARF_ROUNDS in the environment
 * (400). */
#include "tests/unit/tap.h"
#include "unwind/dwarf/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint8_t *file;
static size_t file_size;

struct outcome {
        size_t answers, lines, notes;
        bool ended_badly; /* a sanitizer's report ends the reader with an exit status; libdw itself may crash */
        bool died;
        char last_note[512];
};

static void count_answer(void *ctx, size_t module, size_t index, struct symbol_line *lines, size_t n)
{
        struct outcome *o = ctx;

        (void)module, (void)index;
        o->answers++;
        o->lines += n;
        for (size_t i = 0; i < n; i++) {
                free(lines[i].function);
                free(lines[i].symbol);
                free(lines[i].file);
        }
        free(lines);
}

static void count_note(void *ctx, const char *message)
{
        struct outcome *o = ctx;

        o->notes++;
        o->ended_badly |= strstr(message, "exited with status") != NULL;
        o->died |= strstr(message, "killed by signal") != NULL;
        snprintf(o->last_note, sizeof(o->last_note), "%s", message);
}

static uint64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Queries a few functions of this program. */
static struct outcome query(const struct elf_file *f, double seconds)
{
        struct target here = { .pid = getpid() };
        struct dwarf_pc pcs[] = { { .vaddr = (uintptr_t)count_note },
                                  { .vaddr = (uintptr_t)count_answer + 8 },
                                  { .vaddr = (uintptr_t)query + 4 },
                                  { .vaddr = (uintptr_t)dwarf_stage_run + 4 },
                                  { .vaddr = (uintptr_t)dwarf_module_resolve + 1 } };
        struct dwarf_module m = { .target = &here,
                                  .file = f,
                                  .file_path = "/nowhere/program",
                                  .module_path = "/nowhere/program",
                                  .debug_dirs = "/nowhere",
                                  .pcs = pcs,
                                  .count = 5 };
        struct outcome o = { 0 };
        struct dwarf_stage s = { .modules = &m,
                                 .count = 1,
                                 .deadline_ns = now_ns() + (uint64_t)(seconds * 1e9),
                                 .bytes = (uint64_t)256 << 20,
                                 .answer = count_answer,
                                 .note = count_note,
                                 .ctx = &o };

        for (size_t i = 1; i < 5; i++) /* they must ascend */
                for (size_t j = i; j && pcs[j].vaddr < pcs[j - 1].vaddr; j--) {
                        struct dwarf_pc swap = pcs[j];

                        pcs[j] = pcs[j - 1];
                        pcs[j - 1] = swap;
                }
        dwarf_stage_run(&s);
        return o;
}

static struct outcome query_memory(const uint8_t *bytes, size_t n)
{
        uint8_t *mine = malloc(n ? n : 1);
        struct outcome o = { 0 };
        struct elf_file f;

        memcpy(mine, bytes, n);
        if (elf_file_open_memory(&f, mine, n) == 0) {
                o = query(&f, 3);
                elf_file_close(&f);
        }
        return o;
}

static uint32_t dice(uint32_t *state)
{
        *state = *state * 1664525 + 1013904223;
        return *state >> 8;
}

/* Chooses the location of mutations: one of the sections that are read, or the section headers. */
static void choose(const struct elf_file *f, uint32_t *state, size_t *start, size_t *size)
{
        static const char *const names[] = { ".debug_info",   ".debug_abbrev",   ".debug_line", ".debug_rnglists",
                                             ".debug_ranges", ".debug_line_str", ".debug_str",  ".debug_aranges" };
        const Elf64_Shdr *s = elf_file_section(f, names[dice(state) % 8]);

        *start = f->header.e_shoff;
        *size = f->section_count * sizeof(Elf64_Shdr);
        if (s && s->sh_size && s->sh_type != SHT_NOBITS) {
                *start = s->sh_offset;
                *size = s->sh_size;
        }
}

static void mutate(uint8_t *bytes, size_t start, size_t size, uint32_t *state)
{
        /* Mutations near the beginning affect headers and abbreviations, which have more effect than one DIE among
         * thousands. */
        size_t reach = dice(state) % 2 && size > 512 ? 512 : size;

        for (uint32_t n = dice(state) % 16 + 1; n; n--) {
                uint8_t v = (uint8_t)(dice(state) % 3 ? dice(state) : dice(state) % 2 ? 0xff : 0);

                bytes[start + dice(state) % reach] = v;
        }
}

static void test_mutations(void)
{
        const char *wanted = getenv("DWARF_ROUNDS");
        unsigned rounds = wanted ? (unsigned)atoi(wanted) : 400;
        uint8_t *copy = malloc(file_size), *base = malloc(file_size);
        size_t bad = 0, deaths = 0, silent = 0;
        uint64_t worst = 0;
        struct elf_file f;
        uint32_t state = 7;

        memcpy(base, file, file_size);
        if (elf_file_open_memory(&f, base, file_size)) {
                tap_ok(false, "mutations: the input file can be opened");
                free(copy);
                return;
        }
        for (unsigned i = 0; i < rounds; i++) {
                size_t start, size;
                uint64_t began = now_ns();
                struct outcome o;

                memcpy(copy, file, file_size);
                choose(&f, &state, &start, &size);
                mutate(copy, start, size, &state);
                o = query_memory(copy, file_size);
                bad += o.ended_badly;
                deaths += o.died;
                silent += o.answers < 5 && !o.notes;
                if (o.ended_badly)
                        printf("# round %u: %s\n", i, o.last_note);
                if (now_ns() - began > worst)
                        worst = now_ns() - began;
        }
        elf_file_close(&f);
        free(copy);
        tap_is(bad, 0, "%u mutations: none ends the reader with an exit status", rounds);
        tap_ok(worst < 6000000000u, "no mutation exceeds the time limit");
        printf("# libdw crashed %zu times, fewer answers without a note %zu times, slowest %.0f ms\n", deaths, silent,
               (double)worst / 1e6);
}

static void test_cut(void)
{
        size_t bad = 0;

        for (size_t i = 0; i < 40; i++)
                bad += query_memory(file, file_size / 40 * i).ended_badly;
        tap_is(bad, 0, "truncated at forty offsets");
}

/* Sections with an uncompressed size that is impossible, or exceeds the limit. */
static void test_sizes(void)
{
        static const uint64_t sizes[] = { 0, UINT64_MAX, UINT64_C(1) << 62, UINT64_C(1) << 36, UINT64_C(500) << 20 };
        struct elf_file f;
        uint8_t *copy = malloc(file_size);
        size_t bad = 0, answers = 0;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                Elf64_Chdr head = { .ch_type = ELFCOMPRESS_ZLIB, .ch_size = sizes[i], .ch_addralign = 1 };
                Elf64_Shdr *s;
                struct outcome o;

                memcpy(copy, file, file_size);
                if (elf_file_open_memory(&f, memcpy(malloc(file_size), file, file_size), file_size))
                        continue;
                s = (Elf64_Shdr *)(void *)(copy + f.header.e_shoff) +
                    (elf_file_section(&f, ".debug_info") - f.sections);
                s->sh_flags |= SHF_COMPRESSED;
                memcpy(copy + s->sh_offset, &head, sizeof(head));
                elf_file_close(&f);
                o = query_memory(copy, file_size);
                bad += o.ended_badly || o.died || !o.notes;
                answers += o.answers;
        }
        free(copy);
        tap_is(bad, 0, "implausible sizes are reported");
        tap_is(answers, 0, "implausible sizes yield no lines");
}

/* The file is truncated to half its size after it was opened: the mapping then has no pages there. */
static void test_shrinking(void)
{
        int fd = memfd_create("program", MFD_CLOEXEC);
        struct outcome whole, half;
        struct elf_file f;

        if (fd < 0 || write(fd, file, file_size) != (ssize_t)file_size || elf_file_open(&f, fd, 0)) {
                tap_ok(true, "no memory file # SKIP");
                return;
        }
        whole = query(&f, 10);
        tap_is(whole.answers, 5, "a file given by its descriptor: all queries answered");
        if (ftruncate(fd, 8192))
                perror("# ftruncate");
        half = query(&f, 10);
        tap_ok(half.notes > 0 && half.answers < 5 && !half.ended_badly,
               "a truncated file: a note, and no crash of this process");
        printf("# %s\n", half.last_note);
        elf_file_close(&f);
}

static void test_no_time(void)
{
        struct outcome o;
        struct elf_file f;

        if (elf_file_open_memory(&f, memcpy(malloc(file_size), file, file_size), file_size))
                return;
        o = query(&f, -1);
        tap_ok(o.answers == 0, "an expired deadline: nothing is read");
        elf_file_close(&f);
}

static int read_self(void)
{
        int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st))
                return -1;
        file_size = (size_t)st.st_size;
        file = malloc(file_size);
        return file && read(fd, file, file_size) == (ssize_t)file_size ? 0 : -1;
}

int main(void)
{
        struct outcome o;

        if (read_self())
                return 1;
        o = query_memory(file, file_size);
        if (!o.answers) {
                printf("1..0 # SKIP built without -g\n");
                return 0;
        }
        tap_is(o.answers, 5, "unmodified file: all queries answered");
        tap_is(o.notes, 0, "unmodified file: no notes");
        test_cut();
        test_sizes();
        test_shrinking();
        test_no_time();
        test_mutations();
        return tap_done();
}
