# SPDX-License-Identifier: MIT
# Children of every kind, and crashes before main, after it, in libraries that are loaded
# and unloaded. A process that has inherited the preload is reported under its own pid; others are not affected.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=30
}

edge() { printf '%s/libedge.so\n' "$(dirname "$(zoo)")"; }

# ---- children ----

@test "a hundred children crash at once: a report each, the same deaths" {
        for word in null-write abort; do
                export LEVELS=O2 CRASHPRE_MAX_REPORTS=0
                faithful --reports 100 children-$word
                status_is "exit 0"
                grep -q '^each child: signal ' "$T/preloaded.out"
        done
        [ "$(cat "$CRASHPRE_DIR"/*.json | jq .process.pid | sort -u | wc -l)" = 100 ]
}

@test "a vfork child crashes: its own report, the same end of both" {
        faithful vfork-null-write
        status_is "exit 0"
        faithful thread-vfork-abort
}

@test "a vfork child crashes, and then its parent does: a report of each" {
        faithful --reports 2 aftervfork-null-write
        status_is "signal 11"
        [ "$(cat "$CRASHPRE_DIR"/*.json | jq -r '.threads[0].frames[0].function' | sort | tr '\n' ' ')" = "null_write wild_write " ]
}

@test "a vfork child and another thread of its parent crash at once: a report of each, both intact" {
        for i in 1 2 3; do
                LEVELS=O2 faithful --reports 2 besidevfork-null-write
                status_is "signal 11"
                [ "$(cat "$CRASHPRE_DIR"/*.json | jq -r '.threads[0].frames[0].function' | sort | tr '\n' ' ')" = "null_write wild_write " ]
        done
}

@test "a crash while another thread waits for its vfork child, and cannot be stopped: same death in time, one report" {
        faithful vforkheld-null-write
        assert_json "$(the_report)" '(.threads | length) == 2 and .threads[0].unwind_end == "end-of-stack"'
        faithful vforkheld-request
        status_is "exit 0"
}

@test "a worker crashes while the main thread forks children that crash: same death, every report intact" {
        for i in 1 2 3; do
                LEVELS=O2 faithful --reports any forking-null-write
                status_is "signal 11"
                good_reports "$(reports .txt)"
                [ "$(cat "$CRASHPRE_DIR"/*.json | jq -r 'select(.threads | length > 1) | .threads[0].crashed')" = true ] || fail "the worker's crash is not reported"
        done
}

@test "children by posix_spawn, system and popen crash: a report each, the same statuses" {
        faithful spawn-null-write
        status_is "exit 0"
        faithful system-abort
        grep -qx 'system: exit 134' "$T/preloaded.out"
        faithful popen-null-write
        grep -qx 'popen: exit 139' "$T/preloaded.out"
}

@test "a crash between fork and exec: a report of the child, the parent goes on" {
        faithful beforeexec-null-write
        status_is "exit 0"
        faithful thread-beforeexec-abort
}

@test "exec fails, and the program crashes later: same death, one report" { faithful badexec-null-write; }

@test "a daemon crashes: one report" {
        faithful daemon-null-write
        faithful setsid-thread-abort
}

@test "a pipeline of programs, one of which crashes: its report, the same output" {
        faithful_command 1 bash -c 'exec 2>/dev/null; seq 3 | { "$0" null-write; cat; } | tr 1 a; echo "${PIPESTATUS[@]}"' "$(zoo)"
        grep -qx a "$T/preloaded.out"
}

@test "a program that strace -f follows crashes: same death, one report" {
        need strace
        faithful_command 1 strace -f -qq -o /dev/null -e trace=none "$(zoo)" fork-null-write
        status_is "exit 0"
}

# ---- children without the preload ----

@test "the environment was cleared: no report" {
        faithful_command 0 env -i "$(zoo)" null-write
        status_is "signal 11"
        faithful --reports 0 clearenv-system-null-write
}

@test "the environment was cleared after the start: one report all the same" { faithful clearenv-null-write; }

@test "a set-user-ID program is left alone" {
        open_to_nobody
        cp "$(zoo)" "$T/setuid"
        chown 65534 "$T/setuid"
        chmod u+s "$T/setuid"
        [ "$(stat -c %a "$T/setuid")" = 4755 ] || skip "no set-user-ID bit here"
        faithful_command 0 "$T/setuid" null-write
        status_is "signal 11"
}

# built NAME COMPILER-ARGUMENT...: $T/NAME from a program that writes through NULL.
built() {
        printf 'int main(void) { *(volatile int *)0 = 1; }\n' >"$T/crash.c"
        gcc -o "$T/$1" "${@:2}" "$T/crash.c" 2>"$T/gcc.err"
}

@test "statically linked programs are left alone" {
        built static -static || skip "no static libc"
        faithful_command 0 "$T/static"
        built static-pie -static-pie || skip "no static libc"
        faithful_command 0 "$T/static-pie"
        status_is "signal 11"
}

# crash32 NAME COMPILER-ARGUMENT...: a 32-bit program that needs no headers and no start files.
crash32() {
        printf 'void _start(void) { *(volatile int *)0 = 1; }\n' >"$T/crash32.c"
        gcc -m32 -nostdlib -fno-pie -o "$T/$1" "$T/crash32.c" "${@:2}" 2>"$T/gcc.err"
}

@test "a 32-bit program: nothing breaks" {
        crash32 static32 -static -no-pie || skip "no 32-bit programs can be made here"
        faithful_command 0 "$T/static32"
        status_is "signal 11"
        libc=/usr/lib32/libc.so.6
        [ -e $libc ] || skip "no 32-bit libc is installed"
        crash32 dynamic32 -no-pie -Wl,--no-as-needed,-dynamic-linker,/lib/ld-linux.so.2 $libc
        ended plain "$T/dynamic32"
        ended preloaded env LD_PRELOAD="$preload" "$T/dynamic32"
        diff "$T/plain.status" "$T/preloaded.status"
        status_is "signal 11"
        grep -q 'cannot be preloaded' "$T/preloaded.err" # printed by the dynamic linker, not by crashpre
        [ "$(wc -l <"$T/preloaded.err")" = 1 ]
        nothing_in "$CRASHPRE_DIR"
}

@test "a script: reported under its interpreter's name, the script among the arguments" {
        need perl
        printf '#!/usr/bin/perl\nkill SEGV => $$; sleep 1;\n' >"$T/script"
        chmod +x "$T/script"
        faithful_command 1 "$T/script" argument
        [[ $(basename "$(the_report)") == crash-perl-* ]]
        assert_json "$(the_report)" ".process.cmdline[-2:] == [\"$T/script\", \"argument\"]"
}

# ---- before main, and after it ----

@test "a crash in the constructor of the program: same death, one report" { faithful ctor-thread-null-write; }

# with_edge BEFORE AFTER WHEN: libedge.so crashes, preloaded before or after us.
with_edge() {
        # shellcheck disable=SC2016
        ZOO_EDGE=$3 faithful_command 1 bash -c 'export LD_PRELOAD="$1 $LD_PRELOAD $2"; exec "$0" nothing' "$(zoo)" "$1" "$2"
        status_is "signal 11"
        assert_stack "$(the_report)" crash_if "$4"
}

@test "a crash in the constructor of a library loaded with the program, before ours or after: same death, one report" {
        with_edge "$(edge)" "" ctor edge_begins
        with_edge "" "$(edge)" ctor edge_begins
}

@test "a crash in the destructor of a library, before our own or after: same death, one report" {
        with_edge "$(edge)" "" dtor edge_ends
        with_edge "" "$(edge)" dtor edge_ends
        grep -qx end "$T/preloaded.out"
}

# Relocation precedes all constructors: no handler is installed yet.
@test "a crash in the resolver of an indirect function: same death, no report" {
        # shellcheck disable=SC2016
        faithful_command 0 bash -c 'export LD_PRELOAD="$LD_PRELOAD $1"; exec "$0" nothing' "$(zoo)" "$(dirname "$(zoo)")/libifunc.so"
        status_is "signal 11"
}

@test "a crash in an exit handler, also on top of another: same death, one report" {
        faithful atexit-null-write
        faithful thread-atexit-abort
        faithful atexit-overflow
        assert_json "$(the_report)" '.fault.class == "stack-overflow"'
}

# ---- libraries that come and go ----

@test "a crash in the constructor or destructor of a library that comes or goes by dlopen: same death, one report" {
        LEVELS=O0 faithful plugin-ctor
        assert_stack "$(the_report)" crash_if edge_begins plugin_ctor zoo_go main
        LEVELS=O0 faithful plugin-dtor
        assert_stack "$(the_report)" crash_if edge_ends plugin_dtor zoo_go main
}

@test "a library whose code stands on the stack was unloaded: same death, the frames above it" {
        LEVELS=O0 faithful closedplugin-null-write
        assert_stack "$(the_report)" null_write zoo_go close_beneath
        frames_agree "$(raw_report)" "$(the_report)"
        faithful closedplugin-abort
}

# ---- killed in the middle ----

@test "the process is killed while it is reported: dead by SIGKILL, no process and no part of a file is left" {
        CRASHPRE_HELPER=$(a_helper killer <<<'read -r pid _ <"$T/pid"; kill -KILL "$pid"; exec "$HELPER" "$@"')
        export CRASHPRE_HELPER ZOO_PID_FILE=$T/pid CRASHPRE_STDERR=none
        for word in pidfile-null-write pidfile-many-thread-abort; do
                fresh_reports
                ended preloaded env LD_PRELOAD="$preload" "$(zoo)" $word
                [ "$(<"$T/preloaded.status")" = "signal 9 SIGKILL" ] || fail "$(<"$T/preloaded.status")"
                raw_is_complete "$(raw_report)"
                [ -z "$(find "$CRASHPRE_DIR" -mindepth 1 ! -name 'crash-*' -o -name '*.tmp')" ] || fail "$(ls -la "$CRASHPRE_DIR")"
        done
}

@test "the process is killed while its helper holds its threads: dead by SIGKILL, no process is left" {
        need strace
        CRASHPRE_HELPER=$(stopping_at process_vm_readv:when=2 'grep -h "^State:" /proc/$pid/task/*/status >"$T/states"; kill -KILL $pid')
        export CRASHPRE_HELPER ZOO_PID_FILE=$T/pid CRASHPRE_STDERR=none
        ended preloaded env LD_PRELOAD="$preload" "$(zoo)" pidfile-many-thread-null-write
        [ "$(<"$T/preloaded.status")" = "signal 9 SIGKILL" ] || fail "$(<"$T/preloaded.status")"
        grep -q 'tracing stop' "$T/states"
        lacks -v 'tracing stop' "$T/states" || fail "not all threads were held"
        raw_is_complete "$(raw_report)"
}
