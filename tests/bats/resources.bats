# SPDX-License-Identifier: MIT
# Exhausted resources: descriptors, memory, processes, disk, directories, a full stderr.
# The report has less information, but is written if any destination is left; the death is the same, and in time.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=20
}

# raw_on_stderr [TEXT]: the whole raw report is in $stderr (or in TEXT).
raw_on_stderr() {
        printf '%s\n' "${1-$stderr}" | sed -n '/^crashpre raw report 1$/,/^end of report$/p' >"$T/raw"
        raw_is_complete "$T/raw"
}

# ---- descriptors ----

@test "every descriptor in use, or all of them closed: same death, one report" {
        faithful nofd-null-write
        faithful closeall-null-write
        faithful closeall-many-thread-abort
}

@test "no further descriptor allowed, for good: same death, the raw report on stderr" {
        for limit in 0 3; do
                export ZOO_LIMIT=$limit
                CRASHPRE_STDERR=none faithful --reports 0 fdlimit-null-write
                run -139 --separate-stderr preloaded crasher fdlimit-null-write
                raw_on_stderr
                nothing_in "$CRASHPRE_DIR"
        done
}

@test "two descriptors allowed, for good: same death, the raw report in its file, and why there is no more" {
        export ZOO_LIMIT=3
        faithful --reports any closeall-fdlimit-null-write
        raw_alone
        [[ $(outcome) == *"not started: pipe2: Too many open files"* ]] || fail "$(outcome)"
}

# ---- memory ----

@test "the heap eaten up to the limit of the address space: same death, one report" {
        [ -z "${SAN-}" ] || skip "a sanitizer wants more address space than there is"
        for word in eatheap-null-write eatheap-abort thread-eatheap-abort; do LEVELS=O2 faithful $word; done
        assert_stack "$(the_report)" abort zoo_go
}

@test "no data segment and no address space left, for good: same death, the raw report" {
        for word in nodata-null-write nomem-null-write; do
                LEVELS=O2 faithful --reports any $word
                raw_is_complete "$(raw_report)"
        done
}

# Without precaution the kernel kills the larger process: the one that is crashing.
@test "a memory cgroup at its limit: the helper may have to go, the death is the same, the raw report there" {
        local group=/sys/fs/cgroup/memory/crashpre-$$-$BATS_TEST_NUMBER
        { [ -d /sys/fs/cgroup/memory ] && mkdir "$group"; } 2>/dev/null || skip "no memory cgroup to be made here"
        echo "$group" >"$T/group"
        echo 20971520 >"$group/memory.limit_in_bytes" || skip "no limit can be set"
        for megabytes in 13 15 17; do
                fresh_reports
                # shellcheck disable=SC2016 # for the inner shell
                ZOO_MEGABYTES=$megabytes run -139 timeout 60 bash -c 'echo $$ >"$1/tasks" && LD_PRELOAD=$2 exec "$0" touch-null-write' "$(ZOO=O2 zoo)" "$group" "$preload"
                raw_is_complete "$(raw_report)"
        done
}

teardown() {
        [ ! -s "${T:-/nonexistent}/group" ] || wait_until 10 rmdir "$(<"$T/group")" 2>/dev/null
}

# ---- files that may not grow ----

@test "files at their soft limit: it is lifted for the report, same death" {
        faithful_command 1 bash -c 'ulimit -S -f 1; exec "$0" null-write' "$(zoo)"
        status_is "signal 11"
}

@test "files at their soft limit: a core dump keeps to it" {
        [ "$(cat /proc/sys/kernel/core_pattern)" = core ] || skip "core dumps go elsewhere here"
        for kind in plain preloaded; do
                env=(env)
                [ $kind = plain ] || env=(env LD_PRELOAD="$preload" CRASHPRE_STDERR=none)
                mkdir "$T/$kind"
                # shellcheck disable=SC2016
                "$tools/status" -C "$T/$kind" -o "$T/status" "${env[@]}" bash -c 'ulimit -S -f 8; exec "$0" null-write' "$(zoo)" >/dev/null </dev/null
        done
        good_reports 1
        [ -e "$T/plain/core" ] || skip "no core dumps here"
        [ "$(stat -c %s "$T/plain/core")" -le 8192 ] && [ "$(stat -c %s "$T/preloaded/core")" -le 8192 ] || fail "$(ls -l "$T"/*/core)"
}

@test "files may not grow, for good: SIGXFSZ kills nobody, the raw report on stderr" {
        faithful --reports 0 nofile-null-write
        status_is "signal 11"
        run -139 preloaded crasher nofile-null-write # a pipe: a file could not grow either
        raw_on_stderr "$output"
        nothing_in "$CRASHPRE_DIR"
}

@test "a report on request beyond a limit on files: SIGXFSZ does not come to the program" {
        # shellcheck disable=SC2016
        run -0 bash -c 'ulimit -S -f 1; CRASHPRE_STDERR=none LD_PRELOAD=$1 exec "$0" request-nothing' "$(zoo)" "$preload"
        [[ $output == *nothing*end* ]] || fail "$output"
        # shellcheck disable=SC2016
        CRASHPRE_CHAIN=first run -0 bash -c 'ulimit -S -f 1; CRASHPRE_STDERR=none LD_PRELOAD=$1 exec "$0" own-recover-null-write' "$(zoo)" "$preload"
        [[ $output == *recovered*end* ]] || fail "$output"
}

# ---- processes, time, cores ----

@test "no process may be started: same death, the raw report, and why there is no more" {
        open_to_nobody
        ZOO=O2 run -139 crasher noproc-null-write
        ZOO=O2 run -139 preloaded crasher noproc-null-write
        raw_alone
        [[ $(outcome) == *"not started: clone: Resource temporarily unavailable: no more processes are allowed (RLIMIT_NPROC, or the container's pids.max)" ]] || fail "$(outcome)"
}

@test "the limits on processor time and file size are reached during the report: SIGSEGV all the same" {
        for signal in XCPU XFSZ; do
                CRASHPRE_HELPER=$(a_helper meanwhile <<<"read -r pid _ <\"\$T/pid\"; kill -$signal \"\$pid\"; exec \"\$HELPER\" \"\$@\"")
                export CRASHPRE_HELPER ZOO_PID_FILE=$T/pid
                LEVELS=O2 faithful pidfile-thread-null-write
                status_is "signal 11"
        done
}

@test "core dumps: as large as without, and no second one" {
        [ "$(cat /proc/sys/kernel/core_pattern)" = core ] || skip "core dumps go elsewhere here"
        for kind in plain preloaded; do
                env=(env)
                [ $kind = plain ] || env=(env LD_PRELOAD="$preload" CRASHPRE_STDERR=none)
                mkdir "$T/$kind"
                "$tools/status" -C "$T/$kind" -o "$T/status" "${env[@]}" "$(zoo)" null-write >/dev/null </dev/null
        done
        good_reports 1
        [[ $(<"$T/status") == *core ]] || skip "no core dumps here"
        [ "$(ls -A "$T/plain")" = core ] || fail "$(ls -la "$T/plain")"
        [ "$(ls -A "$T/preloaded")" = core ] || fail "$(ls -la "$T/preloaded")"
        # pages that were never touched are holes in it (fs/coredump.c: dump_skip())
        before=$(du -B1 "$T/plain/core" | cut -f 1) after=$(du -B1 "$T/preloaded/core" | cut -f 1)
        [ $((after - before)) -lt 1500000 ] || fail "the core grew from $before to $after bytes"
        [ "$(stat -c %s "$T/preloaded/core")" -lt 7000000 ] || fail "$(ls -la "$T/preloaded")"
}

# ---- a memory cgroup ----

# in_cgroup BYTES COMMAND...: runs it in a memory cgroup of its own with that limit, no swap. Sets $status.
in_cgroup() {
        local limit=$1 group
        shift
        if [ -d /sys/fs/cgroup/memory ]; then
                group=/sys/fs/cgroup/memory/crashpre-test.$$.$BATS_TEST_NUMBER
                mkdir "$group" 2>/dev/null || skip "no memory cgroup can be made here"
                echo "$limit" >"$group/memory.limit_in_bytes"
                [ ! -e "$group/memory.memsw.limit_in_bytes" ] || echo "$limit" >"$group/memory.memsw.limit_in_bytes"
        else
                group=/sys/fs/cgroup/crashpre-test.$$.$BATS_TEST_NUMBER
                mkdir "$group" 2>/dev/null || skip "no memory cgroup can be made here"
                { echo "$limit" >"$group/memory.max" && echo 0 >"$group/memory.swap.max"; } 2>/dev/null || { rmdir "$group" && skip "the memory controller is not enabled here"; }
        fi
        status=0
        # shellcheck disable=SC2016
        bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@" >/dev/null 2>&1 || status=$?
        wait_until 10 rmdir "$group" 2>/dev/null
}

@test "a memory cgroup at its limit: the process dies of its own signal, not of the kernel's choice, and there is a raw report" {
        [ "$(id -u)" = 0 ] || skip "needs root to make a memory cgroup"
        cat >"$T/eat.c" <<'C'
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
        size_t n = strtoul(argv[argc - 1], 0, 0) << 10;
        memset(malloc(n), 1, n);
        *(volatile int *)0 = 1;
}
C
        gcc -O0 -w -o "$T/eat" "$T/eat.c"
        for kb in 30000 32500 33300 33600 33900; do
                fresh_reports
                in_cgroup $((34 << 20)) env LD_PRELOAD="$preload" "$T/eat" $kb
                [ "$status" = 139 ] || fail "with $kb kB of 34 MB: status $status"
                raw_is_complete "$(raw_report)"
        done
}

# ---- disks and directories ----

# on_disk OPTIONS WORD...: reports go to a disk mounted with these options, and nowhere else: /tmp is read-only. What it holds at the
# end is copied to $T/kept.
on_disk() {
        mkdir -p "$T/kept"
        # shellcheck disable=SC2016
        run -139 --separate-stderr own_mounts bash -c 'mount --bind /tmp /tmp && mount -t tmpfs -o "$1" none "$CRASHPRE_DIR" && mount -o remount,bind,ro /tmp || exit 1
                timeout 20 env -u TMPDIR LD_PRELOAD="$2" "${@:4}"; status=$?
                mount -o remount,bind,rw /tmp && cp -a "$CRASHPRE_DIR/." "$3"; exit $status' _ "$1" "$preload" "$T/kept" "${@:2}"
        CRASHPRE_DIR=$T/kept
}

@test "a full disk: same death, the raw report on stderr, no part of one on the disk" {
        can_mount
        on_disk size=4k "$(zoo)" null-write
        raw_on_stderr
        nothing_in "$T/kept"
}

@test "a full disk and no stderr: same death, as much of the raw report as fits" {
        can_mount
        CRASHPRE_STDERR=none on_disk size=4k "$(zoo)" null-write
        raw=$(raw_report)
        [ "$(head -n 1 "$raw")" = "crashpre raw report 1" ]
        [ "$(raw_value "$raw" cause signal)" = "11 SIGSEGV" ] || fail "$(raw_section "$raw" cause)"
        raw_section "$raw" registers | grep -q '^rip: 0x'
        [ "$(raw_frames "$raw" | wc -l)" -ge 3 ] || fail "frames: $(raw_frames "$raw")"
        [ "$(reports .json)" = 0 ]
}

@test "a disk that is full after the raw report: same death, that one complete, no part of a JSON report" {
        can_mount
        on_disk size=12k "$(zoo)" null-write
        raw_alone
        [ "$(ls -A "$T/kept" | wc -l)" = 1 ] || fail "$(ls -la "$T/kept")"
        [[ $(outcome) == *"No space left on device"* ]] || fail "$(outcome)"
}

@test "a disk mounted read-only: same death, the raw report on stderr" {
        can_mount
        on_disk ro "$(zoo)" null-write
        raw_on_stderr
}

# refused DIR COMMAND...: reports cannot go to DIR: they go to $TMPDIR, both files, and say so; without $TMPDIR to /tmp.
refused() {
        rm -rf "$T/other"
        mkdir -m 777 "$T/other"
        CRASHPRE_DIR=$1 TMPDIR=$T/other run -139 "${@:2}" timeout 20 env LD_PRELOAD="$preload" "$(zoo)" null-write
        CRASHPRE_DIR=$T/other good_reports 1
        assert_json "$(CRASHPRE_DIR=$T/other the_report)" "any(.diagnostics[]; .stage == \"handler\" and (.message | contains(\"no report could be written to ${1%/}: errno\")))"
}

@test "a directory that is read-only, or may not be searched, or is a file: both reports in TMPDIR, and the diagnostics name it" {
        open_to_nobody
        mkdir -m 555 "$T/readonly"
        mkdir -m 600 "$T/closed"
        touch "$T/file"
        for dir in readonly readonly/deeper closed closed/deeper file file/deeper; do
                refused "$T/$dir" as_nobody
        done
        nothing_in "$T/readonly"
        nothing_in "$T/closed"
        TMPDIR=$T/closed CRASHPRE_DIR=$T/readonly run -139 as_nobody timeout 20 env LD_PRELOAD="$preload" "$(zoo)" null-write
        [[ $output =~ report:\ (/tmp/crash-zoo-[^/]*)\.json ]] || fail "$output"
        [ -s "${BASH_REMATCH[1]}.json" ]
        [ -s "${BASH_REMATCH[1]}.txt" ]
        rm "${BASH_REMATCH[1]}".*
}

@test "the working directory is gone: reports go to the directory they were to go to" {
        LEVELS=O2 faithful deletedcwd-null-write
        mkdir "$T/gone" "$T/tmp"
        unset CRASHPRE_DIR
        # shellcheck disable=SC2016
        TMPDIR=$T/tmp run -139 bash -c 'cd "$2" && rmdir "$2" && exec timeout 20 env LD_PRELOAD="$1" "$0" null-write' "$(zoo)" "$preload" "$T/gone"
        CRASHPRE_DIR=$T/tmp good_reports 1
}

@test "a directory of reports that somebody else planted as a symbolic link in a sticky directory is not followed" {
        [ "$(id -u)" = 0 ] || skip "needs root to be two users"
        mkdir -m 1777 "$T/sticky"
        mkdir -m 777 "$T/elsewhere"
        ln -s "$T/elsewhere" "$T/sticky/reports"
        ln -s "$T/nowhere" "$T/sticky/dangling"
        chown -h 65534 "$T/sticky/reports" "$T/sticky/dangling"
        for name in reports reports/ dangling; do
                refused "$T/sticky/$name"
        done
        nothing_in "$T/elsewhere"
        [ ! -e "$T/nowhere" ]
}

@test "a directory of reports that is one's own symbolic link, or the owner's of the directory: it is followed" {
        mkdir -m 1777 "$T/sticky"
        mkdir "$T/elsewhere"
        ln -s "$T/elsewhere" "$T/sticky/mine"
        CRASHPRE_DIR=$T/sticky/mine run -139 preloaded crasher null-write
        mkdir -m 755 "$T/plain"
        ln -s "$T/elsewhere" "$T/plain/theirs"
        [ "$(id -u)" != 0 ] || chown -h 65534 "$T/plain/theirs"
        CRASHPRE_DIR=$T/plain/theirs/ run -139 preloaded crasher null-write
        CRASHPRE_DIR=$T/elsewhere
        [ "$(reports .json)" = 2 ] || { ls -la "$T/elsewhere" >&2; fail "expected two reports"; }
}

# The name has the microsecond in it: who plants a link must guess, and a guess that is right gains nothing.
@test "report files are made new, and no link is followed" {
        need strace
        run -139 timeout 30 strace -f -e trace=openat,linkat -o "$T/strace" env LD_PRELOAD="$preload" "$(zoo)" null-write
        grep -q 'crash-zoo-.*txt", O_RDWR|O_CREAT|O_EXCL|O_APPEND|O_NOFOLLOW|O_CLOEXEC' "$T/strace" || { grep crash-zoo "$T/strace" >&2; fail "not so opened"; }
        grep -qE 'linkat\(.*crash-zoo-.*json"|crash-zoo-.*O_EXCL.*O_NOFOLLOW' "$T/strace" || { grep crash-zoo "$T/strace" >&2; fail "not so made"; }
}

# ---- no /proc ----

@test "/proc covered by something else, or not mounted: same death, one report" {
        can_mount
        for how in "mount -t tmpfs none /proc" "umount -l /proc"; do
                fresh_reports
                # shellcheck disable=SC2016
                run -139 own_mounts bash -c "$how"'; exec timeout 20 env LD_PRELOAD="$1" "$0" many-thread-null-write' "$(zoo)" "$preload"
                good_reports 1
                assert_stack "$(the_report)" null_write zoo_go run_plan
                assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "attach" and (.message | test("/proc")))'
        done
}

@test "/proc shows nobody else's processes: same death, one report, all threads" {
        can_mount
        open_to_nobody
        # shellcheck disable=SC2016
        run -139 own_mounts bash -c 'mount -t proc -o hidepid=2 proc /proc || exit 77
                exec setpriv --reuid 65534 --regid 65534 --clear-groups timeout 20 env LD_PRELOAD="$1" "$0" many-null-write' "$(zoo)" "$preload"
        good_reports 1
        assert_json "$(the_report)" '(.threads | length) == 17'
}

# ---- stderr ----

@test "stderr closed: same death, one report, and nothing of it in the next file opened" {
        faithful_command 1 bash -c 'exec 2>&-; exec "$0" null-write' "$(zoo)"
        fresh_reports
        run -139 bash -c 'exec 2>&-; exec timeout 20 env LD_PRELOAD="$1" "$0" null-write' "$(zoo)" "$preload"
        good_reports 1
        lacks 'died of' "$(raw_report)" || fail "the summary went into the raw report"
}

# full_pipe COMMAND...: its stderr is a full pipe that nobody reads.
full_pipe() {
        rm -f "$T/pipe"
        mkfifo "$T/pipe"
        # shellcheck disable=SC2016
        timeout -k 5 20 bash -c 'exec 9<>"$0"; dd if=/dev/zero of=/dev/fd/9 bs=4096 oflag=nonblock 2>/dev/null; exec "$@" 2>&9' "$T/pipe" "$@"
}

@test "stderr a full pipe that nobody reads: same death within seconds, one report" {
        SECONDS=0
        run -139 full_pipe env LD_PRELOAD="$preload" "$(zoo)" null-write
        good_reports 1
        CRASHPRE_HELPER=/nonexistent run -139 full_pipe env LD_PRELOAD="$preload" "$(zoo)" null-write
        [[ $(cat "$CRASHPRE_DIR"/*.txt) == *"execve: No such file or directory"* ]]
        CRASHPRE_DIR=- run -139 full_pipe env LD_PRELOAD="$preload" "$(zoo)" thread-null-write
        [ "$SECONDS" -lt 15 ] || fail "took $SECONDS s"
}

# without_reader COMMAND...: its stderr is a pipe without any reader.
without_reader() {
        rm -f "$T/pipe"
        mkfifo "$T/pipe"
        # shellcheck disable=SC2016
        timeout -k 5 20 bash -c 'exec 9<>"$0" 2>"$0" 9>&-; exec "$@"' "$T/pipe" "$@"
}

@test "stderr a pipe whose reader has gone: no part of a report raises SIGPIPE" {
        run -139 without_reader env LD_PRELOAD="$preload" "$(zoo)" null-write
        good_reports 1
        CRASHPRE_HELPER=/nonexistent run -134 without_reader env LD_PRELOAD="$preload" "$(zoo)" abort
        CRASHPRE_DIR=- run -139 without_reader env LD_PRELOAD="$preload" "$(zoo)" thread-null-write
}

@test "a report on request, stderr a pipe whose reader has gone: SIGPIPE does not come to the program" {
        run -0 without_reader env CRASHPRE_DIR=- LD_PRELOAD="$preload" "$(zoo)" request-nothing
        [[ $output == *nothing*end* ]] || fail "$output"
        run -0 without_reader env CRASHPRE_HELPER=/nonexistent LD_PRELOAD="$preload" "$(zoo)" request-nothing
        [[ $output == *nothing*end* ]] || fail "$output"
}
