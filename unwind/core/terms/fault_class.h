/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/fault_class.h: the classes of faults and their names, for the raw writer, the helper and the readers.
 *
 * Reports contain the name: a report of a later version may have a class that is not in this list. Async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_CORE_FAULT_CLASS_H
#define CRASHPRE_UNWIND_CORE_FAULT_CLASS_H

#include <stdbool.h>

enum fault_class {
        FAULT_UNKNOWN,
        FAULT_NULL_DEREFERENCE,
        FAULT_STACK_OVERFLOW,
        FAULT_UNMAPPED_ADDRESS,
        FAULT_INACCESSIBLE_ADDRESS,
        FAULT_NON_CANONICAL_ADDRESS,
        FAULT_WRITE_TO_READ_ONLY,
        FAULT_EXECUTE_NON_EXECUTABLE,
        FAULT_NULL_CALL,
        FAULT_BUS_FILE_TRUNCATED,
        FAULT_BUS_NO_MEMORY,
        FAULT_BUS_MISALIGNED,
        FAULT_BUS_MEMORY_FAILURE,
        FAULT_MISALIGNED_ACCESS,
        FAULT_INTEGER_DIVIDE_BY_ZERO,
        FAULT_INTEGER_OVERFLOW,
        FAULT_FLOATING_POINT_EXCEPTION,
        FAULT_ILLEGAL_INSTRUCTION,
        FAULT_PRIVILEGED_INSTRUCTION,
        FAULT_TRAP,
        FAULT_ABORT,
        FAULT_ASSERTION,
        FAULT_HEAP_CORRUPTION,
        FAULT_STACK_SMASHING,
        FAULT_FORTIFY,
        FAULT_PANIC,
        FAULT_UNCAUGHT_EXCEPTION,
        FAULT_TERMINATE,
        FAULT_PURE_VIRTUAL_CALL,
        FAULT_BAD_SYSTEM_CALL,
        FAULT_SENT_BY_PROCESS,
        FAULT_CLASSES
};

/* Returns the name, static: "null-dereference". */
const char *fault_class_name(enum fault_class c);

/* Returns the class with that name; FAULT_UNKNOWN for any other word and for NULL. */
enum fault_class fault_class_from_name(const char *name);

/* True if `name` (may be NULL) is the name of `c`. */
bool fault_class_is(const char *name, enum fault_class c);

/* True if every fault of class `b` is also one of class `a`, which is less exact. No class is coarser than itself;
 * FAULT_UNKNOWN is coarser than every other class. The class in a raw report equals that in the JSON report or is
 * coarser. */
bool fault_class_is_coarser(enum fault_class a, enum fault_class b);

#endif
