# SPDX-License-Identifier: MIT
# Programs whose code or threads are not where they usually are: names, frames and threads are right all the same.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=none
}

elsewhere() {
        printf '%s\n' "$tools/zoo-${ZOO:-O0}/elsewhere"
}

# ---- threads ----

@test "threads that the kernel added for io_uring are not threads of the report" {
        run preloaded "$(elsewhere)" ring
        [ "$status" != 77 ] || skip "no io_uring here"
        [ "$status" = 139 ] || fail "status $status"
        good_reports 1
        assert_json "$(the_report)" '(.threads | length) == 1 and (.diagnostics // []) == []'
}

# ---- code that was moved ----

# moved WORD: the frames have names, and a module in the raw report, too.
moved() {
        export ZOO
        for ZOO in O0 O2; do
                fresh_reports
                run -139 preloaded "$(elsewhere)" "$1"
                good_reports 1
                assert_stack "$(the_report)" crash move "${1/-/_}"
                assert_json "$(the_report)" '.threads[0] | .unwind_end == "end-of-stack" and .frames[0].line != null'
                assert_json "$(the_report)" "any(.modules[]; .path == \"$(realpath "$(elsewhere)")\" and .status == \"dwarf\")"
                frames_agree "$(raw_report)" "$(the_report)"
                raw_section "$(raw_report)" frames | awk '$1 == 1' | grep -qF "$(realpath "$(elsewhere)")" || fail "in no module of the raw report"
        done
}

@test "all code was moved to anonymous memory: the frames have names" { moved moved; }
@test "all code was moved to anonymous memory, with the ELF header: the frames have names" { moved moved-header; }
@test "all code was moved to another file: the frames have names" { moved moved-file; }

# ---- a program that was started by the loader ----

# by_loader [OPTION...]: the report of a program that the loader was told to run is the program's.
by_loader() {
        fresh_reports
        run -139 timeout -k 5 30 env LD_PRELOAD="$preload" CRASHPRE_STDERR=brief "$loader" "$@" "$(zoo)" null-write
        good_reports 1
        [[ $output == *"crashpre: zoo["* ]] || fail "the headline is: $output"
        [[ $(the_report) == */crash-zoo-* ]] || fail "the report is $(the_report)"
        assert_json "$(the_report)" ".process.exe == \"$(realpath "$(zoo)")\" and .threads[0].frames[0].function == \"null_write\""
        [ "$(raw_value "$(raw_report)" process exe)" = "$(realpath "$(zoo)")" ] || fail "exe is $(raw_value "$(raw_report)" process exe)"
}

need_loader() {
        loader=$(readelf -lW "$(zoo)" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
        [ -x "$loader" ] || skip "no loader that can be executed"
}

@test "a program started by the loader, as bundles do: headline, files and report are the program's" {
        need_loader
        by_loader
        by_loader --library-path /lib:/usr/lib
        by_loader --inhibit-cache
        ! "$loader" --help | grep -q -- --argv0 || by_loader --argv0 another-name
        library=$preload
        preload='' by_loader --preload "$library"
        cd "$(dirname "$(zoo)")"
        zoo() { printf './zoo\n'; }
        by_loader
}

@test "a program started by the loader: CRASHPRE_ONLY and CRASHPRE_SKIP see the program, attached or not" {
        need_loader
        fresh_reports
        run -139 env CRASHPRE_ONLY=zoo CRASHPRE_SKIP='ld*' LD_PRELOAD="$preload" "$loader" "$(zoo)" null-write
        good_reports 1
        run -139 env CRASHPRE_ONLY='ld*' LD_PRELOAD="$preload" "$loader" "$(zoo)" null-write
        run -139 env CRASHPRE_SKIP=zoo LD_PRELOAD="$preload" "$loader" "$(zoo)" null-write
        good_reports 1
        fresh_reports
        run -139 "$tools/refuse" ptrace env LD_PRELOAD="$preload" "$loader" "$(zoo)" null-write
        good_reports 1
        assert_json "$(the_report)" ".process.exe == \"$(realpath "$(zoo)")\""
}

# ---- assembler code without unwind tables and frame pointers ----

@test "a fault in assembler code that has neither unwind tables nor a frame pointer: its callers are not left out" {
        for ZOO in O0 O2; do
                export ZOO
                fresh_reports
                run -139 preloaded "$(elsewhere)" leaf
                good_reports 1
                [[ $(functions "$(the_report)" | head -n 3 | tr '\n' ' ') == "leaf_inner leaf_outer leaf " ]] || fail "$(functions "$(the_report)")"
                frames_agree "$(raw_report)" "$(the_report)"
        done
}

@test "a fault in such code that was called by a pointer: its callers are found by its symbol" {
        for ZOO in O0 O2; do
                export ZOO
                fresh_reports
                run -139 preloaded "$(elsewhere)" leaf-indirect
                good_reports 1
                [[ $(functions "$(the_report)" | head -n 3 | tr '\n' ' ') == "leaf_inner leaf_outer leaf_indirect " ]] || fail "$(functions "$(the_report)")"
        done
}

# ---- code made at run time ----

# jit WORD: the frame of that code has no name, and its caller is right.
jit() {
        for ZOO in O0 O2; do
                export ZOO
                fresh_reports
                run -139 preloaded "$(elsewhere)" "$1"
                good_reports 1
                [[ $(functions "$(the_report)" | head -n 3 | tr '\n' ' ') == "crash ? jit_call " ]] || fail "$(functions "$(the_report)")"
                assert_json "$(the_report)" '.threads[0] | .unwind_end == "end-of-stack" and ([.frames[1:][].trust] | unique) == ["cfi"]'
                frames_agree "$(raw_report)" "$(the_report)"
        done
}

@test "code made at run time, its unwind tables given to libgcc: its caller is found by them" { jit jit; }
@test "the same, when libgcc has sorted the tables" { jit jit-used; }
@test "the same, one of a hundred functions" { jit jit-many; }

# crash_of_map [link]: runs jit-map, and removes its file.
crash_of_map() {
        fresh_reports
        run -139 preloaded "$(elsewhere)" jit-map "$@"
        rm -f /tmp/perf-"$(json "$(the_report)" .process.pid)".map*
        good_reports 1
}

@test "code made at run time that /tmp/perf-PID.map names: the frame has the name of the last line for it" {
        crash_of_map
        assert_json "$(the_report)" '.threads[0].frames[1] | .function == "LazyCompile:*square app.js:7" and .function_offset == 16 and (has("module") | not)'
        "$build/bin/crashpre" show "$(the_report)" | grep -F '#1  LazyCompile:*square app.js:7+0x10'
}

@test "/tmp/perf-PID.map is a symbolic link, or another user's: it is not read" {
        crash_of_map link
        assert_json "$(the_report)" '.threads[0].frames[1] | has("function") | not'
        [ "$(id -u)" = 0 ] || skip "needs root to give a file away"
        crash_of_map other
        assert_json "$(the_report)" '.threads[0].frames[1] | has("function") | not'
}

@test "code made at run time with an ELF image for gdb: the frame has its name" {
        run -139 preloaded "$(elsewhere)" jit-gdb
        good_reports 1
        assert_json "$(the_report)" '.threads[0].frames[1] | .function == "jit_cube(int)" and .symbol == "_Z8jit_cubei" and .function_offset == 16'
}

# ---- data as code ----

@test "a call of a variable: the frame has the variable's name, and no function" {
        run -139 preloaded "$(elsewhere)" data
        good_reports 1
        assert_json "$(the_report)" '.threads[0].frames[0] | .symbol == "table_of_numbers" and .function_offset == 8 and (has("function") | not)'
        assert_json "$(the_report)" '.threads[0].frames[0].text == "data table_of_numbers+0x8 in elsewhere" and .threads[0].frames[1].function == "data"'
        "$build/bin/crashpre" show "$(the_report)" | grep -E '#0  data table_of_numbers\+0x8  elsewhere\+0x'
}
