/* SPDX-License-Identifier: MIT */
/* unwind/core/image/exception_values.h: what was thrown bare: strings and numbers, as text. Private to unwind/core.
 *
 * Signal context as in exception.h.
 */
#ifndef CRASHPRE_UNWIND_CORE_EXCEPTION_VALUES_H
#define CRASHPRE_UNWIND_CORE_EXCEPTION_VALUES_H

#include "unwind/core/cfi/cfi.h"

/* A string of at most size - 1 bytes. false, and "" in `buf`, where not even its first byte is readable. */
bool exception_read_string(const struct cfi_space *space, uint64_t at, char *buf, size_t size);

/* The value of the object at `at`, whose type is the mangled name `type`. false: nothing that has a text. */
bool exception_read_value(const struct cfi_space *space, const char *type, uint64_t at, char *buf, size_t size);

#endif
