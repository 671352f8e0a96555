# SPDX-License-Identifier: MIT
# What a program said as it gave up: assertion texts, glibc's verdicts, exceptions, script frames.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        export CRASHPRE_STDERR=none
}

# dies WORD...: the program under the preload in a fresh directory; its reports are complete and valid. STATUS: how it ends (134).
dies() {
        fresh_reports
        run "-${STATUS:-134}" preloaded "$@"
        good_reports 1
}

messages() {
        printf '%s\n' "$tools/zoo-${ZOO:-O0}/messages"
}

raw_message() {
        raw_value "$(raw_report)" cause message
}

# says TEXT: the JSON report's message, and the raw one's.
says() {
        [ "$(json "$(the_report)" .cause.message)" = "$1" ] || { json "$(the_report)" .cause >&2 && fail "expected the message: $1" || return 1; }
        [ "$(raw_message)" = "$1" ] || fail "raw message is: $(raw_message)"
}

says_nothing() {
        assert_json "$(the_report)" '.cause | has("message") | not'
        raw_is_complete "$(raw_report)"
        lacks '^message: ' "$(raw_report)" || fail "raw message is: $(raw_message)"
}

@test "assertion: its text, without the newline at the end" {
        for ZOO in O0 O2; do
                dies "$(zoo)" assert
                [[ $(raw_message) == *"signals.c:$(line_of 'CRASH: assert'): "*": Assertion \`plan->args == NULL' failed." ]] || fail "$(raw_message)"
                says "$(raw_message)"
        done
}

@test "glibc's verdicts: heap, fortify and stack protector" {
        dies "$(zoo)" double-free
        says "free(): double free detected in tcache 2"
        dies "$(zoo)" invalid-free
        [[ $(raw_message) == "free(): invalid"* ]] || fail "$(raw_message)"
        says "$(raw_message)"
        dies "$(zoo)" fortify
        says "*** buffer overflow detected ***: terminated"
        dies "$(messages)" smash
        says "*** stack smashing detected ***: terminated"
}

@test "message of a raw report alone: crashpre show has it" {
        fresh_reports
        CRASHPRE_HELPER=/nonexistent run -134 preloaded "$(zoo)" double-free
        run -0 "$build/bin/crashpre" show "$(raw_report)"
        [[ $output == *"double free detected"* ]] || fail "$output"
}

@test "no message: abort, a sent signal, a fault, also where one was made before it" {
        dies "$(zoo)" abort
        says_nothing
        STATUS=139 dies "$(zoo)" kill-self SEGV
        says_nothing
        STATUS=139 dies "$(zoo)" null-write
        says_nothing
        STATUS=139 dies "$(messages)" fault-after-message
        says_nothing
}

@test "message of a megabyte: cut, the report goes on" {
        dies "$(messages)" long
        local message
        message=$(json "$(the_report)" .cause.message)
        [ ${#message} -gt 4000 ] && [ ${#message} -lt 4100 ] || fail "${#message} characters"
        [ "$(raw_message)" = "$message" ]
        assert_json "$(the_report)" '.threads[0].frames | length > 3'
}

@test "message with bytes that are not UTF-8, escapes and newlines: safe in both reports" {
        dies "$(messages)" odd
        assert_json "$(the_report)" '.cause.message | contains("café \\xff\\xfe \u001b[31m") and contains("two\nlines")'
        [[ $(raw_message) == *'caf\xc3\xa9 \xff\xfe \x1b[31m \x5cx41 two\x0alines'* ]] || fail "$(raw_message)"
        run -0 "$build/bin/crashpre" show "$(the_report)"
        [[ $output != *$'\x1b'* ]] || fail "an escape sequence reached the terminal"
}

@test "glibc's record of the message ruined by the program: no message, and no harm" {
        dies "$(messages)" wild-record
        says_nothing
        dies "$(messages)" huge-record
        says_nothing
        dies "$(messages)" unterminated-record
        says unfinished
}

# ---- exceptions ----

# raw_exception: type (mangled) and what() of the raw report.
raw_exception() {
        printf '%s | %s\n' "$(raw_value "$(raw_report)" cause exception)" "$(raw_value "$(raw_report)" cause what)"
}

# throws PROGRAM TYPE WHAT WORD: the uncaught exception's type and what(), "-" for none, in both reports.
throws() {
        local what got
        dies "$tools/zoo-${ZOO:-O0}/$1" "$4"
        mapfile -t got < <(json "$(the_report)" '.cause.kind, .fault.class, .cause.exception.type, (.cause.exception.what // "-")')
        [ "${got[0]} ${got[1]}" = "exception uncaught-exception" ] || fail "$1 $4: ${got[*]}" || return 1
        [ "${got[2]}" = "$2" ] || fail "$1 $4: ${got[*]}" || return 1
        [ "${got[3]}" = "$3" ] || fail "$1 $4: what() is: ${got[3]}" || return 1
        what=$(raw_value "$(raw_report)" cause what)
        [ "${what:--}" = "$3" ] || fail "$1 $4: raw what() is: $what"
}

# Programs that have the C++ run-time in three ways; each word is tried with one of them at least.
each_way() {
        ZOO=O0 throws throws "$@"
        ZOO=O2 throws throws_static "$@"
        ZOO=O2 throws plugged "$@"
}

@test "uncaught exception: type and what(), the run-time as a library, linked in, or in a plugin of a C program" {
        each_way std::runtime_error "the message of the exception" runtime-error
        each_way "(anonymous namespace)::derived" "of a class of the program" derived
        each_way "(anonymous namespace)::second" "from the second base" second-base
        each_way "(anonymous namespace)::diamond" "from the end of a diamond" diamond
        each_way std::bad_alloc std::bad_alloc bad-alloc
        each_way "(anonymous namespace)::plain" - plain
}

@test "uncaught exception: classes of the standard library" {
        ZOO=O0 throws throws std::bad_cast std::bad_cast bad-cast
        ZOO=O2 throws throws std::bad_function_call bad_function_call bad-function-call
        ZOO=O2 throws throws_static std::future_error "std::future_error: Promise already satisfied" future-error
        ZOO=O0 throws throws_static std::system_error "open: No such file or directory" system-error
        ZOO=O2 throws plugged std::__ios_failure "basic_ios::clear: iostream error" ios-failure
        ZOO=O0 throws plugged "(anonymous namespace)::virtual_base" "from a virtual base" virtual-base
}

@test "uncaught exception: strings and numbers thrown bare" {
        local string="std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >"
        throws throws int -7 int
        throws throws "unsigned int" 4000000000 unsigned
        throws throws_static long -9000000000000000000 long
        throws throws short -300 short
        throws throws char x char
        throws throws bool true bool
        throws throws double 0.1 double
        throws plugged double 1.5e+300 double-large
        throws throws double -1.23457e-05 double-small
        throws throws double 123456 double-whole
        throws throws double inf double-infinite
        throws throws float 2.5 float
        throws throws "long double" 1e-300 long-double
        each_way "char const*" "a literal" chars
        throws throws "char const*" - null-chars
        throws throws "$string" short string
        throws throws_static "$string" ssssssssssssssssssssssssssssssssssssssssssssssssss long-string
        throws throws "std::basic_string_view<char, std::char_traits<char> >" "a view" string-view
        throws throws "(anonymous namespace)::colour" - enum
}

@test "uncaught exception: out of noexcept, from a thread, thrown again" {
        local word
        for word in noexcept noexcept-cleanup thread rethrow rethrow-later own-terminate; do
                [[ $word != noexcept* ]] || ! made_by_clang || continue # it unwinds first: no name is left in process
                each_way std::runtime_error "the message of the exception" $word
        done
}

@test "uncaught exception in a stripped program with the run-time linked in" {
        local word
        mkdir -p "$T/zoo-strip"
        cp "$tools/zoo-O2/throws_static" "$T/zoo-strip/stripped"
        strip "$T/zoo-strip/stripped"
        tools=$T ZOO=strip
        for word in runtime-error noexcept rethrow rethrow-later own-terminate; do
                [[ $word != noexcept ]] || ! made_by_clang || continue
                throws stripped std::runtime_error "the message of the exception" $word
        done
}

@test "nested exceptions: the whole chain, outermost first" {
        local program
        for program in throws throws_static plugged; do
                dies "$tools/zoo-O0/$program" nested
                assert_json "$(the_report)" '.cause.exception.what == "outermost" and (.cause.exception.nested | length) == 2 and
                        .cause.exception.nested[1] == {"type": "std::out_of_range", "what": "innermost"} and
                        (.cause.exception.nested[0].type | contains("own_what"))'
        done
        dies "$tools/zoo-O0/throws" nested
        assert_json "$(the_report)" '.cause.exception.nested[0].what == "made up by the program"'
        [ "$(raw_section "$(raw_report)" cause | grep -c '^nested: ')" = 2 ]
        dies "$tools/zoo-O0/throws" deeply-nested
        assert_json "$(the_report)" '.cause.exception | .what == "level 20" and (.nested | length) == 7'
}

@test "a what() of the program's own: called where the run-time can be hooked, else absent, and the diagnostics say why" {
        throws throws "(anonymous namespace)::own_what" "made up by the program" own-what
        assert_json "$(the_report)" 'all(.diagnostics[]; .stage != "exception")'
        for program in throws_static plugged; do
                throws $program "(anonymous namespace)::own_what" - own-what
                assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "exception" and (.message | contains("own_what")))'
        done
}

@test "a what() that faults or throws: the program ends as without us" {
        local word
        for word in own-what what-faults what-throws what-wild; do
                faithful_command 1 "$tools/zoo-O0/throws" $word
        done
        STATUS=139 dies "$tools/zoo-O0/throws" what-faults
        assert_json "$(the_report)" '.cause.kind == "signal" and .cause.exception.type == "(anonymous namespace)::what_faults"'
        dies "$tools/zoo-O0/throws" what-throws
        assert_json "$(the_report)" '.cause.message == "terminate called recursively" and .cause.exception.type == "int"'
}

@test "exception with bytes that are not UTF-8, and with a text of a megabyte" {
        dies "$tools/zoo-O0/throws" odd-text
        assert_json "$(the_report)" '.cause.exception.what == "café \\xff \u001b[31m\n"'
        for program in throws throws_static; do
                dies "$tools/zoo-O0/$program" long-text
                assert_json "$(the_report)" '.cause.exception.what | length > 1000 and length < 1100 and test("^w+$")'
        done
}

@test "an exception that was caught is not what abort() is about" {
        local program word
        for program in throws throws_static plugged; do
                for word in abort-in-catch abort-after-catch; do
                        dies "$tools/zoo-O0/$program" $word
                        assert_json "$(the_report)" '.cause.kind == "abort" and .fault.class == "abort" and (.cause | has("exception") | not)'
                        [ "$(raw_exception)" = " | " ] || fail "$(raw_exception)"
                done
        done
}

@test "the exception in flight smashed by the program: the report goes on without it" {
        local program word
        for program in throws throws_static plugged; do
                for word in smashed wild-type; do
                        dies "$tools/zoo-O2/$program" $word
                        assert_json "$(the_report)" '.cause | has("exception") | not'
                done
                throws $program "(anonymous namespace)::leaks_its_address" - smashed-object
        done
}

@test "terminate without an exception, and calls of what is not there" {
        dies "$tools/zoo-O0/zoo_cxx" terminate
        says "terminate called without an active exception"
        dies "$tools/zoo-O0/zoo_cxx" unjoined-thread
        says "terminate called without an active exception"
        dies "$tools/zoo-O0/plugged" terminate
        says "terminate called without an active exception"
        dies "$tools/zoo-O2/throws_static" terminate
        assert_json "$(the_report)" '.cause.message == "terminate called without an active exception" and .fault.class == "terminate"'
        for ZOO in O0 O2; do
                dies "$tools/zoo-$ZOO/zoo_cxx" pure-virtual
                says "pure virtual method called"
        done
}

@test "exception of a raw report alone: crashpre show has type and what()" {
        fresh_reports
        CRASHPRE_HELPER=/nonexistent run -134 preloaded "$tools/zoo-O0/throws" nested
        run -0 "$build/bin/crashpre" show "$(raw_report)"
        [[ $output == *"uncaught-exception: std::runtime_error)"* ]] || fail "$output"
        fresh_reports
        CRASHPRE_HELPER=/nonexistent run -134 preloaded "$tools/zoo-O0/throws" terminate
        run -0 "$build/bin/crashpre" show "$(raw_report)"
        [[ $output == *"SIGABRT (terminate"* ]] || fail "$output"
}

# ---- Python ----

# python ARGUMENT...: Debian's interpreter dies of SIGSEGV, or as STATUS says.
python() {
        STATUS=${STATUS:-139} dies /usr/bin/python3 "$@"
}

# python_script: crashes in a few calls, in a thread where told so. CRASH markers are lines of the script.
python_script() {
        cat >"$T/café.py" <<'SCRIPT'
import ctypes, sys, threading

def innermost():
    ctypes.string_at(0)

class Worker:
    def run(self):
        innermost()

if "thread" in sys.argv:
    t = threading.Thread(target=Worker().run)
    t.start()
    t.join()
else:
    Worker().run()
SCRIPT
}

# python_frames: "function file line" of each, of the JSON report.
python_frames() {
        json "$(the_report)" '.interpreter.frames[] | "\(.function) \(.file | sub(".*/"; "")) \(.line)"'
}

@test "Python: the script's frames, beside the native ones" {
        python_script
        python "$T/café.py"
        assert_json "$(the_report)" '.interpreter.language == "python"'
        diff <(python_frames | sed 's/^string_at __init__.py.*/string_at/') - <<'END' || fail "Python frames differ"
string_at
innermost café.py 4
Worker.run café.py 8
<module> café.py 15
END
        assert_stack "$(the_report)" ffi_call _PyEval_EvalFrameDefault Py_BytesMain
}

@test "Python: in a thread, and with faulthandler's own handler before ours" {
        python_script
        python "$T/café.py" thread
        [[ $(python_frames) == "string_at "*$'\ninnermost café.py 4\nWorker.run café.py 8\nThread.run threading.py '* ]] || fail "$(python_frames)"
        python -X faulthandler "$T/café.py"
        [[ $(python_frames) == "string_at "*$'\ninnermost café.py 4\nWorker.run café.py 8\n<module> café.py 15' ]] || fail "$(python_frames)"
        [[ $output == *"Fatal Python error: Segmentation fault"* ]] || fail "faulthandler said: $output"
        STATUS=134 python -c 'import os; os.abort()'
        [[ $(python_frames) == "<module> <string> 1" ]] || fail "$(python_frames)"
}

@test "Python: a thread that the interpreter does not know has no frames of it" {
        STATUS=134 python -c '
import ctypes, time
libc = ctypes.CDLL("libc.so.6")
thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, libc.abort, None)
time.sleep(20)'
        assert_json "$(the_report)" '(has("interpreter") | not) and [.threads[] | has("interpreter")] == [false, true]'
}

@test "Python: an interpreter whose memory was smashed does no harm to the report" {
        local offset
        for offset in 0 8 56 64 152; do
                fresh_reports
                run preloaded /usr/bin/python3 -c "
import ctypes
ctypes.pythonapi.PyGILState_GetThisThreadState.restype = ctypes.c_void_p
thread = ctypes.pythonapi.PyGILState_GetThisThreadState()
ctypes.memset(thread + $offset, 0x41, 128)
ctypes.string_at(0)"
                [ "$status" = 139 ] || [ "$status" = 135 ] || fail "at $offset: status $status" # SIGSEGV or SIGBUS
                good_reports 1
                assert_json "$(the_report)" '.threads[0].frames | length > 0'
        done
}

@test "Python: a recursion of a thousand calls is cut, the innermost frames are there" {
        python -c "
import ctypes
def deep(n):
    if n == 0:
        ctypes.string_at(0)
    deep(n - 1)
deep(900)"
        assert_json "$(the_report)" '.interpreter.frames | length == 256 and .[1] == {"function": "deep", "file": "<string>", "line": 5}'
}

# ---- throw sites ----

thrown_at() {
        json "$(the_report)" '.cause.exception.thrown_at[]? | .function // "?" | sub("\\(anonymous namespace\\)::"; "") | sub("\\(.*"; "")'
}

@test "CRASHPRE_THROW_SITES=1: an exception thrown again is traced to its first throw" {
        local word
        export CRASHPRE_THROW_SITES=1
        for ZOO in O0 O2; do
                for word in rethrow rethrow-later; do
                        dies "$tools/zoo-$ZOO/throws" $word
                        [ "$(thrown_at | head -n 1)" = throw_runtime_error ] || fail "$ZOO $word: $(thrown_at)"
                        thrown_at | grep -qx throws_main || fail "$ZOO $word: $(thrown_at)"
                        assert_json "$(the_report)" ".cause.exception.thrown_at[0].line == $(line_of 'CRASH: throws') and (.threads | length) == 1"
                        [ "$(raw_section "$(raw_report)" cause | grep -c '^thrown at: 0x')" = "$(raw_section "$(raw_report)" cause | grep -c '^thrown at')" ]
                done
        done
        dies "$tools/zoo-O0/throws" thread
        [ "$(thrown_at | head -n 1)" = throw_runtime_error ] || fail "$(thrown_at)"
        CRASHPRE_HELPER=/nonexistent dies_raw "$tools/zoo-O0/throws" rethrow
        run -0 "$build/bin/crashpre" show "$(raw_report)"
        [[ $output == *"Thrown first at"*"throws+0x"* ]] || fail "$output"
}

# dies_raw: the same where no helper works.
dies_raw() {
        fresh_reports
        run -134 preloaded "$@"
        raw_is_complete "$(raw_report)"
}

@test "CRASHPRE_THROW_SITES=1: programs run as without it, and 20000 throws in four threads are no trouble" {
        export CRASHPRE_THROW_SITES=1
        faithful_command 0 "$tools/zoo-O0/zoo_cxx" catches
        faithful_command 0 "$tools/zoo-O2/throws" many
        faithful_command 1 "$tools/zoo-O2/throws" rethrow
        faithful_command 1 "$tools/zoo-O2/throws_static" rethrow
        faithful_command 1 "$tools/zoo-O2/plugged" rethrow
        faithful_command 0 "$(zoo)" list
}

@test "without CRASHPRE_THROW_SITES no throw is recorded" {
        dies "$tools/zoo-O0/throws" rethrow
        assert_json "$(the_report)" '.cause.exception | has("thrown_at") | not'
        lacks '^thrown at' "$(raw_report)"
}

# ---- checks of the C++ library's ----

@test "libstdc++'s assertions: file, line, function and condition" {
        local program type=
        ! made_by_clang || type='std::vector::reference ' # it spells the type that is returned
        for ZOO in O0 O2; do
                for program in checks checks_nopie checks_static; do
                        dies "$tools/zoo-$ZOO/$program"
                        assert_json "$(the_report)" '.cause.message | test("^/.*/stl_vector.h:[0-9]+: '"$type"'std::vector<.*operator\\[\\].*: Assertion .__n < this->size\\(\\). failed.$")'
                        assert_json "$(the_report)" '.fault.class == "assertion"'
                        # where the library is linked in its functions have no names in process
                        [ $program = checks_static ] || says "$(raw_message)"
                done
        done
}

@test "libstdc++'s debug mode: what was wrong, with its numbers" {
        for ZOO in O0 O2; do
                dies "$tools/zoo-$ZOO/checks_debug"
                [[ $(raw_message) == */debug/vector:*": Error: attempt to subscript container with out-of-bounds index 6, but container only holds 3 elements" ]] ||
                        fail "$(raw_message)"
                says "$(raw_message)"
        done
}

@test "libc++: type, what() and nested exceptions, as a library and linked in" {
        local llvm=$T/root/usr/lib/llvm-14 program compiler word
        local string="std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> >"
        [ -n "${CHECK_ALL-}" ] || skip "downloads packages: make check-all"
        need clang++ apt-get dpkg
        # Installed, it would drive out libunwind-dev.
        mkdir "$T/debs"
        cd "$T/debs"
        run -0 apt-get download libc++-14-dev libc++1-14 libc++abi-14-dev libc++abi1-14 libunwind-14
        for program in *.deb; do dpkg -x "$program" "$T/root"; done
        compiler="clang++ -std=gnu++17 -O1 -g -pthread -I$root -nostdinc++ -isystem $llvm/include/c++/v1 -nostdlib++ -L$llvm/lib"
        mkdir "$T/zoo-llvm"
        $compiler "$root/tests/zoo/throws.cc" -o "$T/zoo-llvm/shared" -Wl,-rpath,"$llvm/lib" -lc++ -lc++abi
        $compiler "$root/tests/zoo/throws.cc" -o "$T/zoo-llvm/linked" -l:libc++.a -l:libc++abi.a
        tools=$T ZOO=llvm
        for program in shared linked; do
                throws $program std::runtime_error "the message of the exception" runtime-error
                throws $program std::runtime_error "the message of the exception" rethrow
                for word in noexcept rethrow-later; do # what threw has returned: names alone tell, which the raw report may lack
                        dies "$T/zoo-llvm/$program" $word
                        assert_json "$(the_report)" '.cause.kind == "exception" and .cause.exception.what == "the message of the exception"'
                done
                throws $program std::bad_alloc std::bad_alloc bad-alloc
                throws $program "(anonymous namespace)::diamond" "from the end of a diamond" diamond
                throws $program "$string" short string
                throws $program "$string" ssssssssssssssssssssssssssssssssssssssssssssssssss long-string
                dies "$T/zoo-llvm/$program" nested
                assert_json "$(the_report)" '.cause.exception.what == "outermost" and .cause.exception.nested[1].what == "innermost"'
                dies "$T/zoo-llvm/$program" abort-in-catch
                assert_json "$(the_report)" '.cause | has("exception") | not'
        done
        throws shared "(anonymous namespace)::own_what" "made up by the program" own-what
        throws linked "(anonymous namespace)::own_what" - own-what
}
