/* SPDX-License-Identifier: MIT */
/* report/fault/explanation.h: the input of fault_explain(), and parts of its sentences; internal to the explain*.c
 * files.
 *
 * Strings are from the pool of the report.
 */
#ifndef CRASHPRE_REPORT_FAULT_EXPLANATION_H
#define CRASHPRE_REPORT_FAULT_EXPLANATION_H

#include "report/fault/examine.h"
#include "report/fault/place.h"

struct explanation_input { /* all pointers are borrowed */
        struct report *report;
        struct pool *pool; /* of the report */
        const struct crash_facts *facts;
        const struct target *t;         /* NULL: none */
        const struct examination *seen; /* NULL: none */
        const struct memory_operand *m; /* the operand with the bad address; NULL unknown */
        uint64_t address;               /* the bad one, if report->fault.address is known */
        struct fault_place place;       /* of it */
};

/* Whether `word`, which may be NULL, equals `expected`. */
bool explanation_word_is(const char *word, const char *expected);

/* Joins two sentences. Either may be NULL; returns NULL if both are. */
const char *explanation_join(struct explanation_input *in, const char *sentence, const char *more);

/* Returns a copy with a capital first letter, for the beginning of a sentence. */
const char *explanation_capitalize(struct explanation_input *in, const char *text);

/* "wrote 4 bytes", "executed code" */
const char *explanation_access_text(struct explanation_input *in);

/* "through the pointer in rdx", "at rax + rcx*8 (rax = 0x0, rcx = 0x7)" */
const char *explanation_operand_text(struct explanation_input *in);

/* Whether `m`, which may be NULL, is a register with at most a displacement. */
bool explanation_is_plain_pointer(const struct memory_operand *m);

/* The value of the pointer that was used, without the offset of the accessed member; the address if the pointer is
 * unknown. */
uint64_t explanation_pointer(const struct explanation_input *in);

/* "This happened in strlen, called by main at app.c:12: check the arguments." If the fault is in a system library,
 * names the caller in the program's code. NULL: the fault is in the program's code, or the caller is unknown. */
const char *explanation_caller(struct explanation_input *in);

/* The explanations, selected by report->fault.class; one or two sentences. NULL: nothing to add to the class. */

/* Memory that is not mapped or not accessible: explain_memory.c. */
const char *explain_null_dereference(struct explanation_input *in);
const char *explain_stack_overflow(struct explanation_input *in);
const char *explain_unmapped_address(struct explanation_input *in);
const char *explain_inaccessible_address(struct explanation_input *in);
const char *explain_write_to_read_only(struct explanation_input *in);
const char *explain_non_canonical(struct explanation_input *in);
const char *explain_bus(struct explanation_input *in);
const char *explain_misaligned(struct explanation_input *in);
const char *explain_memory_failure(struct explanation_input *in);

/* Code that cannot be executed, and instructions that fail: explain_code.c. */
const char *explain_bad_jump(struct explanation_input *in);
const char *explain_null_call(struct explanation_input *in);
const char *explain_division(struct explanation_input *in);
const char *explain_floating_point(struct explanation_input *in);
const char *explain_illegal(struct explanation_input *in);
const char *explain_privileged(struct explanation_input *in);
const char *explain_trap(struct explanation_input *in);
const char *explain_protection(struct explanation_input *in);

#endif
