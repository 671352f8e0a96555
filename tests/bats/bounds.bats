# SPDX-License-Identifier: MIT
# Mappings of files and modules beyond any table: nothing that a report needs is lost among them.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=none LIMIT=120
}

slow() {
        [ -n "${CHECK_ALL-}" ] || skip "slow: make check-all runs it"
}

# crowd N ARGUMENT...: it has N mappings or libraries when it crashes; both reports have the same frames, those down to main.
crowd() {
        run -139 preloaded "$tools/crowd" "${@:2}"
        [ "${lines[0]}" = "$1" ] || fail "$output"
        good_reports 1
        frames_agree "$(raw_report)" "$(the_report)"
        assert_json "$(the_report)" '.threads[0].unwind_end == "end-of-stack"'
        assert_json "$(the_report)" '[.modules[].path | split("/")[-1]] | any(. == "libc.so.6") and any(. == "crowd") and any(. == "libcrashpre.so")'
}

# allowed COUNT: that many mappings may exist, with those that every program has.
allowed() {
        [ "$(</proc/sys/vm/max_map_count)" -ge $(($1 + 1000)) ] || skip "vm.max_map_count is $(</proc/sys/vm/max_map_count)"
}

@test "17,000 mappings of one data file: all frames, both reports" {
        allowed 17000
        crowd 17000 one "$T/data" 17000
        assert_stack "$(the_report)" crowd_crash main
}

@test "60,000 mappings of one data file: all frames, both reports" {
        allowed 60000
        crowd 60000 one "$T/data" 60000
        assert_stack "$(the_report)" crowd_crash main
}

@test "17,000 mapped files: all frames, both reports" {
        allowed 17000
        mkdir "$T/files"
        crowd 17000 many "$T/files" 17000
        assert_stack "$(the_report)" crowd_crash main
}

@test "60,000 mapped files: all frames, both reports" {
        slow
        allowed 60000
        mkdir "$T/files"
        crowd 60000 many "$T/files" 60000
        assert_stack "$(the_report)" crowd_crash main
}

# libraries COUNT PLACE FUNCTION...: the stack goes through one of COUNT libraries.
libraries() {
        mkdir -p "$T/libraries"
        echo 'void crowd_call(void (*f)(void)); void crowd_call(void (*f)(void)) { f(); __asm__ volatile(""); }' |
                gcc -O0 -shared -fPIC -nostdlib -o "$T/one.so" -x c -
        crowd "$1" libraries "$T/one.so" "$T/libraries" "$1" "$2"
        assert_stack "$(the_report)" "${@:3}"
}

# through LIBRARY...: these are on the stack, innermost first.
through() {
        [ "$(json "$(the_report)" '. as $r | .threads[0].frames[] | $r.modules[.module // empty].path | split("/")[-1] | select(test("^libcrowd"))' | tr '\n' ' ')" = "$* " ] ||
                fail "the libraries on the stack are others than $*"
}

@test "1,100 libraries, a crash through the last one: its frames have names, in both reports" {
        libraries 1100 last crowd_crash crowd_call main
        through libcrowd1099.so
}

@test "3,000 libraries, a crash through the first one: its frames have names, in both reports" {
        libraries 3000 first crowd_crash crowd_call main
        through libcrowd0.so
}

@test "3,000 libraries, a crash through the last one: its frames have names, in both reports" {
        libraries 3000 last crowd_crash crowd_call main
        through libcrowd2999.so
}

@test "3,000 libraries, a crash in a callback of libc between two of them: all frames have names, in both reports" {
        libraries 3000 qsort crowd_crash crowd_call compare sort crowd_call main
        through libcrowd2999.so libcrowd0.so
}
