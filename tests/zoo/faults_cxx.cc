// SPDX-License-Identifier: MIT
// tests/zoo/faults_cxx.cc: C++ programs that fail in the ways of C++.
//
//   faults_cxx word           build-flags: -D_GLIBCXX_ASSERTIONS -fstack-protector-all
#include <cstdio>
#include <cstring>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <variant>
#include <vector>

#ifdef __clang__
#define KEPT __attribute__((noinline))
#else
#define KEPT __attribute__((noipa))
#endif

namespace faults {

volatile int sink;

struct Shape {
        int sides = 3;
        virtual ~Shape() = default;
        KEPT virtual int area()
        {
                return sides;
        }
        KEPT int count() const
        {
                return sides; // CRASH: null-this
        }
};

struct Square : Shape {
        KEPT int area() override
        {
                return sides * sides;
        }
};

KEPT void null_this()
{
        Shape *volatile shape = nullptr;

        sink = shape->count();
}

KEPT void null_virtual()
{
        Shape *volatile shape = nullptr;

        sink = shape->area(); // CRASH: null-virtual
}

KEPT void null_reference()
{
        std::unique_ptr<Shape> nobody;
        Shape *volatile raw = nobody.get();

        sink = raw->sides; // CRASH: null-reference
}

KEPT void wild_vtable()
{
        alignas(Shape) char room[sizeof(Shape)];
        Shape *volatile shape = reinterpret_cast<Shape *>(room);

        std::memset(room, 0x41, sizeof(room));
        sink = shape->area(); // CRASH: wild-vtable
}

KEPT void empty_function()
{
        std::function<int()> nothing;

        sink = nothing(); // CRASH: empty-function
}

KEPT void out_of_range()
{
        std::vector<int> v(3);

        sink = v.at(7); // CRASH: out-of-range
}

KEPT void missing_key()
{
        std::map<std::string, int> ages{ { "ann", 30 } };

        sink = ages.at("bob"); // CRASH: missing-key
}

KEPT void empty_optional()
{
        std::optional<int> none;

        sink = none.value(); // CRASH: empty-optional
}

KEPT void wrong_variant()
{
        std::variant<int, std::string> v{ 7 };

        sink = static_cast<int>(std::get<std::string>(v).size()); // CRASH: wrong-variant
}

KEPT void wrong_cast()
{
        Shape shape;
        Shape *volatile p = &shape;

        sink = dynamic_cast<Square &>(*p).sides; // CRASH: wrong-cast
}

KEPT void bad_number()
{
        sink = std::stoi("many"); // CRASH: bad-number
}

KEPT void null_string()
{
        const char *volatile s = nullptr;

        sink = static_cast<int>(std::string(s).size()); // CRASH: null-string
}

KEPT void subscript()
{
        std::vector<int> v(3);
        volatile std::size_t i = 7;

        sink = v[i]; // CRASH: subscript
}

KEPT void fail()
{
        throw std::logic_error("out of a destructor"); // CRASH: throw-in-destructor
}

struct Careless {
        ~Careless()
        {
                fail();
        }
};

KEPT void throw_in_destructor()
{
        Careless careless;
}

KEPT void throw_number()
{
        throw 42L; // CRASH: throw-number
}

KEPT void thread_out_of_range()
{
        std::thread([] { out_of_range(); }).join();
}

KEPT void destroyed_future()
{
        std::future<int> broken;
        {
                std::promise<int> promise;
                broken = promise.get_future();
        }
        sink = broken.get(); // CRASH: broken-promise
}

struct word {
        const char *name;
        void (*run)();
};

const word words[] = {
        { "null-this", null_this },
        { "null-virtual", null_virtual },
        { "null-reference", null_reference },
        { "wild-vtable", wild_vtable },
        { "empty-function", empty_function },
        { "out-of-range", out_of_range },
        { "missing-key", missing_key },
        { "empty-optional", empty_optional },
        { "wrong-variant", wrong_variant },
        { "wrong-cast", wrong_cast },
        { "bad-number", bad_number },
        { "null-string", null_string },
        { "subscript", subscript },
        { "throw-in-destructor", throw_in_destructor },
        { "throw-number", throw_number },
        { "thread-out-of-range", thread_out_of_range },
        { "broken-promise", destroyed_future },
};

} // namespace faults

int main(int argc, char **argv)
{
        for (const faults::word &w : faults::words)
                if (argc > 1 && !std::strcmp(argv[1], w.name)) {
                        w.run();
                        return 0;
                }
        std::fprintf(stderr, "usage: faults_cxx word\n");
        return 2;
}
