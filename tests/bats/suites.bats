# SPDX-License-Identifier: MIT
# The test suite of another project, with and without the preload.
bats_require_minimum_version 1.5.0

setup_file() {
        export BATS_TEST_TIMEOUT=560 # it is configured and built first
}

setup() {
        load helpers
        fresh_reports
}

# bats test_tags=heavy
@test "sed's own test suite: the same results as without, and no report" {
        [ -n "${CHECK_ALL-}" ] || skip "some minutes; make check-all"
        need apt-get dpkg-source make gcc
        mkdir -p "$T/lists/partial"
        echo "deb-src http://deb.debian.org/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" >"$T/sources.list"
        cd "$T" || return
        sources=(-o "Dir::Etc::sourcelist=$T/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$T/lists" -o APT::Sandbox::User=root)
        { timeout 120 apt-get "${sources[@]}" update && timeout 120 apt-get "${sources[@]}" source sed; } >apt 2>&1 || skip "sed's sources cannot be fetched: $(tail -n 1 apt)"
        cd sed-*/
        export FORCE_UNSAFE_CONFIGURE=1
        { ./configure -q && make -s -j2; } >../build 2>&1 || { show ../build && fail "sed cannot be built"; }
        results() { find . -name '*.trs' | sort | xargs grep -H ':test-result:'; }
        make -s check >../plain 2>&1 || true
        results >../plain.results
        LD_PRELOAD=$preload make -s check >../preloaded 2>&1 || true
        results >../preloaded.results
        diff ../plain.results ../preloaded.results
        [ "$(wc -l <../plain.results)" -ge 50 ] || fail "only $(wc -l <../plain.results) tests ran"
        nothing_in "$CRASHPRE_DIR"
}
