# SPDX-License-Identifier: MIT
# make deb: a package that lintian accepts, installed and removed in a separate root.
# bats file_tags=serial
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD
}

# in_root ARGUMENT...: dpkg with files and database below $T/root, which has no libc package.
in_root() {
        local as_root=()
        [ "$(id -u)" = 0 ] || as_root=(fakeroot)
        mkdir -p "$T/root/var/lib/dpkg/updates" "$T/root/var/log"
        touch "$T/root/var/lib/dpkg/status" "$T/root/var/lib/dpkg/available"
        ${as_root[@]+"${as_root[@]}"} dpkg --root="$T/root" --force-not-root --force-depends --force-script-chrootless \
                --log="$T/dpkg.log" "$@"
}

@test "deb: the build dependencies are those of scripts/packages; the version is the Makefile's" {
        # gcc and others are build-essential: a package must not name them.
        named=$(sed -n '/^Build-Depends:/,/^[^ B]/s/^ \([a-z0-9-]*\)\( .*\)\{0,1\},$/\1/p' "$root/scripts/debian/control" | grep -vx debhelper-compat | sort)
        wanted=$("$root/scripts/packages" --list build | grep -vxE 'gcc|g\+\+|make|libc6-dev' | sort)
        [ "$named" = "$wanted" ] || fail "$(diff <(echo "$named") <(echo "$wanted"))"
        [ "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$root/scripts/debian/changelog")" = "$(sed -n 's/^VERSION := //p' "$root/Makefile")" ] ||
                fail "$(head -n 1 "$root/scripts/debian/changelog")"
}

@test "deb: the maintainer is set by DEBFULLNAME and DEBEMAIL, else an invalid address" {
        need dpkg-parsechangelog
        mkdir -p "$T/tree/scripts" "$T/bin"
        cp -r "$root"/scripts/{deb,debian,version-header} "$T/tree/scripts"
        # in place of the build: what it would have built from
        printf '#!/bin/sh\ncat debian/control debian/changelog >"%s/built"\ntouch ../crashpre.deb\n' "$T" >"$T/bin/dpkg-buildpackage"
        chmod +x "$T/bin/dpkg-buildpackage"
        version=$(sed -n 's/^VERSION := //p' "$root/Makefile")
        PATH=$T/bin:$PATH run -0 "$T/tree/scripts/deb" "$version" out
        [ "$(grep -c 'crashpre authors <crashpre@packages.invalid>' "$T/built")" = 2 ] || fail "$(<"$T/built")"
        PATH=$T/bin:$PATH DEBFULLNAME='Ann O/Nym & Co' DEBEMAIL=ann@nym.test run -0 "$T/tree/scripts/deb" "$version" out
        grep -qx 'Maintainer: Ann O/Nym & Co <ann@nym.test>' "$T/built" || fail "$(<"$T/built")"
        grep -q '^ -- Ann O/Nym & Co <ann@nym.test>  ' "$T/built" || fail "$(<"$T/built")"
}

@test "deb: built without network, accepted by lintian, installed, working, removed completely" {
        [ -n "${CHECK_ALL-}" ] || skip "slow: make check-all runs it"
        need dpkg-buildpackage dh lintian fakeroot unshare
        apart=(unshare --net)
        unshare --net true 2>/dev/null || apart=()
        cd "$root"
        ${apart[@]+"${apart[@]}"} make --no-print-directory BUILD="$T/b" deb >&2 3>&-
        package=$(echo "$T"/b/deb/crashpre_*.deb)
        lintian_options=(--fail-on "error,warning")
        [ "$(id -u)" != 0 ] || lintian_options+=(--allow-root)
        run -0 lintian "${lintian_options[@]}" "$T"/b/deb/*.deb "$T"/b/deb/*.changes

        in_root -i "$package" >&2
        [ "$(dpkg-query --admindir="$T/root/var/lib/dpkg" -W -f '${db:Status-Abbrev}' crashpre)" = "ii " ] || fail "not installed"
        bin=$T/root/usr/bin/crashpre
        run -0 "$bin" --version
        [[ $output == "crashpre "*" (commit $(scripts/version-header x | sed -n 's/.*COMMIT "\(.*\)"/\1/p'))" ]] || fail "$output"
        nm -D "$T/root/usr/lib/libcrashpre.so" >"$T/symbols"
        lacks -E '__stack_chk_fail|_chk@' "$T/symbols" || fail "built with the packager's hardening flags"
        run -0 "$bin" doctor
        [[ $output == *"ok    library    $T/root/usr/lib/libcrashpre.so"* ]] || fail "$output"
        run -139 "$bin" run --dir "$T/reports" -- "$(zoo)" null-write
        CRASHPRE_DIR=$T/reports good_reports 1
        for file in share/man/man1/crashpre.1.gz share/bash-completion/completions/crashpre share/zsh/vendor-completions/_crashpre \
                share/pkgconfig/crashpre.pc include/crashpre.h share/doc/crashpre/copyright; do
                [ -f "$T/root/usr/$file" ] || fail "no $file" || return 1
        done

        in_root -P crashpre >&2
        [ ! -e "$T/root/usr" ] || fail "left behind:" "$(find "$T/root/usr")"
}
