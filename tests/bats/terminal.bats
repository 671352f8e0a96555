# SPDX-License-Identifier: MIT
# What is printed cannot move the cursor, change colours, forge or reorder lines, or hide characters, whatever names and
# texts it is about: each place of the command line, of files and of a crashing program has hostile characters in turn.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD
        mkdir "$T/work"
        cd "$T/work" || return
        # ESC, BEL, DEL, CR; CSI as a C1 character; right-to-left override and isolate, Arabic letter mark; soft hyphen, zero-width
        # space and joiner, word joiner, byte-order mark, Mongolian vowel separator, variation selector; line separator;
        # interlinear annotation; a tag. Then a byte that is not UTF-8.
        unseen=$'\e[31m\a\x7f\r\u009b31m\u202e\u2067\u061c\u00ad\u200b\u200d\u2060\ufeff\u180e\ufe0f\u2028\ufffa\U000e0041'
        evil=x$unseen$'\xff'y
        printf -v pattern '%s' '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]' \
                '|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]|\xef\xbf[\xb0-\xbb]|\xf3\xa0[\x80-\xbf]'
}

crashpre() {
        timeout -k 5 "${LIMIT:-30}" "$build/bin/crashpre" "$@"
}

# safe FILE: it has no such character, and is UTF-8.
safe() {
        LC_ALL=C lacks -aP "$pattern" "$1" || fail "in $(cat -v "$1")" || return 1
        iconv -f UTF-8 -t UTF-8 "$1" >"$T/iconv" || fail "not UTF-8: $(cat -v "$1")"
}

# prints_safely ARGUMENT...: both outputs of the command.
prints_safely() {
        crashpre "$@" >"$T/printed" 2>&1 </dev/null || true
        [ -s "$T/printed" ] || fail "nothing was printed: $*" || return 1
        safe "$T/printed" || fail "crashpre $(printf '%q ' "$@")"
}

@test "the pattern of these tests finds every one of the characters" {
        local i
        for ((i = 0; i < ${#unseen}; i++)); do
                case ${unseen:i:1} in [[:print:]]) [[ ${unseen:i:1} != [' '-'~'] ]] || continue ;; esac
                printf '%s' "${unseen:i:1}" >one
                LC_ALL=C grep -qaP "$pattern" one || fail "not found: $(od -An -tx1 one)" || return 1
        done
}

@test "arguments: commands, options, their values, names of files and programs" {
        local command
        prints_safely "$evil"
        prints_safely help "$evil"
        for command in run show list doctor; do
                prints_safely "$command" "--$evil"
                prints_safely "$command" "-$evil"
                prints_safely "$command" "--color=$evil"
                prints_safely "$command" --help "$evil"
                prints_safely "$command" "$evil"
                prints_safely "$command" "./$evil"$'\nforged'
                prints_safely "$command" "$evil" "$evil"
                prints_safely "$command" -- "$evil"
        done
        prints_safely run --dir "$evil" -- "./$evil"
        prints_safely run "--dir=" -- "$evil"
        [ "$(crashpre show $'a\nb' 2>&1 | wc -l)" = 1 ] || fail "a line was forged"
}

@test "settings: values and names of variables" {
        export CRASHPRE_MODE=$evil CRASHPRE_SIGNALS=$evil CRASHPRE_STDERR=$evil CRASHPRE_REDACT=$evil
        prints_safely run -- true
        prints_safely doctor
        unset CRASHPRE_MODE CRASHPRE_SIGNALS CRASHPRE_STDERR CRASHPRE_REDACT
        env "CRASHPRE_X$evil=1" "$build/bin/crashpre" run -- true >out 2>&1
        safe out
        [ -s out ]
        local variable command
        for variable in CRASHPRE_DIR CRASHPRE_HELPER CRASHPRE_ON_REPORT CRASHPRE_DEBUG_DIR; do
                for command in list show doctor "run -- sh -c 'kill -SEGV \$\$'"; do
                        (export "$variable=$evil"; eval "timeout 30 '$build/bin/crashpre' $command" >out 2>&1 </dev/null) || true
                        safe out || fail "$variable, $command" || return 1
                done
        done
}

# hostile_report FROM TO: every text in it ends with hostile characters, but hexadecimal numbers, the schema and the signal.
hostile_report() {
        jq --arg evil "x$unseen" 'walk(if type == "string" and (startswith("0x") or startswith("crashpre-report/") or . == "SIGSEGV" | not)
                then . + $evil else . end) | .diagnostics += [{stage: $evil, message: $evil}] | .metadata = {($evil): $evil}
                | .cause.message = $evil | .cause.exception = {type: $evil, what: $evil, nested: [{type: $evil, what: $evil}]}
                | .process.environment = {($evil): $evil} | .breadcrumbs = [{time: $evil, tid: 1, category: $evil, message: $evil}]
                | .threads[0].context = [{module: $evil, class: $evil, phase: $evil}]
                | .interpreter = {language: $evil, frames: [{function: $evil, file: $evil, line: 1}]}' "$1" >"$2"
}

@test "contents of reports: show, list and run, with every text of a report hostile" {
        need_preloadable
        CRASHPRE_STDERR=none run -139 preloaded crasher null-write
        mkdir made
        mv crash-* made
        mkdir crash-reports
        hostile_report made/*.json crash-reports/crash-x-1-20260101T000000.000001Z.json
        jq '.signature = "" | .cause.summary = null' crash-reports/*1Z.json >crash-reports/crash-x-1-20260101T000000.000002Z.json
        sed "s/^\(path\|exe\|arg\|message\|thread\|name\): .*/&$(sed 's/[&\/]/\\&/g' <<<"${unseen//$'\r'/}")/" made/*.txt >crash-reports/crash-x-1-20260101T000000.000003Z.txt
        printf '{"schema": "x" \x1b \xc2\x9b31m \xe2\x80\xae' >crash-reports/crash-x-1-20260101T000000.000004Z.json
        printf '%s' "$evil" >crash-reports/crash-x-1-20260101T000000.000005Z.json
        printf '%s' "$evil" >crash-reports/crash-x-1-20260101T000000.000006Z.txt
        cp crash-reports/*1Z.json "crash-reports/crash-$evil-1-20260101T000000.000007Z.json"
        local file
        for file in crash-reports/*; do
                prints_safely show "$file"
                prints_safely show --all-threads "$file"
        done
        prints_safely list
        prints_safely list --all crash-reports
        prints_safely list --json
        jq -e '.[-1].program | contains($evil)' --arg evil "x$unseen" <(crashpre list --json crash-reports) >out || fail "the JSON text has other contents"
        crashpre list --paths >out
        LC_ALL=C lacks -aP "$pattern" out
        prints_safely show crash-reports
        prints_safely run --dir "$PWD/new" -- cp -r crash-reports new
        prints_safely run --dir "$PWD/$evil" -- cp -r crash-reports "$evil"
        mv crash-reports "reports$evil"
        prints_safely list "reports$evil"
        prints_safely show "reports$evil"
        prints_safely list --json "reports$evil"
}

@test "colours: those of the program itself are the only ones" {
        CRASHPRE_STDERR=none run -139 preloaded crasher null-write
        hostile_report crash-*.json hostile.json
        crashpre show --color always hostile.json >out
        LC_ALL=C sed $'s/\e\\[[0-9;]*m//g' out >plain
        safe plain
        lacks -F $'\e[31m' out
}

@test "doctor: names and first lines of programs" {
        mkdir "d$evil"
        printf '#!/nowhere/%s\n' "$evil" >"d$evil/script"
        cp /bin/true "d$evil/$evil"
        chmod +x "d$evil/script"
        prints_safely doctor "d$evil/script"
        prints_safely doctor "d$evil/$evil"
        prints_safely doctor --json "d$evil/$evil"
        jq -e . "$T/printed" >out
        cd "d$evil"
        prints_safely doctor ./script
        prints_safely run -- ./script
}

# the_program: its path, arguments, threads, last message and exception are hostile.
the_program() {
        cat >evil.cc <<'END'
#include <assert.h>
#include <pthread.h>
#include <stdexcept>
#include <string.h>
#include <string>
#include <sys/prctl.h>
int main(int argc, char **argv)
{
        prctl(PR_SET_NAME, argv[1]);
        pthread_setname_np(pthread_self(), "t\033[31m\302\233");
        if (argc > 2 && !strcmp(argv[2], "assert"))
                __assert_fail(argv[1], argv[1], 1, argv[1]);
        if (argc > 2 && !strcmp(argv[2], "throw"))
                throw std::runtime_error(argv[1]);
        *(volatile int *)0 = 1;
}
END
        g++ -g -o evil evil.cc
        mkdir "d$evil"
        mv evil "d$evil/$evil"
}

@test "a crashing program: what the helper and the library print, and both reports" {
        need g++
        the_program
        local helper_of text how
        fresh_reports "reports$evil"
        for helper_of in "$helper" /bin/false; do
                for text in full brief json; do
                        for how in assert throw write; do
                                CRASHPRE_HELPER=$helper_of CRASHPRE_STDERR=$text run --separate-stderr preloaded "d$evil/$evil" "$evil"$'\nforged' "$how"
                                # the program's own message comes first, as it is
                                sed -n '/crashpre\|"program"/,$p' <<<"$stderr" >out
                                [ -s out ]
                                safe out || fail "$helper_of, $text, $how" || return 1
                        done
                done
        done
        local file
        for file in "$CRASHPRE_DIR"/*.txt; do
                LC_ALL=C lacks -a '[^ -~]' "$file"
        done
        for file in "$CRASHPRE_DIR"/*.json; do
                safe "$file"
        done
        [ "$(reports .json)" = 9 ] && [ "$(reports .txt)" = 18 ]
}

@test "the sources: only cli.c writes to stdout and stderr, through one function" {
        cd "$root"
        local sources
        mapfile -t sources < <(find report/command report/doctor -name '*.[ch]' ! -name cli.c)
        [ ${#sources[@]} -gt 8 ]
        lacks -nE '\b(v?f?printf|fputs|puts|f?putc|putchar|fputc|fwrite|perror|v?dprintf|json_dumpf|psignal|warnx?|errx?|error)\(' "${sources[@]}"
        [ "$(grep -cE '\bfputs\(safe, out\)' report/command/cli.c)" = 1 ]
}
