# SPDX-License-Identifier: MIT
# Where the library loads: with glibc older than the one it was built with, and with musl.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        load roots
        fresh_reports
}

@test "the library needs no other library, and no version of a symbol" {
        readelf -dW "$preload" >"$T/dynamic"
        grep -q '(SONAME)' "$T/dynamic"
        lacks -E '\((NEEDED|VERNEED|VERNEEDNUM)\)' "$T/dynamic"
}

# glibc binds a reference without a version to the oldest one.
@test "all its references are weak, and libc has no older version of any" {
        readelf --dyn-syms -W "$preload" | awk '$7 == "UND" && $8 != "" { print $5, $8 }' | sort -k 2 >"$T/references"
        grep -q ' vsnprintf$' "$T/references"
        lacks -v '^WEAK ' "$T/references"
        libc=$(ldd /bin/true | sed -n 's/.*libc\.so\.6 => \([^ ]*\).*/\1/p')
        readelf --dyn-syms -W "$libc" | sed -n 's/.* \([^ @]*\)@[^@].*/\1/p' | sort -u >"$T/older"
        grep -qx timer_create "$T/older"
        cut -d ' ' -f 2 "$T/references" | sort | comm -12 - "$T/older" >"$T/both"
        [ ! -s "$T/both" ] || fail "$(cat "$T/both")"
}

small_program='
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void leave(int sig) { (void)sig; _exit(3); }
static __attribute__((noinline)) void small_fault(volatile int *p) { *p = 1; }
static void *run(void *p) { small_fault(p); return p; }
int main(int argc, char **argv)
{
        const char *how = argc > 1 ? argv[1] : "";
        pthread_t t;
        char *sh[] = { "sh", "-c", "exit 4", NULL };

        puts("hello");
        fflush(stdout);
        if (!strcmp(how, "abort")) abort();
        if (!strcmp(how, "thread")) { pthread_create(&t, NULL, run, NULL); pthread_join(t, NULL); }
        if (!strcmp(how, "handler")) { signal(SIGSEGV, leave); small_fault(NULL); }
        if (!strcmp(how, "exec")) execv("/bin/sh", sh);
        if (!strcmp(how, "system")) return system("exit 5") >> 8;
        if (!strcmp(how, "fault")) small_fault(NULL);
        return 0;
}'

@test "musl: a program starts, works, and its crashes are reported" {
        command -v musl-gcc >/dev/null || skip "musl-gcc is not installed"
        echo "$small_program" >"$T/small.c"
        musl-gcc -g -O1 -w -fno-optimize-sibling-calls -o "$T/small" "$T/small.c"
        for how in nothing exec system; do faithful_command 0 "$T/small" $how || fail $how; done
        for how in abort thread handler fault; do
                faithful_command 1 "$T/small" $how || fail $how
                [ $how = abort ] || assert_json "$(the_report)" '.threads[0].frames[0].function == "small_fault" and .fault.class == "null-dereference"'
        done
}

@test "valgrind: a program that crashes, and one with a handler, end as without the library" {
        need valgrind
        echo "$small_program" >"$T/small.c"
        gcc -g -O1 -w -fno-optimize-sibling-calls -o "$T/small" "$T/small.c" -pthread
        for how in nothing fault handler thread abort; do
                for with in "" "$preload"; do
                        ended "valgrind${with:+.with}" env LD_PRELOAD="$with" valgrind -q --error-exitcode=7 "$T/small" $how
                        sed -i 's/^==[0-9]*==/==/; s/0x[0-9A-F]*//g' "$T/valgrind${with:+.with}.err"
                done
                for part in status out err; do diff "$T/valgrind.$part" "$T/valgrind.with.$part" || fail "$how: $part" || return 1; done
                [ $how != fault ] || grep -q 'Process terminating' "$T/valgrind.with.err"
        done
        nothing_in "$CRASHPRE_DIR"
}

@test "qemu-user, whose signal frames are aligned to 8 bytes: programs with handlers and without end as without the library, with a raw report" {
        need qemu-x86_64
        echo "$small_program" >"$T/small.c"
        gcc -g -O1 -w -fno-optimize-sibling-calls -o "$T/small" "$T/small.c" -pthread
        for how in nothing fault handler thread abort; do
                fresh_reports
                for with in "" "$preload"; do
                        ended "qemu${with:+.with}" qemu-x86_64 -E LD_PRELOAD="$with" -E CRASHPRE_STDERR=none "$T/small" $how
                done
                for part in status out err; do diff "$T/qemu.$part" "$T/qemu.with.$part" || fail "$how: $part" || return 1; done
                case $how in nothing | handler) ;; *) raw_is_complete "$(raw_report)" ;; esac
        done
        ended qemu qemu-x86_64 -E LD_PRELOAD="$preload" "$tools/delivery" worker-mask
        ended plain qemu-x86_64 "$tools/delivery" worker-mask
        diff "$T/plain.out" "$T/qemu.out"
}

@test "Debian 11: with its older glibc programs start, work, and their crashes are reported, the JSON report included" {
        bare_possible
        bare=$(bare_root bullseye)
        mkdir "$bare/crashpre" "$bare/reports"
        cp -r "$build/lib" "$build/libexec" "$bare/crashpre"
        echo "$small_program" >"$bare/small.c"
        "$root/tests/tools/in_root" "$bare" / sh -c 'apt-get -q update && apt-get install -yq --no-install-recommends gcc libc6-dev python3-minimal' >"$T/log" 2>&1 ||
                fail "$(tail -n 20 "$T/log")"
        "$root/tests/tools/in_root" "$bare" / gcc -g -O1 -w -o /small /small.c -pthread
        for how in nothing exec system abort thread handler fault; do
                for with in "" /crashpre/lib/libcrashpre.so; do
                        status=0
                        "$root/tests/tools/in_root" "$bare" / env CRASHPRE_DIR=/reports CRASHPRE_STDERR=none LD_PRELOAD="$with" /small $how >"$T/out${with:+.with}" 2>"$T/err${with:+.with}" || status=$?
                        echo $status >"$T/status${with:+.with}"
                done
                for part in out err status; do diff "$T/$part" "$T/$part.with" || fail "$how: $part" || return 1; done
        done
        "$root/tests/tools/in_root" "$bare" / env LD_PRELOAD=/crashpre/lib/libcrashpre.so perl -e 'print "perl\n"; system("true"); exit 0' | grep -qx perl
        "$root/tests/tools/in_root" "$bare" / env LD_PRELOAD=/crashpre/lib/libcrashpre.so python3 -c 'import os, subprocess; subprocess.run(["true"]); print("python")' | grep -qx python
        find "$bare/reports" -name '*.json' >"$T/found"
        [ "$(wc -l <"$T/found")" = 4 ] || fail "$(ls "$bare/reports")"
        jq -r '.threads[0].frames[0].function' "$bare"/reports/*.json | grep -c '^small_fault$' | grep -qx 3
}
