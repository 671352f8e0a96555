# SPDX-License-Identifier: MIT
# Saved inputs of the fuzz targets (tests/fuzz), replayed without a fuzzer: initial inputs
# and findings.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        corpus=$root/tests/fuzz/corpus
}

# replayed TARGET: each of its inputs, one after the other. On a failure the output's last line is the failing input.
replayed() {
        local inputs=("$corpus/$1"/*)
        [ -f "${inputs[0]}" ] || fail "no inputs in $corpus/$1"
        run -0 timeout -k 5 60 "$tools/fuzz/$1" "${inputs[@]}"
        [ "${lines[-1]}" = "${inputs[-1]}" ] || fail "$output"
}

@test "saved inputs: unwind tables and headers of an image in memory" { replayed core; }
@test "saved inputs: line-number programs" { replayed dwarf; }
@test "saved inputs: ELF files" { replayed elf; }
@test "saved inputs: JSON reports" { replayed json; }
@test "saved inputs: lines of /proc/PID/maps" { replayed maps; }
@test "saved inputs: the memory of a Python interpreter" { replayed python; }
@test "saved inputs: raw reports" { replayed raw; }

@test "every fuzz target is replayed here, and its inputs are small" {
        for source in "$root"/tests/fuzz/*.c; do
                name=$(basename "$source" .c)
                grep -q "{ replayed $name; }" "$BATS_TEST_FILENAME" || fail "no test for $name" || return 1
        done
        [ "$(du -sb "$corpus" | cut -f 1)" -lt 300000 ] || fail "$(du -ab "$corpus" | sort -n | tail)"
}
