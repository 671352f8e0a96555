# SPDX-License-Identifier: MIT
# Basic function: one crash, one raw report, one JSON report, and the death that the parent
# would have seen anyway.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
}

@test "null write: the parent sees SIGSEGV, a raw and a valid JSON report are left" {
        run -139 preloaded crasher null-write
        good_reports 1
}

@test "null write: the report names the function and the fault" {
        run -139 preloaded crasher null-write
        report=$(the_report)
        assert_json "$report" '.cause.kind == "signal" and .signal.name == "SIGSEGV" and .signal.code_name == "SEGV_MAPERR"'
        assert_json "$report" '.signal.address == "0x0"'
        assert_json "$report" '.fault | .class == "null-dereference" and .access == "write"'
        assert_json "$report" '.threads[0] | .crashed and .frames[0].function == "null_write" and .frames[0].trust == "context"'
        assert_stack "$report" null_write zoo_go main _start
        assert_json "$report" '.threads[0].unwind_end == "end-of-stack"'
}

@test "null write: the first frame is where the registers stand" {
        run -139 preloaded crasher null-write
        report=$(the_report)
        assert_json "$report" '.threads[0] | .registers.rip == .frames[0].pc and (.registers.rsp | startswith("0x"))'
        raw=$(raw_report)
        [ "$(raw_value "$raw" registers rip)" = "$(json "$report" '.threads[0].registers.rip')" ]
        [ "$(raw_value "$raw" registers rsp)" = "$(json "$report" '.threads[0].registers.rsp')" ]
}

@test "null write: the handler's own frames are those the helper finds" {
        for ZOO in O0 O2; do
                fresh_reports
                run -139 preloaded crasher qsort-handler-null-write
                frames_agree "$(raw_report)" "$(the_report)"
        done
}

@test "null write: offsets are good for addr2line" {
        run -139 preloaded crasher null-write
        report=$(the_report)
        offset=$(json "$report" '.threads[0].frames[0].lookup_offset')
        run -0 addr2line -e "$(zoo)" "$offset"
        [[ $output == */memory.c:$(line_of 'CRASH: null-write')* ]]
        offset=$(json "$report" '.threads[0].frames[] | select(.function == "main") | .lookup_offset')
        run -0 addr2line -f -e "$(zoo)" "$offset"
        [ "${lines[0]}" = main ]
}

@test "modules: program, libc and vdso with the build-ids that readelf shows" {
        run -139 preloaded crasher null-write
        report=$(the_report)
        id=$(readelf -n "$(zoo)" | sed -n 's/.*Build ID: //p')
        [ -n "$id" ]
        assert_json "$report" ".modules | any(.[]; .path == \"$(zoo)\" and .build_id == \"$id\")"
        assert_json "$report" '.modules | any(.[]; .path | endswith("/libc.so.6"))'
        assert_json "$report" '.modules | any(.[]; .path == "[vdso]" and (.build_id | length) >= 16)'
        run raw_section "$(raw_report)" modules
        [[ $output == *" $id $(zoo)"* ]]
}

@test "the process: pid, program, arguments and directory are reported" {
        cd "$T"
        ZOO_PID_FILE=$T/pid run -139 preloaded crasher pidfile-null-write "an argument"
        rm -f "$CRASHPRE_DIR"/*-0-*
        read -r pid tid <"$T/pid"
        report=$(the_report)
        assert_json "$report" ".process.pid == $pid and .threads[0].tid == $tid and .process.exe == \"$(zoo)\""
        assert_json "$report" '.process.cmdline[1:] == ["pidfile-null-write", "an argument"]'
        assert_json "$report" ".process.cwd == \"$(realpath "$T")\" and .process.uid == $(id -u)"
        raw=$(raw_report)
        [ "$(raw_value "$raw" process pid)" = "$pid" ]
        [ "$(raw_value "$raw" process exe)" = "$(zoo)" ]
}

@test "the name: program, pid and time; the same id in both files and in the tool's own words" {
        run -139 preloaded crasher null-write
        report=$(the_report)
        [[ $(basename "$report") =~ ^crash-zoo-[0-9]+-[0-9]{8}T[0-9]{6}\.[0-9]{6}Z\.json$ ]]
        [ "$(basename "$report" .json)" = "$(basename "$(raw_report)" .txt)" ]
        [ "$(basename "$report" .json)" = "$(sed -n 's/^id: //p' "$(raw_report)")" ]
        assert_json "$report" '.tool.name == "crashpre" and (.tool.version | test("^[0-9]")) and (.tool.commit | length) >= 7'
        assert_json "$report" '(.time_unix - now | fabs) < 300 and (.time | endswith("Z"))'
}

@test "the files: for the owner alone, unless CRASHPRE_MODE says otherwise" {
        run -139 preloaded crasher null-write
        [ "$(stat -c %a "$(the_report)")" = 600 ]
        [ "$(stat -c %a "$(raw_report)")" = 600 ]
        fresh_reports
        CRASHPRE_MODE=0644 run -139 preloaded crasher null-write
        [ "$(stat -c %a "$(the_report)")" = 644 ]
        [ "$(stat -c %a "$(raw_report)")" = 644 ]
}

@test "a report directory that does not exist is made at the crash, not before" {
        export CRASHPRE_DIR=$T/made/by/us
        mkdir "$T/made"
        run -0 preloaded crasher nothing
        nothing_in "$T/made"
        run -139 preloaded crasher null-write
        good_reports 1
        [ "$(stat -c %a "$CRASHPRE_DIR")" = 700 ]
}

@test "no directory named: reports go where the program was started, wherever it went since" {
        need perl
        unset CRASHPRE_DIR
        mkdir "$T/start" "$T/elsewhere"
        cd "$T/start"
        run -139 preloaded perl -e 'chdir "../elsewhere"; kill SEGV => $$; sleep 1'
        nothing_in "$T/elsewhere"
        CRASHPRE_DIR=$T/start good_reports 1
}

@test "the directory is not writable: reports go to TMPDIR" {
        [ "$(id -u)" != 0 ] || need setpriv
        unset CRASHPRE_DIR
        mkdir -m 755 "$T/closed"
        mkdir -m 777 "$T/tmp"
        chmod 755 "$T" "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_FILE_TMPDIR" "$(dirname "$T")"
        as=()
        [ "$(id -u)" != 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        if [ ${#as[@]} = 0 ]; then chmod 555 "$T/closed"; fi
        cd "$T/closed"
        "${as[@]}" test -x "$(zoo)" || skip "the build tree is closed to other users"
        TMPDIR=$T/tmp run -139 "${as[@]}" env LD_PRELOAD="$preload" "$(zoo)" null-write
        nothing_in "$T/closed"
        CRASHPRE_DIR=$T/tmp good_reports 1
}

@test "CRASHPRE_DIR=-: the raw report goes to stderr, no file is made" {
        mkdir "$T/here"
        cd "$T/here"
        CRASHPRE_DIR=- run -139 --separate-stderr preloaded crasher null-write
        printf '%s\n' "$stderr" | sed -n '/^crashpre raw report 1$/,/^end of report$/p' >"$T/raw"
        raw_is_complete "$T/raw"
        nothing_in "$T/here"
}

@test "stderr: headline, stack and path; brief: no stack; none: nothing" {
        run -139 --separate-stderr preloaded crasher null-write
        [[ $stderr == *SIGSEGV* && $stderr == *null_write* && $stderr == *"$(the_report)"* ]]
        fresh_reports
        CRASHPRE_STDERR=brief run -139 --separate-stderr preloaded crasher null-write
        [[ $stderr == *SIGSEGV* && $stderr == *"$(the_report)"* && $stderr != *zoo_go* ]]
        fresh_reports
        CRASHPRE_STDERR=none run -139 --separate-stderr preloaded crasher null-write
        [[ $stderr != *SIGSEGV* && $stderr != *crash-zoo* ]]
        the_report
}

@test "stderr is a plain file opened later: no report text goes there" {
        run -139 preloaded sh -c 'exec 2>"$2"; exec "$0" "$1"' "$(zoo)" null-write "$T/database"
        good_reports 1
        run -139 preloaded bash -c 'exec 2>"$2"; kill -SEGV $$' x x "$T/database2"
        [ ! -s "$T/database2" ]
}

@test "CRASHPRE_ENABLED=0: no report, the same death" {
        CRASHPRE_ENABLED=0 run -139 --separate-stderr preloaded crasher null-write
        nothing_in "$CRASHPRE_DIR"
        [[ $stderr != *crash* ]]
}

@test "CRASHPRE_SIGNALS: only the named ones are reported" {
        CRASHPRE_SIGNALS=SIGFPE,ILL run -139 preloaded crasher null-write
        nothing_in "$CRASHPRE_DIR"
        CRASHPRE_SIGNALS=SIGFPE,ILL run -136 preloaded crasher div-zero
        good_reports 1
        CRASHPRE_SIGNALS=SIGFPE,ILL run -132 preloaded crasher ill
        good_reports 2
}

@test "CRASHPRE_ONLY and CRASHPRE_SKIP pick programs by name" {
        CRASHPRE_ONLY='foo,bar*' run -139 preloaded crasher null-write
        CRASHPRE_SKIP='z?o' run -139 preloaded crasher null-write
        nothing_in "$CRASHPRE_DIR"
        CRASHPRE_ONLY='foo,z*' run -139 preloaded crasher null-write
        good_reports 1
}

@test "a bad setting: silent at load; with the crash one line on stderr, a note, a diagnostic, in the words of doctor and run" {
        line='CRASHPRE_TIMEOUT=+5: expected a number from 1 to 86400; the default is used'
        export CRASHPRE_TIMEOUT=+5
        run -0 --separate-stderr preloaded crasher nothing
        [ -z "$stderr" ]
        run -139 --separate-stderr preloaded crasher null-write
        [ "$(grep -cxF "setting: $line" <<<"$stderr")" = 1 ] || fail "$stderr"
        grep -qxF "note: $line" "$(raw_report)" || fail "$(head -n 9 "$(raw_report)")"
        [ "$(json "$(the_report)" '.diagnostics[] | select(.stage == "settings").message')" = "$line" ]
        run "$build/bin/crashpre" doctor
        [[ $output == *"warn  settings   $line"* ]] || fail "$output"
        run -0 --separate-stderr "$build/bin/crashpre" run -- true
        [[ $stderr == *"$line"* ]] || fail "$stderr"
}

@test "a bad setting: one line on stderr also where there is no helper, or a brief summary" {
        export CRASHPRE_MODE=rwx
        CRASHPRE_HELPER=/nonexistent run -139 --separate-stderr preloaded crasher null-write
        [ "$(grep -c '^setting: CRASHPRE_MODE=rwx: expected an octal mode from 0 to 777; the default is used$' <<<"$stderr")" = 1 ] || fail "$stderr"
        CRASHPRE_STDERR=brief run -139 --separate-stderr preloaded crasher null-write
        [ "$(grep -c '^setting: CRASHPRE_MODE=rwx: ' <<<"$stderr")" = 1 ] || fail "$stderr"
}

@test "settings: empty is as unset, a trailing comma is harmless, + adds signals, what has no effect says so" {
        CRASHPRE_ENABLED='' CRASHPRE_TIMEOUT='' CRASHPRE_SIGNALS=SEGV, run -139 --separate-stderr preloaded crasher null-write
        [[ $stderr != *setting:* ]] || fail "$stderr"
        fresh_reports
        CRASHPRE_SIGNALS=+TERM run -143 preloaded sh -c 'kill -TERM $$'
        assert_json "$(the_report)" '.signal.name == "SIGTERM"'
        fresh_reports
        CRASHPRE_CORE=full CRASHPRE_BOGUS=1 run -139 --separate-stderr preloaded crasher null-write
        [[ $stderr == *"setting: CRASHPRE_CORE: this version does not implement it; it has no effect"* ]] || fail "$stderr"
        [[ $stderr == *"setting: CRASHPRE_BOGUS: no such setting"* ]] || fail "$stderr"
}

@test "timings: the raw report first, then the threads are held, and the parts make no more than the whole" {
        run -139 preloaded crasher null-write
        assert_json "$(the_report)" '.timings_us | .raw > 0 and .total >= .raw + .held and .held >= .attach + .unwind + .symbolize'
}

@test "all threads are there, the crashed one first, with their names" {
        ZOO_THREADS=20 run -139 preloaded crasher many-thread-null-write
        good_reports 1
        report=$(the_report)
        assert_json "$report" '(.threads | length) == 22 and .threads[0].name == "zoo-worker" and .threads[0].crashed'
        assert_json "$report" '[.threads[1:][] | select(.crashed)] | length == 0'
        assert_json "$report" '[.threads[] | select(.unwind_end == "end-of-stack")] | length == 22'
        assert_json "$report" '[.threads[] | select(any(.frames[]; .function == "idle"))] | length == 20'
}
