// SPDX-License-Identifier: MIT
// tests/zoo/libthrows.cc: the words of throws in a plugin of a C program, loaded with local symbols (plugged.c).
#include "tests/zoo/throws/words.cc"
