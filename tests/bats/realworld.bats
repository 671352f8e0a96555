# SPDX-License-Identifier: MIT
# Programs people use, stopped where they really crash or in the middle of their work: the report's threads and physical frames (pc and
# function) are those gdb shows at the very same stop. gdb runs the program with the preload; see tests/gdb/oracle.py.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        need gdb /usr/bin/python3
        fresh_reports
        # Compared is the first delivery of the signal, also of programs with a handler of their own, such as clang.
        export CRASHPRE_STDERR=none CRASHPRE_CHAIN=first
}

oracle() {
        fresh_reports
        /usr/bin/python3 "$root/tests/gdb/oracle.py" --preload "$preload" --work "$T" "$@" || {
                local status=$?
                tail -n 20 "$T/gdb.log" >&2
                return $status
        }
}

# as_gdb [OPTION...] -- PROGRAM...: compared at the program's own crash.
as_gdb() {
        oracle "$@" >&2 || return 1
        good_reports 1
}

# busy_as_gdb [OPTION...] -- PROGRAM...: compared when it is killed at a random moment. One that ended before is tried again, with less patience.
busy_as_gdb() {
        local busy status
        for busy in 5-80 2-20 1-5; do
                status=0
                oracle --kill SEGV --busy $busy "$@" >&2 || status=$?
                [ $status = 3 ] || break
        done
        [ $status = 0 ] || return $status
        valid_reports "$CRASHPRE_DIR"/crash-*.json
}

# ---- the zoo ----

@test "the zoo as gdb sees it: null write, at -O0 and -O2, in callback and handler" {
        for level in O0 O2; do
                as_gdb --blocked -- "$tools/zoo-$level/zoo" many-qsort-handler-null-write
        done
}

@test "the zoo as gdb sees it: pc 0 and pc in garbage" {
        for level in O0 O2; do
                as_gdb --blocked -- "$tools/zoo-$level/zoo" null-call
                as_gdb -- "$tools/zoo-$level/zoo" many-thread-garbage-pc
        done
}

@test "the zoo as gdb sees it: abort, int3, division, bus error" {
        for word in abort trap div-zero bus strlen-null double-free; do
                as_gdb -- "$tools/zoo-O2/zoo" thread-$word
        done
}

@test "the zoo as gdb sees it: locks held by others" {
        export CRASHPRE_CHAIN=last # the first signal is the program's own affair
        as_gdb --skip 1 -- "$tools/zoo-O2/zoo" mallocheld-ill
        as_gdb -- "$tools/zoo-O2/zoo" loaderheld-null-write
}

@test "the zoo as gdb sees it: thread pointer trashed" {
        as_gdb --blocked -- "$tools/zoo-O0/zoo" trashed-tp
}

@test "the zoo as gdb sees it: ruined stacks as far as they are certain" {
        as_gdb --prefix 1 -- "$tools/zoo-O0/zoo" smashed-stack
        as_gdb --prefix 1 -- "$tools/zoo-O2/zoo" sp-unmapped
}

@test "the zoo as gdb sees it: caller without unwind tables, and with .debug_frame alone" {
        as_gdb -- "$tools/zoo-O2/zoo" nocfi-fp
        as_gdb -- "$tools/zoo-O2/zoo" debug-frame
}

@test "the zoo as gdb sees it: 2000 calls deep" {
        as_gdb -- "$tools/zoo-O2/zoo" deep 2000
}

@test "the zoo as gdb sees it: C++ exceptions" {
        as_gdb -- "$tools/zoo-O2/zoo_cxx" throw
        as_gdb -- "$tools/zoo-O0/zoo_cxx" thread-throw
}

@test "the zoo as gdb sees it: killed in PLT stubs, vdso, qsort callbacks, malloc and handlers" {
        for word in busy-plt busy-vdso busy-qsort busy-malloc busy-handler; do
                for level in O0 O2; do
                        busy_as_gdb -- "$tools/zoo-$level/zoo" $word || fail "$word at -$level"
                done
        done
}

# ---- programs people use ----

@test "python3, ctypes.string_at(0): as gdb sees it" {
        as_gdb -- /usr/bin/python3 -c 'import ctypes; ctypes.string_at(0)'
}

@test "python3 with threads, ctypes.string_at(0): as gdb sees it" {
        as_gdb -- /usr/bin/python3 -c 'import ctypes, threading
ready = threading.Barrier(4)
def work(): ready.wait(); threading.Event().wait()
for i in range(3): threading.Thread(target=work, daemon=True).start()
ready.wait()
ctypes.string_at(0)'
}

@test "python3 busy: as gdb sees it" {
        busy_as_gdb -- /usr/bin/python3 -c 'import re, json
while True: json.loads(json.dumps({str(i): re.sub("1", "x", str(i)) for i in range(2000)}, indent=1))'
}

@test "bash, kill -SEGV \$\$: as gdb sees it" {
        as_gdb -- /bin/bash -c 'f() { kill -SEGV $$; }; f'
}

@test "perl, kill SEGV: as gdb sees it" {
        need perl
        as_gdb -- /usr/bin/perl -e 'sub f { kill SEGV => $$; sleep 1 } f()'
}

@test "perl busy: as gdb sees it" {
        need perl
        busy_as_gdb -- /usr/bin/perl -e 'while (1) { my %h = map { $_ => join ",", reverse split //, $_ } 1 .. 5000; join "", sort { $h{$a} cmp $h{$b} } keys %h }'
}

@test "sqlite3 busy: as gdb sees it" {
        need sqlite3
        busy_as_gdb -- /usr/bin/sqlite3 :memory: \
                'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*), sum(length(hex(i) || printf("%d", i))) from n;'
}

a_long_source() {
        {
                echo '#include <map>'
                echo '#include <regex>'
                echo '#include <string>'
                for i in $(seq 40); do
                        echo "std::map<std::string, std::map<int, std::string>> f$i(const std::string &s) { std::map<std::string, std::map<int, std::string>> m; std::regex r(\"[a-z]+$i\"); if (std::regex_search(s, r)) m[s][$i] = s; return m; }"
                done
        } >"$T/long.cc"
}

@test "cc1plus in the middle of compiling: as gdb sees it" {
        compiler=$(g++ -print-prog-name=cc1plus)
        [ -x "$compiler" ] || skip "g++ is not installed"
        a_long_source
        busy_as_gdb --busy 300-1500 -- "$compiler" -quiet -O2 -imultiarch x86_64-linux-gnu -D_GNU_SOURCE "$T/long.cc" -o /dev/null
}

@test "clang in the middle of compiling: as gdb sees it" {
        compiler=$(command -v clang++ || true)
        [ -x "$compiler" ] || skip "clang is not installed"
        compiler=$(readlink -f "$compiler")
        a_long_source
        mapfile -t includes < <("$compiler" -x c++ -E -v /dev/null 2>&1 | sed -n 's/^ \(\/.*\)/-internal-isystem\n\1/p')
        busy_as_gdb --busy 300-1500 -- "$compiler" -cc1 -triple x86_64-pc-linux-gnu -emit-obj -O2 -fcxx-exceptions -fexceptions \
                "${includes[@]}" -o /dev/null -x c++ "$T/long.cc"
}

# ---- twenty programs drawn from /usr/bin ----

# How to keep a program busy: its name and arguments; @data is a large file, @text a large text. Those not installed are left out of the draw.
busy_commands() {
        cat <<'C'
gzip -9c @data
bzip2 -9c @data
/usr/bin/python3 -c while(True):__import__("lzma").compress(bytes(9999999))
sha1sum @data
sha256sum @data
sha512sum @data
b2sum @data
md5sum @data
cksum @data
sum @data
base64 @data
base32 @data
od -c @data
hexdump -C @data
xxd @data
sort @text
sort -n --parallel=2 @text
sort -r -k 2 @text
uniq -c @text
wc @text
tr -d a-f @text
sed -E s/([a-z]+)([0-9]*)/\2\1/g @text
grep -E -c (a|b)+.*(c|d)+.*[0-9]{3} @text
mawk {n=split($0,a,"");for(i=n;i>0;i--)s=s""a[i];s=""} @text
awk {n=split($0,a,"");for(i=n;i>0;i--)s=s""a[i];s=""} @text
factor 1000000000000000000000000000057
seq 1 1000000000
shuf @text
tac @text
rev @text
fold -w 3 @text
fmt -w 20 @text
pr -3 @text
nl @text
cut -c 1,3,5-9 @text
paste @text @text
expand @text
unexpand -a @text
ptx @text
tsort @text
split -l 1 --filter=true @text
comm @text @text
diff -d @text @data
cmp -l @data @text
strings -n 2 @data
nm /usr/bin/gdb -D
objdump -d /usr/bin/python3
readelf -a -W /usr/bin/python3
jq -n [range(3000000)]|map(.*.)|add
perl -e while(1){$h{$i++%9999}=join"",sort(split//,rand)}
/usr/bin/python3 -c while(True):sorted(map(str,range(9999)))
sqlite3 :memory: with/**/recursive/**/n(i)/**/as(select/**/1/**/union/**/all/**/select/**/i+1/**/from/**/n)select/**/sum(i)from/**/n
openssl speed -seconds 5 sha256
openssl genrsa 8192
m4 @text
find / -xdev -name *q*z* -printf x
du -a /usr
file -k /usr/bin/python3 @data
tar -cf /dev/null --use-compress-program=cat /usr/include
iconv -f latin1 -t utf16 @data
mandoc @text
C
}

the_data() {
        head -c 60000000 /usr/bin/gdb /usr/bin/python3 /usr/lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/lib[a-m]*.so* 2>/dev/null | head -c 60000000 >"$1/data"
        base64 -w 60 "$1/data" | head -c 30000000 | sed 's/A/ A/g' >"$1/text"
}

# one_busy LINE: as gdb sees one of the commands above.
one_busy() {
        local words w program arguments=()
        read -ra words <<<"$1"
        program=$(command -v "${words[0]}")
        for w in "${words[@]:1}"; do
                w=${w//@data/$BATS_FILE_TMPDIR/data}
                w=${w//@text/$BATS_FILE_TMPDIR/text}
                arguments+=("${w//\/\*\*\// }")
        done
        busy_as_gdb --seed "$seed $1" --stdin "$BATS_FILE_TMPDIR/text" -- "$(readlink -f "$program")" "${arguments[@]}"
}

@test "twenty programs of /usr/bin, drawn by a seed and killed when busy: as gdb sees them" {
        seed=${CRASHPRE_TEST_SEED:-$RANDOM$RANDOM}
        echo "CRASHPRE_TEST_SEED=$seed" >&2
        the_data "$BATS_FILE_TMPDIR"
        mapfile -t drawn < <(busy_commands | while read -r line; do
                [[ $(readlink -f "$(command -v "${line%% *}")" 2>/dev/null) != /usr/bin/* ]] || printf '%s\n' "$line"
        done | shuf --random-source=<(yes "$seed"))
        compared=0 failed=()
        for line in "${drawn[@]}"; do
                [ $compared -lt 20 ] || break
                status=0
                one_busy "$line" || status=$?
                case $status in
                0) compared=$((compared + 1)) ;;
                3) echo "ended before it could be killed: $line" >&2 ;; # the next in its place
                *) compared=$((compared + 1)) failed+=("$line") ;;
                esac
        done
        [ ${#failed[@]} = 0 ] || fail "seed $seed: ${#failed[@]} of $compared differ from gdb:" "${failed[@]}"
        [ $compared = 20 ] || fail "only $compared programs could be compared"
}
