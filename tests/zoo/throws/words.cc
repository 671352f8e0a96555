// SPDX-License-Identifier: MIT
// tests/zoo/throws/words.cc: uncaught exceptions of every kind, a word each. Included by programs that use the C++ run-time in
// different ways: as a shared library, linked statically, or in a plugin.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <typeinfo>

#include <unistd.h>

namespace {

struct own_what : std::exception {
        std::string text = "made up by the program";
        const char *what() const noexcept override { return text.c_str(); }
};

struct derived : std::runtime_error {
        using std::runtime_error::runtime_error;
        int more = 7;
};

struct first_base {
        virtual ~first_base() = default;
        long numbers[3] = { 1, 2, 3 };
};

struct second : first_base, derived {
        second() : derived("from the second base") {}
};

struct virtual_base : virtual std::runtime_error {
        virtual_base() : std::runtime_error("from a virtual base") {}
};

struct diamond : first_base, virtual virtual_base {
        diamond() : std::runtime_error("from the end of a diamond") {}
};

struct what_faults : std::exception {
        const char *what() const noexcept override
        {
                *static_cast<volatile int *>(nullptr) = 1;
                return "not reached";
        }
};

[[noreturn]] __attribute__((noinline)) void throw_plainly()
{
        throw 7;
}

struct what_throws : std::exception {
        const char *what() const noexcept override { throw_plainly(); }
};

struct what_wild : std::exception {
        const char *what() const noexcept override { return reinterpret_cast<const char *>(0x123456789000); }
};

struct plain {
        int code = 42;
};

enum class colour { red = 5 };

[[noreturn]] __attribute__((noinline)) void throw_runtime_error()
{
        throw std::runtime_error("the message of the exception"); // CRASH: throws
}

__attribute__((noinline)) void promises() noexcept
{
        throw_runtime_error();
}

// As above, with something to clean up on the way.
__attribute__((noinline)) void promises_and_cleans() noexcept
{
        std::string s(100, 'x');
        throw_runtime_error();
}

__attribute__((noinline)) void rethrow()
{
        try {
                throw_runtime_error();
        } catch (const std::exception &) {
                throw; // CRASH: rethrows
        }
}

__attribute__((noinline)) void rethrow_later()
{
        std::exception_ptr kept;

        try {
                throw_runtime_error();
        } catch (...) {
                kept = std::current_exception();
        }
        std::rethrow_exception(kept);
}

void nested()
{
        try {
                try {
                        throw std::out_of_range("innermost");
                } catch (...) {
                        std::throw_with_nested(own_what());
                }
        } catch (...) {
                std::throw_with_nested(std::runtime_error("outermost"));
        }
}

void deeply_nested(int depth)
{
        try {
                if (depth > 0)
                        deeply_nested(depth - 1);
                throw std::runtime_error("bottom");
        } catch (...) {
                std::throw_with_nested(std::runtime_error("level " + std::to_string(depth)));
        }
}

// A caught exception, which is not the cause of the process's death.
__attribute__((noinline)) void abort_in_catch()
{
        try {
                throw_runtime_error();
        } catch (const std::exception &) {
                std::abort();
        }
}

void abort_after_catch()
{
        try {
                throw_runtime_error();
        } catch (const std::exception &) {
        }
        std::abort();
}

void own_terminate()
{
        static const char said[] = "own terminate handler\n";

        if (write(1, said, sizeof(said) - 1) < 0)
                std::_Exit(2);
        std::abort();
}

char *smashed; // the object that is in flight

// The whole exception and the run-time's header before it.
void smash_and_abort()
{
        std::memset(smashed - 128, 0x5a, 256);
        std::abort();
}

struct leaks_its_address : std::runtime_error {
        leaks_its_address() : std::runtime_error("smashed") { smashed = reinterpret_cast<char *>(this); }
        char room[256];
};

// Its vtable is overwritten, its header is intact.
void smash_object_and_abort()
{
        std::memset(smashed, 0x5a, 64);
        std::abort();
}

struct destroys : std::runtime_error {
        destroys() : std::runtime_error("its type_info is ruined") { smashed = reinterpret_cast<char *>(this); }
        char room[256];
};

void wild_type_and_abort()
{
        void *wild = reinterpret_cast<void *>(0x123456789000);

        std::memcpy(smashed - 112, &wild, sizeof(wild));
        std::abort();
}

void many()
{
        std::thread threads[4];

        for (std::thread &t : threads)
                t = std::thread([] {
                        for (int i = 0; i < 5000; i++) {
                                try {
                                        throw_runtime_error();
                                } catch (const std::exception &) {
                                }
                        }
                });
        for (std::thread &t : threads)
                t.join();
}

template <class T> [[noreturn]] void throw_it(T value)
{
        throw value;
}

const struct {
        const char *name;
        void (*run)();
} words[] = {
        { "runtime-error", throw_runtime_error },
        { "derived", [] { throw derived("of a class of the program"); } },
        { "second-base", [] { throw second(); } },
        { "virtual-base", [] { throw virtual_base(); } },
        { "diamond", [] { throw diamond(); } },
        { "own-what", [] { throw own_what(); } },
        { "what-faults", [] { throw what_faults(); } },
        { "what-throws", [] { throw what_throws(); } },
        { "what-wild", [] { throw what_wild(); } },
        { "odd-text", [] { throw std::runtime_error("caf\xc3\xa9 \xff \x1b[31m\n"); } },
        { "long-text", [] { throw std::runtime_error(std::string(1 << 20, 'w')); } },
        { "bad-alloc", [] { throw std::bad_alloc(); } },
        { "bad-cast", [] { throw std::bad_cast(); } },
        { "bad-function-call", [] { std::function<void()>()(); } },
        { "future-error", [] { std::promise<int> p; p.set_value(1); p.set_value(2); } },
        { "system-error", [] { throw std::system_error(2, std::generic_category(), "open"); } },
        { "ios-failure", [] { std::ifstream f; f.exceptions(std::ios::failbit); f.open("/nonexistent"); } },
        { "plain", [] { throw plain(); } },
        { "enum", [] { throw colour::red; } },
        { "int", [] { throw -7; } },
        { "unsigned", [] { throw 4000000000u; } },
        { "long", [] { throw -9000000000000000000L; } },
        { "short", [] { throw_it<short>(-300); } },
        { "char", [] { throw 'x'; } },
        { "bool", [] { throw true; } },
        { "double", [] { throw 0.1; } },
        { "double-large", [] { throw 1.5e300; } },
        { "double-small", [] { throw -0.000012345678; } },
        { "double-whole", [] { throw 123456.0; } },
        { "double-infinite", [] { throw __builtin_inf(); } },
        { "float", [] { throw 2.5f; } },
        { "long-double", [] { throw 1e-300L; } },
        { "chars", [] { throw "a literal"; } },
        { "null-chars", [] { throw static_cast<const char *>(nullptr); } },
        { "string", [] { throw std::string("short"); } },
        { "long-string", [] { throw std::string(50, 's'); } },
        { "string-view", [] { throw std::string_view("a view of text", 6); } },
        { "noexcept", promises },
        { "noexcept-cleanup", promises_and_cleans },
        { "thread", [] { std::thread(throw_runtime_error).join(); } },
        { "rethrow", rethrow },
        { "rethrow-later", rethrow_later },
        { "nested", nested },
        { "deeply-nested", [] { deeply_nested(20); } },
        { "abort-in-catch", abort_in_catch },
        { "abort-after-catch", abort_after_catch },
        { "many", many },
        { "terminate", [] { std::terminate(); } },
        { "own-terminate", [] { std::set_terminate(own_terminate); throw_runtime_error(); } },
        { "smashed", [] { std::set_terminate(smash_and_abort); throw leaks_its_address(); } },
        { "smashed-object", [] { std::set_terminate(smash_object_and_abort); throw leaks_its_address(); } },
        { "wild-type", [] { std::set_terminate(wild_type_and_abort); throw destroys(); } },
};

} // namespace

extern "C" __attribute__((visibility("default"))) int throws_main(int argc, char **argv)
{
        for (const auto &w : words)
                if (argc > 1 && std::strcmp(argv[1], w.name) == 0) {
                        w.run();
                        return 0;
                }
        std::fprintf(stderr, "usage: throws word\n");
        return 2;
}
