# SPDX-License-Identifier: MIT
# The frames of Python, of every thread, which the helper reads from the memory of the stopped process.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        export CRASHPRE_STDERR=none
        need /usr/bin/python3
}

# threads_script: threads in different kinds of functions, then a crash, or with the argument "dump" what faulthandler prints of them. It
# waits until each thread is in the call where it stays, as far as the interpreter shows it.
threads_script() {
        cat >"$T/café.py" <<'SCRIPT'
import ctypes, faulthandler, sys, threading, time

lock = threading.Lock()
lock.acquire()

class Räuber:
    @classmethod
    def sleep(cls):
        time.sleep(60) # HERE: sleep

    class Inner:
        def method(self):
            (lambda n: [wait(i) for i in range(n)])(1)

def wait(i):
    lock.acquire() # HERE: wait

def generator(n):
    if n:
        yield from generator(n - 1)
    time.sleep( # HERE: generator
        60)
    yield n

def 日本𠀀():
    for x in generator(3):
        pass

def from_c():
    @ctypes.CFUNCTYPE(ctypes.c_int)
    def callback():
        time.sleep(60) # HERE: callback
        return 0
    callback()

def key():
    sorted([3, 2], key=lambda x:
        time.sleep(60)) # HERE: key

def caught():
    try:
        raise ValueError
    except ValueError:
        with lock: # HERE: caught
            pass

def deep(n):
    if n:
        deep(n - 1)
    else:
        time.sleep(60) # HERE: deep

stays = {}
with open(__file__, encoding="utf-8") as file:
    for number, line in enumerate(file, 1):
        if "# HERE: " in line:
            stays[line.rsplit(" ", 1)[1].strip()] = number
targets = {"sleep": Räuber.sleep, "wait": Räuber.Inner().method, "generator": 日本𠀀, "callback": from_c, "key": key, "caught": caught,
           "deep": lambda: deep(20)}
threads = {}
for name in targets:
    threads[name] = threading.Thread(target=targets[name], daemon=True)
    threads[name].start()
end = time.monotonic() + 20
for name in targets: # in the call: the line is reached, and the thread sleeps in the kernel
    while True:
        frame = sys._current_frames().get(threads[name].ident)
        with open(f"/proc/self/task/{threads[name].native_id}/stat") as stat:
            sleeps = stat.read().rsplit(")", 1)[1].split()[0] == "S"
        if frame and frame.f_lineno == stays[name] and sleeps:
            break
        if time.monotonic() > end:
            sys.exit(f"{name} does not arrive")
        time.sleep(0.001)

def crash(n):
    if n:
        return crash(n - 1)
    if "dump" in sys.argv: faulthandler.dump_traceback(all_threads=True)
    ctypes.string_at(0) # HERE: crash

crash(3)
SCRIPT
}

# here WORD: the line of the script with that marker.
here() {
        grep -n "# HERE: $1\$" "$T/café.py" | cut -d: -f1
}

# dies ARGUMENT...: python3 under the preload in a fresh directory; its reports are complete and valid.
dies() {
        fresh_reports
        run "-${STATUS:-139}" --separate-stderr preloaded "${PYTHON:-/usr/bin/python3}" "$@"
        good_reports 1
}

# stacks REPORT: of each thread, in the order of their numbers, the frames in lines "name file line" and then "--". The name is that of
# the function alone.
stacks() {
        jq -r '.threads | sort_by(.tid)[] | (.interpreter.frames[]? | "\(.function | sub(".*[.]"; "")) \(.file) \(.line)"), "--"' "$1"
}

# oracle FILE: the same from the output of faulthandler, which lists the newest thread first. Beyond ASCII it escapes.
oracle() {
        /usr/bin/python3 - "$1" <<'P'
import re, sys
threads = []
for line in open(sys.argv[1], encoding="ascii"):
    found = re.match(r'  File "(.*)", line (\d+) in (.*)', line)
    if re.match("(Current t|T)hread ", line):
        threads.append([])
    elif found:
        name, file = (re.sub(r"\\(x..|u....|U.{8})", lambda m: chr(int(m.group(1)[1:], 16)), found.group(i)) for i in (3, 1))
        threads[-1].append(f"{name} {file} {found.group(2)}")
for frames in reversed(threads):
    print("\n".join(frames + ["--"]))
P
}

# as_faulthandler REPORT FILE: both have the same frames. Where faulthandler was called the thread goes on to the crash.
as_faulthandler() {
        stacks "$1" | grep -v '^string_at ' >"$T/ours"
        oracle "$2" | awk '/^crash / && !done { $NF += 1; done = 1 } { print }' >"$T/its"
        show "$2"
        [ "$(grep -c -- -- "$T/its")" = 8 ]
        diff "$T/its" "$T/ours"
}

@test "every thread has its functions, files and lines, as faulthandler has them" {
        threads_script
        dies "$T/café.py" dump
        printf '%s\n' "$stderr" >"$T/dump"
        as_faulthandler "$(the_report)" "$T/dump"
        assert_json "$(the_report)" '.interpreter == .threads[0].interpreter and .interpreter.language == "python" and .diagnostics == []'
        for name in Räuber.sleep 'Räuber.Inner.method.<locals>.<lambda>' 日本𠀀 'from_c.<locals>.callback' 'key.<locals>.<lambda>' Thread.run; do
                jq -r '.threads[1:][].interpreter.frames[].function' "$(the_report)" | grep -qxF "$name" || fail "$name is missing" || return 1
        done
        run -0 "$build/bin/crashpre" show --all-threads "$(the_report)"
        [[ $output == *"in python:"*"Räuber.sleep at $T/café.py:$(here sleep)"$'\n'*"in python:"*"wait at $T/café.py:$(here wait)"$'\n'* ]] || fail "$output"
        [[ $output == *"Stack of the python program"*"string_at at "*"crash at "* ]] || fail "$output"
}

@test "interpreters of debug builds, and those that are installed beside Debian's, as faulthandler has them" {
        local found=0
        threads_script
        for PYTHON in /usr/bin/python3*-dbg /usr/local/bin/python3.? /usr/local/bin/python3.?? /opt/python*/bin/python3 ~/.pyenv/versions/3.*/bin/python3; do
                "$PYTHON" -c 'import ctypes, sys; sys.exit(not (3, 9) <= sys.version_info < (3, 15))' 2>/dev/null || continue
                dies "$T/café.py" dump
                printf '%s\n' "$stderr" >"$T/dump"
                echo "$PYTHON" >&2
                as_faulthandler "$(the_report)" "$T/dump"
                found=$((found + 1))
        done
        [ $found -gt 0 ] || skip "there is none"
}

@test "a deep recursion: the innermost frames, as many as CRASHPRE_MAX_FRAMES says" {
        cat >"$T/deep.py" <<'SCRIPT'
import ctypes
def deep(n):
    if n == 0:
        ctypes.string_at(0)
    deep(n - 1)
deep(900)
SCRIPT
        dies "$T/deep.py"
        assert_json "$(the_report)" '.interpreter.frames | length == 256 and (.[1] | .function == "deep" and .line == 4) and all(.[2:][]; .line == 5)'
        CRASHPRE_MAX_FRAMES=10 dies "$T/deep.py"
        assert_json "$(the_report)" '.interpreter.frames | length == 10 and .[1].line == 4'
}

@test "a report on request: the frames of every thread, and the program goes on" {
        threads_script
        sed -i 's/^    ctypes.string_at(0).*/    print(ctypes.CDLL(None).crashpre_report(b"asked"))/' "$T/café.py"
        STATUS=0 dies "$T/café.py"
        [ "$output" = 0 ]
        assert_json "$(the_report)" '(.threads | length) == 8 and all(.threads[]; .interpreter.frames | length > 0) and .threads[0].interpreter.frames[0].function == "crash"'
}

@test "a thread that entered a further interpreter: its frames there, then those that called it" {
        cat >"$T/enter.py" <<'SCRIPT'
try:
    import _xxsubinterpreters as interpreters
except ImportError: # since 3.13
    import _interpreters as interpreters
def enter():
    interpreters.run_string(interpreters.create(), """
def inner():
    import os
    os.abort()
inner()
""")
enter()
SCRIPT
        STATUS=134 dies "$T/enter.py"
        assert_json "$(the_report)" '[.interpreter.frames[] | "\(.function) \(.line)"] == ["inner 4", "<module> 5", "enter 6", "<module> 12"]'
}

@test "a file name that is no UTF-8: its bytes are kept" {
        printf 'import ctypes\nctypes.string_at(0)\n' >"$T/"$'caf\xe9.py'
        dies "$T/"$'caf\xe9.py'
        [ "$(json "$(the_report)" '.interpreter.frames[-1].file')" = "$T/caf\\xe9.py" ]
}

@test "the thread pointer is overwritten: the crashed thread is known by its number" {
        /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip "this version has no numbers of threads"
        dies -c 'import ctypes
def overwrite():
    ctypes.CDLL(None).syscall(158, 0x1002, ctypes.c_long(0x414141414000)) # arch_prctl(ARCH_SET_FS)
overwrite()'
        assert_json "$(the_report)" '.interpreter.frames[0] == {"function": "overwrite", "file": "<string>", "line": 3}'
}

@test "attaching is refused: no frames from outside, and no word of them" {
        fresh_reports
        run -139 "$tools/refuse" ptrace env LD_PRELOAD="$preload" /usr/bin/python3 -c 'import ctypes; ctypes.string_at(0)'
        good_reports 1
        assert_json "$(the_report)" '(has("interpreter") | not) and all(.diagnostics[]; .stage != "python")'
}

# ---- damaged interpreters ----

# damages CODE: it runs in a thread beside one that sleeps. `at(address, *words)` overwrites memory; `state`, `interp`, `frame` and `code` are
# addresses of the thread's structures in CPython 3.11. The reports are good, in time.
damages() {
        fresh_reports
        cat >"$T/damage.py" <<SCRIPT
import ctypes, sys, threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
def at(address, *words):
    ctypes.memmove(address, (ctypes.c_ulong * len(words))(*words), 8 * len(words))
def word(address):
    return ctypes.c_ulong.from_address(address).value
api, crash = ctypes.pythonapi, ctypes.memmove
api.PyGILState_GetThisThreadState.restype = ctypes.c_void_p
junk = 0x4141414141414141
def work():
    state = api.PyGILState_GetThisThreadState()
    interp, frame = word(state + 16), word(word(word(state + 56) + 8) + 48) # behind that of word()
    code = word(frame + 32)
    $1
    crash(0, 8, 8)
work()
SCRIPT
        LIMIT=10 run preloaded /usr/bin/python3 "$T/damage.py"
        [ "$status" = 139 ] || [ "$status" = 135 ] || { fail "$1: status $status" "$output" || return 1; } # SIGSEGV or SIGBUS
        good_reports 1 || return 1
        assert_json "$(the_report)" '.threads[0].frames | length > 0'
}

@test "damaged memory of the interpreter: good reports, with what could be read" {
        /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || skip "its damages are those of CPython 3.11"
        damages 'pass'
        assert_json "$(the_report)" '.diagnostics == [] and .interpreter.frames[0].function == "work"'
        damages 'at(frame + 48, frame)' # previous
        assert_json "$(the_report)" '(.interpreter.frames | length) == 1 and any(.diagnostics[]; .stage == "python")'
        damages 'at(frame + 48, junk)'
        assert_json "$(the_report)" '(.interpreter.frames | length) == 1 and any(.diagnostics[]; .stage == "python" and (.message | endswith("memory is corrupted")))'
        damages 'at(word(frame + 48) + 32, frame)' # f_code is no code object
        assert_json "$(the_report)" '(.interpreter.frames | length) == 1 and any(.diagnostics[]; .stage == "python")'
        damages 'at(state + 8, state)' # next
        assert_json "$(the_report)" '[.interpreter.frames[].function] == ["work", "<module>"] and any(.diagnostics[]; .stage == "python")'
        damages 'at(interp, interp)' # next
        assert_json "$(the_report)" '[.interpreter.frames[].function] == ["work", "<module>"] and any(.diagnostics[]; .stage == "python")'
        damages 'at(interp + 16, junk)' # threads.head
        assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "python")'
        damages 'at(code + 128, code)' # co_qualname
        assert_json "$(the_report)" 'any(.diagnostics[]; .stage == "python")'
        damages 'at(word(code + 128) + 16, 1 << 62)' # its length
        damages 'at(word(code + 128) + 16, 1 << 31)'
        damages 'at(word(code + 128) + 32, (1 << 64) - 1)' # its flags
        damages 'at(word(code + 136) + 16, 1 << 62)' # the size of co_linetable
        assert_json "$(the_report)" '.interpreter.frames[0] | .function == "work" and (has("line") | not)'
        damages 'at(word(code + 136) + 32, *[junk] * 4)'
        damages 'at(word(code + 136) + 32, *[(1 << 64) - 1] * 4)'
}

# a_library NAME LINK-OPTION <SOURCE: $T/NAME is one; $T/host loads it and crashes.
a_library() {
        cat >"$T/library.c"
        gcc -shared -fPIC -g -O1 "-Wl,-z,$2" -Wl,--no-as-needed -o "$T/$1" "$T/library.c" || return 1
        cat >"$T/host.c" <<'C'
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv)
{
        volatile int *nowhere = 0;
        if (argc < 2 || !dlopen(argv[1], RTLD_LAZY)) {
                fputs("dlopen failed\n", stderr);
                return 1;
        }
        return *nowhere;
}
C
        gcc -g -O0 -w -o "$T/host" "$T/host.c" -ldl
}

host() {
        fresh_reports
        run -139 preloaded "$T/host" "$1"
        good_reports 1
}

@test "an unknown version: no frames, and a diagnostic that names it" {
        a_library libpython9.9.so lazy <<<'long _PyRuntime[1000]; const unsigned long Py_Version = 0x090900f0;'
        host "$T/libpython9.9.so"
        assert_json "$(the_report)" '.diagnostics == [{"stage": "python", "message": "unknown version of Python: 9.9"}] and (has("interpreter") | not)'
        a_library libpython3.8.so lazy <<<'long _PyRuntime[1000];'
        host "$T/libpython3.8.so"
        assert_json "$(the_report)" '.diagnostics == [{"stage": "python", "message": "unknown version of Python: 3.8"}]'
        a_library libpython3.so lazy <<<'long _PyRuntime[1000];'
        host "$T/libpython3.so"
        assert_json "$(the_report)" '.diagnostics == [{"stage": "python", "message": "unknown version of Python: not given, in libpython3.so"}]'
        a_library libpython3.13.so lazy <<<'const unsigned long Py_Version = 0x030d00a1; long _PyRuntime[1000];'
        host "$T/libpython3.13.so"
        assert_json "$(the_report)" '.diagnostics == [{"stage": "python", "message": "unknown version of Python: 3.13, not released"}]'
        a_library libpython3.14.so lazy <<<'const unsigned long Py_Version = 0x030e00f0; long _PyRuntime[1000] = { 0x7970677562656478, 0x030e00f0, 1 };'
        host "$T/libpython3.14.so"
        assert_json "$(the_report)" '.diagnostics == [{"stage": "python", "message": "unknown version of Python: 3.14, free-threaded"}]'
}

@test "debug offsets that are damaged: no frames, and a diagnostic" {
        for offsets in '0, 0x030d00f0' '0x7970677562656478, 0x030e00f0' '0x7970677562656478, 0x030d00f0, 0, 0, 0, -8' \
                '0x7970677562656478, 0x030d00f0, 0, 0, 0, 0x100000'; do
                a_library libpython3.13.so lazy <<<"const unsigned long Py_Version = 0x030d00f0; long _PyRuntime[1000] = { $offsets };"
                host "$T/libpython3.13.so"
                assert_json "$(the_report)" '.diagnostics | length == 1 and .[0].stage == "python" and (.[0].message | startswith("the Python frames are missing: "))' || return 1
        done
}

# ---- the raw report's section ----

@test "the raw report: the interpreter's own function is called where it was bound at load, and not where a call of it binds lazily" {
        local source='#include <string.h>
#include <unistd.h>
void *PyGILState_GetThisThreadState(void) { return (void *)1; }
void _Py_DumpTraceback(int fd, void *thread) { const char *s = "Stack:\n  File \"/app/main.py\", line 3 in work\n"; write(fd, s, strlen(s)); }'
        a_library libpython3.11.so now <<<"$source"
        host "$T/libpython3.11.so"
        [ "$(raw_section "$(raw_report)" python)" = 'File "/app/main.py", line 3 in work' ] || fail "$(raw_section "$(raw_report)" python)"
        assert_json "$(the_report)" '.interpreter.frames == [{"function": "work", "file": "/app/main.py", "line": 3}]'
        a_library libpython3.11.so lazy <<<"$source"
        host "$T/libpython3.11.so"
        lacks '^\[python\]' "$(raw_report)"
        assert_json "$(the_report)" 'has("interpreter") | not'
}

@test "the loader's data is damaged: the process dies of its fault, and the frames are there" {
        dies -c 'import ctypes
class map(ctypes.Structure):
    _fields_ = [("addr", ctypes.c_void_p), ("name", ctypes.c_char_p), ("dynamic", ctypes.c_void_p), ("next", ctypes.c_void_p)]
libc = ctypes.CDLL(None)
libc.dlopen.restype = ctypes.c_void_p
crash = ctypes.memmove
program = libc.dlopen(None, 1)
ctypes.memset(program + 64, 0x41, 64 * 8) # l_info of struct link_map (glibc, include/link.h)
crash(0, 8, 8)'
        assert_json "$(the_report)" '.interpreter.frames[-1] | .file == "<string>" and .line == 9'
}

# ---- other Debian systems ----

# in_debian SUITE PYTHON: its own interpreter in a root of its own.
in_debian() {
        load roots
        bare_possible
        threads_script
        bare=$(bare_root "$1")
        mkdir "$bare/crashpre" "$bare/reports"
        cp -r "$build/lib" "$build/libexec" "$bare/crashpre"
        cp "$T/café.py" "$bare/café.py"
        "$root/tests/tools/in_root" "$bare" / sh -c 'apt-get -q update && apt-get install -yq --no-install-recommends python3' >"$T/log" 2>&1 ||
                fail "$(tail -n 20 "$T/log")"
        run -139 --separate-stderr "$root/tests/tools/in_root" "$bare" / env CRASHPRE_DIR=/reports CRASHPRE_STDERR=none LD_PRELOAD=/crashpre/lib/libcrashpre.so "$2" /café.py dump
        printf '%s\n' "$stderr" >"$T/dump"
        export CRASHPRE_DIR=$bare/reports
        good_reports 1
        as_faulthandler "$(the_report)" "$T/dump"
        assert_json "$(the_report)" '.diagnostics == []'
}

@test "Debian 11, CPython 3.9: every thread as faulthandler has it" {
        in_debian bullseye python3.9
}

@test "Debian 13, CPython 3.13: every thread as faulthandler has it" {
        in_debian trixie python3.13
}
