# SPDX-License-Identifier: MIT
# How signals are delivered: the stack that the kernel uses, what stands above a program's
# handler, and other things by which a program could notice that the library is loaded.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
}

# scene REPORTS NAME [ARGUMENT]: the same with the preload as without, and REPORTS reports.
scene() {
        local reports=$1
        shift
        faithful_command "$reports" "$tools/delivery" "$@" || fail "scene $*"
        lacks -x "exit 77" "$T/plain.status"
}

@test "an alternate stack that was unmapped, reused, or too small: a handler without SA_ONSTACK runs, nothing is overwritten" {
        for how in unmap reuse small; do
                scene 0 lost-fault $how
                grep -qx handled "$T/preloaded.out"
                scene 0 lost-sent $how
                scene 0 lost-in-thread $how
        done
}

@test "an alternate stack that was lost, default actions: the same death, a report unless the kernel finds no stack for SIGSEGV" {
        for how in unmap reuse small; do
                scene 1 lost-abort $how
                status_is "signal 6"
                scene any lost-default-fault $how
                status_is "signal 11"
        done
}

@test "a handler with SA_ONSTACK returns to the default action after a stack overflow: one report" {
        scene 1 overflow-after-handler
        assert_json "$(the_report)" '.fault.class == "stack-overflow"'
}

@test "above a handler: the signal frame, and what was interrupted" {
        for flags in plain onstack nostack; do
                scene 1 frames $flags
                [ "$(sed -n 's/^frame //p' "$T/preloaded.out" | tr '\n' ' ')" = "say_frames - fault interrupted_fault " ]
        done
}

@test "siginfo, context and return address of a handler lie as the kernel put them" {
        scene 0 registers
}

@test "SS_AUTODISARM, and an alternate stack set by a direct system call" {
        scene 0 disarmed
        scene 0 raw-stack
}

@test "swapcontext out of a handler and back into it" {
        scene 0 swapped plain
        scene 0 swapped onstack
        grep -qx "returned from the handler" "$T/preloaded.out"
}

@test "a vfork child that sets all actions leaves its parent's alone" {
        scene 0 vforked
}

@test "a handler set by a direct system call, which calls the one that it replaced: one report" {
        scene 1 bypassed
        status_is "signal 11"
}

@test "a handler of SIGABRT returns to abort(): one report of the abort" {
        scene 1 aborted return
        status_is "signal 6"
        assert_stack "$(the_report)" abort aborted main
        CRASHPRE_SIGNALS=ABRT scene 1 aborted return
}

@test "a handler of SIGABRT is left by siglongjmp, twice: the program continues, no report" {
        scene 0 aborted jump
        status_is "exit 0"
}

@test "a handler of SIGABRT executes another program, which no signal is pending for" {
        scene 0 aborted exec
        status_is "exit 0"
}

@test "SIGSTKFLT: blocked, taken, handled, ignored, and deadly as without the library" {
        scene 0 stkflt
        status_is "signal 16"
}

@test "a thread that has blocked all but the hardware signals: a handler that returns is called each time" {
        scene 0 worker-mask
}

@test "such a thread, and a handler that faults itself: the same death, one report" {
        scene 1 worker-nested
        status_is "signal 11"
}

@test "a handler resets and raises a signal that was sent: one report" {
        scene 1 raised-again
        status_is "signal 8"
}

@test "a plugin opened with RTLD_DEEPBIND that has a handler of its own: as without it, one report" {
        export PLUGIN=$tools/libbypass.so
        for when in now lazy; do
                for scope in flat deep; do
                        for entry in chain reset block; do
                                scene 1 plugged $when-$scope-$entry
                                status_is "signal 11"
                        done
                done
        done
        grep -qx "constructor: default" "$T/preloaded.out"
}

@test "abort() where the kernel has no room to record a sender: an abort, by the program itself" {
        scene 1 unrecorded
        status_is "signal 6"
        assert_json "$(the_report)" '.cause.kind == "abort" and .signal.sender.pid == .process.pid'
        grep -qx "class: abort" "$(raw_report)"
}

@test "a handler that unblocks its signal and faults again, on purpose: called each time, whatever masks it and its thread have" {
        for how in plain full worker worker-full; do
                scene 1 nested-on-purpose $how
                status_is "exit 6"
        done
}

@test "a program that blocks SIGSTKFLT itself, in a mask of 32 bits or alone: handlers are called each time, also in threads" {
        for how in low one; do
                scene 1 blocks-stack-fault $how
                status_is "signal 11"
                grep -qx "18 calls" "$T/preloaded.out"
        done
}

@test "longjmp leaves the mask of a handler behind: others are called each time, at any depth" {
        scene 0 left-behind flat
        scene 0 left-behind deep
}

@test "three hundred handlers at the same time: each reads back its own mask" {
        scene 0 many-handlers
        grep -qx "0 wrong masks" "$T/preloaded.out"
}

@test "SIGABRT ignored, a program started by system, or an exec that fails: abort() is reported" {
        for how in system exec; do
                scene 1 ignored-again $how
                status_is "signal 6"
        done
}

@test "workers that block all but SIGSEGV, and a handler that makes memory writable: called for each fault" {
        scene 0 write-barrier
        grep -qx "160 faults" "$T/preloaded.out"
}

@test "another thread is in dlopen(): exec, system and timer_create do not wait for it, and dlerror() keeps its text" {
        export PLUGIN=$tools/libslow.so LIMIT=10
        scene 0 loading
        grep -qx "dlerror() has its text" "$T/preloaded.out"
}

@test "SECCOMP_MODE_STRICT: a fault kills by its signal" {
        scene 0 strict
        status_is "signal 11"
}
