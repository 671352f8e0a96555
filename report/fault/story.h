/* SPDX-License-Identifier: MIT */
/* report/fault/story.h: what fault_explain() tells a story from, and the parts of its sentences; for its files alone.
 *
 * Strings are from the pool of the report.
 */
#ifndef CRASHPRE_REPORT_FAULT_STORY_H
#define CRASHPRE_REPORT_FAULT_STORY_H

#include "report/fault/examine.h"
#include "report/fault/place.h"

struct story { /* all of it borrowed */
        struct report *report;
        struct pool *pool; /* of the report */
        const struct crash_facts *facts;
        const struct target *t;         /* NULL: none */
        const struct examination *seen; /* NULL: none */
        const struct memory_operand *m; /* what gave the bad address; NULL unknown */
        uint64_t address;               /* the bad one, if report->fault.address is known */
        struct fault_place place;       /* of it */
};

/* Is `word`, which may be NULL, this one? */
bool story_is(const char *word, const char *expected);

/* Two sentences as one string. Either may be NULL, and where both are, so is what is given. */
const char *story_join(struct story *s, const char *sentence, const char *more);

/* A copy with a capital first letter, for the beginning of a sentence. */
const char *story_capital(struct story *s, const char *text);

/* "wrote 4 bytes", "ran code" */
const char *story_deed(struct story *s);

/* "through the pointer in rdx", "at rax + rcx*8 (rax = 0x0, rcx = 0x7)" */
const char *story_through(struct story *s);

/* Is `m`, which may be NULL, a register and at most a displacement? */
bool story_plain_pointer(const struct memory_operand *m);

/* The value of the pointer that was used, rather than the address of the place in what it points to. */
uint64_t story_pointer(const struct story *s);

/* "That was in strlen, called by main at app.c:12: look at what was passed to it." Where the fault is in the system's
 * libraries the reader's own code is farther out. NULL: it is in the reader's own, or nobody knows. */
const char *story_caller(struct story *s);

/* The explanations, by what report->fault.class says; a sentence or two. NULL: nothing that the class does not say. */

/* Memory that is not there, or not for that: explain_memory.c. */
const char *explain_null_dereference(struct story *s);
const char *explain_stack_overflow(struct story *s);
const char *explain_unmapped_address(struct story *s);
const char *explain_inaccessible_address(struct story *s);
const char *explain_write_to_read_only(struct story *s);
const char *explain_non_canonical(struct story *s);
const char *explain_file_truncated(struct story *s);
const char *explain_misaligned(struct story *s);
const char *explain_memory_failure(struct story *s);

/* Code that could not be run, or could not do what it was to do: explain_code.c. */
const char *explain_bad_jump(struct story *s);
const char *explain_null_call(struct story *s);
const char *explain_division(struct story *s);
const char *explain_floating_point(struct story *s);
const char *explain_illegal(struct story *s);
const char *explain_privileged(struct story *s);
const char *explain_trap(struct story *s);
const char *explain_protection(struct story *s);

#endif
