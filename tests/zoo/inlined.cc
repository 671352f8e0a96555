// SPDX-License-Identifier: MIT
// tests/zoo/inlined.cc: a fault three calls deep in code that was inlined into one function, at any level of optimization.
#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#define INLINED __attribute__((always_inline)) inline

namespace shop {

struct Item {
        int key, count;
};

static volatile int seen;

class Shelf {
        Item *volatile slots[4] = {};

public:
        INLINED void put(const Item &item)
        {
                seen = seen + item.key; // so that the fault is not at the first instruction of this call, where gdb hides it
                slots[item.key & 3]->count = item.count; // CRASH: inlined
        }
};

template <typename Batch> INLINED void put_all(Shelf &shelf, const Batch &batch)
{
        for (const Item &item : batch) {
                seen = seen + 1;
                shelf.put(item); // LINE: put
        }
}

INLINED void receive(Shelf &shelf, const std::vector<Item> &batch)
{
        seen = 0;
        put_all(shelf, batch); // LINE: put_all
}

__attribute__((noinline)) void open(Shelf &shelf)
{
        const std::vector<Item> batch(3, Item{ 2, 5 });

        receive(shelf, batch); // LINE: receive
        seen = -1;
}

} // namespace shop

static std::atomic<int> sleeper;

// The thread is asleep in a system call, and not on its way there: the reports of any two runs are equal.
static void wait_for_sleeper()
{
        std::string state;

        while (state != "S")
                std::ifstream("/proc/self/task/" + std::to_string(sleeper) + "/stat") >> state >> state >> state;
}

int main()
{
        std::thread idle([] {
                sleeper = gettid();
                std::this_thread::sleep_for(std::chrono::seconds(100));
        });
        shop::Shelf shelf;

        idle.detach();
        wait_for_sleeper();
        shop::open(shelf); // LINE: open
        return 0;
}
