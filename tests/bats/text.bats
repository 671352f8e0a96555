# SPDX-License-Identifier: MIT
# The text on stderr: its first line, folding, length of one screen; and recursion, in text
# and JSON.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" NO_COLOR COLUMNS
        fresh_reports
}

# crash_text PROGRAM WORD...: what crashpre says of it on stderr, in $text; its lines, in text_lines.
crash_text() {
        local program=$1
        shift
        fresh_reports
        preloaded "$tools/zoo-${ZOO:-O0}/$program" "$@" 2>"$T/err" >"$T/out" </dev/null || true
        text=$(sed -n '/^crashpre: /,$p' "$T/err" | grep -vE '/helpers.bash: line |^(Aborted|Segmentation fault)') || true # the shell's own word on the death
        mapfile -t text_lines <<<"$text"
}

# in_order PATTERN...: lines that match follow each other in $text; others may stand between them.
in_order() {
        local line found=0 wanted=("$@")
        for line in "${text_lines[@]}"; do
                # shellcheck disable=SC2053 # patterns
                if [ $found -lt $# ] && [[ $line == ${wanted[found]} ]]; then found=$((found + 1)); fi
        done
        [ $found = $# ] || fail "no line '${wanted[found]}' in its place:" "$text"
}

@test "null write: headline, explanation, stack with source below the first frame, path and command" {
        for ZOO in O0 O2; do
                crash_text inlined
                [[ ${text_lines[0]} == "crashpre: inlined["*"] died of SIGSEGV (null-dereference: write to 0x4)" ]] || fail "$text"
                in_order "crashpre: *" "  The program wrote 4 bytes *" "  #0  shop::Shelf::put(shop::Item const&) at inlined.cc:*  (inlined)" \
                        "        $root/tests/zoo/inlined.cc:$(line_of 'CRASH: inlined')" "      >*// CRASH: inlined" "  #1  shop::put_all<...>*" \
                        "  #3  shop::open(shop::Shelf&) at inlined.cc:*" "  #4  main at inlined.cc:*" "  and 1 more thread, sleeping in nanosleep" \
                        "report: $(the_report)" "  more: *build/bin/crashpre show $(the_report)"
                [[ $text != *__libc_start* && $text != *_start* ]] || fail "$text"
        done
}

@test "each crash of the zoo: one screen, 100 columns, its cause in the first line" {
        for words in "zoo overflow" "zoo deep 1000" "zoo assert" "zoo double-free" "zoo stack-smash" "zoo strlen-null" "zoo null-call" "zoo many-null-write" \
                "zoo qsort-null-write" "zoo handler-null-write" "zoo_cxx bad-alloc" "zoo_cxx pure-virtual" "zoo_cxx thread-throw" "recursion walk"; do
                # shellcheck disable=SC2086
                crash_text $words
                [ ${#text_lines[@]} -ge 5 ] && [ ${#text_lines[@]} -le 42 ] || fail "$words: ${#text_lines[@]} lines" "$text" || return 1
                grep -vE '^(crashpre:|report:|  more:|      >|        /)' <<<"$text" | lacks -nE '.{101}' || fail "$words: too wide" || return 1
                [[ ${text_lines[0]} == "crashpre: "*"] died of SIG"*"("*")"* ]] || fail "$text" || return 1
        done
}

@test "abort, assertion, throw: how it ended is one line, and the source is that of the program's own frame" {
        crash_text zoo assert
        # clang's name of the function is longer, and the line then broken
        [[ ${text//$'\n  '/ } == *" zoo: tests/zoo/words/signals.c:"*"Assertion \`plan->args == NULL' failed."* ]] || fail "$text"
        in_order "  zoo: *assert_word*" "  #0-#*  raise <- abort <- __assert_fail*" "  #* assert_word at signals.c:*" "      > *CRASH: assert *" "  #* main at zoo.c:*"
        crash_text zoo_cxx throw
        in_order "  what(): the message of the exception" "  std::runtime_error was thrown in zoo::throw_runtime_error at *" "  #0-#*  raise <- abort <- std::terminate <- __cxa_throw" \
                "  #* zoo::throw_runtime_error(int) at zoo_cxx.cc:*" "      >*// CRASH: throw" "  #*-#*  the same call 3 more times" "  #* main at zoo_cxx.cc:*"
        [[ $text != *terminate.c* ]] || fail "our own frames are shown: $text"
}

@test "other threads: one line, by what they do" {
        ZOO_THREADS=12 crash_text zoo many-null-write
        in_order "  #0  null_write at memory.c:*" "  and 12 more threads, waiting in pause" "report: *"
        crash_text zoo thread-null-write
        [[ ${text_lines[0]} == *" in thread zoo-worker ["*"]" ]] || fail "$text"
        in_order "  and 1 more thread, waiting in pthread_join"
}

@test "a script: its stack first, the interpreter in a line, its functions in signature and summary" {
        printf 'import ctypes\ndef load(p):\n    return ctypes.string_at(p)\nload(8)\n' >"$T/app.py"
        preloaded /usr/bin/python3 "$T/app.py" 2>"$T/err" || true
        text=$(sed -n '/^crashpre: /,$p' "$T/err")
        mapfile -t text_lines <<<"$text"
        in_order "  in python:" "    string_at at */ctypes/__init__.py:*" "    load at $T/app.py:3" "    <module> at $T/app.py:4" "  #0  *" "  #*-#*  the interpreter" "report: *"
        assert_json "$(the_report)" '(.signature | test("(^|\\| )load \\(app.py\\) \\| <module> \\(app.py\\)")) and (.cause.summary | endswith("called from load at app.py:3"))'
}

@test "brief: headline, what was said, place, path; none: nothing" {
        CRASHPRE_STDERR=brief crash_text zoo double-free
        [[ ${text_lines[0]} == "crashpre: zoo["*"] died of SIGABRT (heap-corruption)" && ${text_lines[1]} == "  free(): double free detected in tcache 2" ]] || fail "$text"
        in_order "  in double_free at signals.c:*" "report: $(the_report)"
        [ ${#text_lines[@]} -le 5 ] || fail "$text"
        CRASHPRE_STDERR=none crash_text zoo double-free
        [ -z "$text" ] || fail "$text"
}

@test "colour and the width of the terminal on a terminal; not with NO_COLOR, nor in a pipe" {
        need script
        on_terminal() { TERM=xterm script -qec "stty cols 60; $*" /dev/null </dev/null | tr -d '\r' | sed -n '/^crashpre: /,$p'; }
        crashing="LD_PRELOAD=$preload $tools/zoo-O2/inlined"
        run on_terminal "$crashing"
        [[ $output == $'crashpre: \e[1;31m'* && $output == *$'\e[1mshop::put_all<...>(...)\e[0m at '* ]] || fail "$output"
        run on_terminal "NO_COLOR=1 $crashing"
        [[ $output == "crashpre: inlined["* && $output != *$'\e'* ]] || fail "$output"
        grep -E '^  ' <<<"$output" | grep -vE '^(  more:|      >|        /)' | lacks -E '.{61}' || fail "wider than the terminal"
        crash_text inlined
        [[ $text == crashpre* && $text != *$'\e'* ]] || fail "$text"
}

# ---- recursion ----

@test "three functions that call each other until the stack is full: the cycle and its count, in text and JSON" {
        for ZOO in O0 O2; do
                for word in first second; do
                        crash_text recursion $word
                        report=$(the_report)
                        assert_json "$report" '.fault.class == "stack-overflow" and .fault.recursion.functions == ["first", "third", "second"]'
                        # The count is that of the whole stack, by its depth.
                        assert_json "$report" '.fault.recursion.count as $n | (.threads[0].frames | map(select(.function == "main"))[0].index) as $depth
                                | $n > 5000 and ($depth / 3 | floor) - $n >= 0 and ($depth / 3 | floor) - $n <= 2'
                        assert_json "$report" '.signature == "first | third | second" and (.cause.summary | test("^stack-overflow: first, third and second calling each other [0-9]+ times, in "))'
                        in_order "  #3-#*  these 3 calls * more times" "  #* main at recursion.c:*"
                        fingerprints+=("$ZOO $(json "$report" .fingerprint)")
                done
        done
        [ "$(printf '%s\n' "${fingerprints[@]}" | sort -u | wc -l)" = 2 ] || [ "$(printf '%s\n' "${fingerprints[@]}" | cut -d' ' -f2 | sort -u | wc -l)" = 1 ] ||
                fail "${fingerprints[@]}"
}

@test "a cycle of inlined calls, and one through a library: the program's own functions are named" {
        for ZOO in O0 O2; do
                crash_text recursion inlined
                assert_json "$(the_report)" '.fault.recursion.functions == ["inner", "outer"] and .fault.recursion.count > 10000 and .signature == "inner | outer"'
                in_order "  #2-#*  these 2 calls * more times"
                crash_text recursion sort
                assert_json "$(the_report)" '(.fault.recursion.functions | index("sort") and index("compare")) and (.signature | split(" | ") | sort) == ["compare", "sort"]'
        done
}

@test "a walk without a cycle until the stack is full: no cycle is made up, the signature is what recurs" {
        for ZOO in O0 O2; do
                crash_text recursion walk
                assert_json "$(the_report)" '.fault.class == "stack-overflow" and (.fault | has("recursion") | not) and .signature == "left | right | walk"'
        done
}

@test "deep recursion that is no overflow: folded as well, on stderr and by crashpre show; JSON keeps both ends" {
        crash_text recursion first 3000
        report=$(the_report)
        assert_json "$report" '.fault.class == "null-dereference" and (.fault | has("recursion") | not) and .threads[0].frames_omitted == .threads[0].frames[-1].index + 1 - 256'
        assert_json "$report" '(.threads[0].frames | length) == 256 and .signature == "deeper | third | second | first"'
        in_order "  #0  deeper at recursion.c:*" "      > *CRASH: deep *" "  #1  third at *" "  #2  second at *" "  #3  first at *" "  #4-#*  these 3 calls 3000 more times" "  #* main at recursion.c:*"
        run -0 "$build/bin/crashpre" show "$report"
        mapfile -t text_lines <<<"$output"
        in_order "  #3  first at *" "  #4-#*  these 3 calls 3000 more times" "  #* main at recursion.c:*"
}

# ---- what can be typed, and fits ----

@test "a terminal of 80 columns: no line of registers and memory is wider; each register and the text of the memory are there" {
        cd "$T"
        preloaded crasher null-write || true
        stty_show() { script -qec "stty cols 80; $build/bin/crashpre show --color never $(the_report)" /dev/null </dev/null | tr -d '\r'; }
        need script
        stty_show >shown
        sed -n '/^Registers/,/^Notes/p' shown | grep 0x >wide
        [ "$(wc -l <wide)" -gt 20 ] || fail "$(<shown)"
        lacks -E '.{81}' <wide
        for name in rax rsp rip eflags gs_base; do grep -qE "^  (.* )?$name +0x[0-9a-f]{16}" shown || fail "no $name" "$(<wide)" || return 1; done
        grep -qE '^    0x[0-9a-f]{16}  ?([0-9a-f]{8} ){3}[0-9a-f]{8}  .{16}$' shown || fail "$(<wide)"
}

@test "the next command and the path can be typed where the program was started; not where it has changed its directory" {
        mkdir -p "$T/here/below"
        cd "$T/here"
        run_it() { PWD=$T/here PATH=$1 CRASHPRE_DIR=$2 CRASHPRE_STDERR=full LD_PRELOAD=$preload "${@:3}"; }
        run run_it "$PATH" reports "$(zoo)" null-write
        [[ $output == *$'\n'"report: reports/crash-zoo-"*.json$'\n'"  more: $build/bin/crashpre show reports/crash-zoo-"*.json* ]] || fail "$output"
        run run_it "$build/bin:$PATH" reports "$(zoo)" null-write
        [[ $output == *$'\n'"  more: crashpre show reports/crash-zoo-"*.json* ]] || fail "$output"
        run run_it "$PATH" "$T/here/reports" env --chdir "$T/here/below" "$(zoo)" null-write
        [[ $output == *$'\n'"report: $T/here/reports/crash-zoo-"*.json$'\n'* ]] || fail "$output"
        run run_it "$PATH" "$T/elsewhere" "$(zoo)" null-write
        [[ $output == *$'\n'"report: $T/elsewhere/crash-zoo-"*.json$'\n'* ]] || fail "$output"
}

@test "threads that crashed as well are told apart from those that wait; each with its signal and place" {
        cd "$T"
        printf '%s\n' '#include <pthread.h>' 'static pthread_barrier_t b;' \
                'static void *f(void *p) { pthread_barrier_wait(&b); *(volatile int *)0 = 1; return p; }' \
                'int main(void) { pthread_t t[3]; pthread_barrier_init(&b, 0, 3); for (int i = 0; i < 3; i++) pthread_create(&t[i], 0, f, 0); pthread_join(t[0], 0); }' >both.c
        gcc -g both.c -o both -lpthread
        for try in 1 2 3 4 5 6 7 8; do
                run env CRASHPRE_STDERR=full LD_PRELOAD="$preload" ./both
                [[ $output != *"and 3 more threads: 2 that crashed as well (SIGSEGV at both.c:3), 1 waiting in pthread_join"* ]] || return 0
        done
        fail "$try times" "$output"
}

@test "crashpre_push: what the thread was doing is on stderr; a request without a reason; its stack begins at the caller" {
        cd "$T"
        printf '%s\n' '#include <crashpre.h>' 'static int ask(void) { return crashpre_report(0); }' \
                'int main(void) { crashpre_push("net", "request", "parse"); return ask(); }' >asks.c
        gcc -g -I"$build/include" asks.c -o asks
        for how in header library; do
                [ $how = header ] || gcc -g -DCRASHPRE_NO_WRAPPERS -include stddef.h -x c - -o asks -L"$build/lib" -lcrashpre <<<'int crashpre_report(const char *); void crashpre_push(const char *, const char *, const char *); static int ask(void) { return crashpre_report(0); } int main(void) { crashpre_push("net", "request", "parse"); return ask(); }' || return 1
                run env CRASHPRE_DIR="$T/$how" CRASHPRE_STDERR=full LD_PRELOAD="$preload" LD_LIBRARY_PATH="$build/lib" ./asks
                [[ $output == "crashpre: asks["*"]: report on a request"$'\n'* && $output != *"()"$'\n'*"#0"* ]] || fail "$output" || return 1
                [[ $output == *$'\n  #0  ask'*$'\n  #1  main'*$'\n  doing: net, request: parse\n'* ]] || fail "$output" || return 1
                assert_json "$(echo "$T/$how"/*.json)" '[.threads[0].frames[0:2][] | .index, .function] == [0, "ask", 1, "main"]' || return 1
        done
}
