# SPDX-License-Identifier: MIT
# tests/bats/helpers.bash: the words tests are written in. Loaded by setup() of every file.
#
#   BUILD            build tree under test (default: build/ of this checkout)
#   ZOO              level of the zoo that crasher runs: O0 (default) or O2
#   LIMIT            seconds one program may take (default 30): a hang is a failure, never a hung test run
#
# A test that needs reports sets CRASHPRE_DIR by fresh_reports. Every wait has a deadline and waits for an event.

root=$(cd "${BATS_TEST_DIRNAME:?}/../.." && pwd)
build=${BUILD:-$root/build}
preload=${CRASHPRE_TEST_PRELOAD:-$build/lib/libcrashpre.so} # the variable lets one see a test fail with another library
helper=$build/libexec/crashpre/crashpre-helper
schema=$build/share/crashpre/crashpre-report.schema.json
tools=$build/tests
T=${BATS_TEST_TMPDIR:-}
ulimit -S -c 0 # where cores matter, tests/tools/status raises the limit for the one program

# ---- failing ----

# Ends a test with a message. Always the last word of a failed check, so that the message says what was expected.
fail() {
        printf '%s\n' "$@" >&2
        return 1
}

# Shows a file under a failed check.
show() {
        printf -- '--- %s\n' "$1" >&2
        [ ! -f "$1" ] || head -c "${2:-6000}" "$1" >&2
        printf -- '\n---\n' >&2
}

need() {
        local tool
        for tool; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
}

# lacks GREP-ARGUMENT...: grep finds nothing. Unlike "! grep" it fails if a file cannot be read; matches are shown.
lacks() {
        local status=0
        grep "$@" >&2 || status=$?
        [ $status = 1 ] || fail "expected no match, grep ends with $status: $*"
}

# need_preloadable: crashpre run knows the library by its real path, and a blank or colon ends an entry of LD_PRELOAD.
need_preloadable() {
        [[ $(realpath "$build") != *[[:space:]:]* ]] || skip "crashpre run refuses the path of the build tree"
}

# ---- running ----

# made_by_clang: the programs of the tests were compiled by it (make CC=clang).
made_by_clang() {
        readelf -p .comment "$build/tests/zoo-O0/zoo" | grep -q clang
}

zoo() {
        printf '%s\n' "$tools/zoo-${ZOO:-O0}/zoo"
}

# crasher WORD [ARGUMENT...]: the zoo without a preload.
crasher() {
        timeout -k 5 "${LIMIT:-30}" "$(zoo)" "$@"
}

# preloaded COMMAND...: the command under libcrashpre.so, reports in $CRASHPRE_DIR. timeout itself is not preloaded.
preloaded() {
        local words=("$@")
        [ "$1" != crasher ] || words=("$(zoo)" "${@:2}")
        timeout -k 5 "${LIMIT:-30}" env LD_PRELOAD="$preload" "${words[@]}"
}

# fresh_reports [NAME]: an empty report directory, in CRASHPRE_DIR.
fresh_reports() {
        export CRASHPRE_DIR=$T/${1:-reports}
        rm -rf "$CRASHPRE_DIR"
        mkdir -p "$CRASHPRE_DIR"
}

# wait_until SECONDS COMMAND...: polls until the command succeeds.
wait_until() {
        local end=$((SECONDS + $1))
        shift
        until "$@"; do
                [ $SECONDS -lt $end ] || { fail "gave up waiting for: $*" || return 1; }
                sleep 0.01
        done
}

# ---- finding reports ----

# the_file SUFFIX: the only report file with that ending.
the_file() {
        local files=("$CRASHPRE_DIR"/crash-*"$1")
        if [ ${#files[@]} != 1 ] || [ ! -f "${files[0]}" ]; then
                ls -la "$CRASHPRE_DIR" >&2
                fail "expected one report crash-*$1 in $CRASHPRE_DIR" || return 1
        fi
        printf '%s\n' "${files[0]}"
}
the_report() { the_file .json; }
raw_report() { the_file .txt; }

# reports SUFFIX: how many there are.
reports() {
        find "$CRASHPRE_DIR" -maxdepth 1 -name "crash-*$1" | wc -l
}

# nothing_in DIR: no file at all, hidden or temporary ones included.
nothing_in() {
        [ -z "$(ls -A "$1")" ] || { ls -la "$1" >&2; fail "expected nothing in $1"; }
}

# ---- checking reports ----

# assert_json FILE FILTER: the jq filter gives true. Shows what the filter looked at otherwise.
assert_json() {
        jq -e "$2" "$1" >/dev/null || {
                show "$1" 3000
                jq -r '.threads[0].frames[]?.text' "$1" >&2
                fail "not true: $2" || return 1
        }
}

json() {
        jq -r "$2" "$1"
}

# line_of MARKER [FILE-GLOB]: the line that carries a marker such as "CRASH: null-write".
line_of() {
        local found
        found=$(cd "$root/tests/zoo" && grep -rnF -e "$1 *" -e "$1" --include="${2:-*.c*}" . | grep -E "$1( \*/|\$)" | cut -d: -f2)
        [ -n "$found" ] && [ "$(wc -l <<<"$found")" = 1 ] || { fail "marker '$1' is on line(s): $found" || return 1; }
        printf '%s\n' "$found"
}

# raw_section FILE NAME: the lines between [NAME] and the next section or the end.
raw_section() {
        awk -v want="[$2]" '$0 == want { on = 1; next } /^\[[a-z]+\]$/ || $0 == "end of report" { on = 0 } on' "$1"
}

# raw_value FILE SECTION KEY: the value of "KEY: value".
raw_value() {
        raw_section "$1" "$2" | sed -n "s/^$3: //p" | head -n 1
}

# raw_is_complete FILE: header, every section once and in order, the end line, nothing but the helper's lines after it; printable ASCII throughout.
raw_is_complete() {
        LC_ALL=C awk '
        function bad(text) { print FILENAME ": " text; failed = 1; exit 1 }
        /[^ -~]/ { bad("not printable ASCII: line " NR) }
        NR == 1 && $0 != "crashpre raw report 1" { bad("no header") }
        ended && !/^helper: / { bad("a line after the end that is not the helper'"'"'s: " $0) }
        $0 == "end of report" { ended = 1 }
        !ended && /^\[(cause|process|context|breadcrumbs|metadata|python|registers|frames|modules|maps)\]$/ { sections = sections $0 }
        END {
                if (failed) exit 1
                if (!ended) bad("no line \"end of report\"")
                order = "^\\[cause\\]\\[process\\](\\[context\\])?(\\[breadcrumbs\\])?(\\[metadata\\])?(\\[python\\])?"
                if (sections !~ order "\\[registers\\]\\[frames\\]\\[modules\\]\\[maps\\]$") bad("sections are: " sections)
        }' "$1" >&2 || { show "$1" && fail "not a complete raw report: $1"; }
}

# There is a complete raw report and no JSON.
raw_alone() {
        [ "$(reports .json)" = 0 ] || { ls -la "$CRASHPRE_DIR" >&2; fail "a JSON report was not expected" || return 1; }
        raw_is_complete "$(raw_report)"
}

# The lines that say what became of the helper.
outcome() { grep '^helper: ' "$(raw_report)"; }

# raw_frames FILE: the pcs of the handler's own walk.
raw_frames() {
        raw_section "$1" frames | awk '$1 ~ /^[0-9]+$/ { print $3 }'
}

# frames_agree RAW JSON: the handler and the helper, which looks from outside, saw the same stack.
frames_agree() {
        [ "$(raw_frames "$1" | wc -l)" -gt 0 ] || fail "no frames in '$1'" || return 1
        diff <(raw_frames "$1") <(json "$2" '.threads[0].frames[] | select(.inline | not) | .pc') >&2 ||
                fail "raw (left) and JSON (right) frames differ"
}

# functions FILE: the crashed thread's functions, innermost first, without parameters and without the mark of libc's internal aliases.
functions() {
        json "$1" '.threads[0].frames[] | .function // "?" | sub("\\(.*"; "") | sub("^__GI_"; "")'
}

# assert_stack FILE FUNCTION...: these functions follow each other in the crashed thread; others may stand between them.
assert_stack() {
        local file=$1 wanted=("${@:2}") found=0 name
        while read -r name; do
                if [ "$name" = "${wanted[found]-}" ]; then found=$((found + 1)); fi
        done < <(functions "$file")
        [ $found = ${#wanted[@]} ] || { functions "$file" | tr '\n' ' ' >&2 && fail "no ${wanted[found]} in its place"; }
}

# valid_reports FILE...: against the JSON Schema and tests/tools/validate.py's own rules. scripts/check keeps one running that answers on
# the FIFO VALIDATOR.
valid_reports() {
        local asking=$BATS_TEST_TMPDIR/asking.$BASHPID line=
        if [ ! -p "${VALIDATOR-}" ]; then
                /usr/bin/python3 -W ignore "$root/tests/tools/validate.py" "$schema" "$@" >&2 || fail "invalid report" || return 1
                return 0
        fi
        [ -p "$asking.faults" ] || mkfifo "$asking.faults"
        printf '%s\n' "$PWD" "$@" >"$asking.reports"
        # Both are opened for reading and writing, so that nothing here waits for a validator that is no more.
        {
                printf '%s\n' "$asking" 1<>"$VALIDATOR"
                while read -r -t 120 line && [ "$line" != valid ] && [ "$line" != invalid ]; do printf '%s\n' "$line" >&2; done
        } 0<>"$asking.faults"
        [ "$line" = valid ] || fail "invalid report, or no answer"
}

# complete_reports N: exactly N crashes were reported, each with a complete raw and a JSON report, and nothing else lies there.
complete_reports() {
        local raw texts jsons all
        shopt -s nullglob dotglob
        texts=("$CRASHPRE_DIR"/crash-*.txt) jsons=("$CRASHPRE_DIR"/crash-*.json) all=("$CRASHPRE_DIR"/*)
        shopt -u nullglob dotglob
        if [ "${#texts[@]} ${#jsons[@]} ${#all[@]}" != "$1 $1 $((2 * $1))" ]; then
                ls -la "$CRASHPRE_DIR" >&2
                tail -n 3 "${texts[@]}" </dev/null >&2
                fail "expected $1 raw and JSON reports" || return 1
        fi
        for raw in "${texts[@]}"; do raw_is_complete "$raw" || return 1; done
}

# good_reports N: the same, and the JSON is valid.
good_reports() {
        complete_reports "$1" && { [ "$1" = 0 ] || valid_reports "$CRASHPRE_DIR"/crash-*.json; }
}

# ---- with and without ----

# ended NAME COMMAND...: runs in a directory of its own and keeps what the world saw: $T/NAME.status, .out, .err. Cores are removed.
ended() {
        local name=$1
        shift
        mkdir -p "$T/$name.cwd"
        "$tools/status" ${status_flags-} -t "${LIMIT:-30}" -C "$T/$name.cwd" -o "$T/$name.status" "$@" >"$T/$name.out" 2>"$T/$name.err" </dev/null || true
        rm -f "$T/$name.cwd"/core*
}

# faithful [--reports N] WORD [ARGUMENT...]: at -O0 and -O2, the zoo ends in the same way with the preload as without (wait status, core flag,
# stdout, stderr), and leaves N good pairs of reports (1 unless told; "any": not looked at). The last level's are in CRASHPRE_DIR afterwards.
faithful() {
        local want=1 level
        if [ "$1" = --reports ]; then want=$2 && shift 2; fi
        rm -rf "$T"/valid
        mkdir "$T"/valid
        for level in ${LEVELS:-O0 O2}; do
                same_end "$want" "$tools/zoo-$level/zoo" "$@" || { fail "at -$level" || return 1; }
                if [ "$want" != any ] && [ "$want" != 0 ]; then cp "$CRASHPRE_DIR"/crash-* "$T/valid"; fi
        done
        # All at once: starting the validator takes longer than a crash.
        [ -z "$(ls "$T/valid")" ] || valid_reports "$T"/valid/*.json
}

# faithful_command N COMMAND...: the same for any program.
faithful_command() {
        same_end "$@" || return 1
        case $1 in any | 0) ;; *) valid_reports "$CRASHPRE_DIR"/crash-*.json ;; esac
}

same_end() {
        local want=$1 part
        shift
        fresh_reports
        ended plain "$@"
        fresh_reports
        ended preloaded env LD_PRELOAD="$preload" CRASHPRE_STDERR="${CRASHPRE_STDERR-none}" "$@"
        for part in status out err; do
                cmp -s "$T/plain.$part" "$T/preloaded.$part" || {
                        diff "$T/plain.$part" "$T/preloaded.$part" | head -n 20 >&2
                        show "$T/preloaded.status"
                        ls -la "$CRASHPRE_DIR" >&2
                        fail "$part differs with the preload (second column)" || return 1
                }
        done
        [ "$want" = any ] || complete_reports "$want"
}

# open_to_nobody: an unprivileged user may write reports into CRASHPRE_DIR and run the programs of the build tree.
open_to_nobody() {
        [ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
        need setpriv
        chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_FILE_TMPDIR" "$(dirname "$T")" "$T"
        chmod a+rwx "$CRASHPRE_DIR"
        as_nobody test -x "$(zoo)" || skip "the build tree is closed to other users"
}

as_nobody() {
        setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# own_mounts COMMAND...: with mounts of its own; needs a skip before it where that cannot be had: can_mount.
own_mounts() {
        unshare --mount --propagation private "$@"
}

can_mount() {
        need unshare
        own_mounts mount -t tmpfs none /mnt 2>/dev/null || skip "no mounts of one's own here"
}

# status_is TEXT: how the program of the last `ended` or `faithful` died, as the word begins.
status_is() {
        [[ $(<"$T/preloaded.status") == "$1"* ]] || fail "ended with '$(<"$T/preloaded.status")', expected '$1'"
}

# a_helper NAME: makes an executable script $T/NAME from stdin, to stand in for the helper. In it, $HELPER is the real one.
a_helper() {
        { printf '#!/bin/bash\nHELPER=%q\nT=%q\n' "$helper" "$T" || return 1; cat; } >"$T/$1"
        chmod +x "$T/$1"
        printf '%s\n' "$T/$1"
}

# stopping_at CALL[:when=N] ACTION: the helper stops at its (N-th) call of that kind, the commands of ACTION run, and it goes on. In them,
# $pid is the program, of which ZOO_PID_FILE=$T/pid told the pid. $T/acted says that it came to that.
stopping_at() {
        # strace writes "stopped by" when the stop is there, and lets SIGCONT end it (PTRACE_LISTEN). -D: $$ is the helper, not strace.
        a_helper stopping <<END
echo \$\$ >"\$T/helper.pid"
rm -f "\$T/acted" "\$T/strace"
(
        for ((i = 0; i < 2000; i++)); do
                if grep -qs 'stopped by SIGSTOP' "\$T/strace"; then
                        read -r pid _ <"\$T/pid"
                        $2
                        touch "\$T/acted"
                        kill -CONT \$\$
                        break
                fi
                [ -e /proc/\$\$ ] || break
                sleep 0.01
        done
) >/dev/null 2>&1 &
exec strace -D -qq -o "\$T/strace" -e trace=${1%%:*} -e inject=${1%%:*}:signal=STOP${1#"${1%%:*}"} "\$HELPER" "\$@"
END
}
