// SPDX-License-Identifier: MIT
// tests/zoo/throws.cc: uncaught exceptions, with the C++ run-time as a shared library.
#include "tests/zoo/throws/words.cc"

int main(int argc, char **argv)
{
        return throws_main(argc, argv);
}
