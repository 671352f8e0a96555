/* SPDX-License-Identifier: MIT */
#include "report/fault/explain.h"

#include "report/fault/story.h"

static const char *jump_or_access(struct story *s)
{
        if (!story_is(s->report->fault.access, "execute"))
                return story_is(s->report->fault.class, "unmapped-address") ? explain_unmapped_address(s)
                                                                            : explain_non_canonical(s);
        return s->report->fault.address.known ? explain_bad_jump(s) : explain_non_canonical(s);
}

static const struct {
        const char *class;
        const char *(*explain)(struct story *s);
} classes[] = {
        { "null-dereference", explain_null_dereference },
        { "stack-overflow", explain_stack_overflow },
        { "unmapped-address", jump_or_access },
        { "non-canonical-address", jump_or_access },
        { "write-to-read-only", explain_write_to_read_only },
        { "inaccessible-address", explain_inaccessible_address },
        { "execute-non-executable", explain_bad_jump },
        { "null-call", explain_null_call },
        { "bus-file-truncated", explain_file_truncated },
        { "bus-misaligned", explain_misaligned },
        { "bus-memory-failure", explain_memory_failure },
        { "misaligned-access", explain_misaligned },
        { "integer-divide-by-zero", explain_division },
        { "integer-overflow", explain_division },
        { "floating-point-exception", explain_floating_point },
        { "illegal-instruction", explain_illegal },
        { "privileged-instruction", explain_privileged },
        { "trap", explain_trap },
        { "unknown", explain_protection },
};

const char *fault_explain(struct report *report, const struct crash_facts *facts, const struct target *t,
                          const struct examination *seen)
{
        struct story s = { .report = report, .pool = &report->pool, .facts = facts, .t = t, .seen = seen };
        const char *words = fault_explain_abort(report, facts);
        size_t i;

        if (words)
                return words;
        if (seen && seen->decoded && seen->culprit >= 0)
                s.m = &seen->insn.operands[seen->culprit];
        s.address = report->fault.address.v;
        if (report->fault.address.known)
                s.place = fault_place(report, t, s.address);
        for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
                if (story_is(report->fault.class, classes[i].class))
                        return classes[i].explain(&s);
        return NULL;
}
