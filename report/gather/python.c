/* SPDX-License-Identifier: MIT */
#include "report/gather/python.h"

#include "report/gather/python_code.h"
#include "unwind/target/arch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Interpreters of a process: a server may have one for each of its applications. */
#define INTERPRETERS_MAX 4096u

/* Thread states that belong to no thread of the process: of a parent's threads, after fork(2) in C. */
#define STALE_STATES_MAX 4096u

/* Frames of all threads that are not shown: of a call from C, and of a function that has not begun. */
#define HIDDEN_FRAMES_MAX PYTHON_FRAMES_MAX

#define CODES 256u /* code objects that are kept, a power of two */

/* Owners of frames (Include/internal/pycore_frame.h). From 3 on: the interpreter's own. */
enum { OWNER_GENERATOR = 1, OWNER_INTERPRETER = 3 };

/* A thread of the target by its pthread_t, or by its number; sorted by `id`. */
struct identity {
        uint64_t id;
        size_t thread;
};

/* A PyThreadState, in the order of the interpreter's lists: newest first. */
struct state {
        uint64_t address;
        size_t thread;
};

struct reader {
        struct report *report;
        struct target *target;
        struct python_runtime runtime;
        struct identity *by_self, *by_tid;
        size_t self_count;
        struct state *states;
        size_t state_count;
        size_t states_seen, hidden_frames, frames_left, text_left, max_frames;
        struct python_code codes[CODES];
};

static int read_word(struct reader *r, uint64_t addr, uint64_t *out)
{
        return target_read(r->target, addr, out, sizeof(*out));
}

/* ---- threads ---- */

static int compare_identities(const void *a, const void *b)
{
        const struct identity *x = a, *y = b;

        return x->id < y->id ? -1 : x->id > y->id;
}

static void index_threads(struct reader *r)
{
        struct target *t = r->target;

        r->by_self = pool_alloc(&r->report->pool, (t->thread_count + 1) * sizeof(*r->by_self));
        r->by_tid = pool_alloc(&r->report->pool, (t->thread_count + 1) * sizeof(*r->by_tid));
        for (size_t i = 0; i < t->thread_count; i++) {
                uint64_t self;

                r->by_tid[i] = (struct identity){ (uint64_t)t->threads[i].tid, i };
                if (arch_thread_self(&t->threads[i].regs, &self))
                        r->by_self[r->self_count++] = (struct identity){ self, i };
        }
        qsort(r->by_tid, t->thread_count, sizeof(*r->by_tid), compare_identities);
        qsort(r->by_self, r->self_count, sizeof(*r->by_self), compare_identities);
}

static bool find_identity(const struct identity *v, size_t n, uint64_t id, size_t *thread)
{
        struct identity key = { .id = id };
        const struct identity *found = bsearch(&key, v, n, sizeof(*v), compare_identities);

        if (found)
                *thread = found->thread;
        return found != NULL;
}

/* By pthread_self(), which is the same in every pid namespace; where the thread pointer was overwritten, by the number of the
 * thread. */
static bool find_thread(struct reader *r, uint64_t state, size_t *thread)
{
        const struct python_layout *l = &r->runtime.layout;
        uint64_t id;

        if (!read_word(r, state + l->thread_id, &id) && id && find_identity(r->by_self, r->self_count, id, thread))
                return true;
        return l->thread_native_id != PYTHON_ABSENT && !read_word(r, state + l->thread_native_id, &id) && id &&
               find_identity(r->by_tid, r->target->thread_count, id, thread);
}

/* ---- lists of interpreters and thread states ---- */

static int read_states(struct reader *r, uint64_t interpreter)
{
        const struct python_layout *l = &r->runtime.layout;
        uint64_t state;

        if (read_word(r, interpreter + l->interpreter_threads, &state))
                return -EFAULT;
        while (state) {
                size_t thread;

                if (r->states_seen++ >= r->target->thread_count + STALE_STATES_MAX)
                        return -EFAULT; /* a list that does not end */
                if (target_past_deadline(r->target))
                        return -ETIMEDOUT;
                if (find_thread(r, state, &thread))
                        *POOL_APPEND(&r->report->pool, r->states, r->state_count) = (struct state){ state, thread };
                if (read_word(r, state + l->thread_next, &state))
                        return -EFAULT;
        }
        return 0;
}

static int read_interpreters(struct reader *r)
{
        const struct python_layout *l = &r->runtime.layout;
        uint64_t interpreter;
        unsigned seen = 0;

        if (read_word(r, r->runtime.address + l->interpreters, &interpreter))
                return -EFAULT;
        while (interpreter) {
                int err = read_states(r, interpreter);

                if (err)
                        return err;
                if (seen++ >= INTERPRETERS_MAX || read_word(r, interpreter + l->interpreter_next, &interpreter))
                        return -EFAULT;
        }
        return 0;
}

/* ---- frames ---- */

/* Counts text that is kept or shown; none is left once the limit is exceeded. */
static void count_text(struct reader *r, const struct python_code *code)
{
        r->text_left -= code->text < r->text_left ? code->text : r->text_left;
}

/* Returns NULL if there is no code object at `addr`. A recursion uses the same one again and again. */
static const struct python_code *find_code(struct reader *r, uint64_t addr)
{
        struct python_code *code = &r->codes[addr / 16 % CODES];

        if (code->address == addr && code->function)
                return code;
        if (python_read_code(r->target, &r->runtime.layout, &r->report->pool, addr, code)) {
                code->function = NULL;
                return NULL;
        }
        count_text(r, code);
        return code;
}

/* Offset of the instruction, in bytes, that the frame executes. */
static int read_offset(struct reader *r, uint64_t frame, uint64_t code, int64_t *offset)
{
        const struct python_layout *l = &r->runtime.layout;
        uint64_t at;
        int32_t index;

        if (l->code_instructions != PYTHON_ABSENT) {
                if (read_word(r, frame + l->frame_instruction, &at))
                        return -EFAULT;
                *offset = (int64_t)(at - (code + l->code_instructions));
                return 0;
        }
        if (target_read(r->target, frame + l->frame_instruction, &index, sizeof(index)))
                return -EFAULT;
        *offset = (int64_t)index * l->instruction_unit;
        return 0;
}

/* Adds the frame, unless it is one of the interpreter's own. */
static int read_frame(struct reader *r, uint64_t frame, struct report_interpreter *out)
{
        const struct python_layout *l = &r->runtime.layout;
        const struct python_code *code;
        uint64_t addr;
        int64_t offset, line;
        uint8_t owner = 0;

        if (l->frame_owner != PYTHON_ABSENT && target_read(r->target, frame + l->frame_owner, &owner, sizeof(owner)))
                return -EFAULT;
        if (owner >= OWNER_INTERPRETER)
                return 0;
        if (read_word(r, frame + l->frame_code, &addr))
                return -EFAULT;
        addr &= ~UINT64_C(7); /* since 3.14 the lowest bits are flags (Include/internal/pycore_stackref.h) */
        code = find_code(r, addr);
        if (!code || read_offset(r, frame, addr, &offset))
                return -EFAULT;
        if (offset / 2 < code->first_traceable && owner != OWNER_GENERATOR && l->frame_owner != PYTHON_ABSENT)
                return 0; /* as in _PyFrame_IsIncomplete() */
        line = python_line(r->target, l, code, offset);
        *POOL_APPEND(&r->report->pool, out->frames, out->frame_count) = (struct report_script_frame){
                .function = code->function,
                .file = code->file,
                .line = { .v = line, .known = line >= 0 },
        };
        out->language = "python";
        count_text(r, code);
        r->frames_left--;
        return 0;
}

static int innermost_frame(struct reader *r, uint64_t state, uint64_t *frame)
{
        const struct python_layout *l = &r->runtime.layout;

        if (read_word(r, state + l->thread_frame, frame))
                return -EFAULT;
        if (l->cframe_frame == PYTHON_ABSENT || !*frame)
                return 0;
        return read_word(r, *frame + l->cframe_frame, frame) ? -EFAULT : 0;
}

static bool has_room(const struct reader *r)
{
        return r->frames_left && r->text_left;
}

static int read_frames(struct reader *r, uint64_t state, struct report_interpreter *out)
{
        uint64_t frame, mark = 0;
        size_t steps = 0;
        int err = innermost_frame(r, state, &frame);

        while (!err && frame && out->frame_count < r->max_frames && has_room(r)) {
                size_t before = out->frame_count;

                if (frame == mark)
                        return -EFAULT; /* a circle: Brent's algorithm */
                if (!(steps & (steps - 1)))
                        mark = frame;
                steps++;
                if (target_past_deadline(r->target))
                        return -ETIMEDOUT;
                err = read_frame(r, frame, out);
                if (!err && out->frame_count == before && r->hidden_frames++ >= HIDDEN_FRAMES_MAX)
                        err = -EFAULT;
                if (!err && read_word(r, frame + r->runtime.layout.frame_previous, &frame))
                        err = -EFAULT;
        }
        return err;
}

/* ---- stacks ---- */

static void diagnose(struct report *report, int err, const char *what)
{
        if (err)
                report_diagnose(report, "python", "%s: %s", what,
                                err == -ETIMEDOUT ? "no time was left" : "the interpreter's memory is corrupted");
}

/* In the order of the threads: the crashed one is first, and time may run out. */
static int compare_states(const void *a, const void *b)
{
        const struct state *x = *(const struct state *const *)a, *y = *(const struct state *const *)b;

        if (x->thread != y->thread)
                return x->thread < y->thread ? -1 : 1;
        return x < y ? -1 : x > y;
}

/* Whether the list of thread states, which may be damaged, has led to this one before. */
static bool was_read(struct state *const *order, size_t i)
{
        for (size_t k = i; k > 0 && order[k - 1]->thread == order[i]->thread; k--)
                if (order[k - 1]->address == order[i]->address)
                        return true;
        return false;
}

/* A thread has a state in each interpreter that it entered: the newest one, which is called by the older ones, is first. */
static void read_stacks(struct reader *r, struct python_stacks *out)
{
        struct state **order = pool_alloc(&r->report->pool, (r->state_count + 1) * sizeof(struct state *));
        struct python_stack *stack = NULL;

        for (size_t i = 0; i < r->state_count; i++)
                order[i] = &r->states[i];
        qsort(order, r->state_count, sizeof(struct state *), compare_states);
        for (size_t i = 0; i < r->state_count; i++) {
                pid_t tid = r->target->threads[order[i]->thread].tid;
                int err;

                if (was_read(order, i))
                        continue;
                if (!stack || stack->tid != tid) {
                        stack = POOL_APPEND(&r->report->pool, out->v, out->n);
                        stack->tid = tid;
                }
                err = read_frames(r, order[i]->address, &stack->stack);
                diagnose(r->report, err, "the Python frames are incomplete");
        }
        if (!has_room(r))
                report_diagnose(r->report, "python", "the Python frames are incomplete: there are too many");
}

void python_read_at(struct report *report, struct target *t, const struct python_runtime *runtime, size_t max_frames,
                    struct python_stacks *out)
{
        struct reader *r = pool_alloc(&report->pool, sizeof(*r));
        int err;

        *r = (struct reader){ .report = report,
                              .target = t,
                              .runtime = *runtime,
                              .frames_left = PYTHON_FRAMES_MAX,
                              .text_left = PYTHON_TEXT_MAX,
                              .max_frames = max_frames };
        *out = (struct python_stacks){ 0 };
        index_threads(r);
        err = read_interpreters(r);
        read_stacks(r, out);
        diagnose(report, err, "Python frames may be missing");
}

void python_read(struct report *report, struct target *t, size_t max_frames, struct python_stacks *out)
{
        struct python_runtime runtime;
        int err = python_find(t, &runtime);

        *out = (struct python_stacks){ 0 };
        if (err == -ENOTSUP)
                report_diagnose(report, "python", "unknown version of Python: %s", runtime.version);
        else if (err && err != -ENOENT)
                diagnose(report, err, "the Python frames are missing");
        else if (!err)
                python_read_at(report, t, &runtime, max_frames, out);
}

void python_fill(struct report *report, const struct python_stacks *stacks)
{
        for (size_t i = 0; i < stacks->n; i++) {
                const struct python_stack *stack = &stacks->v[i];

                if (!stack->stack.frame_count)
                        continue;
                for (size_t k = 0; k < report->thread_count; k++)
                        if (report->threads[k].tid.known && report->threads[k].tid.v == stack->tid)
                                report->threads[k].interpreter = stack->stack;
        }
        if (report->thread_count && report->threads[0].interpreter.frame_count)
                report->interpreter = report->threads[0].interpreter;
}
