# SPDX-License-Identifier: MIT
# A program that goes wrong writes anywhere, into the library's data as well: it dies of its fault all the same, and in time.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        need nm
        fresh_reports
        # In a pid namespace where that can be had: what the data is taken for may be killed.
        apart=()
        ! unshare -p -f true 2>/dev/null || apart=(unshare -p -f --mount-proc sh -c '"$@"; exit $?' -)
}

# sweep STEP VALUE...: writes each value into every STEP-th word.
sweep() {
        "${apart[@]}" /usr/bin/python3 "$root/tests/tools/strays.py" "$tools/stray" "$(realpath "$preload")" "$CRASHPRE_DIR" "$@" >&2
}

all() {
        [ -n "${CHECK_ALL-}" ] || skip "slow: make check-all runs it"
        sweep 1 "$1"
}

@test "stray writes into some words of the library's data: death by SIGSEGV, in time" {
        sweep 37 0 1 0x4141414141414141 0xffffffffffffffff
        [ "$(reports .txt)" -gt 50 ]
}

@test "stray writes into all words of the library's data, 0: death by SIGSEGV, in time" { all 0; }
@test "stray writes into all words of the library's data, 1: death by SIGSEGV, in time" { all 1; }
@test "stray writes into all words of the library's data, text: death by SIGSEGV, in time" { all 0x4141414141414141; }
@test "stray writes into all words of the library's data, -1: death by SIGSEGV, in time" { all 0xffffffffffffffff; }
@test "stray writes into all words of the library's data, a large number: death by SIGSEGV, in time" { all 0x7fffffff; }

# perms_of OFFSET: of the page that has it, while the program runs.
perms_of() {
        local start end perms
        while read -r start end perms; do
                if ((start <= $1 && $1 < end)); then echo "$perms"; fi
        done <"$T/map"
}

@test "settings and the helper's path cannot be written after the load" {
        library=$(realpath "$preload")
        LD_PRELOAD=$library "$tools/stray" "$library" map >"$T/map"
        nm "$library" | awk '$2 ~ /[bBdD]/ { print $3, "0x" $1 }' >"$T/symbols"
        for name in settings home real_abort each page_size abort_begin late early; do
                grep "^$name " "$T/symbols" >"$T/these" || fail "no symbol $name"
                while read -r _ address; do
                        [ "$(perms_of "$address")" = r--p ] || { show "$T/map" && fail "$name at $address: $(perms_of "$address")"; }
                done <"$T/these"
        done
        # all of the section, and what must be written is not in it
        start=$(sed -n 's/^sealed_start //p' "$T/symbols") end=$(sed -n 's/^sealed_end //p' "$T/symbols")
        for ((at = start; at < end; at += 4096)); do [ "$(perms_of $at)" = r--p ]; done
        [ "$(perms_of "$(sed -n 's/^notes //p' "$T/symbols")")" = rw-p ]
}
