# SPDX-License-Identifier: MIT
# The command: crashpre run and crashpre show.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD ASAN_OPTIONS NO_COLOR # the command looks at every CRASHPRE_ variable
        export CRASHPRE_STDERR=none
        mkdir "$T/cwd"
        cd "$T/cwd" || return
}

crashpre() {
        timeout -k 5 "${LIMIT:-30}" "$build/bin/crashpre" "$@"
}

# ---- run ----

@test "run: a directory that cannot be written: the report in TMPDIR is in the summary, others there are not" {
        mkdir "$T/tmp"
        touch "$T/file"
        # another crash, whose report is there on purpose
        CRASHPRE_DIR=$T/tmp run -139 preloaded "$(zoo)" null-write
        TMPDIR=$T/tmp run -139 --separate-stderr crashpre run --dir "$T/file/reports" -- sh -c '"$1" abort 2>/dev/null; CRASHPRE_DIR=$2 "$1" null-write 2>/dev/null' _ "$(zoo)" "$T/tmp"
        [ "$(grep -c '^report: ' <<<"$stderr")" = 1 ] || fail "$stderr"
        [[ $stderr == *"died of SIGABRT"*"report: $T/tmp/crash-zoo-"* ]] || fail "$stderr"
        [[ $stderr != *"there is no report"* ]] || fail "$stderr"
}

@test "run: the status of the command is passed on, nothing is printed, nothing is left" {
        run -7 crashpre run -- sh -c 'echo out; exit 7'
        [ "$output" = out ] || fail "$output"
        nothing_in "$T/cwd"
}

@test "run: a crash ends it by the same signal, without a second core, and prints the path of the new report" {
        run -139 --separate-stderr crashpre run -- "$(zoo)" null-write
        CRASHPRE_DIR=$T/cwd/crash-reports good_reports 1
        [[ $stderr == *"crashpre: zoo["*" died of SIGSEGV (null-dereference: write to 0x0)"* ]] || fail "$stderr"
        [[ $stderr == *"report: crash-reports/crash-zoo-"*.json* ]] || fail "$stderr"
        ended run "$build/bin/crashpre" run -d "$T/more" -- "$(zoo)" abort
        [[ $(<"$T/run.status") == "signal 6"* && $(<"$T/run.status") != *core* ]] || fail "$(<"$T/run.status")"
}

@test "run: every new report of a longer job is printed, earlier ones are not" {
        run crashpre run -- "$(zoo)" null-write
        run --separate-stderr -3 crashpre run -- sh -c "$(zoo) null-write; $(zoo) div-zero; exit 3"
        [ "$(grep -c '^report: ' <<<"$stderr")" = 2 ] || fail "$stderr"
        CRASHPRE_DIR=$T/cwd/crash-reports good_reports 3
}

@test "run: crashes of one bug are printed once, with their count and the last report" {
        CRASHPRE_DIR="" run --separate-stderr crashpre run -- sh -c "for i in 1 2 3; do $(zoo) null-write; done; $(zoo) div-zero"
        [ "$(grep -c '^crashpre: ' <<<"$stderr")" = 2 ] || fail "$stderr"
        # by time, not by process ID, which may get a digit more, or start over
        mapfile -t reports < <(printf '%s\n' crash-reports/*.json | sort -t- -k5)
        [[ $stderr == *$'\n  in null_write at memory.c:'*"report: ${reports[0]}"$'\n'"  and 2 more of the same, the last: ${reports[2]}"$'\n'* ]] ||
                fail "$stderr" "${reports[@]}"
        [[ $stderr == *$'\n  in div_zero at '* ]] || fail "$stderr"
}

@test "run: where reports go" {
        run -139 crashpre run --dir here -- "$(zoo)" null-write
        CRASHPRE_DIR=$T/cwd/here good_reports 1
        CRASHPRE_DIR=there run -139 crashpre run -- sh -c "mkdir sub; cd sub; $(zoo) null-write"
        CRASHPRE_DIR=$T/cwd/there good_reports 1
        CRASHPRE_DIR=there run -139 crashpre run --dir="$T/elsewhere" -- "$(zoo)" null-write
        CRASHPRE_DIR=$T/elsewhere good_reports 1
        CRASHPRE_DIR=there run -0 crashpre run -- sh -c 'echo "$CRASHPRE_DIR"'
        [ "$output" = "$T/cwd/there" ] || fail "$output"
}

@test "run: an existing LD_PRELOAD is kept, behind the library; sanitizers stand before it" {
        LD_PRELOAD=$tools/libempty.so run -0 crashpre run -- sh -c 'echo "$LD_PRELOAD"'
        [ "$output" = "$build/lib/libcrashpre.so:$tools/libempty.so" ] || fail "$output"
        ln -s "$tools/libempty.so" "$T/libasan.so.8"
        LD_PRELOAD="$tools/libempty.so $T/libasan.so.8:$tools/libone.so" run -0 --separate-stderr crashpre run -- sh -c 'echo "$LD_PRELOAD"'
        [ "$output" = "$tools/libempty.so $T/libasan.so.8:$build/lib/libcrashpre.so:$tools/libone.so" ] || fail "$output"
        LD_PRELOAD="" run -0 crashpre run -- sh -c 'echo "$LD_PRELOAD"'
        [ "$output" = "$build/lib/libcrashpre.so" ] || fail "$output"
        run -0 crashpre run -- "$build/bin/crashpre" run -- sh -c 'echo "$LD_PRELOAD"'
        [ "$output" = "$build/lib/libcrashpre.so" ] || fail "$output"
}

@test "run: AddressSanitizer is configured to accept a preload" {
        run -0 crashpre run -- sh -c 'echo "$ASAN_OPTIONS"'
        [ "$output" = verify_asan_link_order=0 ] || fail "$output"
        ASAN_OPTIONS=detect_leaks=0 run -0 crashpre run -- sh -c 'echo "$ASAN_OPTIONS"'
        [ "$output" = detect_leaks=0:verify_asan_link_order=0 ] || fail "$output"
        ASAN_OPTIONS=verify_asan_link_order=1 run -0 crashpre run -- sh -c 'echo "$ASAN_OPTIONS"'
        [ "$output" = verify_asan_link_order=1 ] || fail "$output"
}

@test "run: 127 not found, 126 cannot be executed, 125 its own failure" {
        run -127 crashpre run -- ./no-such-command
        [[ $output == "crashpre run: ./no-such-command: No such file or directory" ]] || fail "$output"
        touch plain
        run -126 crashpre run -- ./plain
        [[ $output == "crashpre run: ./plain: Permission denied" ]] || fail "$output"
        run -125 crashpre run
        run -125 crashpre run --bogus true
        [[ $output == *"unknown option: --bogus"* ]] || fail "$output"
        run -125 crashpre run --dir
}

@test "run: options after the command are the command's" {
        run -0 crashpre run echo --help --dir x
        [ "$output" = "--help --dir x" ] || fail "$output"
}

@test "run: SIGTERM and SIGHUP are forwarded, and end it as they end the command" {
        for signal in TERM HUP; do
                rm -f started
                "$build/bin/crashpre" run -- sh -c 'touch started; exec sleep 30' &
                wait_until 10 test -e started
                kill -$signal $!
                status=0
                wait $! || status=$?
                [ "$status" = $((128 + $(kill -l $signal))) ] || fail "$signal: status $status"
        done
}

@test "run: the command's exit status after SIGTERM is passed on" {
        "$build/bin/crashpre" run -- sh -c 'trap "exit 5" TERM; touch started; while :; do sleep 0.1; done' &
        wait_until 10 test -e started
        kill -TERM $!
        status=0
        wait $! || status=$?
        [ "$status" = 5 ] || fail "status $status"
}

@test "run: signal mask and actions are the caller's" {
        run -0 crashpre run -- grep -E '^Sig(Blk|Ign)' /proc/self/status
        [ "$output" = "$(grep -E '^Sig(Blk|Ign)' /proc/self/status)" ] || fail "$output"
        run -0 bash -c 'trap "" INT CHLD USR1; exec "$@"' - "$build/bin/crashpre" run -- grep ^SigIgn /proc/self/status
        [ "$output" = "$(bash -c 'trap "" INT CHLD USR1; exec grep ^SigIgn /proc/self/status')" ] || fail "$output"
}

@test "run: an invalid or unknown setting is reported first, and the command runs" {
        CRASHPRE_TIMEOUT=soon CRASHPRE_TIMOUT=3 run -0 crashpre run -- echo ran
        [[ $output == *"CRASHPRE_TIMEOUT=soon: expected a number from "* ]] || fail "$output"
        [[ $output == *"CRASHPRE_TIMOUT: no such setting"* && $output == *ran ]] || fail "$output"
}

# ---- run: what is not covered ----

# What crashpre printed on stderr, without the shell's lines about signals.
summary() {
        sed '/^Segmentation fault/d' <<<"$stderr"
}

not_covered() {
        [ "$(summary)" = "crashpre run: $1: crashes of its own are not reported" ] || fail "$stderr"
}

@test "run: a program that loads no library is named, whether it crashes or not" {
        printf 'int main(int n, char **v) { (void)v; return n > 1 ? *(volatile int *)0 : 3; }\n' >app.c
        gcc -static app.c -o static
        gcc -static-pie app.c -o pie
        gcc app.c -o dynamic
        for kind in static pie; do
                run -3 --separate-stderr crashpre run -- ./$kind
                not_covered "$PWD/$kind is statically linked and loads no library"
                PATH=$PWD:$PATH run -139 --separate-stderr crashpre run -- $kind crash
                not_covered "$PWD/$kind is statically linked and loads no library"
        done
        printf '#!%s/static\n' "$PWD" >script
        chmod +x script
        run -139 --separate-stderr crashpre run -- ./script
        not_covered "$PWD/static is statically linked and loads no library"
        run -3 --separate-stderr crashpre run -- ./dynamic
        [ -z "$stderr" ] || fail "$stderr"
        run -139 --separate-stderr crashpre run -- ./dynamic crash
        [ "$(grep -c '^crashpre' <<<"$stderr")" = 1 ] || fail "$stderr"
}

@test "run: a program of 32 bits is named" {
        printf '.globl _start\n_start: movl $1, %%eax\nmovl $3, %%ebx\nint $0x80\n' | as --32 -o small.o
        ld -m elf_i386 small.o -o small || skip "no linker for 32 bits"
        ./small || [ $? = 3 ] || skip "the kernel does not execute programs of 32 bits"
        run -3 --separate-stderr crashpre run -- ./small
        not_covered "$PWD/small is a program of 32 bits and cannot load libcrashpre.so"
}

@test "run: a set-user-ID program is named" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        need setpriv
        printf 'int main(void) { return 3; }\n' >app.c
        gcc app.c -o app
        chmod u+s app
        run -3 --separate-stderr crashpre run -- ./app
        [ -z "$stderr" ] || fail "$stderr"
        CRASHPRE_DIR=$PWD open_to_nobody
        run -3 --separate-stderr as_nobody "$build/bin/crashpre" run -- ./app
        not_covered "$PWD/app has set-user-ID, for which ld.so ignores LD_PRELOAD"
}

@test "run: a death without a report is explained" {
        gcc -static -x c - -o static <<<'int main(void) { return *(volatile int *)0; }'
        run -139 --separate-stderr crashpre run -- env -u LD_PRELOAD "$(zoo)" null-write
        [[ $(summary) == "crashpre run: zoo died of SIGSEGV, but there is no report in $PWD/crash-reports"$'\n'*"statically linked, of 32 bits or set-user-ID"*"env -i"* ]] || fail "$stderr"
        run -134 --separate-stderr crashpre run -- sh -c "env -u LD_PRELOAD $(zoo) abort; exit \$?"
        [[ $(summary) == *"crashpre run: exit status 134: a program may have died of SIGABRT, but there is no report in "*"env -i"* ]] || fail "$stderr"
        run -139 --separate-stderr crashpre run -- env -i ./static
        [ "$(summary)" = "crashpre run: static died of SIGSEGV, but there is no report in $PWD/crash-reports
crashpre run: $PWD/static is statically linked and loads no library" ] || fail "$stderr"
        run -139 --separate-stderr crashpre run -- timeout 10 ./static
        [[ $(summary) == *"crashpre run: $PWD/static is statically linked and loads no library" ]] || fail "$stderr"
        rm -r crash-reports
        CRASHPRE_SKIP=zoo run -139 --separate-stderr crashpre run -- "$(zoo)" null-write
        [ "$(summary)" = "crashpre run: zoo died of SIGSEGV, but there is no report in $PWD/crash-reports
crashpre run: CRASHPRE_ENABLED, CRASHPRE_SIGNALS, CRASHPRE_ONLY and CRASHPRE_SKIP exclude crashes" ] || fail "$stderr"
}

@test "run: no explanation for a signal that is no crash, an exit status of the command's own, or a report on stderr" {
        run -143 --separate-stderr crashpre run -- sh -c 'kill -TERM $$'
        [[ $stderr != *crashpre* ]] || fail "$stderr"
        run -3 --separate-stderr crashpre run -- env -i sh -c 'exit 3'
        [ -z "$stderr" ] || fail "$stderr"
        run -139 --separate-stderr crashpre run -- sh -c "$(zoo) null-write; exit \$?"
        [[ $stderr != *"crashpre run:"* ]] || fail "$stderr"
        CRASHPRE_DIR=- run -139 --separate-stderr crashpre run -- "$(zoo)" null-write
        [[ $stderr != *"crashpre run:"* ]] || fail "$stderr"
}

# ---- show ----

# a_crash [WORD]: one report in ./crash-reports.
a_crash() {
        run -"${STATUS:-139}" crashpre run -- "$(zoo)" "${1:-null-write}"
        CRASHPRE_DIR=$T/cwd/crash-reports
        report=$(the_report)
        raw=$(raw_report)
        unset CRASHPRE_DIR
}

@test "show: headline, stack, registers and path of the newest report" {
        a_crash
        run -0 crashpre show
        [[ ${lines[0]} == "crashpre: zoo["*"] died of SIGSEGV (null-dereference: write to 0x0)" ]] || fail "$output"
        [[ $output == *$'\n  #0  null_write at memory.c:'"$(line_of 'CRASH: null-write')  zoo+0x"*$'\n  #'*" main at zoo.c:"* ]] || fail "$output"
        [[ $output == *"Registers"*"rip "*"report: crash-reports/$(basename "$report")" ]] || fail "$output"
        [[ $output != *$'\x1b'* ]] || fail "colour without a terminal"
}

@test "show: by name, by id, by directory, by CRASHPRE_DIR" {
        a_crash
        run -0 crashpre show "$report"
        first=${lines[0]}
        [ -n "$first" ]
        for name in "${report%.json}" "$T/cwd/crash-reports" "$raw"; do
                run -0 crashpre show "$name"
                [ "${lines[0]}" = "$first" ] || fail "$name: $output"
        done
        cd /
        CRASHPRE_DIR=$T/cwd/crash-reports run -0 crashpre show
        [ "${lines[0]}" = "$first" ] || fail "$output"
}

@test "show: the newest one, by the time of the crash" {
        STATUS=134 a_crash abort
        mv crash-reports older
        STATUS=136 a_crash div-zero
        mv older/* crash-reports
        touch crash-reports/*-zoo-* # all equal
        run -0 crashpre show
        [[ ${lines[0]} == *SIGFPE* ]] || fail "$output"
}

@test "show: without a JSON report, the raw report" {
        a_crash
        rm "$report"
        run -0 crashpre show
        [[ ${lines[0]} == "crashpre: zoo["*"] died of SIGSEGV (null-dereference: write to 0x0)" ]] || fail "$output"
        [[ $output == *$'\n  #0  zoo+0x'* && $output == *"report: crash-reports/$(basename "$raw")" ]] || fail "$output"
}

@test "show: the raw report alone names the type of an exception as its source does" {
        run -134 crashpre run -- "$tools/zoo-O0/zoo_cxx" throw
        rm crash-reports/*.json
        run -0 crashpre show
        [[ ${lines[0]} == "crashpre: zoo_cxx["*"] died of SIGABRT (uncaught-exception: std::runtime_error)" ]] || fail "$output"
}

@test "show: a raw report cut anywhere is shown or refused, never a crash" {
        a_crash
        size=$(stat -c %s "$raw")
        for ((n = 0; n < size; n += size / 40)); do
                head -c $n "$raw" >cut.txt
                run crashpre show cut.txt
                [ "$status" -le 1 ] || fail "cut at $n: status $status: $output"
        done
}

@test "show: threads with the same stack are one line, with --all-threads each has its own" {
        a_crash many-null-write
        n=$(jq '.threads | length - 1' "$report")
        run -0 crashpre show
        [ "$(grep -c '^Thread ' <<<"$output")" = 1 ] || fail "$output"
        [[ $output == *$'\nOther threads\n'"  $n threads waiting in pause: zoo ["*"], ..."$'\n      #'*" idle at threads.c:"*"(crashpre show --all-threads prints "* ]] || fail "$output"
        run -0 crashpre show --all-threads
        [ "$(grep -c '^Thread ' <<<"$output")" = $((n + 1)) ] || fail "$output"
        [[ $output != *"Other threads"* ]] || fail "$output"
}

@test "show: names fit the page: 100 columns, \$COLUMNS, the terminal" {
        need script
        run -139 crashpre run -- "$tools/zoo-O2/inlined"
        report=(crash-reports/*.json)
        too_wide() { awk -v n="$1" '/^  +#/ && length > n'; }
        jq '.threads[0].frames[1].function |= (. * 20)' "${report[0]}" >long.json
        run -0 crashpre show long.json
        [ -z "$(too_wide 100 <<<"$output")" ] && [[ $output == *"..."* ]] || fail "$output"
        [ -n "$(too_wide 80 <<<"$output")" ] || fail "the page is not used: $output"
        COLUMNS=60 run -0 crashpre show long.json
        [ -z "$(too_wide 60 <<<"$output")" ] || fail "$output"
        run -0 script -qec "stty cols 70; $build/bin/crashpre show --color never long.json" /dev/null </dev/null
        [ -z "$(tr -d '\r' <<<"$output" | too_wide 70)" ] || fail "$output"
}

@test "show: a report on request, and a minimal one" {
        CRASHPRE_DIR=$T/cwd/crash-reports run -0 preloaded "$tools/zoo-O0/api" request
        run -0 crashpre show
        [[ ${lines[0]} == "crashpre: api["*"]: report on a request"* && $output == *" request at api.c:"* ]] || fail "$output"
        echo '{"schema": "crashpre-report/1"}' >least.json
        run -0 crashpre show least.json
        [[ $output == "crashpre: process died of an unknown signal"* ]] || fail "$output"
}

@test "show: colour on a terminal, not with NO_COLOR or --color=never; always with --color=always" {
        need script
        a_crash
        on_terminal() { TERM=xterm script -qec "$*" /dev/null </dev/null; }
        run -0 on_terminal "$build/bin/crashpre show"
        [[ $output == *$'\x1b['* ]] || fail "no colour: $output"
        run -0 on_terminal "NO_COLOR=1 $build/bin/crashpre show"
        [[ $output != *$'\x1b['* ]] || fail "colour: $output"
        run -0 on_terminal "$build/bin/crashpre show --color never"
        [[ $output != *$'\x1b['* ]] || fail "colour: $output"
        for command in "show --color=always" "doctor --color=always"; do
                # shellcheck disable=SC2086 # two words
                NO_COLOR=1 run -0 "$build/bin/crashpre" $command
                [[ $output == *$'\x1b['* ]] || fail "no colour: $output" || return 1
        done
        run -2 "$build/bin/crashpre" show --color=pink
        [[ $output == *"expected auto, always or never"* ]] || fail "$output"
}

@test "show: status 1 if there is no report, with the directory and a remedy" {
        run -1 crashpre show
        [[ $output == "crashpre show: no crash report in ./crash-reports and the working directory; "* ]] || fail "$output"
        run -1 crashpre show ./nothing
        [[ $output == *"no crash report in ./nothing"* ]] || fail "$output"
        echo '{"schema": "other"}' >other.json
        run -1 crashpre show other.json
        [[ $output == "crashpre show: other.json: not a crash report (JSON without"* ]] || fail "$output"
        local text
        for text in '{}' '[]' '{"threads": [{"frames": [{"function": "f"}]}]}' '{"schema": {}}'; do
                echo "$text" >other.json
                run -1 --separate-stderr crashpre show other.json
                [[ -z $output && $stderr == "crashpre show: other.json: not a crash report (JSON without"* ]] || fail "$text: $output $stderr" || return 1
        done
        echo '{"schema": "crashpre-report/2", "threads": []}' >later.json
        run -1 --separate-stderr crashpre show later.json
        [[ -z $output && $stderr == "crashpre show: later.json: a report of another version, crashpre-report/2: "* ]] || fail "$output $stderr"
        echo nonsense >crash.txt
        run -1 crashpre show crash.txt
        [[ $output == "crashpre show: crash.txt: not a crash report"* ]] || fail "$output"
}

@test "usage: 2, on stderr; help: 0, on stdout" {
        run -2 --separate-stderr crashpre
        [ -z "$output" ] && [[ $stderr == "usage: crashpre "* ]] || fail "$output $stderr"
        run -2 crashpre frobnicate
        run -2 crashpre show a b
        run -2 crashpre show --bogus
        for command in "" run show; do
                run -0 --separate-stderr crashpre $command --help
                [[ $output == "usage: crashpre"* && -z $stderr ]] || fail "$output $stderr"
        done
        run -0 crashpre --version
        [[ $output == "crashpre "*" (commit "*")" ]] || fail "$output"
}

@test "output that does not reach its file is a failure" {
        run -1 bash -c '"$0" --help >/dev/full' "$build/bin/crashpre"
        [[ $output == *"No space left on device"* ]] || fail "$output"
}
