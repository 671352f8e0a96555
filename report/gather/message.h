/* SPDX-License-Identifier: MIT */
/* report/gather/message.h: what the program said as it gave up, and the exception it died of, for the report. */
#ifndef CRASHPRE_REPORT_MESSAGE_H
#define CRASHPRE_REPORT_MESSAGE_H

#include "report/model/model.h"
#include "unwind/core/terms/wire.h"
#include "unwind/target/target.h"

/* Completes by the names of frames what the handler could not know: in a program that has the C++ run-time linked
 * into it, std::terminate and its like have names only in the full symbol table. To be called with names and before
 * fault_classify(); `t` may be read. Sets wire->terminate, wire->uncaught_exception, wire->exception_certain and report->cause.message. */
void message_by_names(struct report *report, struct wire_crash *wire, struct target *t);

/* Fills report->cause.exception; what() that could not be had is told in the diagnostics. */
void message_exception(struct report *report, const struct exception_chain *chain);

#endif
