/* SPDX-License-Identifier: MIT */
/* unwind/core/image/exception_values.h: formats thrown strings and numbers as text. Private to unwind/core.
 *
 * Signal context as in exception.h.
 */
#ifndef CRASHPRE_UNWIND_CORE_EXCEPTION_VALUES_H
#define CRASHPRE_UNWIND_CORE_EXCEPTION_VALUES_H

#include "unwind/core/cfi/cfi.h"

/* Copies a string, truncated to size - 1 bytes, to `buf`. Returns false and "" if not even its first byte is
 * readable. */
bool exception_read_string(const struct cfi_space *space, uint64_t at, char *buf, size_t size);

/* Formats the object at `at`, whose mangled type name is `type`. Returns false if the type is neither a string nor a
 * number, or the object cannot be read. */
bool exception_read_value(const struct cfi_space *space, const char *type, uint64_t at, char *buf, size_t size);

#endif
