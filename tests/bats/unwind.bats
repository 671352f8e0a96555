#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# unwind/ on live processes, by build/tests/frames: names from all sources, unusual
# modules.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        frames=$tools/frames
        cd "$T" || return 1
        cat >program.c <<'EOF'
#include <stdio.h>
#include <unistd.h>
__attribute__((noinline)) static void inner_wait(void)
{
        for (;;)
                pause();
}
__attribute__((noinline)) static int outer_call(int x)
{
        inner_wait();
        return x + 1;
}
int main(int argc, char **argv)
{
        puts(argv[0]);
        fflush(stdout);
        return outer_call(argc) * 2;
}
EOF
}

teardown() {
        [ -z "$pid" ] || { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
}

compile() {
        gcc -g -O1 -fno-optimize-sibling-calls -Wl,--build-id "$@" program.c
}

# begin PROGRAM...: runs it until it has said that it is ready; its process is $pid.
begin() {
        "$@" >out 2>&1 3>&- &
        pid=$!
        wait_until 10 test -s out
        wait_until 10 grep -q '^[SR]' <(sed 's/.*) //' "/proc/$pid/stat")
}

# names [OPTION...]: the functions of the first thread's frames, innermost first, in one line.
names() {
        "$frames" --symbols "$@" "$pid" | awk '$1 != "#" { printf "%s ", $5 }'
}

named() {
        local got
        got=$(names "$@")
        [[ $got == *"inner_wait outer_call main "* ]] || fail "names are: $got"
}

not_named() {
        local got
        got=$(names "$@")
        [[ $got != *outer_call* ]] || fail "names are: $got"
}

@test "a program with its symbol table" {
        compile -o full
        begin ./full
        named --debug-dirs /none
}

@test "a stripped program, its debug file found by build-id" {
        compile -o full
        id=$(readelf -n full | awk '/Build ID/ { print $3 }')
        mkdir -p "debug/.build-id/${id:0:2}"
        objcopy --only-keep-debug full "debug/.build-id/${id:0:2}/${id:2}.debug"
        strip -o stripped full
        begin ./stripped
        not_named --debug-dirs /none
        named --debug-dirs "/none:$T/debug"
}

@test "a debug file of another build is refused" {
        compile -o full
        id=$(readelf -n full | awk '/Build ID/ { print $3 }')
        mkdir -p "debug/.build-id/${id:0:2}"
        compile -DOTHER -O2 -o other
        cp other "debug/.build-id/${id:0:2}/${id:2}.debug"
        strip -o stripped full
        begin ./stripped
        not_named --debug-dirs "$T/debug"
}

# hostile_link PROGRAM: it has no build-id, and its debug file, found by name, has 200 GB.
hostile_link() {
        printf '%s\n' 'int main(void) { __asm__ volatile("movl $0, (%%rax)" :: "a"(0)); }' >"$T/$1.c"
        gcc -g -Wl,--build-id=none -o "$1" "$T/$1.c"
        objcopy --only-keep-debug "$1" "$1.debug"
        strip "$1"
        objcopy --add-gnu-debuglink="$1.debug" "$1"
        truncate -s 200G "$1.debug" || skip "no sparse file of 200 GB"
}

# named_in_time: the crash took less than half of the 8 s, and only the program itself lacks names.
named_in_time() {
        local before after
        before=$(date +%s%N)
        CRASHPRE_TIMEOUT=8 run -139 preloaded "./$1"
        after=$(date +%s%N)
        [ $((after - before)) -lt 5000000000 ] || fail "$(((after - before) / 1000000)) ms"
        assert_json "$(the_report)" '[.threads[0].frames[].function] | any(.[]; . and startswith("__libc_start"))'
        assert_json "$(the_report)" "[.diagnostics[].message] | any(test(\"$2\"))"
}

@test "a debug file that is far larger than its sections is ignored, and named" {
        cd "$T"
        fresh_reports
        hostile_link sparse
        named_in_time sparse '/sparse[.]debug: ignored, since it is far larger than its sections'
}

@test "a debug file whose CRC cannot be computed in time is ignored: other modules have their names" {
        cd "$T"
        fresh_reports
        hostile_link huge
        # The size of its last section, in the table at e_shoff: 160 GB, which is all of the file.
        local table count
        table=$(readelf -h huge.debug | sed -n 's/.*Start of section headers: *\([0-9]*\).*/\1/p')
        count=$(readelf -h huge.debug | sed -n 's/.*Number of section headers: *\([0-9]*\).*/\1/p')
        printf '\0\0\0\0\50\0\0\0' | dd of=huge.debug bs=1 seek=$((table + (count - 1) * 64 + 32)) conv=notrunc status=none
        truncate -s 163841M huge.debug
        named_in_time huge '/huge[.]debug: ignored, since it is too large to compute its CRC in time'
}

@test ".gnu_debugdata that cannot be unpacked in time is ignored: other modules have their names" {
        need xz
        cd "$T"
        fresh_reports
        printf '%s\n' 'int main(void) { __asm__ volatile("movl $0, (%%rax)" :: "a"(0)); }' >bomb.c
        gcc -s -o bomb bomb.c
        head -c 255M /dev/zero | xz -0 >bomb.xz
        objcopy --add-section .gnu_debugdata=bomb.xz bomb
        CRASHPRE_TIMEOUT=1 run -139 preloaded ./bomb
        assert_json "$(the_report)" '[.threads[0].frames[].function] | any(.[]; . and startswith("__libc_start"))'
        assert_json "$(the_report)" '[.diagnostics[].message] | any(test("/bomb: .gnu_debugdata is ignored, since it could not be unpacked in time"))'
}

@test "a debug file named by .gnu_debuglink: beside the program, in .debug, below the debug directory" {
        compile -Wl,--build-id=none -o full
        objcopy --only-keep-debug full stripped.debug
        strip -o stripped full
        objcopy --add-gnu-debuglink=stripped.debug stripped
        begin ./stripped
        named --debug-dirs /none
        mkdir .debug
        mv stripped.debug .debug/
        named --debug-dirs /none
        mkdir -p "global$T"
        mv .debug/stripped.debug "global$T/"
        not_named --debug-dirs /none
        named --debug-dirs "$T/global"
        echo more >>"global$T/stripped.debug"
        not_named --debug-dirs "$T/global" # its CRC is another now
}

@test "symbols in .gnu_debugdata" {
        need xz
        compile -o full
        objcopy --only-keep-debug full mini
        strip --strip-debug mini
        xz mini
        strip -o stripped full
        objcopy --add-section .gnu_debugdata=mini.xz stripped
        begin ./stripped
        named --debug-dirs /none
}

@test "a program that was deleted, and one put in its place" {
        [ "$(id -u)" = 0 ] || skip "opening /proc/PID/map_files takes root"
        compile -o full
        cp full doomed
        begin ./doomed
        rm doomed
        named --debug-dirs /none
        compile -O2 -o doomed
        named --debug-dirs /none
        run "$frames" --symbols "$pid"
        [[ $output == *"doomed: the file was deleted since it was loaded"* ]]
}

@test "a deleted program that cannot be opened any more: exported names from its memory" {
        [ "$(id -u)" = 0 ] || skip "changing the user takes root"
        compile -rdynamic -o full
        chmod 755 "$T"
        cp full doomed
        begin setpriv --reuid 65534 --clear-groups ./doomed
        rm doomed
        run setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$frames" --symbols "$pid"
        [[ $output == *" cfi main"* ]]
}

@test "a program under another root directory" {
        [ "$(id -u)" = 0 ] || skip "chroot takes root"
        compile -static -o full
        mkdir -p root/opt
        cp full root/opt/program
        compile -O2 -static -o other # what stands at that path in our root
        begin chroot "$T/root" /opt/program
        named --debug-dirs /none
}

@test "a library loaded twice by dlmopen is two modules" {
        cat >lib.c <<'EOF'
#include <unistd.h>
__attribute__((noinline)) static void wait_in_library(void)
{
        for (;;)
                pause();
}
void *enter(void *arg)
{
        wait_in_library();
        return arg;
}
EOF
        cat >twice.c <<'EOF'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
        for (int i = 0; i < 2; i++) {
                void *lib = dlmopen(i ? LM_ID_NEWLM : LM_ID_BASE, "./lib.so", RTLD_NOW);
                void *(*enter)(void *) = (void *(*)(void *))dlsym(lib, "enter");
                pthread_t id;

                pthread_create(&id, NULL, enter, NULL);
        }
        puts("ready");
        fflush(stdout);
        pause();
}
EOF
        gcc -g -shared -fPIC -o lib.so lib.c
        gcc -g -D_GNU_SOURCE -o twice twice.c -pthread -ldl
        begin ./twice
        both_there() { [ "$("$frames" --symbols "$pid" | grep -c ' wait_in_library')" = 2 ]; }
        wait_until 10 both_there
        "$frames" --symbols "$pid" | awk '$5 == "enter" { print $3 }' | sort -u >pcs
        [ "$(wc -l <pcs)" = 2 ]
}

@test "a library inside an archive" {
        cat >lib.c <<'EOF'
#include <unistd.h>
__attribute__((noinline)) static void wait_in_archive(void)
{
        for (;;)
                pause();
}
void enter(void)
{
        wait_in_archive();
}
EOF
        # Loads lib.so from the middle of a file as Android's linker does: each segment by mmap at its offset.
        cat >loader.c <<'EOF'
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
        int fd = open("archive", O_RDONLY);
        const long start = 8192;
        Elf64_Ehdr e;
        Elf64_Phdr p[16];
        char *base = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (pread(fd, &e, sizeof(e), start) != sizeof(e) || e.e_phnum > 16 ||
            pread(fd, p, sizeof(p[0]) * e.e_phnum, start + e.e_phoff) < 0)
                return 1;
        for (int i = 0; i < e.e_phnum; i++) {
                long vaddr = p[i].p_vaddr & ~4095l, offset = p[i].p_offset & ~4095l;

                if (p[i].p_type == PT_LOAD)
                        mmap(base + vaddr, p[i].p_filesz + (p[i].p_vaddr - vaddr),
                             PROT_READ | (p[i].p_flags & PF_X ? PROT_EXEC : 0) | (p[i].p_flags & PF_W ? PROT_WRITE : 0),
                             MAP_PRIVATE | MAP_FIXED, fd, start + offset);
        }
        puts("ready");
        fflush(stdout);
        ((void (*)(void))(base + ENTER))();
        return 0;
}
EOF
        gcc -g -O1 -fno-optimize-sibling-calls -shared -nostdlib -fPIC -fno-plt -o lib.so -x c - <<'EOF'
__attribute__((noinline)) static void wait_in_archive(void)
{
        for (;;)
                __asm__ volatile("syscall" : : "a"(34) : "rcx", "r11", "memory");
}
void enter(void)
{
        wait_in_archive();
        __asm__ volatile("");
}
EOF
        { head -c 8192 /dev/zero; cat lib.so; } >archive
        gcc -g -DENTER="0x$(nm lib.so | awk '$3 == "enter" { print $1 }')" -o loader loader.c
        begin ./loader
        got=$(names --debug-dirs /none)
        [[ $got == "wait_in_archive enter main "* ]] || fail "names are: $got"
}

# hidden_c: functions with 512 bytes of stack between the return addresses, more than a scan of the stack looks at.
hidden_c() {
        cat >hidden.c <<'EOF'
#include <unistd.h>
extern void leaf(char *p);
__attribute__((noinline)) int hidden(int n)
{
        char room[512];

        if (n)
                return hidden(n - 1) + 1;
        leaf(room);
        return room[0];
}
__attribute__((noinline)) void leaf(char *p)
{
        for (p[0] = 0;;)
                pause();
}
EOF
        sed -i 's/outer_call(argc)/hidden(argc + 2)/; s/^#include <stdio.h>/&\nint hidden(int n);/; s/__attribute__((noinline)) static int outer/__attribute__((unused)) static int outer/' program.c
}

@test "frames that only .debug_frame describes" {
        hidden_c # no .eh_frame, no frame pointer, and a loop that lowers the stack, so that the code does not tell by how much
        sed -i 's/room\[512\]/room[65536]/' hidden.c
        gcc -g -O1 -fstack-clash-protection -fomit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-exceptions -c hidden.c
        gcc -g -O1 -o hidden program.c hidden.o
        begin ./hidden
        got=$(names --engine own --debug-dirs /none)
        [[ $got == *"leaf hidden hidden hidden hidden main "* ]] || fail "names are: $got"
        kill -KILL "$pid"
        strip --strip-debug hidden # without .debug_frame the same stack is lost: the test tests something
        begin ./hidden
        got=$(names --engine own --debug-dirs /none)
        [[ $got != *"hidden hidden hidden hidden main "* ]] || fail "names are: $got"
}

@test "frames of a program without .eh_frame_hdr: .eh_frame is found by its file" {
        hidden_c
        gcc -g -O1 -fomit-frame-pointer -Wl,--no-eh-frame-hdr -o hidden program.c hidden.c
        [ -z "$(readelf -lW hidden | grep GNU_EH_FRAME)" ] || fail "the linker made the header all the same"
        begin ./hidden
        got=$(names --engine own --debug-dirs /none)
        [[ $got == *"leaf hidden hidden hidden hidden main "* ]] || fail "names are: $got"
}

@test "both engines agree on a program with threads, signals and callbacks" {
        need /usr/bin/python3
        /usr/bin/python3 -c '
import threading, time, hashlib
def deep(n):
    if n:
        return deep(n - 1)
    while True:
        hashlib.sha256(b"x" * 100000).hexdigest()
        sorted(range(100), key=lambda x: -x)
for i in range(3):
    threading.Thread(target=deep, args=(10 * i,), daemon=True).start()
print("ready", flush=True)
deep(5)' >out 2>&1 3>&- &
        pid=$!
        wait_until 10 test -s out
        for _ in 1 2 3 4 5; do
                run "$frames" --engine both "$pid"
                [ "$status" = 0 ]
                [[ $output != *libunwind* ]] || fail "$output"
                [ "$(grep -c ': end-of-stack' <<<"$output")" = 4 ] || fail "$output"
        done
}

@test "each allocation fails in its turn, then it and all later ones: less is found, nothing crashes" {
        ! grep -qE "__(asan_init|gcov_dump)" "$frames" || skip "a sanitizer or gcov allocates by itself"
        compile -o full
        begin ./full
        look() { env LD_PRELOAD="$tools/liballocfail.so" "$@" "$frames" --symbols --engine both "$pid"; }
        total=$(look ALLOC_COUNT=1 2>&1 >/dev/null | awk '/^allocations:/ { print $2 }')
        [ "$total" -gt 20 ]
        for ((i = 1; i <= total; i++)); do
                run look ALLOC_FAIL_AT=$i
                [ "$status" -le 1 ] || fail "allocation $i: status $status"
                run look ALLOC_FAIL_AT=$i ALLOC_FAIL_ON=1
                [ "$status" -le 1 ] || fail "allocation $i and later: status $status"
        done
        named --debug-dirs /none # it runs still
}
