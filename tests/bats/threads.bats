# SPDX-License-Identifier: MIT
# Threads of every make, many at once, in the middle of coming and going, or with locks in hand: one intact report, in time, and the same death.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=20 # limits the time of a hang
}

# ---- many crash at once ----

# at_once THREADS STATUS WORD: round after round one intact report and the right end. A hundred rounds where there is time.
at_once() {
        local rounds=${CHECK_ALL:+100} round
        rounds=${rounds:-15}
        export ZOO=O2 ZOO_THREADS=$1 CRASHPRE_STDERR=none CRASHPRE_SOURCE=0
        for ((round = 1; round <= rounds; round++)); do
                run "-$2" preloaded crasher "$3"
                [ "$(reports .txt)" = $round ] || { ls -la "$CRASHPRE_DIR" >&2; fail "round $round: not one more report" || return 1; }
        done
        good_reports "$rounds"
        run cat "$CRASHPRE_DIR"/*.txt
        [ "$(grep -c '^helper: json ' <<<"$output")" = "$rounds" ] || { grep '^helper' <<<"$output" >&2; fail "not each with its helper's line" || return 1; }
}

@test "two threads crash at once, time after time: one intact report, SIGSEGV" { at_once 2 139 two-null-write; }
@test "ten threads crash at once, time after time: one intact report, SIGILL" { at_once 10 132 two-ill; }
@test "fifty threads crash at once, time after time: one intact report, SIGABRT" { at_once 50 134 two-abort; }
@test "ten threads overflow their stacks at once, time after time: one intact report, SIGSEGV" { at_once 10 139 two-overflow; }

@test "a thousand threads crash at once: same death, one report" {
        for word in two-null-write two-abort; do
                export ZOO_THREADS=1000
                LEVELS=O2 faithful $word
                assert_json "$(the_report)" '(.threads | length) == 1001'
        done
}

@test "two threads crash in different ways at once: one report, of the signal that the process dies of" {
        for i in 1 2 3 4 5; do
                fresh_reports
                run preloaded crasher either-null-write
                good_reports 1
                [ "$status" = $((128 + $(json "$(the_report)" .signal.number))) ] || fail "status $status, $(json "$(the_report)" .signal.name)"
        done
}

@test "a crash while another thread asks for reports: they end, it is reported" {
        faithful --reports any requesting-null-write
        status_is "signal 11"
        good_reports "$(reports .txt)"
        [ "$(cat "$CRASHPRE_DIR"/*.json | jq -r .cause.kind | grep -c signal)" = 1 ] || fail "not one report of the crash"
}

# ---- many live ----

@test "a thousand threads alive: all of them in the report, in time" {
        export ZOO=O2 ZOO_THREADS=1000
        run -139 preloaded crasher many-null-write
        good_reports 1
        assert_json "$(the_report)" '(.threads | length) == 1001 and .threads[0].crashed'
        assert_json "$(the_report)" '[.threads[1:][] | select(.unwind_end == "end-of-stack")] | length == 1000'
}

@test "a thousand threads alive: all of them in a report on request, and the program goes on" {
        export ZOO=O2 ZOO_THREADS=1000
        run -0 preloaded crasher many-request
        good_reports 1
        assert_json "$(the_report)" '(.threads | length) == 1001 and all(.threads[]; .unwind_end == "end-of-stack")'
}

@test "threads start and end all the time: same death, one report, every thread in it with its stack" {
        for word in flux-null-write flux-thread-abort; do
                for i in 1 2 3; do
                        LEVELS=O2 faithful "$word"
                        assert_json "$(the_report)" 'all(.threads[]; (.frames | length) > 0) and ([.threads[] | select(.crashed)] | length) == 1'
                        assert_json "$(the_report)" '[.threads[] | select(any(.frames[]; .function == "start_and_end"))] | length == 4'
                done
        done
}

# ---- threads of every make ----

@test "a detached thread crashes: same death, one report" { faithful detached-null-write; faithful detached-abort; }

@test "a thread made by thrd_create crashes, also with no stack left: same death, one report" {
        faithful thrd-null-write
        assert_stack "$(the_report)" null_write zoo_go run_plan_c11
        faithful thrd-overflow
        assert_json "$(the_report)" '.fault.class == "stack-overflow"'
}

@test "a crash in a thread that libc made for a timer, also with no stack left: same death, one report" {
        faithful timer-null-write
        assert_stack "$(the_report)" null_write zoo_go timer_expired
        faithful timer-overflow
        assert_json "$(the_report)" '.fault.class == "stack-overflow"'
}

@test "a crash in the clean-up of a cancelled thread: same death, one report" {
        LEVELS=O0 faithful cancelled-null-write
        assert_stack "$(the_report)" null_write zoo_go cleanup_plan wait_to_be_cancelled
        faithful cancelled-abort
}

@test "a crash in the destructor of thread-specific data, on the smallest stack: same death, one report" {
        LEVELS=O0 faithful keydtor-null-write
        assert_stack "$(the_report)" null_write zoo_go cleanup_plan
}

@test "the destructor of thread-specific data overflows the smallest stack: same death, one report" {
        faithful keydtor-overflow
        assert_json "$(the_report)" '.fault.class == "stack-overflow"'
}

@test "a crash in the destructor of a thread_local, on the smallest stack: same death, one report" {
        LEVELS=O0 faithful tlsdtor-null-write
        assert_stack "$(the_report)" null_write zoo_go cleanup_plan
        faithful tlsdtor-overflow
        assert_json "$(the_report)" '.fault.class == "stack-overflow"'
}

@test "a thread created without libc, with the thread pointer of another: same death, one report" {
        faithful rawthread-abort
        faithful rawthread-div-zero
        assert_json "$(the_report)" '(.threads | length) == 2'
}

# It has no alternate stack: the kernel kills at once.
@test "a thread created without libc overflows its stack: same death, no report" {
        faithful --reports 0 rawthread-overflow
        status_is "signal 11"
}

# ---- the main thread has ended, others live on: most of /proc/PID is empty ----

@test "the main thread has ended before a worker crashes: same death, one report with all that others have" {
        LEVELS=O0 faithful leaderless-null-write an-argument
        report=$(the_report)
        assert_json "$report" ".process.exe == \"$(ZOO=O0 zoo)\" and .process.cmdline[1:] == [\"leaderless-null-write\", \"an-argument\"]"
        assert_json "$report" '.process | has("cwd") and has("environment") and has("start_time") and has("uid")'
        assert_json "$report" '.threads[0] | .unwind_end == "end-of-stack" and .frames[0].file != null'
        assert_stack "$report" null_write zoo_go outlive_main
        frames_agree "$(raw_report)" "$report"
        assert_json "$report" '(.modules | length) > 2 and all(.modules[]; .status != "missing")'
        assert_json "$report" '[.diagnostics[]? | select(.stage == "attach")] == []'
}

@test "the main thread has ended: abort, a sent signal and a crash beside others are reported, too" {
        faithful leaderless-abort
        faithful leaderless-raise SEGV
        LEVELS=O2 faithful leaderless-many-thread-null-write
        assert_json "$(the_report)" '[.threads[] | select(any(.frames[]; .function == "idle"))] | length == 16'
}

@test "the main thread has ended: a report on request, and the program goes on" {
        faithful leaderless-request
        status_is "exit 0"
        assert_json "$(the_report)" '.threads[0].unwind_end == "end-of-stack"'
}

# ---- descriptors are common to all threads ----

@test "a crash while another thread closes every descriptor there is: same death, one report" {
        for i in 1 2 3 4 5; do LEVELS=O2 faithful closer-null-write; done
        LEVELS=O2 faithful closer-thread-abort
}

# ---- locks in the hands of the thread that crashes (those that others hold: states.bats) ----

@test "a crash inside dl_iterate_phdr: same death, one report" {
        LEVELS=O0 faithful inphdr-null-write
        assert_stack "$(the_report)" null_write zoo_go run_in_callback inphdr_prefix main
        faithful thread-inphdr-abort
}

@test "a crash with stdout and stderr locked: same death, one report" {
        CRASHPRE_STDERR=none faithful instdio-null-write
        faithful thread-instdio-abort
}

@test "a crash in the constructor of a library that is being loaded, on a thread: same death, one report" {
        faithful thread-plugin-ctor
        assert_stack "$(the_report)" crash_if edge_begins call_init zoo_go
}
