/* SPDX-License-Identifier: MIT */
/* tests/zoo/elsewhere.c: crashes of programs whose code or threads are not where they usually are.
 *
 *   elsewhere ring      beside threads that the kernel made for io_uring
 *
 * Ends with 77 where the kernel does not allow it.
 */
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

static const struct {
        const char *word;
        int (*run)(void);
} words[] = {
        { "ring", ring },
};

int main(int argc, char **argv)
{
        for (size_t i = 0; argc > 1 && i < sizeof(words) / sizeof(words[0]); i++)
                if (!strcmp(argv[1], words[i].word))
                        return words[i].run();
        return 2;
}
