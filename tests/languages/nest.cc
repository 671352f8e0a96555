// SPDX-License-Identifier: MIT
// Names of every kind: templates with return types, operators and conversions (also templates), lambdas (generic ones
// too), members of local classes, anonymous namespaces, ABI tags, parameters that are pointers to functions and
// members, constructors, ref-qualified and variadic members, default arguments, an extern "C" function.
#include <functional>
#include <string>
#include <vector>

static volatile int touched;
[[gnu::noinline]] static void touch()
{
        touched = touched + 1;
}

#define KEEP [[gnu::noinline, gnu::noclone]]

namespace {
int *volatile nowhere;

KEEP void hidden(int n)
{
        *nowhere = n; // CRASH
        touch();
}
} // namespace

extern "C" KEEP void for_c(int n)
{
        hidden(n);
        touch();
}

namespace shapes {
enum class color { red, green };

template <typename T, color C = color::red> struct box {
        T value;

        KEEP explicit box(T v) : value(v)
        {
                for_c(static_cast<int>(v)), touch();
        }
        KEEP T operator()(T by) const &
        {
                box other(static_cast<T>(value + by));
                touch();
                return other.value;
        }
        KEEP box &operator<<(int n)
        {
                (*this)(static_cast<T>(n));
                touch();
                return *this;
        }
        template <typename U> KEEP operator U() const
        {
                const_cast<box &>(*this) << 4;
                touch();
                return U();
        }
        KEEP operator const char *() const
        {
                touched = static_cast<int>(operator long());
                touch();
                return "";
        }
        KEEP bool operator<(const box &) const volatile
        {
                static_cast<const char *>(const_cast<const box &>(*this));
                touch();
                return true;
        }
        template <int N> KEEP static auto get(const box &b, int (&)[N]) -> decltype(b.value)
        {
                touched = b < b;
                touch();
                return b.value;
        }
};

inline namespace v2 {
KEEP [[gnu::abi_tag("cxx11", "new")]] long tagged(const std::string &s, std::vector<std::string> v = {})
{
        int numbers[3] = {};
        touched = static_cast<int>(s.size() + v.size());
        alignas(box<short, color::green>) static char storage[sizeof(box<short, color::green>)];
        box<short, color::green>::get(reinterpret_cast<const box<short, color::green> &>(storage), numbers);
        touch();
        return 0;
}
} // namespace v2

struct base {
        virtual ~base()
        {
        }
        KEEP virtual int run(int (*)(long, ...), int base::*, void (base::*)() const, const char *const[2]) noexcept
        {
                tagged("x");
                touch();
                return 0;
        }
};

template <typename... Parts> KEEP static int join(Parts &&...parts)
{
        base b;
        touch();
        b.run(nullptr, nullptr, nullptr, nullptr);
        touch();
        return static_cast<int>(sizeof...(parts));
}

template <typename F> KEEP decltype(auto) call(F &&f)
{
        f(1, 2.0);
        touch();
        return f;
}

template <template <typename, typename> class C, bool B, char X>
KEEP C<int, std::allocator<int>> deep(const C<int, std::allocator<int>> &c)
{
        struct local {
                KEEP static void member(const C<int, std::allocator<int>> &, unsigned long long)
                {
                        auto generic = [](auto a, double b) KEEP {
                                join(a, b, "text", X, B);
                                touch();
                        };
                        call(generic);
                        touch();
                }
        };
        local::member(c, 5);
        touch();
        return c;
}
} // namespace shapes

KEEP std::ostream *streams(std::function<int(char)> f, decltype(nullptr), __int128, bool, wchar_t, signed char, ...)
{
        std::vector<int> v{ 1 };
        touched = f('x');
        shapes::deep<std::vector, true, 'x'>(v);
        touch();
        return nullptr;
}

int main()
{
        auto plain = [](int n) KEEP {
                streams([](char c) { return c + 0; }, nullptr, n, true, L'x', 1);
                touch();
        };
        plain(3);
        touch();
}
