# SPDX-License-Identifier: MIT
# The helper alone, driven by tests/tools/fake_handler.c in place of the library: normal
# operation, and errors of the other side, the directory or stderr.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=none
        unset CRASHPRE_MODE CRASHPRE_MAX_REPORTS
}

# driven MODE: what fake_handler prints is in $output, what the helper prints in $stderr. Nothing but reports may lie in the directory afterwards.
driven() {
        run --separate-stderr timeout -k 5 60 "$tools/fake_handler" "$helper" "$CRASHPRE_DIR" "$1"
        [ "$status" = 0 ] || fail "fake_handler: $output"
        [ "$(find "$CRASHPRE_DIR" -mindepth 1 ! -name 'crash-*' | wc -l)" = 0 ] || { ls -la "$CRASHPRE_DIR" && fail "a temporary file is left"; }
}

# last_word: the helper's lines in the raw report.
last_word() {
        sed -n '1,/^end of report$/!p' "$(raw_report)"
}

@test "a crash: JSON report, its name in the raw one, and the thread is released at the end" {
        driven fatal
        [ "$output" = $'status: HWD\nchild: signal 11' ] || fail "$output"
        [ "$(last_word)" = "helper: json $(basename "$(the_report)")" ] || fail "$(last_word)"
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '.fault | .class == "null-dereference" and .access == "write" and .address == "0x0"'
        assert_json "$(the_report)" '.threads[0] | .name == "faulty" and .crashed and .frames[0].function == "write_to"'
        assert_json "$(the_report)" '[.threads[].crashed] == [true, false, false, false, false]'
        assert_json "$(the_report)" '.files.raw == .id + ".txt"'
}

@test "a crash: context, breadcrumbs and metadata of the raw report are in the JSON report" {
        driven fatal
        assert_json "$(the_report)" '.threads[0].context == [{"module": "reader", "class": "Parser", "phase": "feed more"}]'
        assert_json "$(the_report)" '.breadcrumbs == [{"time": "2026-01-01T00:00:00.000000Z", "tid": 7, "category": "io", "message": "opened \\xff"}]'
        assert_json "$(the_report)" '.metadata == {"build": "a: b", "count": 42, "ratio": 0.5, "ready": true}'
        assert_json "$(the_report)" '[.diagnostics[] | select(.stage == "handler").message] == ["first note", "second note"]'
}

@test "a thread whose name is not UTF-8: the report is valid, and the text has no control characters" {
        driven fatal
        assert_json "$(the_report)" '[.threads[].name] | index("idle-\\xff\u001b[31m") != null'
        run crashpre_show --all-threads "$(the_report)"
        [[ $output == *'idle-\xff\x1b[31m'* ]] || fail "$output"
        [[ $output != *$'\x1b'* ]] || fail "an escape sequence came through"
}

crashpre_show() {
        "$build/bin/crashpre" show "$@"
}

@test "a request: threads are released before the report is written, the process survives" {
        driven request
        [ "$output" = $'status: HRWD\nhelper: exit 0\nchild: exit 0' ] || fail "$output"
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '.cause | .kind == "request" and .message == "asked for"'
        assert_json "$(the_report)" 'has("signal") or has("fault") | not'
        assert_json "$(the_report)" '(.threads | length == 4) and all(.threads[]; .crashed | not)'
}

@test "a fault that the program's handler may still handle: reported like a crash, the threads are released, no text says that the process died" {
        CRASHPRE_STDERR=brief driven first-chance
        [ "$output" = $'status: HRWD\nchild: signal 11' ] || fail "$output"
        [[ $stderr == "crashpre: fake_handler["*" got SIGSEGV (null-dereference"* ]] || fail "$stderr"
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '.cause.chance == "first" and .threads[0].crashed'
}

@test "a library of another build: refused, with a line in the raw report" {
        driven bad-magic
        [ "$output" = $'status: H\nhelper: exit 1\nchild: signal 11' ] || fail "$output"
        [[ $(last_word) == "helper: failed handshake: library and helper are of different builds" ]] || fail "$(last_word)"
        [ "$(reports .json)" = 0 ]
}

@test "the process ends before or during its message" {
        driven eof
        [[ $output == *"helper: exit 1"* && $(last_word) == "helper: failed handshake: the process ended after 0 of "* ]] || fail "$output $(last_word)"
        fresh_reports
        driven short
        [[ $output == *"helper: exit 1"* && $(last_word) == "helper: failed handshake: the process ended after "* ]] || fail "$output $(last_word)"
}

@test "the process sends nothing: the helper ends by CRASHPRE_TIMEOUT" {
        SECONDS=0
        CRASHPRE_TIMEOUT=1 driven silent
        [ "$SECONDS" -lt 5 ] || fail "took $SECONDS s"
        [[ $output == *"helper: exit 1"* && $(last_word) == "helper: failed"*"handshake"* ]] || fail "$output $(last_word)"
}

@test "the deadline has passed already: the helper releases the threads and reports it" {
        driven late
        [[ $output == *"child: signal 11"* && $(last_word) == "helper: failed: the deadline passed during "* ]] || fail "$output $(last_word)"
        [ "$(reports .json)" = 0 ]
}

@test "the helper crashes: a line in the raw report" {
        driven segv
        [[ $(last_word) == "helper: died of signal 11 during "* ]] || fail "$output $(last_word)"
        [ "$(reports .json)" = 0 ]
}

@test "a name that leads out of the directory is refused" {
        mkdir "$CRASHPRE_DIR/inner"
        run -0 timeout 60 "$tools/fake_handler" "$helper" "$CRASHPRE_DIR/inner" hostile
        [ -z "$(find "$CRASHPRE_DIR" -name '*.json')" ] || fail "$(find "$CRASHPRE_DIR")"
        grep -q '^helper: failed handshake: not the name of a report' "$CRASHPRE_DIR"/inner/*.txt
}

@test "no raw report: only the JSON report" {
        driven no-raw
        valid_reports "$(the_report)"
        assert_json "$(the_report)" 'has("files") | not'
}

@test "no directory: only the text on stderr" {
        CRASHPRE_STDERR=full driven no-dir
        nothing_in "$CRASHPRE_DIR"
        [[ $stderr == "crashpre: fake_handler["*" died of SIGSEGV (null-dereference: write to 0x0) in thread faulty ["*$'\n  #0  write_to'* ]] || fail "$stderr"
        [[ $stderr != *report:* ]] || fail "a report is promised: $stderr"
}

@test "the disk is full: no JSON, no rest of one, and both the raw report and stderr name the raw report" {
        command -v prlimit >/dev/null || skip "prlimit (util-linux) is not installed"
        CRASHPRE_STDERR=brief run prlimit --fsize=8192 "$tools/fake_handler" "$helper" "$CRASHPRE_DIR" fatal
        [ "$(ls -A "$CRASHPRE_DIR")" = "$(basename "$(raw_report)")" ] || fail "$(ls -la "$CRASHPRE_DIR")"
        [[ $(last_word) == "helper: failed write: write: File too large" ]] || fail "$(last_word)"
        [[ $output == *"report: $(raw_report)"* ]] || fail "$output"
}

@test "the report directory was removed: the program can die" {
        mkdir "$T/gone"
        a_helper remover <<<'rmdir "$T/gone"; exec "$HELPER"' >/dev/null
        run timeout 60 "$tools/fake_handler" "$T/remover" "$T/gone" no-raw
        [[ $output == *"status: HD"*"child: signal 11"* ]] || fail "$output"
}

@test "stderr is a full pipe that nobody reads: the process dies within two seconds" {
        SECONDS=0
        CRASHPRE_STDERR=full driven full-stderr
        [ "$SECONDS" -lt 4 ] || fail "took $SECONDS s"
        [ "$output" = $'status: HWD\nchild: signal 11' ] || fail "$output"
        valid_reports "$(the_report)"
}

@test "nobody may attach: one thread, named by its file, and the diagnostics say why" {
        command=("$tools/fake_handler" "$helper")
        if [ "$(id -u)" = 0 ]; then # root attaches to anything: as somebody else, who must be able to reach the directory
                command -v setpriv >/dev/null || skip "setpriv (util-linux) is not installed"
                CRASHPRE_DIR=$(mktemp -d /tmp/crashpre-refused.XXXXXX)
                chmod 777 "$CRASHPRE_DIR"
                command=(setpriv --reuid=65534 --regid=65534 --clear-groups "${command[@]}")
                setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$helper" || skip "the build tree is for root alone"
        fi
        run -0 timeout 60 "${command[@]}" "$CRASHPRE_DIR" refused
        result=$(the_report)
        cp "$result" "$(raw_report)" "$T"
        [[ $CRASHPRE_DIR != /tmp/crashpre-refused.* ]] || rm -rf "$CRASHPRE_DIR"
        CRASHPRE_DIR=$T
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '(.threads | length) == 1 and .threads[0].crashed'
        assert_json "$(the_report)" '.threads[0].frames[0] | .function == "write_to" and .trust == "context"'
        assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "attach" and (.message | test("attach")))'
        assert_json "$(the_report)" '.process.exe | endswith("/fake_handler")'
}

@test "another process traces only the crashing thread: its stack is reported from the registers that its handler sent" {
        driven traced
        [[ $output == *"child: signal 11" ]] || fail "$output"
        assert_json "$(the_report)" '.threads[0] | .crashed and ([.frames[].function] | index("worker") != null)'
}

@test "a thread that the process does not have: the report is written, and the process can die" {
        SECONDS=0
        driven other-tid
        [ "$SECONDS" -lt 5 ] || fail "took $SECONDS s"
        [ "$output" = $'status: HWE\nhelper: exit 0\nchild: signal 11' ] || fail "$output"
        assert_json "$(the_report)" '.threads[0] | .tid == 1 and .crashed and .frames[0].function == "write_to"'
        assert_json "$(the_report)" 'any(.diagnostics[]; .message | test("could not be stopped"))'
}

@test "CRASHPRE_MODE: the mode of the JSON report, whatever the umask" {
        umask 077
        CRASHPRE_MODE=0644 driven fatal
        [ "$(stat -c %a "$(the_report)")" = 644 ] || fail "$(ls -l "$CRASHPRE_DIR")"
}

@test "CRASHPRE_MAX_REPORTS: the oldest reports are removed, other files stay" {
        touch "$CRASHPRE_DIR/crash-notes.txt"
        touch "$CRASHPRE_DIR"/crash-old-1-20200101T000000.00000{1,2,3}Z.{txt,json,core}
        CRASHPRE_MAX_REPORTS=2 driven fatal
        wait_until 5 test ! -e "$CRASHPRE_DIR/crash-old-1-20200101T000000.000002Z.core"
        [ -f "$CRASHPRE_DIR/crash-old-1-20200101T000000.000003Z.core" ] || fail "$(ls "$CRASHPRE_DIR")"
        [ "$(reports .json)" = 2 ] || fail "$(ls "$CRASHPRE_DIR")"
        [ -f "$CRASHPRE_DIR/crash-notes.txt" ] || fail "$(ls "$CRASHPRE_DIR")"
}

@test "CRASHPRE_MAX_REPORTS: what was just written stays, whatever times and whose names the other files have" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        touch "$CRASHPRE_DIR"/crash-other-{1..9}-20991231T000000.000000Z.txt
        chown 65534 "$CRASHPRE_DIR"/crash-other-{1..4}-*
        touch -d 2099-01-01 "$CRASHPRE_DIR"/crash-mine-1-20200101T000000.000001Z.json
        CRASHPRE_MAX_REPORTS=3 driven fatal
        wait_until 5 test ! -e "$CRASHPRE_DIR/crash-other-8-20991231T000000.000000Z.txt"
        json=$(basename "$(find "$CRASHPRE_DIR" -name 'crash-fake*.json')" .json)
        [ "$(ls "$CRASHPRE_DIR")" = "$(printf '%s\n' "$json".{json,txt} crash-mine-1-20200101T000000.000001Z.json crash-other-{1,2,3,4,9}-20991231T000000.000000Z.txt)" ] ||
                fail "$(ls -l "$CRASHPRE_DIR")"
}

@test "temporary files of killed helpers are removed, recent ones are not" {
        old=$CRASHPRE_DIR/.crash-old-1-20200101T000000.000001Z.json.tmp
        new=$CRASHPRE_DIR/.crash-new-1-20200101T000000.000001Z.json.tmp
        touch -d '1 hour ago' "$old"
        touch "$new"
        run -0 timeout -k 5 60 "$tools/fake_handler" "$helper" "$CRASHPRE_DIR" fatal
        wait_until 5 test ! -e "$old"
        [ -e "$new" ]
}

@test "CRASHPRE_ENV: named variables are reported, except secrets" {
        WANTED=yes MY_TOKEN=hush CRASHPRE_ENV='WANTED,MY_*' driven fatal
        assert_json "$(the_report)" '.process.environment == {"WANTED": "yes"}'
        lacks hush "$(the_report)" || fail "a secret is in the report"
}

@test "CRASHPRE_MAX_FRAMES and other invalid values: the helper uses the default; the library reports them" {
        CRASHPRE_MAX_FRAMES=many CRASHPRE_MODE=999 driven fatal
        assert_json "$(the_report)" '.threads[0].frames | length > 3'
        [ "$(stat -c %a "$(the_report)")" = 600 ]
}

@test "started by hand: it prints its purpose" {
        run -2 "$helper" 3<&- 4>&- 5<&- 6<&-
        [[ $output == *"not for the command line"* ]] || fail "$output"
        run -0 "$helper" --version
        [[ $output == "crashpre-helper "*"(commit "* ]] || fail "$output"
}
