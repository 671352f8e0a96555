# SPDX-License-Identifier: MIT
# Programs with signal handlers keep them with their flags; CRASHPRE_CHAIN selects a report
# after them or before.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
}

# ---- last (the default): the program's handler first, a report if the process dies of it ----

@test "own handler leaves by _exit: its status, one report of the fault" {
        faithful own-exit3-null-write
        status_is "exit 3"
        assert_json "$(the_report)" '.signal.name == "SIGSEGV"'
        assert_stack "$(the_report)" null_write zoo_go main
}

@test "own handler leaves by exit: its status, one report of the fault" {
        faithful own-exit4-null-write
        status_is "exit 4"
        assert_json "$(the_report)" '.signal.name == "SIGSEGV"'
}

@test "own handler leaves by quick_exit: its status" {
        faithful --reports any own-quick5-null-write
        status_is "exit 5"
}

@test "own handler resets and raises: same death, one report" {
        for word in null-write div-zero ill bus; do
                faithful own-raise-$word
        done
        assert_stack "$(the_report)" bus zoo_go main
}

@test "own handler resets and raises after an abort: same death, one report" {
        faithful own-raise-abort
        status_is "signal 6"
}

@test "own handler returns to the default action: same death, one report with the faulting frame" {
        faithful own-return-null-write
        assert_json "$(the_report)" '.threads[0].frames[0].function == "null_write"'
        faithful own-return-abort
        faithful --reports 0 own-return-trap # an int3 does not repeat: the program lives
        status_is "exit 0"
}

@test "own handler aborts: SIGABRT, one report" {
        faithful own-abort-null-write
        status_is "signal 6"
}

# of_first_fault HANDLER FINGERPRINT: both reports are those of null_write, whose handler ended the process in that way.
of_first_fault() {
        local report
        report=$(the_report)
        assert_json "$report" '.cause.kind == "signal" and .cause.handler == "'"$1"'" and (.cause.summary | startswith("null-dereference: write to 0x0 in null_write at "))'
        assert_json "$report" '.signal.name == "SIGSEGV" and .signal.code_name == "SEGV_MAPERR" and .signal.address == "0x0"'
        assert_json "$report" '.fault | .class == "null-dereference" and .access == "write" and .address == "0x0" and (.explanation | test("NULL"))'
        assert_json "$report" '(.fault.frame // 0) as $at | .threads[0] | .frames[$at].function == "null_write" and .registers.rip == .frames[$at].pc and ($at == 0 or .frames[$at - 1].signal_frame)'
        assert_json "$report" '[.disassembly[] | select(.faulting)][0].address == .threads[0].registers.rip'
        assert_json "$report" '.fingerprint == "'"$2"'"'
        diff <(raw_section "$(raw_report)" cause | grep -E '^(kind|signal|code|address|class|handler): ') - <<TEXT
kind: signal
signal: 11 SIGSEGV
code: 1 SEGV_MAPERR
address: 0x0
class: null-dereference
handler: $1
TEXT
}

@test "own handler ends the process, in every way: kind, class, address, registers and fingerprint are those of the fault" {
        local fingerprint
        export CRASHPRE_STDERR=none
        run -139 preloaded crasher own-return-null-write # the handler returns, and the fault comes again
        fingerprint=$(jq -r .fingerprint "$(the_report)")
        assert_json "$(the_report)" '(.cause | has("handler") | not) and (.fault | has("frame") | not)'
        for way in abort:134:abort exit3:3:exit exit4:4:exit raise:139:raise unblock:139:raise below:139:raise tgkill:139:raise; do
                fresh_reports
                IFS=: read -r word end handler <<<"$way"
                run "-$end" preloaded crasher "own-$word-null-write"
                of_first_fault "$handler" "$fingerprint"
        done
}

# handled WAY: a program whose handler of SIGSEGV and SIGABRT, or of SIGALRM, does as told.
handled() {
        [ -x "$T/handled" ] || gcc -g -O1 -x c -o "$T/handled" - <<'C'
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static const char *way;
static sigjmp_buf back;
static void on_abort(int sig) { signal(sig, SIG_DFL); raise(sig); }
static void on_signal(int sig)
{
        (void)sig;
        if (!strcmp(way, "jump"))
                siglongjmp(back, 1);
        if (!strcmp(way, "raise"))
                raise(SIGABRT);
        abort();
}
__attribute__((noinline)) static void null_write(int *volatile p) { *p = 1; }
int main(int argc, char **argv)
{
        way = argv[argc - 1];
        signal(SIGSEGV, on_signal);
        signal(SIGALRM, on_signal);
        if (!strcmp(way, "nested"))
                signal(SIGABRT, on_abort);
        if (!strcmp(way, "alarm"))
                return raise(SIGALRM);
        if (!strcmp(way, "sent") && !fork())
                return kill(getppid(), SIGSEGV);
        if (!strcmp(way, "sent"))
                for (;;)
                        pause();
        if (!sigsetjmp(back, 1))
                null_write(0);
        abort();
}
C
        fresh_reports
        run -134 preloaded "$T/handled" "$1"
}

@test "own handler of the fault and own handler of the abort: the fault is told" {
        handled nested
        assert_json "$(the_report)" '.signal.name == "SIGSEGV" and .fault.class == "null-dereference" and .cause.handler == "abort" and .signature == "null_write | main"'
        handled raise
        assert_json "$(the_report)" '.signal.name == "SIGSEGV" and .fault.class == "null-dereference" and .cause.handler == "abort" and .signature == "null_write | main"'
}

@test "own handler of SIGABRT raises it again: message, exception and explanation are those of the abort" {
        g++ -g -O1 -w -x c++ -o "$T/again" - <<'C'
#include <assert.h>
#include <signal.h>
#include <stdexcept>
static void on_abort(int sig)
{
        sigset_t set;
        signal(sig, SIG_DFL);
        sigemptyset(&set);
        sigaddset(&set, sig);
        sigprocmask(SIG_UNBLOCK, &set, nullptr);
        raise(sig);
}
__attribute__((noinline)) static void check(int *p) { assert(p); }
__attribute__((noinline)) static void thrower() { throw std::runtime_error("why"); }
int main(int argc, char **)
{
        signal(SIGABRT, on_abort);
        if (argc == 1)
                check(nullptr);
        thrower();
}
C
        run -134 preloaded "$T/again"
        assert_json "$(the_report)" '.cause | .kind == "assertion" and .handler == "raise" and (.summary | test("^assertion failed: p, in check at "))'
        assert_json "$(the_report)" '.fault.class == "assertion" and .signature == "check | main"'
        fresh_reports
        run -134 preloaded "$T/again" throw
        assert_json "$(the_report)" '.cause | .kind == "exception" and .handler == "raise" and (.summary | test("^std::runtime_error: why, thrown in thrower at "))'
        assert_json "$(the_report)" '.fault.class == "uncaught-exception" and .signature == "thrower | main"'
}

@test "own handler overwrites the context of its signal and aborts: same death, a report" {
        gcc -g -O1 -w -x c -o "$T/overwrites" - <<'C'
#include <signal.h>
#include <stdlib.h>
#include <string.h>
static void on_fault(int sig, siginfo_t *info, void *context)
{
        memset(context, 0x5a, 304); /* also the pointer to the vector registers */
        abort();
}
int main(void)
{
        struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
        sigaction(SIGSEGV, &action, NULL);
        *(volatile int *)0 = 1;
}
C
        run -134 preloaded "$T/overwrites"
        good_reports 1
        assert_json "$(the_report)" '.signal.name == "SIGSEGV" and .cause.handler == "abort" and ([.diagnostics[] | select(.message | test("faulted"))] | length) == 0'
}

@test "an abort in the handler of an alarm, and one after a recovered fault: an abort, of no handler" {
        for way in alarm jump; do
                handled $way
                assert_json "$(the_report)" '.cause.kind == "abort" and .fault.class == "abort" and (.cause | has("handler") | not) and (.fault | has("frame") | not)'
        done
}

@test "own handler of a signal that another process sent aborts: the sender is told" {
        handled sent
        assert_json "$(the_report)" '.signal.name == "SIGSEGV" and .fault.class == "sent-by-process" and .signal.sender.pid != .process.pid and .cause.handler == "abort"'
}

@test "own handler aborts: text on stderr: the headline says so, the stack goes through the handler, the source is that of the fault" {
        export CRASHPRE_STDERR=full
        run -134 --separate-stderr preloaded crasher own-abort-null-write
        [[ $stderr == *"got SIGSEGV (null-dereference: write to 0x0), and its own handler aborted"* ]] || fail "$stderr"
        [[ $stderr == *"-- signal SIGSEGV, handled by the program --"*"null_write at "* ]] || fail "$stderr"
        [[ $(grep -m 1 '^      > ' <<<"$stderr") == *"/* CRASH: null-write */" ]] || fail "$stderr"
}

@test "own handler kills by SIGKILL: same death" {
        faithful --reports any own-kill-null-write
        status_is "signal 9"
}

@test "own handler jumps out and the program goes on: no report" {
        faithful --reports 0 own-recover-null-write
        status_is "exit 0"
        faithful --reports 0 recover-often 200
}

@test "own handler returns without repairing anything, five times: called as often as without us" {
        faithful own-count-null-write
        [ "$(grep -c 'handler: return' "$T/preloaded.out")" = 5 ]
}

@test "SA_RESETHAND: the handler once, then the death, one report" {
        faithful own-once-null-write
        [ "$(grep -c 'handler: here' "$T/preloaded.out")" = 1 ]
}

@test "SA_NODEFER: the handler nests as without us" {
        faithful own-nested-null-write
        status_is "exit 6"
}

@test "own handler crashes itself: same death, one report of that fault, through the handler to the first" {
        faithful own-crash-null-write
        status_is "signal 11"
        assert_json "$(the_report)" '.threads[0].frames[0].line == '"$(line_of 'CRASH: own-crash')"
        assert_stack "$(the_report)" own_crash null_write zoo_go main
        LEVELS=O2 faithful own-crash-div-zero # a second signal: its handler runs, and crashes itself
        LEVELS=O2 faithful own-crash-raise BUS
        LEVELS=O2 faithful own-crash-thread-abort
}

@test "SA_ONSTACK with an alternate stack of its own: the handler runs there" {
        faithful own-onstack-null-write
        grep -qx "handler: on the program's alternate stack" "$T/preloaded.out"
        faithful own-onstack-overflow
}

@test "no SA_ONSTACK: the handler runs on the normal stack" {
        faithful own-offstack-null-write
        grep -qx "handler: on the normal stack" "$T/preloaded.out"
}

@test "SA_SIGINFO: signal, code, address and context as without us" {
        faithful own-info-null-write
        faithful own-info-wild-write
        faithful own-info-null-call
        faithful --reports 0 own-info-raise SEGV
        faithful own-info-abort
}

@test "the handler's mask: as without us" {
        faithful own-mask-null-write
        grep -q 'blocked: SEGV USR2' "$T/preloaded.out"
        faithful --reports 0 own-mask-trap
}

@test "own handlers on threads: as without us" {
        faithful own-raise-thread-null-write
        faithful --reports 0 own-recover-null-write
        faithful own-exit3-many-thread-null-write
}

@test "own handler and a trashed thread pointer: same death" {
        faithful --reports any own-return-trashed-tp
}

@test "own handler fills its stack by endless recursion: same death, one report, and no endless loop" {
        export LIMIT=20
        LEVELS=O2 faithful own-deeponstack-null-write
        assert_json "$(the_report)" '.threads[0].frames[0].function == "own_deep"'
        LEVELS=O2 faithful own-deep-null-write
        LEVELS=O2 faithful own-deeponstack-div-zero
}

@test "a handler on an alternate stack that has just room for it runs as without us" {
        export LIMIT=10
        for room in 0 100 300 600 1000 2000 4000; do
                ZOO_ROOM=$room LEVELS=O0 faithful --reports any littlestack-null-write
                status_is "exit 7"
        done
}

@test "own handler resets and raises at once, in every way: same death, one report through the handler to the fault" {
        for way in unblock belowopen kill2 pthreadkill tgkill; do
                LEVELS=O0 faithful own-$way-null-write
                assert_stack "$(the_report)" null_write zoo_go main
                assert_json "$(the_report)" '[.threads[0].frames[] | select(.function // "" | startswith("own_raise"))] | length == 1'
                assert_json "$(the_report)" '.cause.kind == "signal" and .fault.class == "null-dereference"'
        done
        faithful own-below-null-write # blocked in the handler: pending until its end
        faithful own-elsewhere-null-write
        LEVELS=O2 faithful own-belowopen-thread-div-zero
}

@test "reset and raise: the frames that gdb shows where the signal comes for the second time" {
        need gdb
        export CRASHPRE_STDERR=none
        for way in unblock belowopen kill2 pthreadkill tgkill; do
                fresh_reports
                /usr/bin/python3 "$root/tests/gdb/oracle.py" --preload "$preload" --work "$T" --skip 1 -- \
                        "$tools/zoo-O0/zoo" own-$way-null-write >&2 || { tail -n 20 "$T/gdb.log" >&2 && fail "$way"; }
        done
}

@test "120,000 recoveries in four threads, by siglongjmp and setcontext: no report, and the next crash is one" {
        export LIMIT=120
        LEVELS=O2 faithful --reports 0 storm-nothing
        status_is "exit 0"
        export ZOO_ROUNDS=300
        faithful storm-null-write
        faithful storm-own-exit3-null-write # the handler's record is found among stale ones
        status_is "exit 3"
        assert_stack "$(the_report)" null_write zoo_go main
}

# ---- actions and flags as the program sees them ----

@test "sigaction with every combination of flags reads back as without us, and so does a restorer" {
        LEVELS=O2 faithful --reports 0 actions
}

@test "sigset, sigignore, siginterrupt, bsd_signal and sigvec: as without us, errors too" {
        faithful --reports 0 old-actions
        grep -q 'sigvec 7: 0' "$T/preloaded.out"
}

@test "SA_RESTART: read() is interrupted or goes on as asked for" {
        LEVELS=O2 faithful --reports 0 restart
        grep -q 'SEGV flags 0: read -1 EINTR after 1' "$T/preloaded.out"
        grep -q 'SEGV flags 0x10000000: read 1  after 1' "$T/preloaded.out"
}

@test "sigaltstack: errors, modes and changes in a handler are as without us" {
        faithful --reports 0 altstacks
        grep -q 'another stack: EPERM' "$T/preloaded.out"
}

# ---- first: a report before the program's handler ----

@test "CRASHPRE_CHAIN=first: the report first, then the handler's _exit" {
        export CRASHPRE_CHAIN=first
        faithful own-exit3-null-write
        status_is "exit 3"
        assert_stack "$(the_report)" null_write zoo_go main
}

@test "CRASHPRE_CHAIN=first: a recovered fault is reported, and the program continues" {
        export CRASHPRE_CHAIN=first
        faithful own-recover-null-write
        status_is "exit 0"
}

@test "CRASHPRE_CHAIN=first: at most ten such reports" {
        export CRASHPRE_CHAIN=first
        LEVELS=O2 faithful --reports 10 recover-often 50
}

@test "CRASHPRE_CHAIN=first: a fault after a recovered one is reported too" {
        export CRASHPRE_CHAIN=first
        LEVELS=O2 faithful --reports any own-hop-request-null-write
        [ "$(reports .json)" -ge 2 ]
}

@test "CRASHPRE_CHAIN=first: reset and raise, one report" {
        export CRASHPRE_CHAIN=first
        faithful own-raise-null-write
        faithful own-return-null-write
}

# ---- where signals come from ----

@test "a signal of a timer: same death, one report, by its code" {
        faithful timer SEGV
        assert_json "$(the_report)" '.signal | .code_name == "SI_TIMER" and (has("address") | not)'
        LEVELS=O2 faithful own-below-timer BUS
}

@test "SIGSEGV sent by another process: one report that names the sender and no address" {
        ZOO_PID_FILE=$T/pid preloaded crasher pidfile-sleep >/dev/null 2>&1 &
        job=$!
        wait_until 10 test -s "$T/pid"
        read -r pid _ <"$T/pid"
        kill -SEGV "$pid"
        status=0
        wait $job || status=$?
        [ $status = 139 ]
        good_reports 1
        assert_json "$(the_report)" ".signal | .code_name == \"SI_USER\" and .sender.pid == $BASHPID and .sender.uid == $(id -u) and (has(\"address\") | not)"
}

@test "the library is preloaded twice, by two names: same death, a program with handlers works on" {
        cp "$preload" "$T/libcrashpre-copy.so"
        export CRASHPRE_HELPER=$helper CRASHPRE_STDERR=none
        for word in null-write own-exit3-null-write own-raise-abort blocked-raise; do
                ended plain "$(zoo)" $word
                ended preloaded env LD_PRELOAD="$preload $T/libcrashpre-copy.so" "$(zoo)" $word
                for part in status out; do
                        diff "$T/plain.$part" "$T/preloaded.$part" || fail "$word: $part" || return 1
                done
        done
        [ "$(reports .json)" -ge 3 ]
}

# ---- faults of the library before a report is started ----

@test "the library's variables are unreadable: same death, no hang" {
        export LIMIT=10
        for word in nodata-null-write nobss-null-write thread-nodata-null-write thread-nobss-null-write nodata-abort; do
                LEVELS=O0 faithful --reports any $word
        done
        for word in thread-nobss-abort nobss-own-exit3-null-write; do # dies of the library's fault
                ended preloaded env LD_PRELOAD="$preload" CRASHPRE_STDERR=none "$(zoo)" $word
                status_is "signal"
        done
}

@test "an invalid pointer passed to sigaction, sigprocmask or sigaltstack: as without us" {
        for word in action mask altstack; do
                faithful --reports any badpointer $word
        done
}
