/* SPDX-License-Identifier: MIT */
/* Range lists with every kind of entry, by offset and by index, and lists that are truncated or malformed. */
#include "tests/unit/tap.h"
#include "unwind/dwarf/ranges.h"

#include <dwarf.h>
#include <stdlib.h>

static const uint64_t addresses[] = { 0x1000, 0x2000, 0x3000 };

static struct dwarf_range_unit unit_of(const void *list, size_t size, uint8_t version)
{
        return (struct dwarf_range_unit){ .list = { .data = list, .size = size },
                                          .addr = { .data = (const uint8_t *)addresses, .size = sizeof(addresses) },
                                          .base = 0x400000,
                                          .version = version,
                                          .offset_size = 4,
                                          .address_size = 8 };
}

static void expect(struct dwarf_range_cursor c, const uint64_t *wanted, size_t n, const char *what)
{
        uint64_t low, high;

        for (size_t i = 0; i < n; i += 2) {
                if (!tap_ok(dwarf_ranges_next(&c, &low, &high), "%s: range %zu", what, i / 2))
                        return;
                tap_is(low, wanted[i], "%s: low", what);
                tap_is(high, wanted[i + 1], "%s: high", what);
        }
        tap_ok(!dwarf_ranges_next(&c, &low, &high), "%s: the end", what);
}

static void test_old(void)
{
        static const uint64_t list[] = { 0x10, 0x20, 0x30, 0x30, UINT64_MAX, 0x500000, 0x1, 0x2, 0, 0, 0x77, 0x78 };
        static const uint64_t wanted[] = { 0x400010, 0x400020, 0x500001, 0x500002 };
        struct dwarf_range_unit u = unit_of(list, sizeof(list), 4);

        expect(dwarf_ranges_begin(&u, 0, false), wanted, 4, "version 4");
        u.lists_base = 16; /* as for split units */
        expect(dwarf_ranges_begin(&u, 0, false), wanted + 2, 2, "version 4, from a base");
        u.lists_base = 0;
        u.list.size = 40;
        expect(dwarf_ranges_begin(&u, 0, false), wanted, 2, "version 4, cut");
        expect(dwarf_ranges_begin(&u, 1000, false), NULL, 0, "version 4, offset past the end");
        expect(dwarf_ranges_begin(&u, UINT64_MAX, false), NULL, 0, "version 4, offset UINT64_MAX");
}

static const uint8_t new_list[] = {
        8,
        0,
        0,
        0,
        0xff,
        0xff,
        0xff,
        0xff, /* the table of indexes: list 0; list 1 is malformed */
        DW_RLE_offset_pair,
        0x10,
        0x20,
        DW_RLE_base_addressx,
        1,
        DW_RLE_offset_pair,
        0x01,
        0x82,
        0x01,
        DW_RLE_startx_endx,
        0,
        1,
        DW_RLE_startx_length,
        2,
        5,
        DW_RLE_start_length,
        0,
        0x10,
        0,
        0,
        0,
        0,
        0,
        0,
        4,
        DW_RLE_start_end,
        0,
        0x20,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        0x20,
        0,
        0,
        0,
        0,
        0,
        0,
        DW_RLE_base_address,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        DW_RLE_offset_pair,
        3,
        3,
        DW_RLE_offset_pair,
        3,
        4,
        DW_RLE_end_of_list,
};

static void test_new(void)
{
        static const uint64_t wanted[] = { 0x400010, 0x400020, 0x2001, 0x2082, 0x1000, 0x2000,  0x3000,
                                           0x3005,   0x1000,   0x1004, 0x2000, 0x2001, 0x10003, 0x10004 };
        struct dwarf_range_unit u = unit_of(new_list, sizeof(new_list), 5);

        expect(dwarf_ranges_begin(&u, 8, false), wanted, 14, "version 5");
        expect(dwarf_ranges_begin(&u, 0, true), wanted, 14, "version 5, by index");
        expect(dwarf_ranges_begin(&u, 1, true), NULL, 0, "version 5, a malformed list");
        expect(dwarf_ranges_begin(&u, UINT64_MAX, true), NULL, 0, "version 5, an invalid index");
        u.addr.size = 8;
        expect(dwarf_ranges_begin(&u, 8, false), wanted, 2, "version 5, truncated addresses");
        for (u.list.size = 0; u.list.size < sizeof(new_list); u.list.size++) {
                struct dwarf_range_cursor c = dwarf_ranges_begin(&u, 8, false);
                uint64_t low, high;

                while (dwarf_ranges_next(&c, &low, &high))
                        ;
        }
        tap_ok(true, "version 5, truncated at every byte");
}

int main(void)
{
        test_old();
        test_new();
        return tap_done();
}
