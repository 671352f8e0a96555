# SPDX-License-Identifier: MIT
# Programs whose code or threads are not where they usually are: names, frames and threads are right all the same.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=none
}

elsewhere() {
        printf '%s\n' "$tools/zoo-${ZOO:-O0}/elsewhere"
}

# ---- threads ----

@test "threads that the kernel added for io_uring are not threads of the report" {
        run preloaded "$(elsewhere)" ring
        [ "$status" != 77 ] || skip "no io_uring here"
        [ "$status" = 139 ] || fail "status $status"
        good_reports 1
        assert_json "$(the_report)" '(.threads | length) == 1 and (.diagnostics // []) == []'
}

# ---- code that was moved ----

# moved WORD: the frames have names, and a module in the raw report, too.
moved() {
        export ZOO
        for ZOO in O0 O2; do
                fresh_reports
                run -139 preloaded "$(elsewhere)" "$1"
                good_reports 1
                assert_stack "$(the_report)" crash move "${1/-/_}"
                assert_json "$(the_report)" '.threads[0] | .unwind_end == "end-of-stack" and .frames[0].line != null'
                assert_json "$(the_report)" "any(.modules[]; .path == \"$(realpath "$(elsewhere)")\" and .status == \"dwarf\")"
                frames_agree "$(raw_report)" "$(the_report)"
                raw_section "$(raw_report)" frames | awk '$1 == 1' | grep -qF "$(realpath "$(elsewhere)")" || fail "in no module of the raw report"
        done
}

@test "all code was moved to anonymous memory: the frames have names" { moved moved; }
@test "all code was moved to anonymous memory, with the ELF header: the frames have names" { moved moved-header; }
@test "all code was moved to another file: the frames have names" { moved moved-file; }
