#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Last words: what a run-time or library said before it ended the program is the message; the class says what it was; the culprit is the
# program's own function. From frames in use and records of the run-time (report/runtime/last_words.c).
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=none
        sources=$root/tests/runtimes
        cd "$T" || return 1
}

# says CLASS MESSAGE PLACE PROGRAM WORD: MESSAGE is a pattern of the shell; PLACE, which the summary ends in, "FUNCTION at FILE:MARKER".
says() {
        local line place=$3
        fresh_reports
        timeout 60 env LD_PRELOAD="$preload" "${@:4}" >/dev/null 2>"$T/err" </dev/null || true
        good_reports 1 || return 1
        [[ $place != *:* ]] || line=$(grep -n "// WORDS: ${place##*:}\$" "$sources/$(sed 's/.* at \(.*\):.*/\1/' <<<"$place")" | cut -d: -f1)
        [[ $(json "$(the_report)" .fault.class) == "$1" ]] || fail "$4 $5: class $(json "$(the_report)" .fault.class)" || return 1
        # shellcheck disable=SC2053 # patterns
        [[ $(json "$(the_report)" .cause.message) == $2 ]] || fail "$4 $5: message $(json "$(the_report)" .cause.message)" || return 1
        [[ $(json "$(the_report)" .cause.summary) == *"in ${place%:*}${place/*:*/:$line}" ]] || fail "$4 $5: $(json "$(the_report)" .cause.summary)" || return 1
        assert_json "$(the_report)" ".signature | startswith(\"${place%% at *}\")"
}

# needs_library PACKAGE HEADER
needs_library() { echo "#include <$2>" | g++ -E -fPIC -x c++ "${@:3}" - >/dev/null 2>&1 || skip "package $1 is not installed"; }

@test "GLib: g_error, a structured message, each kind of assertion" {
        command -v pkg-config >/dev/null || skip "package pkgconf is not installed"
        pkg-config --exists glib-2.0 || skip "package libglib2.0-dev is not installed"
        read -ra flags <<<"$(pkg-config --cflags --libs glib-2.0)"
        for level in O0 O2; do
                gcc -g -$level "$sources/glib.c" -o glib "${flags[@]}"
                says abort 'cannot open theme dark' "load at glib.c:error" ./glib error || return 1
                says abort 'no structure in theme dark' "structured at glib.c:structured" ./glib structured || return 1
                says assertion 'ERROR:*/glib.c:*:main: assertion failed: (argc == 5)' "main at glib.c:assert" ./glib assert || return 1
                says assertion '*assertion failed (argc == 5): (2 == 5)' "main at glib.c:compare" ./glib compare || return 1
                says assertion '*assertion failed (argv?1? == "other"): ("strings" == "other")' "main at glib.c:strings" ./glib strings || return 1
                says assertion '*code should not be reached' "main at glib.c:unreachable" ./glib unreachable || return 1
                says illegal-instruction null "handler at glib.c:handler" ./glib handler || return 1
                G_DEBUG=fatal-criticals says abort "bad 2" "main at glib.c:critical" ./glib critical || return 1
                G_DEBUG=fatal-criticals says assertion "main: assertion 'argc == 5' failed" "main at glib.c:precondition" ./glib precondition || return 1
        done
}

@test "GLib's words from a library of that name without debugging information: its record, and the text that g_logv holds" {
        mkdir lib
        printf '%s\n' '#include <stdlib.h>' '#include <stdio.h>' '#include <stdarg.h>' 'char *__glib_assert_msg;' \
                'void g_assertion_message(const char *m) { char *s = malloc(200); snprintf(s, 200, "ERROR:x.c:1:f: assertion failed: (%s)", m); __glib_assert_msg = s; abort(); }' \
                'void g_logv(const char *f, va_list a) { char *s; if (vasprintf(&s, f, a) < 0) return; fputs(s, stderr); __builtin_trap(); free(s); }' \
                'void g_log(const char *f, ...) { va_list a; va_start(a, f); g_logv(f, a); va_end(a); }' >glib.c
        gcc -D_GNU_SOURCE -O2 -fPIC -shared -fno-optimize-sibling-calls glib.c -o lib/libglib-2.0.so.0
        strip lib/libglib-2.0.so.0
        printf '%s\n' 'void g_assertion_message(const char *); void g_log(const char *, ...);' '__attribute__((noinline)) static int f(int c) { if (c == 1) g_log("cannot open %s", "theme"); else g_assertion_message("n > 0"); return c; }' \
                'int main(int c, char **v) { (void)v; return f(c); }' >app.c
        gcc -g -O1 app.c -o app -Wl,-rpath,"$T/lib" lib/libglib-2.0.so.0
        says_here() {
                fresh_reports
                preloaded "${@:3}" >/dev/null 2>&1 || true
                assert_json "$(the_report)" ".fault.class == \"$1\" and .cause.message == \"$2\" and .signature == \"f | main\""
        }
        says_here abort "cannot open theme" ./app
        says_here assertion "ERROR:x.c:1:f: assertion failed: (n > 0)" ./app x
}

# library FLAG PACKAGE HEADER FATAL CHECK LINK...
library() {
        needs_library "$2" "$3" "${@:6}"
        for level in O0 O2; do
                g++ -g -$level -fPIC -D"$1" "$sources/libraries.cc" -o library "${@:6}"
                [ -z "$4" ] || says abort "$4" "fatal at libraries.cc:fatal" ./library fatal || return 1
                says assertion "$5" "checked at libraries.cc:check" ./library check || return 1
        done
}

@test "Qt: qFatal and Q_ASSERT" {
        local qt=/usr/include/x86_64-linux-gnu/qt5
        library USE_QT qtbase5-dev QtGlobal "cannot go on with 2 of sheep, äöü" 'ASSERT: "(a) == 5" in file *libraries.cc, line *' -I$qt -I$qt/QtCore -lQt5Core
}
@test "glog: LOG(FATAL) and CHECK" { library USE_GLOG libgoogle-glog-dev glog/logging.h 'F[0-9]* libraries.cc:*] cannot go on with 2 of sheep' 'F*] Check failed: a == 5 (2 vs. 5) sheep' -lglog; }
@test "abseil: RAW_LOG(FATAL) and RAW_CHECK" {
        library USE_ABSL libabsl-dev absl/base/internal/raw_logging.h '[[]*libraries.cc : *] RAW: cannot go on with 2 of sheep' '*RAW: Check (a) == 5 failed: sheep' -labsl_raw_logging_internal
}
@test "Boost: an assertion with a handler of the program's" {
        library USE_BOOST libboost-dev boost/assert.hpp "" '*libraries.cc:*: int checked(int): Assertion `(a) == 5'"' failed."
}

@test "Rust: each kind of panic: its place and its words, the program's own function, class panic" {
        command -v rustc >/dev/null || skip "package rustc is not installed"
        for level in 0 2; do
                rustc --edition 2021 -g -C opt-level=$level -C panic=abort "$sources/panics.rs" -o panics 2>rustc.log || fail "$(<rustc.log)" || return 1
                at() { says panic "panicked at $sources/panics.rs:*: $2" "panics::$1 at panics.rs:$1" ./panics "$1"; }
                at index "index out of bounds: the len is 2 but the index is 7" || return 1
                at none 'called `Option::unwrap()` on a `None` value' || return 1
                at err 'called `Result::unwrap()` on an `Err` value: "no err"' || return 1
                at formatted 'a 2 s formatted t "formatted" x ff n -5' || return 1
                at plain "just words" || return 1
                at check "assertion failed: a > 100" || return 1
                at divide "attempt to divide by zero" || return 1
                at unreach "internal error: entered unreachable code: state 7" || return 1
        done
}

@test "GLib's assertion with values: the values are in the message, and neither in summary nor fingerprint" {
        command -v pkg-config >/dev/null || skip "package pkgconf is not installed"
        pkg-config --exists glib-2.0 || skip "package libglib2.0-dev is not installed"
        read -ra flags <<<"$(pkg-config --cflags --libs glib-2.0)"
        gcc -g "$sources/glib.c" -o glib "${flags[@]}"
        for more in "" "x" "x x"; do
                # shellcheck disable=SC2086 # words
                preloaded ./glib compare $more >/dev/null 2>&1 || true
        done
        [ "$(jq -s 'map(.cause.message) | unique | length' "$CRASHPRE_DIR"/*.json)" = 3 ] || fail "$(jq .cause "$CRASHPRE_DIR"/*.json)"
        [ "$(jq -s -r 'map(.fingerprint) | unique | length' "$CRASHPRE_DIR"/*.json)" = 1 ] || fail "$(jq .fingerprint "$CRASHPRE_DIR"/*.json)"
        [[ $(jq -s -r 'map(.cause.summary) | unique | .[]' "$CRASHPRE_DIR"/*.json) == "assertion failed: argc == 5, in main at glib.c:"* ]] || fail "$(jq .cause "$CRASHPRE_DIR"/*.json)"
}

@test "AddressSanitizer: what it found is in summary and list; another finding is another bug" {
        printf '#include <stdlib.h>\nint main(int c, char **v) { char *p = malloc(9); (void)v; if (c == 1) { free(p); return p[1]; } p[c + 7] = 1; if (c == 3) { free(p); free(p); } return 0; }\n' >a.c
        gcc -g -fsanitize=address a.c -o a 2>gcc.log || skip "libasan is not installed"
        summaries=()
        for arguments in "" "x" "x y"; do
                fresh_reports
                # shellcheck disable=SC2086 # words
                ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$preload ./a $arguments >/dev/null 2>&1 || true
                summaries+=("$(json "$(the_report)" '.cause.summary + " " + .fingerprint')")
        done
        [[ ${summaries[0]} == "AddressSanitizer: heap-use-after-free: read of 1 byte at 0x"*", in main at a.c:2 "* ]] || fail "${summaries[@]}"
        [[ ${summaries[1]} == "AddressSanitizer: heap-buffer-overflow: write of 1 byte at 0x"*", in main at a.c:2 "* ]] || fail "${summaries[@]}"
        [ "$(printf '%s\n' "${summaries[@]##* }" | sort -u | wc -l)" -ge 2 ] || fail "${summaries[@]}"
}

@test "a forced unwind and a foreign exception that reach std::terminate() are named as such" {
        printf '%s\n' '#include <pthread.h>' 'static void deep() noexcept { pthread_exit(nullptr); }' 'static void swallow() { try { pthread_exit(nullptr); } catch (...) { } }' \
                'static void *run(void *keep) { if (keep) swallow(); else deep(); return nullptr; }' \
                'int main(int c, char **) { pthread_t t; pthread_create(&t, nullptr, run, c > 1 ? &t : nullptr); pthread_join(t, nullptr); }' >forced.cc
        printf '%s\n' '#include <unwind.h>' '#include <stdlib.h>' 'static struct _Unwind_Exception e;' \
                'void thrower(void) { e.exception_class = 0x4d4f5a0052555354; _Unwind_RaiseException(&e); abort(); }' >thrower.c
        printf '%s\n' 'extern "C" void thrower(void);' 'static void through() noexcept { thrower(); }' 'int main() { through(); }' >foreign.cc
        g++ -g forced.cc -o forced -lpthread
        gcc -g -fexceptions -c thrower.c
        g++ -g foreign.cc thrower.o -o foreign
        fresh_reports
        preloaded ./forced 2>/dev/null || true
        assert_json "$(the_report)" '.fault.class == "terminate" and (.cause.summary | test("forced unwind .*, in deep at forced.cc:2$")) and (.fault.explanation | test("must not throw"))'
        fresh_reports
        preloaded ./forced keep 2>/dev/null || true
        assert_json "$(the_report)" '.cause.message == "FATAL: exception not rethrown" and (.fault.explanation | test("did not rethrow the forced unwind"))'
        fresh_reports
        preloaded ./foreign 2>/dev/null || true
        assert_json "$(the_report)" '.fault.class == "terminate" and (.cause.message | test("foreign exception .MOZ RUST.")) and (.fault.explanation | test("another language"))'
}

@test "Go: the value of a panic, in a program with C code whose run-time is set to die of it" {
        command -v go >/dev/null || skip "package golang-go is not installed"
        printf 'module x\ngo 1.18\n' >go.mod
        printf '%s\n' 'package main' '// static int twice(int a) { return 2 * a; }' 'import "C"' 'import ("errors"; "os")' \
                'func index(v []int, i int) int { return v[i] }' 'func main() {' ' n := int(C.twice(2))' ' switch os.Args[1] {' ' case "text": panic("just words")' \
                ' case "error": panic(errors.New("an error"))' ' case "index": index([]int{1, 2}, n+3)' ' case "nil": var p *int; *p = 1' ' case "number": panic(n)' ' }' '}' >x.go
        GOFLAGS=-mod=mod GOCACHE=$T/cache HOME=$T CGO_ENABLED=1 go build -o x . 2>go.log || fail "$(<go.log)"
        while read -r word place text; do
                fresh_reports
                GOTRACEBACK=crash preloaded ./x "$word" >/dev/null 2>&1 || true
                assert_json "$(the_report)" ".fault.class == \"panic\" and .cause.message == \"panic: $text\" and (.cause.summary | endswith(\"in $place at x.go:${place##*:}\") or endswith(\"in ${place%:*} at x.go:${place##*:}\"))" || return 1
        done <<'WORDS'
text main.main:9 just words
error main.main:10 an error
index main.index:5 runtime error: index out of range [7] with length 2
nil main.main:12 runtime error: invalid memory address or nil pointer dereference
number main.main:13 4
WORDS
}
