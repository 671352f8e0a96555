// SPDX-License-Identifier: MIT
// tests/zoo/checks/words.cc: a check of libstdc++ fails. Included by programs that enable these checks in different ways.
#include <cstdlib>
#include <vector>

__attribute__((noinline)) int reads_past_the_end(std::vector<int> &v, std::size_t i)
{
        return v[i]; // CRASH: checks
}

int main(int argc, char **)
{
        std::vector<int> v(3);

        return reads_past_the_end(v, static_cast<std::size_t>(argc) + 5);
}
