/* SPDX-License-Identifier: MIT */
/* tests/tools/libempty.c: a preload that does nothing: what benchmarks compare with, and what tests fail with. */
int crashpre_tests_empty;
