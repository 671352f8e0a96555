# SPDX-License-Identifier: MIT
# Blocked and ignored signals: a fault is reported, and the program reads back the masks it
# set.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
}

hardware="null-write bus div-zero ill trap sigsys"

# ---- faults whose signal is blocked or ignored: without the library the kernel kills at once, no handler runs ----

@test "all signals blocked, a fault of each kind: same death, one report" {
        for word in $hardware; do
                LEVELS=O2 faithful blocked-$word
                LEVELS=O2 faithful blocked-thread-$word
        done
}

@test "all signals blocked by the thread alone, by its attributes, by the parent program: same death, one report" {
        faithful thread-blocked-null-write
        assert_stack "$(the_report)" null_write zoo_go
        faithful attrmask-null-write
        LEVELS=O2 faithful blocked-exec-null-write
        LEVELS=O2 faithful blocked-fork-null-write
}

@test "a fault in a handler that blocks everything: same death, one report with the stack through the handler" {
        faithful fullhandler-null-write
        assert_stack "$(the_report)" null_write zoo_go main
        LEVELS=O2 faithful fullhandler-div-zero
        LEVELS=O2 faithful fullhandler-thread-ill
}

@test "the fault of a thread that blocks everything does not reach the program's handler, as without us" {
        for own in exit3 recover onstack info; do
                LEVELS=O2 faithful own-$own-blocked-null-write
                status_is "signal 11"
        done
}

@test "ignored signals, a fault of each kind: same death, one report" {
        for word in $hardware; do
                LEVELS=O2 faithful ignored-$word
        done
        LEVELS=O2 faithful blocked-ignored-thread-null-write
        faithful ignored-own-exit3-null-write
        status_is "exit 3"
}

@test "SIGABRT ignored: abort() kills all the same and is reported, a sent one does nothing" {
        faithful ignored-abort
        assert_stack "$(the_report)" abort
        LEVELS=O2 faithful ignored-double-free
        LEVELS=O2 faithful ignored-blocked-thread-abort
        faithful_command 0 sh -c "trap '' ABRT; exec '$(zoo)' raise ABRT"
        status_is "exit 0"
}

@test "ignored since before the program began: a fault is reported, a sent signal does nothing" {
        faithful_command 1 sh -c "trap '' SEGV; exec '$(zoo)' null-write"
        status_is "signal 11"
        faithful_command 0 sh -c "trap '' SEGV; exec '$(zoo)' raise SEGV"
        status_is "exit 0"
}

@test "a handler left by longjmp without its mask: the second fault kills, and is reported" {
        faithful longjmp-null-write
        status_is "signal 11"
        assert_stack "$(the_report)" null_write zoo_go longjmp_prefix main
}

# ---- signals sent while they are blocked ----

@test "blocked signals that are sent stay pending for sigwait, sigtimedwait, signalfd, pselect, and a handler's end" {
        faithful --reports 0 masks-hold
        grep -q 'signalfd: SEGV' "$T/preloaded.out"
        grep -q 'sigtimedwait: SEGV code 0 from me' "$T/preloaded.out"
}

@test "a pending signal that is unblocked kills: one report, by whom it was sent" {
        for how in 0 1 2; do
                LEVELS=O2 faithful pending SEGV $how
                assert_json "$(the_report)" '.signal | .name == "SIGSEGV" and .sender.pid > 1 and (has("address") | not)'
        done
        LEVELS=O2 faithful pending ABRT
        LEVELS=O2 faithful pending TRAP
}

# ---- masks as the program sees them ----

@test "masks read back as they were set, by every call" {
        faithful --reports 0 masks
        grep -q 'random masks: sum' "$T/preloaded.out"
}

@test "masks in threads, children, handlers, after siglongjmp and setcontext: as without us" {
        faithful --reports 0 masks-travel
}

@test "programs that are started inherit mask and ignored signals as without us" {
        faithful --reports 0 masks-exec
        grep -q 'SigBlk' "$T/preloaded.out"
        # everything blocked, and the ignored ones
        grep -q '^SigBlk:.*fffffffe7ffbfeff$' "$T/preloaded.out"
        grep -q '^SigIgn:.*[1-9a-f]' "$T/preloaded.out"
}
