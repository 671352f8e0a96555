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
                        "report: $(the_report)" "  more: crashpre show $(the_report)"
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
