# SPDX-License-Identifier: MIT
# crashpre doctor.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD ASAN_OPTIONS # the command checks every CRASHPRE_ variable
        export TMPDIR=$T/tmp
        mkdir "$T/work" "$TMPDIR"
        cd "$T/work" || return
}

doctor() {
        timeout -k 5 60 "$build/bin/crashpre" doctor "$@"
}

# says RESULT CHECK [PATTERN]: the last run printed this.
says() {
        grep -qE "^  $1 +$2  .*${3-}" <<<"$output" || fail "expected: $1 $2 ${3-}" "$output"
}

# mended_by TEXT: a remedy begins with TEXT.
mended_by() {
        grep -qF -e "  -> $1" <<<"$output" || fail "expected the remedy: $1" "$output"
}

# c_program FILE FLAG...: a small program.
c_program() {
        need gcc
        echo 'int add(int a, int b) { return a + b; } int main(int c, char **v) { (void)v; return add(c, -c); }' |
                gcc -x c -o "$1" "${@:2}" - 2>gcc.log || fail "$(<gcc.log)"
}

# doctor_as_nobody [PROGRAM]: doctor as an unprivileged user, in a copy of the directory that this user can access.
doctor_as_nobody() {
        local dir
        dir=$(TMPDIR='' mktemp -d) && cp -a . "$dir/work" && mkdir -m 777 "$dir/tmp" && chmod 755 "$dir" "$dir/work" || return 1
        (cd "$dir/work" && TMPDIR=$dir/tmp timeout 60 setpriv --reuid 65534 --regid 65534 --clear-groups "$build/bin/crashpre" doctor "$@")
        set -- $? "$dir"
        rm -rf "$2"
        return "$1"
}

# a_prefix: a copy of what is installed, in $T/prefix.
a_prefix() {
        mkdir -p "$T/prefix"/{bin,lib,libexec/crashpre}
        cp "$build/bin/crashpre" "$T/prefix/bin"
        cp "$preload" "$T/prefix/lib"
        cp "$helper" "$T/prefix/libexec/crashpre"
}

@test "doctor: if everything works, each check is ok, no file is left behind, status 0" {
        run -0 --separate-stderr doctor
        for check in library helper yama seccomp ptrace memory stack settings directory cores debug; do says "(ok|warn)" $check; done
        says ok trial 'left both reports, [0-9]+ frames'
        says ok helper 'of the same build'
        [ -z "$stderr" ] || fail "$stderr"
        [[ $output == *"crashpre works here"* ]] || fail "$output"
        nothing_in "$TMPDIR"
        nothing_in "$T/work"
}

@test "doctor: ptrace refused by a seccomp filter: reported with a remedy, status 1" {
        run -1 "$tools/refuse" ptrace "$build/bin/crashpre" doctor
        says ok seccomp '1 filter installed'
        says FAIL ptrace 'Operation not permitted.*only the crashing thread'
        says warn trial 'cannot attach'
        mended_by "docker run --cap-add=SYS_PTRACE"
        [[ ${lines[-1]} == "1 thing will not work; 1 warning" ]] || fail "$output"
        run -1 "$tools/refuse" 'ptrace!' "$build/bin/crashpre" doctor
        says FAIL ptrace 'killed'
        says warn trial 'only the raw report was used'
        nothing_in "$TMPDIR"
}

@test "doctor: memory that cannot be copied is a warning, status 0" {
        run -0 "$tools/refuse" process_vm_readv "$build/bin/crashpre" doctor
        says ok ptrace
        says warn memory 'process_vm_readv.*Operation not permitted'
}

@test "doctor: settings that are invalid or do not exist" {
        CRASHPRE_BOGUS=1 CRASHPRE_TIMEOUT=soon run -0 doctor
        says warn settings 'CRASHPRE_BOGUS: no such setting'
        says warn settings 'CRASHPRE_TIMEOUT=soon: expected a number'
        mended_by "unset CRASHPRE_BOGUS"
        mended_by "unset CRASHPRE_TIMEOUT"
        CRASHPRE_ENABLED=0 run -1 doctor
        says FAIL settings 'nothing is reported'
        says ok trial
}

@test "doctor: a helper that is missing, is another program, or is of another build" {
        CRASHPRE_HELPER=$T/nothing run -1 doctor
        says FAIL helper "$T/nothing: No such file"
        says FAIL trial 'only the raw report; the helper: not started: execve'
        mended_by "unset CRASHPRE_HELPER"
        CRASHPRE_HELPER=/bin/true run -1 doctor
        says FAIL helper 'is not a helper'
        CRASHPRE_HELPER=$(a_helper other <<<'[ "$1" = --version ] && echo "crashpre-helper 9.9 (commit abc)" || exec "$HELPER"') run -0 doctor
        says warn helper 'is 9.9 \(commit abc\), this command'
        says ok trial
}

@test "doctor: a library that is missing, is broken, or is of another build" {
        a_prefix
        run -0 "$T/prefix/bin/crashpre" doctor
        says ok library "$T/prefix/lib/libcrashpre.so"
        LC_ALL=C sed -i 's/\nversion: \([0-9]\)/&/; s/ (commit [^)]/ (commit Z/g' "$T/prefix/lib/libcrashpre.so"
        run -0 "$T/prefix/bin/crashpre" doctor
        says warn version 'the library is .*commit Z'
        echo nonsense >"$T/prefix/lib/libcrashpre.so"
        run -1 "$T/prefix/bin/crashpre" doctor
        says FAIL trial 'left no report: .*(invalid ELF|too short|cannot be preloaded)'
        rm "$T/prefix/lib/libcrashpre.so"
        run -1 "$T/prefix/bin/crashpre" doctor
        says FAIL library 'No such file'
        mended_by "make install"
        mkdir "$T/a b"
        mv "$T/prefix" "$T/a b"
        cp "$preload" "$T/a b/prefix/lib"
        run -1 "$T/a b/prefix/bin/crashpre" doctor
        says FAIL library 'blank or colon'
}

@test "doctor: the report directory" {
        CRASHPRE_DIR=$T/a/b/c run -0 doctor
        says ok directory "$T/a/b/c is writable; it will be created"
        [ ! -e "$T/a" ] || fail "made it"
        CRASHPRE_DIR=- run -0 doctor
        says ok directory 'stderr'
        touch file
        CRASHPRE_DIR=$PWD/file/sub run -1 doctor
        says FAIL directory
        mended_by 'export CRASHPRE_DIR='
        [ "$(id -u)" = 0 ] || return 0
        need setpriv
        mkdir -m 755 closed
        CRASHPRE_DIR=closed run -1 doctor_as_nobody
        says FAIL directory 'closed: Permission denied'
        mended_by 'export CRASHPRE_DIR='
}

@test "doctor: a program with everything" {
        c_program app -g
        run -0 doctor ./app
        says ok program "$T/work/app: dynamically linked"
        says ok unwinding '.eh_frame \([0-9]+ functions\)'
        says ok symbols
        says ok lines 'from the program itself'
        says ok build-id "$(file_build_id app)"
        PATH=$T/work:$PATH run -0 doctor app
        says ok program "$T/work/app"
}

file_build_id() {
        readelf -n "$1" | sed -n 's/.*Build ID: //p'
}

@test "doctor: a program that is stripped, without build-id, without unwind tables" {
        c_program app -g -Wl,--build-id=none
        run -0 doctor ./app
        says warn build-id none
        strip app
        run -0 doctor ./app
        says warn symbols stripped
        says warn lines 'no debug information'
        mended_by "build with -g"
        # The C run-time's objects contain tables: the section must be removed.
        objcopy -R .eh_frame -R .eh_frame_hdr app bare
        run -0 doctor ./bare
        says warn unwinding 'no .eh_frame: stacks are unwound by frame pointers'
        c_program flat -O2 -fomit-frame-pointer
        objcopy -R .eh_frame -R .eh_frame_hdr flat
        run -0 doctor ./flat
        says warn unwinding 'neither .eh_frame nor frame pointers'
}

@test "doctor: separate debug files, by build-id and by link" {
        c_program app -g
        id=$(file_build_id app)
        mkdir -p "debug/.build-id/${id:0:2}"
        objcopy --only-keep-debug app "debug/.build-id/${id:0:2}/${id:2}.debug"
        strip app
        run -0 doctor ./app
        says warn symbols stripped
        CRASHPRE_DEBUG_DIR=$PWD/debug run -0 doctor ./app
        says ok symbols 'separate debug file'
        says ok lines "separate debug file: $PWD/debug/.build-id/${id:0:2}/${id:2}.debug"
        c_program other -g
        objcopy --only-keep-debug other other.debug
        objcopy --strip-all --add-gnu-debuglink=other.debug other
        run -0 doctor ./other
        says ok lines "separate debug file: $PWD/other.debug"
        echo changed >>other.debug
        objcopy --remove-section .note.gnu.build-id other.debug
        run -0 doctor ./other
        says warn lines 'no debug information'
}

@test "doctor: what cannot be preloaded" {
        c_program static -static
        run -1 doctor ./static
        says FAIL program 'statically linked'
        mended_by 'link it without -static'
        c_program pie -static-pie
        run -1 doctor ./pie
        says FAIL program 'statically linked'
        c_program app
        cp app small
        printf '\1' | dd of=small bs=1 seek=4 conv=notrunc status=none # EI_CLASS
        run -1 doctor ./small
        says FAIL program '32 bits'
        cp app foreign
        printf '\267' | dd of=foreign bs=1 seek=18 conv=notrunc status=none # e_machine: aarch64
        run -1 doctor ./foreign
        says FAIL program 'another processor'
        echo text >text
        run -1 doctor ./text
        says FAIL program 'neither an ELF file nor a script'
        head -c 100 app >short
        run -1 doctor ./short
        mkfifo fifo
        run -1 doctor ./fifo
        says FAIL program
        run -1 doctor ./nothing
        says FAIL program 'No such file'
        run -1 doctor no-such-command
        says FAIL program 'not in PATH'
        chmod -x app
        run -1 doctor ./app
        mended_by "chmod +x '$PWD/app'"
}

@test "doctor: a program linked with musl loads the library" {
        need musl-gcc
        echo 'int main(void) { return 0; }' | musl-gcc -x c -o app -
        run -0 doctor ./app
        says ok program 'app: dynamically linked'
}

@test "doctor: set-user-ID" {
        [ "$(id -u)" = 0 ] || skip "needs root"
        need setpriv
        c_program app
        chmod u+s app
        run -0 doctor ./app
        says ok rights
        run -1 doctor_as_nobody ./app
        says FAIL rights 'set-user-ID'
}

@test "doctor: AddressSanitizer" {
        c_program app -fsanitize=address
        run -0 doctor ./app
        says warn sanitizer 'refuses a bare LD_PRELOAD'
        mended_by 'export ASAN_OPTIONS=verify_asan_link_order=0'
        ASAN_OPTIONS=verify_asan_link_order=0 run -0 doctor ./app
        says ok sanitizer
        c_program static -fsanitize=address -static-libasan
        run -0 doctor ./static
        says ok sanitizer "writes its own report"
}

@test "doctor: a program with Go's run-time, detected by its sections" {
        c_program app
        echo x >x
        objcopy --add-section .note.go.buildid=x app go
        run -0 doctor ./go
        says warn runtime 'crashes in C are reported only before its handlers run'
        mended_by 'export CRASHPRE_CHAIN=first'
        CRASHPRE_CHAIN=first run -0 doctor ./go
        says ok runtime
        c_program app -static
        objcopy --add-section .go.buildinfo=x app go
        run -1 doctor ./go
        mended_by 'CGO_ENABLED=1 go build'
}

@test "doctor: a script: its interpreter is checked" {
        printf '#!/usr/bin/env -S bash -e\n' >script
        printf '#!%s/script\n' "$PWD" >outer
        chmod +x script outer
        run -0 doctor ./outer
        says ok program 'is a script, run by bash, which is checked'
        says ok program "$(realpath "$(command -v bash)"): dynamically linked"
        printf '#!%s/loop\n' "$PWD" >loop
        run -1 doctor ./loop
        says FAIL program 'scripts that run scripts'
}

@test "doctor: --json has what the lines have" {
        c_program app -g
        doctor --json ./app >out
        assert_json out 'all(.[]; has("about") and has("check") and has("message") and (.result | IN("ok", "warn", "fail")))'
        assert_json out 'any(.[]; .about == "system" and .check == "ptrace") and any(.[]; .about == "program" and .check == "build-id")'
        [ "$(jq length out)" = "$(doctor ./app | grep -cE '^  (ok|warn|FAIL) ')" ] || fail "$(<out)"
        run -1 doctor --json ./nothing
        jq -e 'any(.[]; .result == "fail")' <<<"$output" >/dev/null || fail "$output"
        checks=$(jq -r '.[].check' out)
        [ "$(wc -w <<<"$checks")" -ge 5 ] || fail "$checks"
        for check in $checks; do
                grep -qE "^\.It Sy .*\<$check\>" "$root/man/crashpre-doctor.1" || fail "$check is not in the manual" || return 1
        done
}

@test "doctor: names cannot move the cursor; wrong usage is 2" {
        run -1 doctor $'./evil\e[2J\nname'
        LC_ALL=C lacks '[^ -~]' <<<"$output" || fail "$output"
        run -2 doctor a b
        run -2 doctor --bogus
        run -2 doctor ""
        run -0 --separate-stderr doctor --help
        [[ $output == "usage: crashpre doctor "* && -z $stderr ]] || fail "$output $stderr"
}
