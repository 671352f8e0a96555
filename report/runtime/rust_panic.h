/* SPDX-License-Identifier: MIT */
/* report/runtime/rust_panic.h: the message of a Rust panic, which the run-time prints piece by piece and keeps nowhere. Not
 * async-signal-safe. */
#ifndef CRASHPRE_REPORT_RUST_PANIC_H
#define CRASHPRE_REPORT_RUST_PANIC_H

#include "report/runtime/live_frame.h"

/* From a frame of core::panicking::panic_fmt(), or of a function that it calls with the same values: "panicked at main.rs:4:21: index out of
 * bounds: the len is 0 but the index is 6". Values of types that are not known here are written "{}". NULL: nothing found; from the pool. */
const char *rust_panic_message(const struct live_frame *f);

#endif
