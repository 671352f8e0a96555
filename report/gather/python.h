/* SPDX-License-Identifier: MIT */
/* report/gather/python.h: the Python frames of all threads, read from the memory of the stopped process: no code of the
 * interpreter runs, so that neither its locks nor its state matter. The models are pystack and py-spy. Not async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_PYTHON_H
#define CRASHPRE_REPORT_PYTHON_H

#include "report/gather/python_layout.h"
#include "report/model/model.h"
#include "unwind/target/target.h"

/* Frames of all threads together: exceeds what programs have, and bounds what damaged memory can claim. */
#define PYTHON_FRAMES_MAX 65536u
#define PYTHON_TEXT_MAX (16u * 1024 * 1024) /* bytes of their names and files */

struct python_stack {
        pid_t tid;
        struct report_interpreter stack; /* from the report's pool */
};

struct python_stacks {
        struct python_stack *v; /* those that run Python */
        size_t n;
};

/* Reads the frames of the threads of `t`, which must be stopped; of each the `max_frames` innermost ones. Stops at t->deadline_ns.
 * What could not be read is in the diagnostics. */
void python_read(struct report *report, struct target *t, size_t max_frames, struct python_stacks *out);

/* The same for an interpreter that was found. */
void python_read_at(struct report *report, struct target *t, const struct python_runtime *runtime, size_t max_frames,
                    struct python_stacks *out);

/* Adds them to the threads of the report; those of the first thread are also the report's own, in place of those that the raw
 * report has. */
void python_fill(struct report *report, const struct python_stacks *stacks);

#endif
