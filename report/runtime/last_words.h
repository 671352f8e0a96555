/* SPDX-License-Identifier: MIT */
/* report/runtime/last_words.h: what a run-time or library said before it ended the program, as far as a function of it that is still active,
 * or a record of its own, has it. Never from memory that is not in use any more. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_LAST_WORDS_H
#define CRASHPRE_REPORT_LAST_WORDS_H

#include "report/model/model.h"
#include "unwind/target/target.h"

/* Returns the message, from the report's pool; NULL: none of the known functions is active in the crashing thread, or its message was not
 * found. `in_handler`: a handler of the signal ended the program; what it interrupted counts. Needs names. */
const char *last_words(struct report *report, struct target *t, bool in_handler);

/* The run-time of an exception that is not of C++, and passes through C++ code: its class in the unwinder's header, of a frame of the unwinder
 * that is active ("MOZ RUST" is Rust's). NULL: none; from the pool. */
const char *last_words_foreign(struct report *report, struct target *t);

#endif
