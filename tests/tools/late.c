/* SPDX-License-Identifier: MIT */
/* tests/tools/late.c: crashes when it is told to.
 *
 *   late [-m FILE]... [-l LIBRARY]... [-a] [-u]
 *
 * -m maps the first megabyte of a file and reads its first page; at the crash registers lead to a page of it that was not read.
 * -l loads a library; if it exports late_call(f), the crash comes from a call through it. -a: the process's arguments are on the page
 * that was not read, as far as /proc shows. -u: another user goes on, whose helper may not trace the process. Prints "ready", waits for a
 * line on standard input and writes to address 0.
 */
#include "tests/tools/area.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_SIZE = 1 << 20 };

#define LAST __asm__ volatile("") /* keeps the call before it from becoming a jump */

static volatile int *volatile nowhere; /* the compiler knows what a constant does */
static char *unread;

static __attribute__((noinline)) void late_crash(void)
{
        __asm__ volatile("movl $1, (%0)" ::"a"(nowhere), "b"(unread), "D"(unread) : "memory");
}

static __attribute__((noinline)) void late_here(void (*f)(void))
{
        f();
        LAST;
}

static volatile char first_byte;

static int map_file(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        char *p = fd < 0 ? MAP_FAILED : mmap(NULL, FILE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);

        if (p == MAP_FAILED) {
                perror(path);
                return -1;
        }
        close(fd);
        first_byte = *p;
        unread = p + FILE_SIZE / 4 * 3;
        return 0;
}

int main(int argc, char **argv)
{
        void (*call)(void (*)(void)) = late_here;
        char line[16];
        int option;

        while ((option = getopt(argc, argv, "m:l:au")) != -1) {
                void *library;

                if (option == 'a' || option == 'u') {
                        if (option == 'a' ? area_move(0, unread, 4096) : setresuid(65534, 65534, 65534)) {
                                perror("late");
                                return 77;
                        }
                        continue;
                }
                library = option == 'l' ? dlopen(optarg, RTLD_NOW) : NULL;

                if (option == 'm' ? map_file(optarg) : !library) {
                        fprintf(stderr, "late: %s\n", option == 'l' ? dlerror() : "cannot map the file");
                        return 2;
                }
                if (library && dlsym(library, "late_call"))
                        *(void **)&call = dlsym(library, "late_call");
        }
        puts("ready");
        fflush(stdout);
        if (read(0, line, sizeof(line)) <= 0)
                return 3;
        call(late_crash);
        LAST;
        return 0;
}
