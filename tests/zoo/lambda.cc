// SPDX-License-Identifier: MIT
// tests/zoo/lambda.cc: a fault in unnamed classes and in a lambda of a function that was inlined at each call. The
// lambda's code is then described below an abstract instance (DWARF 5, 3.3.8.1), and its functions have no linkage
// names.
namespace {

volatile int seen;
int *volatile nowhere;

struct Holder {
        struct {
                __attribute__((always_inline)) void put(int value)
                {
                        if (seen ==
                            -3) // so that the fault is not at the first instruction of this call, where gdb hides it
                                return;
                        *nowhere = value; // CRASH: lambda
                }
        } slot;
};

struct Store {
        __attribute__((always_inline)) void operator()(int value) const
        {
                Holder holder;

                seen = seen + 1;
                holder.slot.put(value); // LINE: slot
                seen = -1;
        }
};

__attribute__((always_inline)) inline void each(int from, int to)
{
        auto visit = [](int value) __attribute__((noinline))
        {
                seen = value;
                Store{}(value); // LINE: store
                seen = -2;
        };

        for (int i = from; i < to; i++)
                visit(i); // LINE: visit
}

} // namespace

int main()
{
        each(1, 9); // LINE: each
        return seen;
}
