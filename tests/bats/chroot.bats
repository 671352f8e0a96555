#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A process in a chroot: no /proc, no /dev, no helper.

bats_require_minimum_version 1.5.0

setup() {
        load helpers
        [ "$(id -u)" = 0 ] || skip "chroot(2) needs root"
        export ZOO_ROOT="$BATS_TEST_TMPDIR/root"
        mkdir "$ZOO_ROOT"
}

@test "chroot without /proc: the report is written into it, with all frames and modules" {
        CRASHPRE_DIR=/reports run -139 preloaded "$(zoo)" chroot-qsort-null-write
        report=$(echo "$ZOO_ROOT"/reports/crash-zoo-*.txt)
        grep -qx 'end of report' "$report"
        grep -q '^end: end-of-stack$' "$report"
        [ "$(grep -c ' .*/libc.so.6 +0x' "$report")" -ge 3 ]
        grep -q '^0x[0-9a-f]* 0x[0-9a-f]* [0-9a-f]\{40\} .*/zoo$' "$report"
        grep -q '\[vdso\]$' "$report"
        grep -q '^helper: not started: execve: No such file or directory: ' "$report"
}

@test "chroot in which nothing can be written: the report goes to stderr" {
        touch "$ZOO_ROOT/reports" # a file in place of the directory
        CRASHPRE_DIR=/reports run -139 --separate-stderr preloaded "$(zoo)" chroot-null-write
        [[ "$stderr" == *"crashpre raw report 1"*"end of report"* ]]
}
