# SPDX-License-Identifier: MIT
# The whole zoo: with the preload each program ends as it does without (wait status, core-dump flag, stdout and stderr compared),
# and leaves one complete raw report and one valid JSON report. A line is a case; each runs at -O0 and at -O2.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
}

# The comparison would be meaningless if no core could be written here.
@test "a core dump is detected if the system writes one" {
        ended plain "$(zoo)" null-write
        [ "$(cut -c -17 "$T/plain.status")" = "signal 11 SIGSEGV" ]
        grep -q core "$T/plain.status" || skip "this system makes no core dumps"
        faithful null-write
        status_is "signal 11 SIGSEGV core"
}

@test "null read: same death, one report" { faithful null-read; }
@test "null write: same death, one report" { faithful null-write; }
@test "read of a member of a null struct: same death, one report" { faithful null-member; }
@test "call through null: same death, one report" { faithful null-call; }
@test "wild read: same death, one report" { faithful wild-read; }
@test "wild write: same death, one report" { faithful wild-write; }
@test "write to constant data: same death, one report" { faithful write-read-only; }
@test "jump to an unmapped address: same death, one report" { faithful garbage-pc; }
@test "jump into data: same death, one report" { faithful data-pc; }
@test "non-canonical address: same death, one report" { faithful non-canonical; }
@test "call of a non-canonical address: same death, one report" { faithful non-canonical-call; }
@test "smashed stack: same death, one report" { faithful smashed-stack; }
@test "smashed return address: same death, one report" { faithful smashed-return; }
@test "stack protector: same death, one report" { faithful stack-smash; status_is "signal 6"; }
@test "trashed thread pointer: same death, one report" { faithful trashed-tp; }
@test "access through a trashed thread pointer: same death, one report" { faithful trashed-tp-access; }
@test "illegal instruction with a trashed thread pointer: same death, one report" { faithful trashed-tp-ill; status_is "signal 4"; }
@test "stack pointer unmapped: same death, one report" { faithful sp-unmapped; }
@test "stack pointer null: same death, one report" { faithful sp-null; }
@test "stack pointer in the program's data: same death, one report" { faithful sp-elsewhere; }
@test "ruined frame pointer: same death, one report" { faithful bad-bp; }
@test "endless recursion: same death, one report" { faithful overflow; }
@test "fault 10,000 calls deep: same death, one report" { faithful deep 10000; }
@test "division by zero: same death, one report" { faithful div-zero; status_is "signal 8"; }
@test "illegal instruction: same death, one report" { faithful ill; status_is "signal 4"; }
@test "int3: same death, one report" { faithful trap; status_is "signal 5"; }
@test "privileged instruction: same death, one report" { faithful privileged; }
@test "file behind a mapping truncated: same death, one report" { faithful bus; status_is "signal 7"; }
@test "strlen(NULL) inside libc: same death, one report" { faithful strlen-null; }
@test "abort: same death, one report" { faithful abort; status_is "signal 6"; }
@test "failed assertion: same death, one report" { faithful assert; status_is "signal 6"; }
@test "fortify: same death, one report" { faithful fortify; status_is "signal 6"; }
@test "double free: same death, one report" { faithful double-free; status_is "signal 6"; }
@test "free of what is no heap block: same death, one report" { faithful invalid-free; status_is "signal 6"; }
@test "fault inside malloc: same death, one report" { faithful malloc; }
@test "system call refused by a seccomp trap: same death, one report" { faithful sigsys; status_is "signal 31"; }
@test "caller without any call frame information, frame pointer kept: same death, one report" { faithful nocfi-fp; }
@test "caller without any call frame information, no frame pointer: same death, one report" { faithful nocfi-nofp; }
@test "caller described in .debug_frame alone: same death, one report" { faithful debug-frame; }
@test "in a callback of qsort: same death, one report" { faithful qsort-null-write; }

@test "on a thread: same death, one report" { faithful thread-null-write; }
@test "on a thread with the smallest stack: same death, one report" { faithful smallstack-null-write; }
@test "endless recursion on a thread: same death, one report" { faithful thread-overflow; }
@test "endless recursion on a thread with the smallest stack: same death, one report" { faithful smallstack-overflow; }
@test "endless recursion on a stack that the program supplied: same death, one report" { faithful userstack-overflow; }
@test "on a thread that libc does not know: same death, one report" { faithful rawthread-null-write; }
@test "beside 16 idle threads: same death, one report" { faithful many-null-write; }
@test "abort on a thread beside 16 others: same death, one report" { faithful many-thread-abort; }
@test "two threads at once: same death, one report" { faithful two-null-write; }
@test "twelve threads at once: same death, one report" { ZOO_THREADS=12 faithful two-ill; }
@test "three hundred threads at once: same death, one report" { ZOO_THREADS=300 LEVELS=O2 faithful two-null-write; }
@test "beside 900 idle threads: same death, one report" { ZOO_THREADS=900 LEVELS=O2 faithful many-null-write; }
@test "two threads overflow at once: same death, one report" { faithful two-overflow; }
@test "a thread with a trashed thread pointer: same death, one report" { faithful thread-trashed-tp; }

@test "in a signal handler: same death, one report" { faithful handler-null-write; }
@test "in a signal handler of a thread: same death, one report" { faithful thread-handler-abort; }
@test "in a handler on the program's alternate stack: same death, one report" { faithful on-altstack-null-write; }
@test "with the smallest alternate stack of its own: same death, one report" { faithful tinystack-null-write; }
@test "endless recursion with an alternate stack of its own: same death, one report" { faithful ownstack-overflow; }
@test "endless recursion with the smallest alternate stack of its own: same death, one report" { faithful tinystack-overflow; }
@test "alternate stack switched off: same death, one report" { faithful nostack-null-write; }
@test "in a constructor: same death, one report" { faithful ctor-null-write; }
@test "in an exit handler: same death, one report" { faithful atexit-null-write; }
@test "after exec: same death, one report" { faithful exec-null-write; }

@test "no descriptor free: same death, one report" { faithful nofd-null-write; }
@test "no descriptor free, abort on a thread: same death, one report" { faithful nofd-thread-abort; }
@test "all descriptors closed: same death, one report" { faithful closed-null-write; }
@test "no address space left: same death, one report" { faithful lowmem-null-write; }
@test "no address space left, nor for any child: same death, the raw report" {
        faithful --reports any nomem-null-write
        raw_is_complete "$(raw_report)"
}
@test "no new privileges: same death, one report" { faithful nonewprivs-null-write; }
@test "not dumpable: same death, one report" { faithful nodump-null-write; }
@test "files may not grow: same death" { faithful --reports any nofile-null-write; }
@test "no process may be started: same death" {
        [ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
        faithful --reports any noproc-null-write
}

@test "all signals blocked, a hardware fault: same death, one report" { faithful blocked-null-write; }
@test "all signals blocked, one sent: the program goes on" { faithful --reports 0 blocked-raise SEGV; }
@test "all signals blocked, abort: same death, one report" { faithful blocked-abort; }
@test "signals ignored, a hardware fault: same death, one report" { faithful ignored-null-write; }
@test "signals ignored, one sent: the program goes on" { faithful --reports 0 ignored-raise SEGV; }

# Sent signals: the crash signals are reported, the others are left alone.
@test "raise of each crash signal: same death, one report" {
        for signal in SEGV BUS FPE ILL ABRT TRAP SYS; do
                LEVELS=O2 faithful raise $signal || fail "$signal"
                assert_json "$(the_report)" ".signal.name == \"SIG$signal\" and .signal.code_name == \"SI_TKILL\""
        done
}

@test "kill of itself with each crash signal: same death, one report" {
        for signal in SEGV BUS FPE ILL ABRT TRAP SYS; do
                LEVELS=O2 faithful kill-self $signal || fail "$signal"
                assert_json "$(the_report)" '.signal.sender.pid == .process.pid and .signal.code_name == "SI_USER"'
                assert_json "$(the_report)" '.signal | has("address") | not'
        done
}

@test "queued signal with a value: same death, one report" { faithful queue-self SEGV; }

@test "raise of each other signal: as without, no report" {
        for signal in HUP INT QUIT KILL USR1 USR2 PIPE ALRM TERM STKFLT CHLD CONT URG XCPU XFSZ VTALRM PROF WINCH POLL PWR RTMIN; do
                LEVELS=O2 faithful --reports 0 raise $signal || fail "$signal"
        done
}

@test "a thread sent SIGSEGV beside others: same death, one report" { faithful many-thread-raise SEGV; }

# C++
cxx() {
        local level
        for level in O0 O2; do
                faithful_command 1 "$tools/zoo-$level/zoo_cxx" "$@" || { fail "at -$level" || return 1; }
                status_is "signal 6"
        done
}

@test "uncaught exception: same death, one report" {
        cxx throw
        assert_json "$(the_report)" '.cause.kind == "exception" and .cause.exception.type == "std::runtime_error"'
        assert_stack "$(the_report)" abort zoo::throw_runtime_error main
}
@test "uncaught int: same death, one report" { cxx throw-int; assert_json "$(the_report)" '.cause.exception.type == "int"'; }
@test "uncaught string: same death, one report" { cxx throw-string; }
@test "uncaught exception of a type of its own: same death, one report" { cxx throw-odd; assert_json "$(the_report)" '.cause.exception.type == "zoo::odd_error"'; }
@test "throw out of a noexcept function: same death, one report" { cxx noexcept; }
@test "rethrown exception: same death, one report" { cxx rethrow; }
@test "std::terminate: same death, one report" { cxx terminate; }
@test "terminate handler of the program: same death, one report" { cxx own-terminate; }
@test "uncaught exception on a thread: same death, one report" { cxx thread-throw; }
@test "thread not joined: same death, one report" { cxx unjoined-thread; }
@test "uncaught bad_alloc: same death, one report" { cxx bad-alloc; }
@test "pure virtual call: same death, one report" { cxx pure-virtual; }
@test "exceptions that are caught: nothing happens" { faithful_command 0 "$tools/zoo-O2/zoo_cxx" catches; }
