/* SPDX-License-Identifier: MIT */
/* tests/zoo/elsewhere.c: crashes of programs whose code or threads are not where they usually are.
 *
 *   elsewhere ring      beside threads that the kernel made for io_uring
 *   elsewhere moved     all code of the program has been moved to anonymous memory, as for huge pages
 *   elsewhere moved-header   together with the ELF header
 *   elsewhere moved-file     to another file, as to one of hugetlbfs
 *   elsewhere leaf, leaf-indirect   in assembler code without unwind tables and frame pointer, called directly or by a pointer
 *   elsewhere jit       called by code made at run time, whose unwind tables were given to libgcc
 *   elsewhere jit-used  the same, and libgcc has looked into its tables, which it does when an exception passes
 *   elsewhere jit-many  the same, one of many
 *   elsewhere jit-gdb   with an ELF image in memory, as for gdb
 *   elsewhere jit-map [link|other]   named in /tmp/perf-PID.map; in a file to which that is a link; in one that belongs to another user
 *   elsewhere data      calls a variable
 *
 * Ends with 77 where the kernel does not allow it.
 *
 * build-flags: -Wl,-E
 */
#include <execinfo.h>
#include <link.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ENTRY __attribute__((noinline))
#define UNAVAILABLE 77

static volatile int *volatile nowhere;

static ENTRY void crash(void)
{
        *nowhere = 1; /* CRASH: elsewhere */
}

/* ---- threads of the kernel ---- */

static int kernel_workers(void)
{
        char command[64];

        snprintf(command, sizeof(command), "grep -lsx 'iou-.*' /proc/%d/task/*/comm | wc -l", (int)getpid());
        FILE *f = popen(command, "r");
        int n = 0;

        if (!f || fscanf(f, "%d", &n) != 1)
                n = -1;
        if (f)
                pclose(f);
        return n;
}

/* Submits a read of an empty pipe with IOSQE_ASYNC, which a worker of the kernel executes (io_uring_enter(2)). */
static int ring(void)
{
        static char byte;
        struct io_uring_params p = { .flags = 0 };
        int fd = (int)syscall(SYS_io_uring_setup, 4, &p), ends[2];
        struct io_uring_sqe *sqe;
        char *queue;

        if (fd < 0 || pipe(ends))
                return UNAVAILABLE;
        queue = mmap(NULL, p.sq_off.array + 4 * sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
        sqe = mmap(NULL, 4 * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
        if (queue == MAP_FAILED || sqe == MAP_FAILED)
                return UNAVAILABLE;
        *sqe = (struct io_uring_sqe){ .opcode = IORING_OP_READ,
                                      .flags = IOSQE_ASYNC,
                                      .fd = ends[0],
                                      .addr = (uintptr_t)&byte,
                                      .len = 1 };
        *(uint32_t *)(queue + p.sq_off.array) = 0;
        __atomic_store_n((uint32_t *)(queue + p.sq_off.tail), 1, __ATOMIC_RELEASE);
        if (syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0) != 1)
                return UNAVAILABLE;
        for (int i = 0; i < 1000 && kernel_workers() == 0; i++)
                nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        if (kernel_workers() <= 0)
                return UNAVAILABLE;
        crash();
        return 0;
}

/* ---- moved code ---- */

struct segment {
        uintptr_t header, start, end; /* of the program's executable segment, whole pages */
};

static int find_segment(struct dl_phdr_info *info, size_t size, void *out)
{
        struct segment *s = out;

        (void)size;
        for (int i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = info->dlpi_phdr + i;

                if (p->p_type == PT_PHDR)
                        s->header = info->dlpi_addr + p->p_vaddr - p->p_offset;
                if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
                        continue;
                s->start = (info->dlpi_addr + p->p_vaddr) & ~(uintptr_t)4095;
                s->end = (info->dlpi_addr + p->p_vaddr + p->p_memsz + 4095) & ~(uintptr_t)4095;
        }
        return 1; /* the first one is the program */
}

/* Replaces the memory by a copy at the same address. */
static int move(uintptr_t start, uintptr_t end, int flags, int fd)
{
        size_t size = end - start;
        char *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

        if (copy == MAP_FAILED)
                return UNAVAILABLE;
        memcpy(copy, (void *)start, size);
        if (mprotect(copy, size, PROT_READ | PROT_EXEC) ||
            mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start) == MAP_FAILED)
                return UNAVAILABLE;
        crash();
        return 0;
}

static int moved(void)
{
        struct segment s;

        dl_iterate_phdr(find_segment, &s);
        return move(s.start, s.end, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int moved_header(void)
{
        struct segment s;

        dl_iterate_phdr(find_segment, &s);
        return move(s.header, s.end, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int moved_file(void)
{
        int fd = memfd_create("text", 0);
        struct segment s;

        dl_iterate_phdr(find_segment, &s);
        if (fd < 0 || ftruncate(fd, (off_t)(s.end - s.start)))
                return UNAVAILABLE;
        return move(s.start, s.end, MAP_SHARED, fd);
}

/* ---- assembler code without unwind tables ---- */

int leaf_inner(volatile int *p);
int leaf_outer(volatile int *p);
__asm__(".text\n"
        ".type leaf_inner, @function\n"
        "leaf_inner:\n"
        "        movl $1, (%rdi)\n"
        "        ret\n"
        ".size leaf_inner, . - leaf_inner\n"
        ".type leaf_outer, @function\n"
        "leaf_outer:\n"
        "        pushq %rbx\n"
        "        subq $16, %rsp\n"
        "        call leaf_inner\n"
        "        addq $16, %rsp\n"
        "        popq %rbx\n"
        "        ret\n"
        ".size leaf_outer, . - leaf_outer\n");

static ENTRY int leaf(void)
{
        return leaf_outer(nowhere) + 1;
}

static int (*volatile outer)(volatile int *) = leaf_outer;

static ENTRY int leaf_indirect(void)
{
        return outer(nowhere) + 1;
}

/* ---- data as code ---- */

unsigned table_of_numbers[16] = { 1, 2, 3 };

static ENTRY int data(void)
{
        void *volatile code = table_of_numbers + 2;

        ((void (*)(void))code)();
        return 1;
}

/* ---- code made at run time ---- */

#define JIT_FUNCTIONS 100
#define JIT_SIZE 32

void __register_frame(void *table);

/* CIE: CFA is rsp + 8, return address at CFA - 8; FDE: CFA is rsp + 64 after the first instruction; a word of zero. */
struct jit_table {
        uint8_t cie[24];
        uint32_t length, cie_offset;
        uint64_t start, size;
        uint8_t program[8];
        uint32_t end;
} __attribute__((packed));

static const struct jit_table jit_model = {
        .cie = { 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1 },
        .length = 28,
        .cie_offset = 28,
        .size = JIT_SIZE,
        .program = { 0x44, 0x0e, 64 },
};

/* sub $56,%rsp; mov $crash,%rax; call *%rax; add $56,%rsp; ret */
static void jit_function(uint8_t *code, struct jit_table *table)
{
        void (*callee)(void) = crash;

        memcpy(code, "\x48\x83\xec\x38\x48\xb8", 6);
        memcpy(code + 6, &callee, 8);
        memcpy(code + 14, "\xff\xd0\x48\x83\xc4\x38\xc3", 7);
        *table = jit_model;
        table->start = (uintptr_t)code;
        __register_frame(table);
}

static void jit_name(const uint8_t *code);
static void jit_describe(const uint8_t *code);
static int named, described;

static ENTRY int jit_call(unsigned which, int used)
{
        static struct jit_table tables[JIT_FUNCTIONS];
        uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        void *frames[8];

        for (unsigned i = 0; i <= which; i++)
                jit_function(code + i * JIT_SIZE, &tables[i]);
        mprotect(code, 4096, PROT_READ | PROT_EXEC);
        if (described)
                jit_describe(code);
        if (named)
                jit_name(code);
        if (used && backtrace(frames, 8) < 3)
                return UNAVAILABLE;
        ((void (*)(void))(code + which * JIT_SIZE))();
        return frames[0] != NULL;
}

static int jit(void)
{
        return jit_call(0, 0);
}

static int jit_used(void)
{
        return jit_call(0, 1);
}

/* gdb's interface ("JIT Compilation Interface" in its manual): the variable has this name. */
struct jit_entry {
        struct jit_entry *next, *previous;
        const void *image;
        uint64_t size;
};
struct {
        uint32_t version, action;
        struct jit_entry *relevant, *first;
} __jit_debug_descriptor = { 1, 0, NULL, NULL };

/* A relocatable file with a function at offset 0 of its .text, the address of which is in the section header. */
static struct {
        ElfW(Ehdr) header;
        ElfW(Shdr) sections[4];
        ElfW(Sym) symbols[2];
        char names[64];
} jit_image;

static void jit_describe(const uint8_t *code)
{
        static struct jit_entry entry;
        static const char names[] = "\0_Z8jit_cubei\0.text";
        ElfW(Ehdr) *e = &jit_image.header;

        memcpy(e->e_ident, ELFMAG "\2\1\1", SELFMAG + 3);
        e->e_type = ET_REL;
        e->e_machine = EM_X86_64;
        e->e_version = EV_CURRENT;
        e->e_ehsize = sizeof(*e);
        e->e_shoff = (uintptr_t)jit_image.sections - (uintptr_t)&jit_image;
        e->e_shentsize = sizeof(ElfW(Shdr));
        e->e_shnum = 4;
        e->e_shstrndx = 3;
        memcpy(jit_image.names, names, sizeof(names));
        jit_image.sections[1] = (ElfW(Shdr)){ .sh_name = 14,
                                              .sh_type = SHT_NOBITS,
                                              .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                                              .sh_addr = (uintptr_t)code,
                                              .sh_size = JIT_SIZE };
        jit_image.sections[2] = (ElfW(Shdr)){ .sh_type = SHT_SYMTAB,
                                              .sh_offset = (uintptr_t)jit_image.symbols - (uintptr_t)&jit_image,
                                              .sh_size = sizeof(jit_image.symbols),
                                              .sh_entsize = sizeof(ElfW(Sym)),
                                              .sh_link = 3 };
        jit_image.sections[3] = (ElfW(Shdr)){ .sh_type = SHT_STRTAB,
                                              .sh_offset = (uintptr_t)jit_image.names - (uintptr_t)&jit_image,
                                              .sh_size = sizeof(jit_image.names) };
        jit_image.symbols[1] = (ElfW(Sym)){ .st_name = 1,
                                            .st_info = STB_GLOBAL << 4 | STT_FUNC,
                                            .st_shndx = 1,
                                            .st_size = JIT_SIZE };
        entry = (struct jit_entry){ NULL, NULL, &jit_image, sizeof(jit_image) };
        __jit_debug_descriptor.first = &entry;
}

static char map_path[64];
static int map_is_link, map_is_others;

/* Writes the code's name, as the last user of that memory. */
static void jit_name(const uint8_t *code)
{
        char target[80];
        FILE *f;

        snprintf(map_path, sizeof(map_path), "/tmp/perf-%d.map", (int)getpid());
        snprintf(target, sizeof(target), "%s%s", map_path, map_is_link ? ".target" : "");
        unlink(map_path);
        f = fopen(target, "w");
        if (!f)
                return;
        fprintf(f, "%lx 1000 earlier user\nnot a line\n%lx %x LazyCompile:*square app.js:7\n%lx 10 behind\n", (long)code, (long)code,
                JIT_SIZE, (long)code + JIT_SIZE);
        fclose(f);
        if (map_is_link && symlink(target, map_path))
                perror(map_path);
        if (map_is_others && chown(map_path, 65534, 65534))
                _exit(UNAVAILABLE);
}

static int jit_gdb(void)
{
        described = 1;
        return jit_call(0, 0);
}

static int jit_map(void)
{
        named = 1;
        return jit_call(0, 0);
}

static int jit_many(void)
{
        return jit_call(JIT_FUNCTIONS - 1, 1);
}

static const struct {
        const char *word;
        int (*run)(void);
} words[] = {
        { "ring", ring },
        { "leaf", leaf },
        { "leaf-indirect", leaf_indirect },
        { "jit", jit },
        { "jit-used", jit_used },
        { "jit-many", jit_many },
        { "jit-gdb", jit_gdb },
        { "jit-map", jit_map },
        { "data", data },
        { "moved", moved },
        { "moved-header", moved_header },
        { "moved-file", moved_file },
};

int main(int argc, char **argv)
{
        map_is_link = argc > 2 && !strcmp(argv[2], "link");
        map_is_others = argc > 2 && !strcmp(argv[2], "other");
        for (size_t i = 0; argc > 1 && i < sizeof(words) / sizeof(words[0]); i++)
                if (!strcmp(argv[1], words[i].word))
                        return words[i].run();
        return 2;
}
