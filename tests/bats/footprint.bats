# SPDX-License-Identifier: MIT
# Without a crash the library leaves no trace; and the contents of the library file.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
}

# unchanged COMMAND...: same output, same status, nothing written.
unchanged() {
        fresh_reports
        ended plain env -i PATH="$PATH" CRASHPRE_DIR="$CRASHPRE_DIR" "$@"
        ended preloaded env -i PATH="$PATH" CRASHPRE_DIR="$CRASHPRE_DIR" LD_PRELOAD="$preload" "$@"
        for part in status out err; do
                diff "$T/plain.$part" "$T/preloaded.$part" >&2 || fail "$part differs with the preload: $*" || return 1
        done
        nothing_in "$CRASHPRE_DIR"
        rm -rf "$T"/*.cwd
}

@test "no crash: descriptors, signal mask, errno, threads and environment are as without" {
        unchanged "$(zoo)" footprint
        grep -q 'descriptor 2' "$T/plain.out"
}

@test "no crash: as without on a thread, in a child, after exec" {
        for word in thread-footprint fork-footprint rawfork-footprint exec-footprint handler-footprint two-thread-nothing; do
                unchanged "$(zoo)" $word
        done
}

@test "after a report on request: descriptors, signal mask and errno are as before" {
        ended plain env -i CRASHPRE_DIR="$CRASHPRE_DIR" "$(zoo)" request-footprint
        ended preloaded env -i CRASHPRE_DIR="$CRASHPRE_DIR" CRASHPRE_STDERR=none LD_PRELOAD="$preload" "$(zoo)" request-footprint
        diff "$T/plain.out" "$T/preloaded.out"
        good_reports 1
}

@test "no crash: everyday programs print what they print without" {
        unchanged sh -c 'echo hello | sed s/l/L/g | grep -c L; exit 3'
        unchanged bash -c 'trap "echo trapped" USR1; kill -USR1 $$; (exit 7); echo $?; trap'
        unchanged /usr/bin/perl -e '$SIG{ALRM} = sub { print "alarm\n"; exit 5 }; kill ALRM => $$; sleep 1'
        unchanged /usr/bin/python3 -c 'import signal, threading, subprocess
print(signal.getsignal(signal.SIGSEGV), signal.getsignal(signal.SIGCHLD))
t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()
print(subprocess.run(["sh", "-c", "exit 4"]).returncode)'
        unchanged ls -la /usr/lib
}

@test "signal actions: the program reads back what it set" {
        for ZOO in O0 O2; do
                unchanged "$(zoo)" readback
                grep -q own_info "$T/plain.out"
        done
}

@test "alternate signal stacks: the program reads back what it set, not the library's" {
        unchanged "$(zoo)" altstack
        unchanged "$(zoo)" thread-altstack
        unchanged "$(zoo)" on-altstack-footprint
}

@test "signals ignored from the start stay ignored" {
        for word in readback "raise SEGV" "raise ABRT" exec-readback; do
                unchanged sh -c "cd /; unset OLDPWD; trap '' SEGV ABRT FPE; exec '$(zoo)' $word"
        done
        ended preloaded env LD_PRELOAD="$preload" sh -c "trap '' SEGV; exec '$(zoo)' null-write"
        status_is "signal 11"
}

@test "a thousand threads end by return, exit and cancellation: nothing is left behind" {
        for ZOO in O0 O2; do
                unchanged "$(zoo)" churn
                grep -qx 'all cleaned up' "$T/preloaded.out"
                grep -qx 'no mapping is left behind' "$T/preloaded.out"
        done
}

@test "a program that handles its faults works as without" {
        unchanged "$(zoo)" recover-often 1000
}

@test "python's faulthandler works as without" {
        cat >"$T/fault.py" <<'P'
import faulthandler, ctypes
faulthandler.enable()
ctypes.string_at(0)
P
        run -139 --separate-stderr timeout 30 /usr/bin/python3 "$T/fault.py"
        plain=$(sed 's/0x[0-9a-f]*//' <<<"$stderr")
        [[ $plain == *"Fatal Python error: Segmentation fault"* ]]
        CRASHPRE_STDERR=none run -139 --separate-stderr preloaded /usr/bin/python3 "$T/fault.py"
        diff <(printf '%s\n' "$plain") <(sed 's/0x[0-9a-f]*//' <<<"$stderr")
        good_reports 1
}

@test "no crash: a few mappings more, no thread, little memory" {
        count() { "$@" /bin/sh -c 'wc -l </proc/self/maps; grep -c . /proc/self/task/*/comm | wc -l' | paste -sd ' '; }
        read -r plain_maps plain_threads < <(count env)
        read -r maps threads < <(count env LD_PRELOAD="$preload")
        [ "$threads" = "$plain_threads" ] || fail "$threads threads, $plain_threads without"
        [ $((maps - plain_maps)) -le 8 ] || fail "$maps mappings, $plain_maps without"
        resident() { "$@" /usr/bin/python3 -c 'import re; print(re.search(r"VmRSS:\s+(\d+)", open("/proc/self/status").read()).group(1))'; }
        more=$(($(resident env LD_PRELOAD="$preload") - $(resident env)))
        [ $more -lt 1000 ] || fail "$more KiB more"
}

# ---- beside other preloads ----

# another: a preload that interposes and forwards sigaction, sigaltstack and exit, as a profiler or a sandbox does.
another() {
        cat >"$T/another.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
static int seen;
int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
        int (*next)(int, const struct sigaction *, struct sigaction *) = dlsym(RTLD_NEXT, "sigaction");
        seen++;
        return next(sig, act, old);
}
__attribute__((constructor)) static void begin(void) { setenv("ANOTHER", "was here", 1); }
__attribute__((destructor)) static void end(void)
{
        if (getenv("ANOTHER_TELLS"))
                printf("another preload saw %d calls of sigaction\n", seen);
}
C
        gcc -shared -fPIC -o "$T/another.so" "$T/another.c" -ldl
}

@test "a list of preloads, crashpre first or last: both work" {
        another
        export ANOTHER_TELLS=1
        for list in "$T/another.so:$preload" "$preload:$T/another.so" "$T/another.so $preload"; do
                ended plain env LD_PRELOAD="$T/another.so" "$(zoo)" readback
                ended preloaded env LD_PRELOAD="$list" "$(zoo)" readback
                diff <(sed 's/saw [0-9]* calls/saw N calls/' "$T/plain.out") <(sed 's/saw [0-9]* calls/saw N calls/' "$T/preloaded.out") || fail "$list"
                grep -q 'another preload saw' "$T/preloaded.out"
                fresh_reports
                CRASHPRE_STDERR=none run -139 timeout 20 env LD_PRELOAD="$list" "$(zoo)" many-null-write
                good_reports 1
                fresh_reports
                CRASHPRE_STDERR=none ended preloaded env LD_PRELOAD="$list" "$(zoo)" own-raise-null-write
                status_is "signal 11"
                good_reports 1
        done
}

@test "a list of preloads with a missing one: ld.so reports it, and crashpre works" {
        run -139 --separate-stderr timeout 20 env LD_PRELOAD="/nonexistent/libnone.so:$preload" "$(zoo)" null-write
        [[ $stderr == *"/nonexistent/libnone.so"*"cannot be preloaded"* ]]
        good_reports 1
}

# ---- real programs at work ----

@test "gcc compiles and links to the same bytes, and warns in the same words" {
        compile() { # in the same directory each time, which is part of the debugging information
                rm -rf "$T/place" "$1"
                mkdir "$T/place"
                cp -r "$root/unwind" "$T/place"
                (cd "$T/place" && "${@:2}" sh -c '
                        gcc -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wconversion -Wsign-conversion -Wunused-macros -Wcast-align=strict -Wpadded \
                                -I. -c unwind/core/cfi/program.c -o cfi.o
                        printf "#include <iostream>\nint main() { std::cout << 1; }\n" | gcc -x c++ -g -O1 -c -o hello.o - && g++ -o hello hello.o
                        echo "int main(void) { return undeclared; }" | gcc -x c -o none -
                        echo "status $?"' >warnings 2>&1)
                mv "$T/place" "$1"
        }
        compile "$T/plain" env
        compile "$T/preloaded" env LD_PRELOAD="$preload"
        cmp "$T/plain/cfi.o" "$T/preloaded/cfi.o"
        cmp "$T/plain/hello" "$T/preloaded/hello"
        diff "$T/plain/warnings" "$T/preloaded/warnings"
        grep -q warning: "$T/plain/warnings"
        grep -q 'status 1' "$T/plain/warnings"
        nothing_in "$CRASHPRE_DIR"
}

@test "coreutils at work: same bytes, same messages, same statuses" {
        cat >"$T/work" <<'S'
seq 1 30000 | sort -R --random-source=/etc/passwd | sort -n --parallel=2 -S 1M | uniq | tail -n 3
seq 20000 | split -l 5000 --filter='wc -l'
yes | head -n 3; timeout 0.1 sleep 5; echo "timeout $?"
ls /nonexistent; echo "ls $?"
env -i A=1 env; nice -n 3 nice; nohup true; stdbuf -oL echo line; mktemp -u /tmp/XXXXXX | wc -c
printf '%s\n' b a | tee /dev/null | paste - -; od -c </etc/hostname | head -n 2; kill -l | wc -l
(trap 'echo usr1' USR1; kill -USR1 $BASHPID); chroot /nonexistent true; echo "chroot $?"
cksum /bin/true; sha256sum /bin/true; factor 123456789; numfmt --to=si 12345; date -u -d @0; stty -g; echo "stty $?"
S
        unchanged bash "$T/work"
}

# ---- the library as a file ----

exports() {
        nm -D --defined-only "$preload" | awk '{ print $3 }' | sed 's/@.*//' | sort
}

@test "exported symbols: those of the list and no other" {
        diff <(grep -v '^#' "$BATS_TEST_DIRNAME/exports.txt" | LC_ALL=C sort) <(exports | LC_ALL=C sort) >&2 ||
                fail "exports.txt (left) and $preload (right) differ"
}

@test "the library binds at load and has no executable stack" {
        run readelf -dW "$preload"
        [[ $output == *NOW* ]]
        run bash -c 'readelf -lW "$1" | grep GNU_STACK' _ "$preload"
        [[ $output == *"RW "* && $output != *RWE* ]]
}

crash_path() {
        /usr/bin/python3 "$root/tests/tools/crash_path.py" "$@"
}

@test "the crash path of the library: no thread-local storage, no call that leaves it" {
        crash_path "$preload"
}

# The check itself must be able to fail.
@test "the check of the crash path finds errno, a libc call and a call through the PLT" {
        cat >"$T/good.c" <<'C'
static int helper(int n) { return n + 1; }
__attribute__((section("crashtext"), noinline)) int inside(int n) { return n * 3; }
__attribute__((section("crashtext"))) int good(int n) { return inside(n) + 1; }
int elsewhere(int n) { return helper(n); }
C
        {
                cat "$T/good.c"
                echo '#include <errno.h>'
                echo '__attribute__((section("crashtext"))) int bad_errno(void) { return errno; }'
        } >"$T/errno.c"
        {
                cat "$T/good.c"
                echo 'extern __thread int own; __thread int own;'
                echo '__attribute__((section("crashtext"))) int bad_tls(void) { return own; }'
        } >"$T/tls.c"
        {
                cat "$T/good.c"
                echo '#include <unistd.h>'
                echo '__attribute__((section("crashtext"))) long bad_call(void) { return write(1, "", 0); }'
        } >"$T/plt.c"
        {
                cat "$T/good.c"
                echo '__attribute__((section("crashtext"))) int bad_jump(int n) { return elsewhere(n) + 1; }'
        } >"$T/leaves.c"
        for name in good errno tls plt leaves; do
                # -fno-semantic-interposition: calls within the file are direct, as hidden visibility makes them in the library
                gcc -O1 -fno-inline -fPIC -shared -fvisibility=hidden -fno-stack-protector -ftls-model=initial-exec -o "$T/$name.so" "$T/$name.c"
        done
        crash_path "$T/good.so"
        for name in errno tls plt leaves; do
                run crash_path "$T/$name.so"
                [ "$status" = 1 ] || fail "$name.so passed: $output"
        done
        # A missing section is a failure, too.
        run crash_path /bin/true
        [ "$status" = 1 ]
}
