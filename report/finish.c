/* SPDX-License-Identifier: MIT */
#include "report/finish.h"

#include "report/fault/fault.h"
#include "report/gather/message.h"
#include "report/gather/stacks.h"
#include "report/gather/throw_site.h"
#include "report/words/describe.h"
#include "report/words/own.h"
#include "report/words/signature.h"

int finish_stacks(struct report *report, struct target *t, struct symbols *symbols, const struct wire_crash *crash,
                  const struct raw_report *raw)
{
        size_t thrown = crash->exception_certain ? crash->throw_count : 0;
        int err;

        throw_site_add(t, crash->throw_pc, thrown);
        err = stacks_fill(report, t, symbols, crash->kind != WIRE_KIND_REQUEST);
        throw_site_take(report, t, thrown);
        if (crash->kind == WIRE_KIND_REQUEST && report->thread_count)
                own_begin_at_caller(report, &report->threads[0]);
        if (report->thread_count) {
                report->threads[0].context = raw->context;
                report->threads[0].context_count = raw->context_count;
        }
        return err;
}

void finish_report(struct report *report, struct target *t, struct wire_crash *crash, const struct examination *seen)
{
        struct crash_facts facts;

        message_by_names(report, crash, t);
        fault_facts_from_wire(crash, &facts);
        if (crash->exception_certain)
                message_exception(report, &crash->exception);
        fault_classify(report, &facts, t, seen);
        signature_fill(report);
        describe_summary(report);
}
