// SPDX-License-Identifier: MIT
// tests/zoo/throws.cc: exceptions that nobody catches, with the C++ run-time as a library.
#include "tests/zoo/throws/words.cc"

int main(int argc, char **argv)
{
        return throws_main(argc, argv);
}
