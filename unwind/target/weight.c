/* SPDX-License-Identifier: MIT */
/* unwind/target/weight.c: see weight.h.
 *
 * In a memory cgroup whose limit is reached the kernel kills the process with the highest score: pages in memory and, of
 * oom_score_adj, which is at its maximum here, a thousandth of the limit each, rounded down, which loses up to 999 pages
 * (mm/oom_kill.c: oom_badness()). A program that uses all of a small limit can have more than that. Pages of this file, mapped
 * again and again, count for this process and take no memory of their own but for the page tables. A page that is locked in one
 * place is not reclaimed from the others.
 */
#include "unwind/target/weight.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE ((size_t)512 << 10) /* bytes of this file */
#define PIECES 6
#define AROUND ((size_t)64 << 10) /* mapped with a page that is read, if in memory (Documentation/mm: fault-around) */
#define PAGE ((size_t)4096)
#define TRIED ((size_t)256 << 10) /* page tables and copied pages of a child at its start */

static char *place; /* NULL: none */

static void lock_some(void)
{
        for (size_t n = PIECE; n >= PAGE && mlock(place, n); n /= 2)
                ; /* RLIMIT_MEMLOCK permits no more */
}

void weight_take(void)
{
        static const char here = 0; /* in a page that is in memory already, and so are those around it, as a rule */
        off_t offset = (off_t)((uintptr_t)&here - getauxval(AT_PHDR)) & ~(off_t)(PIECE - 1);
        int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        char *all = mmap(NULL, PIECE * PIECES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (fd >= 0 && all != MAP_FAILED) {
                place = all;
                for (size_t i = 0; i < PIECES; i++)
                        (void)!mmap(place + PIECE * i, PIECE, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
                                    offset);
                lock_some();
        }
        if (fd >= 0)
                close(fd);
}

/* fork(2) does not copy the page tables of a mapped file. */
void weight_renew(void)
{
        for (size_t at = 0; place && at < PIECE * PIECES; at += AROUND)
                (void)*(volatile char *)(place + at);
}

void weight_drop(void)
{
        if (place)
                madvise(place, PIECE * PIECES, MADV_DONTNEED);
}

void weight_try(void)
{
        void *p = place ? mmap(NULL, TRIED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)
                        : MAP_FAILED;

        if (p != MAP_FAILED)
                munmap(p, TRIED);
}
