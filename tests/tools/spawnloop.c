/* SPDX-License-Identifier: MIT */
/* tests/tools/spawnloop.c: measures what a preload adds to the start of a program.
 *
 *   spawnloop ROUNDS PROGRAM PRELOAD...
 *
 * In each round PROGRAM is started and waited for once with every PRELOAD ("-" for none), in an order that changes
 * from round to round, so that drift of the machine affects all of them. Prints one line per preload: median, 10th
 * and 90th percentile in microseconds, and the preload.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define MOST 8

static double now_us(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double once(char *program, const char *preload)
{
        char setting[4096];
        char *argv[] = { program, NULL }, *envp[] = { NULL, NULL };
        double before;
        int status, err;
        pid_t pid;

        snprintf(setting, sizeof(setting), "LD_PRELOAD=%s", preload);
        if (strcmp(preload, "-") != 0)
                envp[0] = setting;
        before = now_us();
        err = posix_spawn(&pid, program, NULL, NULL, argv, envp);
        if (err || waitpid(pid, &status, 0) < 0 || status != 0) {
                fprintf(stderr, "spawnloop: %s: %s\n", program, err ? strerror(err) : "failed");
                exit(2);
        }
        return now_us() - before;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
        int rounds = argc > 3 ? atoi(argv[1]) : 0, n = argc - 3;
        static double *times[MOST];

        if (rounds < 1 || n < 1 || n > MOST) {
                fprintf(stderr, "usage: spawnloop ROUNDS PROGRAM PRELOAD...\n");
                return 2;
        }
        for (int i = 0; i < n; i++) {
                times[i] = calloc((size_t)rounds, sizeof(double));
                if (!times[i])
                        return 2; /* the memory is freed by the end of the process */
        }
        for (int r = -3; r < rounds; r++) /* three rounds to warm up */
                for (int i = 0; i < n; i++) {
                        int which = (i + r + 3) % n;
                        double t = once(argv[2], argv[3 + which]);

                        if (r >= 0)
                                times[which][r] = t;
                }
        for (int i = 0; i < n; i++) {
                qsort(times[i], (size_t)rounds, sizeof(double), compare);
                printf("%.2f %.2f %.2f %s\n", times[i][rounds / 2], times[i][rounds / 10], times[i][rounds * 9 / 10],
                       argv[3 + i]);
                free(times[i]);
        }
        return 0;
}
