# SPDX-License-Identifier: MIT
# After a report: the command that is run for it, and redaction.
bats_require_minimum_version 1.5.0

teardown() {
        if [ -n "${open_directory-}" ]; then rm -rf "$open_directory"; fi
}

setup() {
        load helpers
        unset "${!CRASHPRE_@}"
        fresh_reports
        export CRASHPRE_STDERR=none
}

# ---- the validator ----

@test "a report that is not valid is refused, by the validator of a whole run and by one of its own" {
        preloaded crasher null-write || true
        report=$(the_report)
        for VALIDATOR in "${VALIDATOR-}" ''; do
                valid_reports "$report"
                cp "$report" "$T/elsewhere.json"
                echo '{' >"$T/half.json"
                for filter in 'del(.threads)' '.threads = []' '.threads[0].frames[0].pc = 1' '.process.exe = null' '.nobody = 1'; do
                        mkdir -p "$T/changed"
                        cp "$CRASHPRE_DIR"/* "$T/changed"
                        jq "$filter" "$report" >"$T/changed/${report##*/}"
                        run ! valid_reports "$T/changed/${report##*/}"
                done
                for bad in "$T"/{elsewhere,half,absent}.json; do run ! valid_reports "$report" "$bad"; done
        done
        sed '/^\[maps\]/d' "$(raw_report)" >"$T/short.txt"
        run ! raw_is_complete "$T/short.txt"
        raw_is_complete "$(raw_report)"
}

@test "the ancestors of the process, its parent first, and its tracer" {
        run -139 preloaded crasher null-write
        report=$(the_report)
        assert_json "$report" '.process.ancestors[0].pid == .process.ppid and .process.ancestors[0].name == "timeout"'
        assert_json "$report" "(.process.ancestors | any(.pid == $$)) and .process.tracer_pid == null"
        need strace
        fresh_reports
        run -139 timeout 30 strace -f -o /dev/null env LD_PRELOAD="$preload" "$(zoo)" null-write
        report=$(the_report)
        assert_json "$report" '.process.tracer_pid == .process.ppid and .process.ancestors[0].name == "strace"'
}

# ---- CRASHPRE_ON_REPORT ----

@test "on report: the command gets the path last, finds the report complete, and has nothing open" {
        mkdir "$T/a b"
        printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"$T/args.new"\nhead -c 1 | wc -c >"$T/stdin"\njq . "$3" >"$T/copy"\nmv "$T/args.new" "$T/args"\n' >"$T/a b/told"
        sed -i "2iT='$T'" "$T/a b/told" # the helper passes on little of the environment
        chmod +x "$T/a b/told"
        CRASHPRE_STDERR=brief CRASHPRE_ON_REPORT="ls -l /proc/self/fd >'$T/fds'; '$T/a b/told' one 'two words'" run -139 preloaded crasher null-write
        wait_until 10 test -e "$T/args"
        [ "$(<"$T/args")" = $'one\ntwo words\n'"$(the_report)" ] || fail "$(<"$T/args")"
        cmp "$T/copy" <(jq . "$(the_report)")
        others=$(sed -n 's/.* \([0-9]* -> .*\)/\1/p' "$T/fds" | grep -vxE "[02] -> /dev/null|1 -> $T/fds|3 -> /proc/[0-9]*/fd") || true
        [ -z "$others" ] || fail "$others"
        [ "$(<"$T/stdin")" = 0 ] || fail "$(<"$T/stdin")"
        complete_reports 1
}

@test "on report: neither the program nor a reader of its output waits for the command" {
        export CRASHPRE_STDERR=brief CRASHPRE_ON_REPORT="touch $T/begun; sleep 20; true"
        SECONDS=0
        output=$(preloaded crasher null-write 2>&1) || true
        [ $SECONDS -lt 10 ] || fail "$SECONDS s"
        wait_until 10 test -e "$T/begun"
}

@test "on report: a command that does not end is killed with its children, with a line in the raw report" {
        CRASHPRE_TIMEOUT=2 CRASHPRE_ON_REPORT="sh -c 'echo \$\$ >$T/pid; sleep 60'; true" run -139 preloaded crasher null-write
        wait_until 15 grep -qx "helper: CRASHPRE_ON_REPORT: ended after 2 seconds" "$(raw_report)"
        gone() { ! kill -0 "$(<"$T/pid")" 2>/dev/null; }
        wait_until 5 gone
}

@test "on report: a command that fails: a line in the raw report" {
        CRASHPRE_ON_REPORT="exit 3; true" run -139 preloaded crasher null-write
        wait_until 10 grep -qx "helper: CRASHPRE_ON_REPORT: ended with status 3" "$(raw_report)"
        fresh_reports
        CRASHPRE_ON_REPORT='kill -9 $$; true' run -139 preloaded crasher null-write
        wait_until 10 grep -qx "helper: CRASHPRE_ON_REPORT: died of signal 9" "$(raw_report)"
        raw_is_complete "$(raw_report)"
}

@test "on report: without a JSON report, the command gets the raw one" {
        CRASHPRE_HELPER=$(a_helper nodir <<<'exec 6>&-; exec "$HELPER"') CRASHPRE_ON_REPORT="printf '%s\n' >$T/args" run -139 preloaded crasher null-write
        wait_until 10 test -s "$T/args"
        [ "$(<"$T/args")" = "$(raw_report)" ] || fail "$(<"$T/args")"
}

# ---- CRASHPRE_REDACT ----

@test "redact: command line, environment and host name are left out, each by its word" {
        run -139 preloaded crasher null-write
        assert_json "$(the_report)" '(.process | has("cmdline") and has("environment")) and (.system | has("hostname"))'
        for word in cmdline:process.cmdline env:process.environment hostname:system.hostname; do
                fresh_reports
                CRASHPRE_REDACT=${word%:*} run -139 preloaded crasher null-write
                good_reports 1
                assert_json "$(the_report)" "[.process.cmdline, .process.environment, .system.hostname] | map(select(. == null)) | length == 1"
                assert_json "$(the_report)" ".${word#*:} == null"
        done
}

@test "redact: home directories become ~ everywhere, on stderr too" {
        mkdir -p "$T/homes/ann/bin"
        cp "$(zoo)" "$T/homes/ann/bin/app"
        cd "$T/homes/ann"
        CRASHPRE_STDERR=full HOME=$T/homes/ann CRASHPRE_ENV=PWD CRASHPRE_REDACT=paths run -139 --separate-stderr preloaded "$T/homes/ann/bin/app" null-write
        good_reports 1
        lacks -F "$T/homes/ann" "$(the_report)" || fail "not redacted"
        assert_json "$(the_report)" '.process | .exe == "~/bin/app" and .cmdline[0] == "~/bin/app" and .cwd == "~" and .environment.PWD == "~"'
        assert_json "$(the_report)" 'any(.modules[]; .path == "~/bin/app")'
        lacks -F "$T/homes/ann" <<<"$stderr" || fail "$stderr"
        [[ $stderr == *null_write* ]] || fail "$stderr"
}

@test "redact: the raw report leaves out what the JSON report does" {
        mkdir -p "$T/homes/ann/bin"
        cp "$(zoo)" "$T/homes/ann/bin/app"
        cd "$T/homes/ann"
        export HOME=$T/homes/ann
        run -139 preloaded "$HOME/bin/app" null-write secret
        raw=$(raw_report)
        [[ $(raw_section "$raw" process) == *"arg: secret"*"hostname: "* ]] || fail "$(raw_section "$raw" process)"
        raw_section "$raw" registers | grep -q '^xstate: ' || fail "no xstate"
        fresh_reports
        CRASHPRE_REDACT=cmdline,memory,paths,hostname run -139 preloaded "$HOME/bin/app" null-write secret
        good_reports 1
        raw=$(raw_report)
        lacks -E "homes|secret|^hostname:|^arg:|^xstate:" "$raw" || fail "not redacted"
        [ "$(raw_value "$raw" process exe)" = \~/bin/app ]
        [ "$(raw_value "$raw" process cwd)" = \~ ]
        for section in frames modules maps; do
                raw_section "$raw" $section | grep -q ' ~/bin/app' || { show "$raw" && fail "$section"; } || return 1
        done
        assert_json "$(the_report)" '.process | has("cmdline") | not'
}

@test "redact: data omitted from the raw report is omitted by the helper, too, if it has no other source" {
        need setpriv
        # $T is closed to others
        open_directory=$(TMPDIR='' mktemp -d)
        mkdir -p "$open_directory"/homes/ann/bin
        cp "$(zoo)" "$open_directory/homes/ann/bin/app"
        chmod -R a+rX "$open_directory"
        export CRASHPRE_DIR=$open_directory/reports
        mkdir -m 777 "$CRASHPRE_DIR"
        as_ann=(env HOME="$open_directory/homes/ann" LD_PRELOAD="$preload")
        [ "$(id -u)" != 0 ] || as_ann=(setpriv --reuid 65534 --regid 65534 --clear-groups "${as_ann[@]}")
        cd /
        CRASHPRE_REDACT=cmdline,paths,hostname run -139 timeout 30 "${as_ann[@]}" "$open_directory/homes/ann/bin/app" nodump-null-write secret
        good_reports 1
        assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "attach") and (.system.hostname == null) and (.process.cmdline == null)'
        assert_json "$(the_report)" '.process.exe == "~/bin/app" and any(.modules[]; .path == "~/bin/app")'
        assert_stack "$(the_report)" null_write main # the helper knows what ~ stands for
        lacks -E "homes|secret" "$(the_report)" "$(raw_report)" || fail "not redacted"
}

@test "redact: the raw report is plain ASCII, whatever a home directory is called" {
        mkdir -p "$T/homes/jörg \\ x"
        cp "$(zoo)" "$T/homes/jörg \\ x/app"
        run -139 preloaded "$T/homes/jörg \\ x/app" null-write
        good_reports 1
        raw_section "$(raw_report)" maps | grep -qF '/j\xc3\xb6rg \x5c x/app' || fail "$(raw_section "$(raw_report)" maps)"
        fresh_reports
        HOME="$T/homes/jörg \\ x" CRASHPRE_REDACT=paths run -139 preloaded "$T/homes/jörg \\ x/app" null-write
        good_reports 1
        lacks homes "$(raw_report)" || fail "not redacted"
        raw_section "$(raw_report)" maps | grep -q ' ~/app$' || fail "$(raw_section "$(raw_report)" maps)"
}

@test "redact: an outcome and a setting that name a home directory" {
        CRASHPRE_STDERR=brief CRASHPRE_REDACT=paths CRASHPRE_HELPER=/home/ann/helper CRASHPRE_MODE=/home/ann run -139 --separate-stderr preloaded crasher null-write
        grep -qx 'helper: not started: execve: No such file or directory: ~/helper' "$(raw_report)" || fail "$(tail -n 3 "$(raw_report)")"
        grep -q '^note: CRASHPRE_MODE=~: ' "$(raw_report)" || fail "$(head -n 9 "$(raw_report)")"
        [[ $stderr == *"execve: No such file or directory: ~/helper"* && $stderr != */home/* ]] || fail "$stderr"
}

@test "redact: an unknown word is reported, the others are used" {
        CRASHPRE_REDACT=hostname,everything run -139 preloaded crasher null-write
        assert_json "$(the_report)" '(.system | has("hostname") | not) and any(.diagnostics[]; .stage == "settings" and (.message | test("CRASHPRE_REDACT.*the rest is used")))'
}

# ---- settings ----

@test "settings: an invalid one is reported once" {
        CRASHPRE_MODE=x CRASHPRE_CHAIN=y CRASHPRE_TIMEOUT=0 CRASHPRE_MAX_FRAMES=1 run -139 preloaded crasher null-write
        good_reports 1
        assert_json "$(the_report)" '[.diagnostics[] | select(.message | startswith("CRASHPRE_")) | .stage + " " + (.message | sub("=.*"; ""))] | sort == ["settings CRASHPRE_CHAIN", "settings CRASHPRE_MAX_FRAMES", "settings CRASHPRE_MODE", "settings CRASHPRE_TIMEOUT"]'
        [ "$(grep -c '^note: CRASHPRE_' "$(raw_report)")" = 4 ] || fail "$(head -n 12 "$(raw_report)")"
}
