# SPDX-License-Identifier: MIT
# Programs with signal handlers of their own keep them, flags and all; by CRASHPRE_CHAIN we report after them or before.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
}

# ---- last (the default): the program's handler first, a report if the process dies of it ----

@test "own handler leaves by _exit: its status, one report of the fault" {
        faithful own-exit3-null-write
        status_is "exit 3"
        assert_json "$(the_report)" '.signal.name == "SIGSEGV"'
        assert_stack "$(the_report)" null_write zoo_go main
}

@test "own handler leaves by exit: its status, one report of the fault" {
        faithful own-exit4-null-write
        status_is "exit 4"
        assert_json "$(the_report)" '.signal.name == "SIGSEGV"'
}

@test "own handler leaves by quick_exit: its status" {
        faithful --reports any own-quick5-null-write
        status_is "exit 5"
}

@test "own handler resets and raises: same death, one report" {
        for word in null-write div-zero ill bus; do
                faithful own-raise-$word
        done
        assert_stack "$(the_report)" bus zoo_go main
}

@test "own handler resets and raises after an abort: same death, one report" {
        faithful own-raise-abort
        status_is "signal 6"
}

@test "own handler returns to the default action: same death, one report with the faulting frame" {
        faithful own-return-null-write
        assert_json "$(the_report)" '.threads[0].frames[0].function == "null_write"'
        faithful own-return-abort
        faithful --reports 0 own-return-trap # an int3 does not repeat: the program lives
        status_is "exit 0"
}

@test "own handler aborts: SIGABRT, one report" {
        faithful own-abort-null-write
        status_is "signal 6"
}

@test "own handler kills by SIGKILL: same death" {
        faithful --reports any own-kill-null-write
        status_is "signal 9"
}

@test "own handler jumps out and the program goes on: no report" {
        faithful --reports 0 own-recover-null-write
        status_is "exit 0"
        faithful --reports 0 recover-often 200
}

@test "own handler returns without mending anything, five times: called as often as without us" {
        faithful own-count-null-write
        [ "$(grep -c 'handler: return' "$T/preloaded.out")" = 5 ]
}

@test "SA_RESETHAND: the handler once, then the death, one report" {
        faithful own-once-null-write
        [ "$(grep -c 'handler: here' "$T/preloaded.out")" = 1 ]
}

@test "SA_NODEFER: the handler nests as without us" {
        faithful own-nested-null-write
        status_is "exit 6"
}

@test "own handler crashes itself: same death, one report of that fault, through the handler to the first" {
        faithful own-crash-null-write
        status_is "signal 11"
        assert_json "$(the_report)" '.threads[0].frames[0].line == '"$(line_of 'CRASH: own-crash')"
        assert_stack "$(the_report)" own_crash null_write zoo_go main
        LEVELS=O2 faithful own-crash-div-zero # a second signal: its handler runs, and crashes itself
        LEVELS=O2 faithful own-crash-raise BUS
        LEVELS=O2 faithful own-crash-thread-abort
}

@test "SA_ONSTACK with an alternate stack of its own: the handler runs there" {
        faithful own-onstack-null-write
        grep -qx "handler: on the program's alternate stack" "$T/preloaded.out"
        faithful own-onstack-overflow
}

@test "no SA_ONSTACK: the handler runs on the normal stack" {
        faithful own-offstack-null-write
        grep -qx "handler: on the normal stack" "$T/preloaded.out"
}

@test "SA_SIGINFO: signal, code, address and context as without us" {
        faithful own-info-null-write
        faithful own-info-wild-write
        faithful own-info-null-call
        faithful --reports 0 own-info-raise SEGV
        faithful own-info-abort
}

@test "the handler's mask: as without us" {
        faithful own-mask-null-write
        grep -q 'blocked: SEGV USR2' "$T/preloaded.out"
        faithful --reports 0 own-mask-trap
}

@test "own handlers on threads: as without us" {
        faithful own-raise-thread-null-write
        faithful --reports 0 own-recover-null-write
        faithful own-exit3-many-thread-null-write
}

@test "own handler and a trashed thread pointer: same death" {
        faithful --reports any own-return-trashed-tp
}

# ---- first: a report before the program's handler ----

@test "CRASHPRE_CHAIN=first: the report first, then the handler's _exit" {
        export CRASHPRE_CHAIN=first
        faithful own-exit3-null-write
        status_is "exit 3"
        assert_stack "$(the_report)" null_write zoo_go main
}

@test "CRASHPRE_CHAIN=first: a recovered fault is reported, and the program goes on" {
        export CRASHPRE_CHAIN=first
        faithful own-recover-null-write
        status_is "exit 0"
}

@test "CRASHPRE_CHAIN=first: at most ten such reports" {
        export CRASHPRE_CHAIN=first
        LEVELS=O2 faithful --reports 10 recover-often 50
}

@test "CRASHPRE_CHAIN=first: a fault after a recovered one is reported too" {
        export CRASHPRE_CHAIN=first
        LEVELS=O2 faithful --reports any own-hop-request-null-write
        [ "$(reports .json)" -ge 2 ]
}

@test "CRASHPRE_CHAIN=first: reset and raise, one report" {
        export CRASHPRE_CHAIN=first
        faithful own-raise-null-write
        faithful own-return-null-write
}
