/* SPDX-License-Identifier: MIT */
/* tests/unit/report_examine.c: examination of the code at a crash, in a constructed process, and with random input. */
#include "report/fault/examine.h"
#include "report/gather/memory.h"
#include "tests/unit/tap.h"
#include "unwind/core/image/maps.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CODE 0x400000u
#define DATA 0x500000u
#define STACK 0x7f0000101000u
#define STACK_END 0x7f0000110000u
#define SP (STACK + 0x1000)

static uint8_t code[0x1000], data[0x1000], stack[STACK_END - STACK];

static struct mapping mappings[] = {
        { .start = CODE, .end = CODE + 0x1000, .perms = MAPS_READ | MAPS_EXEC, .path = "/no/such/app", .module = -1 },
        { .start = DATA, .end = DATA + 0x1000, .perms = MAPS_READ | MAPS_WRITE, .path = "[heap]", .module = -1 },
        { .start = STACK - 0x1000, .end = STACK, .perms = 0, .path = "", .module = -1 },
        { .start = STACK, .end = STACK_END, .perms = MAPS_READ | MAPS_WRITE, .path = "", .module = -1 },
};

static ssize_t read_memory(struct target *t, uint64_t addr, void *buf, size_t len)
{
        static const struct {
                uint64_t start;
                uint8_t *bytes;
                size_t size;
        } pieces[] = { { CODE, code, sizeof(code) }, { DATA, data, sizeof(data) }, { STACK, stack, sizeof(stack) } };
        size_t i;

        (void)t;
        for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
                uint64_t offset = addr - pieces[i].start;

                if (offset >= pieces[i].size)
                        continue;
                if (len > pieces[i].size - offset)
                        len = pieces[i].size - offset;
                memcpy(buf, pieces[i].bytes + offset, len);
                return (ssize_t)len;
        }
        return -EFAULT;
}

static const struct target_ops ops = { .read = read_memory };
static struct thread_frame frames[] = { { .pc = CODE, .sp = SP }, { .pc = CODE, .sp = SP + 0x100 } };
static struct target_thread thread = { .tid = 7, .name = "worker", .frames = frames, .frame_count = 2 };
static struct target space = { .ops = &ops,
                               .mappings = { mappings, sizeof(mappings) / sizeof(mappings[0]) },
                               .threads = &thread,
                               .thread_count = 1 };

/* Of a process without flagged mappings at these addresses: this one. */
static const struct privacy *privacy;

static void put(uint8_t *at, const char *bytes, size_t n)
{
        memcpy(at, bytes, n);
}

static void put_word(uint64_t addr, uint64_t value)
{
        memcpy(stack + (addr - STACK), &value, sizeof(value));
}

/* A crash with the code `bytes` at pc. */
static struct crash_facts facts_of(int signal, int si_code, const char *bytes, size_t n)
{
        struct crash_facts f = { .signal = signal, .code = si_code, .pid = 7 };

        memset(code, 0x90, sizeof(code));
        put(code + 0x100, bytes, n);
        f.regs.v[ARCH_REG_PC] = CODE + 0x100;
        f.regs.v[ARCH_REG_SP] = SP;
        f.regs.known = (1u << ARCH_DWARF_REGS) - 1;
        return f;
}

#define CRASH(signal, si_code, bytes) facts_of(signal, si_code, bytes, sizeof(bytes) - 1)

static struct report *explained(const struct crash_facts *f, struct examination *e)
{
        struct report *r = report_new();

        examine(r, f, &space, e);
        fault_classify(r, f, &space, e);
        return r;
}

static bool same(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

/* `says`: part of the explanation. */
static void expect(const struct crash_facts *f, const char *title, const char *class, const char *access,
                   const char *operand, const char *says)
{
        struct examination e;
        struct report *r = explained(f, &e);
        bool good = same(r->fault.class, class) && same(r->fault.access, access) && same(r->fault.operand, operand) &&
                    r->fault.explanation && strstr(r->fault.explanation, says);

        if (!tap_ok(good, "%s", title))
                printf("#   got %s, %s, %s: %s\n", r->fault.class, r->fault.access ? r->fault.access : "-",
                       r->fault.operand ? r->fault.operand : "-", r->fault.explanation ? r->fault.explanation : "-");
        report_free(r);
}

static void page_fault(struct crash_facts *f, uint64_t address, uint64_t error)
{
        f->address = KNOWN_U64(address);
        f->trap = ARCH_TRAP_PAGE_FAULT;
        f->error = error;
}

static void operands(void)
{
        struct crash_facts f = CRASH(SIGSEGV, SEGV_MAPERR, "\x8b\x44\x88\x10"); /* mov 0x10(%rax,%rcx,4),%eax */

        f.regs.v[ARCH_REG_RCX] = 100000;
        page_fault(&f, 400016, 4);
        expect(&f, "a null base and a large index", "null-dereference", "read", "rax + rcx*4 + 16", "rcx = 0x186a0");
        f.regs.v[ARCH_REG_RAX] = 0x12340000;
        page_fault(&f, 0x12340000 + 400016, 4);
        expect(&f, "another base, the same index", "unmapped-address", "read", "rax + rcx*4 + 16", "rax = 0x12340000");
        f = CRASH(SIGSEGV, SEGV_MAPERR, "\x8b\x04\x08"); /* mov (%rax,%rcx,1),%eax: either may be the pointer */
        f.regs.v[ARCH_REG_RCX] = 0x123456789000;
        page_fault(&f, 0x123456789000, 4);
        expect(&f, "an index that is a pointer", "unmapped-address", "read", "rax + rcx", "nothing is mapped");
        f = CRASH(SIGSEGV, SI_KERNEL, "\x89\x02"); /* mov %eax,(%rdx) */
        f.regs.v[ARCH_REG_RDX] = 0xdead00000000beef;
        expect(&f, "general protection: the address of the operand", "non-canonical-address", "write", "rdx",
               "0xdead00000000beef is not an address of this processor");
        f = CRASH(SIGBUS, SI_KERNEL, "\x8b\x45\x08"); /* mov 0x8(%rbp),%eax */
        f.regs.v[ARCH_REG_FP] = 0x4141414141414141;
        expect(&f, "stack segment fault: the address of the operand", "non-canonical-address", "read", "rbp + 8",
               "AAAAAAAA");
        f = CRASH(SIGSEGV, SI_KERNEL, "\xc4\xe2\x6d\x92\x04\x8f"); /* vgatherdps %ymm2,(%rdi,%ymm1,4),%ymm0 */
        f.regs.v[ARCH_REG_RDI] = 0xdead00000000beef;
        expect(&f, "a gather from invalid addresses", "non-canonical-address", "read", "rdi + ymm1*4",
               "one of the addresses");
        f = CRASH(SIGSEGV, SI_KERNEL, "\x0f\x28\x06"); /* movaps (%rsi),%xmm0 */
        f.regs.v[ARCH_REG_RSI] = DATA + 8;
        expect(&f, "a misaligned vector", "misaligned-access", "read", "rsi", "multiple of 16");
        f = CRASH(SIGSEGV, SI_KERNEL, "\x0f\xae\x16"); /* ldmxcsr (%rsi) of a value with reserved bits */
        f.regs.v[ARCH_REG_RSI] = DATA;
        expect(&f, "general protection with another cause", "unknown", NULL, NULL, "ldmxcsr (%rsi)");
        f = CRASH(SIGFPE, FPE_INTDIV, "\xf7\x38"); /* idivl (%rax) */
        f.regs.v[ARCH_REG_RAX] = DATA;
        memset(data, 0, sizeof(data));
        expect(&f, "a divisor in memory, zero", "integer-divide-by-zero", NULL, "rax", "divisor, at rax, is 0");
        memset(data, 0xff, sizeof(data));
        expect(&f, "a divisor in memory, -1", "integer-overflow", NULL, "rax", "by -1");
}

static void arrivals(void)
{
        struct crash_facts f = CRASH(SIGSEGV, SEGV_MAPERR, "\xff\xd2"); /* call *%rdx */
        struct examination e;
        struct report *r;

        put_word(SP, CODE + 0x102);
        f.regs.v[ARCH_REG_PC] = 0;
        page_fault(&f, 0, 0x14);
        expect(&f, "a call through a null register", "null-call", "execute", "rdx", "(rdx)");
        f = CRASH(SIGSEGV, SEGV_ACCERR, "\xff\x50\x10"); /* call *0x10(%rax) */
        put_word(SP, CODE + 0x103);
        f.regs.v[ARCH_REG_RAX] = DATA;
        f.regs.v[ARCH_REG_PC] = DATA + 0x800;
        memset(data, 0, sizeof(data));
        put(data + 0x10, "\x00\x08\x50\x00\x00\x00\x00\x00", 8);
        page_fault(&f, DATA + 0x800, 0x15);
        expect(&f, "a call through memory, into the heap", "execute-non-executable", "execute", "rax + 16",
               "in the heap");
        f = CRASH(SIGSEGV, SEGV_MAPERR, "\x90");
        put_word(SP, 0x1234);
        put_word(SP - 8, 0x666000);
        f.regs.v[ARCH_REG_PC] = 0x666000;
        page_fault(&f, 0x666000, 0x14);
        expect(&f, "a return", "unmapped-address", "execute", NULL, "returned to 0x666000");
        f = CRASH(SIGSEGV, SI_KERNEL, "\xc3");
        put_word(SP, 0x6161616161616161);
        expect(&f, "a return to a non-canonical address", "non-canonical-address", "execute", "rsp",
               "returned to 0x6161616161616161");
        f.regs.v[ARCH_REG_PC] = 0x6161616161616161; /* as on AMD processors */
        r = explained(&f, &e);
        tap_ok(same(r->fault.class, "non-canonical-address") && same(r->fault.access, "execute") &&
                       r->fault.address.v == 0x6161616161616161 && !r->fault.instruction,
               "pc is not canonical");
        report_free(r);
}

static void stacks(void)
{
        struct crash_facts f = CRASH(SIGSEGV, SEGV_ACCERR, "\x50"); /* push %rax */

        f.regs.v[ARCH_REG_SP] = STACK;
        page_fault(&f, STACK - 8, 6);
        expect(&f, "a push below the stack", "stack-overflow", "write", "rsp - 8", "is full");
        f = CRASH(SIGSEGV, SEGV_ACCERR, "\x88\x07"); /* mov %al,(%rdi) */
        f.regs.v[ARCH_REG_RDI] = STACK - 16;
        f.regs.v[ARCH_REG_SP] = SP + 0x8000;
        frames[0].sp = SP + 0x8000;
        page_fault(&f, STACK - 16, 6);
        expect(&f, "the guard page accessed through an invalid pointer", "inaccessible-address", "write", "rdi",
               "guard page below the stack of thread 7 (worker)");
        f.regs.v[ARCH_REG_SP] = STACK_END - 64;
        frames[0].sp = SP;
}

static void listing(void)
{
        struct crash_facts f = CRASH(SIGSEGV, SEGV_MAPERR, "\x8b\x00");
        struct report_frame frame = { .pc = KNOWN_U64(CODE + 0x100), .function_offset = KNOWN_INT(0x20) };
        struct report_thread t = { .frames = &frame, .frame_count = 1 };
        struct report *r = report_new();
        struct examination e;

        page_fault(&f, 0, 4);
        r->threads = &t;
        r->thread_count = 1;
        examine(r, &f, &space, &e);
        tap_ok(r->disassembly_count == 12 && r->disassembly[6].faulting && r->disassembly[5].address.v == CODE + 0xff &&
                       !r->disassembly[5].faulting && r->disassembly[7].address.v == CODE + 0x102,
               "six instructions before, five after");
        r->disassembly_count = 0;
        code[0xff] = 0xe8; /* a call that would extend past pc */
        examine(r, &f, &space, &e);
        tap_ok(r->disassembly_count == 6 && r->disassembly[0].faulting,
               "instruction boundaries unknown: nothing before");
        r->disassembly_count = 0;
        f.regs.v[ARCH_REG_PC] = CODE + 0xfff;
        examine(r, &f, &space, &e);
        tap_ok(r->disassembly_count && r->disassembly[r->disassembly_count - 1].faulting,
               "the last byte of the code: nothing after");
        r->disassembly_count = 0;
        f.regs.v[ARCH_REG_PC] = 0x999000;
        examine(r, &f, &space, &e);
        tap_ok(!r->disassembly_count && !e.decoded, "unreadable code: nothing");
        r->threads = NULL;
        r->thread_count = 0;
        report_free(r);
}

static void memory(void)
{
        struct report *r = report_new();

        thread.regs.known = (1u << ARCH_DWARF_REGS) - 1;
        memset(&thread.regs.v, 0, sizeof(thread.regs.v));
        thread.regs.v[ARCH_REG_SP] = SP;
        thread.regs.v[ARCH_REG_RAX] = DATA + 0x808;
        thread.regs.v[ARCH_REG_RBX] = DATA + 0x809;  /* the same bytes */
        thread.regs.v[ARCH_REG_RCX] = DATA + 0xfff;  /* the end of the mapping */
        thread.regs.v[ARCH_REG_RDX] = DATA;          /* its beginning */
        thread.regs.v[ARCH_REG_RSI] = STACK - 0x800; /* inaccessible */
        thread.regs.v[ARCH_REG_RDI] = UINT64_MAX;    /* unmapped */
        thread.regs.v[ARCH_REG_FP] = SP + 16;        /* shown with SP */
        thread.regs.v[ARCH_REG_PC] = CODE + 0x100;
        memory_fill(r, &space, privacy);
        tap_ok(r->memory_count == 5, "SP, rax, rcx, rdx, rip: %zu blocks", r->memory_count);
        tap_ok(same(r->memory[0].register_name, "rsp") && r->memory[0].address.v == SP - 128 &&
                       strlen(r->memory[0].bytes) == 1024,
               "512 bytes of the stack, from the red zone on");
        tap_ok(same(r->memory[1].register_name, "rax") && r->memory[1].address.v == DATA + 0x800 - 32 &&
                       strlen(r->memory[1].bytes) == 256 && same(r->memory[1].mapping, "[heap]"),
               "128 bytes around another register");
        tap_ok(r->memory[2].address.v == DATA + 0xff0 - 32 && strlen(r->memory[2].bytes) == 96,
               "up to the end of a mapping");
        tap_ok(r->memory[3].address.v == DATA && strlen(r->memory[3].bytes) == 192, "from the start of a mapping");
        report_free(r);
        r = report_new();
        thread.regs.known = 0;
        memory_fill(r, &space, privacy);
        memory_fill(r, NULL, privacy);
        tap_ok(!r->memory_count, "no registers: no blocks");
        report_free(r);
}

static uint64_t any_value(void)
{
        static const uint64_t odd[] = { 0,         1,  CODE,       CODE + 0xfff, DATA + 0xffc,   STACK,
                                        STACK - 1, SP, UINT64_MAX, 1ull << 63,   0x7fffffffffff, 0x800000000000 };
        unsigned n = (unsigned)random();

        if (n % 3)
                return odd[n / 3 % (sizeof(odd) / sizeof(odd[0]))] + (n >> 16 & 15) - 8;
        return (uint64_t)random() << 33 ^ (uint64_t)random();
}

/* Any registers, codes and code: a class is assigned, and the function returns. */
static void random_crashes(void)
{
        static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, 0, 64, 1000 };
        bool good = true;
        int i, k;

        srandom(11);
        for (i = 0; i < 6000 && good; i++) {
                struct crash_facts f = { .signal = signals[random() % 10], .code = (int)(random() % 9) };
                struct examination e;
                struct report *r;

                if (i % 4 == 0)
                        f.code = SI_KERNEL;
                for (k = 0; k < (int)sizeof(code); k++)
                        code[k] = (uint8_t)random();
                for (k = 0; k < ARCH_REGS; k++)
                        f.regs.v[k] = any_value();
                f.regs.known = random() % 8 ? (1u << ARCH_REGS) - 1 : (uint32_t)random();
                thread.regs = f.regs;
                if (random() % 2)
                        page_fault(&f, any_value(), (uint64_t)random() % 32);
                r = explained(&f, &e);
                memory_fill(r, &space, privacy);
                good = !f.signal || r->fault.class;
                report_free(r);
        }
        tap_ok(good, "6,000 random crashes");
}

int main(void)
{
        const struct privacy_settings settings = { .environment = "" };
        struct report *r = report_new();
        struct procfs_process of;

        space.living = getpid();
        procfs_find(getpid(), NULL, &of);
        privacy = privacy_new(r, &space, &of, UINT64_MAX, &settings);
        operands();
        arrivals();
        stacks();
        listing();
        memory();
        random_crashes();
        report_free(r);
        return tap_done();
}
