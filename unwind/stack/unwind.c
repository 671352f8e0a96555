/* SPDX-License-Identifier: MIT */
/* unwind/stack/unwind.c: see unwind.h. */
#include "unwind/stack/unwind.h"
#include "unwind/core/cfi/registered.h"
#include "unwind/core/image/dynsym.h"
#include "unwind/stack/engine.h"
#include "unwind/symbols/symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
        ROWS = 2048,           /* slots of the row cache; a power of two */
        MAX_WALK = 1000000,    /* frames */
        CLOCK_EVERY = 1024,    /* frames between two checks of the clock */
        STACK_AHEAD = 8192,    /* bytes of each stack fetched before the walks */
        REGISTERS_KEPT = 32,   /* frames */
        TABLES_READ = 1 << 20, /* objects and entries of tables of code in no module, for all threads */
        RETRIES = 8,           /* repeated walks of one thread after a further table was found */
        FUNCTIONS =
                64, /* searches of symbol tables for the start of a function, and slots of their results; a power of two */
};

/* Unwind tables from a module's file, in addition to those that are loaded. */
struct file_tables {
        bool tried;
        uint64_t eh_frame;          /* of a module without .eh_frame_hdr; 0: none */
        const uint8_t *debug_frame; /* NULL none */
        size_t debug_frame_size;
};

/* Where the function that contains a pc starts; start 0: unknown. */
struct function {
        uint64_t pc, start;
};

struct unwinder {
        struct target *t;
        struct cfi_space space;
        struct cfi_cache cache;
        const struct mapping *last;  /* the mapping found last: most queries are near it */
        struct file_tables *files;   /* one per module */
        struct symbols *own_symbols; /* created here if the target had none */
        struct engine *engine;
        struct registered registered;      /* tables of code in no module */
        bool has_registered;               /* they were searched for */
        struct function tables[FUNCTIONS]; /* as those found for each pc */
        struct function functions[FUNCTIONS];
        unsigned searches;           /* of symbol tables: each takes long */
        struct frames frames, other; /* results of the two engines */
        unwind_note *note;
        void *note_ctx;
};

/* ---- the space used by the CFI engine ---- */

static const struct mapping *mapping_at(struct unwinder *u, uint64_t addr)
{
        if (!u->last || addr < u->last->start || addr >= u->last->end)
                u->last = target_mapping(u->t, addr);
        return u->last;
}

static int space_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        return target_read(((struct unwinder *)ctx)->t, addr, buf, len);
}

static bool space_executable(void *ctx, uint64_t addr)
{
        const struct mapping *m = mapping_at(ctx, addr);

        return m && (m->perms & MAPS_EXEC);
}

static int module_index(struct unwinder *u, uint64_t addr)
{
        const struct mapping *m = mapping_at(u, addr);

        return m && m->module >= 0 && addr < u->t->modules.v[m->module].end ? m->module : -1;
}

/* libgcc_s.so, and the program, which may contain libgcc, have the variables. */
static void collect_registered(struct unwinder *u)
{
        struct dynsym ignored;

        for (size_t i = 0; i < u->t->modules.n; i++) {
                const struct image *image = &u->t->modules.v[i].image;

                if (image->base && (!i || !dynsym_find(&u->space, image, REGISTERED_FUNCTION, &ignored)))
                        registered_collect(&u->space, image->data, image->data_end, &u->registered);
        }
        u->registered.left = TABLES_READ;
        u->has_registered = true;
}

/* Code that the program made at run time, and described to libgcc. */
static int registered_module(struct unwinder *u, uint64_t pc, struct cfi_module *out)
{
        struct function *f = &u->tables[pc % FUNCTIONS];

        if (!u->has_registered)
                collect_registered(u);
        if (!u->registered.count)
                return -ENOENT;
        if (f->pc != pc)
                *f = (struct function){ pc, registered_find(&u->space, &u->registered, pc) };
        *out = (struct cfi_module){ .start = pc, .end = pc + 1, .eh_frame = f->start };
        return f->start ? 0 : -ENOENT;
}

static int space_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        struct unwinder *u = ctx;
        int i = module_index(u, pc);
        const struct module *m;

        if (i < 0)
                return space_executable(u, pc) ? registered_module(u, pc, out) : -ENOENT;
        m = &u->t->modules.v[i];
        *out = (struct cfi_module){ .start = u->last->start,
                                    .end = u->last->end < m->end ? u->last->end : m->end,
                                    .bias = m->image.bias,
                                    .eh_frame_hdr = m->image.eh_frame_hdr,
                                    .eh_frame_hdr_size = m->image.eh_frame_hdr_size,
                                    .eh_frame = u->files[i].eh_frame,
                                    .debug_frame = u->files[i].debug_frame,
                                    .debug_frame_size = u->files[i].debug_frame_size };
        return 0;
}

static struct symbols *get_symbols(struct unwinder *u)
{
        if (!u->t->symbols)
                u->own_symbols = symbols_new(u->t, NULL, NULL, NULL);
        return u->t->symbols;
}

static uint64_t space_function(void *ctx, uint64_t pc)
{
        struct unwinder *u = ctx;
        struct function *f = &u->functions[pc % FUNCTIONS];
        int module;

        if (f->pc == pc)
                return f->start;
        module = module_index(u, pc);
        if (module < 0 || u->searches == FUNCTIONS || !get_symbols(u))
                return 0;
        u->searches++;
        *f = (struct function){ pc, symbols_function(u->t->symbols, module, pc) };
        return f->start;
}

static void report(const struct unwinder *u, pid_t tid, const char *what)
{
        char text[256];

        if (!u->note)
                return;
        snprintf(text, sizeof(text), "thread %d: %s", (int)tid, what);
        u->note(u->note_ctx, text);
}

/* ---- one walk ---- */

static int add_current(struct unwinder *u, const struct cfi_walk *walk)
{
        uint64_t pc = walk->regs.v[ARCH_REG_PC];
        struct thread_frame frame = { .pc = pc,
                                      .trust = walk->trust,
                                      .exact_pc = walk->exact_pc,
                                      .module = module_index(u, pc - !walk->exact_pc) };

        if (walk->regs.known & (1u << ARCH_REG_SP))
                frame.sp = walk->regs.v[ARCH_REG_SP];
        return frames_add(&u->frames, &frame);
}

/* A frame is known to be a trampoline from its caller, which was interrupted: only in that case is the caller's pc
 * exact. */
static void mark_trampoline(struct unwinder *u)
{
        struct thread_frame *frame = frames_last(&u->frames);

        if (frame)
                frame->signal_frame = true;
}

static void keep_registers(struct target_thread *thread, const struct arch_registers *regs)
{
        if (thread->frame_regs && thread->frame_regs_count < REGISTERS_KEPT)
                thread->frame_regs[thread->frame_regs_count++] = *regs;
}

static int walk_own(struct unwinder *u, struct target_thread *thread)
{
        const struct arch_registers *regs = &thread->regs;
        struct cfi_walk walk;
        size_t n = 0;
        int err;

        frames_clear(&u->frames);
        thread->frame_regs_count = 0;
        keep_registers(thread, regs);
        cfi_walk_begin(&walk, &u->space, u->cache, regs);
        err = add_current(u, &walk);
        while (!err && cfi_walk_next(&walk)) {
                if (walk.exact_pc)
                        mark_trampoline(u);
                if (++n >= MAX_WALK || (n % CLOCK_EVERY == 0 && target_past_deadline(u->t))) {
                        walk.end = CFI_END_MAX_FRAMES;
                        break;
                }
                err = add_current(u, &walk);
                keep_registers(thread, &walk.regs);
        }
        if (!err && walk.end != CFI_END_MAX_FRAMES && cfi_walk_is_signal_frame(&walk))
                mark_trampoline(u);
        u->frames.end = walk.end;
        return err;
}

/* ---- tables in files, for frames without other rules ---- */

static bool load_tables(struct unwinder *u, int module)
{
        struct file_tables *f;

        if (module < 0 || u->files[module].tried)
                return false;
        f = &u->files[module];
        f->tried = true;
        if (!get_symbols(u))
                return false;
        if (symbols_debug_frame(u->t->symbols, module, &f->debug_frame, &f->debug_frame_size))
                f->debug_frame = NULL;
        if (u->t->modules.v[module].image.eh_frame_hdr || symbols_eh_frame(u->t->symbols, module, &f->eh_frame))
                f->eh_frame = 0;
        return f->debug_frame || f->eh_frame;
}

/* Loads the tables of frames that the engine left by a heuristic, or could not leave. Returns true if a table was
 * found that may yield a better result. */
static bool find_tables(struct unwinder *u)
{
        const struct frames *f = &u->frames;
        size_t n = f->total < f->max ? f->total : f->inner;
        bool found = false;

        for (size_t i = 0; i + 1 < n; i++)
                if (f->v[i + 1].trust != CFI_TRUST_CFI)
                        found |= load_tables(u, f->v[i].module);
        if (n == f->total && n && f->end != CFI_END_OF_STACK)
                found |= load_tables(u, f->v[n - 1].module);
        return found;
}

/* ---- the two engines ---- */

static int walk_libunwind(struct unwinder *u, const struct arch_registers *regs)
{
        frames_clear(&u->other);
        if (!u->engine)
                u->engine = engine_new(u->t, &u->space);
        return u->engine ? engine_walk(u->engine, regs, MAX_WALK, &u->other) : -ENOMEM;
}

static void swap_frames(struct unwinder *u)
{
        struct frames swap = u->frames;

        u->frames = u->other;
        u->other = swap;
}

/* Two walks that both reach the end should be equal. */
static void compare(struct unwinder *u, pid_t tid)
{
        char what[160] = "";
        const struct frames *a = &u->frames, *b = &u->other;
        size_t n = a->total < b->total ? a->total : b->total, i;

        if (n > a->inner)
                n = a->inner; /* the outer ones are still in ring order */
        for (i = 0; i < n && a->v[i].pc == b->v[i].pc; i++)
                ;
        if (i < n)
                snprintf(what, sizeof(what), "libunwind differs at frame %zu: 0x%" PRIx64 ", not 0x%" PRIx64, i,
                         b->v[i].pc, a->v[i].pc);
        else if (a->total != b->total)
                snprintf(what, sizeof(what), "libunwind found %zu frames, not %zu", b->total, a->total);
        if (what[0])
                report(u, tid, what);
}

static int check_by_libunwind(struct unwinder *u, const struct target_thread *thread, enum unwind_check check)
{
        char what[160];
        bool ended = u->frames.end == CFI_END_OF_STACK, given_up = u->frames.end == CFI_END_MAX_FRAMES;
        int err;

        if (check == UNWIND_OWN_ONLY || given_up || (ended && check != UNWIND_CROSS_CHECK))
                return 0;
        err = walk_libunwind(u, &thread->regs);
        if (err || u->other.end != CFI_END_OF_STACK)
                return err;
        if (ended) {
                compare(u, thread->tid);
        } else if (u->other.total > u->frames.total) {
                snprintf(what, sizeof(what), "frames by libunwind; the built-in unwinder stopped after %zu (%s)",
                         u->frames.total, cfi_end_name(u->frames.end));
                report(u, thread->tid, what);
                swap_frames(u);
        }
        return 0;
}

static int unwind_thread(struct unwinder *u, struct target_thread *thread, enum unwind_check check)
{
        int err;

        if (check == UNWIND_LIBUNWIND) {
                err = walk_libunwind(u, &thread->regs);
                swap_frames(u);
        } else {
                err = walk_own(u, thread);
                for (int i = 0; !err && i < RETRIES && find_tables(u); i++) {
                        memset(u->cache.rows, 0, ROWS * sizeof(*u->cache.rows));
                        err = walk_own(u, thread);
                }
                if (!err)
                        err = check_by_libunwind(u, thread, check);
        }
        frames_transfer(&u->frames, thread);
        return err;
}

/* ---- all threads ---- */

static void prefetch_stacks(struct target *t)
{
        struct memory_range *ranges = t->ops->prefetch ? malloc((t->thread_count + 1) * sizeof(*ranges)) : NULL;
        size_t n = 0;

        if (!ranges)
                return;
        for (size_t i = 0; i < t->thread_count; i++) {
                const struct arch_registers *regs = &t->threads[i].regs;
                uint64_t sp = regs->v[ARCH_REG_SP];

                if ((regs->known & (1u << ARCH_REG_SP)) && sp >= ARCH_RED_ZONE)
                        ranges[n++] = (struct memory_range){ sp - ARCH_RED_ZONE, ARCH_RED_ZONE + STACK_AHEAD / 2 };
        }
        t->ops->prefetch(t, ranges, n);
        free(ranges);
}

int unwind_threads(struct target *t, size_t max_frames, enum unwind_check check, unwind_note *note, void *ctx)
{
        struct unwinder u = { .t = t, .note = note, .note_ctx = ctx };
        int err = 0;

        u.space = (struct cfi_space){ .ctx = &u,
                                      .read = space_read,
                                      .module = space_module,
                                      .executable = space_executable,
                                      .function = space_function };
        u.cache = (struct cfi_cache){ calloc(ROWS, sizeof(*u.cache.rows)), ROWS };
        u.files = calloc(t->modules.n + 1, sizeof(*u.files));
        if (!u.cache.rows || !u.files)
                err = -ENOMEM;
        frames_begin(&u.frames, max_frames ? max_frames : 1);
        frames_begin(&u.other, max_frames ? max_frames : 1);
        if (!err && t->thread_count) /* without memory for them, less is known */
                t->threads[0].frame_regs = calloc(REGISTERS_KEPT, sizeof(struct arch_registers));
        if (!err)
                prefetch_stacks(t);
        for (size_t i = 0; !err && i < t->thread_count; i++)
                if (t->threads[i].regs.known & (1u << ARCH_REG_PC))
                        err = unwind_thread(&u, &t->threads[i], check);
        engine_free(u.engine);
        symbols_free(u.own_symbols);
        frames_free(&u.frames);
        frames_free(&u.other);
        free(u.files);
        free(u.cache.rows);
        return err;
}
