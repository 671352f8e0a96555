/* SPDX-License-Identifier: MIT */
/* unwind/core/image/library_message.h: recovers the text that libstdc++ prints about a failed check before it aborts;
 * the library stores it nowhere.
 *
 * Allocates nothing, calls nothing of libc: async-signal-safe, shared by handler and helper.
 */
#ifndef CRASHPRE_UNWIND_CORE_LIBRARY_MESSAGE_H
#define CRASHPRE_UNWIND_CORE_LIBRARY_MESSAGE_H

#include "unwind/core/cfi/cfi.h"

/* With _GLIBCXX_ASSERTIONS: std::__glibcxx_assert_fail(file, line, function, condition) was called with the return
 * address `return_address`. Copies the line it prints, without the newline, to `buf`, truncated to size - 1 bytes.
 * Returns false if the arguments cannot be determined. */
bool library_message_assertion(const struct cfi_space *space, uint64_t return_address, char *buf, size_t size);

/* With _GLIBCXX_DEBUG: `at` may be the address of the __gnu_debug::_Error_formatter whose _M_error() was called.
 * Copies its file, line and text to `buf`, truncated to size - 1 bytes; "%1.name;" and similar forms stand for the
 * objects involved. Returns false if there is no such object at `at`. */
bool library_message_debug(const struct cfi_space *space, uint64_t at, char *buf, size_t size);

#endif
