/* SPDX-License-Identifier: MIT */
/* tests/tools/threadloop.c ROUNDS: prints the median time of pthread_create + pthread_join in microseconds. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void *nothing(void *arg)
{
        return arg;
}

static double now_us(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
        int rounds = argc > 1 ? atoi(argv[1]) : 2000;
        double *times = calloc((size_t)rounds, sizeof(double));

        if (!times)
                return 2;
        for (int i = 0; i < rounds; i++) {
                double before = now_us();
                pthread_t thread;

                if (pthread_create(&thread, NULL, nothing, NULL)) {
                        free(times);
                        return 2;
                }
                pthread_join(thread, NULL);
                times[i] = now_us() - before;
        }
        qsort(times, (size_t)rounds, sizeof(double), compare);
        printf("%.3f\n", times[rounds / 2]);
        free(times);
        return 0;
}
