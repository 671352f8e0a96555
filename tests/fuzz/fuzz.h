/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz.h: what a fuzz target is, for libFuzzer (https://llvm.org/docs/LibFuzzer.html) and for tests/fuzz/replay/main.c.
 *
 * A target takes any bytes, opens no file, keeps nothing from one call to the next, and returns 0. A finding is a crash, an
 * abort, what a sanitizer sees, or a call that does not end. */
#ifndef CRASHPRE_TESTS_FUZZ_FUZZ_H
#define CRASHPRE_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
