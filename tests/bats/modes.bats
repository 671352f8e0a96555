# SPDX-License-Identifier: MIT
# Programs that change kernel behaviour: schedulers, clocks, userfaultfd memory, dispatched
# system calls. The helper inherits some of that, and the handler must work with the rest.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=20
}

# can WORD...: skips the test unless the kernel permits this, by the program's status.
can() {
        local status=0
        crasher "$@" >/dev/null 2>"$T/refused" </dev/null || status=$?
        [ $status != 2 ] || skip "$(<"$T/refused")"
}

# found FILTER: in the JSON report.
found() { assert_json "$(the_report)" "$1"; }

# ---- schedulers ----

@test "real-time, beside a thread of the same priority that never waits: same death in time, one report" {
        can fifo-nothing
        faithful fifo-null-write
        status_is "signal 11"
        found '.threads | length == 2'
}

@test "under SCHED_DEADLINE, which has no children: same death, one report" {
        can deadline-nothing
        faithful deadline-null-write
        faithful deadline-abort
}

@test "a report on request under SCHED_DEADLINE or SCHED_FIFO: policy and priority are as before" {
        for policy in deadline realtime; do
                can $policy-nothing
                fresh_reports
                crasher $policy-schedule >"$T/before"
                preloaded crasher $policy-request-schedule >"$T/after"
                good_reports 1
                grep -v '^request' "$T/after" | diff "$T/before" - >&2
        done
}

@test "real-time with a limit on its time: neither the helper nor a part of it is killed, one report" {
        can rttime-nothing
        faithful rttime-null-write
        found '[.threads[0].frames[].function] | index("null_write") and index("main")'
        found '.diagnostics == []'
}

# ---- clocks ----

@test "the time stamp counter forbidden: the helper's clock works, one report" {
        can notsc-nothing
        faithful notsc-null-write
        faithful notsc-thread-abort
}

@test "an instruction that is forbidden by a setting of the kernel: the report names both" {
        can notsc-nothing
        faithful notsc-rdtsc
        found '.fault.class == "privileged-instruction" and .fault.instruction == "rdtsc"'
        found '.fault.explanation | contains("PR_SET_TSC")'
}

@test "children in a time namespace, later or earlier: same death, one report with its times" {
        for seconds in 100000 -2; do
                export ZOO_SECONDS=$seconds
                can timens-nothing
                faithful timens-null-write
                found '.timings_us.total > 0 and .timings_us.total < 20000000 and .timings_us.raw < 20000000'
        done
}

# ---- memory ----

@test "a register leads to memory that nobody fills, by userfaultfd: same death in time, one report" {
        can unserved
        faithful unserved-pointer
        status_is "signal 11"
        found '.fault.class == "null-dereference"'
}

@test "the stack is memory that nobody fills, by userfaultfd: same death in time, one report" {
        can unserved
        faithful unserved-stack
        status_is "signal 11"
}

# ---- files ----

@test "no /dev/null: one report" {
        can_mount
        CRASHPRE_STDERR=none own_mounts bash -c 'mount -t tmpfs none /dev && exec "$@"' - "$tools/status" -C "$T" -o "$T/status" env LD_PRELOAD="$preload" "$(zoo)" null-write
        [[ $(<"$T/status") == "signal 11"* ]]
        good_reports 1
}

# ---- system calls ----

@test "a program that has its system calls handed to itself: works and dies as without, and is left alone" {
        can userdispatch-nothing
        faithful --reports 0 userdispatch-nothing
        faithful --reports 0 userdispatch-null-write
        ZOO_SELECTOR=1 faithful --reports 0 userdispatch-null-write
        ZOO_SELECTOR=1 faithful --reports 0 userdispatch-nothing # it dies of its next call
}
