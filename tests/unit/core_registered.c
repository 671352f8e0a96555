/* SPDX-License-Identifier: MIT */
/* Unwind tables that were given to libgcc: its lists and trees, constructed. */
#include "tests/unit/buffer_space.h"
#include "tests/unit/tap.h"
#include "unwind/core/cfi/registered.h"

#define DATA 0x100000u /* variables of libgcc */
#define HEAP 0x200000u
#define TABLES 0x300000u
#define CODE 0x400000u
#define FUNCTIONS 64
#define FUNCTION_SIZE 0x40

static uint64_t data[64], heap[2048];

/* CIE, one FDE, terminator. */
static struct table {
        uint8_t cie[24];
        uint32_t length, cie_offset;
        uint64_t start, size, program;
        uint32_t end, unused;
} tables[FUNCTIONS];

static uint64_t table_at(unsigned i)
{
        return TABLES + i * sizeof(tables[0]);
}

static uint64_t code_at(unsigned i)
{
        return CODE + i * FUNCTION_SIZE;
}

static void begin(void)
{
        static const uint8_t cie[24] = { 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1 };

        buffers_clear();
        memset(data, 0, sizeof(data));
        memset(heap, 0, sizeof(heap));
        for (unsigned i = 0; i < FUNCTIONS; i++) {
                tables[i] =
                        (struct table){ .length = 28, .cie_offset = 28, .start = code_at(i), .size = FUNCTION_SIZE };
                memcpy(tables[i].cie, cie, sizeof(cie));
        }
        buffers_add(DATA, data, sizeof(data), false);
        buffers_add(HEAP, heap, sizeof(heap), false);
        buffers_add(TABLES, tables, sizeof(tables), false);
}

static uint64_t put(unsigned word, const uint64_t *values, size_t count)
{
        memcpy(heap + word, values, count * sizeof(*values));
        return HEAP + 8 * word;
}

/* An object at a word of the heap. */
static uint64_t object(unsigned word, uint64_t begins, uint64_t table, uint64_t flags, uint64_t next)
{
        return put(word, (uint64_t[]){ begins, 0, 0, table, flags, next }, 6);
}

static uint64_t find(uint64_t pc)
{
        struct registered r = { .left = 1000 };

        registered_collect(&buffers.space, DATA, DATA + sizeof(data), &r);
        return registered_find(&buffers.space, &r, pc);
}

static void check_list(void)
{
        begin();
        tap_is(find(code_at(0)), 0, "no list: no table");
        data[5] = object(0, UINT64_MAX, table_at(0), 0, object(10, UINT64_MAX, table_at(1), 0, 0));
        tap_is(find(code_at(0)), table_at(0), "the first object of a list");
        tap_is(find(code_at(1) + FUNCTION_SIZE - 1), table_at(1), "the second object of a list, its last byte of code");
        tap_is(find(code_at(2)), 0, "code that no table covers");

        begin();
        data[63] = object(0, code_at(3), put(20, (uint64_t[]){ table_at(3), 1 }, 2), 1, 0);
        tap_is(find(code_at(3)), table_at(3), "an object that libgcc has sorted");
        begin();
        data[0] = object(0, UINT64_MAX, put(20, (uint64_t[]){ table_at(3), table_at(4), 0 }, 3), 2, 0);
        tap_is(find(code_at(4)), table_at(4), "an object with an array of tables");
}

/* A leaf with the functions from `first` on, and their objects; returns its address. */
static uint64_t leaf(unsigned word, unsigned first, unsigned count)
{
        put(word, (uint64_t[]){ 4, count | 1ull << 32 }, 2);
        for (unsigned i = 0; i < count; i++)
                put(word + 2 + 3 * i,
                    (uint64_t[]){ code_at(first + i), FUNCTION_SIZE,
                                  object(word + 40 + 6 * i, UINT64_MAX, table_at(first + i), 0, 0) },
                    3);
        return HEAP + 8 * word;
}

static void check_tree(void)
{
        begin();
        data[7] = leaf(100, 0, 10);
        tap_is(find(code_at(9)), table_at(9), "a tree of one leaf");
        tap_is(find(code_at(10)), 0, "code that no entry of the leaf covers");
        begin();
        data[7] = put(0, (uint64_t[]){ 4, 2, code_at(10) - 1, leaf(100, 0, 10), UINT64_MAX, leaf(300, 10, 5) }, 6);
        tap_is(find(code_at(9)), table_at(9), "a tree of two leaves, the first");
        tap_is(find(code_at(14) + 1), table_at(14), "a tree of two leaves, the second");
        tap_is(find(code_at(15)), 0, "code behind the last entry");
}

static void check_hostile(void)
{
        struct registered r = { .count = 0 };

        begin();
        data[0] = object(0, UINT64_MAX, table_at(0), 0, HEAP);
        tap_is(find(code_at(1)), 0, "a list that leads to itself");
        begin();
        leaf(100, 0, 1);
        data[0] = put(0, (uint64_t[]){ 4, 1, UINT64_MAX, HEAP }, 4);
        tap_is(find(code_at(0)), 0, "a tree that leads to itself");
        begin();
        data[0] = put(0, (uint64_t[]){ 4, 11 | 1ull << 32 }, 2);
        tap_is(find(code_at(0)), 0, "a leaf with more entries than it has room for");
        begin();
        data[0] = object(0, UINT64_MAX, 0x7777777777777777, 0, 0);
        tap_is(find(code_at(0)), 0, "a table that cannot be read");
        begin();
        for (unsigned i = 0; i < 64; i++)
                data[i] = object(i * 8, UINT64_MAX, table_at(i), 0, 0);
        registered_collect(&buffers.space, DATA, DATA + sizeof(data), &r);
        tap_is(r.count, REGISTERED_ROOTS, "more lists than there is room for");
        r.count = 0;
        registered_collect(&buffers.space, DATA, DATA + (1u << 30), &r);
        tap_is(r.count, 0, "too many variables");
}

/* A list that leads back to its beginning, and one that is longer than what may be read. */
static void check_bound(void)
{
        struct registered r = { .left = 1000 };
        uint64_t first, second;

        begin();
        first = object(0, UINT64_MAX, table_at(0), 0, 0);
        second = object(8, UINT64_MAX, table_at(1), 0, first);
        object(0, UINT64_MAX, table_at(0), 0, second);
        data[0] = first;
        registered_collect(&buffers.space, DATA, DATA + sizeof(data), &r);
        tap_is(registered_find(&buffers.space, &r, code_at(5)), 0, "a list without an end");
        tap_is(r.left, 0, "it takes what may be read");
        tap_is(registered_find(&buffers.space, &r, code_at(0)), 0, "then nothing more is read");
}

int main(void)
{
        check_list();
        check_tree();
        check_hostile();
        check_bound();
        return tap_done();
}
