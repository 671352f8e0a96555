# SPDX-License-Identifier: MIT
# What README says, typed from top to bottom on a Debian 12 that has nothing but its essential packages.
# bats file_tags=serial
bats_require_minimum_version 1.5.0

setup_file() {
        load helpers
        [ -n "${CHECK_ALL-}" ] || return 0
        export BATS_TEST_TIMEOUT=540
        bare=$BATS_FILE_TMPDIR/bare
        export bare
        { command -v debootstrap && unshare --mount --pid --fork true; } >/dev/null 2>&1 || return 0
        # The packages of an earlier run serve again.
        mkdir -p "$build/debian-12"
        mirror=$(sed -n 's|^URIs: *\(http[^ ]*/debian\)/* *$|\1|p; s|^deb \(http[^ ]*/debian\)/* .*|\1|p' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
        debootstrap --variant=minbase --cache-dir="$(realpath "$build/debian-12")" bookworm "$bare" "${mirror:-http://deb.debian.org/debian}" \
                >"$BATS_FILE_TMPDIR/log" 2>&1 || touch "$BATS_FILE_TMPDIR/failed"
}

setup() {
        load helpers
}

# the_sources: what git knows or would take, without its history: as from a tarball.
the_sources() {
        mkdir -p "$bare/src/crashpre"
        cd "$root" && git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
                while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
                xargs -0 cp -p --parents -t "$bare/src/crashpre"
}

@test "a bare Debian 12: every command of README, typed from top to bottom, gives what README shows" {
        [ -n "${CHECK_ALL-}" ] || skip "slow: make check-all runs it"
        [ "$(id -u)" = 0 ] || skip "needs root"
        need debootstrap git
        unshare --mount --pid --fork true 2>/dev/null || skip "namespaces are refused here"
        [ ! -e "$BATS_FILE_TMPDIR/failed" ] || fail "$(tail -n 20 "$BATS_FILE_TMPDIR/log")"
        the_sources
        cp /etc/resolv.conf /etc/hosts "$bare/etc"
        ! ls "$bare"/usr/bin/{make,gcc,git,jq,python3} 2>/dev/null || fail "not bare"
        run -0 /usr/bin/python3 "$root/tests/tools/examples.py" --root "$root" "$root/README.md" "$root/tests/tools/in_root" "$bare" /src/crashpre
        [ -z "$output" ] || fail "$output"
        # nothing but what README said was typed, and it is all there
        "$root/tests/tools/in_root" "$bare" / crashpre --version
        "$root/tests/tools/in_root" "$bare" / test -f /usr/local/share/man/man5/crashpre-report.5
}
