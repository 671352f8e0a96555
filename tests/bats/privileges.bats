# SPDX-License-Identifier: MIT
# Privileges: a report is written whatever privileges the process lacks, and if the helper
# may not attach, the report names the reason. Namespaces, and a /proc that belongs to another one.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=20
        nobody=() # command prefix: runs as an unprivileged user; without root: as the current user
        [ "$(id -u)" != 0 ] || nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
}

teardown() {
        [ -z "${public-}" ] || rm -rf "$public"
}

# everybody_can_reach: copies of library, helper and zoo, and an open report directory, below a directory that every
# user may enter.
everybody_can_reach() {
        need setpriv
        public=$(mktemp -d /tmp/crashpre-public.XXXXXX)
        chmod 755 "$public"
        mkdir -p "$public/lib" "$public/libexec/crashpre" "$public/bin"
        cp "$preload" "$public/lib/"
        cp "$helper" "$public/libexec/crashpre/"
        cp "$tools"/zoo-O0/* "$tools/status" "$public/bin/"
        public_lib=$public/lib/${preload##*/}
        mkdir -m 1777 "$public/reports"
        export CRASHPRE_DIR=$public/reports
}

# public_run [COMMAND... --] WORD...: the copy of the zoo under the copy of the library, by way of the command.
public_run() {
        local by=()
        while [ "$1" != -- ]; do by+=("$1") && shift; done
        timeout -k 5 "$LIMIT" "${by[@]}" env LD_PRELOAD="$public_lib" "$public/bin/zoo" "${@:2}"
}

why() {
        json "$(the_report)" '.diagnostics[]? | select(.stage == "attach").message'
}

# one_thread_told: both reports have the crashing thread with names, and all data that needs no tracer.
one_thread_told() {
        good_reports 1
        assert_json "$(the_report)" '(.threads | length) == 1 and .threads[0].crashed and .threads[0].unwind_end == "end-of-stack"'
        assert_stack "$(the_report)" null_write zoo_go main
        frames_agree "$(raw_report)" "$(the_report)"
        assert_json "$(the_report)" ".threads[0].frames[0] | .line == $(line_of 'CRASH: null-write') and (.source.lines | length) > 0"
        assert_json "$(the_report)" '.process | .pid and .ppid and (.exe | endswith("/zoo")) and (.cmdline | length) == 2 and .cwd and .uid and .start_time'
        assert_json "$(the_report)" '(.modules | length) >= 5 and all(.modules[]; .build_id) and (.threads[0].registers | length) > 15'
        assert_json "$(the_report)" '.fault.class == "null-dereference" and .fault.access == "write"'
}

all_threads_told() {
        good_reports 1
        assert_json "$(the_report)" '(.threads | length) == 17 and all(.threads[]; .unwind_end == "end-of-stack")'
        assert_stack "$(the_report)" null_write zoo_go main
        assert_json "$(the_report)" '[.diagnostics[]? | select(.stage == "attach")] == []'
}

# ---- credentials ----

@test "not dumpable, as root: all threads" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        LEVELS=O0 faithful nodump-many-null-write
        all_threads_told
}

@test "not dumpable, as a user: the crashing thread, and the diagnostics say what it did to itself" {
        everybody_can_reach
        run -139 public_run "${nobody[@]}" -- nodump-many-null-write
        one_thread_told
        [[ $(why) == "cannot attach to process "*"it is not dumpable: "*"CAP_SYS_PTRACE" ]] || fail "$(why)"
        [ "$(why | wc -l)" = 1 ] || fail "$(why)"
}

@test "not dumpable: it is so again when the process dies, and makes no core" {
        for word in nodump-null-write nodump-thread-abort; do
                LEVELS=O0 faithful $word
                [[ $(<"$T/preloaded.status") != *core* ]] || fail "$(<"$T/preloaded.status")"
        done
}

@test "changed its user after the start: the crashing thread, its name, and why the others are missing" {
        [ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
        everybody_can_reach
        run -139 public_run env -- setuid-many-null-write
        one_thread_told
        assert_json "$(the_report)" '.process.uid == 65534 and .threads[0].name == "zoo"'
        [[ $(why) == *"it is not dumpable"*"changed its user after its start"* ]] || fail "$(why)"
}

@test "a user without any privilege: all threads" {
        everybody_can_reach
        run -139 public_run "${nobody[@]}" -- many-null-write
        all_threads_told
        assert_json "$(the_report)" '.process.uid > 0 or ('"$(id -u)"' > 0)'
}

@test "no capability is left, nor can one be got: all threads" {
        everybody_can_reach
        run -139 public_run setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- many-null-write
        all_threads_told
}

@test "no new privileges: all threads" {
        LEVELS=O0 faithful nonewprivs-many-null-write
        all_threads_told
}

@test "a set-user-ID program is left alone: as without, and no report" {
        [ "$(id -u)" = 0 ] || skip "needs root to make one"
        everybody_can_reach
        cp /usr/bin/id "$public/bin/id"
        chown 65533 "$public/bin/zoo" "$public/bin/id"
        chmod 4755 "$public/bin/zoo" "$public/bin/id"
        [ "$("${nobody[@]}" "$public/bin/id" -u)" = 65533 ] || skip "no set-user-ID programs on this file system"
        for word in footprint null-write nothing; do
                run timeout 20 "${nobody[@]}" env -i CRASHPRE_DIR="$CRASHPRE_DIR" "$public/bin/zoo" $word
                plain=$status/$output
                run timeout 20 "${nobody[@]}" env -i CRASHPRE_DIR="$CRASHPRE_DIR" LD_PRELOAD="$public_lib" "$public/bin/zoo" $word
                # ld.so removes the variable, which is the only visible effect
                [ "$status/$output" = "$plain" ] || fail "$word: $status $output" "without: $plain"
        done
        nothing_in "$CRASHPRE_DIR"
}

# ---- programs that gain privileges, and the library in /etc/ld.so.preload ----

# preloaded_for_all COMMAND...: with mounts of its own, in which the copy of the library is in /etc/ld.so.preload, which AT_SECURE
# does not empty.
preloaded_for_all() {
        if [ ! -d "$T/etc" ]; then
                cp -a /etc "$T/etc"
                echo "$public_lib" >"$T/etc/ld.so.preload"
        fi
        # shellcheck disable=SC2016 # for the inner shell
        timeout -k 5 "$LIMIT" unshare --mount --propagation private sh -c 'mount --bind "$0" /etc && exec "$@"' "$T/etc" "$@"
}

# left_alone: bin/gained ends as without the library, although the environment of a user asks for everything; no file, no program of his.
left_alone() {
        local word plain
        printf '#!/bin/sh\ntouch %s/ran\n' "$public/reports" >"$public/bin/mine"
        chmod 755 "$public/bin/mine"
        local wishes=(CRASHPRE_DIR="$CRASHPRE_DIR" CRASHPRE_HELPER="$public/bin/mine" CRASHPRE_ON_REPORT="$public/bin/mine" CRASHPRE_MODE=0666
                CRASHPRE_STDERR=full CRASHPRE_SIGNALS=+USR1 TMPDIR="$CRASHPRE_DIR")
        # in a program without privileges the same settings have an effect
        run -139 preloaded_for_all "${nobody[@]}" env -i "${wishes[@]}" "$public/bin/zoo" null-write
        [ -e "$CRASHPRE_DIR/ran" ] && [ "$(reports .txt)" = 1 ] || fail "the preload has no effect here" "$output"
        rm -f "$CRASHPRE_DIR"/*
        for word in footprint null-write abort nothing; do
                run timeout 20 "${nobody[@]}" env -i "${wishes[@]}" "$public/bin/gained" $word
                plain=$status/$output
                run preloaded_for_all "${nobody[@]}" env -i "${wishes[@]}" "$public/bin/gained" $word
                [ "$status/$output" = "$plain" ] || fail "$word: $status $output" "without: $plain"
        done
        nothing_in "$CRASHPRE_DIR"
}

may_gain() {
        [ "$(id -u)" = 0 ] || skip "needs root to make such a program"
        in_new -m
        everybody_can_reach
        cp "$public/bin/zoo" "$public/bin/gained"
}

@test "the library in /etc/ld.so.preload: a set-user-ID program is as without it, whatever the environment asks for" {
        may_gain
        chown 65533 "$public/bin/gained"
        chmod 4755 "$public/bin/gained"
        left_alone
}

@test "the library in /etc/ld.so.preload: a set-group-ID program is as without it, whatever the environment asks for" {
        may_gain
        chgrp 65533 "$public/bin/gained"
        chmod 2755 "$public/bin/gained"
        left_alone
}

@test "the library in /etc/ld.so.preload: a program with file capabilities is as without it, whatever the environment asks for" {
        may_gain
        need setcap
        setcap cap_net_raw+ep "$public/bin/gained" 2>/dev/null || skip "no file capabilities on this file system"
        left_alone
}

@test "the library in /etc/ld.so.preload: in a set-user-ID program it makes no system call" {
        may_gain
        need strace
        chown 65533 "$public/bin/gained"
        chmod 4755 "$public/bin/gained"
        cp "$tools/libempty.so" "$public/lib/"
        for lib in "$public/lib/libempty.so" "$public_lib"; do
                rm -rf "${T:?}/etc"
                public_lib=$lib preloaded_for_all strace -u nobody -o "$T/strace.${lib##*/}" env -i "$public/bin/gained" nothing
                # the library has other segments than an empty one, which ld.so maps
                sed -n '/^execve(.*gained/,$p' "$T/strace.${lib##*/}" >"$T/gained.${lib##*/}"
                sed 's/(.*//' "$T/gained.${lib##*/}" | grep -vxE 'mmap|mprotect|munmap|openat|read|pread64|fstat|newfstatat|close' >"$T/calls.${lib##*/}"
        done
        [ -s "$T/calls.libempty.so" ]
        diff "$T/calls.libempty.so" "$T/calls.${public_lib##*/}" >&2 || fail "other system calls"
        lacks -E 'libexec|/proc' "$T/gained.${public_lib##*/}"
}

# ---- another root ----

# a_mark: a static program $T/mark, which creates /ran where it runs.
a_mark() {
        echo '#include <fcntl.h>
int main(void) { return open("/ran", O_WRONLY | O_CREAT, 0600) < 0; }' | gcc -static -o "$T/mark" -x c - 2>/dev/null || skip "no static libc"
        chmod 755 "$T/mark"
}

# in_another_root: prepares ZOO_ROOT with a report directory; the helper is the copy $T/helper/crashpre-helper.
in_another_root() {
        [ "$(id -u)" = 0 ] || skip "chroot(2) needs root"
        export ZOO_ROOT=$T/root CRASHPRE_DIR=/reports CRASHPRE_HELPER=$T/helper/crashpre-helper
        mkdir -p "$ZOO_ROOT/reports" "$ZOO_ROOT$T/helper" "$ZOO_ROOT/bin" "$T/helper"
        cp "$helper" "$CRASHPRE_HELPER"
        a_mark
}

# not_executed: the raw report is complete and says that the helper is another file; nothing ran.
not_executed() {
        CRASHPRE_DIR=${1:-$ZOO_ROOT/reports}
        raw_is_complete "$(raw_report)"
        grep -q "^helper: not started: it is another file than when the program started: " "$(raw_report)" || fail "$(grep ^helper: "$(raw_report)")"
        [ "$(reports .json)" = 0 ]
        [ ! -e "$ZOO_ROOT/ran" ] || fail "it was executed"
}

@test "chroot, a program is planted at the helper's path: not executed, and the raw report says so" {
        in_another_root
        cp "$T/mark" "$ZOO_ROOT$CRASHPRE_HELPER"
        run -139 preloaded crasher chroot-null-write
        not_executed
}

@test "chroot, a script is planted at the helper's path: not executed, and the raw report says so" {
        in_another_root
        cp "$T/mark" "$ZOO_ROOT/bin/sh"
        printf '#!/bin/sh\n' >"$ZOO_ROOT$CRASHPRE_HELPER"
        chmod 755 "$ZOO_ROOT$CRASHPRE_HELPER"
        run -139 preloaded crasher chroot-null-write
        not_executed
}

@test "chroot, a copy of the helper is at its path: not executed, and the raw report says so" {
        in_another_root
        cp -p "$CRASHPRE_HELPER" "$ZOO_ROOT$CRASHPRE_HELPER"
        run -139 preloaded crasher chroot-null-write
        not_executed
}

@test "chroot, the helper itself is at its path: both reports; CRASHPRE_ON_REPORT is not executed, and the raw report says so" {
        in_another_root
        ln "$CRASHPRE_HELPER" "$ZOO_ROOT$CRASHPRE_HELPER"
        cp "$T/mark" "$ZOO_ROOT/bin/sh"
        cp "$T/mark" "$ZOO_ROOT/bin/mark"
        export CRASHPRE_ON_REPORT=/bin/mark
        run -139 preloaded crasher chroot-null-write
        CRASHPRE_DIR=$ZOO_ROOT/reports
        good_reports 1
        [ ! -e "$ZOO_ROOT/ran" ] || fail "it was executed"
        grep -q "changed its root directory, so no command is executed" "$(raw_report)" || fail "$(tail -n 5 "$(raw_report)")"
}

@test "chroot, a helper that is a script, its interpreter planted: not executed" {
        in_another_root
        CRASHPRE_HELPER=$(a_helper helper/script <<<'exec "$HELPER" "$@"')
        export CRASHPRE_HELPER
        ln "$CRASHPRE_HELPER" "$ZOO_ROOT$CRASHPRE_HELPER"
        cp "$T/mark" "$ZOO_ROOT/bin/bash"
        run -139 preloaded crasher chroot-null-write
        CRASHPRE_DIR=$ZOO_ROOT/reports
        raw_is_complete "$(raw_report)"
        grep -q '^helper: not started: execve: ' "$(raw_report)" || fail "$(grep ^helper: "$(raw_report)")"
        [ ! -e "$ZOO_ROOT/ran" ] || fail "it was executed"
}

@test "pivot_root, a program is planted at the helper's path: not executed, and the raw report says so" {
        in_another_root
        in_new -m
        echo '#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
        const char *root = getenv("ZOO_ROOT");
        if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount(root, root, NULL, MS_BIND, NULL) || chdir(root) ||
            syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
                return 3;
        *(volatile int *)(volatile long){ 0 } = 1;
}' >"$T/pivot.c"
        gcc -w -g -D_GNU_SOURCE -o "$T/pivot" "$T/pivot.c"
        cp "$T/mark" "$ZOO_ROOT$CRASHPRE_HELPER"
        run -139 preloaded "$T/pivot"
        not_executed
}

@test "the helper is replaced while the program runs: not executed, and the raw report says so" {
        mkdir "$T/helper"
        export CRASHPRE_HELPER=$T/helper/crashpre-helper ZOO_ROOT=$T/none
        cp "$helper" "$CRASHPRE_HELPER"
        printf '#!/bin/sh\ntouch %s/ran\n' "$T" >"$T/other"
        chmod 755 "$T/other"
        # shellcheck disable=SC2016 # for the inner shell
        run -139 timeout "$LIMIT" env T="$T" LIB="$preload" bash -c 'LD_PRELOAD=$LIB "$0" < <(while [ ! -s "$T/out" ]; do sleep 0.01; done; mv "$T/other" "$CRASHPRE_HELPER"; echo) >"$T/out"' "$tools/late"
        not_executed "$CRASHPRE_DIR"
        [ ! -e "$T/ran" ] || fail "it was executed"
}

# ---- how the library is named ----

@test "LD_PRELOAD by a symbolic link, a relative path, \$ORIGIN or \$LIB: the helper is found" {
        mkdir -p "$T/links" "$T/origin/bin" "$T/origin/lib" "$T/lib/x86_64-linux-gnu" "$T/lib64" "$T/elsewhere"
        ln -s "$preload" "$T/links/other-name.so"
        ln -s "$preload" "$T/origin/lib/libcrashpre.so"
        ln -s "$preload" "$T/lib/x86_64-linux-gnu/libcrashpre.so"
        ln -s "$preload" "$T/lib64/libcrashpre.so"
        ln -s "$preload" "$T/lib/libcrashpre.so"
        cp "$(zoo)" "$T/origin/bin/zoo"
        cd "$build"
        # shellcheck disable=SC2016 # for ld.so
        for name in "$T/links/other-name.so" ./lib/libcrashpre.so lib/../lib/libcrashpre.so '$ORIGIN/../lib/libcrashpre.so' "$T"'/$LIB/libcrashpre.so'; do
                fresh_reports
                run -139 timeout "$LIMIT" env LD_PRELOAD="$name" "$T/origin/bin/zoo" null-write
                good_reports 1 || fail "$name"
                assert_stack "$(the_report)" null_write zoo_go main
        done
}

# ---- tracers ----

@test "strace is attached: its pid and name are told, and what to do" {
        need strace
        run -139 timeout 30 strace -f -o "$T/strace" env LD_PRELOAD="$preload" "$(zoo)" many-null-write
        assert_json "$(the_report)" '.threads[0].crashed and .threads[0].unwind_end == "end-of-stack"'
        assert_stack "$(the_report)" null_write zoo_go main
        [[ $(why) =~ "process "[0-9]+" (strace) is tracing it already; detach that first" ]] || fail "$(why)"
        grep -q 'killed by SIGSEGV' "$T/strace"
}

@test "gdb is attached: its pid and name are told; the debugger sees the crash first, and the process dies by its signal" {
        need gdb
        timeout 60 gdb -q -nx -batch -ex "set env LD_PRELOAD=$preload" -ex "set env CRASHPRE_DIR=$CRASHPRE_DIR" -ex "set startup-with-shell off" \
                -ex run -ex "printf \"stopped at %s\\n\", \"first\"" -ex "info symbol \$pc" -ex continue -ex continue --args "$(zoo)" null-write >"$T/gdb" 2>&1 </dev/null
        grep -q '^null_write + ' "$T/gdb" || { show "$T/gdb" && fail "gdb did not stop at the fault"; }
        grep -q 'Program terminated with signal SIGSEGV' "$T/gdb" || { show "$T/gdb" && fail "another end"; }
        [[ $(why) =~ "process "[0-9]+" (gdb) is tracing it already; detach that first" ]] || fail "$(why)"
        assert_stack "$(the_report)" null_write zoo_go main
}

# Yama is not enabled on every machine, so the test checks its rule: the helper attaches only after it was declared by
# PR_SET_PTRACER.
@test "the helper is declared as tracer after HELLO and before the crash is sent, and for a request that is undone" {
        need strace
        CRASHPRE_HELPER=$(a_helper named <<<'echo $$ >"$T/pid"; exec "$HELPER" "$@"')
        export CRASHPRE_HELPER
        run -139 timeout 30 strace -o "$T/strace" -e trace=prctl,read,write,clone,pipe2 env LD_PRELOAD="$preload" "$(zoo)" null-write
        # Hello is read, the helper is named, struct wire_crash is written: in this order.
        grep -nE 'read\([0-9]+, "H", 1\)|PR_SET_PTRACER|write\([0-9]+, "CRCp' "$T/strace" | sed -E 's/^[0-9]+:([a-z]+).*/\1/' | tr '\n' ' ' >"$T/order"
        [ "$(<"$T/order")" = "read prctl write " ] || { show "$T/strace" && fail "the order is $(<"$T/order")"; }
        grep -qE "PR_SET_PTRACER, $(<"$T/pid")[,)]" "$T/strace" || { grep PTRACER "$T/strace" && fail "not the helper's pid, $(<"$T/pid")"; }
        run -0 timeout 30 strace -o "$T/strace" -e trace=prctl env LD_PRELOAD="$preload" "$(zoo)" request
        [ "$(grep -c PR_SET_PTRACER "$T/strace")" = 2 ] || { show "$T/strace" && fail "not named, or not undone"; }
        grep PR_SET_PTRACER "$T/strace" | tail -n 1 | grep -qE 'PR_SET_PTRACER, (0|NULL|0x0)[,)]' || { show "$T/strace" && fail "not undone"; }
}

# ---- namespaces ----

in_new() {
        unshare "$@" true 2>/dev/null || skip "no such namespaces here: unshare $*"
}

@test "in a user namespace of its own, unprivileged: all threads" {
        everybody_can_reach
        "${nobody[@]}" unshare -Ur true 2>/dev/null || skip "no unprivileged user namespaces here"
        run -139 public_run "${nobody[@]}" unshare -Ur -- many-null-write
        all_threads_told
}

@test "in unprivileged user, mount and pid namespaces: all threads, and the program's own numbers" {
        everybody_can_reach
        "${nobody[@]}" unshare -Ur -m -p --fork --mount-proc true 2>/dev/null || skip "no unprivileged namespaces here"
        run -139 public_run "${nobody[@]}" unshare -Ur -m -p --fork --mount-proc -- many-null-write
        all_threads_told
        assert_json "$(the_report)" '.process.pid == 1 and .threads[0].tid == 1 and (.process.cmdline | length) == 2'
}

@test "a /proc that belongs to the outer pid namespace: nobody else's process is described" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        in_new -p --fork
        run -139 timeout 20 unshare -p --fork env LD_PRELOAD="$preload" "$(zoo)" many-null-write
        all_threads_told
        assert_json "$(the_report)" '.process | .pid == 1 and (.exe | endswith("/zoo")) and .cmdline[1] == "many-null-write"'
        fresh_reports
        run -139 timeout 20 unshare -p --fork unshare -p --fork sh -c 'LD_PRELOAD="$0" "$1" many-null-write; exit $?' "$preload" "$(zoo)"
        all_threads_told
        assert_json "$(the_report)" '.process | .pid == 2 and .ppid == 1 and .cmdline[1] == "many-null-write"'
}

@test "no /proc at all, the helper within reach: both reports, from what the handler wrote" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        in_new -m
        run -139 timeout 20 unshare -m sh -c 'umount -l /proc && LD_PRELOAD="$0" exec "$1" null-write' "$preload" "$(zoo)"
        good_reports 1
        assert_stack "$(the_report)" null_write zoo_go main
        [[ $(why) == *"/proc is not mounted here"* ]] || fail "$(why)"
        assert_json "$(the_report)" 'any(.modules[]; .path | endswith("/zoo"))'
}

@test "no /proc at all, the program started by a relative path: its names all the same" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        in_new -m
        cd "$(dirname "$(zoo)")"
        run -139 timeout 20 unshare -m sh -c 'umount -l /proc && LD_PRELOAD="$0" exec ./zoo null-write' "$preload"
        good_reports 1
        assert_stack "$(the_report)" null_write zoo_go main
}

@test "the helper is not in the program's mount namespace: the raw report, and it says so" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        in_new -m
        mkdir "$T/empty"
        run -139 timeout 20 unshare -m sh -c 'mount --bind "$2" "${0%/lib/*}/libexec" && LD_PRELOAD="$0" exec "$1" null-write' "$preload" "$(zoo)" "$T/empty"
        [ "$(reports .json)" = 0 ]
        raw_is_complete "$(raw_report)"
        grep -q '^helper: not started: execve: No such file or directory: ' "$(raw_report)"
}

@test "network, ipc and host name of its own: all threads" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        in_new -n -i -u
        run -139 timeout 20 unshare -n -i -u env LD_PRELOAD="$preload" "$(zoo)" many-null-write
        all_threads_told
}

@test "a root file system that cannot be written: reports go to stderr or where they may" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        in_new -m
        run -139 --separate-stderr timeout 20 unshare -m sh -c 'mount -o bind,ro "$2" "$2" && mount -o bind,ro /tmp /tmp && unset TMPDIR && LD_PRELOAD="$0" exec "$1" null-write' "$preload" "$(zoo)" "$CRASHPRE_DIR"
        [[ $stderr == *"crashpre raw report 1"*"end of report"* ]] || fail "$stderr"
        nothing_in "$CRASHPRE_DIR"
}

@test "first process of a pid namespace: both reports, all threads" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        in_new -p --fork --mount-proc
        for case in null-write:139 abort:139 thread-null-write:139 trap:133; do
                fresh_reports
                # shellcheck disable=SC2086 # two words
                run -"${case##*:}" timeout 20 unshare -p --fork --mount-proc env LD_PRELOAD="$preload" "$(zoo)" ${case%:*}
                good_reports 1
                assert_json "$(the_report)" '.process.pid == 1 and ([.diagnostics[]? | select(.stage == "attach")] == [])'
        done
}

@test "it made a pid namespace for its children: the report is made, no other process is hit, and its children can still be made" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        in_new -p
        cat >"$T/inner.c" <<'C'
#define _GNU_SOURCE
#include "preload/crashpre.h"
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
        pid_t child;
        int status;
        if (unshare(CLONE_NEWPID))
                return 3;
        if (argc > 1)
                *(volatile int *)argv[argc] = 1; /* the terminating NULL */
        printf("request %d\n", crashpre_report("try") == 0);
        child = fork();
        if (child == 0)
                _exit(getpid() == 1 ? 7 : 8);
        waitpid(child, &status, 0);
        printf("child %d\n", child < 0 ? -1 : WEXITSTATUS(status));
        return 0;
}
C
        gcc -g -I "$root" -o "$T/inner" "$T/inner.c" -ldl
        CRASHPRE_STDERR=none run -0 preloaded "$T/inner"
        [ "$output" = $'request 1\nchild 7' ] || fail "$output"
        raw_is_complete "$(raw_report)"
        fresh_reports
        CRASHPRE_STDERR=none run -139 preloaded "$T/inner" crash
        good_reports 1
        assert_stack "$(the_report)" main
        # A helper that hangs is killed there too, and no other process with its pid here.
        fresh_reports
        CRASHPRE_HELPER=$(a_helper hang <<<'exec sleep 1000')
        export CRASHPRE_HELPER CRASHPRE_TIMEOUT=1
        run -139 preloaded "$T/inner" crash
        raw_is_complete "$(raw_report)"
        grep -q '^helper: given up after CRASHPRE_TIMEOUT seconds: 1' "$(raw_report)"
}
