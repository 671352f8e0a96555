# SPDX-License-Identifier: MIT
# The parent sees what it would have seen without the library: races to the exit, pending
# signals, SIGCHLD, open descriptors, helpers that misbehave.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
}

teardown() {
        if [ -s "$T/helper.pid" ]; then kill -KILL "$(<"$T/helper.pid")" 2>/dev/null || true; fi
}

# A helper that starts only after every race is lost: $T/race contains the pid, and each thread of that process waits,
# in the library or for the helper.
slow_helper() {
        a_helper slow <<'END'
lost() { [ -s "$T/race" ] && read -r pid _ <"$T/race" && [ -d /proc/"$pid" ] && ! grep -qs '^State:.[RD]' /proc/"$pid"/task/*/status; }
for ((i = 0; i < 500; i++)); do if lost; then break; fi; sleep 0.01; done
[ $i -lt 500 ] || echo "no thread came to wait" >>"$T/not-lost"
exec "$HELPER" "$@"
END
}

all_lost() {
        [ ! -e "$T/not-lost" ] || fail "the helper did not wait until all threads slept"
}

# A helper that hangs; it prints its pid.
hanging_helper() {
        a_helper hang <<<'echo $$ >"$T/helper.new"; mv "$T/helper.new" "$T/helper.pid"; exec sleep 1000'
}

is_gone() {
        [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# ---- races to the exit ----

@test "main returns 0 after a worker faulted: SIGSEGV all the same" {
        export ZOO_RACE_DIR=$CRASHPRE_DIR
        faithful race-return-null-write
        status_is "signal 11"
}

@test "main calls exit after a worker faulted: SIGSEGV all the same" {
        export ZOO_RACE_DIR=$CRASHPRE_DIR
        faithful race-exit-null-write
        status_is "signal 11"
}

@test "main calls _exit after a worker faulted: SIGSEGV all the same" {
        export ZOO_RACE_DIR=$CRASHPRE_DIR
        faithful race-quick-null-write
        status_is "signal 11"
}

@test "main calls exit after a worker faulted, whose vfork child had crashed before: SIGSEGV all the same, a report of each" {
        for i in 1 2 3 4 5; do
                faithful --reports 2 race-exit-aftervfork-null-write
                status_is "signal 11"
                [ "$(cat "$CRASHPRE_DIR"/*.json | jq -r '.threads[0].frames[0].function' | sort | tr '\n' ' ')" = "null_write wild_write " ]
        done
}

@test "main becomes another program after a worker faulted: SIGSEGV all the same" {
        export ZOO_RACE_DIR=$CRASHPRE_DIR
        CRASHPRE_HELPER=$(slow_helper)
        export CRASHPRE_HELPER ZOO_RACE_FILE=$T/race
        faithful race-exec-null-write
        all_lost
        status_is "signal 11"
}

@test "main returns 0 after a worker aborted: SIGABRT all the same" {
        export ZOO_RACE_DIR=$CRASHPRE_DIR
        faithful race-return-abort
        status_is "signal 6"
}

@test "main returns 0 after a worker faulted, and the helper is slow to start: SIGSEGV all the same" {
        export ZOO_RACE_DIR=$CRASHPRE_DIR
        CRASHPRE_HELPER=$(slow_helper)
        export CRASHPRE_HELPER ZOO_RACE_FILE=$T/race
        faithful race-return-null-write
        all_lost
        status_is "signal 11"
}

# ---- pending signals ----

# signalled_meanwhile SIGNAL WORD...: the signal arrives while the process waits for its helper. Without the library it
# would have come too late.
signalled_meanwhile() {
        CRASHPRE_HELPER=$(a_helper signal <<<"read -r pid _ <\"\$T/pid\"; kill -$1 \"\$pid\"; exec \"\$HELPER\" \"\$@\"")
        export CRASHPRE_HELPER ZOO_PID_FILE=$T/pid
        faithful "${@:2}"
}

@test "an alarm goes off during the report: SIGSEGV all the same" {
        signalled_meanwhile ALRM pidfile-null-write
        status_is "signal 11"
}

@test "SIGPIPE arrives during the report: SIGSEGV all the same" {
        signalled_meanwhile PIPE pidfile-null-write
        status_is "signal 11"
}

@test "an alarm goes off during the report of an abort: SIGABRT all the same" {
        signalled_meanwhile ALRM pidfile-abort
        status_is "signal 6"
}

@test "an alarm goes off during the report of a sent signal: that signal all the same" {
        signalled_meanwhile ALRM pidfile-thread-raise BUS
        status_is "signal 7"
}

@test "a program with an alarm still running: SIGSEGV all the same" {
        need /usr/bin/python3
        faithful_command 1 /usr/bin/python3 -c 'import ctypes, signal
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.setitimer(signal.ITIMER_REAL, 60)
ctypes.string_at(0)'
        status_is "signal 11"
}

# ended_by SIGNAL: the program waits for a hanging helper; the signal must end that wait at once.
ended_by() {
        CRASHPRE_HELPER=$(hanging_helper)
        export CRASHPRE_HELPER ZOO_PID_FILE=$T/pid LIMIT=20 CRASHPRE_TIMEOUT=600
        preloaded crasher pidfile-null-write >"$T/out" 2>&1 &
        local job=$! status=0 pid
        wait_until 10 test -s "$T/helper.pid"
        read -r pid _ <"$T/pid"
        kill -"$1" "$pid"
        wait $job || status=$?
        [ $status = 139 ] || fail "ended with $status"
        raw_is_complete "$(raw_report)"
}

@test "Ctrl-C during the wait: ended at once, by SIGSEGV" { ended_by INT; }
@test "SIGTERM during the wait: ended at once, by SIGSEGV" { ended_by TERM; }
@test "SIGHUP during the wait: ended at once, by SIGSEGV" { ended_by HUP; }
@test "SIGQUIT during the wait: ended at once, by SIGSEGV" { ended_by QUIT; }

# ---- children ----

@test "a SIGCHLD handler is not called for the helper, in a crash" {
        faithful sigchld-null-write
        faithful sigchld-thread-abort
}

@test "a SIGCHLD handler is not called for the helper, in a report on request" {
        CRASHPRE_HELPER=$(slow_helper)
        export CRASHPRE_HELPER ZOO_PID_FILE=$T/race
        faithful pidfile-sigchld-request
        all_lost
        status_is "exit 0"
}

@test "SIGCHLD ignored: crash and request are reported" {
        faithful sigchldign-null-write
        faithful sigchldign-request
}

@test "a thread in waitpid(-1) never sees the helper, in a crash" {
        CRASHPRE_HELPER=$(slow_helper)
        export CRASHPRE_HELPER ZOO_PID_FILE=$T/race
        faithful pidfile-waiter-null-write
        all_lost
}

@test "a thread in waitpid(-1) never sees the helper, in reports on request" {
        CRASHPRE_HELPER=$(slow_helper)
        export CRASHPRE_HELPER ZOO_PID_FILE=$T/race
        faithful --reports 3 pidfile-waiter-request 3
        all_lost
        grep -qx "waitpid: the program's own child" "$T/preloaded.out"
}

@test "a report on request: the program continues, a later crash is reported too" {
        faithful --reports 2 request-null-write
        status_is "signal 11"
        run bash -c 'jq -r .cause.kind "$CRASHPRE_DIR"/*.json | sort | tr "\n" " "'
        [ "$output" = "request signal " ]
}

@test "a report on request: every thread, and the reason" {
        ZOO_THREADS=5 run -0 preloaded crasher many-request 1 "so slow"
        report=$(the_report)
        assert_json "$report" '.cause.kind == "request" and (.cause.summary | contains("so slow")) and (has("signal") | not)'
        assert_json "$report" '(.threads | length) == 6 and all(.threads[]; .unwind_end == "end-of-stack")'
        assert_stack "$report" request zoo_go main
}

@test "nothing is left running after a crash" {
        ZOO_PID_FILE=$T/pid run -139 preloaded crasher pidfile-many-thread-null-write
        read -r pid _ <"$T/pid"
        wait_until 10 is_gone "$pid"
        run bash -c 'for p in /proc/[0-9]*; do [ "$(readlink $p/exe)" != "$1" ] || echo $p; done' _ "$helper"
        for process in $output; do # another test's helper may be running; it ends
                wait_until 20 is_gone "${process#/proc/}"
        done
}

# ---- descriptors ----

# The helper's open descriptors, printed by a script in its place.
@test "no descriptor of the program is open in the helper" {
        CRASHPRE_HELPER=$(a_helper list <<<'readlink /proc/$$/fd/* >"$T/fds"; exec "$HELPER" "$@"')
        export CRASHPRE_HELPER
        exec 7>"$T/held" 8</etc/passwd
        run -139 preloaded crasher null-write
        exec 7>&- 8<&-
        good_reports 1
        grep -qx /dev/null "$T/fds"
        run grep -e "$T/held" -e /etc/passwd "$T/fds"
        [ -z "$output" ] || fail "$output"
}

@test "\$(./app) with a helper that outlives it: the reader does not wait for the helper" {
        CRASHPRE_HELPER=$(hanging_helper)
        export CRASHPRE_HELPER CRASHPRE_TIMEOUT=1 CRASHPRE_STDERR=none
        run -139 bash -c 'timeout 20 env LD_PRELOAD="$1" "$2" null-write 2>/dev/null | { cat; echo over; }; exit ${PIPESTATUS[0]}' _ "$preload" "$(zoo)"
        [ "${lines[-1]}" = over ]
}

@test "\$(./app): the text the program printed, nothing else" {
        text=$(preloaded crasher nothing)
        [ "$text" = "$(crasher nothing)" ]
        text=$(preloaded crasher null-write 2>/dev/null) || true
        [ "$text" = begin ]
}

# ---- helpers that misbehave: only the raw report, the same death ----

without_json() {
        [ "$(reports .json)" = 0 ] || { ls -la "$CRASHPRE_DIR" >&2; fail "a JSON report was not expected"; }
        raw_is_complete "$(raw_report)"
        [ "$(ls -A "$CRASHPRE_DIR" | wc -l)" = 1 ] || { ls -la "$CRASHPRE_DIR" >&2; fail "something is left"; }
}

@test "no helper at the given path: raw report, same death" {
        CRASHPRE_HELPER=/nonexistent/helper faithful --reports any null-write
        status_is "signal 11"
        without_json
}

@test "the helper is not a program: raw report, same death" {
        CRASHPRE_HELPER=/etc/passwd faithful --reports any thread-abort
        status_is "signal 6"
        without_json
}

@test "the helper exits at once: raw report, same death" {
        CRASHPRE_HELPER=/bin/false faithful --reports any null-write
        without_json
}

@test "the helper is killed: raw report, same death" {
        CRASHPRE_HELPER=$(a_helper killed <<<'kill -KILL $$')
        export CRASHPRE_HELPER
        faithful --reports any many-thread-null-write
        without_json
}

# one_from_the_raw_report: both reports; the JSON one has the crashing thread with names, and says why there are no others.
one_from_the_raw_report() {
        good_reports 1
        assert_json "$(the_report)" '(.threads | length) == 1 and (.threads[0].frames | length) > 2 and .threads[0].frames[-1].function != null'
        assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "handler" and (.message | startswith("the helper failed to examine the process")))'
}

@test "the helper is killed while it holds all threads, as if memory were short: no other is started, same death" {
        need strace
        CRASHPRE_HELPER=$(a_helper killed <<<'exec strace -o "$T/strace.$$" -e trace=process_vm_readv -e inject=process_vm_readv:signal=KILL "$HELPER" "$@"')
        export CRASHPRE_HELPER
        LEVELS=O2 faithful --reports any many-thread-null-write
        grep -q 'killed by SIGKILL' "$T"/strace.* || { show "$T"/strace.*; fail "the helper was not killed"; }
        status_is "signal 11"
        raw_alone
        [ "$(cat "$T"/strace.* | grep -c 'killed by SIGKILL')" = 1 ] || fail "another helper was started"
        [[ $(outcome) == *"was killed before its report was complete, as happens if memory is short" ]] || fail "$(outcome)"
}

@test "the helper crashes itself: another makes the report from the raw one, same death, no report about the helper" {
        need strace
        CRASHPRE_HELPER=$(a_helper crashed <<<'exec strace -o "$T/strace" -e trace=process_vm_readv -e inject=process_vm_readv:signal=SEGV "$HELPER" "$@"')
        export CRASHPRE_HELPER
        LEVELS=O2 faithful --reports any thread-abort
        status_is "signal 6"
        one_from_the_raw_report
        grep -q '^helper: died of signal 11 during ' "$(raw_report)" || { show "$(raw_report)"; fail "not so told"; }
}

@test "the helper is killed when it is about to link the JSON report: neither the report nor a part of it exists" {
        need strace
        CRASHPRE_HELPER=$(a_helper killed <<<'exec strace -o "$T/strace" -e trace=link,linkat,rename,renameat,renameat2 -e inject=link,linkat,rename,renameat,renameat2:signal=KILL:error=EIO "$HELPER" "$@"')
        export CRASHPRE_HELPER
        LEVELS=O2 faithful --reports any many-thread-null-write
        grep -q 'killed by SIGKILL' "$T/strace" || { show "$T/strace"; fail "the helper was not killed"; }
        [ "$(reports .json)" = 0 ]
        raw_is_complete "$(raw_report)"
}

@test "the helper hangs: same death once CRASHPRE_TIMEOUT is over" {
        CRASHPRE_HELPER=$(hanging_helper)
        export CRASHPRE_HELPER CRASHPRE_TIMEOUT=1 LIMIT=15
        LEVELS=O2 faithful --reports any many-null-write
        status_is "signal 11"
        without_json
        wait_until 10 is_gone "$(<"$T/helper.pid")" || fail "the hanging helper lives on"
}

@test "attach refused by another tracer: at least one thread, and the diagnostics give the reason" {
        need strace
        run -139 timeout 30 strace -f -o /dev/null -e trace=none env LD_PRELOAD="$preload" "$(zoo)" many-null-write
        good_reports 1
        report=$(the_report)
        assert_json "$report" 'any(.diagnostics[]; .stage == "attach" and .message != "")'
        assert_stack "$report" null_write zoo_go main
}

# ---- a supervisor that adopts orphans ----

@test "a supervisor that adopts orphans gets no child that it never made, from one thread or many" {
        case $(</proc/sys/kernel/core_pattern) in '|'* | @*) skip "cores go to a program here, and show the threads" ;; esac
        for word in null-write abort many-null-write many-thread-null-write; do
                faithful_command 1 "$tools/reaper" sh -c 'ulimit -c 0 && exec "$@"' sh "$(zoo)" "$word"
                [ "$(grep -c ended "$T/preloaded.out")" = 1 ] || fail "$word: $(<"$T/preloaded.out")"
        done
        # all threads are in the report
        assert_json "$(the_report)" '.threads | length > 2'
}

@test "no core can be written: other threads neither end the process nor go on, whatever they do" {
        export ZOO_RACE_DIR=$CRASHPRE_DIR
        for word in race-return-null-write race-exit-null-write race-quick-null-write many-null-write; do
                faithful_command 1 sh -c 'ulimit -c 0 && exec "$@"' sh "$(zoo)" $word || fail $word
                status_is "signal 11"
        done
}

# ---- where default actions do not kill ----

@test "as first process of a pid namespace: the same death or survival as without us" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        unshare --pid --fork --mount-proc true 2>/dev/null || skip "no pid namespaces here"
        status_flags=-1
        for word in null-write ill trap sigsys thread-null-write own-abort-null-write own-raise-null-write; do faithful $word; done
        faithful abort # raise() has no effect, and abort() goes on to hlt
        status_is "signal 11"
        raw_is_complete "$(raw_report)"
        for sent in SEGV TRAP ABRT BUS; do # dropped by the kernel
                faithful --reports 0 raise $sent
                status_is "exit 0"
        done
}

@test "abort() before any constructor has run, in an IFUNC resolver: the death is that of abort()" {
        for level in O0 O2; do
                same_end 0 "$tools/zoo-$level/early_abort" || fail "at -$level" || return 1
        done
        [[ $(<"$T/preloaded.status") == *134* || $(<"$T/preloaded.status") == *"signal 6"* ]] || fail "$(<"$T/preloaded.status")"
}
