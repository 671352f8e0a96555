/* SPDX-License-Identifier: MIT */
/* A static function, a clone that gcc specializes, a function inlined into another one, a nested function (gcc). */
static volatile int touched;
static int *volatile nowhere;

__attribute__((noinline)) static void touch(void)
{
        touched++;
}

__attribute__((noinline)) static void store(int *place, int n, int always)
{
        place[always] = n; /* CRASH */
        touch();
}

static inline void inlined(int n)
{
        store(nowhere, n, 3);
        touch();
}

__attribute__((noinline)) static void step(int n)
{
        inlined(n);
        touch();
}

int main(int argc, char **argv)
{
        (void)argv;
        step(argc);
        touch();
        return 0;
}
