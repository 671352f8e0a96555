/* SPDX-License-Identifier: MIT */
/* unwind/core/image/library_message.h: what libstdc++ prints of a failed check before it aborts, and keeps nowhere.
 *
 * Allocates nothing, calls nothing of libc: async-signal-safe, shared by handler and helper.
 */
#ifndef CRASHPRE_UNWIND_CORE_LIBRARY_MESSAGE_H
#define CRASHPRE_UNWIND_CORE_LIBRARY_MESSAGE_H

#include "unwind/core/cfi/cfi.h"

/* With _GLIBCXX_ASSERTIONS: std::__glibcxx_assert_fail(file, line, function, condition) was called and would return to
 * `return_address`. The line that it prints, less the newline, in `buf`; false: it cannot be told. */
bool library_message_assertion(const struct cfi_space *space, uint64_t return_address, char *buf, size_t size);

/* With _GLIBCXX_DEBUG: the __gnu_debug::_Error_formatter whose _M_error() was called, if there is one at `at`: file, line
 * and text, in which %1.name; and the like stand for the objects
 * involved. */
bool library_message_debug(const struct cfi_space *space, uint64_t at, char *buf, size_t size);

#endif
