/* SPDX-License-Identifier: MIT */
/* report/fault/place.h: what lies at and next to an address, and what a bad pointer looks like; in words.
 *
 * Strings are from the pool of the report. `t` may be NULL or know no mappings.
 */
#ifndef CRASHPRE_REPORT_FAULT_PLACE_H
#define CRASHPRE_REPORT_FAULT_PLACE_H

#include "report/model/model.h"
#include "unwind/target/target.h"

enum place_kind {
        PLACE_UNKNOWN, /* no mappings are known */
        PLACE_NOTHING,
        PLACE_KERNEL, /* the upper half of the address space */
        PLACE_STACK,
        PLACE_GUARD, /* the pages below a stack that nobody may use */
        PLACE_HEAP,
        PLACE_CODE,
        PLACE_CONSTANTS, /* of a module: mapped for reading alone */
        PLACE_DATA,      /* of a module */
        PLACE_FILE,
        PLACE_ANONYMOUS,
        PLACE_CLOSED, /* mapped, but with no right to anything */
};

struct fault_place {
        enum place_kind kind;
        const struct mapping *mapping; /* NULL: none */
        bool past_end;                 /* PLACE_NOTHING: next to the last byte of what is mapped below */
        const char *words; /* "in the heap", "where nothing is mapped, 16 bytes after the end of the heap" */
};

struct fault_place fault_place(struct report *report, const struct target *t, uint64_t addr);

/* "the heap", "the stack of thread 12 (worker)", "the code of libfoo.so" */
const char *fault_place_name(struct report *report, const struct target *t, const struct mapping *m);

/* The mapping that is the stack of thread t->threads[i]; NULL unknown. */
const struct mapping *fault_stack_of(const struct target *t, size_t i);

/* Where a value that is no good address may come from, as a sentence; NULL where nothing is to be seen. */
const char *fault_pointer_hint(struct report *report, const struct target *t, uint64_t value);

#endif
