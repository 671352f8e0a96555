/* SPDX-License-Identifier: MIT */
#include "report/fault/explain.h"

#include "report/fault/explanation.h"

static const char *jump_or_access(struct explanation_input *in)
{
        if (!explanation_word_is(in->report->fault.access, "execute"))
                return fault_class_is(in->report->fault.class, FAULT_UNMAPPED_ADDRESS) ? explain_unmapped_address(in)
                                                                                       : explain_non_canonical(in);
        return in->report->fault.address.known ? explain_bad_jump(in) : explain_non_canonical(in);
}

static const char *bus_or_protection(struct explanation_input *in)
{
        const char *bus = explain_bus(in);

        return bus ? bus : explain_protection(in);
}

static const struct {
        enum fault_class class;
        const char *(*explain)(struct explanation_input *in);
} classes[] = {
        { FAULT_NULL_DEREFERENCE, explain_null_dereference },
        { FAULT_STACK_OVERFLOW, explain_stack_overflow },
        { FAULT_UNMAPPED_ADDRESS, jump_or_access },
        { FAULT_NON_CANONICAL_ADDRESS, jump_or_access },
        { FAULT_WRITE_TO_READ_ONLY, explain_write_to_read_only },
        { FAULT_INACCESSIBLE_ADDRESS, explain_inaccessible_address },
        { FAULT_EXECUTE_NON_EXECUTABLE, explain_bad_jump },
        { FAULT_NULL_CALL, explain_null_call },
        { FAULT_BUS_FILE_TRUNCATED, explain_bus },
        { FAULT_BUS_NO_MEMORY, explain_bus },
        { FAULT_BUS_MISALIGNED, explain_misaligned },
        { FAULT_BUS_MEMORY_FAILURE, explain_memory_failure },
        { FAULT_MISALIGNED_ACCESS, explain_misaligned },
        { FAULT_INTEGER_DIVIDE_BY_ZERO, explain_division },
        { FAULT_INTEGER_OVERFLOW, explain_division },
        { FAULT_FLOATING_POINT_EXCEPTION, explain_floating_point },
        { FAULT_ILLEGAL_INSTRUCTION, explain_illegal },
        { FAULT_PRIVILEGED_INSTRUCTION, explain_privileged },
        { FAULT_TRAP, explain_trap },
        { FAULT_UNKNOWN, bus_or_protection },
};

const char *fault_explain(struct report *report, const struct crash_facts *facts, const struct target *t,
                          const struct examination *seen)
{
        struct explanation_input in = { .report = report, .pool = &report->pool, .facts = facts, .t = t, .seen = seen };
        const char *words = fault_explain_abort(report, facts);
        size_t i;

        if (words)
                return words;
        if (seen && seen->decoded && seen->bad_operand >= 0)
                in.m = &seen->insn.operands[seen->bad_operand];
        in.address = report->fault.address.v;
        if (report->fault.address.known)
                in.place = fault_place(report, t, in.address);
        for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
                if (fault_class_is(report->fault.class, classes[i].class))
                        return classes[i].explain(&in);
        return NULL;
}
