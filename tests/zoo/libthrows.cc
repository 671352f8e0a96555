// SPDX-License-Identifier: MIT
// tests/zoo/libthrows.cc: the same as a plugin of a C program, whose symbols nobody else sees (plugged.c).
#include "tests/zoo/throws/words.cc"
