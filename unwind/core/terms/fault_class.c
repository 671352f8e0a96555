/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/fault_class.h"

#include "unwind/core/terms/str.h"

#include <stddef.h>
#include <stdint.h>

#define SET(c) (UINT64_C(1) << FAULT_##c)

/* An abort by an instruction: GLib, abort() of Rust's core. */
#define ABORTS (SET(ABORT) | BY_INSTRUCTION)
#define BY_INSTRUCTION (SET(TRAP) | SET(ILLEGAL_INSTRUCTION))

/* The coarser class of an abort is abort, whatever its reason. That of a bad access is what the kernel reports of the
 * address: not mapped (SEGV_MAPERR), or mapped without the necessary permission (SEGV_ACCERR). */
static const struct {
        const char *name;
        uint64_t coarser; /* classes that say less, FAULT_UNKNOWN aside */
} classes[FAULT_CLASSES] = {
        [FAULT_UNKNOWN] = { "unknown", 0 },
        [FAULT_NULL_DEREFERENCE] = { "null-dereference", SET(UNMAPPED_ADDRESS) },
        [FAULT_STACK_OVERFLOW] = { "stack-overflow", SET(UNMAPPED_ADDRESS) | SET(INACCESSIBLE_ADDRESS) },
        [FAULT_UNMAPPED_ADDRESS] = { "unmapped-address", 0 },
        [FAULT_INACCESSIBLE_ADDRESS] = { "inaccessible-address", 0 },
        [FAULT_NON_CANONICAL_ADDRESS] = { "non-canonical-address", 0 },
        [FAULT_WRITE_TO_READ_ONLY] = { "write-to-read-only", SET(INACCESSIBLE_ADDRESS) },
        [FAULT_EXECUTE_NON_EXECUTABLE] = { "execute-non-executable", SET(INACCESSIBLE_ADDRESS) },
        [FAULT_NULL_CALL] = { "null-call", SET(UNMAPPED_ADDRESS) },
        [FAULT_BUS_FILE_TRUNCATED] = { "bus-file-truncated", 0 },
        [FAULT_BUS_NO_MEMORY] = { "bus-no-memory", 0 },
        [FAULT_BUS_MISALIGNED] = { "bus-misaligned", 0 },
        [FAULT_BUS_MEMORY_FAILURE] = { "bus-memory-failure", 0 },
        [FAULT_MISALIGNED_ACCESS] = { "misaligned-access", 0 },
        [FAULT_INTEGER_DIVIDE_BY_ZERO] = { "integer-divide-by-zero", 0 },
        [FAULT_INTEGER_OVERFLOW] = { "integer-overflow", 0 },
        [FAULT_FLOATING_POINT_EXCEPTION] = { "floating-point-exception", 0 },
        [FAULT_ILLEGAL_INSTRUCTION] = { "illegal-instruction", 0 },
        [FAULT_PRIVILEGED_INSTRUCTION] = { "privileged-instruction", 0 },
        [FAULT_TRAP] = { "trap", 0 },
        [FAULT_ABORT] = { "abort", BY_INSTRUCTION },
        [FAULT_ASSERTION] = { "assertion", ABORTS },
        [FAULT_PANIC] = { "panic", ABORTS },
        [FAULT_HEAP_CORRUPTION] = { "heap-corruption", ABORTS },
        [FAULT_STACK_SMASHING] = { "stack-smashing", ABORTS },
        [FAULT_FORTIFY] = { "fortify", ABORTS },
        [FAULT_UNCAUGHT_EXCEPTION] = { "uncaught-exception", ABORTS | SET(TERMINATE) },
        [FAULT_TERMINATE] = { "terminate", ABORTS },
        [FAULT_PURE_VIRTUAL_CALL] = { "pure-virtual-call", ABORTS | SET(TERMINATE) },
        [FAULT_BAD_SYSTEM_CALL] = { "bad-system-call", 0 },
        [FAULT_SENT_BY_PROCESS] = { "sent-by-process", 0 },
};

_Static_assert(FAULT_CLASSES <= 64, "a set of classes is one word");

const char *fault_class_name(enum fault_class c)
{
        return classes[c < FAULT_CLASSES ? c : FAULT_UNKNOWN].name;
}

bool fault_class_is(const char *name, enum fault_class c)
{
        return name && str_is(name, fault_class_name(c));
}

enum fault_class fault_class_from_name(const char *name)
{
        for (unsigned c = 0; c < FAULT_CLASSES; c++)
                if (fault_class_is(name, (enum fault_class)c))
                        return (enum fault_class)c;
        return FAULT_UNKNOWN;
}

bool fault_class_is_coarser(enum fault_class a, enum fault_class b)
{
        if (a >= FAULT_CLASSES || b >= FAULT_CLASSES)
                return false;
        return a == FAULT_UNKNOWN ? b != FAULT_UNKNOWN : classes[b].coarser >> a & 1;
}
