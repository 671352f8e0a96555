/* SPDX-License-Identifier: MIT */
/* tests/unit/core_fault_class.c: names of fault classes, which is coarser than which, and the first look as a table of facts. */
#include "tests/unit/tap.h"
#include "unwind/core/image/fault_look.h"

#include "unwind/core/image/maps.h"

#include <signal.h>
#include <string.h>

#define PC 0x400100u
#define STACK 0x7f0000101000u /* its guard is the page below */
#define STACK_END 0x7f0000200000u
#define NOWHERE 0x8080808080808080u

/* Trap number and error code of page faults: bit 0 rights, 1 write, 2 user, 4 fetch (Intel SDM volume 3, 4.7). */
#define READ 14, 0x4
#define WRITE 14, 0x6
#define FETCH 14, 0x14
#define NONE 0, 0

enum where {
        NO_MAP,
        NOTHING,
        READ_ONLY,
        READ_WRITE,
        CLOSED,
        BELOW_STACK,
        IN_GUARD,
        IN_CONSTANTS,
        BELOW_GUARD,
        BELOW_HEAP,
        IN_REGION
};

static const struct {
        const char *title;
        int signal, code;
        uint64_t address, trap, error, pc, sp;
        enum where where;
        const char *bytes; /* at pc */
        enum fault_class class;
} cases[] = {
        { "write to null", SIGSEGV, SEGV_MAPERR, 0, WRITE, PC, STACK + 64, NOTHING, "", FAULT_NULL_DEREFERENCE },
        { "write to null, no map", SIGSEGV, SEGV_MAPERR, 0, WRITE, PC, STACK + 64, NO_MAP, "", FAULT_NULL_DEREFERENCE },
        { "write near null", SIGSEGV, SEGV_MAPERR, 0x8000, WRITE, PC, STACK + 64, NOTHING, "\x89\x02",
          FAULT_NULL_DEREFERENCE },
        { "write near null, no code", SIGSEGV, SEGV_MAPERR, 0x8000, WRITE, PC, STACK + 64, NOTHING, "",
          FAULT_UNMAPPED_ADDRESS },
        { "write near null, by fs", SIGSEGV, SEGV_MAPERR, 0x8000, WRITE, PC, STACK + 64, NOTHING, "\x66\x64\x89\x02",
          FAULT_UNMAPPED_ADDRESS },
        { "push with SP near null", SIGSEGV, SEGV_MAPERR, 0xfff8, WRITE, PC, 0x10000, NOTHING, "\x50",
          FAULT_UNMAPPED_ADDRESS },
        { "push with SP null", SIGSEGV, SEGV_MAPERR, -8ull, WRITE, PC, 0, NOTHING, "\x50", FAULT_UNMAPPED_ADDRESS },
        { "write where nothing can be null", SIGSEGV, SEGV_MAPERR, 0x10000, WRITE, PC, STACK + 64, NOTHING, "\x89\x02",
          FAULT_UNMAPPED_ADDRESS },
        { "write where nothing is mapped, no map", SIGSEGV, SEGV_MAPERR, 0x10000, WRITE, PC, STACK + 64, NO_MAP, "",
          FAULT_UNMAPPED_ADDRESS },
        { "call of null", SIGSEGV, SEGV_MAPERR, 0, FETCH, 0, STACK + 64, NOTHING, "", FAULT_NULL_CALL },
        { "jump to nothing", SIGSEGV, SEGV_MAPERR, 0x900000, FETCH, 0x900000, STACK + 64, NOTHING, "",
          FAULT_UNMAPPED_ADDRESS },
        { "jump to nothing, no error code", SIGSEGV, SEGV_MAPERR, 0x900000, NONE, 0x900000, STACK + 64, NOTHING, "",
          FAULT_UNMAPPED_ADDRESS },
        { "jump to nothing, no map", SIGSEGV, SEGV_MAPERR, 0x900000, FETCH, 0x900000, STACK + 64, NO_MAP, "",
          FAULT_UNKNOWN },
        { "jump into data", SIGSEGV, SEGV_ACCERR, 0x900000, FETCH, 0x900000, STACK + 64, READ_WRITE, "",
          FAULT_EXECUTE_NON_EXECUTABLE },
        { "jump across the end of a page", SIGSEGV, SEGV_ACCERR, 0x900000, FETCH, 0x8ffffb, STACK + 64, READ_WRITE, "",
          FAULT_EXECUTE_NON_EXECUTABLE },
        { "read, error code of an earlier jump", SIGSEGV, SEGV_ACCERR, 0x900000, FETCH, PC, STACK + 64, CLOSED, "",
          FAULT_INACCESSIBLE_ADDRESS },
        { "write to read-only", SIGSEGV, SEGV_ACCERR, 0x900000, WRITE, PC, STACK + 64, READ_ONLY, "",
          FAULT_WRITE_TO_READ_ONLY },
        { "write to read-only, where SP is too: a large variable?", SIGSEGV, SEGV_ACCERR, 0x900000, WRITE, PC, 0x900008,
          READ_ONLY, "", FAULT_INACCESSIBLE_ADDRESS },
        { "something with read-only memory, no error code", SIGSEGV, SEGV_ACCERR, 0x900000, NONE, PC, STACK + 64,
          READ_ONLY, "", FAULT_INACCESSIBLE_ADDRESS },
        { "write, no map", SIGSEGV, SEGV_ACCERR, 0x900000, WRITE, PC, STACK + 64, NO_MAP, "", FAULT_UNKNOWN },
        { "write to what was unmapped since", SIGSEGV, SEGV_ACCERR, 0x900000, WRITE, PC, STACK + 64, NOTHING, "",
          FAULT_UNKNOWN },
        { "read of a closed page", SIGSEGV, SEGV_ACCERR, 0x900000, READ, PC, STACK + 64, CLOSED, "",
          FAULT_INACCESSIBLE_ADDRESS },
        { "write to a closed page", SIGSEGV, SEGV_ACCERR, 0x900000, WRITE, PC, STACK + 64, CLOSED, "",
          FAULT_INACCESSIBLE_ADDRESS },
        { "protection key", SIGSEGV, SEGV_PKUERR, 0x900000, WRITE, PC, STACK + 64, READ_WRITE, "", FAULT_UNKNOWN },
        { "push into the guard", SIGSEGV, SEGV_ACCERR, STACK - 8, WRITE, PC, STACK, IN_GUARD, "",
          FAULT_STACK_OVERFLOW },
        { "push below the main stack", SIGSEGV, SEGV_MAPERR, STACK - 8, WRITE, PC, STACK, BELOW_STACK, "",
          FAULT_STACK_OVERFLOW },
        { "large frame into the guard", SIGSEGV, SEGV_ACCERR, STACK - 0x800, WRITE, PC, STACK - 0x2000, IN_GUARD, "",
          FAULT_STACK_OVERFLOW },
        { "variable larger than the stack", SIGSEGV, SEGV_MAPERR, STACK - 0x2000000, WRITE, PC, STACK - 0x2000000,
          BELOW_STACK, "", FAULT_STACK_OVERFLOW },
        { "guard, SP in the second page: by what pointer?", SIGSEGV, SEGV_ACCERR, STACK - 8, WRITE, PC, STACK + 0x1008,
          IN_GUARD, "", FAULT_INACCESSIBLE_ADDRESS },
        { "below the main stack, SP in the second page", SIGSEGV, SEGV_MAPERR, STACK - 8, WRITE, PC, STACK + 0x1008,
          BELOW_STACK, "", FAULT_UNMAPPED_ADDRESS },
        { "guard, SP far above", SIGSEGV, SEGV_ACCERR, STACK - 8, READ, PC, STACK + 0x80000, IN_GUARD, "",
          FAULT_INACCESSIBLE_ADDRESS },
        { "write to constants right below a stack: by what pointer?", SIGSEGV, SEGV_ACCERR, STACK - 8, WRITE, PC,
          STACK + 0x1008, IN_CONSTANTS, "", FAULT_INACCESSIBLE_ADDRESS },
        { "closed page, not right below a stack", SIGSEGV, SEGV_ACCERR, STACK - 0x2008, WRITE, PC, STACK, BELOW_GUARD,
          "", FAULT_INACCESSIBLE_ADDRESS },
        { "push below what is no stack", SIGSEGV, SEGV_MAPERR, STACK - 8, WRITE, PC, STACK, BELOW_HEAP, "",
          FAULT_UNMAPPED_ADDRESS },
        { "mapped for reading and writing, and yet not mapped: a guard region, or what?", SIGSEGV, SEGV_MAPERR,
          0x900000, WRITE, PC, STACK + 64, READ_WRITE, "", FAULT_UNKNOWN },
        { "mapped without rights since", SIGSEGV, SEGV_MAPERR, 0x900000, WRITE, PC, STACK + 64, CLOSED, "",
          FAULT_UNMAPPED_ADDRESS },
        { "guard region, SP far above", SIGSEGV, SEGV_MAPERR, STACK - 8, WRITE, PC, STACK + 0x80000, IN_REGION, "",
          FAULT_INACCESSIBLE_ADDRESS },
        { "push into a guard region", SIGSEGV, SEGV_MAPERR, STACK - 8, WRITE, PC, STACK, IN_REGION, "",
          FAULT_STACK_OVERFLOW },
        { "general protection: anything", SIGSEGV, SI_KERNEL, 0, 13, 0, PC, STACK + 64, NOTHING, "\x8b\x02",
          FAULT_UNKNOWN },
        { "general protection: pc", SIGSEGV, SI_KERNEL, 0, 13, 0, NOWHERE, STACK + 64, NOTHING, "",
          FAULT_NON_CANONICAL_ADDRESS },
        { "general protection, SP", SIGSEGV, SI_KERNEL, 0, 13, 0, PC, NOWHERE, NOTHING, "\x8b\x02", FAULT_UNKNOWN },
        { "general protection: hlt", SIGSEGV, SI_KERNEL, 0, 13, 0, PC, STACK + 64, NOTHING, "\xf4",
          FAULT_PRIVILEGED_INSTRUCTION },
        { "int 4: the overflow trap", SIGSEGV, SI_KERNEL, 0, 4, 0, PC, STACK + 64, NOTHING, "\xf4", FAULT_UNKNOWN },
        { "stack segment: SP", SIGBUS, SI_KERNEL, 0, 12, 0, PC, NOWHERE, NOTHING, "\x50", FAULT_NON_CANONICAL_ADDRESS },
        { "stack segment: FP, or a segment", SIGBUS, SI_KERNEL, 0, 12, 0, PC, STACK + 64, NOTHING, "\x8b\x45\xf8",
          FAULT_UNKNOWN },
        { "file cut short, or on a broken disk", SIGBUS, BUS_ADRERR, 0x900000, READ, PC, STACK + 64, READ_ONLY, "",
          FAULT_UNKNOWN },
        { "misaligned", SIGBUS, BUS_ADRALN, 0x900001, NONE, PC, STACK + 64, READ_WRITE, "", FAULT_BUS_MISALIGNED },
        { "damaged memory", SIGBUS, BUS_MCEERR_AR, 0x900000, NONE, PC, STACK + 64, READ_WRITE, "",
          FAULT_BUS_MEMORY_FAILURE },
        { "division by zero, or a quotient that does not fit", SIGFPE, FPE_INTDIV, PC, NONE, PC, STACK + 64, READ_ONLY,
          "\xf7\xf9", FAULT_UNKNOWN },
        { "floating point", SIGFPE, FPE_FLTINV, PC, NONE, PC, STACK + 64, READ_ONLY, "",
          FAULT_FLOATING_POINT_EXCEPTION },
        { "ud2", SIGILL, ILL_ILLOPN, PC, NONE, PC, STACK + 64, READ_ONLY, "\x0f\x0b", FAULT_ILLEGAL_INSTRUCTION },
        { "int3", SIGTRAP, SI_KERNEL, 0, NONE, PC, STACK + 64, NOTHING, "", FAULT_TRAP },
        { "seccomp", SIGSYS, 1, 0, NONE, PC, STACK + 64, NOTHING, "", FAULT_BAD_SYSTEM_CALL },
        { "sent, traces of an earlier fault", SIGSEGV, SI_USER, 0, WRITE, PC, STACK + 64, NOTHING, "",
          FAULT_SENT_BY_PROCESS },
        { "timer", SIGSEGV, SI_TIMER, 0, NONE, PC, STACK + 64, NOTHING, "", FAULT_SENT_BY_PROCESS },
        { "abort, by another process", SIGABRT, SI_USER, 0, NONE, PC, STACK + 64, NOTHING, "", FAULT_SENT_BY_PROCESS },
        { "a code that nobody documents", SIGILL, -77, 0, NONE, PC, STACK + 64, NOTHING, "", FAULT_UNKNOWN },
        { "a signal that no fault raises", SIGUSR1, SI_KERNEL, 0, NONE, PC, STACK + 64, NOTHING, "", FAULT_UNKNOWN },
};

static void set_map(struct fault_look *look, enum where where, uint64_t page)
{
        static const uint32_t perms[] = {
                [READ_ONLY] = MAPS_READ, [READ_WRITE] = MAPS_READ | MAPS_WRITE, [CLOSED] = 0
        };
        const struct fault_area stack = { STACK, STACK_END, MAPS_READ | MAPS_WRITE };

        look->has_map = where != NO_MAP;
        if (where == READ_ONLY || where == READ_WRITE || where == CLOSED)
                look->at = (struct fault_area){ page, page + 0x1000, perms[where] };
        look->guard = where == IN_REGION ? GUARD_FOUND : GUARD_UNKNOWN;
        if (where == IN_GUARD || where == IN_CONSTANTS || where == IN_REGION)
                look->at = (struct fault_area){ STACK - 0x1000, STACK, where == IN_CONSTANTS ? MAPS_READ : 0 };
        if (where == BELOW_GUARD)
                look->at = (struct fault_area){ STACK - 0x3000, STACK - 0x2000, 0 };
        if (where != NO_MAP)
                look->above = stack;
        look->above_is_stack = where != NO_MAP && where != BELOW_HEAP;
}

static void first_look(void)
{
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct arch_registers regs = { .known = 1u << ARCH_REG_PC | 1u << ARCH_REG_SP | 1u << ARCH_REG_FP };
                struct fault_look look = {
                        .signal = cases[i].signal,
                        .code = cases[i].code,
                        .has_address = cases[i].code > 0 && cases[i].code != SI_KERNEL && cases[i].signal != SIGSYS,
                        .address = cases[i].address,
                        .trap = cases[i].trap,
                        .error = cases[i].error,
                        .regs = &regs,
                        .code_at_pc = (const uint8_t *)cases[i].bytes,
                        .code_size = strlen(cases[i].bytes),
                };

                regs.v[ARCH_REG_PC] = cases[i].pc;
                regs.v[ARCH_REG_SP] = cases[i].sp;
                regs.v[ARCH_REG_FP] = STACK + 0x100;
                set_map(&look, cases[i].where, cases[i].address & ~(uint64_t)0xfff);
                if (!tap_ok(fault_look_class(&look) == cases[i].class, "%s: %s", cases[i].title,
                            fault_class_name(cases[i].class)))
                        printf("#   got %s\n", fault_class_name(fault_look_class(&look)));
        }
}

/* Where the stack begins, SP and the address are close enough to each other. */
static void below_stack(void)
{
        static const struct {
                uint64_t address, sp;
                bool below;
        } places[] = {
                { STACK - 8, STACK, true },
                { STACK - 8, STACK + 0x1008, true },
                { STACK - 8, STACK + 0xfff8, true },
                { STACK - 8, STACK + 0x10000, false },
                { STACK - 0xfffff, STACK + 8, true },
                { STACK - 0x100001, STACK + 8, false },
                { STACK - 0x100080, STACK - 0x100000, true },
                { STACK - (4ull << 30), STACK - (4ull << 30), true },
                { STACK - (4ull << 30) - 8, STACK - (4ull << 30) - 8, false },
        };
        struct arch_registers regs = { .known = 1u << ARCH_REG_SP };
        struct fault_look look = { .has_address = true, .regs = &regs };
        size_t i;

        for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                set_map(&look, BELOW_STACK, 0);
                look.address = places[i].address;
                regs.v[ARCH_REG_SP] = places[i].sp;
                tap_ok(fault_look_is_below_stack(&look) == places[i].below, "0x%llx below the stack, SP 0x%llx: %s",
                       (unsigned long long)(STACK - places[i].address), (unsigned long long)places[i].sp,
                       places[i].below ? "an overflow" : "none");
        }
        regs.known = 0;
        regs.v[ARCH_REG_SP] = STACK;
        look.address = STACK - 8;
        tap_ok(!fault_look_is_below_stack(&look), "SP unknown: none");
        regs.known = 1u << ARCH_REG_SP;
        look.at = (struct fault_area){ STACK - 0x100000, STACK, 0 };
        look.address = STACK - 0x80000;
        look.above_is_stack = false;
        regs.v[ARCH_REG_SP] = STACK - 0x40000;
        tap_ok(fault_look_is_below_stack(&look), "SP in the guard itself: an overflow, though no frame is left");
        look.at.start = STACK - 0x3000000;
        look.address = STACK - 0x2000000;
        tap_ok(!fault_look_is_below_stack(&look), "far below, in closed memory of many megabytes: none");
        look.at.perms = MAPS_READ | MAPS_WRITE;
        look.address = STACK - 8;
        tap_ok(!fault_look_is_below_stack(&look), "writable memory: none");
}

/* pagemap: pages 0 to 19 of a mapping at 0x10000. */
struct pagemap {
        const char *pages; /* g guard, s swapped out, p present, '.' missing */
        bool refused, old; /* old: without a bit for guards */
};

static size_t read_pagemap(void *ctx, uint64_t page, uint64_t *entries, size_t n)
{
        const struct pagemap *map = ctx;
        size_t first = (size_t)(page - 0x10000) / 4096, i;

        for (i = 0; !map->refused && i < n && map->pages[first + i]; i++)
                switch (map->pages[first + i]) {
                case 'g':
                        entries[i] = PAGEMAP_SWAPPED | 0x9f | 1ull << (55 + i % 3) | (map->old ? 0 : PAGEMAP_GUARD);
                        break;
                case 's':
                        entries[i] = PAGEMAP_SWAPPED | 0x1234500;
                        break;
                case 'p':
                        entries[i] = PAGEMAP_PRESENT | 77;
                        break;
                default:
                        entries[i] = 0;
                }
        return i;
}

static void regions(void)
{
        static const struct {
                const char *pages;
                unsigned at;
                enum guard_state state;
                unsigned start, end, next;
        } maps[] = {
                { "gggg....pppp", 2, GUARD_FOUND, 0, 4, 12 },
                { "ppggggss..ppgg.p", 5, GUARD_FOUND, 2, 6, 12 },
                { "g", 0, GUARD_FOUND, 0, 1, 1 },
                { "pppgg", 4, GUARD_FOUND, 3, 5, 5 },
                { "ggpp", 2, GUARD_NONE, 0, 0, 0 },
                { "gg..", 3, GUARD_NONE, 0, 0, 0 },
        };

        for (size_t i = 0; i < 2 * sizeof(maps) / sizeof(maps[0]); i++) {
                struct pagemap map = { .pages = maps[i / 2].pages, .old = i % 2 };
                const struct guard_source source = { read_pagemap, &map, 4096 };
                struct guard_region region = { 0 };
                uint64_t end = 0x10000 + strlen(map.pages) * 4096, start = 0x10000;
                enum guard_state state = guards_find(&source, start, end, start + maps[i / 2].at * 4096u + 7, &region);
                bool good = state == maps[i / 2].state;

                if (state == GUARD_FOUND)
                        good = good && region.start == start + maps[i / 2].start * 4096u &&
                               region.end == start + maps[i / 2].end * 4096u &&
                               guards_next(&source, &region, end) == start + maps[i / 2].next * 4096u;
                tap_ok(good, "guards in %s, at %u%s", map.pages, maps[i / 2].at, map.old ? ", Linux 6.13" : "");
                map.refused = true;
                tap_ok(guards_find(&source, start, end, start, &region) == GUARD_UNKNOWN, "pagemap refused: unknown");
        }
        tap_ok(guards_may_be_at(MAPS_WRITE, 0x10000) && !guards_may_be_at(0, 0x10000) &&
                       !guards_may_be_at(MAPS_EXEC, 0xffffffffff600000),
               "a guard region is in memory that could be accessed, not in [vsyscall]");
}

static void aborts(void)
{
        const struct arch_registers none = { .known = 0 };
        struct fault_look look = { .signal = SIGABRT, .code = SI_TKILL, .from_self = true, .regs = &none };

        tap_ok(fault_look_class(&look) == FAULT_ABORT, "abort()");
        look.terminate = true;
        tap_ok(fault_look_class(&look) == FAULT_TERMINATE, "std::terminate()");
        look.uncaught_exception = true;
        tap_ok(fault_look_class(&look) == FAULT_UNCAUGHT_EXCEPTION, "std::terminate(), with an exception in flight");
        look = (struct fault_look){ .signal = SIGSEGV, .code = SI_QUEUE, .from_self = true, .regs = &none };
        tap_ok(fault_look_class(&look) == FAULT_SENT_BY_PROCESS, "SIGSEGV that the process sent to itself");
}

static void without_registers(void)
{
        const struct arch_registers none = { .known = 0 };
        struct fault_look look = { .signal = SIGSEGV,
                                   .code = SEGV_MAPERR,
                                   .has_address = true,
                                   .address = 0x8000,
                                   .trap = 14,
                                   .error = 0x6,
                                   .regs = &none,
                                   .code_at_pc = (const uint8_t *)"\x89\x02",
                                   .code_size = 2,
                                   .has_map = true };

        tap_ok(fault_look_class(&look) == FAULT_UNMAPPED_ADDRESS, "near null, registers unknown: unmapped-address");
        look.error = 0x14;
        tap_ok(fault_look_access(&look) == ARCH_ACCESS_EXECUTE, "a fetch, registers unknown");
        look = (struct fault_look){ .signal = SIGSEGV, .code = SI_KERNEL, .trap = 13, .regs = &none };
        tap_ok(fault_look_class(&look) == FAULT_UNKNOWN && fault_look_access(&look) == ARCH_ACCESS_UNKNOWN,
               "general protection, registers unknown");
}

static void names(void)
{
        bool named = true, own = true;
        unsigned a, b;

        for (a = 0; a < FAULT_CLASSES; a++) {
                const char *name = fault_class_name((enum fault_class)a);

                named &= name && *name && fault_class_from_name(name) == (enum fault_class)a;
                for (b = 0; b < FAULT_CLASSES; b++)
                        own &= fault_class_is(name, (enum fault_class)b) == (a == b);
        }
        tap_ok(named, "each class has a name, which leads back to it");
        tap_ok(own, "and no other class has that name");
        tap_ok(fault_class_from_name("null") == FAULT_UNKNOWN && fault_class_from_name("null-calls") == FAULT_UNKNOWN &&
                       fault_class_from_name("") == FAULT_UNKNOWN && fault_class_from_name(NULL) == FAULT_UNKNOWN,
               "other words are no class");
        tap_ok(!fault_class_is(NULL, FAULT_UNKNOWN), "no word is not the word unknown");
}

static void order(void)
{
        bool irreflexive = true, unknown = true, transitive = true;
        unsigned a, b, c;

        for (a = 0; a < FAULT_CLASSES; a++) {
                irreflexive &= !fault_class_is_coarser(a, a);
                unknown &= fault_class_is_coarser(FAULT_UNKNOWN, a) == (a != FAULT_UNKNOWN) &&
                           !fault_class_is_coarser(a, FAULT_UNKNOWN);
                for (b = 0; b < FAULT_CLASSES; b++)
                        for (c = 0; c < FAULT_CLASSES; c++)
                                if (fault_class_is_coarser(a, b) && fault_class_is_coarser(b, c))
                                        transitive &= fault_class_is_coarser(a, c);
        }
        tap_ok(irreflexive, "no class is coarser than itself");
        tap_ok(unknown, "unknown is coarser than all others, none is coarser than it");
        tap_ok(transitive, "what is coarser than a coarser one is coarser");
        tap_ok(fault_class_is_coarser(FAULT_ABORT, FAULT_ASSERTION) &&
                       !fault_class_is_coarser(FAULT_ASSERTION, FAULT_ABORT),
               "abort is coarser than assertion, not the other way round");
        tap_ok(fault_class_is_coarser(FAULT_TERMINATE, FAULT_PURE_VIRTUAL_CALL) &&
                       fault_class_is_coarser(FAULT_UNMAPPED_ADDRESS, FAULT_NULL_DEREFERENCE) &&
                       fault_class_is_coarser(FAULT_INACCESSIBLE_ADDRESS, FAULT_STACK_OVERFLOW),
               "so are terminate, unmapped-address and inaccessible-address for their own");
        tap_ok(!fault_class_is_coarser(FAULT_NULL_DEREFERENCE, FAULT_STACK_OVERFLOW) &&
                       !fault_class_is_coarser(FAULT_INTEGER_DIVIDE_BY_ZERO, FAULT_INTEGER_OVERFLOW),
               "two reasons for one fault are not");
}

static void canonical(void)
{
        tap_ok(arch_is_canonical(0x7fffffffffff, 1), "the last address of a program's");
        tap_ok(!arch_is_canonical(0x7fffffffffff, 2), "beyond it");
        tap_ok(!arch_is_canonical(0x800000000000, 1), "the first that is none");
        tap_ok(!arch_is_canonical(0xffff7fffffffffff, 1), "the last that is none");
        tap_ok(arch_is_canonical(0xffff800000000000, 8), "the first of the kernel's");
}

int main(void)
{
        names();
        order();
        first_look();
        below_stack();
        regions();
        aborts();
        without_registers();
        canonical();
        return tap_done();
}
