/* SPDX-License-Identifier: MIT */
/* report/fault/place.h: describes the memory at and next to an address, and the likely origin of a bad pointer, as
 * text.
 *
 * Strings are from the pool of the report. `t` may be NULL or have no mappings.
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
        PLACE_GUARD, /* the inaccessible pages below a stack */
        PLACE_HEAP,
        PLACE_CODE,
        PLACE_CONSTANTS, /* of a module: mapped read-only */
        PLACE_DATA,      /* of a module */
        PLACE_FILE,
        PLACE_ANONYMOUS,
        PLACE_CLOSED, /* mapped, but without access rights */
};

struct fault_place {
        enum place_kind kind;
        const struct mapping *mapping; /* NULL: none */
        bool past_end;                 /* PLACE_NOTHING: just after the end of the mapping below */
        const char *words; /* "in the heap", "where nothing is mapped, 16 bytes after the end of the heap" */
};

struct fault_place fault_place(struct report *report, const struct target *t, uint64_t addr);

/* "the heap", "the stack of thread 12 (worker)", "the code of libfoo.so" */
const char *fault_place_name(struct report *report, const struct target *t, const struct mapping *m);

/* The mapping that is the stack of thread t->threads[i]; NULL unknown. */
const struct mapping *fault_stack_of(const struct target *t, size_t i);

/* Returns a sentence about the likely origin of a value that is not a valid address; NULL if unknown. */
const char *fault_pointer_hint(struct report *report, const struct target *t, uint64_t value);

#endif
