// SPDX-License-Identifier: MIT
// tests/zoo/zoo_cxx.cc: the C++ crashes, a word each: uncaught exceptions and invalid calls.
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace zoo {

// Throws through a few frames, as real programs do.
__attribute__((noinline)) void throw_runtime_error(int depth)
{
        if (depth == 0)
                throw std::runtime_error("the message of the exception"); // CRASH: throw
        throw_runtime_error(depth - 1);
        __asm__ volatile("" ::: "memory");
}

struct odd_error {
        int code;
};

__attribute__((noinline)) void throw_odd()
{
        throw odd_error{ 42 }; // CRASH: throw-odd
}

__attribute__((noinline)) void promises() noexcept
{
        throw_runtime_error(1); // CRASH: noexcept
}

__attribute__((noinline)) void rethrow()
{
        try {
                throw_runtime_error(1);
        } catch (...) {
                throw; // CRASH: rethrow
        }
}

// The base's constructor calls a function that only the derived class implements.
struct base {
        base() { call(); }
        virtual ~base() = default;
        __attribute__((noinline)) void call() { missing(); } // CRASH: pure-virtual
        virtual void missing() = 0;
};

struct derived : base {
        void missing() override {}
};

void say(const char *s)
{
        std::printf("%s\n", s);
        std::fflush(stdout);
}

void own_terminate()
{
        say("terminate handler of the program");
        std::abort();
}

void catches()
{
        for (int i = 0; i < 3; i++) {
                try {
                        throw_runtime_error(3);
                } catch (const std::exception &e) {
                        say(e.what());
                }
        }
}

struct word {
        const char *name;
        void (*run)();
};

const word words[] = {
        { "throw", [] { throw_runtime_error(3); } },
        { "throw-int", [] { throw 7; } },
        { "throw-string", [] { throw std::string("text"); } },
        { "throw-odd", throw_odd },
        { "noexcept", promises },
        { "rethrow", rethrow },
        { "terminate", [] { std::terminate(); } },
        { "own-terminate",
          [] {
                  std::set_terminate(own_terminate);
                  throw_runtime_error(3);
          } },
        { "thread-throw", [] { std::thread([] { throw_runtime_error(3); }).join(); } },
        { "unjoined-thread", [] { std::thread t([] {}); } },
        { "bad-alloc", [] {
                  volatile std::size_t much = static_cast<std::size_t>(1) << 62;
                  std::vector<char> v(much);
                  say(v.empty() ? "empty" : "full");
          } },
        { "pure-virtual", [] { derived d; d.missing(); } },
        { "catches", catches },
};

} // namespace zoo

int main(int argc, char **argv)
{
        for (const zoo::word &w : zoo::words)
                if (argc > 1 && std::strcmp(argv[1], w.name) == 0) {
                        zoo::say("begin");
                        w.run();
                        zoo::say("end");
                        return 0;
                }
        std::fprintf(stderr, "usage: zoo-cxx word\n");
        return 2;
}
