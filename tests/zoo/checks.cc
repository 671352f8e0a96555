// SPDX-License-Identifier: MIT
// tests/zoo/checks.cc: libstdc++'s assertions. build-flags: -D_GLIBCXX_ASSERTIONS
#include "tests/zoo/checks/words.cc"
