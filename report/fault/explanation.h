/* SPDX-License-Identifier: MIT */
/* report/fault/explanation.h: what fault_explain() tells a story from, and the parts of its sentences; for its files alone.
 *
 * Strings are from the pool of the report.
 */
#ifndef CRASHPRE_REPORT_FAULT_EXPLANATION_H
#define CRASHPRE_REPORT_FAULT_EXPLANATION_H

#include "report/fault/examine.h"
#include "report/fault/place.h"

struct explanation_input { /* all of it borrowed */
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
bool explanation_word_is(const char *word, const char *expected);

/* Two sentences as one string. Either may be NULL, and where both are, so is what is given. */
const char *explanation_join(struct explanation_input *in, const char *sentence, const char *more);

/* A copy with a capital first letter, for the beginning of a sentence. */
const char *explanation_capitalize(struct explanation_input *in, const char *text);

/* "wrote 4 bytes", "ran code" */
const char *explanation_access_text(struct explanation_input *in);

/* "through the pointer in rdx", "at rax + rcx*8 (rax = 0x0, rcx = 0x7)" */
const char *explanation_operand_text(struct explanation_input *in);

/* Is `m`, which may be NULL, a register and at most a displacement? */
bool explanation_is_plain_pointer(const struct memory_operand *m);

/* The value of the pointer that was used, rather than the address of the place in what it points to. */
uint64_t explanation_pointer(const struct explanation_input *in);

/* "That was in strlen, called by main at app.c:12: look at what was passed to it." Where the fault is in the system's
 * libraries the reader's own code is farther out. NULL: it is in the reader's own, or nobody knows. */
const char *explanation_caller(struct explanation_input *in);

/* The explanations, by what report->fault.class says; a sentence or two. NULL: nothing that the class does not say. */

/* Memory that is not there, or not for that: explain_memory.c. */
const char *explain_null_dereference(struct explanation_input *in);
const char *explain_stack_overflow(struct explanation_input *in);
const char *explain_unmapped_address(struct explanation_input *in);
const char *explain_inaccessible_address(struct explanation_input *in);
const char *explain_write_to_read_only(struct explanation_input *in);
const char *explain_non_canonical(struct explanation_input *in);
const char *explain_file_truncated(struct explanation_input *in);
const char *explain_misaligned(struct explanation_input *in);
const char *explain_memory_failure(struct explanation_input *in);

/* Code that could not be run, or could not do what it was to do: explain_code.c. */
const char *explain_bad_jump(struct explanation_input *in);
const char *explain_null_call(struct explanation_input *in);
const char *explain_division(struct explanation_input *in);
const char *explain_floating_point(struct explanation_input *in);
const char *explain_illegal(struct explanation_input *in);
const char *explain_privileged(struct explanation_input *in);
const char *explain_trap(struct explanation_input *in);
const char *explain_protection(struct explanation_input *in);

#endif
