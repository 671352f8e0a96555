#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Runtimes that use signals, or install handlers: they work as without, and fatal signals
# are reported.

bats_require_minimum_version 1.5.0

setup() {
        load helpers
        export CRASHPRE_DIR="$BATS_TEST_TMPDIR/reports" CRASHPRE_STDERR=none
        cd "$BATS_TEST_TMPDIR" || return 1
}

# needs COMMAND PACKAGE
needs() {
        command -v "$1" >/dev/null || skip "package $2 is not installed"
}

# alike COMMAND...: the same output and status with the preload as without, and no report.
alike() {
        local plain=0 with=0
        "$@" >plain.out 2>/dev/null || plain=$?
        LIMIT=120 preloaded "$@" >with.out 2>/dev/null || with=$?
        diff plain.out with.out
        [ "$plain" = "$with" ]
        [ ! -d "$CRASHPRE_DIR" ]
}

java_program() {
        cat >Life.java <<'END'
public class Life {
        String text;

        static int length(Life l)
        {
                return l.text.length();
        }

        static int deeper(int n)
        {
                return deeper(n + 1) + 1;
        }

        public static void main(String[] args) throws Exception
        {
                int nulls = 0, divisions = 0;

                for (int i = 0; i < 200000; i++) {
                        Life l = new Life();

                        l.text = i % 3 == 0 ? null : "x";
                        try {
                                nulls += length(l);
                        } catch (NullPointerException e) { // an implicit check: a SIGSEGV
                                nulls += 2;
                        }
                        try {
                                divisions += 10 / (i % 2); // a SIGFPE
                        } catch (ArithmeticException e) {
                                divisions++;
                        }
                }
                System.out.println(nulls + " " + divisions);
                try {
                        deeper(0);
                } catch (StackOverflowError e) { // a guard page of the runtime's own
                        System.out.println("overflow");
                }
                if (args.length == 0)
                        return;
                var field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
                field.setAccessible(true);
                ((sun.misc.Unsafe) field.get(null)).putAddress(0, 0);
        }
}
END
        javac -nowarn Life.java 2>/dev/null
}

@test "OpenJDK: null checks, divisions and overflows by signals go on unseen" {
        needs javac default-jdk-headless
        java_program
        alike java Life
        grep -q overflow with.out
}

@test "OpenJDK: a real crash has the JVM's own hs_err file and our report, through its handler to the fault" {
        needs javac default-jdk-headless
        java_program
        LIMIT=120 run -134 preloaded java -XX:ErrorFile=hs_err.log Life crash
        grep -q SIGSEGV hs_err.log
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '.threads[0].unwind_end == "end-of-stack"'
        assert_json "$(the_report)" '.threads[0].frames | any(.function // "" | startswith("Unsafe_Put"))'
        assert_json "$(the_report)" '.threads[0].frames[-1].function | startswith("clone3") or startswith("__clone3") or startswith("__GI___clone3")'
        assert_json "$(the_report)" '.threads | length > 5'
}

@test "node: workers and the garbage collector are as before; process.abort() is reported" {
        needs node nodejs
        alike node -e '
                const { Worker } = require("worker_threads");
                const w = new Worker("require(\"worker_threads\").parentPort.postMessage(Array.from({ length: 1e5 }, (_, i) => [i]).length)", { eval: true });
                w.on("message", m => console.log(m));'
        [ "$(cat with.out)" = 100000 ]
        LIMIT=60 run -134 preloaded node -e 'process.abort()'
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '.threads[0].unwind_end == "end-of-stack" and (.threads | length) > 5'
}

go_program() {
        cat >main.go <<'END'
package main

/*
static void crash(void) { *(volatile int *)0 = 1; }
*/
import "C"
import (
        "fmt"
        "os"
)

func recovered() (r string) {
        defer func() { r = fmt.Sprint(recover()) }()
        var p *int
        *p = 1
        return "no"
}

func main() {
        for i := 0; i < 1000; i++ {
                recovered()
        }
        fmt.Println(recovered())
        done := make(chan int)
        for i := 0; i < 20; i++ {
                go func() {
                        s := 0
                        for j := 0; j < 1000000; j++ {
                                s += j
                        }
                        done <- s
                }()
        }
        for i := 0; i < 20; i++ {
                <-done
        }
        if len(os.Args) > 1 {
                C.crash()
        }
}
END
        GO111MODULE=off GOCACHE="$BATS_TEST_TMPDIR/cache" go build -o gotest main.go
}

@test "Go with cgo: nil dereferences are panics, preemption by signals works" {
        needs go golang-go
        go_program
        alike ./gotest
        grep -q 'nil pointer dereference' with.out
}

@test "Go with cgo: a crash in C ends as it does without; with GOTRACEBACK=crash it is reported" {
        needs go golang-go
        go_program
        run -2 preloaded ./gotest crash
        GOTRACEBACK=crash run -134 preloaded ./gotest crash
        valid_reports "$(the_report)"
        assert_json "$(the_report)" '.cause.kind == "abort"'
}

@test "Go with cgo: a crash in C is reported before Go's run-time ends the process by a bare system call, with CRASHPRE_CHAIN=first" {
        needs go golang-go
        go_program
        export CRASHPRE_CHAIN=first CRASHPRE_MAX_FRAMES=20
        run -2 preloaded ./gotest crash
        valid_reports "$CRASHPRE_DIR"/crash-*.json
        [ "$(reports .json)" = 10 ] # the panics before it use up the ten; a program without any gets to its crash
        rm -r "$CRASHPRE_DIR"
        sed -i 's/i < 1000/i < 0/; s/fmt.Println(recovered())//; s/^func recovered.*/func recovered() (r string) {/' main.go
        GO111MODULE=off GOCACHE="$BATS_TEST_TMPDIR/cache" go build -o gotest main.go
        run -2 preloaded ./gotest crash
        [ "$(reports .json)" = 1 ]
        assert_json "$(the_report)" '.threads[0].frames | any(.function // "" | test("crash"))'
        assert_json "$(the_report)" '.fault.class == "null-dereference"'
}

# faulty NAME CODE: python with its faulthandler, with and without the preload: same status, same text but for addresses and threads' ids.
faulty() {
        local plain=0 with=0
        printf 'import faulthandler, signal, sys, threading, time, os\n%s\n' "$2" >"$1.py"
        timeout 30 python3 "$1.py" >"$1.plain" 2>&1 || plain=$?
        timeout 30 env LD_PRELOAD="$preload" python3 "$1.py" >"$1.with" 2>&1 || with=$?
        sed -i 's/0x[0-9a-f]*/ADDRESS/g; s/Timeout ([0-9:.]*)/Timeout/' "$1.plain" "$1.with"
        diff "$1.plain" "$1.with"
        [ "$plain" = "$with" ] || fail "$1: $plain without, $with with us"
}

@test "python's faulthandler, every fault it knows: its text and status stand, and each is one report" {
        need python3
        n=0
        for fault in _sigsegv _sigabrt _sigfpe _read_null _stack_overflow; do
                n=$((n + 1))
                faulty $fault "faulthandler.enable(all_threads=True); faulthandler.$fault()"
                grep -q 'most recent call first' $fault.with
                [ "$(reports .json)" = $n ] || fail "$fault: no report, or more than one"
        done
        faulty thread 'faulthandler.enable()
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
import ctypes
t = threading.Thread(target=ctypes.string_at, args=(0,)); t.start(); t.join()'
        [ "$(reports .json)" = 6 ]
        valid_reports "$CRASHPRE_DIR"/crash-*.json
}

@test "python's faulthandler, its timer and its user signals: as without us, no report" {
        need python3
        faulty later 'faulthandler.dump_traceback_later(0.2, repeat=False); time.sleep(1); print("went on")'
        grep -q Timeout later.with
        faulty exits 'faulthandler.dump_traceback_later(0.2, exit=True); time.sleep(20)'
        faulty registered 'faulthandler.register(signal.SIGUSR1, all_threads=True, chain=False)
faulthandler.register(signal.SIGUSR2, chain=True)
signal.signal(signal.SIGUSR2, lambda *a: print("chained", flush=True))
faulthandler.register(signal.SIGUSR2, chain=True)
os.kill(os.getpid(), signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR2)
faulthandler.unregister(signal.SIGUSR1)
faulthandler.enable(); faulthandler.disable()
print(signal.getsignal(signal.SIGSEGV), faulthandler.is_enabled())'
        faulty caught 'signal.signal(signal.SIGSEGV, lambda *a: print("caught", flush=True))
os.kill(os.getpid(), signal.SIGSEGV)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
os.kill(os.getpid(), signal.SIGSEGV)
print(signal.sigpending(), signal.sigwait({signal.SIGSEGV}), signal.pthread_sigmask(signal.SIG_BLOCK, []))'
        [ ! -d "$CRASHPRE_DIR" ]
}

@test "ruby: its own bug report stands, and ours is added" {
        needs ruby ruby
        alike ruby -e 'puts (1..1000).map { |i| Thread.new { i } }.sum(&:value)'
        LIMIT=60 run -134 --separate-stderr preloaded ruby -e 'Process.kill(:SEGV, $$); sleep 10'
        [[ "$stderr" == *'[BUG] Segmentation fault'* ]]
        valid_reports "$(the_report)"
}

@test "chromium: a page is rendered by all its processes, and nothing is reported" {
        needs chromium chromium
        alike chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                --disable-component-update --disable-sync --user-data-dir="$BATS_TEST_TMPDIR/profile" \
                --dump-dom 'data:text/html,<h1 id=x></h1><script>document.getElementById("x").textContent = 6 * 7</script>'
        grep -q '<h1 id="x">42</h1>' with.out
}
