# SPDX-License-Identifier: MIT
# tests/bats/roots.bash: bare Debian systems in directories, for tests that begin with nothing. Loaded beside helpers.bash.

# bare_possible: skips unless such a system can be made and entered here.
bare_possible() {
        [ -n "${CHECK_ALL-}" ] || skip "slow: make check-all runs it"
        [ "$(id -u)" = 0 ] || skip "needs root"
        need debootstrap git
        unshare --mount --pid --fork true 2>/dev/null || skip "namespaces are refused here"
}

# bare_root SUITE: a Debian of that suite with nothing but its essential packages and, in /src/crashpre, our sources. Prints its
# directory, which is removed with those of the test. The packages of an earlier run serve again.
bare_root() {
        local suite=$1 bare=$BATS_TEST_TMPDIR/root mirror
        mirror=$(sed -n 's|^URIs: *\(http[^ ]*/debian\)/* *$|\1|p; s|^deb \(http[^ ]*/debian\)/* .*|\1|p' \
                /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
        mkdir -p "$build/debootstrap-$suite"
        debootstrap --variant=minbase --cache-dir="$(realpath "$build/debootstrap-$suite")" "$suite" "$bare" \
                "${mirror:-http://deb.debian.org/debian}" >"$BATS_TEST_TMPDIR/debootstrap" 2>&1 ||
                fail "$(tail -n 20 "$BATS_TEST_TMPDIR/debootstrap")" || return 1
        ! ls "$bare"/usr/bin/{make,gcc,git,jq,python3} 2>/dev/null >&2 || fail "not bare" || return 1
        cp /etc/resolv.conf /etc/hosts "$bare/etc" || return 1
        sources_to "$bare/src/crashpre" || return 1
        printf '%s\n' "$bare"
}

# sources_to DIRECTORY: what git knows or would take, without its history: as from a tarball.
sources_to() {
        mkdir -p "$1" || return 1
        (cd "$root" && git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
                while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
                xargs -0 cp -p --parents -t "$1")
}

# in_bare COMMAND...: runs it in /src/crashpre of the system in $bare.
in_bare() {
        "$root/tests/tools/in_root" "$bare" /src/crashpre "$@"
}
