/* SPDX-License-Identifier: MIT */
/* preload/crash/report.h: the steps of one report: the raw text, the helper, the application's last word.
 *
 * Signal context: async-signal-safe, no thread-local storage. Whatever makes a report needs the claim (claim.h) and all
 * signals blocked but the hardware's (mask_for_crash_path()). A fault in one step leads to the next.
 */
#ifndef CRASHPRE_PRELOAD_CRASHREPORT_H
#define CRASHPRE_PRELOAD_CRASHREPORT_H

#include "preload/base/x86_64.h"
#include "unwind/core/terms/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Of signal `sig`, unless the application's filter says no. `fault_ns`: when it came (CLOCK_MONOTONIC), 0 where there
 * is no clock. true: the function of crashpre_set_after_report() wants the signal treated as handled. */
bool crashreport_of_signal(enum wire_kind kind, int sig, const siginfo_t *info, ucontext_t *uc, uint64_t fault_ns);

/* Of the calling thread as `regs` has it, for crashpre_report(). `reason` must be readable, or NULL; `sigmask` is what
 * the application has blocked. 0, or -errno where there is no raw report. */
int crashreport_on_request(const char *reason, const struct arch_registers *regs, uint64_t sigmask, uint64_t fault_ns);

/* The signal of the last report or of the one under way, 0 none; and whether that may write to descriptor 2. */
int crashreport_signal(void);
bool crashreport_stderr_ok(void);

/* No report any more (crashpre_set_enabled(0)), or again. */
void crashreport_set_enabled(bool on);
bool crashreport_enabled(void);

/* crashpre_set_filter(), crashpre_set_after_report(): the application's, called at crash time; NULL: none. */
void crashreport_set_filter(int (*filter)(int sig));
void crashreport_set_after_report(int (*done)(const char *raw_path));
bool crashreport_has_after_report(void);

#endif
