/* SPDX-License-Identifier: MIT */
#include "preload/crash/arrival.h"

/* While this thread makes a report. */
static enum arrival during_report(const struct arrival_facts *f)
{
        if (f->call_refused)
                return ARRIVAL_FAIL_CALL;
        if (f->sent_by_process && !f->own_abort)
                return ARRIVAL_RETURN; /* one report is enough; an abort() would go on until the process is dead */
        return ARRIVAL_GUARDED_FAULT;
}

/* By the application's mask and action. */
static enum arrival for_application(const struct arrival_facts *f)
{
        if (f->is_blocked)
                return f->was_sent ? ARRIVAL_REQUEUE : ARRIVAL_FATAL; /* kernel/signal.c: force_sig_info_to_task() */
        if (f->is_void)
                return ARRIVAL_IGNORED;
        if (f->is_silent && f->action == ARRIVAL_DEFAULT)
                return ARRIVAL_SILENT_DEATH;
        if (f->stack_is_full || f->action == ARRIVAL_DEFAULT)
                return ARRIVAL_FATAL;
        if (f->action == ARRIVAL_HANDLER)
                return ARRIVAL_DELIVER;
        return f->sent_by_process ? ARRIVAL_IGNORED : ARRIVAL_FATAL;
}

bool arrival_is_own(const struct arrival_facts *f)
{
        return f->data_unreadable || f->on_intermediate_stack || f->in_trial || f->own_call_refused ||
               f->claim_is_mine || f->in_crash_path;
}

enum arrival arrival_decide(const struct arrival_facts *f)
{
        if (f->data_unreadable)
                return ARRIVAL_DIE_NOW; /* the crash path would fault again, without end */
        if (f->on_intermediate_stack)
                return f->call_refused ? ARRIVAL_FAIL_CALL : ARRIVAL_END_INTERMEDIATE;
        if (f->own_call_refused)
                return ARRIVAL_FAIL_CALL;
        if (f->in_trial)
                return ARRIVAL_ABANDON_TRIAL;
        if (f->claim_is_mine)
                return during_report(f);
        if (f->in_crash_path)
                return ARRIVAL_DIE_NOW; /* no report is under way, so no guard expects it: the stack has no room for us */
        return for_application(f);
}
