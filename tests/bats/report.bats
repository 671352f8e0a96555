# SPDX-License-Identifier: MIT
# What becomes of a report: the command that is told of it, what is left out of it.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}"
        fresh_reports
        export CRASHPRE_STDERR=none
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

@test "on report: neither the program nor who reads its output waits for the command" {
        export CRASHPRE_STDERR=brief CRASHPRE_ON_REPORT="touch $T/begun; sleep 20; true"
        SECONDS=0
        output=$(preloaded crasher null-write 2>&1) || true
        [ $SECONDS -lt 10 ] || fail "$SECONDS s"
        wait_until 10 test -e "$T/begun"
}

@test "on report: a command that does not end is killed with its children, and that is told" {
        CRASHPRE_TIMEOUT=2 CRASHPRE_ON_REPORT="sh -c 'echo \$\$ >$T/pid; sleep 60'; true" run -139 preloaded crasher null-write
        wait_until 15 grep -qx "helper: CRASHPRE_ON_REPORT: ended after 2 seconds" "$(raw_report)"
        gone() { ! kill -0 "$(<"$T/pid")" 2>/dev/null; }
        wait_until 5 gone
}

@test "on report: a command that fails is told in the raw report" {
        CRASHPRE_ON_REPORT="exit 3; true" run -139 preloaded crasher null-write
        wait_until 10 grep -qx "helper: CRASHPRE_ON_REPORT: ended with status 3" "$(raw_report)"
        fresh_reports
        CRASHPRE_ON_REPORT='kill -9 $$; true' run -139 preloaded crasher null-write
        wait_until 10 grep -qx "helper: CRASHPRE_ON_REPORT: died of signal 9" "$(raw_report)"
        raw_is_complete "$(raw_report)"
}

@test "on report: where there is no JSON report, the raw one is named" {
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

@test "redact: home directories become ~ wherever they stand, on stderr too" {
        mkdir -p "$T/homes/ann/bin"
        cp "$(zoo)" "$T/homes/ann/bin/app"
        cd "$T/homes/ann"
        CRASHPRE_STDERR=full HOME=$T/homes/ann CRASHPRE_ENV=PWD CRASHPRE_REDACT=paths run -139 --separate-stderr preloaded "$T/homes/ann/bin/app" null-write
        good_reports 1
        ! grep -F "$T/homes/ann" "$(the_report)" || fail "not redacted"
        assert_json "$(the_report)" '.process | .exe == "~/bin/app" and .cmdline[0] == "~/bin/app" and .cwd == "~" and .environment.PWD == "~"'
        assert_json "$(the_report)" 'any(.modules[]; .path == "~/bin/app")'
        ! grep -F "$T/homes/ann" <<<"$stderr" || fail "$stderr"
        [[ $stderr == *null_write* ]] || fail "$stderr"
}

@test "redact: an unknown word is told, the others are heeded" {
        CRASHPRE_REDACT=hostname,everything run -139 preloaded crasher null-write
        assert_json "$(the_report)" '(.system | has("hostname") | not) and any(.diagnostics[]; .stage == "settings" and (.message | test("CRASHPRE_REDACT.*the rest is heeded")))'
}
