/* SPDX-License-Identifier: MIT */
/* preload/crash/report.h: the steps of one report: the raw text, the helper, the application's callback.
 *
 * Signal context: async-signal-safe, no thread-local storage. The functions that write a report require the claim
 * (claim.h) and all signals blocked but the hardware signals (mask_for_crash_path()). After a fault in one step the
 * next step is executed.
 */
#ifndef CRASHPRE_PRELOAD_CRASHREPORT_H
#define CRASHPRE_PRELOAD_CRASHREPORT_H

#include "preload/base/arch.h"
#include "unwind/core/terms/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Reports signal `sig`, unless the application's filter rejects it. `handler`: how a handler of the application, called for it, is
 * about to end the process. `fault_ns`: time of the signal (CLOCK_MONOTONIC), 0 if there is no clock. Returns true if the function of crashpre_set_after_report() requests to treat the signal as
 * handled. */
bool crashreport_of_signal(enum wire_kind kind, int sig, const siginfo_t *info, ucontext_t *uc,
                           enum wire_handler handler, uint64_t fault_ns);

/* Reports the calling thread, with registers `regs`, for crashpre_report(). `reason` must be readable, or NULL;
 * `sigmask` is the application's mask. Returns 0, or -errno if no raw report was written. */
int crashreport_on_request(const char *reason, const struct arch_registers *regs, uint64_t sigmask, uint64_t fault_ns);

/* The signal of the report in progress or else of the last one, 0 if none. */
int crashreport_signal(void);

/* Disables reports (crashpre_set_enabled(0)) or enables them again. */
void crashreport_set_enabled(bool on);
bool crashreport_enabled(void);

/* crashpre_set_filter(), crashpre_set_after_report(): functions of the application that are called at crash time; NULL:
 * none. */
void crashreport_set_filter(int (*filter)(int sig));
void crashreport_set_after_report(int (*done)(const char *raw_path));
bool crashreport_has_after_report(void);

#endif
