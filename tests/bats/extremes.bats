# SPDX-License-Identifier: MIT
# Large numbers of mappings, open files, text. The reports stay within their bounds and are
# written in reasonable time.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=60
}

@test "60,000 mappings: both reports, all threads, the rest of the mappings counted, and nobody held for long" {
        LEVELS=O0 faithful many-manymaps-null-write
        assert_json "$(the_report)" '(.threads | length) == 17 and all(.threads[]; .unwind_end == "end-of-stack")'
        assert_stack "$(the_report)" null_write zoo_go main
        frames_agree "$(raw_report)" "$(the_report)"
        [[ $(raw_section "$(raw_report)" maps) == *"omitted: "* ]] || fail "no mapping was left out?"
        [ "$(stat -c %s "$(raw_report)")" -lt 1500000 ] || fail "$(ls -l "$CRASHPRE_DIR")"
        assert_json "$(the_report)" '.timings_us | .raw < 2000000 and .held < 5000000'
}

@test "60,000 mappings: a stack overflow and an abort are classified correctly" {
        LEVELS=O0 faithful manymaps-thread-overflow
        assert_json "$(the_report)" '.fault.class == "stack-overflow"'
        LEVELS=O0 faithful manymaps-thread-abort
        assert_json "$(the_report)" '.fault.class == "abort"'
}

@test "as many open files as there may be, up to 100,000: both reports, none of the files in the helper" {
        LEVELS=O0 faithful many-manyfiles-null-write
        assert_json "$(the_report)" '(.threads | length) == 17'
        CRASHPRE_HELPER=$(a_helper list <<<'ls /proc/$$/fd >"$T/fds"; exec "$HELPER" "$@"')
        export CRASHPRE_HELPER
        run -139 preloaded crasher manyfiles-null-write
        [ "$(wc -l <"$T/fds")" -lt 12 ] || fail "$(head "$T/fds")"
}

@test "a program in a path of 4,000 bytes, with newlines and invalid UTF-8: both reports, and they find the program" {
        part=$'a\nb\xffc '$(printf '%0190d' 0)
        mkdir -p "$T/deep"
        cd "$T/deep"
        for _ in {1..18}; do
                mkdir "$part"
                cd -P "$part"
        done
        cp "$(zoo)" $'z\noo\xfe'
        run -139 preloaded $'./z\noo\xfe' null-write
        cd "$T"
        complete_reports 1
        valid_reports "$(the_report)"
        assert_stack "$(the_report)" null_write zoo_go main
        assert_json "$(the_report)" '(.process.exe | length) > 3600 and (.threads[0].frames[0].line > 0)'
        [[ $(basename "$(raw_report)") == crash-z_oo_-* ]] || fail "$(ls "$CRASHPRE_DIR")"
}

@test "arguments, environment and thread names with newlines, escapes and invalid UTF-8: one item a line, valid JSON" {
        NASTY=$'one\ntwo: three\xff\e[31m' CRASHPRE_ENV='NASTY' run -139 preloaded crasher null-write $'first\n[cause]\nend of report' $'\xc3\x28\x80' '' "$(printf '%03000d' 0)"
        complete_reports 1
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '.process.cmdline | length == 6 and .[2] == "first\n[cause]\nend of report" and .[4] == "" and (.[5] | length) == 3000'
        assert_json "$(the_report)" '.process.environment.NASTY | startswith("one\ntwo: three")'
}

@test "arguments and environment of megabytes: both reports, cut" {
        big=$(printf '%0100000d' 0)
        for i in {1..12}; do export "BIG_$i=$big"; done
        CRASHPRE_ENV='BIG_*' run -139 preloaded crasher null-write "$big" "$big" "$big" "$big"
        complete_reports 1
        valid_reports "$(the_report)"
        assert_stack "$(the_report)" null_write zoo_go main
        [ "$(stat -c %s "$(the_report)")" -lt 3000000 ] || fail "$(ls -l "$CRASHPRE_DIR")"
}
