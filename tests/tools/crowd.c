/* SPDX-License-Identifier: MIT */
/* tests/tools/crowd.c: a process with a large number of mappings of files, which crashes.
 *
 *   crowd one FILE COUNT      COUNT mappings of one file that the kernel cannot join
 *   crowd many DIRECTORY COUNT   a mapping of each of COUNT small files, which it creates
 *   crowd libraries LIBRARY DIRECTORY COUNT first|last|qsort
 *                             COUNT copies of a library that exports crowd_call(f), loaded; the crash comes from a call through the
 *                             first or the last of them, or through both and qsort(3)
 *
 * Prints the number of mappings, or of libraries, that exist, and writes to address 0.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LAST __asm__ volatile("") /* keeps the call before it from becoming a jump */

typedef void crowd_function(void (*f)(void));

static crowd_function *inner;

static volatile int *volatile nowhere; /* the compiler knows what a constant does */

static __attribute__((noinline)) void crowd_crash(void)
{
        *nowhere = 1;
}

static int compare(const void *a, const void *b)
{
        inner(crowd_crash);
        LAST;
        return *(const int *)a - *(const int *)b;
}

static __attribute__((noinline)) void sort(void)
{
        int numbers[] = { 2, 1 };

        qsort(numbers, 2, sizeof(numbers[0]), compare);
        LAST;
}

static void die(const char *what)
{
        fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
        exit(2);
}

static int create(const char *path, size_t size)
{
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0 || ftruncate(fd, (off_t)size))
                die(path);
        return fd;
}

/* As many as vm.max_map_count allows. */
static int map_one(const char *path, int count)
{
        int fd = create(path, 4096), n = 0;

        while (n < count &&
               mmap(NULL, 4096, n % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED)
                n++;
        close(fd);
        return n;
}

static int map_many(const char *directory, int count)
{
        char path[4096];
        int n;

        for (n = 0; n < count; n++) {
                int fd;

                snprintf(path, sizeof(path), "%s/%d", directory, n);
                fd = create(path, 4096);
                if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
                        break;
                close(fd);
        }
        return n;
}

static void copy(const char *from, const char *to)
{
        static char bytes[1 << 20];
        int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
        ssize_t n = in < 0 ? -1 : read(in, bytes, sizeof(bytes));

        if (n <= 0 || out < 0 || write(out, bytes, (size_t)n) != n)
                die(to);
        close(in);
        close(out);
}

/* Each under a name of its own. *first and *last: crowd_call of those. */
static int load(const char *library, const char *directory, int count, crowd_function **first, crowd_function **last)
{
        char path[4096];
        int n;

        for (n = 0; n < count; n++) {
                void *handle;

                snprintf(path, sizeof(path), "%s/libcrowd%d.so", directory, n);
                copy(library, path);
                handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
                if (!handle)
                        break;
                *(void **)last = dlsym(handle, "crowd_call");
                if (!n)
                        *first = *last;
        }
        return n;
}

int main(int argc, char **argv)
{
        crowd_function *first = NULL, *last = NULL;
        int n;

        if (argc == 4 && !strcmp(argv[1], "one"))
                n = map_one(argv[2], atoi(argv[3]));
        else if (argc == 4 && !strcmp(argv[1], "many"))
                n = map_many(argv[2], atoi(argv[3]));
        else if (argc == 6 && !strcmp(argv[1], "libraries"))
                n = load(argv[2], argv[3], atoi(argv[4]), &first, &last);
        else
                return 2;
        printf("%d\n", n);
        fflush(stdout);
        if (!first) {
                crowd_crash();
        } else if (!strcmp(argv[5], "qsort")) {
                inner = last;
                first(sort);
        } else {
                (!strcmp(argv[5], "first") ? first : last)(crowd_crash);
        }
        LAST;
        return 0;
}
