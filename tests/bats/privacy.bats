# SPDX-License-Identifier: MIT
# What leaves the process, and what does not: each test plants a value where a report looks.

bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        unset CRASHPRE_SIGNALS CRASHPRE_CHAIN CRASHPRE_REDACT CRASHPRE_ENV
        export CRASHPRE_STDERR=full
        leaks=$tools/zoo-${ZOO:-O0}/leaks
        secret=hunter2-very-secret-value-of-sixty-and-some-more-bytes-in-a-line
}

# leaks WORD [ARGUMENT]: runs it preloaded; A_TOKEN has the secret. Its stderr is in $T/err.
leaks() {
        run "${dies:--139}" env A_TOKEN="$secret" HOME="${home-/nowhere}" timeout -k 5 30 env LD_PRELOAD="$preload" "$leaks" "$@"
        printf '%s\n' "$output" >"$T/err"
}

# planted: the reports are good, and show what the register leads to: the test looks at something.
planted() {
        good_reports 1
        assert_json "$(the_report)" '[.memory[] | select(.register == "rbx")] | length > 0'
}

# kept VALUE: it is nowhere in raw report, JSON report and text on stderr.
kept() {
        local found=0
        "$root/tests/tools/find_value.py" "$1" "$(raw_report)" "$(the_report)" "$T/err" >&2 || found=$?
        [ $found = 1 ] || fail "'$1' has left the process"
}

# left VALUE: it is in the JSON report: what the opposite of a rule lets through.
left() {
        "$root/tests/tools/find_value.py" "$1" "$(the_report)" >/dev/null || fail "'$1' is not in the report"
}

# withheld REASON: bytes around rbx are.
withheld() {
        assert_json "$(the_report)" "any(.memory[]; .register == \"rbx\" and .withheld == \"$1\" and .length > 0)"
}

# ---- memory ----

@test "a register leads to memory kept out of core dumps (MADV_DONTDUMP): its bytes stay" {
        leaks dont-dump
        planted
        kept kept-out-of-cores
        withheld dont-dump
}

@test "a register leads to memfd_secret memory: its bytes stay" {
        dies=-0 leaks memfd || true
        [ "$(reports .json)" = 1 ] || skip "no memfd_secret(2) here"
        kept kept-out-of-cores
}

@test "a register leads to a variable that looks like a secret: nothing of it leaves, the rest does" {
        leaks variable A_TOKEN
        planted
        kept "$secret"
        withheld environment
        assert_json "$(the_report)" '[.memory[] | select(.bytes)] | length > 0'
}

@test "a register leads to a variable: CRASHPRE_ENV permits it, CRASHPRE_REDACT="env" forbids it" {
        export PLAIN=a-plain-value OTHER=of-no-interest-here
        CRASHPRE_ENV=PLAIN leaks variable PLAIN
        planted
        left a-plain-value
        kept of-no-interest-here
        fresh_reports
        CRASHPRE_ENV=PLAIN CRASHPRE_REDACT="env" leaks variable PLAIN
        planted
        kept a-plain-value
        withheld environment
}

@test "a secret value was copied: it stays where it is found, the bytes around it leave" {
        leaks on-the-stack A_TOKEN
        good_reports 1
        kept "$secret"
        assert_json "$(the_report)" 'any(.memory[]; .withheld == "secret" and .mapping == "[stack]")'
        assert_json "$(the_report)" 'any(.memory[]; .bytes and .mapping == "[stack]")'
}

@test "a secret value begins before the bytes that are shown: its rest stays" {
        leaks straddling A_TOKEN
        planted
        kept "${secret:8}"
        withheld secret
}

@test "a secret value was set by the program: it stays" {
        leaks set-later
        planted
        kept set-by-the-program
        withheld secret
}

@test "a secret value was moved to where setenv() puts it: a copy stays" {
        leaks moved A_TOKEN
        planted
        kept "$secret"
        withheld secret
}

@test "CRASHPRE_REDACT=env: copies of any variable's value stay" {
        export PLAIN=a-plain-value
        leaks on-the-stack PLAIN
        good_reports 1
        left a-plain-value
        fresh_reports
        CRASHPRE_REDACT="env" leaks on-the-stack PLAIN
        good_reports 1
        kept a-plain-value
}

@test "CRASHPRE_REDACT=cmdline: arguments stay, in memory too" {
        leaks argument an-argument-to-hide
        planted
        left an-argument-to-hide
        fresh_reports
        CRASHPRE_REDACT=cmdline leaks argument an-argument-to-hide
        planted
        kept an-argument-to-hide
        withheld arguments
}

# ---- registers ----

@test "a secret value was copied through a vector register: the block of those stays" {
        leaks in-vector OTHER # rax is 0 and no value is read: OTHER is not set
        raw_section "$(raw_report)" registers | grep -q '^xstate: ' || fail "no xstate"
        fresh_reports
        leaks in-vector A_TOKEN
        good_reports 1
        kept "$secret"
        lacks '^xstate: ' "$(raw_report)"
        assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "handler" and (.message | test("vector registers are left out")))'
}

@test "a register holds a part of a secret value: it stays" {
        leaks in-register A_TOKEN
        good_reports 1
        kept "$secret"
        lacks '^rbx: ' "$(raw_report)"
        assert_json "$(the_report)" '.threads[0].registers | has("rax") and (has("rbx") | not)'
}

@test "the address of the fault, or the pc, is a part of a secret value" {
        for word in in-address in-pc; do
                fresh_reports
                leaks $word A_TOKEN
                good_reports 1
                kept "$secret"
        done
}

# ---- texts ----

@test "an assertion contains a secret value: the texts go without it" {
        dies=-134 leaks message A_TOKEN
        good_reports 1
        kept "$secret" < <(sed -i '/^leaks: /d' "$T/err")
        assert_json "$(the_report)" '.cause.message | test("\\[withheld\\]")'
        grep -q '^message: .*\[withheld\]' "$(raw_report)" || fail "$(raw_section "$(raw_report)" cause)"
}

@test "an exception contains a secret value: the texts go without it" {
        dies=-134 leaks exception A_TOKEN
        good_reports 1
        sed -i '/^  what(): /d' "$T/err" # libstdc++'s own line
        kept "$secret"
        assert_json "$(the_report)" '.cause.exception.what == "refused: [withheld]"'
}

@test "the program's notes contain a secret value: they go without it" {
        leaks notes A_TOKEN
        good_reports 1
        kept "$secret"
        kept "${secret:0:15}" # the name of a thread is cut
        assert_json "$(the_report)" '.metadata.header == "Authorization: [withheld]" and .breadcrumbs[0].message == "sent [withheld]"'
}

@test "metadata: the value of a key that looks like a secret stays" {
        CRASHPRE_META_cache_key=plain CRASHPRE_META_api_key=key-by-variable leaks notes A_TOKEN
        good_reports 1
        kept without-a-name-outside
        kept key-by-variable
        assert_json "$(the_report)" '.metadata | .session_token == "[withheld]" and .token_number == "[withheld]" and .["cache_key"] == "plain" and .api_key == "[withheld]"'
}

@test "a request's reason contains a secret value" {
        dies=-0 leaks request A_TOKEN
        good_reports 1
        kept "$secret"
        assert_json "$(the_report)" '.cause.message == "[withheld]"'
}

@test "path and command line contain a secret value" {
        mkdir "$T/$secret"
        cp "$leaks" "$T/$secret/leaks"
        leaks=$T/$secret/leaks leaks variable A_TOKEN "--token=$secret"
        good_reports 1
        kept "$secret"
        assert_json "$(the_report)" '.process.exe | endswith("/[withheld]/leaks")'
}

@test "ptrace is refused and the program is closed to its helper: texts go without secret values" {
        open_to_nobody
        for word in message request exception notes; do
                fresh_reports
                open_to_nobody
                run as_nobody env NO_DUMP=1 A_TOKEN="$secret" timeout -k 5 30 env LD_PRELOAD="$preload" "$leaks" $word A_TOKEN
                printf '%s\n' "$output" | sed '/^  what(): /d; /^leaks: leaks.cc:/d' >"$T/err"
                good_reports 1
                assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "attach")'
                kept "$secret"
        done
}

@test "a value of three bytes is not searched for, and terms of the report are kept" {
        secret=abc leaks on-the-stack A_TOKEN
        good_reports 1
        assert_json "$(the_report)" 'all(.memory[]; .withheld != "secret")'
        fresh_reports
        secret=signal leaks on-the-stack A_TOKEN
        good_reports 1
        assert_json "$(the_report)" '.cause.kind == "signal"'
}

# ---- home directories ----

@test "CRASHPRE_REDACT=paths: a home directory in memory" {
        home=$T/homes/ann
        mkdir -p "$home"
        PLACE=$home/x CRASHPRE_ENV=PLACE leaks variable PLACE
        planted
        left "$home"
        fresh_reports
        PLACE=$home/x CRASHPRE_ENV=PLACE CRASHPRE_REDACT=paths leaks variable PLACE
        planted
        kept "$home"
        withheld path
}

@test "CRASHPRE_REDACT=paths: HOME is a symbolic link, or has doubled slashes" {
        mkdir -p "$T/homes/ann"
        ln -s "$T/homes" "$T/link"
        cp "$leaks" "$T/homes/ann/app"
        leaks=$T/homes/ann/app
        for home in "$T/link/ann" "$T/homes//ann" "$T//homes/ann/"; do
                fresh_reports
                PLACE=$T/homes/ann/x OTHER=$home CRASHPRE_ENV=PLACE,OTHER CRASHPRE_REDACT=paths leaks variable PLACE "$home"
                planted
                sed -i '/^report: /d' "$T/err"
                kept "$T/homes/ann"
                kept "$T/link/ann"
                [ "$(raw_value "$(raw_report)" process exe)" = \~/app ] || fail "$(raw_value "$(raw_report)" process exe)"
                assert_json "$(the_report)" '.process | .exe == "~/app" and .environment.PLACE == "~/x"'
        done
}

@test "CRASHPRE_REDACT=paths: a home directory in the key of metadata" {
        CRASHPRE_REDACT=paths leaks notes A_TOKEN
        good_reports 1
        kept /home/ann
        assert_json "$(the_report)" '.metadata["place:~"] == "x"'
}
