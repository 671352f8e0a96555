# SPDX-License-Identifier: MIT
# Faults of crashpre itself: the helper is killed, stopped, slowed down or short of memory
# at any point of its work, the crashing process is killed meanwhile, the library's memory is overwritten. The raw
# report has the outcome, the process dies of its signal in time, and nothing is left: no process, no stopped thread, no
# temporary file.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=20
}

teardown() {
        local pid
        for pid in $(cat "$T"/*.pid 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
}

is_gone() {
        [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# injected WHAT: a helper under strace that does this to it (strace(1), -e inject).
injected() {
        a_helper injected <<<"echo \$\$ >>\"\$T/helper.pid\"; exec strace -D -f -qq -o \"\$T/strace\" -e trace=${1%%:*} -e inject=$1 \"\$HELPER\" \"\$@\""
}

# dies_well SECONDS WORD...: by SIGSEGV within that time; one complete raw report; a JSON report that is valid or none; nothing else in the
# directory; helper and process gone.
dies_well() {
        local limit=$1 begin pid
        shift
        fresh_reports
        rm -f "$T/pid" "$T/helper.pid"
        begin=$SECONDS
        ZOO_PID_FILE=$T/pid CRASHPRE_STDERR=none ended trouble env LD_PRELOAD="$preload" "$(zoo)" "pidfile-$1" "${@:2}"
        [ $((SECONDS - begin)) -le "$limit" ] || fail "took $((SECONDS - begin)) s" || return 1
        [[ $(<"$T/trouble.status") == "signal 11"* ]] || fail "ended with $(<"$T/trouble.status")" || return 1
        raw_is_complete "$(raw_report)" || return 1
        [ "$(reports .json)" = 0 ] || valid_reports "$(the_report)" || return 1
        [ -z "$(find "$CRASHPRE_DIR" -mindepth 1 ! -name 'crash-zoo-*.txt' ! -name 'crash-zoo-*.json')" ] || { ls -la "$CRASHPRE_DIR" >&2 && fail "something is left"; } || return 1
        [ "$(reports .json)" = 1 ] || grep -q '^helper: ' "$(raw_report)" || { tail -n 3 "$(raw_report)" >&2 && fail "nothing is said about the helper"; } || return 1
        read -r pid _ <"$T/pid"
        for pid in $pid $(cat "$T/helper.pid" 2>/dev/null); do wait_until 10 is_gone "$pid" || return 1; done
}

# ---- the helper meets its end ----

@test "the helper is killed at one system call or another: the same death, nothing left" {
        need strace
        for at in execve:when=1 ptrace:when=1 ptrace:when=5 wait4:when=1 openat:when=12 openat:when=40 process_vm_readv:when=1 write:when=1 write:when=2 \
                linkat:when=1 clone:when=1 poll:when=1 exit_group:when=1; do
                CRASHPRE_HELPER=$(injected "${at%%:*}:signal=KILL:${at#*:}")
                export CRASHPRE_HELPER
                dies_well 10 many-null-write || fail "killed at $at" "$(tail -n 3 "$T/strace")"
        done
}

@test "the helper faults at one system call or another: the same death, the raw report says so" {
        need strace
        for at in ptrace:when=3 openat:when=20 process_vm_readv:when=2 write:when=2; do
                for signal in SEGV ABRT; do
                        CRASHPRE_HELPER=$(injected "${at%%:*}:signal=$signal:${at#*:}")
                        export CRASHPRE_HELPER
                        dies_well 10 many-null-write || fail "$signal at $at" "$(tail -n 3 "$T/strace")"
                done
        done
}

@test "system calls of the helper fail one after another: the same death, nothing left" {
        need strace
        for at in ptrace:error=EIO:when=2+ openat:error=EMFILE:when=15+ process_vm_readv:error=ENOMEM mmap:error=ENOMEM:when=30+ write:error=ENOSPC:when=2+ \
                linkat:error=EIO read:error=EIO:when=12+ clone:error=EAGAIN pipe2:error=EMFILE wait4:error=EINTR:when=1..3 fstat,newfstatat:error=EIO:when=9+; do
                CRASHPRE_HELPER=$(injected "$at")
                export CRASHPRE_HELPER
                dies_well 15 many-null-write || fail "with $at" "$(tail -n 3 "$T/strace")"
        done
}

@test "the helper is stopped: it is killed when the time is over, and no stopped process stays" {
        CRASHPRE_HELPER=$(a_helper stopped <<<'echo $$ >"$T/helper.pid"; kill -STOP $$; exec "$HELPER" "$@"')
        export CRASHPRE_HELPER CRASHPRE_TIMEOUT=1
        dies_well 6 many-null-write
        grep -q '^helper: given up after CRASHPRE_TIMEOUT seconds: 1' "$(raw_report)"
}

@test "the helper is stopped while it holds all threads: it is killed when the time is over, and all die" {
        need strace
        CRASHPRE_HELPER=$(injected process_vm_readv:signal=STOP:when=1)
        export CRASHPRE_HELPER CRASHPRE_TIMEOUT=2
        dies_well 10 many-null-write
}

@test "the helper is slow at one step or another: the whole takes no longer than CRASHPRE_TIMEOUT and a little" {
        need strace
        export CRASHPRE_TIMEOUT=1
        for call in execve ptrace openat process_vm_readv linkat write; do
                CRASHPRE_HELPER=$(injected "$call:delay_enter=3000000:when=1")
                export CRASHPRE_HELPER
                dies_well 8 many-null-write || fail "slow in $call"
        done
}

@test "execve of the helper hangs, as on a dead file server: the process dies in time all the same" {
        [ "$(id -u)" = 0 ] || skip "needs root to hold an execve"
        cp "$helper" "$T/held"
        mkfifo "$T/ready"
        "$tools/hold_exec" "$T/held" >"$T/ready" 2>"$T/holder.err" 3>&- &
        echo $! >"$T/holder.pid"
        read -r line <"$T/ready" || skip "fanotify(7) cannot hold an execve here: $(<"$T/holder.err")"
        [ "$line" = ready ]
        export CRASHPRE_HELPER=$T/held CRASHPRE_TIMEOUT=1
        dies_well 8 many-null-write
        [ "$(reports .json)" = 0 ]
        grep -q '^helper: given up after CRASHPRE_TIMEOUT seconds: 1' "$(raw_report)"
}

@test "the helper is a directory, a FIFO, a script without its interpreter, a file of another machine: the raw report says so" {
        mkdir "$T/directory"
        mkfifo "$T/fifo"
        printf '#!/nonexistent/interpreter\n' >"$T/script"
        head -c 64 "$helper" >"$T/short"
        { head -c 18 "$helper"; printf '\x28\x00'; tail -c +21 "$helper"; } >"$T/arm"
        chmod +x "$T"/{fifo,script,short,arm}
        for CRASHPRE_HELPER in "$T"/{directory,fifo,script,short,arm}; do
                export CRASHPRE_HELPER
                dies_well 5 many-null-write || fail "with $CRASHPRE_HELPER"
                grep -qE '^helper: (not started: execve: .*: |gave up|ended before its report was complete)' "$(raw_report)" || fail "$(tail -n 2 "$(raw_report)")"
        done
}

# ---- the helper starves ----

@test "address space for the helper is short: both reports or the raw one, never half" {
        for megabytes in 16 24 48 96 400; do
                fresh_reports
                run -139 bash -c "ulimit -v $((megabytes * 1024)); exec timeout 20 env LD_PRELOAD='$preload' CRASHPRE_STDERR=none '$(zoo)' null-write"
                raw_is_complete "$(raw_report)"
                [ "$(reports .json)" = 0 ] || valid_reports "$(the_report)"
                [ "$(reports .json)" = 1 ] || grep -q '^helper: ' "$(raw_report)"
        done
        [ -n "${SAN-}" ] || good_reports 1 # with 400 MB, of which a sanitizer would take all
}

@test "allocations of the helper fail, one or all from one on: both reports or the raw one, never half" {
        [ -z "$(find "$build"/obj -name options.o)" ] || skip "failing allocations are not injected below a sanitizer"
        for n in 1 2 5 10 20 40 80 160 320 640 1280 2560 5120; do
                for on in '' 'ALLOC_FAIL_ON=1'; do
                        CRASHPRE_HELPER=$(a_helper starved <<<"exec env LD_PRELOAD=$tools/liballocfail.so ALLOC_FAIL_AT=$n $on $tools/helper-shared \"\$@\"")
                        export CRASHPRE_HELPER
                        dies_well 10 many-null-write || fail "allocation $n $on"
                done
        done
}

# ---- the process is killed under its helper's hands ----

@test "the dying process is killed while its helper works: the helper ends, the JSON report is whole or absent" {
        CRASHPRE_HELPER=$(a_helper late <<<'echo $$ >"$T/helper.pid"; read -r pid _ <"$T/pid"; kill -KILL "$pid"; exec "$HELPER" "$@"')
        export CRASHPRE_HELPER
        ZOO_PID_FILE=$T/pid run -137 preloaded crasher pidfile-many-null-write
        wait_until 10 is_gone "$(<"$T/helper.pid")"
        raw_is_complete "$(raw_report)"
        [ "$(reports .json)" = 0 ] || valid_reports "$(the_report)"
        need strace
        for call in ptrace:when=2 process_vm_readv:when=2 openat:when=2 linkat:when=1; do
                fresh_reports
                rm -f "$T/helper.pid"
                CRASHPRE_HELPER=$(stopping_at $call 'kill -KILL $pid')
                ZOO_PID_FILE=$T/pid ended killed env LD_PRELOAD="$preload" "$(zoo)" pidfile-many-null-write
                [[ $(<"$T/killed.status") == "signal 9 "* ]] || fail "$call: $(<"$T/killed.status")"
                [ -e "$T/acted" ] || fail "the helper made no $call"
                wait_until 15 is_gone "$(<"$T/helper.pid")" || fail "the helper lives on after $call"
                [ "$(reports .json)" = 0 ] || valid_reports "$(the_report)"
                [ -z "$(find "$CRASHPRE_DIR" -name '.*' -type f)" ] || { ls -la "$CRASHPRE_DIR" && fail "a temporary file"; }
        done
}

# ---- our own code and data ----

@test "the library's data was overwritten: the process dies by a signal and in time" {
        cat >"$T/trample.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
        unsigned long lo, hi;
        char line[512], perms[8], path[400];
        int which = atoi(argv[1]), value = atoi(argv[2]), seen = 0;
        FILE *f = fopen("/proc/self/maps", "r");
        int ours = 0;
        while (f && fgets(line, sizeof(line), f)) {
                path[0] = 0;
                if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %399s", &lo, &hi, perms, path) < 3)
                        continue;
                /* its writable data, and the .bss that follows */
                ours = strstr(path, "libcrashpre") ? 1 : ours && !path[0];
                if (!ours || perms[1] != 'w')
                        continue;
                for (; lo < hi; lo += 4096)
                        if (seen++ % 8 == which)
                                memset((void *)lo, value, 4096);
        }
        *(volatile int *)argv[argc] = 1; /* the terminating NULL */
        return 0;
}
C
        gcc -o "$T/trample" "$T/trample.c"
        # In a pid namespace where that can be had: what the data is taken for may be killed.
        local apart=()
        ! unshare -p -f true 2>/dev/null || apart=(unshare -p -f sh -c '"$@"; exit $?' -)
        mkdir "$T/here"
        cd "$T/here" # the destination of reports without settings
        export CRASHPRE_TIMEOUT=5
        for which in 0 1 2 3 4 5 6 7; do
                for value in 0 65 255; do
                        ended trampled timeout -s KILL 18 "${apart[@]}" env LD_PRELOAD="$preload" "$T/trample" $which $value
                        [[ $(<"$T/trampled.status") == "signal "* || $(<"$T/trampled.status") == "exit 139" ]] || fail "part $which, $value: $(<"$T/trampled.status")"
                        [[ $(<"$T/trampled.status") != *SIGKILL* && $(<"$T/trampled.status") != "exit 137" ]] || fail "part $which, $value: it hung"
                done
        done
}

@test "a callback of the program crashes: the report is written, the death is the same" {
        cat >"$T/asked.c" <<'C'
#include "preload/crashpre.h"
#include <string.h>
static char **nowhere;
static int crashes(int signal) { (void)signal; nowhere[1][2] = 3; return 0; }
static int crashes_after(const char *path) { (void)path; nowhere[1][2] = 3; return 0; }
static int crashes_value(char *buf, size_t size) { (void)buf, (void)size; nowhere[1][2] = 3; return 0; }
int main(int argc, char **argv)
{
        (void)argc;
        if (strstr(argv[1], "filter"))
                crashpre_set_filter(crashes);
        if (strstr(argv[1], "after"))
                crashpre_set_after_report(crashes_after);
        if (strstr(argv[1], "value"))
                crashpre_set_volatile("value", crashes_value);
        *(volatile int *)argv[2] = 1; /* the terminating NULL */
        return 0;
}
C
        gcc -I "$root" -o "$T/asked" "$T/asked.c" -ldl
        for what in filter after value filter-after-value; do
                fresh_reports
                CRASHPRE_STDERR=none ended asked env LD_PRELOAD="$preload" "$T/asked" $what
                [[ $(<"$T/asked.status") == "signal 11"* ]] || fail "$what: $(<"$T/asked.status")"
                good_reports 1 || fail "$what"
        done
}

# ---- the traces of a helper ----

@test "the helper leaves no core of its own, is in no session, group or terminal of the program's, and stops nobody by Ctrl-Z" {
        CRASHPRE_HELPER=$(a_helper look <<<'ulimit -S -c >"$T/limit"; exec "$HELPER" "$@"')
        export CRASHPRE_HELPER
        run -139 bash -c 'ulimit -S -c unlimited 2>/dev/null; cd "$3" && exec env LD_PRELOAD="$0" "$1" "$2"' "$preload" "$(zoo)" null-write "$T"
        [ "$(<"$T/limit")" = 0 ] || fail "core limit $(<"$T/limit")"
        rm -f "$T"/core*
        need strace
        CRASHPRE_HELPER=$(a_helper look <<<'exec strace -o "$T/strace" -e trace=setsid,ioctl "$HELPER" "$@"')
        run -139 preloaded crasher null-write
        grep -q '^setsid()' "$T/strace"
        lacks 'TIOCSCTTY' "$T/strace"
}
