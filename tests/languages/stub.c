/* SPDX-License-Identifier: MIT */
/* What OCaml and assembly call. */
int *volatile place;

long crash_in_c(long n)
{
        *place = (int)n; /* CRASH */
        return 1;
}
