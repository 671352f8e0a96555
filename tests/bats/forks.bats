# SPDX-License-Identifier: MIT
# Children inherit the preload by the environment, and are reported under their own pid.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export ZOO_PID_FILE=$T/pid
}

# Of the child, not of the parent.
reported_child() {
        read -r pid tid <"$T/pid"
        assert_json "$(the_report)" ".process.pid == $pid and .threads[0].tid == $tid and .process.ppid != $pid"
        [[ $(the_report) == *"-$pid-"* ]]
}

@test "a forked child crashes: its own report, the parent goes on" {
        faithful fork-pidfile-null-write
        status_is "exit 0"
        reported_child
}

@test "a child forked from a thread crashes: its own report" {
        faithful thread-fork-pidfile-abort
        reported_child
}

@test "a child created without libc crashes: its own report" {
        faithful rawfork-pidfile-null-write
        reported_child
}

@test "a vfork child crashes: same end of both, the parent's memory remains usable" {
        faithful --reports any vfork-null-write
        status_is "exit 0"
}

@test "a child of a program with many threads crashes: one thread in its report" {
        faithful many-fork-pidfile-null-write
        assert_json "$(the_report)" '(.threads | length) == 1'
}

@test "a child's thread crashes: its own report" {
        faithful fork-thread-pidfile-null-write
        assert_json "$(the_report)" '(.threads | length) == 2'
}

@test "an exec'd program crashes: reported under the new name" {
        cp "$(zoo)" "$T/other name"
        faithful_command 1 sh -c 'exec "$0" null-write' "$T/other name"
        [[ $(basename "$(the_report)") == crash-other_name-* ]]
        assert_json "$(the_report)" ".process.exe == \"$T/other name\""
}

@test "a program started by a shell script crashes: one report, the script goes on" {
        faithful_command 1 sh -c '"$0" null-write 2>/dev/null; echo "status $?"' "$(zoo)"
        grep -qx 'status 139' "$T/preloaded.out"
}

@test "ten processes crash at the same time: ten reports" {
        faithful_command 10 bash -c 'exec 2>/dev/null; for i in 1 2 3 4 5 6 7 8 9 10; do "$0" null-write >/dev/null & done; wait; echo done' "$(zoo)"
}

@test "a crash in the child of a program that crashes itself: two reports" {
        faithful_command 2 bash -c 'exec 2>/dev/null; "$0" abort >/dev/null; exec "$0" null-write' "$(zoo)"
}

@test "a statically linked program is none of our business: as without" {
        printf 'int main(void) { *(volatile int *)0 = 1; }\n' >"$T/static.c"
        gcc -static -o "$T/static" "$T/static.c" || skip "no static libc"
        faithful_command 0 "$T/static"
}
