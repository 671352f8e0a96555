# SPDX-License-Identifier: MIT
# Where report text may go, as far as descriptor 2 is concerned, and in which form.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD NO_COLOR COLUMNS
        fresh_reports
        mkdir "$T/work"
        cd "$T/work" || return
        # peer.py KIND later|from-start|tty COMMAND...: prints what arrives at the other end of descriptor 2 of a program.
        # later: a process that was loaded with another one replaces it by KIND and crashes; from-start: the command has
        # it from the beginning, preloaded; tty: the same, and the terminal is also the controlling one.
        cat >"$T/peer.py" <<'END'
import os, pty, signal, socket, sys, termios, tty
kind, when, *command = sys.argv[1:]

def internet(family, stream):
    address = '::1' if family == socket.AF_INET6 else '127.0.0.1'
    listening = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    listening.bind((address, 0))
    if stream:
        listening.listen()
    near = socket.create_connection(listening.getsockname()[:2]) if stream else socket.socket(family, socket.SOCK_DGRAM)
    if stream:
        return near.detach(), listening.accept()[0].detach()
    near.connect(listening.getsockname())
    listening.settimeout(0)
    return near.detach(), listening.detach()

def terminal():
    far, near = pty.openpty()
    flags = termios.tcgetattr(near)
    if kind == 'raw':
        tty.setraw(near)
    elif kind == 'no-onlcr':
        flags[1] &= ~termios.ONLCR
        termios.tcsetattr(near, termios.TCSANOW, flags)
    return near, far

def pair():
    if kind == 'unix':
        return [s.detach() for s in socket.socketpair()]
    if kind == 'pipe':
        return os.pipe()[::-1]
    if kind in ('tcp', 'tcp6', 'udp'):
        return internet(socket.AF_INET6 if kind == 'tcp6' else socket.AF_INET, kind != 'udp')
    return terminal()

near, far = pair()
pid = os.fork()
if pid == 0:
    if when == 'tty':
        os.setsid()
        os.close(os.open(os.ttyname(near), os.O_RDWR))
    os.close(far)
    os.dup2(near, 2)
    os.dup2(os.open('/dev/null', os.O_WRONLY), 1)
    if when == 'later':
        os.kill(os.getpid(), signal.SIGSEGV)
    os.environ['LD_PRELOAD'] = os.environ['PEER_PRELOAD']
    os.execvp(command[0], command)
os.close(near)
if kind == 'udp':
    os.waitpid(pid, 0)
while True:
    try:
        got = os.read(far, 65536)
    except OSError: # no more: a terminal without a user (EIO), or no datagram (EAGAIN)
        break
    if not got:
        break
    os.write(1, got)
END
}

# later KIND: what a peer gets from a process whose descriptor 2 became one of that kind.
later() {
        LD_PRELOAD=$preload timeout -k 5 60 /usr/bin/python3 "$T/peer.py" "$1" later 2>"$T/err"
}

# from_start KIND [COMMAND...]: what it gets if the command had it from the beginning.
from_start() {
        PEER_PRELOAD=$preload timeout -k 5 60 /usr/bin/python3 "$T/peer.py" "$1" "${when-from-start}" "${@:2}"
}

# crash_command: sets the array crash to a program that crashes.
crash_command() {
        crash=("$(zoo)" null-write)
}

# ---- where ----

@test "descriptor 2 became a connection, a pipe or a terminal: nothing is written to it, with a helper and without" {
        for kind in unix tcp tcp6 udp pipe raw; do
                if [ $kind = tcp6 ] && ! grep -q . /proc/net/if_inet6 2>/dev/null; then continue; fi
                fresh_reports
                for how in full json; do
                        run -0 env CRASHPRE_STDERR=$how LD_PRELOAD="$preload" /usr/bin/python3 "$T/peer.py" $kind later
                        [ -z "$output" ] || fail "$kind, $how:" "$output" || return 1
                done
                CRASHPRE_HELPER=/nonexistent run -0 later $kind
                [ -z "$output" ] || fail "$kind, no helper:" "$output" || return 1
                [ "$(reports .txt) $(reports .json)" = "3 2" ] || fail "$kind: $(ls "$CRASHPRE_DIR")" || return 1
                CRASHPRE_DIR=- run -0 later $kind
                [ -z "$output" ] || fail "$kind, no directory:" "$output" || return 1
                CRASHPRE_WAIT_DEBUGGER=1 run -0 later $kind
                [ -z "$output" ] || fail "$kind, waiting for a debugger:" "$output" || return 1
        done
}

@test "descriptor 2 at load: a unix socket, a pipe and a terminal get the summary, an internet socket never does" {
        crash_command
        for kind in unix pipe cooked; do
                run -0 from_start $kind "${crash[@]}"
                [[ $output == "crashpre: "*"zoo["*"report: "* ]] || fail "$kind:" "$output" || return 1
                CRASHPRE_HELPER=/nonexistent run -0 from_start $kind "${crash[@]}"
                [[ $output == "crashpre: zoo["*"no helper: execve: No such file"*"report: "* ]] || fail "$kind, no helper:" "$output" || return 1
                CRASHPRE_DIR=- run -0 from_start $kind "${crash[@]}"
                [[ $output == "crashpre raw report 1"*"end of report"* ]] || fail "$kind, no directory:" "$output" || return 1
        done
        for kind in tcp udp; do
                run -0 from_start $kind "${crash[@]}"
                [ -z "$output" ] || fail "$kind:" "$output" || return 1
                CRASHPRE_HELPER=/nonexistent run -0 from_start $kind "${crash[@]}"
                [ -z "$output" ] || fail "$kind, no helper:" "$output" || return 1
                CRASHPRE_DIR=- run -0 from_start $kind "${crash[@]}"
                [ -z "$output" ] || fail "$kind, no directory:" "$output" || return 1
        done
}

# replaced REDIRECTIONS...: a shell that is loaded with descriptor 2 in a pipe makes these redirections and crashes; what came through the
# pipe is in $output.
replaced() {
        run -139 preloaded bash -c "$*"'; kill -SEGV $$'
}

@test "descriptor 2 was replaced: text goes to a file in append mode, to no other file, FIFO or device" {
        replaced 'exec 2>>log'
        [[ $(<log) == "crashpre: bash["* && $output != *crashpre* ]] || fail "$output" "$(<log)"
        replaced 'exec 2>database'
        [ ! -s database ] || fail "$(<database)"
        mkfifo fifo
        replaced 'exec 2<>fifo; exec 3<fifo'
        [[ $output != *crashpre* ]] || fail "$output"
        mkfifo read-by-test
        timeout 30 cat read-by-test >got &
        replaced 'exec 2>read-by-test'
        wait $!
        [ ! -s got ] || fail "$(<got)"
        CRASHPRE_STDERR=full replaced 'exec 2>/dev/null'
        [[ $output != *crashpre* ]] || fail "$output"
}

@test "descriptor 2 is again the file of load: the summary" {
        replaced 'exec 3>&2 2>/dev/null; exec 2>&3'
        [[ $output == *"crashpre: bash["*"report: "* ]] || fail "$output"
        run -139 preloaded bash -c 'exec 2>once; kill -SEGV $$' 2>once
        run -139 preloaded bash -c 'exec "$0" "$1" 2>once' "$(zoo)" null-write # a new program: what it was started with counts
        [[ $(<once) == *"crashpre: zoo["* ]] || fail "$(<once)"
}

# without_stderr COMMAND...: with descriptor 2 closed. A redirection of bats' run would be that of run itself.
without_stderr() {
        "$@" 2>&-
}

@test "descriptor 2 was closed at load: text goes to a file that was opened later in append mode, to nothing else" {
        for how in '2>>log' '2>database' '2> >(cat >piped)' '2>/dev/null'; do
                run -139 without_stderr preloaded bash -c "[ ! -e /dev/fd/2 ] && exec $how; kill -SEGV \$\$"
        done
        [[ $(<log) == "crashpre: bash["* ]] || fail "$(<log)"
        [ ! -s database ] || fail "$(<database)"
        wait_until 10 test -e piped
        [ ! -s piped ] || fail "$(<piped)"
        run -139 without_stderr preloaded crasher null-write
        [[ $output != *crashpre* ]] || fail "$output"
}

@test "the terminal of load by its other name, /dev/tty: the summary; another terminal: nothing" {
        when='tty' run -0 from_start cooked bash -c 'exec 2>/dev/tty; kill -SEGV $$'
        [[ $output == "crashpre: "*"bash["*"report: "* ]] || fail "$output"
        run -0 from_start cooked bash -c '/usr/bin/python3 "$1" raw later >other' - "$T/peer.py"
        [ ! -s other ] && [ -z "$output" ] || fail "another terminal:" "$output" "$(<other)"
        run -0 from_start cooked bash -c 'exec 2>/dev/ptmx; kill -SEGV $$'
        [ -z "$output" ] || fail "$output"
}

# ---- terminals without output processing ----

# no_staircase: every line of $T/seen ends in one CR LF.
no_staircase() {
        [ -s "$T/seen" ] || fail "nothing was printed" || return 1
        lacks -nPa '(?<!\r)$|\r\r$' "$T/seen"
}

@test "a terminal without output processing, or none of newlines: lines end in CR LF; in one CR LF on every terminal" {
        crash_command
        for kind in raw no-onlcr cooked; do
                for how in brief full json; do
                        CRASHPRE_STDERR=$how from_start $kind "${crash[@]}" >"$T/seen"
                        no_staircase || fail "$kind, $how" || return 1
                        CRASHPRE_HELPER=/nonexistent CRASHPRE_STDERR=$how from_start $kind "${crash[@]}" >"$T/seen"
                        no_staircase || fail "$kind, $how, no helper" || return 1
                done
                CRASHPRE_DIR=- from_start $kind "${crash[@]}" >"$T/seen"
                no_staircase || fail "$kind, no directory" || return 1
                [ "$(head -n 1 "$T/seen")" = $'crashpre raw report 1\r' ] || fail "$(head -n 1 "$T/seen")" || return 1
                CRASHPRE_WAIT_DEBUGGER=1 CRASHPRE_STDERR=brief from_start $kind "${crash[@]}" >"$T/seen"
                grep -q 'gdb -p ' "$T/seen" || fail "$(<"$T/seen")" || return 1
                no_staircase || fail "$kind, waiting for a debugger" || return 1
        done
}

@test "run: its list at the end, too, has CR LF on such a terminal" {
        need_preloadable
        LD_PRELOAD="" from_start raw env -u CRASHPRE_DIR "$build/bin/crashpre" run -d "$T/run-reports" -- bash -c '"$@"; "$@"; exit 0' - "$(zoo)" null-write >"$T/seen"
        grep -q 'and 1 more of the same' "$T/seen" || fail "$(<"$T/seen")"
        grep -v 'Segmentation fault' "$T/seen" >"$T/seen.ours"
        mv "$T/seen.ours" "$T/seen"
        no_staircase
}

@test "a raw report from a terminal is read like the file: lines that end in CR LF" {
        crash_command
        CRASHPRE_DIR=- CRASHPRE_HELPER=/nonexistent from_start raw "${crash[@]}" >"$T/seen"
        sed '/^end of report/q' "$T/seen" >crash.txt
        run -0 --separate-stderr env -u CRASHPRE_DIR "$build/bin/crashpre" show crash.txt
        [[ $output == "crashpre: zoo["*"SIGSEGV (null-dereference"* ]] || fail "$output$stderr"
}

# ---- crashpre run ----

run_crashing() {
        timeout -k 5 60 env -u CRASHPRE_DIR "$build/bin/crashpre" run -d "$T/run-reports" -- "$@"
}

@test "run: what a test captures is the test's: nothing of a crash in a pipe or file, the summary at the end names it" {
        need_preloadable
        crash_command
        cat >capturing <<'END'
out=$("$@" 2>&1)
printf '%s' "$out" >piped
"$@" 2>file
"$@" 2>>appended
"$@" 2>&1 | cat >more
(exec 2>>later; kill -SEGV $BASHPID)
exit 3
END
        for how in full json; do
                rm -rf "$T/run-reports"
                CRASHPRE_STDERR=$how run -3 --separate-stderr run_crashing bash capturing "${crash[@]}"
                for file in piped file appended more later; do
                        lacks -n -e crashpre -e crash-zoo $file || fail "$how: $file" || return 1
                done
                CRASHPRE_DIR=$T/run-reports good_reports 5
                [[ $stderr == *"crashpre: zoo["*"and 3 more of the same"* && $stderr == *"crashpre: bash["* ]] || fail "$stderr" || return 1
                CRASHPRE_HELPER=/nonexistent run -3 --separate-stderr run_crashing bash capturing "${crash[@]}"
                for file in piped file appended more later; do
                        lacks -n -e crashpre -e crash-zoo $file || fail "no helper, $how: $file" || return 1
                done
        done
        CRASHPRE_STDERR=full run -3 --separate-stderr env CRASHPRE_DIR=- "$build/bin/crashpre" run -- bash capturing "${crash[@]}"
        for file in piped file appended more later; do
                lacks -n -e crashpre $file || fail "no directory: $file" || return 1
        done
}

@test "run: a program whose stderr is that of run prints there, whatever it was at load" {
        need_preloadable
        crash_command
        for how in full brief; do
                CRASHPRE_STDERR=$how run -139 --separate-stderr run_crashing "${crash[@]}"
                [ "$(grep -c '^crashpre: zoo\[' <<<"$stderr")" = 2 ] || fail "$stderr" || return 1
        done
        run --separate-stderr run_crashing bash -c '(exec 3>&2 2>/dev/null; exec bash -c "exec 2>&3; kill -SEGV \$\$")'
        [ "$(grep -c '^crashpre: bash\[' <<<"$stderr")" = 2 ] || fail "$stderr"
        run_crashing "${crash[@]}" 2>file || true
        [ "$(grep -c '^crashpre: zoo\[' file)" = 2 ] || fail "$(<file)"
        run -139 without_stderr run_crashing bash -c '"$@" 2>opened; kill -SEGV $$' - "${crash[@]}"
        lacks -n crashpre opened
        run -0 without_stderr run_crashing bash -c 'echo "$CRASHPRE_RUN_STDERR"'
        [ "$output" = 0:0 ] || fail "$output"
        LD_PRELOAD="" run -0 from_start tcp "$build/bin/crashpre" run -d "$T/run-reports" -- bash -c 'kill -SEGV $$; :'
        [ "$(grep -c '^crashpre: bash\[' <<<"$output")" = 1 ] || fail "only run itself prints:" "$output"
}

@test "run: a run within a run prints as it does alone" {
        need_preloadable
        crash_command
        rm -rf "$T/run-reports"
        run -0 --separate-stderr run_crashing bash -c '"$0" run -d inner -- bash -c "\"\$@\"; exit 0" - "$@" 2>file' "$build/bin/crashpre" "${crash[@]}"
        [ "$(grep -c '^crashpre: zoo\[' file)" = 2 ] || fail "$(<file)"
        [ -z "$stderr" ] || fail "$stderr"
}

@test "CRASHPRE_RUN_STDERR: a malformed value is reported, and descriptor 2 judged as without it" {
        line='CRASHPRE_RUN_STDERR=here: expected the numbers device:inode of a file; the default is used'
        CRASHPRE_RUN_STDERR=here run -139 --separate-stderr preloaded crasher null-write
        [ "$(grep -cxF "setting: $line" <<<"$stderr")" = 1 ] || fail "$stderr"
        CRASHPRE_RUN_STDERR=0:0 run -139 --separate-stderr preloaded crasher null-write
        [[ $stderr != *crashpre* ]] || fail "$stderr"
}

# ---- one line for log collectors ----

# json_line FILTER: one line of stderr is JSON, no other one is ours, and the filter is true for it.
json_line() {
        local lines
        lines=$(grep '^{' <<<"$stderr") || fail "no line:" "$stderr" || return 1
        [ "$(wc -l <<<"$lines")" = 1 ] && [[ $stderr != *crashpre:* && $stderr != *$'\n'setting:* && $stderr != *$'\n'report:* ]] || fail "$stderr" || return 1
        printf '%s\n' "$lines" >"$T/line"
        LC_ALL=C lacks -n '[^ -~]' "$T/line" || fail "not ASCII" || return 1
        assert_json "$T/line" "$1"
}

@test "CRASHPRE_STDERR=json: one line, with the words of the report" {
        need jq
        export CRASHPRE_STDERR=json
        run -139 --separate-stderr preloaded crasher null-write
        json_line 'keys_unsorted == ["program", "pid", "class", "summary", "signature", "fingerprint", "path"]'
        [ "$(jq -S 'del(.path)' "$T/line")" = "$(jq -S '{program: "zoo", pid: .process.pid, class: .fault.class, summary: .cause.summary, signature, fingerprint}' "$(the_report)")" ] ||
                fail "$(<"$T/line")"
        [ "$(jq -r .path "$T/line")" = "$(the_report)" ] || fail "$(<"$T/line")"
        run -134 --separate-stderr preloaded crasher assert
        json_line '.class == "assertion" and (.summary | startswith("assertion failed: "))'
}

@test "CRASHPRE_STDERR=json: without a helper, or a JSON report, what is known" {
        need jq
        export CRASHPRE_STDERR=json
        CRASHPRE_HELPER=/nonexistent run -139 --separate-stderr preloaded crasher null-write
        json_line 'keys_unsorted == ["program", "pid", "class", "summary", "path"] and .program == "zoo" and .class == "null-dereference"'
        json_line '.summary == "died of SIGSEGV; no helper: execve: No such file or directory: /nonexistent"'
        [ "$(jq -r .path "$T/line")" = "$(raw_report)" ] || fail "$(<"$T/line")"
        [[ $(raw_report) == *"-$(jq .pid "$T/line")-"* ]] || fail "$(<"$T/line")"
        CRASHPRE_HELPER=/nonexistent run -0 --separate-stderr preloaded crasher request-nothing
        json_line '(has("class") | not) and (.summary | startswith("report on request; no helper: "))'
        CRASHPRE_DIR=- run -139 --separate-stderr preloaded crasher null-write
        [[ $stderr == *"end of report"* ]] || fail "$stderr"
        stderr=$(grep '^{' <<<"$stderr")
        json_line '(has("path") | not) and .class == "null-dereference"'
        CRASHPRE_HELPER=/nonexistent CRASHPRE_DIR=- run -139 --separate-stderr preloaded crasher null-write
        stderr=$(grep '^{' <<<"$stderr")
        json_line 'has("path") | not'
}

@test "CRASHPRE_STDERR=json: any path is a valid string, the same from library and helper" {
        need jq
        export CRASHPRE_STDERR=json LC_ALL=C
        export CRASHPRE_DIR=$T/$'a "b\\\n\x01 \xc3\xa9\xf0\x9d\x84\x9e\xff\xed\xa0\x80'
        run -139 --separate-stderr preloaded crasher null-write
        json_line true
        dir=$(jq '.path | sub("/[^/]*$"; "")' "$T/line")
        CRASHPRE_HELPER=/nonexistent run -139 --separate-stderr preloaded crasher null-write
        json_line true
        [ "$(jq '.path | sub("/[^/]*$"; "")' "$T/line")" = "$dir" ] || fail "$(<"$T/line")" "$dir"
        [ "$(jq -r . <<<"$dir")" = "$T/"$'a "b\\\n\x01 \xc3\xa9\xf0\x9d\x84\x9e\\xff\\xed\\xa0\\x80' ] || fail "$dir"
}

@test "CRASHPRE_STDERR=json: invalid settings are in the line; no other line, also while a debugger is awaited" {
        need jq
        export CRASHPRE_STDERR=json CRASHPRE_MODE='r"w' CRASHPRE_BOGUS=1 CRASHPRE_WAIT_DEBUGGER=1
        wanted='[{"stage": "settings", "message": "CRASHPRE_BOGUS: no such setting"},
                {"stage": "settings", "message": "CRASHPRE_MODE=r\"w: expected an octal mode from 0 to 777; the default is used"}]'
        for CRASHPRE_HELPER in "$helper" /nonexistent; do
                export CRASHPRE_HELPER
                run -139 --separate-stderr preloaded crasher null-write
                json_line "(.diagnostics | sort_by(.message)) == $wanted" || fail "$CRASHPRE_HELPER" || return 1
        done
}

@test "CRASHPRE_STDERR=json: home directories are redacted, but not in the path of the report" {
        need jq
        export CRASHPRE_STDERR=json CRASHPRE_REDACT=paths HOME=$T/ann CRASHPRE_DIR=$T/ann/reports CRASHPRE_HELPER=$T/ann/none
        mkdir -p "$CRASHPRE_DIR"
        run -139 --separate-stderr preloaded crasher null-write
        json_line '.summary | endswith("No such file or directory: ~/none")'
        [ "$(jq -r .path "$T/line")" = "$(raw_report)" ] || fail "$(<"$T/line")"
}

@test "a program that closed all descriptors: the text for stderr is not in the raw report, which may have number 2" {
        for mode in brief full json; do
                fresh_reports
                CRASHPRE_STDERR=$mode run -139 preloaded crasher closeall-null-write
                good_reports 1
        done
}
