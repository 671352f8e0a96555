// SPDX-License-Identifier: MIT
// tests/zoo/throws_static.cc: the same with the C++ run-time linked in. build-flags: -static-libstdc++ -static-libgcc
#include "tests/zoo/throws/words.cc"

int main(int argc, char **argv)
{
        return throws_main(argc, argv);
}
