// SPDX-License-Identifier: MIT
// tests/zoo/checks_nopie.cc: libstdc++'s assertions at fixed addresses. build-flags: -D_GLIBCXX_ASSERTIONS -fno-pie -no-pie
#include "tests/zoo/checks/words.cc"
