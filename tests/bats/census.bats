# SPDX-License-Identifier: MIT
# A census of system calls: an interposed function makes those that libc's makes, and the few more
# that are named here, with their reasons.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        need strace
        follow=-f
}

# calls FILE COMMAND...: "name count" of each system call of the command and, with follow=-f, its children.
calls() {
        local file=$1
        shift
        strace $follow -qq -o "$T/trace" "$@" >/dev/null || fail "$* ended with $?" || return 1
        sed -En 's/^([0-9]+ +)?([a-z0-9_]+)\(.*/\2/p' "$T/trace" | sort | uniq -c | awk '{ print $2, $1 }' >"$file"
}

# more TIMES FUNCTION [FILTER]: "name count" of the calls that so many calls of the function make with the library and not without.
more() {
        local what
        for what in nothing "$2"; do
                calls "$T/$what.plain" "$tools/census" "$what" "$1" ${3-}
                calls "$T/$what.preloaded" env LD_PRELOAD="$preload" "$tools/census" "$what" "$1" ${3-}
        done
        # Waits depend on the order in which threads run.
        awk '{ sign = 1 - 2 * ((FILENAME ~ /plain$/) != (FILENAME ~ /\/nothing\.[a-z]*$/)); n[$1] += sign * $2 }
                END { for (name in n) if (n[name] > 0 && name !~ /^(futex|restart_syscall)$/) print name, n[name] }' \
                "$T/nothing.plain" "$T/nothing.preloaded" "$T/$2.plain" "$T/$2.preloaded" | sort
}

# expect TIMES FUNCTION[:FILTER] [LINE...]: these and no others.
expect() {
        local times=$1 function=${2%:*} filter=
        case $2 in *:*) filter=${2#*:} ;; esac
        shift 2
        : >"$T/expected"
        if [ $# != 0 ]; then printf '%s\n' "$@" >"$T/expected"; fi
        more "$times" "$function" $filter >"$T/seen"
        diff "$T/expected" "$T/seen" >&2 || fail "$function, $times times $filter: expected (first) and seen"
}

@test "no more: fork, vfork, sigaction, signal" {
        expect 10 fork
        expect 10 vfork
        expect 10 sigaction
        expect 10 sigaction-read
        expect 10 signal-default
}

@test "no more: a handler is called and returns, or is left by siglongjmp" {
        expect 10 raise
        expect 10 raise-siglongjmp
        expect 10 raise-unwatched
}

@test "no more: masks, where the previous one is not a translated one" {
        expect 10 sigprocmask
        expect 10 sigprocmask-all
        expect 10 sigprocmask-one
}

@test "no more: timers without threads, prctl, syscall" {
        expect 10 timer_create
        expect 10 prctl
}

@test "no more: exec" {
        expect 10 exec
}

@test "no more in the caller: posix_spawn, system, popen" {
        follow= # the program that is started has the library, too
        expect 10 posix_spawn
        expect 10 system
        expect 10 popen
}

@test "a new thread: one sigaltstack, its alternate stack" {
        expect 10 pthread_create "sigaltstack 10"
        expect 10 pthread_create-stack "sigaltstack 10"
        expect 10 thrd_create "sigaltstack 10"
}

@test "the first sigaltstack: the actions are set anew, with the program's SA_ONSTACK, one look and one call each" {
        expect 10 sigaltstack "rt_sigaction 16"
}

@test "with a seccomp filter, installed by prctl or by syscall: no more at all" {
        for filter in prctl syscall; do
                expect 10 pthread_create:$filter
                expect 10 sigaltstack:$filter
                expect 30 raise:$filter
        done
}
