# SPDX-License-Identifier: MIT
# Lines, inlined calls and source in reports; and reports when the search for names fails.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=none
        unset CRASHPRE_SOURCE CRASHPRE_DEBUG_DIR CRASHPRE_TIMEOUT
}

inlined() {
        preloaded "$tools/zoo-${ZOO:-O0}/inlined"
}

# compiled FLAG...: $T/src/fault.c as $T/fault. Its line 7 writes to a null pointer.
compiled() {
        mkdir -p "$T/src"
        [ -f "$T/src/fault.c" ] || printf '%s\n' '/* the first line */' 'int *nowhere;' '' \
                '__attribute__((noinline)) static int write_to(int *p)' '{' '        int value = 1;' \
                '        *p = value; /* the line */' '        return value;' '}' '' \
                'int main(void) { return write_to(nowhere); }' >"$T/src/fault.c"
        gcc -g -O0 "$@" -o "$T/fault" "$T/src/fault.c" || fail "not compiled"
}

# no_source FILE: no frame of any thread has source lines.
no_source() {
        assert_json "$1" '[.threads[].frames[] | select(has("source"))] == []'
}

# ---- lines and inlined calls ----

@test "three calls inlined into one function: each is a frame, as the source has them, at any level" {
        for ZOO in O0 O2; do
                fresh_reports
                run -139 inlined
                report=$(the_report)
                valid_reports "$report"
                run json "$report" '.threads[0].frames[:5][] | (.function | sub("\\(.*"; "") | sub("<.*>"; "<...>") | sub("^void "; "")) + (.text | sub(".* at "; " at "))'
                lines_of=()
                for n in inlined "LINE: put" "LINE: put_all" "LINE: receive" "LINE: open"; do
                        lines_of+=("$(line_of "${n/#inlined/CRASH: inlined}" 'inlined.cc')")
                done
                [ "$output" = "shop::Shelf::put at inlined.cc:${lines_of[0]}
shop::put_all<...> at inlined.cc:${lines_of[1]}
shop::receive at inlined.cc:${lines_of[2]}
shop::open at inlined.cc:${lines_of[3]}
main at inlined.cc:${lines_of[4]}" ] || fail "at -$ZOO: $output"
        done
}

# same_as_gdb PROGRAM N: gdb shows the same functions and lines in the first N frames, at any level.
same_as_gdb() {
        for ZOO in O0 O2; do
                fresh_reports
                run -139 preloaded "$tools/zoo-$ZOO/$1"
                json "$(the_report)" ".threads[0].frames[:$2][]"' | (.function | sub("^void "; "") | sub("(?<!operator)\\([^()]*\\)( const)?$"; "") | sub(".*[{]lambda.*::"; "")) + " " + .file + ":" + (.line | tostring)' >"$T/ours"
                gdb -batch -nx -ex 'set print frame-arguments none' -ex 'set filename-display absolute' -ex run -ex "bt $2" "$tools/zoo-$ZOO/$1" 2>&1 |
                        sed -nE 's/^#[0-9]+ +(0x[0-9a-f]+ in )?(.*) \(.*\) at (.*)/\2 \3/p' |
                        sed -E 's/^.*[{]lambda.*::operator\(\)\([^()]*\)( const)? /operator() /' >"$T/gdb"
                [ "$(wc -l <"$T/gdb")" = "$2" ] || { show "$T/gdb" && fail "gdb does not have $2 frames"; }
                diff "$T/ours" "$T/gdb" >&2 || fail "ours (left) and gdb's frames differ at -$ZOO"
        done
}

@test "three calls inlined into one function: gdb shows the same functions and lines" {
        need gdb
        same_as_gdb inlined 5
}

@test "a lambda of a function that was inlined everywhere, classes without a name: gdb shows the same functions and lines" {
        need gdb
        same_as_gdb lambda 5
}

@test "inlined frames: the place is that of the physical one, which alone has an offset" {
        ZOO=O2 run -139 inlined
        report=$(the_report)
        assert_json "$report" '[.threads[0].frames[:5][].inline] == [true, true, true, false, false]'
        assert_json "$report" '.threads[0].frames[:4] | map([.pc, .module, .module_offset, .lookup_offset, .trust]) | unique | length == 1'
        assert_json "$report" '.threads[0].frames[:4] | map(has("function_offset")) == [false, false, false, true]'
        assert_json "$report" '.threads[0].frames[:4] | all(.[]; .column > 0 and (.symbol | startswith("_Z")) and .file == "'"$root"'/tests/zoo/inlined.cc")'
        assert_json "$report" '[.threads[0].frames[].index] == [range(.threads[0].frames | length)]'
        frames_agree "$(raw_report)" "$report"
}

@test "the summary and the text on stderr have the line" {
        line=$(line_of 'CRASH: inlined' 'inlined.cc')
        CRASHPRE_STDERR=full run -139 --separate-stderr inlined
        assert_json "$(the_report)" ".cause.summary | endswith(\" in shop::Shelf::put at inlined.cc:$line\")"
        [[ $stderr == *$'\n  #0  '"shop::Shelf::put(shop::Item const&) at inlined.cc:$line  (inlined)"$'\n'* ]] || fail "$stderr"
        [[ $stderr == *$'\n  #3  shop::open(shop::Shelf&) at inlined.cc:'*$'\n  #4  main at '* ]] || fail "$stderr"
}

@test "CRASHPRE_MAX_FRAMES counts physical frames" {
        CRASHPRE_MAX_FRAMES=2 run -139 inlined
        report=$(the_report)
        valid_reports "$report"
        assert_json "$report" '[.threads[0].frames[] | select(.inline | not)] | length == 2'
        assert_json "$report" '.threads[0] | [.frames[:4][].inline] == [true, true, true, false] and .frames_omitted > 0'
        assert_json "$report" '.threads[0] | .frames[4].index == 4 + .frames_omitted'
}

# ---- source ----

@test "source: three lines on each side of each frame of the crashing thread, and of no other" {
        run -139 inlined
        report=$(the_report)
        line=$(line_of 'CRASH: inlined' 'inlined.cc')
        assert_json "$report" ".threads[0].frames[0].source | .first_line == $line - 3 and (.lines | length) == 7"
        [ "$(json "$report" '.threads[0].frames[0].source.lines[]')" = "$(sed -n "$((line - 3)),$((line + 3))p" "$root/tests/zoo/inlined.cc")" ] ||
                fail "$(json "$report" '.threads[0].frames[0].source')"
        assert_json "$report" 'all(.threads[0].frames[:5][]; .source.lines[.line - .source.first_line] | test("// (CRASH|LINE): "))'
        assert_json "$report" '(.threads | length) == 2 and all(.threads[1].frames[]; has("source") | not)'
        assert_json "$report" '.diagnostics == []'
}

@test "CRASHPRE_SOURCE: more, fewer, none, nonsense" {
        compiled
        CRASHPRE_SOURCE=1 run -139 preloaded "$T/fault"
        assert_json "$(the_report)" '.threads[0].frames[0].source == {"first_line": 6, "lines": ["        int value = 1;", "        *p = value; /* the line */", "        return value;"]}'
        fresh_reports
        CRASHPRE_SOURCE=1000 run -139 preloaded "$T/fault"
        assert_json "$(the_report)" '.threads[0].frames[0].source | .first_line == 1 and (.lines | length) == 11'
        fresh_reports
        CRASHPRE_SOURCE=0 run -139 preloaded "$T/fault"
        no_source "$(the_report)"
        assert_json "$(the_report)" '.threads[0].frames[0].line == 7 and .diagnostics == []'
        fresh_reports
        CRASHPRE_SOURCE=all run -139 preloaded "$T/fault"
        assert_json "$(the_report)" '(.threads[0].frames[0].source.lines | length) == 7 and (.diagnostics[0].message | startswith("CRASHPRE_SOURCE=all: "))'
}

@test "source that changed after the program was built is not shown, with a diagnostic" {
        compiled
        touch -r "$T/fault" -d '+1 second' "$T/src/fault.c"
        run -139 preloaded "$T/fault"
        no_source "$(the_report)"
        assert_json "$(the_report)" ".diagnostics == [{\"stage\": \"source\", \"message\": \"$T/src/fault.c is newer than $T/fault, so its lines are not shown\"}]"
        assert_json "$(the_report)" '.threads[0].frames[0].text == "write_to at fault.c:7"'
        touch -r "$T/fault" "$T/src/fault.c"
        fresh_reports
        run -139 preloaded "$T/fault"
        assert_json "$(the_report)" '.threads[0].frames[0].source.first_line == 4'
}

@test "source that is missing, or under an invalid name: no lines, and no diagnostic" {
        compiled
        mv "$T/src" "$T/moved"
        run -139 preloaded "$T/fault"
        no_source "$(the_report)"
        assert_json "$(the_report)" '.diagnostics == [] and .threads[0].frames[0].text == "write_to at fault.c:7"'
        mv "$T/moved" "$T/src"
        compiled -ffile-prefix-map="$T=/somewhere"
        fresh_reports
        run -139 preloaded "$T/fault"
        no_source "$(the_report)"
        assert_json "$(the_report)" '.diagnostics == [] and .threads[0].frames[0].file == "/somewhere/src/fault.c"'
        rm "$T/src/fault.c"
        mkfifo "$T/src/fault.c"
        mv "$T/fault" "$T/fifo"
        fresh_reports
        LIMIT=10 run -139 preloaded "$T/fifo"
        no_source "$(the_report)"
}

@test "source in another encoding: the report is valid, the text has no control characters" {
        mkdir "$T/src"
        printf '%s\n' '/* \xe9\x80 */' 'int main(void)' '{' '        int *volatile p = 0;' '' | sed 's/\\xe9/\xe9/; s/\\x80/\x80/' >"$T/src/fault.c"
        printf '        *p = 1; /* \xff \x1b[31m \xc3\xa9 */\r\n}\n' >>"$T/src/fault.c"
        compiled
        CRASHPRE_STDERR=full run -139 --separate-stderr preloaded "$T/fault"
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '.threads[0].frames[0].source.lines[3] == "        *p = 1; /* \\xff \u001b[31m é */"'
        [[ $stderr == *$'\n      >     6          *p = 1; /* \\xff \\x1b[31m é */\n'* ]] || fail "$stderr"
        [[ $stderr != *$'\x1b'* ]] || fail "an escape sequence came through"
}

@test "the program's file was replaced while it ran: its source is not compared with the new one" {
        mkdir "$T/src"
        cat >"$T/src/wait.c" <<<'#include <unistd.h>
int main(void)
{
        char c = 1;
        if (write(1, &c, 1) == 1 && read(0, &c, 1) == 1)
                *(volatile int *)0 = 1;
        return 0;
}'
        gcc -g -o "$T/running" "$T/src/wait.c"
        mkfifo "$T/go"
        preloaded "$T/running" <"$T/go" >"$T/started" &
        exec 9>"$T/go"
        wait_until 10 test -s "$T/started"
        touch "$T/src/wait.c" # the next build begins with a change
        gcc -g -o "$T/new" "$T/src/wait.c"
        mv "$T/new" "$T/running"
        echo >&9
        exec 9>&-
        wait $! || true
        no_source "$(the_report)"
        assert_json "$(the_report)" '[.diagnostics[] | select(.stage == "source")] | length == 1'
}

@test "show: source below the innermost frame, and the line of each caller" {
        run -139 inlined
        run -0 env -u CRASHPRE_STDERR "$build/bin/crashpre" show "$(the_report)"
        [[ $output == *$'(inlined)\n        '"$root/tests/zoo/inlined.cc:"* ]] || fail "$output"
        [ "$(grep -c '^      > .*// \(CRASH\|LINE\): ' <<<"$output")" = 5 ] || fail "$output"
        [ "$(grep -c '^        *[0-9]*  ' <<<"$output")" -ge 5 ] || fail "$output"
}

# ---- trouble ----

has_report() {
        [ "$(reports .json)" = 1 ]
}

# in_trouble KIND: a crash whose helper fails during the search for names (tests/tools/libtrouble.c).
in_trouble() {
        compiled
        CRASHPRE_HELPER=$(a_helper trouble <<<"export LD_PRELOAD=$tools/libtrouble.so TROUBLE=$1 TROUBLE_AT=/src/fault.c; exec $tools/helper-shared \"\$@\"")
        export CRASHPRE_HELPER
        SECONDS=0
        CRASHPRE_TIMEOUT=2 run -139 preloaded "$T/fault"
        [ "$SECONDS" -lt 4 ] || fail "took $SECONDS s"
        wait_until 5 has_report # if the helper was killed, the process does not wait for the spare
        good_reports 1
        report=$(the_report)
        assert_json "$report" '.threads[0] | .crashed and .frames[0].pc == .registers.rip and (.frames[0].text | startswith("fault+0x"))'
        assert_json "$report" '.fault.class == "null-dereference" and .fault.access == "write"'
        frames_agree "$(raw_report)" "$report"
}

@test "the helper crashes on a file: a report without names, with the reason" {
        in_trouble crash
        assert_json "$report" '[.diagnostics[].message] == ["no names: the search for them crashed"]'
        grep -qx 'helper: died of signal 11 during symbolize' "$(raw_report)"
        [ "$(tail -n 1 "$(raw_report)")" = "helper: json ${report##*/}" ]
}

@test "the helper hangs on a file: a report without names before CRASHPRE_TIMEOUT" {
        in_trouble hang
        assert_json "$report" '[.diagnostics[].message] == ["no names: the search for them took too long"] and .timings_us.total < 2000000'
}

@test "the helper hangs where no signal reaches it: a report without names" {
        in_trouble stuck
        assert_json "$report" '[.diagnostics[].message] == ["no names: the search for them took too long"] and .timings_us.total < 2000000'
}

@test "the helper is killed during the search for names: a report without names" {
        CRASHPRE_STDERR=full in_trouble killed
        [[ $output == "crashpre: fault["*"] died of SIGSEGV; helper was killed before its report was complete, as happens if memory is short"$'\n'"report: $(raw_report)" ]] || fail "it speaks when nobody waits: $output"
        assert_json "$report" '[.diagnostics[].message] == ["no names: the search for them was killed"]'
}

@test "the reader of debugging information hangs or crashes: the names of the symbol tables are left" {
        compiled -gsplit-dwarf
        for kind in hang stuck crash; do
                fresh_reports
                CRASHPRE_HELPER=$(a_helper trouble <<<"export LD_PRELOAD=$tools/libtrouble.so TROUBLE=$kind TROUBLE_AT=.dwo; exec $tools/helper-shared \"\$@\"")
                export CRASHPRE_HELPER
                CRASHPRE_TIMEOUT=1 run -139 preloaded "$T/fault"
                good_reports 1
                assert_json "$(the_report)" '(.threads[0].frames[0].text | test("^write_to[+]0x[0-9a-f]+ in fault$")) and .timings_us.total < 1000000'
                assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "symbolize" and (.message | test("was not read to the end")))'
        done
}
