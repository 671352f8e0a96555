// SPDX-License-Identifier: MIT
// tests/zoo/checks_static.cc: libstdc++'s assertions, statically linked. build-flags: -D_GLIBCXX_ASSERTIONS -static-libstdc++ -static-libgcc
#include "tests/zoo/checks/words.cc"
