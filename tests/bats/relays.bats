# SPDX-License-Identifier: MIT
# Programs that die on purpose of the signal that their child died of: one crash, two dead processes, and one report that is told.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD ASAN_OPTIONS
        mkdir "$T/work"
        cd "$T/work" || return
}

# crashpre must not be found by the programs under test through a function: they start it by its path.
crashpre() {
        timeout -k 5 "${LIMIT:-30}" "$build/bin/crashpre" "$@"
}

# relayed COMMAND...: its reports are in ./r; the status is that of a SIGSEGV.
relayed() {
        rm -rf r
        CRASHPRE_STDERR=brief run -139 --separate-stderr crashpre run -d r -- "$@"
}

# one_told [PROGRAM]: one report is told everywhere, of the program that crashed.
one_told() {
        local program=${1:-zoo} path
        path=$(crashpre list --paths r)
        [ "$(wc -l <<<"$path")" = 1 ] && [[ $path == r/crash-"$program"-*.json ]] || fail "listed: $path" "$(ls r)" || return 1
        assert_json "$path" '.cause.relayed == null and .fault.class == "null-dereference"' || return 1
        [ "$(crashpre show r | head -n 1)" = "$(crashpre show "$path" | head -n 1)" ] || fail "show: $(crashpre show r | head -n 1)" || return 1
        valid_reports r/*.json
}

# On stderr: when it crashed, and at the end of crashpre run.
told_twice() {
        [ "$(grep -c '^crashpre: .* died of ' <<<"$stderr")" = 2 ] && [ "$(grep -c '^crashpre: zoo\[.*(null-dereference' <<<"$stderr")" = 2 ] || fail "$stderr"
}

@test "relay: the same end, its report is marked and names the report of the crash" {
        for how in kill raise; do
                faithful --reports 2 relay-null-write $how
                status_is "signal 11"
                relay=$(grep -lE '"relayed": true' "$CRASHPRE_DIR"/*.json)
                crash=$(grep -LE '"relayed"' "$CRASHPRE_DIR"/*.json)
                [ -f "$relay" ] && [ -f "$crash" ] || fail "$how: relayed: $relay" || return 1
                assert_json "$relay" ".process.pid == $(json "$crash" .process.ppid) and .signal.name == \"SIGSEGV\""
                assert_json "$relay" ".fault.explanation == \"The program passed on SIGSEGV, which its child zoo[$(json "$crash" .process.pid)] had died of: see $(json "$crash" .id).\""
                assert_json "$crash" '.fault.class == "null-dereference"'
        done
        faithful --reports 2 relay-abort
        [ "$(grep -lE '"relayed": true' "$CRASHPRE_DIR"/*.json | wc -l)" = 1 ]
        faithful --reports 3 relay-relay-null-write
        [ "$(grep -lE '"relayed": true' "$CRASHPRE_DIR"/*.json | wc -l)" = 2 ]
}

@test "relay: not told on stderr nor to CRASHPRE_ON_REPORT, by list, show and run; list --all and --json have it" {
        CRASHPRE_ON_REPORT="echo >>'$T/told'; true" relayed "$(zoo)" relay-null-write
        told_twice
        wait_until 10 test -s "$T/told"
        [ "$(wc -l <"$T/told")" = 1 ] || fail "the hook was called twice"
        one_told
        run -0 crashpre list --all r
        [[ ${#lines[@]} = 3 && ${lines[1]} == *"relayed: SIGSEGV sent by itself"* && ${lines[2]} == *"null-dereference"* ]] || fail "$output"
        [ "$(crashpre list --all --paths r | wc -l)" = 2 ]
        [ "$(crashpre list --json r | jq -c 'map(.relayed)')" = "[true,null]" ]
}

@test "relay: without the report of the crash, it is the one that show finds; list names --all" {
        relayed "$(zoo)" relay-null-write
        rm "$(crashpre list --paths r)"
        rm r/"$(crashpre list --all --json r | jq -r '.[] | select(.relayed | not).files.raw')"
        run -0 crashpre show r
        [[ $output == *"The program passed on SIGSEGV"* ]] || fail "$output"
        run -1 --separate-stderr crashpre list r
        [[ -z $output && $stderr == "crashpre list: r: only reports of programs that passed on the signal of their child; --all lists them" ]] || fail "$output $stderr"
}

@test "relay: one whose helper failed is recognized by its raw report" {
        relayed "$(zoo)" relay-null-write
        rm "$(crashpre list --all --paths r | head -n 1)"
        one_told
        run -0 crashpre show r/"$(crashpre list --json r | jq -r '.[0].files.raw')"
        [[ $output == *"The program passed on SIGSEGV"* ]] || fail "$output"
        cd r
        run -0 crashpre show "$(crashpre list --json | jq -r '.[0].files.raw')"
        [[ $output == *"The program passed on SIGSEGV"* ]] || fail "$output"
}

@test "relay: timeout, also twice and in between processes" {
        relayed timeout 10 "$(zoo)" null-write
        told_twice
        one_told
        relayed timeout 10 timeout 10 "$(zoo)" null-write
        told_twice
        one_told
        relayed timeout 10 sh -c "$(zoo) null-write; kill -s SEGV \$\$"
        one_told
}

@test "relay: crashpre run under crashpre run is not reported, and what runs it is a relay" {
        relayed "$build/bin/crashpre" run -d r -- "$(zoo)" null-write
        CRASHPRE_DIR=r good_reports 1
        relayed timeout 10 "$build/bin/crashpre" run -d r -- "$(zoo)" null-write
        CRASHPRE_DIR=r good_reports 2
        one_told
}

@test "relay: strace, the parent of the program or, with -D, its tracer" {
        need strace
        relayed strace -f -o /dev/null "$(zoo)" null-write
        told_twice
        one_told
        assert_json "$(crashpre list --paths r)" '.process.tracer_pid == .process.ppid'
        relayed strace -D -o /dev/null "$(zoo)" null-write
        one_told
}

@test "relay: unshare, whose child has a pid namespace of its own, with and without its /proc" {
        need unshare
        unshare -p -f true || skip "no pid namespace of one's own here"
        relayed unshare -p -f "$(zoo)" null-write
        one_told
        relayed unshare -p -f --mount-proc "$(zoo)" null-write
        one_told
}

@test "relay: perf record" {
        need perf
        perf record -o /dev/null true || skip "perf record does not work here"
        relayed perf record -o /dev/null "$(zoo)" null-write
        one_told
}

@test "no relay: after the crash of a child its own abort, fault, other signal and handled fault are told" {
        for how in abort bus fault handler; do
                word=null-write
                [ $how != abort ] || word=abort
                faithful --reports 2 relay-$word $how
                lacks relayed "$CRASHPRE_DIR"/*.json || fail "$how" || return 1
        done
}

@test "no relay: a signal sent to itself without a child, and one of a child that left no report" {
        faithful raise SEGV
        lacks relayed "$CRASHPRE_DIR"/*.json
        relayed timeout 10 env -u LD_PRELOAD "$(zoo)" null-write
        report=$(crashpre list --paths r)
        assert_json "$report" '.process.exe == "/usr/bin/timeout" and .cause.relayed == null and .fault.class == "sent-by-process"'
}
