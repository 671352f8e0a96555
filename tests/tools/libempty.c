/* SPDX-License-Identifier: MIT */
/* tests/tools/libempty.c: a preload without effect: the reference of benchmarks, and a wrong library for tests. */
int crashpre_tests_empty;
