# SPDX-License-Identifier: MIT
# Nothing that never answers holds the dying process: memory whose pages never come, file servers that hang, helpers that stop.
# mounts: own
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=none CRASHPRE_TIMEOUT=60 LIMIT=15
        mnt='' server='' job=''
}

teardown() {
        [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true # ends all waits for it
        [ -z "$mnt" ] || umount -l "$mnt" 2>/dev/null || true
        [ -z "$job" ] || kill -KILL "$job" 2>/dev/null || true
}

# ---- userfaultfd ----

# unfilled MEMORY PLACE...: the end is that without the library, in time, with both reports, and nobody is left.
unfilled() {
        local memory=$1 place status=0
        shift
        "$tools/unfilled" probe register 2>"$T/why" || skip "$(<"$T/why")"
        for place; do
                status=0
                "$tools/unfilled" "$memory" "$place" "$T/shm/file" 2>"$T/why" || status=$?
                [ $status != 77 ] || skip "$(<"$T/why")"
                [ $status = 139 ] || fail "$memory $place: ended with $status"
                faithful_command 1 "$tools/unfilled" "$memory" "$place" "$T/shm/file" || fail "$memory $place"
                status_is "signal 11"
                case $place in
                register | arg | env) assert_stack "$(the_report)" crash main ;;
                esac
        done
}

@test "memory that is never filled, memfd: same death, both reports, in time" { unfilled memfd register sp bp return; }
@test "memory that is never filled, shared anonymous: same death, both reports, in time" { unfilled shared register sp bp return; }
@test "memory that is never filled, private anonymous: same death, both reports, in time" { unfilled private register sp bp return; }
@test "memory that is never filled, private with a name: same death, both reports, in time" { unfilled named register sp bp return; }
@test "memory that is never filled, hugetlb: same death, both reports, in time" { unfilled hugetlb register sp bp return; }
@test "memory that is never filled, heap: same death, both reports, in time" { unfilled heap register sp bp return; }
@test "memory that is never filled, the main stack: same death, both reports, in time" { unfilled stack register sp bp return; }

@test "memory that is never filled, a file in a tmpfs: same death, both reports, in time" {
        can_mount
        mkdir "$T/shm"
        mount -t tmpfs none "$T/shm"
        mnt=$T/shm
        unfilled file register sp bp return
}

@test "memory whose pages exist and are never mapped: same death, both reports, in time" { unfilled minor register sp bp return; }

@test "arguments in memory that is never filled: same death, both reports, in time" {
        for memory in memfd shared private hugetlb; do unfilled $memory arg; done
}

@test "environment in memory that is never filled: same death, both reports, in time" {
        export CRASHPRE_ENV=HOME,PATH
        for memory in memfd shared private hugetlb; do unfilled $memory env; done
}

@test "arguments and environment in memory that is never filled, no process may be traced: same death, both reports, in time" {
        "$tools/unfilled" probe register 2>"$T/why" || skip "$(<"$T/why")"
        export CRASHPRE_ENV=HOME,PATH
        for place in arg env; do
                fresh_reports
                run -139 preloaded "$tools/refuse" ptrace "$tools/unfilled" memfd $place
                good_reports 1
                assert_stack "$(the_report)" crash main
        done
}

@test "arguments in memory that is never filled, of a program that became another user: same death, both reports, in time" {
        open_to_nobody
        "$tools/unfilled" probe register 2>"$T/why" || skip "$(<"$T/why")"
        run -139 preloaded "$tools/unfilled" memfd user-arg
        good_reports 1
        assert_stack "$(the_report)" crash main
}

# ---- file servers ----

# serve [OPTION...]: $T/files by tests/tools/hungfs at $mnt.
serve() {
        [ "$(id -u)" = 0 ] || skip "needs root to mount a file system"
        [ -e /dev/fuse ] || skip "no /dev/fuse here"
        mkdir -p "$T/files" "$T/mnt"
        "$tools/hungfs" "$@" "$T/files" "$T/mnt" >"$T/served" 2>"$T/why" 3>&- </dev/null &
        server=$!
        mnt=$T/mnt
        wait_until 10 served_or_gone
        [ -s "$T/served" ] || skip "$(<"$T/why")"
}

served_or_gone() {
        [ -s "$T/served" ] || ! kill -0 "$server" 2>/dev/null
}

disconnected() {
        ! stat "$mnt" 2>/dev/null
}

# hang WAY: the server no longer answers. deaf: it receives requests, whose callers cannot be killed; stopped: it does not receive them.
hang() {
        case $1 in
        deaf) kill -USR1 "$server" && wait_until 10 grep -qx hung "$T/served" ;;
        stopped) kill -STOP "$server" && wait_until 10 grep -q '^State:.T' "/proc/$server/status" ;;
        healthy) ;;
        esac
}

# heal: it answers again, what was left as well.
heal() {
        kill -CONT "$server"
        kill -USR2 "$server"
        wait_until 10 grep -qx healthy "$T/served"
}

# begin COMMAND...: a program that prints "ready" and waits for a line, in $job. Its standard error: $errors.
begin() {
        rm -f "$T/stdin" "$T/out"
        mkfifo "$T/stdin"
        exec 8<>"$T/stdin"
        env LD_PRELOAD="$preload" "$@" <&8 >"$T/out" 2>"${errors:-$T/err}" 3>&- 8>&- &
        job=$!
        wait_until 10 ready_or_gone
        grep -qx ready "$T/out" || { show "$T/err" && fail "did not start: $*"; }
}

ready_or_gone() {
        grep -qsx ready "$T/out" || ! kill -0 "$job" 2>/dev/null
}

# dies: it crashes now, and dies of that in time.
dies() {
        local status=0
        echo >&8
        wait_until "$LIMIT" is_over || { cat /proc/"$job"/{wchan,syscall} >&2 && fail "hangs"; }
        wait "$job" 2>/dev/null || status=$?
        [ $status = 139 ] || fail "ended with $status"
        job=''
        exec 8>&-
}

is_over() {
        [ ! -e "/proc/$job" ] || grep -q '^State:.*Z' "/proc/$job/status"
}

# someone_left DIRECTORY: a process whose CRASHPRE_DIR that is, helper and writer included.
someone_left() {
        grep -qalF "CRASHPRE_DIR=$1" /proc/[0-9]*/environ 2>/dev/null
}

none_left() {
        ! someone_left "$1"
}

# ended_up_in DIRECTORY: both reports are there, complete and valid.
ended_up_in() {
        CRASHPRE_DIR=$1 good_reports 1
}

ways() {
        local way
        for way in deaf stopped; do
                echo "# server $way" >&2
                "$@" "$way"
                [ -z "$server" ] || kill -KILL "$server"
                umount -l "$mnt"
                server='' mnt=''
                fresh_reports
        done
}

data_hangs() {
        serve "${@:1:$#-1}"
        head -c 1M /dev/urandom >"$T/files/data"
        begin "$tools/late" -m "$mnt/data"
        hang "${@: -1}"
        dies
        good_reports 1
        assert_stack "$(the_report)" late_crash late_here main
}

@test "a mapped file's server hangs: same death, all names" { ways data_hangs; }
@test "a mapped file's server hangs, its names are known to the kernel: same death, all names" { ways data_hangs -c 3600; }

arguments_hang() {
        open_to_nobody
        serve
        head -c 1M /dev/zero | tr '\\0' a >"$T/files/data"
        begin "$tools/late" -m "$mnt/data" -a "${@:1:$#-1}"
        hang "${@: -1}"
        dies
        good_reports 1
        assert_stack "$(the_report)" late_crash late_here main
}

@test "the arguments' file server hangs: same death, all names" { ways arguments_hang; }
@test "the arguments' file server hangs, and nobody may attach: same death, all names" { ways arguments_hang -u; }

program_hangs() {
        serve "${@:1:$#-1}"
        cp "$tools/late" "$T/files/late"
        begin "$mnt/late"
        hang "${@: -1}"
        dies
        good_reports 1
        [ "$(raw_frames "$(raw_report)" | wc -l)" -ge 2 ]
        # libc, which started main, has its name
        json "$(the_report)" '.threads[0].frames[].function' | grep -q '^__libc_start'
}

@test "the program's own file server hangs: same death, the other modules have their names" { ways program_hangs; }
@test "the program's own file server hangs, its names are known to the kernel: same death, the other modules have their names" { ways program_hangs -c 3600; }

library_hangs() {
        serve "${@:1:$#-1}"
        echo 'void late_call(void (*f)(void)); void late_call(void (*f)(void)) { f(); __asm__ volatile(""); }' |
                gcc -g -shared -fPIC -o "$T/files/liblate.so" -x c -
        begin "$tools/late" -l "$mnt/liblate.so"
        hang "${@: -1}"
        dies
        good_reports 1
        assert_stack "$(the_report)" late_crash main
        frames_agree "$(raw_report)" "$(the_report)"
}

@test "a library's file server hangs: same death, the frames on both sides of it have their names" { ways library_hangs; }
@test "a library's file server hangs, its names are known to the kernel: same death, the frames on both sides of it have their names" { ways library_hangs -c 3600; }

@test "CRASHPRE_DIR on a file server: both reports are there" {
        for options in "" "-c 3600"; do
                # shellcheck disable=SC2086 # words
                serve $options
                mkdir "$mnt/reports"
                CRASHPRE_DIR=$mnt/reports begin "$tools/late"
                dies
                ended_up_in "$T/files/reports"
                rm -r "$T/files/reports"
                CRASHPRE_DIR=$mnt/new/reports begin "$tools/late"
                dies
                ended_up_in "$T/files/new/reports"
                umount "$mnt"
                rm -r "$T/files/new"
                server='' mnt=''
        done
}

@test "the working directory on a file server: both reports are there" {
        serve
        unset CRASHPRE_DIR
        begin env -C "$mnt" "$tools/late"
        dies
        ended_up_in "$T/files"
}

# in_tmpdir: the reports are in TMPDIR, and both say which directory could not be used.
in_tmpdir() {
        ended_up_in "$T/tmp"
        grep -qF "$mnt" "$T/tmp"/crash-*.txt || { show "$T"/tmp/crash-*.txt && fail "$mnt is not named in the raw report"; }
        json "$T"/tmp/crash-*.json '.diagnostics[].message' | grep -F "$mnt" >&2 || fail "$mnt is not named in the diagnostics"
}

directory_hangs() {
        serve "${@:2:$#-2}"
        rm -rf "$T/tmp"
        mkdir -p "$mnt/reports" "$T/tmp"
        case $1 in
        named) CRASHPRE_DIR=$mnt/reports TMPDIR=$T/tmp begin "$tools/late" ;;
        working) TMPDIR=$T/tmp begin env -u CRASHPRE_DIR -C "$mnt" "$tools/late" ;;
        esac
        hang "${@: -1}"
        dies
        in_tmpdir
}

@test "CRASHPRE_DIR on a file server that hangs: the reports are in TMPDIR and name it" { ways directory_hangs named; }
@test "CRASHPRE_DIR on a file server that hangs, known to the kernel: the reports are in TMPDIR and name it" { ways directory_hangs named -c 3600; }
@test "the working directory on a file server that hangs: the reports are in TMPDIR and name it" { ways directory_hangs working; }

@test "CRASHPRE_DIR on a file server that was killed: the reports are in TMPDIR and name it" {
        serve
        mkdir "$mnt/reports" "$T/tmp"
        CRASHPRE_DIR=$mnt/reports TMPDIR=$T/tmp begin "$tools/late"
        kill -KILL "$server"
        wait_until 10 disconnected
        dies
        in_tmpdir
}

substitution_returns() {
        serve
        rm -rf "$T/tmp"
        mkdir -p "$mnt/reports" "$T/tmp"
        hang "$1"
        local began=$SECONDS
        # shellcheck disable=SC2016 # for the inner shell
        run -139 --separate-stderr timeout 40 bash -c 'out=$(echo | env LD_PRELOAD="$1" CRASHPRE_DIR="$2" TMPDIR="$3" "$4" 2>&1); status=$?; echo "$out"; exit $status' \
                - "$preload" "$mnt/reports" "$T/tmp" "$tools/late"
        [ "$output" = ready ] || fail "$output"
        [ $((SECONDS - began)) -lt "$LIMIT" ] || fail "took $((SECONDS - began)) s"
        in_tmpdir
}

@test "\$(./app) returns though the writer of the reports is left behind" { ways substitution_returns; }

place_hangs() {
        serve "${@:2:$#-2}"
        mkdir -p "$mnt/src"
        cp "$root/tests/tools/late.c" "$mnt/src/"
        (cd "$mnt/src" && gcc -g -O0 -I "$root" -D_GNU_SOURCE -o "$T/late" late.c -ldl)
        case $1 in
        source) begin "$T/late" ;;
        debug) CRASHPRE_DEBUG_DIR=$mnt/src begin "$T/late" ;;
        home) HOME=$mnt/src begin "$T/late" ;;
        path) PATH=$mnt/src:$PATH CRASHPRE_STDERR=full begin "$T/late" ;;
        esac
        hang "${@: -1}"
        dies
        good_reports 1
        assert_stack "$(the_report)" late_crash late_here main
        assert_json "$(the_report)" '.threads[0].frames[0].line > 0'
}

@test "the sources on a file server that hangs: same death, functions and lines" { ways place_hangs source; }
@test "the sources on a file server that hangs, known to the kernel: same death, functions and lines" { ways place_hangs source -c 3600; }
@test "CRASHPRE_DEBUG_DIR on a file server that hangs: same death, functions and lines" { ways place_hangs debug; }
@test "HOME on a file server that hangs: same death, functions and lines" { ways place_hangs home; }
@test "a directory of PATH on a file server that hangs: same death, functions and lines" { ways place_hangs path; }

@test "stderr is a file on a server that hangs: same death, both reports" {
        serve -f
        : >"$mnt/stderr"
        CRASHPRE_STDERR=full errors=$mnt/stderr begin "$tools/late"
        hang deaf
        dies
        good_reports 1
        assert_stack "$(the_report)" late_crash late_here main
}

@test "stderr is a file on a server that hangs, and there is no helper: same death, the raw report" {
        serve -f
        : >"$mnt/stderr"
        CRASHPRE_HELPER=$T/none CRASHPRE_STDERR=full errors=$mnt/stderr begin "$tools/late"
        hang deaf
        dies
        raw_is_complete "$(raw_report)"
}

@test "after a server hung and answers again no process is left, nor a part of a report" {
        serve
        mkdir "$mnt/reports" "$T/tmp"
        CRASHPRE_DIR=$mnt/reports TMPDIR=$T/tmp begin "$tools/late"
        hang deaf
        dies
        in_tmpdir
        someone_left "$mnt/reports" # in uninterruptible sleep
        heal
        wait_until 10 none_left "$mnt/reports"
        [ -z "$(find "$T/files/reports" -name '*.json' -o -name '.*.tmp*' -o -name '*.txt' -size +0)" ] || { ls -la "$T/files/reports" >&2 && fail "something is left"; }
}

# ---- the helper ----

@test "the helper stops while it looks at the process: another makes the report from the raw one, same death, none left" {
        need strace
        CRASHPRE_HELPER=$(
                a_helper stops <<'END'
if [ -e "$T/second" ]; then exec "$HELPER" "$@"; fi
touch "$T/second"
exec strace -D -qq -o "$T/strace" -e trace=ptrace -e inject=ptrace:signal=STOP:when=1 "$HELPER" "$@"
END
        )
        export CRASHPRE_HELPER CRASHPRE_TIMEOUT=4
        rm -f "$T/second"
        LEVELS=O0 faithful null-write
        status_is "signal 11"
        assert_stack "$(the_report)" null_write zoo_go main
        assert_json "$(the_report)" 'any(.diagnostics[]; .message | test("only the raw report was used"))'
}
