// SPDX-License-Identifier: MIT
// tests/zoo/throws_static.cc: uncaught exceptions, with the C++ run-time linked statically. build-flags: -static-libstdc++ -static-libgcc
#include "tests/zoo/throws/words.cc"

int main(int argc, char **argv)
{
        return throws_main(argc, argv);
}
