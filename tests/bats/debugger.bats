# SPDX-License-Identifier: MIT
# CRASHPRE_WAIT_DEBUGGER: a crashed process waits for a debugger.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=brief
}

teardown() {
        if [ -n "${dying-}" ]; then kill -KILL "$dying" 2>/dev/null || true; fi
}

# A crash in the background that waits; $dying is its pid, from its message.
start_waiting() {
        : >"$T/err"
        LD_PRELOAD=$preload CRASHPRE_WAIT_DEBUGGER=60 "$(zoo)" "$@" >"$T/out" 2>"$T/err" 3>&- &
        wait_until 30 grep -q 'waiting 60 seconds for a debugger' "$T/err" || { show "$T/err" && return 1; }
        dying=$(sed -n 's/.*; type: gdb -p \([0-9]*\) -ex continue$/\1/p' "$T/err")
        [ "$dying" = $! ] || fail "pid '$dying', expected $!"
}

# gdb's output for the command line of the message.
debugged() {
        need gdb
        timeout 60 gdb -nx -batch -iex 'set debuginfod enabled off' -p "$dying" -ex continue "$@" -ex 'printf "thread %d\n", $_thread' \
                -ex bt -ex kill >"$T/gdb" 2>&1 </dev/null 3>&-
        ends_with 137
}

ends_with() {
        local status=0
        wait "$dying" 2>/dev/null || status=$?
        dying=
        [ $status = "$1" ] || { show "$T/gdb" && fail "ended with status $status, expected $1"; }
}

gdb_says() {
        grep -qE -e "$1" "$T/gdb" || { show "$T/gdb" && fail "gdb does not say: $1"; }
}

@test "a debugger that attaches while a crashed process waits sees the crash as if it had been attached before" {
        start_waiting null-write
        good_reports 1
        debugged
        gdb_says '^Program received signal SIGSEGV'
        gdb_says '^#0 .*null_write .*memory\.c:[0-9]+$'
        gdb_says "^#[0-9]+ .* main "
}

@test "a debugger that attaches after an abort sees the caller of abort" {
        start_waiting abort
        debugged
        gdb_says '^Program received signal SIGABRT'
        gdb_says '^#[0-9]+ .*abort_word '
}

@test "a debugger that attaches after a crash on a thread sees all threads, the crashed one is named" {
        start_waiting thread-null-write
        debugged -ex 'thread apply all bt 30'
        gdb_says '^Thread [0-9]+ "zoo-worker" received signal SIGSEGV'
        gdb_says '^#0 .*null_write '
        gdb_says '^#[0-9]+ .*thread_prefix '
}

@test "before it is continued, bt shows the crash below the library's handler" {
        need gdb
        start_waiting null-write
        timeout 60 gdb -nx -batch -iex 'set debuginfod enabled off' -p "$dying" -ex bt -ex kill >"$T/gdb" 2>&1 </dev/null 3>&-
        gdb_says '^#[0-9]+ +<signal handler called>'
        gdb_says '^#[0-9]+ .*null_write '
}

@test "no debugger: same death, after the time, not before" {
        export CRASHPRE_WAIT_DEBUGGER=1 CRASHPRE_STDERR=none
        for word in null-write abort thread-trap; do
                before=$EPOCHREALTIME
                faithful_command 1 "$(zoo)" $word
                [ $((${EPOCHREALTIME/./} - ${before/./})) -ge 1000000 ] || fail "$word: did not wait" || return 1
        done
}

@test "main returns 0 while a crashed worker waits for a debugger: death by the worker's signal" {
        export ZOO_RACE_DIR=$CRASHPRE_DIR CRASHPRE_WAIT_DEBUGGER=1 CRASHPRE_STDERR=none
        faithful race-return-null-write
        status_is "signal 11"
}

@test "a signal such as Ctrl-C ends the wait for a debugger at once" {
        start_waiting null-write
        kill -TERM "$dying"
        ends_with 139
}

@test "a process that is being traced already does not wait for a debugger" {
        need strace
        CRASHPRE_WAIT_DEBUGGER=60 LIMIT=30 run -139 timeout 30 strace -f -o /dev/null -E LD_PRELOAD="$preload" "$(zoo)" null-write
        [[ $output == *"died of SIGSEGV"* && $output != *waiting* ]] || fail "$output"
}

@test "no notice of the wait for a debugger on a descriptor 2 that is not a log" {
        CRASHPRE_WAIT_DEBUGGER=1 CRASHPRE_STDERR=none run -139 --separate-stderr preloaded crasher null-write
        [ -z "$stderr" ] || fail "$stderr"
}
