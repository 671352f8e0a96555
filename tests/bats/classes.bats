# SPDX-License-Identifier: MIT
# The class of the fault in the raw report: that of the JSON report, a coarser one, or unknown; never another one. Over all words of the zoo
# (compiled at -O0; check-all: at -O2 too).
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        export CRASHPRE_STDERR=none
        unset CRASHPRE_SIGNALS CRASHPRE_CHAIN CRASHPRE_REDACT CRASHPRE_DIR
        mkdir "$T/of" "$T/cwd"
        cd "$T/cwd" || return 1
}

# words_of PROGRAM: those that may crash. Excluded are prefixes, words that run until they are killed, and words that
# only print their state.
words_of() {
        case $1 in
        zoo) "$(zoo)" list | grep -vE -e '-$' -e '^(sleep|busy-.*|churn|actions|masks.*)$' ;;
        *) sed -n 's/^ *{ "\([a-z-]*\)",.*/\1/p' "$root/tests/zoo/$1.cc" ;;
        esac
}

# crashes PROGRAM WORD...: runs each word, with its reports in a directory of the word's name.
crashes() {
        local program=$1 word
        shift
        for word; do
                # shellcheck disable=SC2086 # a word and its arguments
                timeout -k 5 20 env LD_PRELOAD="$preload" CRASHPRE_DIR="$T/of/${word// /,}" "$program" $word >/dev/null 2>&1 </dev/null || true
        done
}

# agree N: there are at least N pairs of reports, and no raw one contradicts its JSON.
agree() {
        local raws=("$T"/of/*/crash-*.txt)
        [ ${#raws[@]} -ge "$1" ] || fail "only ${#raws[@]} reports" || return 1
        "$tools/classes" "${raws[@]}" >"$T/compared" || { grep -v -e ^same -e ^coarser "$T/compared" >&2 && fail "raw and JSON contradict each other"; }
}

@test "every word of the zoo: the raw report's class is that of the JSON report, coarser or unknown" {
        mapfile -t words < <(words_of zoo)
        for level in O0 ${CHECK_ALL:+O2}; do
                crashes "$tools/zoo-$level/zoo" "${words[@]}"
                agree 100
                rm -rf "$T/of"/*
        done
}

@test "every word of the C++ zoos: the raw report's class is that of the JSON report, coarser or unknown" {
        for program in zoo_cxx faults_cxx; do
                mapfile -t words < <(words_of $program)
                crashes "$tools/zoo-O2/$program" "${words[@]}"
        done
        agree 28
}

@test "stacks of every kind, sent signals, handlers that raise the signal again: the raw report's class is that of the JSON report, coarser or unknown" {
        crashes "$(zoo)" {thread,userstack,tinystack,ownstack,coroutine,heapcoroutine,owncoroutine,guardless,splitstack,lostaltstack,many}-overflow \
                own-{raise,unblock,kill2}-{null-call,garbage-pc,closed-read,write-read-only,privileged,non-canonical,overflow} \
                'raise SEGV' 'raise ABRT' 'kill-self BUS' 'queue-self ILL' 'queue-self ABRT' many-thread-abort
        agree 36
}

# raw_class_is CLASS WORD...
raw_class_is() {
        local class=$1 word got
        shift
        crashes "$(zoo)" "$@"
        for word; do
                got=$(raw_value "$T/of/$word"/crash-*.txt cause class)
                [ "$got" = "$class" ] || fail "$word: '$got', expected '$class'" || return 1
        done
}

@test "what is certain in the process is in the raw report" {
        raw_class_is null-dereference null-read null-member strlen-null
        raw_class_is null-call null-call jump-to-one
        raw_class_is unmapped-address wild-write garbage-pc smashed-return
        raw_class_is write-to-read-only write-read-only code-write
        raw_class_is execute-non-executable data-pc stack-pc
        raw_class_is stack-overflow overflow thread-overflow userstack-overflow large-local
        raw_class_is floating-point-exception float-divide
        raw_class_is illegal-instruction ill
        raw_class_is trap trap
}

@test "a page that is closed to all, read: inaccessible, not read-only" { raw_class_is inaccessible-address closed-read closed-write other-guard; }
@test "instructions for the kernel only: privileged if one byte identifies them, else unknown" {
        raw_class_is privileged-instruction privileged clear-interrupts port-input
        raw_class_is unknown read-model-register software-interrupt overflow-interrupt
}
@test "general protection of any other kind: unknown, not non-canonical" {
        raw_class_is unknown misaligned-vector misaligned-operand misaligned-save load-segment load-control non-canonical
        raw_class_is non-canonical-address sp-non-canonical
}
@test "a division that failed, by zero or not: unknown" { raw_class_is unknown div-zero divide-overflow quotient-overflow; }
@test "no stack where SP points: unmapped, not null" { raw_class_is unmapped-address sp-unmapped sp-null trashed-tp-access; }
@test "a file behind a mapping: unknown without its size" { raw_class_is unknown bus cut-file short-file; }
@test "a guard region that maps does not show: as a guard page" {
        status=0
        "$(zoo)" guard-region >/dev/null 2>&1 || status=$?
        [ $status != 2 ] || skip "this kernel has no guard regions"
        raw_class_is inaccessible-address guard-region
        raw_class_is stack-overflow guardregion-overflow
}
@test "an abort without names: abort" { raw_class_is abort abort assert fortify double-free; }
