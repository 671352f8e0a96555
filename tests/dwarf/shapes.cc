// SPDX-License-Identifier: MIT
#include "shapes.h"

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace geometry {
struct shape {
        virtual ~shape() = default;
        virtual double area() const = 0;
};
inline namespace v1 {
template <typename T> class box : public shape {
        T w, h;

public:
        box(T width, T height) : w(width), h(height) {}
        double area() const override { return check(w) * check(h); }
        static T check(T v)
        {
                if (v < 0)
                        throw std::invalid_argument("negative: " + std::to_string(v));
                return v;
        }
};
}
namespace {
double scale(double v)
{
        struct local { // methods of a class inside a function
                double factor;
                double apply(double x) const { return x * factor + sink; }
        };
        return local{ 1.5 }.apply(v);
}
}
}

static double total(const std::vector<std::unique_ptr<geometry::shape>> &shapes)
{
        double sum = 0;

        std::for_each(shapes.begin(), shapes.end(), [&sum](const auto &s) {
                auto scaled = [](double v) { return geometry::scale(v); };
                sum += scaled(s->area());
        });
        return sum;
}

static std::map<std::string, int> count(const std::vector<std::string> &words)
{
        std::map<std::string, int> n;

        for (const auto &w : words)
                n[w]++;
        return n;
}

int main(int argc, char **argv)
{
        std::vector<std::unique_ptr<geometry::shape>> shapes;
        node last{ nullptr, argc }, first{ &last, 2 * argc };
        std::vector<std::string> words(argv, argv + argc);

        shapes.push_back(std::make_unique<geometry::box<int>>(argc, 2));
        shapes.push_back(std::make_unique<geometry::box<double>>(argc, 0.5));
        try {
                sink = int(total(shapes)) + list_sum(&first, 50) + list_filter(&first, 1) + assembled(argc);
        } catch (const std::exception &e) {
                return 1;
        }
        return int(count(words).size()) - 1 + assembled_too(0);
}
