/* SPDX-License-Identifier: MIT */
/* tests/unit/preload_arrival.c: the meaning of a watched signal, as a table of facts. */
#include "tests/unit/tap.h"

#include "preload/crash/arrival.c"

#define FACTS(...)          \
        {                   \
                __VA_ARGS__ \
        }

static const struct {
        const char *what;
        struct arrival_facts facts;
        enum arrival expected;
} cases[] = {
        { "a fault, default action", FACTS(.action = ARRIVAL_DEFAULT), ARRIVAL_FATAL },
        { "a fault, ignored: the kernel kills", FACTS(.action = ARRIVAL_IGNORE), ARRIVAL_FATAL },
        { "a fault, a handler", FACTS(.action = ARRIVAL_HANDLER), ARRIVAL_DELIVER },
        { "sent, default action", FACTS(.sent_by_process = true, .was_sent = true), ARRIVAL_FATAL },
        { "sent, ignored", FACTS(.sent_by_process = true, .was_sent = true, .action = ARRIVAL_IGNORE),
          ARRIVAL_IGNORED },
        { "sent, a handler", FACTS(.sent_by_process = true, .was_sent = true, .action = ARRIVAL_HANDLER),
          ARRIVAL_DELIVER },
        { "a notice of the kernel, ignored", FACTS(.was_sent = true, .action = ARRIVAL_IGNORE), ARRIVAL_FATAL },
        { "sent, blocked",
          FACTS(.sent_by_process = true, .was_sent = true, .is_blocked = true, .action = ARRIVAL_HANDLER),
          ARRIVAL_REQUEUE },
        { "a notice of the kernel, blocked", FACTS(.was_sent = true, .is_blocked = true), ARRIVAL_REQUEUE },
        { "sent to process 1, default action", FACTS(.sent_by_process = true, .was_sent = true, .is_void = true),
          ARRIVAL_IGNORED },
        { "sent to process 1, blocked",
          FACTS(.sent_by_process = true, .was_sent = true, .is_void = true, .is_blocked = true), ARRIVAL_REQUEUE },
        { "watched for the masks only, default action",
          FACTS(.sent_by_process = true, .was_sent = true, .is_silent = true), ARRIVAL_SILENT_DEATH },
        { "watched for the masks only, a handler",
          FACTS(.sent_by_process = true, .was_sent = true, .is_silent = true, .action = ARRIVAL_HANDLER),
          ARRIVAL_DELIVER },
        { "watched for the masks only, blocked",
          FACTS(.sent_by_process = true, .was_sent = true, .is_silent = true, .is_blocked = true), ARRIVAL_REQUEUE },
        { "a fault, blocked, a handler: the kernel kills", FACTS(.is_blocked = true, .action = ARRIVAL_HANDLER),
          ARRIVAL_FATAL },
        { "a fault, blocked, ignored", FACTS(.is_blocked = true, .action = ARRIVAL_IGNORE), ARRIVAL_FATAL },
        { "a handler's alternate stack is full", FACTS(.stack_is_full = true, .action = ARRIVAL_HANDLER),
          ARRIVAL_FATAL },
        { "the report's own fault", FACTS(.in_crash_path = true, .claim_is_mine = true), ARRIVAL_GUARDED_FAULT },
        { "a fault of the application's function in a report", FACTS(.claim_is_mine = true, .action = ARRIVAL_HANDLER),
          ARRIVAL_GUARDED_FAULT },
        { "a refused call in a report", FACTS(.claim_is_mine = true, .call_refused = true), ARRIVAL_FAIL_CALL },
        { "sent during a report", FACTS(.claim_is_mine = true, .sent_by_process = true, .was_sent = true),
          ARRIVAL_RETURN },
        { "abort() during a report",
          FACTS(.claim_is_mine = true, .sent_by_process = true, .was_sent = true, .own_abort = true),
          ARRIVAL_GUARDED_FAULT },
        { "the crash path, no report", FACTS(.in_crash_path = true, .action = ARRIVAL_HANDLER), ARRIVAL_DIE_NOW },
        { "own data unreadable", FACTS(.in_crash_path = true, .data_unreadable = true), ARRIVAL_DIE_NOW },
        { "own data unreadable, whatever else seems true",
          FACTS(.in_crash_path = true, .data_unreadable = true, .claim_is_mine = true, .on_intermediate_stack = true,
                .in_trial = true),
          ARRIVAL_DIE_NOW },
        { "a fault of the intermediate",
          FACTS(.in_crash_path = true, .on_intermediate_stack = true, .claim_is_mine = true),
          ARRIVAL_END_INTERMEDIATE },
        { "a signal sent to the intermediate",
          FACTS(.on_intermediate_stack = true, .sent_by_process = true, .was_sent = true), ARRIVAL_END_INTERMEDIATE },
        { "a refused call of the intermediate", FACTS(.on_intermediate_stack = true, .call_refused = true),
          ARRIVAL_FAIL_CALL },
        { "a fault in a trial", FACTS(.in_trial = true, .action = ARRIVAL_HANDLER), ARRIVAL_ABANDON_TRIAL },
        { "a call refused in a trial of the library's own", FACTS(.own_call_refused = true, .action = ARRIVAL_HANDLER),
          ARRIVAL_FAIL_CALL },
        { "a fault in a trial, blocked", FACTS(.in_trial = true, .is_blocked = true), ARRIVAL_ABANDON_TRIAL },
        { "a call of the application refused, a handler", FACTS(.call_refused = true, .action = ARRIVAL_HANDLER),
          ARRIVAL_DELIVER },
};

/* The application's action never matters where the signal is the library's own business. */
static void own_business(void)
{
        static const struct arrival_facts own[] = {
                { .data_unreadable = true }, { .on_intermediate_stack = true }, { .in_trial = true },
                { .claim_is_mine = true },   { .in_crash_path = true },
        };

        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
                struct arrival_facts f = own[i];
                enum arrival by_default = arrival_decide(&f), ignored, handled;

                f.action = ARRIVAL_IGNORE;
                ignored = arrival_decide(&f);
                f.action = ARRIVAL_HANDLER;
                f.is_blocked = f.stack_is_full = true;
                handled = arrival_decide(&f);
                tap_ok(arrival_is_own(&f) && by_default == ignored && ignored == handled,
                       "own business %zu: the action does not matter", i);
        }
}

int main(void)
{
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                tap_is(arrival_decide(&cases[i].facts), cases[i].expected, "%s", cases[i].what);
        own_business();
        return tap_done();
}
