# SPDX-License-Identifier: MIT
# Programs built with a sanitizer start under crashpre run as they do without; the
# sanitizer's report is unchanged, and crashpre's is added if the run-time permits it.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        unset ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
        cd "$T" || return
        cat >app.c <<'C'
#include <stdlib.h>
#include <string.h>
static void *lost;
__attribute__((noinline)) static int use_after_free(char *p)
{
        free(p);
        return p[3];
}
int main(int argc, char **argv)
{
        const char *what = argc > 1 ? argv[1] : "";
        char *p = malloc(10);
        if (!strcmp(what, "use"))
                return use_after_free(p);
        if (!strcmp(what, "null"))
                *(volatile int *)argv[argc] = 1; /* the terminating NULL */
        if (!strcmp(what, "abort"))
                abort();
        if (!strcmp(what, "leak")) {
                lost = malloc(20);
                lost = NULL;
        }
        free(p);
        return 0;
}
C
}

# made NAME COMPILER FLAG...
made() {
        "$2" -g -O0 -o "$1" app.c "${@:3}" 2>"$T/made" || skip "$2 ${*:3} does not work here"
}

# same NAME WORD: same exit status and the same first line of the sanitizer's report, less numbers.
same() {
        local plain out
        plain=$(timeout 60 ./"$1" "$2" 2>plain.err >/dev/null; echo $?)
        fresh_reports
        out=$(timeout 60 "$build/bin/crashpre" run --dir "$CRASHPRE_DIR" -- ./"$1" "$2" 2>run.err >/dev/null; echo $?)
        [ "$plain" = "$out" ] || { show run.err && fail "$1 $2: ends with $out, without $plain"; } || return 1
        diff <(first_line plain.err) <(first_line run.err) >&2 || { show run.err && fail "$1 $2: another report of the sanitizer"; }
}

first_line() {
        grep -E 'Sanitizer|runtime error' "$1" | head -n 1 | sed -E 's/0x[0-9a-f]+/X/g; s/==[0-9]+==/==/; s/pc X.*//; s/[0-9]+/N/g'
}

# all_of NAME [WORDS]: runs well, and ends as ever.
all_of() {
        local word
        for word in fine use null abort leak; do same "$1" $word || return 1; done
}

@test "AddressSanitizer of gcc: starts, checks for leaks, its report stands and ours is added" {
        made app gcc -fsanitize=address
        all_of app
        same app use
        grep -q 'ERROR: AddressSanitizer: heap-use-after-free' run.err
        good_reports 1
        assert_stack "$(the_report)" use_after_free main
        same app null
        good_reports 1
        same app fine
        nothing_in "$CRASHPRE_DIR"
}

@test "AddressSanitizer of gcc, linked statically: starts, and its report stands" {
        made app gcc -fsanitize=address -static-libasan
        all_of app
}

@test "AddressSanitizer of clang: starts, its report stands and ours is added" {
        need clang
        made app clang -fsanitize=address
        all_of app
        same app use
        good_reports 1
        assert_stack "$(the_report)" use_after_free main
}

@test "LeakSanitizer: reads all data of the library, and finds the leaks of the program alone" {
        made app gcc -fsanitize=leak
        all_of app
        same app leak
        lacks 'fatal error' run.err || { show run.err && fail "it could not look"; }
}

@test "UndefinedBehaviorSanitizer: starts, and a crash is reported" {
        made app gcc -fsanitize=undefined
        for word in fine null abort; do same app $word; done # what a freed block holds is left to chance
        same app null
        good_reports 1
}

@test "ThreadSanitizer: starts, its report stands" {
        made app gcc -fsanitize=thread
        timeout 30 ./app fine || skip "ThreadSanitizer does not run here"
        for word in fine null abort; do same app $word; done
}

@test "ThreadSanitizer and MemorySanitizer of clang: start, their reports stand" {
        need clang
        for kind in thread memory; do
                made app clang -fsanitize=$kind
                timeout 30 ./app fine || continue # not on this kernel
                for word in fine null abort; do same app $word; done
        done
}
