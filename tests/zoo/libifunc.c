/* SPDX-License-Identifier: MIT */
/* tests/zoo/libifunc.c: crashes while the loader still relocates, before any constructor: in the resolver of an indirect function. */
void ifunc_function(void);
void (*ifunc_pointer(void))(void);

__attribute__((used)) static void (*resolve(void))(void) /* clang sees no use of it */
{
        *(volatile int *)0 = 1; /* CRASH: ifunc */
        return (void (*)(void))0;
}

void ifunc_function(void) __attribute__((ifunc("resolve")));

/* An address in data must be known as soon as the library is loaded. */
static void (*const volatile now)(void) = ifunc_function;

void (*ifunc_pointer(void))(void)
{
        return now;
}
