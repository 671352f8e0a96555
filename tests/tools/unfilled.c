/* SPDX-License-Identifier: MIT */
/* tests/tools/unfilled.c: crashes while something leads to memory whose pages never come: under userfaultfd(2), with no thread that
 * serves it.
 *
 *   unfilled MEMORY PLACE [FILE]
 *
 * MEMORY: memfd, shared (anonymous), private (anonymous), named (private, with a name), hugetlb, file (FILE, in a tmpfs), heap,
 * stack, minor (a memfd whose pages exist and are not mapped). PLACE, which leads there: register, sp, bp, return (a return address),
 * arg or env (the process's arguments and environment); "user-" before it: as another user, whose helper may not attach. "unfilled
 * probe register" tries whether userfaultfd(2) works here. Exit status 77: that kind of memory does not exist here, or
 * userfaultfd(2) is refused.
 */
#include "tests/tools/area.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef UFFD_FEATURE_MINOR_SHMEM
#define UFFD_FEATURE_MINOR_SHMEM (1u << 10)
#define UFFDIO_REGISTER_MODE_MINOR ((uint64_t)1 << 2)
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

enum { SIZE = 4 << 20 }; /* of two huge pages */

static void unavailable(const char *what)
{
        fprintf(stderr, "unfilled: %s: %s\n", what, strerror(errno));
        exit(77);
}

static void withhold(void *start, size_t size, uint64_t mode, uint64_t features)
{
        struct uffdio_api api = { .api = UFFD_API, .features = features };
        struct uffdio_register range = { .range = { (uintptr_t)start, size }, .mode = mode };
        int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

        if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
                unavailable("userfaultfd");
        if (ioctl(fd, UFFDIO_REGISTER, &range))
                unavailable("UFFDIO_REGISTER");
}

static void *map(int prot_flags, int fd)
{
        void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, prot_flags, fd, 0);

        if (p == MAP_FAILED)
                unavailable("mmap");
        return p;
}

static int memfd(const char *name)
{
        int fd = memfd_create(name, MFD_CLOEXEC);

        if (fd < 0 || ftruncate(fd, SIZE))
                unavailable("memfd_create");
        return fd;
}

static char *memory(const char *kind, const char *path)
{
        static char block[4096];
        char *p = NULL;
        int fd;

        if (!strcmp(kind, "memfd") || !strcmp(kind, "probe")) {
                p = map(MAP_SHARED, memfd("unfilled"));
        } else if (!strcmp(kind, "minor")) {
                fd = memfd("unfilled");
                memset(block, 'x', sizeof(block));
                for (size_t i = 0; i < SIZE; i += sizeof(block))
                        if (write(fd, block, sizeof(block)) != sizeof(block))
                                unavailable("write");
                p = map(MAP_SHARED, fd);
                withhold(p, SIZE, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
                return p;
        } else if (!strcmp(kind, "shared")) {
                p = map(MAP_SHARED | MAP_ANONYMOUS, -1);
        } else if (!strcmp(kind, "private")) {
                p = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
        } else if (!strcmp(kind, "named")) {
                p = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
                if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, SIZE, "unfilled"))
                        unavailable("PR_SET_VMA_ANON_NAME");
        } else if (!strcmp(kind, "hugetlb")) {
                p = map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1);
        } else if (!strcmp(kind, "file")) {
                fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
                if (fd < 0 || ftruncate(fd, SIZE))
                        unavailable(path);
                p = map(MAP_SHARED, fd);
        } else if (!strcmp(kind, "heap")) {
                p = (char *)(((uintptr_t)sbrk(SIZE + 8192) + 4095) & ~(uintptr_t)4095);
        } else if (!strcmp(kind, "stack")) {
                p = (char *)(((uintptr_t)__builtin_frame_address(0) - SIZE - 65536) & ~(uintptr_t)4095);
                ((volatile char *)p)[-8192] = 1; /* the kernel extends the mapping to it */
        }
        if (!p) {
                fprintf(stderr, "unfilled: no memory is called %s\n", kind);
                exit(2);
        }
        withhold(p, SIZE, UFFDIO_REGISTER_MODE_MISSING, 0);
        return p;
}

static void move_area(int environment, char *p)
{
        if (area_move(environment, p, 8192))
                unavailable("PR_SET_MM_MAP");
}

static void crash(const char *place, char *p)
{
        if (!strcmp(place, "sp"))
                __asm__ volatile("mov %0, %%rsp\n\tmovl $0, 0" ::"r"(p) : "memory");
        else if (!strcmp(place, "bp"))
                __asm__ volatile("mov %0, %%rbp\n\tmovl $0, 0" ::"r"(p) : "memory");
        else if (!strcmp(place, "return"))
                __asm__ volatile("mov %0, %%rbp\n\tpush %0\n\tpush %0\n\tpush %0\n\tmovl $0, 0" ::"r"(p) : "memory");
        else
                __asm__ volatile("movl $0, (%%rax)" ::"a"(0), "b"(p), "D"(p + 4096), "S"(p + 64) : "memory");
}

int main(int argc, char **argv)
{
        const char *place = argc > 2 ? argv[2] : "";
        int as_user = !strncmp(place, "user-", 5);
        char *p;

        if (argc < 3)
                return 2;
        place += as_user ? 5 : 0;
        p = memory(argv[1], argc > 3 ? argv[3] : "");
        if (!strcmp(argv[1], "probe"))
                return 0;
        if (!strcmp(place, "arg"))
                move_area(0, p);
        if (!strcmp(place, "env"))
                move_area(1, p);
        if (as_user && setresuid(65534, 65534, 65534))
                unavailable("setresuid");
        crash(place, p + SIZE / 2);
        return 0;
}
