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
