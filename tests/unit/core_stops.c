/* SPDX-License-Identifier: MIT */
/* The rules of the walk without usable CFI, and the reasons for its end: constructed code and stacks. */
#include "tests/unit/buffer_space.h"
#include "tests/unit/tap.h"
#include "unwind/core/cfi/internal.h"

/* Code without CFI at CODE: filler without 0xc3, except where a test writes something; the stack grows down from the
 * end of STACK. */
#define CODE 0x400000u
#define JIT 0x800000u /* executable, outside all modules */
#define STACK 0x700000u
#define CODE_SIZE 4096
#define WORDS 512

static uint8_t code[CODE_SIZE], jit[CODE_SIZE];
static uint64_t stack[WORDS];
static struct arch_registers regs;
static struct cfi_walk walk;

static uint64_t at(unsigned word)
{
        return STACK + 8 * word;
}

/* Makes code + offset a location after a call instruction, and returns its address. */
static uint64_t after_call(unsigned offset)
{
        code[offset - 5] = 0xe8;
        return CODE + offset;
}

static void begin(uint64_t pc, unsigned sp, unsigned fp)
{
        buffers_clear();
        memset(code, 0x90, sizeof(code));
        memset(jit, 0x90, sizeof(jit));
        memset(stack, 0, sizeof(stack));
        buffers_add(CODE, code, sizeof(code), true);
        buffers_add(JIT, jit, sizeof(jit), true);
        buffers_add(STACK, stack, sizeof(stack), false);
        buffers.has_module = true;
        buffers.module = (struct cfi_module){ .start = CODE, .end = CODE + CODE_SIZE };
        regs = (struct arch_registers){ .known = (1u << ARCH_DWARF_REGS) - 1 };
        for (unsigned i = 0; i < ARCH_DWARF_REGS; i++)
                regs.v[i] = 0xbbbb000000000000u + i;
        regs.v[ARCH_REG_PC] = pc;
        regs.v[ARCH_REG_SP] = at(sp);
        regs.v[ARCH_REG_FP] = at(fp);
}

static void start(void)
{
        cfi_walk_begin(&walk, &buffers.space, (struct cfi_cache){ NULL, 0 }, &regs);
}

static void moves(const char *title, uint64_t pc, unsigned sp, enum cfi_trust trust)
{
        bool moved = cfi_walk_next(&walk);

        if (!tap_ok(moved && walk.regs.v[ARCH_REG_PC] == pc && walk.regs.v[ARCH_REG_SP] == at(sp) &&
                            walk.trust == trust,
                    "%s", title))
                printf("#   moved %d pc %#lx sp %#lx (%ld) trust %s end %s\n", moved, walk.regs.v[ARCH_REG_PC],
                       walk.regs.v[ARCH_REG_SP], (long)(walk.regs.v[ARCH_REG_SP] - STACK) / 8,
                       cfi_trust_name(walk.trust), cfi_end_name(walk.end));
}

static void ends(const char *title, enum cfi_end end)
{
        uint64_t pc = walk.regs.v[ARCH_REG_PC];
        uint32_t depth = walk.depth;
        bool moved = cfi_walk_next(&walk);

        if (!tap_ok(!moved && walk.end == end && walk.regs.v[ARCH_REG_PC] == pc && walk.depth == depth, "%s: ends, %s",
                    title, cfi_end_name(end)))
                printf("#   moved %d end %s pc %#lx\n", moved, cfi_end_name(walk.end), walk.regs.v[ARCH_REG_PC]);
        tap_ok(!cfi_walk_next(&walk) && walk.end == end, "%s: the walk does not continue", title);
}

/* Rule 1. */
static void check_bad_pc(void)
{
        begin(0, 10, 20);
        stack[10] = after_call(0x100);
        start();
        moves("pc 0: the return address at SP", CODE + 0x100, 11, CFI_TRUST_CFI);
        tap_ok(!walk.exact_pc && walk.depth == 1, "pc 0: the next frame's pc is a return address");
        tap_ok((walk.regs.known & ARCH_CALLEE_SAVED) == ARCH_CALLEE_SAVED &&
                       walk.regs.v[ARCH_REG_RBX] == regs.v[ARCH_REG_RBX],
               "pc 0: registers are preserved");
        tap_ok(!(walk.regs.known & 1u << ARCH_REG_RAX), "pc 0: the caller's rax is unknown");
        begin(0x4141414141414141, 10, 20);
        stack[10] = CODE + 0x200; /* after a jump: any executable address at SP */
        start();
        moves("invalid pc: the return address at SP", CODE + 0x200, 11, CFI_TRUST_CFI);
        begin(at(100), 10, 20);
        stack[10] = after_call(0x100);
        start();
        moves("pc on the stack: the return address at SP", CODE + 0x100, 11, CFI_TRUST_CFI);
        begin(0, 600, 20);
        start();
        ends("pc 0, SP unreadable", CFI_END_UNREADABLE);
        begin(0x4141414141414141, 10, 20);
        for (int i = 0; i < WORDS; i++)
                stack[i] = 0x4141414141414141;
        regs.v[ARCH_REG_FP] = 0x4141414141414141;
        start();
        ends("stack overwritten", CFI_END_NO_RULE);
        begin(0x4141414141414141, 10, 20);
        stack[10] = 0x4141414141414141;
        stack[20] = at(30);
        stack[21] = after_call(0x100);
        start();
        moves("invalid pc, invalid word at SP: frame pointer", CODE + 0x100, 22, CFI_TRUST_FRAME_POINTER);
}

/* Rule 3, frame pointers. */
static void check_frame_pointers(void)
{
        begin(CODE + 0x10, 10, 20);
        stack[20] = at(30);
        stack[21] = after_call(0x100);
        stack[30] = at(40);
        stack[31] = after_call(0x200);
        start();
        moves("frame pointer", CODE + 0x100, 22, CFI_TRUST_FRAME_POINTER);
        tap_is(walk.regs.v[ARCH_REG_FP], at(30), "frame pointer: the caller's");
        tap_ok(walk.regs.known == (1u << ARCH_REG_PC | 1u << ARCH_REG_SP | 1u << ARCH_REG_FP),
               "frame pointer: only PC, SP and FP are known");
        moves("frame pointer, second", CODE + 0x200, 32, CFI_TRUST_FRAME_POINTER);
        ends("frame pointer of two zero words", CFI_END_OF_STACK);

        begin(JIT + 0x10, 10, 20);
        jit[0x100 - 2] = 0xff;
        jit[0x100 - 1] = 0xd0;
        stack[20] = at(30);
        stack[21] = JIT + 0x100;
        start();
        moves("frame pointer in generated code", JIT + 0x100, 22, CFI_TRUST_FRAME_POINTER);

        begin(JIT + 0x10, 10, 20);
        stack[20] = at(30);
        stack[21] = JIT + 0x200; /* an interpreter's return entry, not preceded by a call */
        start();
        moves("frame pointer to generated code not preceded by a call", JIT + 0x200, 22, CFI_TRUST_FRAME_POINTER);

        begin(CODE + 0x10, 10, 20);
        stack[20] = at(30);
        stack[21] = after_call(0x100);
        code[0x100] = 0xc3; /* a return instruction that is not about to be executed */
        stack[22] = after_call(0x300);
        stack[30] = at(40);
        stack[31] = after_call(0x200);
        start();
        cfi_walk_next(&walk);
        moves("frame pointer of a caller followed by a return", CODE + 0x200, 32, CFI_TRUST_FRAME_POINTER);
        begin(CODE + 0x10, 10, 20);
        buffers.module.eh_frame_hdr = 0x12340000;
        buffers.module.eh_frame_hdr_size = 100;
        stack[20] = at(30);
        stack[21] = after_call(0x100);
        start();
        moves("unreadable tables: frame pointer", CODE + 0x100, 22, CFI_TRUST_FRAME_POINTER);
}

static void check_bad_frame_pointers(void)
{
        /* Far from SP, so that the scan does not find the address rejected by the frame pointer rule. */
        begin(CODE + 0x10, 10, 300);
        stack[300] = at(300);
        stack[301] = after_call(0x100);
        start();
        ends("frame pointer to itself", CFI_END_NO_RULE);
        begin(CODE + 0x10, 10, 300);
        stack[300] = at(290);
        stack[301] = after_call(0x100);
        start();
        ends("frame pointer that goes down", CFI_END_NO_RULE);
        begin(CODE + 0x10, 30, 20);
        stack[20] = at(50);
        stack[21] = after_call(0x100);
        start();
        ends("frame pointer below SP", CFI_END_NO_RULE);
        begin(CODE + 0x10, 10, 20);
        regs.v[ARCH_REG_FP] += 4;
        memcpy((char *)&stack[20] + 4, &(uint64_t){ at(30) }, 8);
        memcpy((char *)&stack[21] + 4, &(uint64_t){ after_call(0x100) }, 8);
        start();
        ends("frame pointer not aligned", CFI_END_NO_RULE);
        begin(CODE + 0x10, 10, 300);
        stack[300] = at(310);
        stack[301] = CODE + 0x100;
        start();
        ends("frame pointer, return address not after a call", CFI_END_NO_RULE);
        begin(CODE + 0x10, 10, 300);
        stack[300] = at(310);
        stack[301] = at(401);
        stack[400] = 0xe8000000; /* the bytes of a call, five before its end */
        start();
        ends("frame pointer, return address not executable", CFI_END_NO_RULE);
        begin(CODE + 0x10, 10, 511);
        start();
        ends("frame pointer at the end of readable memory", CFI_END_NO_RULE);
        begin(CODE + 0x10, 10, 300);
        stack[300] = at(310);
        stack[301] = after_call(0x100);
        regs.known &= ~(1u << ARCH_REG_FP);
        start();
        ends("frame pointer unknown", CFI_END_NO_RULE);
}

/* Rule 3, by the code at an exact pc. */
static void check_code_at_pc(void)
{
        static const uint8_t prologue[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5 };

        begin(CODE + 0x10, 10, 20);
        code[0x10] = 0xc3;
        stack[10] = after_call(0x100);
        stack[20] = at(30);
        stack[21] = after_call(0x200);
        start();
        moves("at a return", CODE + 0x100, 11, CFI_TRUST_FRAME_POINTER);
        tap_is(walk.regs.v[ARCH_REG_FP], at(20), "at a return: FP is the caller's");
        moves("at a return: next frame by the frame pointer", CODE + 0x200, 22, CFI_TRUST_FRAME_POINTER);
        for (unsigned i = 0; i <= 5; i++) {
                if (i && i < 4)
                        continue;
                begin(CODE + 0x10 + i, 10, 20);
                memcpy(code + 0x10, prologue, sizeof(prologue));
                stack[i < 5 ? 10 : 11] = after_call(0x100);
                if (i == 5)
                        stack[10] = at(20);
                stack[20] = at(30);
                stack[21] = after_call(0x200);
                start();
                moves("in a prologue", CODE + 0x100, i < 5 ? 11 : 12, CFI_TRUST_FRAME_POINTER);
                moves("in a prologue: next frame", CODE + 0x200, 22, CFI_TRUST_FRAME_POINTER);
        }
}

/* Makes code + offset a location after a call of code + target. */
static uint64_t after_call_of(unsigned target, unsigned offset)
{
        int32_t distance = (int32_t)(target - offset);

        memcpy(code + offset - 4, &distance, sizeof(distance));
        return after_call(offset);
}

/* Rule 3, by the prologue of a function that has no frame pointer. The chain has another caller. */
static const uint8_t frameless[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x53, 0x55, 0x48, 0x83, 0xec, 0x18 };

static void begin_frameless(unsigned offset, unsigned sp)
{
        begin(CODE + 0x20 + offset, sp, 20);
        memcpy(code + 0x20, frameless, sizeof(frameless));
        stack[20] = at(30);
        stack[21] = after_call(0x200);
        stack[15] = after_call_of(0x20, 0x100);
        stack[13] = at(18); /* the saved frame pointer */
        stack[18] = at(30);
        stack[19] = after_call(0x300);
}

static uint64_t function_start;

static uint64_t find_function(void *ctx, uint64_t pc)
{
        (void)ctx;
        (void)pc;
        return function_start;
}

static void check_frameless(void)
{
        static const struct {
                const char *title;
                unsigned offset, sp;
        } places[] = { { "before its first instruction", 0, 15 },
                       { "after a push", 5, 14 },
                       { "behind its prologue", 11, 10 } };

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                begin_frameless(places[i].offset, places[i].sp);
                start();
                moves(places[i].title, CODE + 0x100, 16, CFI_TRUST_FRAME_POINTER);
        }
        tap_is(walk.regs.v[ARCH_REG_FP], at(18), "a frame pointer that was pushed is the caller's");
        moves("next frame by that frame pointer", CODE + 0x300, 20, CFI_TRUST_FRAME_POINTER);

        begin_frameless(11, 10);
        stack[15] = after_call_of(0x40, 0x100);
        start();
        moves("a word behind a call of another function: frame pointer", CODE + 0x200, 22, CFI_TRUST_FRAME_POINTER);
        begin_frameless(11, 9);
        start();
        moves("a word that is not where the prologue has it: frame pointer", CODE + 0x200, 22, CFI_TRUST_FRAME_POINTER);
        begin_frameless(11, 10);
        memcpy(code + 0x24, "\x55\x48\x89\xe5", 4);
        start();
        moves("a prologue that sets the frame pointer: frame pointer", CODE + 0x200, 22, CFI_TRUST_FRAME_POINTER);
        begin_frameless(11, 10);
        memcpy(code + 0x26, "\x48\x83\xe4\xf0", 4);
        start();
        moves("a prologue that aligns the stack: frame pointer", CODE + 0x200, 22, CFI_TRUST_FRAME_POINTER);

        begin_frameless(11, 10);
        memcpy(code + 0x100 - 6, "\x90\x90\x90\x90\xff\xd0", 6); /* call *%rax */
        start();
        moves("called through a register, without a symbol: frame pointer", CODE + 0x200, 22, CFI_TRUST_FRAME_POINTER);
        function_start = CODE + 0x20;
        buffers.space.function = find_function;
        start();
        moves("called through a register, with a symbol", CODE + 0x100, 16, CFI_TRUST_FRAME_POINTER);
        function_start = CODE + 0x28;
        start();
        moves("a symbol inside of the prologue: frame pointer", CODE + 0x200, 22, CFI_TRUST_FRAME_POINTER);
        buffers.space.function = NULL;

        begin_frameless(11, 10);
        memcpy(code + 0x400, "\xf2\xff\x25", 3); /* bnd jmp *disp32(%rip) */
        memcpy(code + 0x403, &(int32_t){ 0x500 - 0x407 }, 4);
        memcpy(code + 0x500, &(uint64_t){ CODE + 0x20 }, 8);
        stack[15] = after_call_of(0x400, 0x100);
        start();
        moves("called through a stub", CODE + 0x100, 16, CFI_TRUST_FRAME_POINTER);
        memcpy(code + 0x100 - 6, "\xff\x15", 2); /* call *disp32(%rip) */
        memcpy(code + 0x100 - 4, &(int32_t){ 0x500 - 0x100 }, 4);
        start();
        moves("called through a pointer in memory", CODE + 0x100, 16, CFI_TRUST_FRAME_POINTER);
}

/* Rule 3, scan. */
static void check_scan(void)
{
        begin(CODE + 0x10, 10, 0);
        stack[12] = CODE + 0x80; /* not after a call */
        stack[14] = JIT + 0x100; /* after a call, outside all modules */
        jit[0x100 - 5] = 0xe8;
        stack[16] = after_call(0x100);
        stack[17 + 39] = after_call(0x200);
        start();
        moves("scan", CODE + 0x100, 17, CFI_TRUST_SCAN);
        moves("scan from a caller, 320 bytes", CODE + 0x200, 57, CFI_TRUST_SCAN);
        stack[57 + 40] = after_call(0x300);
        ends("scan from a caller, one word beyond", CFI_END_NO_RULE);
        begin(CODE + 0x10, 10, 0);
        stack[10 + 127] = after_call(0x100);
        start();
        moves("scan from the innermost frame, 1024 bytes", CODE + 0x100, 138, CFI_TRUST_SCAN);
        begin(CODE + 0x10, 10, 0);
        stack[10 + 128] = after_call(0x100);
        start();
        ends("scan from the innermost frame, one word beyond", CFI_END_NO_RULE);
        begin(CODE + 0x10, 500, 0);
        start();
        ends("scan to the end of the stack", CFI_END_NO_RULE);
        begin(CODE + 0x10, 600, 0);
        start();
        ends("SP unreadable", CFI_END_UNREADABLE);
        begin(CODE + 0x10, 10, 20);
        stack[20] = at(30);
        stack[21] = after_call(0x100);
        regs.known &= ~(1u << ARCH_REG_SP);
        start();
        ends("SP unknown", CFI_END_NO_RULE);
}

/* All forms of a call, and similar instructions. */
static void check_calls(void)
{
        static const struct {
                const char *title;
                uint8_t len;
                uint8_t bytes[7];
                bool call;
        } cases[] = {
                { "call rel32", 5, { 0xe8, 1, 2, 3, 4 }, true },
                { "call *%rax", 2, { 0xff, 0xd0 }, true },
                { "call *%r12", 3, { 0x41, 0xff, 0xd4 }, true },
                { "call *(%rbx)", 2, { 0xff, 0x13 }, true },
                { "call *(%rax,%rbx,8)", 3, { 0xff, 0x14, 0xd8 }, true },
                { "call *(%r12)", 4, { 0x41, 0xff, 0x14, 0x24 }, true },
                { "call *8(%rbx)", 3, { 0xff, 0x53, 0x08 }, true },
                { "call *8(%rsp)", 4, { 0xff, 0x54, 0x24, 0x08 }, true },
                { "call *0x100(%rbx)", 6, { 0xff, 0x93, 0, 1, 0, 0 }, true },
                { "call *0x100(%rax,%rbx,8)", 7, { 0xff, 0x94, 0xd8, 0, 1, 0, 0 }, true },
                { "call *0x100(,%rbx,8)", 7, { 0xff, 0x14, 0xdd, 0, 1, 0, 0 }, true },
                { "call *0x100(%rip)", 6, { 0xff, 0x15, 0, 1, 0, 0 }, true },
                { "jmp rel32", 5, { 0xe9, 1, 2, 3, 4 }, false },
                { "jmp *%rax", 2, { 0xff, 0xe0 }, false },
                { "push (%rbx)", 2, { 0xff, 0x33 }, false },
                { "inc %eax", 2, { 0xff, 0xc0 }, false },
                { "call *(%rax,%rbx,8) without its last byte", 2, { 0xff, 0x14 }, false },
                { "call *0x100(%rip) without its last bytes", 2, { 0xff, 0x15 }, false },
                { "call *8(%rsp) without its last byte", 3, { 0xff, 0x54, 0x24 }, false },
                { "nothing", 7, { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 }, false },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                begin(CODE + 0x10, 10, 20);
                memcpy(code + 0x100 - cases[i].len, cases[i].bytes, cases[i].len);
                stack[20] = at(30);
                stack[21] = CODE + 0x100;
                start();
                tap_ok(cfi_walk_next(&walk) == cases[i].call, "%s %s", cases[i].title,
                       cases[i].call ? "is a call" : "is not a call");
        }
        begin(CODE + 0x10, 10, 20);
        memcpy(code, cases[1].bytes, 2);
        stack[20] = at(30);
        stack[21] = CODE + 2;
        start();
        moves("a call at the start of its mapping", CODE + 2, 22, CFI_TRUST_FRAME_POINTER);
}

/* A trampoline without CFI. The interrupted pc may have any value. */
static const uint8_t sigreturn[] = { 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 };

static void put_signal_frame(unsigned word, uint64_t pc, unsigned sp, unsigned fp)
{
        uint64_t *gregs = &stack[word + 5]; /* after uc_flags, uc_link and uc_stack */

        for (unsigned i = 0; i < 18; i++)
                gregs[i] = 0xcccc000000000000u + i;
        gregs[10] = at(fp); /* struct sigcontext: bp, */
        gregs[15] = at(sp); /* sp, */
        gregs[16] = pc;     /* ip */
}

static void check_trampoline(void)
{
        begin(CODE + 0x10, 10, 20); /* a handler with a frame pointer */
        memcpy(code + 0x300, sigreturn, sizeof(sigreturn));
        start();
        tap_ok(!cfi_walk_is_signal_frame(&walk), "a handler is not a signal frame");
        regs.v[ARCH_REG_PC] = CODE + 0x300;
        put_signal_frame(10, CODE + 0x30, 100, 120);
        stack[120] = at(130);
        stack[121] = after_call(0x100);
        start();
        tap_ok(cfi_walk_is_signal_frame(&walk), "the sigreturn sequence is a signal frame");
        moves("through a signal frame", CODE + 0x30, 100, CFI_TRUST_CFI);
        tap_ok(walk.exact_pc, "through a signal frame: the pc is exact");
        tap_ok(!walk.signal_frame, "through a signal frame: the interrupted function is not a signal frame");
        tap_is(walk.regs.v[ARCH_REG_RAX], 0xcccc00000000000d, "through a signal frame: rax");
        tap_is(walk.regs.v[ARCH_REG_RDI], 0xcccc000000000008, "through a signal frame: rdi");
        tap_is(walk.regs.v[ARCH_REG_R8], 0xcccc000000000000, "through a signal frame: r8");
        tap_is(walk.regs.v[ARCH_REG_RBX], 0xcccc00000000000b, "through a signal frame: rbx");
        tap_is(walk.regs.v[ARCH_REG_FLAGS], 0xcccc000000000011, "through a signal frame: flags");
        tap_ok((walk.regs.known & 0x1ffff) == 0x1ffff, "through a signal frame: every register is known");
        moves("the frame after a signal frame", CODE + 0x100, 122, CFI_TRUST_FRAME_POINTER);

        put_signal_frame(10, 0, 100, 120); /* the handler of a call to 0 */
        stack[100] = CODE + 0x100;
        start();
        moves("signal frame with a pc of 0", 0, 100, CFI_TRUST_CFI);
        moves("signal frame with a pc of 0: next frame by the word at SP", CODE + 0x100, 101, CFI_TRUST_CFI);

        /* to a lower address: from the alternate stack to the normal one */
        put_signal_frame(200, CODE + 0x300, 10, 120);
        regs.v[ARCH_REG_SP] = at(200);
        start();
        moves("signal frame to another stack at a lower address", CODE + 0x300, 10, CFI_TRUST_CFI);
        put_signal_frame(10, CODE + 0x300, 200, 120); /* and back: each refers to the other */
        start();
        for (int i = 0; i < 1000 && cfi_walk_next(&walk);)
                i++;
        tap_ok(walk.end == CFI_END_NO_PROGRESS && walk.depth < 100, "cyclic signal frames: ends after %u", walk.depth);
        begin(CODE + 0x300, 508, 20);
        memcpy(code + 0x300, sigreturn, sizeof(sigreturn));
        start();
        ends("unreadable signal frame", CFI_END_UNREADABLE);
}

/* With CFI: .debug_frame in our own memory is the simplest to construct. One function covers all of CODE. */
static uint8_t debug_frame[256];
static size_t debug_frame_size;

static void begin_with_cfi(uint64_t pc, unsigned sp, uint64_t size, const uint8_t *program, size_t len)
{
        static const uint8_t cie[] = {
                16, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1, 0, 0
        };
        uint64_t range[2] = { CODE, size };
        uint32_t head[2] = { (uint32_t)(20 + len), 0 };

        begin(pc, sp, 20);
        memcpy(debug_frame, cie, sizeof(cie));
        memcpy(debug_frame + 20, head, 8);
        memcpy(debug_frame + 28, range, 16);
        memcpy(debug_frame + 44, program, len);
        debug_frame_size = 44 + len;
        head[0] = (uint32_t)(20 + len);
        buffers.module.debug_frame = debug_frame;
        buffers.module.debug_frame_size = debug_frame_size;
}

#define BEGIN_WITH_CFI(pc, sp, size, ...)                                 \
        do {                                                              \
                static const uint8_t program_[] = { __VA_ARGS__ };        \
                begin_with_cfi(pc, sp, size, program_, sizeof(program_)); \
        } while (0)

static void check_with_cfi(void)
{
        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x0e, 16); /* CFA = SP + 16 */
        stack[11] = CODE + 0x80;                              /* with CFI a return address need not follow a call */
        stack[13] = 0;
        start();
        moves("CFI", CODE + 0x80, 12, CFI_TRUST_CFI);
        ends("a return address of 0", CFI_END_OF_STACK);
        stack[13] = 0x1234;
        start();
        cfi_walk_next(&walk);
        ends("a return address that is not executable", CFI_END_BAD_PC);
        stack[13] = CODE + CODE_SIZE;
        start();
        cfi_walk_next(&walk);
        moves("a return address at the end of its mapping", CODE + CODE_SIZE, 14, CFI_TRUST_CFI);
        stack[14] = CODE + 0x70;
        stack[15] = CODE + 0x90;
        moves("a return address at the end of its mapping: its caller", CODE + 0x90, 16, CFI_TRUST_CFI);
        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x07, 16);
        start();
        ends("return address undefined", CFI_END_OF_STACK);
        BEGIN_WITH_CFI(CODE + 0x10, 600, CODE_SIZE, 0x0e, 16);
        start();
        ends("CFI, stack unreadable", CFI_END_UNREADABLE);
        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x0e, 0, 0x09, 16, 5); /* the return address popped into rdi */
        regs.v[ARCH_REG_RDI] = CODE + 0x80;
        start();
        moves("unchanged CFA, innermost frame", CODE + 0x80, 10, CFI_TRUST_CFI);
        ends("unchanged CFA, a caller", CFI_END_NO_PROGRESS);
        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x0f, 2, 0x77, 16);
        stack[11] = CODE + 0x80;
        start();
        moves("CFA by an expression in our own memory", CODE + 0x80, 12, CFI_TRUST_CFI);
        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x13, 2); /* CFA = SP - 16 */
        stack[7] = CODE + 0x80;
        stack[5] = CODE + 0x80;
        start();
        moves("CFA below SP, innermost frame", CODE + 0x80, 8, CFI_TRUST_CFI);
        ends("decreasing CFA", CFI_END_NO_PROGRESS);
        /* a malformed table leads to the frame pointer rule */
        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x0e, 16, 0x3f);
        stack[20] = at(30);
        stack[21] = after_call(0x100);
        start();
        moves("CFI malformed: frame pointer", CODE + 0x100, 22, CFI_TRUST_FRAME_POINTER);
}

/* The function before a trampoline without CFI ends where the trampoline begins: pc - 1 is in the wrong function. */
static void check_trampoline_behind_function(void)
{
        BEGIN_WITH_CFI(CODE + 0x10, 10, 0x300, 0x0e, 16);
        memcpy(code + 0x300, sigreturn, sizeof(sigreturn));
        stack[11] = CODE + 0x300;
        put_signal_frame(12, CODE + 0x30, 100, 120);
        start();
        moves("handler with CFI returns to a trampoline without", CODE + 0x300, 12, CFI_TRUST_CFI);
        tap_ok(cfi_walk_is_signal_frame(&walk), "the trampoline is a signal frame, though pc - 1 is in a function");
        moves("through a trampoline after a function", CODE + 0x30, 100, CFI_TRUST_CFI);
}

/* The CFA of a function interrupted by a signal may equal SP. */
static void check_interrupted(void)
{
        BEGIN_WITH_CFI(CODE + 0x300, 10, 0x300, 0x0e, 0, 0x09, 16, 5);
        memcpy(code + 0x300, sigreturn, sizeof(sigreturn));
        put_signal_frame(10, CODE + 0x30, 100, 120);
        stack[10 + 5 + 8] = CODE + 0x80; /* rdi */
        start();
        moves("interrupted function that has popped its return address", CODE + 0x30, 100, CFI_TRUST_CFI);
        moves("interrupted function with an unchanged CFA: next frame", CODE + 0x80, 100, CFI_TRUST_CFI);
}

/* A handler without CFI. */
static void check_handler_without_cfi(void)
{
        begin(CODE + 0x10, 10, 20);
        memcpy(code + 0x300, sigreturn, sizeof(sigreturn));
        stack[20] = at(120);
        stack[21] = CODE + 0x300;
        start();
        moves("handler with only a frame pointer returns to the trampoline", CODE + 0x300, 22, CFI_TRUST_FRAME_POINTER);
        tap_ok(cfi_walk_is_signal_frame(&walk), "handler with only a frame pointer: the signal frame");
        begin(CODE + 0x10, 10, 600);
        memcpy(code + 0x300, sigreturn, sizeof(sigreturn));
        stack[15] = CODE + 0x300;
        start();
        moves("handler without CFI and frame pointer: the scan finds the trampoline", CODE + 0x300, 16, CFI_TRUST_SCAN);
        begin(CODE + 0x10, 10, 600);
        memcpy(stack + 200, sigreturn, sizeof(sigreturn));
        stack[15] = at(200);
        start();
        ends("the bytes of sigreturn on the stack are not a return address", CFI_END_NO_RULE);
}

static void check_trampoline_places(void)
{
        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x0e, 16);
        memcpy(jit, sigreturn, sizeof(sigreturn));
        stack[11] = JIT;
        put_signal_frame(12, CODE + 0x30, 100, 120);
        start();
        moves("a trampoline at the start of its mapping", JIT, 12, CFI_TRUST_CFI);
        moves("through a trampoline at the start of its mapping", CODE + 0x30, 100, CFI_TRUST_CFI);
        begin(at(200), 10, 20);
        memcpy(&stack[200], sigreturn, sizeof(sigreturn));
        start();
        tap_ok(!cfi_walk_is_signal_frame(&walk), "the bytes of sigreturn on the stack are not a trampoline");
}

/* Cached rows: failed look-ups are not cached, and there may be few slots. */
static void check_cache(void)
{
        struct cfi_row rows[2] = { 0 };

        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x0e, 16, 0x3f);
        cfi_walk_begin(&walk, &buffers.space, (struct cfi_cache){ rows, 2 }, &regs);
        cfi_walk_next(&walk);
        tap_ok(rows[0].cfa.kind == CFI_RULE_SAME && rows[1].cfa.kind == CFI_RULE_SAME,
               "failed look-ups are not cached");
        BEGIN_WITH_CFI(CODE + 0x10, 10, CODE_SIZE, 0x0e, 16);
        for (unsigned i = 0; i < 20; i++)
                stack[11 + 2 * i] = CODE + 0x80 + i;
        stack[11 + 40] = 0;
        for (int round = 0; round < 2; round++) {
                cfi_walk_begin(&walk, &buffers.space, (struct cfi_cache){ rows, 2 }, &regs);
                while (cfi_walk_next(&walk))
                        ;
                tap_ok(walk.depth == 20 && walk.end == CFI_END_OF_STACK, "20 frames over 2 slots, round %d", round);
        }
}

int main(void)
{
        check_bad_pc();
        check_frame_pointers();
        check_bad_frame_pointers();
        check_code_at_pc();
        check_frameless();
        check_scan();
        check_calls();
        check_trampoline();
        check_with_cfi();
        check_trampoline_behind_function();
        check_interrupted();
        check_handler_without_cfi();
        check_trampoline_places();
        check_cache();
        return tap_done();
}
