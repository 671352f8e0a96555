# SPDX-License-Identifier: MIT
# Signatures: the fingerprints of the whole zoo, by two runs of one build and by one of
# another, which was made in another directory from sources whose lines have moved.
bats_require_minimum_version 1.5.0

# Each is a bug of its own: no prefixes, which are only ways to come to one; not own-terminate, which throws where `throw` does.
zoo_words="null-read null-write null-member null-call wild-read wild-write write-read-only garbage-pc data-pc non-canonical
        non-canonical-call smashed-stack smashed-return stack-smash trashed-tp trashed-tp-access trashed-tp-ill sp-unmapped sp-null
        bad-bp overflow deep,300 div-zero ill trap privileged bus strlen-null nocfi-fp nocfi-nofp return-null return-heap alloca raise,SEGV
        raise,BUS kill-self,SEGV queue-self,SEGV abort assert fortify double-free invalid-free sigsys malloc"
zoo_cxx_words="throw throw-int throw-string throw-odd noexcept rethrow terminate thread-throw unjoined-thread bad-alloc pure-virtual"
messages_words="smash odd"
programs="zoo zoo_cxx messages inlined"

# crashes DIR OF: every word of the programs in DIR, reports in OF/<program>.<word>/.
crashes() {
        local program word words
        for program in $programs; do
                words=${program}_words
                for word in ${!words:-.}; do
                        mkdir -p "$2/$program.$word"
                        # shellcheck disable=SC2086 # "deep,300" is two words
                        CRASHPRE_DIR=$2/$program.$word preloaded "$1/$program" ${word//,/ } >/dev/null 2>&1 </dev/null || true
                done
        done
}

# table OF: a line for each report: program.word, fingerprint, signature.
table() {
        jq -r '[(input_filename | split("/")[-2]), .fingerprint // "none", .signature // "none"] | @tsv' "$1"/*/*.json | sort
}

setup_file() {
        load helpers
        unset "${!CRASHPRE_@}"
        export CRASHPRE_STDERR=none
        local there=$BATS_FILE_TMPDIR/another/place level targets=() program
        mkdir -p "$there"
        cp -r "$root"/{Makefile,scripts,tests,preload,unwind,report} "$there"
        find "$there/tests/zoo" -name '*.c*' -exec sed -i '1i// all lines that follow\n// are two further down' {} +
        for level in O0 O2; do for program in $programs; do targets+=("build/tests/zoo-$level/$program"); done; done
        (cd "$there" && env -u BUILD -u MAKEFLAGS make -s BUILD=build "${targets[@]}") >&2
        for level in O0 O2; do
                for run in one two; do
                        crashes "$tools/zoo-$level" "$BATS_FILE_TMPDIR/$run-$level"
                        table "$BATS_FILE_TMPDIR/$run-$level" >"$BATS_FILE_TMPDIR/$run-$level.tsv"
                done
                crashes "$there/build/tests/zoo-$level" "$BATS_FILE_TMPDIR/moved-$level"
                table "$BATS_FILE_TMPDIR/moved-$level" >"$BATS_FILE_TMPDIR/moved-$level.tsv"
        done
}

setup() {
        load helpers
        unset "${!CRASHPRE_@}"
        cd "$BATS_FILE_TMPDIR" || return
}

@test "every crash of the zoo has a signature and a fingerprint" {
        n=$(wc -w <<<"$zoo_words $zoo_cxx_words $messages_words .")
        for level in O0 O2; do
                [ "$(wc -l <one-$level.tsv)" = "$n" ] || fail "$(cat one-$level.tsv)"
                lacks -v -P '\t[0-9a-f]{16}\t[^\t]+$' one-$level.tsv || fail "at -$level"
                lacks -w none one-$level.tsv || fail "at -$level"
        done
}

@test "one bug, two runs: the same fingerprint and signature" {
        for level in O0 O2; do diff one-$level.tsv two-$level.tsv || fail "at -$level" || return 1; done
}

@test "one bug, two builds in two directories, other lines: the same fingerprint and signature" {
        for level in O0 O2; do
                [ "$(jq -r '.threads[0].frames[0].line' one-$level/zoo.null-write/*.json)" != "$(jq -r '.threads[0].frames[0].line' moved-$level/zoo.null-write/*.json)" ] ||
                        fail "the lines have not moved"
                diff one-$level.tsv moved-$level.tsv || fail "at -$level" || return 1
        done
}

@test "two bugs: never the same fingerprint" {
        for level in O0 O2; do
                cut -f 2 one-$level.tsv | sort | uniq -d >twice
                [ ! -s twice ] || fail "$(grep -F -f twice one-$level.tsv)" || return 1
        done
}

@test "signatures begin with the program's own functions" {
        of() { awk -F '\t' -v word="$1" '$1 == word { print $3 }' one-O0.tsv; }
        while read -r word wanted; do
                ! made_by_clang || [[ $wanted != *lambda* ]] || continue # has other names for them
                [ "$(of "$word")" = "$wanted" ] || fail "$word: $(of "$word")" || return 1
        done <<'EOF'
zoo.strlen-null strlen_null | zoo_go | main
zoo.abort abort_word | zoo_go | main
zoo.assert assert_word | zoo_go | main
zoo.double-free double_free | zoo_go | main
zoo.stack-smash overflow_array | stack_smash | zoo_go | main
zoo.fortify fortify | zoo_go | main
zoo.deep,300 deep | deep_word | zoo_go | main
zoo.overflow overflow
zoo.raise,SEGV raise_word | zoo_go | main
zoo_cxx.throw-odd zoo::throw_odd | main
zoo_cxx.rethrow zoo::rethrow | main
zoo_cxx.throw-int zoo::words::{lambda}::operator() | zoo::words::{lambda}::_FUN | main
inlined.. shop::Shelf::put | shop::put_all<> | shop::receive | shop::open
EOF
}
