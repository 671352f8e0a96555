/* SPDX-License-Identifier: MIT */
/* report/gather/message.h: the program's last message and the exception it died of, for the report. Not
 * async-signal-safe. */
#ifndef CRASHPRE_REPORT_MESSAGE_H
#define CRASHPRE_REPORT_MESSAGE_H

#include "report/model/model.h"
#include "unwind/core/terms/wire.h"
#include "unwind/target/target.h"

/* Determines from the names of frames what the handler could not know: in a program that contains the C++ run-time,
 * std::terminate and similar functions are named only in the full symbol table. Call it with names resolved and
 * before fault_classify(); reads memory of `t`. Sets wire->terminate, wire->uncaught_exception,
 * wire->exception_certain and report->cause.message. */
void message_by_names(struct report *report, struct wire_crash *wire, struct target *t);

/* Fills report->cause.exception; a what() that could not be called is reported in the diagnostics. */
void message_exception(struct report *report, const struct exception_chain *chain);

#endif
