#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# crashpre.h: data that a program adds is in its reports; without the preload its calls do
# nothing.

bats_require_minimum_version 1.5.0

setup() {
        load helpers
        export CRASHPRE_DIR="$BATS_TEST_TMPDIR/reports" CRASHPRE_STDERR=none
        api="$tools/zoo-O2/api"
}

# field FILTER: of the one JSON report.
field() {
        jq -c "$1" "$(the_report)"
}

@test "metadata: the last value of each key, with its type, cut to size; removed keys are gone" {
        run -139 preloaded "$api" metadata
        valid_reports "$(the_report)"
        [ "$(field '.metadata.build')" = '"second"' ]
        [ "$(field '.metadata | has("gone")')" = false ]
        [ "$(field '.metadata | [.answer, .half, .yes, .no, .state]')" = '[-42,0.5,true,false,"half way"]' ]
        [ "$(field '.metadata | has("silent")')" = false ]
        [ "$(field '.metadata.odd')" = '"line\nfeed \\ \"quoted\""' ]
        [ "$(field '.metadata | to_entries[] | select(.key | startswith("kkk")) | [(.key | length), (.value | length)]')" = '[63,255]' ]
}

@test "metadata: entries beyond the limit are dropped, the report is complete" {
        run -139 preloaded "$api" too-much
        [ "$(field '.metadata | length')" = 64 ]
        [ "$(field '.metadata | [."key-0", ."key-63", ."key-64"]')" = '[0,63,null]' ]
}

@test "metadata: CRASHPRE_META_name" {
        CRASHPRE_META_job=nightly CRASHPRE_META_=nameless run -139 preloaded "$api" enabled-again
        [ "$(field '.metadata')" = '{"job":"nightly"}' ]
}

@test "metadata: a callback that faults loses only its entry" {
        run -139 preloaded "$api" faulting-volatile
        grep -qx 'note: a function of crashpre_set_volatile() was abandoned' "$(raw_report)" ||
                assert_json "$(the_report)" 'any(.diagnostics[]; .message == "a function of crashpre_set_volatile() was abandoned")'
        grep -qx 'end of report' "$(raw_report)"
        [ "$(field '.threads[0].frames | length > 2')" = true ]
}

@test "breadcrumbs: the newest 128, oldest first, cut to size" {
        run -139 preloaded "$api" breadcrumbs
        valid_reports "$(the_report)"
        [ "$(field '.breadcrumbs | length')" = 128 ]
        [ "$(field '.breadcrumbs[0] | [.category, .message]')" = '["step","number 73"]' ]
        [ "$(field '.breadcrumbs[126].message')" = '"number 199"' ]
        [ "$(field '.breadcrumbs[127] | [(.category | length), (.message | length)]')" = '[31,215]' ]
        [ "$(field '.breadcrumbs[0].tid == .process.pid')" = true ]
}

@test "context: of the crashing thread, innermost first" {
        run -139 preloaded "$api" context
        valid_reports "$(the_report)"
        grep -A2 -x '\[context\]' "$(raw_report)" | diff - <(printf '[context]\nlexer - token\nparser Document load\n')
        [ "$(field '.threads[0].context | map(.module)')" = '["lexer","parser"]' ]
        [ "$(field '.threads[0].context[1] | [.class, .phase]')" = '["Document","load"]' ]
}

@test "context: deeper than the limit: the outer 16 are stored, pops count all" {
        run -139 preloaded "$api" deep-context
        [ "$(field '.threads[0].context | length')" = 15 ]
        [ "$(field '.threads[0].context | map(.phase) | unique')" = '["kept"]' ]
}

@test "filter: a filter that requests a report gets EBUSY at once" {
        LIMIT=20 run -139 preloaded "$api" request-within
        [ "$output" = busy ] || fail "$output"
        valid_reports "$(the_report)"
}

@test "filter: a rejected crash leaves no report, same death" {
        run -139 preloaded "$api" filter
        [ "$(reports .txt)" = 0 ]
}

@test "filter and after the report: functions that crash or abort change neither report nor death" {
        for word in filter-crashes filter-aborts; do
                fresh_reports
                LIMIT=20 run -139 preloaded "$api" $word
                good_reports 1
                assert_json "$(the_report)" '.signal.name == "SIGSEGV" and (.threads[0].frames | any(.function == "crash"))'
        done
}

@test "filter, volatile value and after the report: functions that exit, loop or wait for a lock change neither report nor death" {
        for STAY_AWAY in exit _exit loop lock; do
                export STAY_AWAY
                fresh_reports
                LIMIT=20 run -139 preloaded "$api" does-not-return
                good_reports 1
                assert_json "$(the_report)" '.signal.name == "SIGSEGV" and (.threads[0].frames | any(.function == "crash")) and .metadata == {"before":"1","behind":"2"}'
        done
}

@test "disabled: no report, the same death; enabled again: a report" {
        run -139 preloaded "$api" disabled
        [ "$(reports .txt)" = 0 ]
        run -139 preloaded "$api" enabled-again
        [ "$(reports .json)" = 1 ]
}

@test "after the report: the function gets the path, and a sent signal can be treated as handled" {
        run -0 preloaded "$api" after-report
        [ "${lines[0]}" = "$(raw_report)" ]
        [ "${lines[1]}" = "went on" ]
        [ "$(reports .json)" = 1 ]
}

@test "after the report: a fault cannot be treated as handled" {
        run -139 preloaded "$api" after-fault
        [ "${lines[0]}" = "$(raw_report)" ]
}

@test "request: two reports, the program continues, errno is preserved" {
        run -0 preloaded "$api" request
        [ "$output" = "0 0 errno 77" ]
        [ "$(reports .json)" = 2 ]
        [ "$(cat "$CRASHPRE_DIR"/*.json | jq -s -c 'map(.cause.kind) | unique')" = '["request"]' ]
        grep -h '^reason: ' "$CRASHPRE_DIR"/*.txt | diff - <(printf 'reason: the first\nreason: the second\n')
}

@test "last report: none, then the newest" {
        mkdir "$CRASHPRE_DIR"
        run -0 preloaded "$api" last-report
        [ "$output" = none ]
        run -139 preloaded "$api" enabled-again
        rm "$CRASHPRE_DIR"/*.json
        old="$(raw_report)"
        touch "$CRASHPRE_DIR/crash-api-1-20010101T000000.000000Z.txt" "$CRASHPRE_DIR/crash-other-1-29990101T000000.000000Z.txt"
        run -0 preloaded "$api" last-report
        [ "$output" = "$old" ]
}

@test "without the preload: no call does anything, PIE or not, C89 or C++" {
        run -139 "$api" metadata
        run -0 "$api" request
        [ "$output" = "-38 -38 errno 77" ]
        for flags in '-no-pie' '-pie' '-std=c89 -pedantic -Wall -Wextra -Werror' '-x c++ -pedantic -Wall -Wextra -Werror' \
                '-x c++ -std=c++98 -Wall -Wextra -Werror'; do
                printf '#include "crashpre.h"\nint main(void) { crashpre_set("a", "b"); crashpre_breadcrumb("c", "%%d", 1); return crashpre_report("r") + 38; }\n' \
                        >"$BATS_TEST_TMPDIR/t.c"
                # shellcheck disable=SC2086 # a list of flags
                gcc $flags -I"$build/include" "$BATS_TEST_TMPDIR/t.c" -o "$BATS_TEST_TMPDIR/t"
                run -0 "$BATS_TEST_TMPDIR/t"
                run -38 preloaded "$BATS_TEST_TMPDIR/t"
        done
        [ "$(reports .json)" = 5 ]
}

@test "callers without the header find the exported functions: Python's ctypes" {
        run -139 preloaded /usr/bin/python3 -c 'import ctypes as c; c.CDLL(None).crashpre_set(b"from", b"python"); c.string_at(0)'
        [ "$(field '.metadata.from')" = '"python"' ]
}
