# SPDX-License-Identifier: MIT
# Stacks that are full, lost, damaged or somebody's own: one report whose frames go as far as they can be trusted, in time, and the same death.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=20
}

# class_is CLASS
class_is() { assert_json "$(the_report)" ".fault.class == \"$1\""; }

# ---- overflow ----

@test "overflow on the main thread: same death, class, both ends of the stack" {
        faithful overflow
        class_is stack-overflow
        assert_json "$(the_report)" '.threads[0] | .frames_omitted > 1000 and any(.frames[-8:][]; .function == "main")'
}

@test "overflow on the main thread under limits from 64 KiB to none at all: same death, class" {
        for kilobytes in 64 128 256 1024; do
                faithful_command 1 bash -c 'ulimit -s "$1"; exec "$0" overflow' "$(zoo)" $kilobytes
                status_is "signal 11"
                class_is stack-overflow
        done
        # With no limit, what is left of the address space ends it; a sanitizer would find none for itself then.
        [ -z "${SAN-}" ] || return 0
        faithful_command 1 bash -c 'ulimit -s unlimited; ulimit -v 200000; exec "$0" overflow' "$(zoo)"
        class_is stack-overflow
}

@test "the limit on the stack falls below what is in use: same death, class" {
        faithful stacklimit-overflow
        class_is stack-overflow
}

@test "overflow on threads, under small and no limits of the program: same death, class" {
        for limit in 128 unlimited; do
                faithful_command 1 bash -c 'ulimit -s "$1"; exec "$0" thread-overflow' "$(zoo)" $limit
                class_is stack-overflow
                assert_json "$(the_report)" 'any(.threads[0].frames[-8:][]; .function == "zoo_go")'
        done
}

@test "overflow on a thread without a guard page: dead by a signal, one report" {
        for ZOO in O0 O2; do
                fresh_reports
                run preloaded crasher guardless-overflow # how far it comes depends on what lies below
                [ "$status" -gt 128 ] && [ "$status" -lt 160 ] || fail "ended with $status"
                good_reports 1
                assert_json "$(the_report)" '.threads[0].frames[0].function == "overflow"'
        done
}

@test "frames of a megabyte that step over the guard page: same death, class, every frame" {
        faithful big-frames
        class_is stack-overflow
        assert_stack "$(the_report)" big_frames big_frames big_frames zoo_go main
        faithful thread-big-frames
        class_is stack-overflow
}

@test "alloca of 64 MB jumps far below the stack: same death, the stack above it whole" {
        for word in alloca thread-alloca; do
                faithful $word
                assert_stack "$(the_report)" alloca_word zoo_go
                assert_json "$(the_report)" '.threads[0].unwind_end == "end-of-stack"'
        done
}

# What is 64 MB below a thread's or a coroutine's stack is chance: nothing, the closed pages of an arena, a library, or another stack.
@test "alloca of 64 MB out of a thread's stack: five runs, one class and fingerprint; the raw class is not another one" {
        for word in coroutine guardless heapcoroutine leaderless owncoroutine tlsdtor two cancelled thread; do
                rm -rf "$T/of"
                for run in 1 2 3 4 5; do
                        CRASHPRE_DIR=$T/of/$run CRASHPRE_STDERR=none preloaded crasher $word-alloca >/dev/null 2>&1 </dev/null || true
                done
                jq -r '[.fingerprint, .fault.class] | @tsv' "$T"/of/*/*.json >"$T/all"
                [ "$(wc -l <"$T/all")" = 5 ] || fail "$word: $(wc -l <"$T/all") reports" || return 1
                [[ $(sort -u "$T/all") == *[[:xdigit:]]$'\t'stack-overflow ]] || fail "$word: $(cat "$T/all")" || return 1
                [ "$(sort -u "$T/all" | wc -l)" = 1 ] || fail "$word: $(cat "$T/all")" || return 1
                "$tools/classes" "$T"/of/*/*.txt >"$T/compared" || fail "$word: $(cat "$T/compared")" || return 1
        done
}

@test "a recursion through a handler: the signal frame is not a function of the signature" {
        preloaded crasher fullaltstack-large-local >/dev/null 2>&1 </dev/null || true
        [ "$(json "$(the_report)" .signature)" = "large_local | zoo_go | fill_up" ] || fail "$(json "$(the_report)" .signature)"
}

# ---- the stack pointer ----

@test "SP null, unmapped, not canonical: same death, the first frame" {
        faithful sp-null
        faithful sp-unmapped
        faithful sp-non-canonical
        status_is "signal 7"
        class_is non-canonical-address
        assert_json "$(the_report)" '.threads[0].frames[0].function == "sp_non_canonical"'
        faithful thread-sp-non-canonical
}

@test "SP inside the guard page: same death, the first frame" {
        faithful thread-sp-guard
        assert_json "$(the_report)" '.threads[0].frames[0].function == "sp_guard"'
}

# ---- what stands on the stack ----

@test "return address 0: same death, every caller" {
        faithful return-null
        class_is null-call
        assert_stack "$(the_report)" zoo_go main _start
}

@test "return address in the heap: same death, every caller" {
        faithful return-heap
        class_is execute-non-executable
        assert_stack "$(the_report)" zoo_go main _start
}

@test "smashed canary: same death, the function that did it" {
        LEVELS=O0 faithful stack-smash
        status_is "signal 6"
        assert_stack "$(the_report)" abort overflow_array stack_smash zoo_go main
}

@test "a stack that mprotect has split into several mappings: same death, every frame" {
        for word in splitstack-null-write thread-splitstack-null-write; do
                faithful $word
                assert_stack "$(the_report)" null_write zoo_go splitstack_prefix zoo_go
                assert_json "$(the_report)" '.threads[0].unwind_end == "end-of-stack"'
        done
}

# ---- alternate stacks of the program's own ----

@test "overflow of the program's own alternate stack: same death, class" {
        faithful on-altstack-overflow
        class_is stack-overflow
        assert_json "$(the_report)" '.threads[0].frames[0].function == "overflow"'
}

@test "the program's alternate stack is the smallest there is: same death, every frame" {
        for word in tinystack-null-write tinystack-overflow thread-tinystack-null-write; do faithful $word; done
        assert_stack "$(the_report)" null_write zoo_go
}

# The kernel finds no room for the signal and kills: no handler of anybody runs.
@test "the program unmapped its own alternate stack: same death, no report" {
        faithful --reports 0 lostaltstack-null-write
        status_is "signal 11"
}

@test "the program's own alternate stack is full: same death, no report" {
        faithful --reports 0 fullaltstack-null-write
        status_is "signal 11"
}

# ---- in signal handlers ----

@test "in the handler of a timer: same death, handler, trampoline and what was interrupted" {
        LEVELS=O0 faithful alarm-null-write
        assert_stack "$(the_report)" null_write zoo_go on_alarm spin alarm_prefix main _start
        LEVELS=O2 faithful alarm-abort
        assert_stack "$(the_report)" abort spin alarm_prefix main _start
        assert_json "$(the_report)" '[.threads[0].frames[] | select(.signal_frame)] | length == 1'
}

# ---- coroutines ----

@test "in a coroutine of makecontext: same death, its frames up to its start and none beyond" {
        for word in coroutine-null-write heapcoroutine-null-write; do
                for LEVELS in O0 O2; do # at O0 a frame pointer is left of whoever made the coroutine
                        faithful $word
                        assert_stack "$(the_report)" null_write zoo_go coroutine_body
                        assert_json "$(the_report)" '[.threads[0].frames[].function] | index("main") == null'
                        frames_agree "$(raw_report)" "$(the_report)"
                done
        done
}

@test "in a coroutine of an assembler switch: same death, its frames up to its start and none beyond" {
        faithful owncoroutine-null-write
        assert_stack "$(the_report)" null_write zoo_go own_coroutine_body
        assert_json "$(the_report)" '.threads[0] | .unwind_end == "end-of-stack" and (.frames | length) == 3'
        faithful thread-owncoroutine-abort
}

@test "a coroutine overflows its stack: same death, class" {
        faithful coroutine-overflow
        class_is stack-overflow
        assert_stack "$(the_report)" overflow zoo_go coroutine_body
}
