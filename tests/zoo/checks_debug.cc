// SPDX-License-Identifier: MIT
// tests/zoo/checks_debug.cc: libstdc++'s debug mode. build-flags: -D_GLIBCXX_DEBUG
#include "tests/zoo/checks/words.cc"
