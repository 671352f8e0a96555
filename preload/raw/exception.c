/* SPDX-License-Identifier: MIT */
#include "preload/raw/exception.h"
#include "preload/base/arch.h"
#include "preload/base/memmap.h"
#include "preload/base/modmap.h"
#include "preload/base/probe.h"
#include "preload/facts/notes.h"
#include "preload/facts/throws.h"
#include "unwind/core/image/dynsym.h"
#include "unwind/core/image/maps.h"

#define SCAN_BYTES \
        16384u /* from abort() to the throw there are some hundred bytes; a terminate handler of the program may use more */
#define DEPTH 16u             /* frames from raise() to the caller of std::terminate */
#define HANDLERS_MAX 1000     /* catch clauses that handle one exception */
#define THROWING_SOURCE 2048u /* bytes of code */
#define LLVM_BEFORE 512u
#define COLD_CALL 16u /* bytes of a function's cold part up to the return address of its first call */

int exception_frame_of(const struct crash *c, const char *name)
{
        const struct modmap_module *asked = NULL;
        struct dynsym symbol = { 0, 0 };

        for (uint32_t i = 0; i < c->wire.frame_count && i < DEPTH; i++) {
                uint64_t pc = c->wire.frames[i].pc - !c->wire.frames[i].exact_pc;
                const struct modmap_module *m = modmap_find(pc);

                if (m && m != asked && dynsym_find(&modmap_space, &m->image, name, &symbol) < 0)
                        symbol = (struct dynsym){ 0, 0 };
                asked = m;
                if (m && pc - symbol.addr < symbol.size)
                        return (int)i;
        }
        return -1;
}

/* ---- without the hook ---- */

static bool is_code(const struct memmap *map, uint64_t addr)
{
        const struct memmap_range *r = memmap_find(map, addr);

        return r && r->perms & MAPS_EXEC;
}

/* Whether a catch clause handles it, and whether the fields that must point into modules do so. A freed exception has
 * no handlers. */
static bool is_held(const struct memmap *map, const struct exception_object *e)
{
        return e->handlers && e->handlers <= HANDLERS_MAX && e->handlers >= -HANDLERS_MAX && modmap_find(e->type) &&
               is_code(map, e->terminate_handler);
}

/* `word` may point to the unwinder's header, to the object, or to the header of libstdc++ or LLVM (without and with the
 * reference count): the run-time's functions keep any of these. */
static bool leads_to_exception(const struct memmap *map, uint64_t word, struct exception_object *out)
{
        static const int8_t to_header[] = { 0, -32, 80, 96 };
        const struct memmap_range *r = word % 8 ? NULL : memmap_find(map, word);

        if (!r || !(r->perms & MAPS_WRITE))
                return false;
        for (unsigned i = 0; i < sizeof(to_header); i++)
                if (exception_at(&modmap_space, word + (uint64_t)(int64_t)to_header[i], out) && is_held(map, out))
                        return true;
        return false;
}

/* Whether the code in [begin, begin + THROWING_SOURCE) jumps to the beginning of the cold part that contains `pc`. gcc
 * 14 places the end of __cxa_rethrow(), which calls std::terminate(), in a separate part (.text.unlikely). */
static bool is_cold_part(uint64_t begin, uint64_t pc)
{
        enum { PIECE = 256, LONGEST_JUMP = 6 };
        uint8_t code[PIECE];

        for (uint64_t at = begin; at < begin + THROWING_SOURCE; at += PIECE - LONGEST_JUMP) {
                if (probe_read(NULL, at, code, sizeof(code)) < 0)
                        return false;
                if (arch_jumps_between(code, sizeof(code), at, pc - COLD_CALL, pc - 1))
                        return true;
        }
        return false;
}

/* Whether a function that throws `e` is on the stack. Those of libstdc++ (libsupc++/eh_throw.cc, eh_ptr.cc) follow the
 * clean-up function of their exceptions in the same source file; those of libc++abi (src/cxa_exception.cpp) are before
 * it and after it. In a stripped program they have no other identification. They have left the stack before a catch
 * clause runs. */
static bool is_being_thrown(const struct crash *c, const struct exception_object *e)
{
        uint64_t begin = e->is_llvm ? e->cleanup - LLVM_BEFORE : e->cleanup;

        for (uint32_t i = 0; i < c->wire.frame_count && i < DEPTH; i++)
                if (c->wire.frames[i].pc - begin < THROWING_SOURCE || is_cold_part(begin, c->wire.frames[i].pc))
                        return true;
        return false;
}

struct finding {
        struct exception_object object;
        bool any, thrown;
};

/* Returns false if `word` leads to an exception that is being thrown: the search is complete. */
static bool check_word(struct finding *f, const struct crash *c, uint64_t word)
{
        struct exception_object e;
        bool thrown;

        if (!leads_to_exception(memmap_last(), word, &e))
                return true;
        thrown = is_being_thrown(c, &e);
        if (!f->any || thrown)
                *f = (struct finding){ e, true, thrown };
        return !thrown;
}

static void scan(struct finding *f, const struct crash *c)
{
        const struct memmap *map = memmap_last();
        uint64_t sp = c->wire.regs.v[ARCH_REG_SP] & ~(uint64_t)7, word;
        const struct memmap_range *at_sp = memmap_find(map, sp);
        struct memmap_range stack = at_sp ? *at_sp : (struct memmap_range){ 0 };

        for (unsigned i = 0; i < ARCH_REGS; i++)
                if (c->wire.regs.known >> i & 1 && !check_word(f, c, c->wire.regs.v[i]))
                        return;
        for (uint64_t at = sp; at < stack.end && at < sp + SCAN_BYTES; at += sizeof(word)) {
                if (probe_read(NULL, at, &word, sizeof(word)) < 0)
                        return;
                if (word - stack.start < stack.end - stack.start)
                        continue; /* exceptions are on the heap */
                if (!check_word(f, c, word))
                        return;
        }
}

static bool aborts_itself(const struct crash *c)
{
        return c->signal == SIGABRT && c->wire.siginfo.si_code <= 0 && c->wire.siginfo.si_pid == c->wire.pid;
}

/* The slot may have been overwritten by a later throw, or another thread may be writing it. */
static void find_throw_site(struct crash *c, uint64_t object)
{
        const struct throw_site *site = throws_slot(object);

        if (!object || __atomic_load_n(&site->object, __ATOMIC_ACQUIRE) != object)
                return;
        c->wire.throw_count = site->count < WIRE_THROW_FRAMES ? site->count : WIRE_THROW_FRAMES;
        __builtin_memcpy(c->wire.throw_pc, site->pc, c->wire.throw_count * sizeof(site->pc[0]));
        if (__atomic_load_n(&site->object, __ATOMIC_ACQUIRE) != object)
                c->wire.throw_count = 0;
}

static void find_unhooked(struct crash *c)
{
        /* The personality routine calls std::terminate if an exception would leave a noexcept function. */
        static const char *const callers[] = { "_ZSt9terminatev", "__cxa_call_terminate", "__gxx_personality_v0" };
        const struct exception_reader reader = { .space = &modmap_space };
        struct finding f = { .any = false };

        for (unsigned i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
                c->wire.terminate |= exception_frame_of(c, callers[i]) >= 0;
        scan(&f, c);
        if (!f.any)
                return;
        exception_describe(&reader, &f.object, &c->wire.exception);
        find_throw_site(c, f.object.object);
        c->wire.terminate |= f.thrown;
        c->wire.uncaught_exception = c->wire.exception_certain = c->wire.terminate;
}

void exception_find(struct crash *c)
{
        const struct note_terminate *t = &notes.terminate;

        if (!c->signal)
                return;
        if (t->count && t->tid == c->wire.tid) {
                c->wire.terminate = aborts_itself(c);
                c->wire.uncaught_exception = c->wire.terminate && t->in_flight;
                c->wire.exception_certain = true;
                __builtin_memcpy(&c->wire.exception, &t->exception, sizeof(c->wire.exception));
                find_throw_site(c, t->object);
        } else if (aborts_itself(c)) {
                find_unhooked(c);
        }
}
