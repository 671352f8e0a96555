# SPDX-License-Identifier: MIT
# The test suites of other projects, with and without the preload.
# check-limit: 2400
bats_require_minimum_version 1.5.0

setup_file() {
        export BATS_TEST_TIMEOUT=2000 # some are configured and built first
}

setup() {
        load helpers
        fresh_reports
}

# fetch PACKAGE: the sources of a Debian package, in a directory of the test, which becomes the working directory.
fetch() {
        [ -n "${CHECK_ALL-}" ] || skip "some minutes; make check-all"
        need apt-get dpkg-source make gcc
        mkdir -p "$T/lists/partial"
        echo "deb-src http://deb.debian.org/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" >"$T/sources.list"
        cd "$T" || return
        sources=(-o "Dir::Etc::sourcelist=$T/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$T/lists" -o APT::Sandbox::User=root)
        { timeout 120 apt-get "${sources[@]}" update && timeout 120 apt-get "${sources[@]}" source "$1"; } >apt 2>&1 || skip "the sources of $1 cannot be fetched: $(tail -n 1 apt)"
        cd "$1"-*/ || return
}

# automake PACKAGE TESTS: its tests, run by automake, at least so many, end with the same results.
automake() {
        fetch "$1"
        export FORCE_UNSAFE_CONFIGURE=1
        { ./configure -q && make -s -j2; } >../build 2>&1 || { show ../build && fail "$1 cannot be built"; }
        results() { find . -name '*.trs' | sort | xargs grep -H ':test-result:'; }
        make -s check >../plain 2>&1 || true
        results >../plain.results
        LD_PRELOAD=$preload CRASHPRE_STDERR=none make -s check >../preloaded 2>&1 || true
        results >../preloaded.results
        diff ../plain.results ../preloaded.results
        [ "$(wc -l <../plain.results)" -ge "$2" ] || fail "only $(wc -l <../plain.results) tests ran"
}

# bats test_tags=heavy
@test "sed's own test suite: the same results as without, and no report" {
        automake sed 50
        nothing_in "$CRASHPRE_DIR"
}

# bats test_tags=heavy
@test "libsigsegv's own test suite, handlers that recover from stack overflows and faults: the same results as without" {
        automake libsigsegv 5
}

# apart COMMAND...: in mount and pid namespaces of its own, in $T; the root file system is read-only, and the clock cannot be set.
apart() {
        setpriv --bounding-set -sys_time --inh-caps -sys_time unshare --mount --pid --fork --kill-child --mount-proc sh -c '
                mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro / && cd "$0" && exec "$@"' "$T" "$@"
}

# python_tests NAME PRELOAD TEST...: the results of CPython's tests, "class test result" in lines, in $T/NAME.
python_tests() {
        local name=$1 with=$2
        shift 2
        mkdir -p "$T/$name.tmp"
        apart env TMPDIR="$T/$name.tmp" HOME="$T/$name.tmp" LD_PRELOAD="$with" CRASHPRE_STDERR=none \
                timeout 1500 /usr/bin/python3 -m test -j2 --timeout 300 --junit-xml "$T/$name.xml" "$@" >"$T/$name.log" 2>&1 || true
        /usr/bin/python3 - "$T/$name.xml" >"$T/$name" <<'P'
import sys, xml.etree.ElementTree as tree
for case in tree.parse(sys.argv[1]).iter("testcase"):
    kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    print(case.get("name"), *(kinds or [case.get("result")]))
P
        sort -o "$T/$name" "$T/$name"
}

# bats test_tags=heavy
@test "CPython's tests of signals, threads and processes: the same results as without" {
        [ -n "${CHECK_ALL-}" ] || skip "some minutes; make check-all"
        [ "$(id -u)" = 0 ] || skip "needs root"
        need setpriv unshare
        [ -f "$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')/test/test_signal.py" ] || skip "CPython's tests are not installed"
        tests="test_signal test_faulthandler test_threading test_thread test_subprocess test_os test_posix test_eintr test_multiprocessing_fork
                test_multiprocessing_forkserver test_asyncio"
        # shellcheck disable=SC2086 # words
        for name in plain preloaded; do python_tests $name "$([ $name = plain ] || echo "$preload")" $tests; done
        # a test that failed on a busy machine gets another chance, by itself
        diff "$T/plain" "$T/preloaded" >"$T/different" || {
                show "$T/different"
                again=$(for name in plain preloaded; do grep -E ' (failure|error)$' "$T/$name"; done | sed -nE 's/^test\.(test_[a-z_]+)\..*/\1/p' | sort -u)
                [ -n "$again" ] || fail "the same tests, but other results"
                # shellcheck disable=SC2086
                for name in plain preloaded; do python_tests $name "$([ $name = plain ] || echo "$preload")" $again; done
                diff "$T/plain" "$T/preloaded" || fail "different results: $again"
        }
        [ "$(wc -l <"$T/plain")" -ge 3000 ] || fail "only $(wc -l <"$T/plain") tests ran"
}
