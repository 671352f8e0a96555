/* SPDX-License-Identifier: MIT */
/* report/runtime/go_panic.h: the value of a Go panic. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_GO_PANIC_H
#define CRASHPRE_REPORT_GO_PANIC_H

#include "report/runtime/live_frame.h"

/* From the frame of runtime.gopanic(): "panic: index out of range [5] with length 2". NULL: its value is of a type that is not known here. */
const char *go_panic_message(const struct live_frame *f);

#endif
