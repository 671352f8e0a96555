# SPDX-License-Identifier: MIT
# What a program said as it gave up: assertion texts, glibc's verdicts, exceptions, script frames.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        export CRASHPRE_STDERR=none
}

# dies WORD...: the program under the preload in a fresh directory; its reports are complete and valid. STATUS: how it ends (134).
dies() {
        fresh_reports
        run "-${STATUS:-134}" preloaded "$@"
        good_reports 1
}

messages() {
        printf '%s\n' "$tools/zoo-${ZOO:-O0}/messages"
}

raw_message() {
        raw_value "$(raw_report)" cause message
}

# says TEXT: the JSON report's message, and the raw one's.
says() {
        [ "$(json "$(the_report)" .cause.message)" = "$1" ] || { json "$(the_report)" .cause >&2 && fail "expected the message: $1" || return 1; }
        [ "$(raw_message)" = "$1" ] || fail "raw message is: $(raw_message)"
}

says_nothing() {
        assert_json "$(the_report)" '.cause | has("message") | not'
        [ -z "$(raw_message)" ] || fail "raw message is: $(raw_message)"
}

@test "assertion: its text, without the newline at the end" {
        for ZOO in O0 O2; do
                dies "$(zoo)" assert
                [[ $(raw_message) == *"signals.c:$(line_of 'CRASH: assert'): "*": Assertion \`plan->args == NULL' failed." ]] || fail "$(raw_message)"
                says "$(raw_message)"
        done
}

@test "glibc's verdicts: heap, fortify and stack protector" {
        dies "$(zoo)" double-free
        says "free(): double free detected in tcache 2"
        dies "$(zoo)" invalid-free
        [[ $(raw_message) == "free(): invalid"* ]] || fail "$(raw_message)"
        says "$(raw_message)"
        dies "$(zoo)" fortify
        says "*** buffer overflow detected ***: terminated"
        dies "$(messages)" smash
        says "*** stack smashing detected ***: terminated"
}

@test "message of a raw report alone: crashpre show has it" {
        CRASHPRE_HELPER=/nonexistent run -134 preloaded "$(zoo)" double-free
        fresh_reports
        CRASHPRE_HELPER=/nonexistent run -134 preloaded "$(zoo)" double-free
        run -0 "$build/bin/crashpre" show "$(raw_report)"
        [[ $output == *"double free detected"* ]] || fail "$output"
}

@test "no message: abort, a fault, a signal from outside, a request" {
        dies "$(zoo)" abort
        says_nothing
        STATUS=139 dies "$(zoo)" null-write
        says_nothing
        STATUS=139 dies "$(messages)" fault-after-message
        says_nothing
}

@test "message of a megabyte: cut, the report goes on" {
        dies "$(messages)" long
        local message
        message=$(json "$(the_report)" .cause.message)
        [ ${#message} -gt 4000 ] && [ ${#message} -lt 4100 ] || fail "${#message} characters"
        [ "$(raw_message)" = "$message" ]
        assert_json "$(the_report)" '.threads[0].frames | length > 3'
}

@test "message with bytes that are not UTF-8, escapes and newlines: safe in both reports" {
        dies "$(messages)" odd
        assert_json "$(the_report)" '.cause.message | contains("café \\xff\\xfe \u001b[31m") and contains("two\nlines")'
        [[ $(raw_message) == *'caf\xc3\xa9 \xff\xfe \x1b[31m \x5cx41 two\x0alines'* ]] || fail "$(raw_message)"
        run -0 "$build/bin/crashpre" show "$(the_report)"
        [[ $output != *$'\x1b'* ]] || fail "an escape sequence reached the terminal"
}

@test "glibc's record of the message ruined by the program: no message, and no harm" {
        dies "$(messages)" wild-record
        says_nothing
        dies "$(messages)" huge-record
        says_nothing
        dies "$(messages)" unterminated-record
        says unfinished
}
