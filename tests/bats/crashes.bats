# SPDX-License-Identifier: MIT
# The report of each kind of crash: class, access, message, exception, the program's
# function in which it happened, and the explanation. A line is a case; each runs as gcc and as clang compile it, at -O0
# and at -O2 (clang's levels alternate, except in check-all; without clang: skipped after gcc's).
bats_require_minimum_version 1.5.0

# The zoo built by clang, in a separate build tree that is kept, and a directory for all reports, which are validated at
# the end.
setup_file() {
        local tree=${BUILD:-$PWD/build}/clang
        mkdir -p "$BATS_FILE_TMPDIR/valid"
        cd "$BATS_TEST_DIRNAME/../.." || return 1
        grep -hnE "CRASH: [a-z-]+( \*/|\$)" tests/zoo/*.c* tests/zoo/words/*.c >"$BATS_FILE_TMPDIR/markers"
        command -v clang++ >/dev/null || return 0
        env -u CFLAGS -u CXX -u SAN make -s CC=clang BUILD="$tree" "$tree"/tests/zoo-{O0,O2}/{zoo,zoo_cxx,faults_cxx} 3>&- >"$BATS_FILE_TMPDIR/clang.log" 2>&1 ||
                { cat "$BATS_FILE_TMPDIR/clang.log" >&2; return 1; }
        ln -s "$tree/tests/zoo-O0" "$BATS_FILE_TMPDIR/clang-O0"
        ln -s "$tree/tests/zoo-O2" "$BATS_FILE_TMPDIR/clang-O2"
}

setup() {
        load helpers
        export CRASHPRE_STDERR=none
        unset CRASHPRE_SIGNALS CRASHPRE_CHAIN CRASHPRE_REDACT
        cd "$T" || return 1
}

# A line each, in this order; "-" for absent members.
facts='[.fault.class, .fault.access, (first(.threads[0].frames[] | select(.module as $m | $m != null and
        $all.modules[$m].path == $all.process.exe and .function and
        .function != "__clang_call_terminate")) | .function | sub("\\(.*"; "") | sub("<.*"; "")), .cause.kind,
        .cause.message, .cause.exception.type, .fault.instruction, .fault.operand, .fault.mapping, .fault.explanation,
        ([.threads[0].frames[].line // empty | tostring] | join(" "))]'

# compare NAME WANTED GOT: WANTED is a pattern of the shell.
compare() {
        # shellcheck disable=SC2053 # a pattern on purpose
        [[ $3 == $2 ]] || { printf '%s is "%s", expected "%s"\n' "$1" "$3" "$2" >&2; return 1; }
}

# at_marker WORD CLASS LINES: one of the lines is that of the marker "CRASH: WORD", where there is just one. An assembler
# statement of several lines has the first one's; the pc of a breakpoint is that of what follows.
at_marker() {
        local marker line first=0 last=0
        marker=$(grep -E "CRASH: $1( \*/|\$)" "$BATS_FILE_TMPDIR/markers") || return 0
        [[ $marker != *$'\n'* ]] || return 0
        [[ $marker != *\"* ]] || first=4
        [ "$2" != trap ] || last=1
        marker=${marker%%:*}
        for line in $3; do
                if [ "$line" -ge $((marker - first)) ] && [ "$line" -le $((marker + last)) ]; then return 0; fi
        done
        printf 'no frame at line %s\n' "$marker" >&2
        return 1
}

# as_expected WORD CLASS ACCESS FUNCTION [WHAT=...]... -- FACT...: the members of one report, in the order of $facts.
as_expected() {
        local word=$1 class=$2 access=$3 own=$4 wanted=() part got good=0
        shift 4
        while [ "$1" != -- ]; do wanted+=("$1") && shift; done
        got=("${@:2}")
        compare class "$class" "${got[0]}" || good=1
        compare access "$access" "${got[1]}" || good=1
        compare function "$own" "${got[2]}" || good=1
        compare explanation "[A-Za-z]*." "${got[9]}" || good=1
        for part in ${wanted[@]+"${wanted[@]}"}; do
                case $part in
                kind=*) compare kind "${part#*=}" "${got[3]}" ;;
                message=*) compare message "*${part#*=}*" "${got[4]}" ;;
                exception=*) compare exception "${part#*=}" "${got[5]}" ;;
                instruction=*) compare instruction "${part#*=}" "${got[6]}" ;;
                operand=*) compare operand "${part#*=}" "${got[7]}" ;;
                mapping=*) compare mapping "${part#*=}" "${got[8]}" ;;
                says=*) compare explanation "*${part#*=}*" "${got[9]}" ;;
                *) false ;;
                esac || good=1
        done
        [[ $own == *\** ]] || at_marker "${word%% *}" "$class" "${got[10]}" || good=1 # with a pattern there may be no frame of the program
        return $good
}

# crash WORD CLASS ACCESS FUNCTION [message=... exception=... instruction=... operand=... mapping=... says=...]
# PROGRAM: of the zoo, default zoo.
crash() {
        local name=${PROGRAM:-zoo} programs program levels level report reports=() got i
        programs=("$tools/zoo-O0/$name" "$tools/zoo-O2/$name")
        case ${CHECK_ALL-}$((BATS_TEST_NUMBER % 2)) in 0) levels="O0" ;; 1) levels="O2" ;; *) levels="O0 O2" ;; esac
        for level in $levels; do
                ! command -v clang++ >/dev/null || programs+=("$BATS_FILE_TMPDIR/clang-$level/$name")
        done
        for program in "${programs[@]}"; do
                fresh_reports "${#reports[@]}"
                # shellcheck disable=SC2086 # a word and its arguments
                ! preloaded "$program" $1 >/dev/null 2>&1 || fail "did not crash: $program" || return 1
                report=$(the_report) || return 1
                reports+=("$report")
                cp "$CRASHPRE_DIR"/crash-* "$BATS_FILE_TMPDIR/valid"
        done
        # All in one call: starting jq takes longer than a crash.
        mapfile -t got < <(jq -r ". as \$all | $facts | .[] | . // \"-\" | gsub(\"\\n\"; \" \")" "${reports[@]}")
        for i in "${!programs[@]}"; do
                as_expected "$@" -- "${got[@]:11*i:11}" || {
                        jq -c '.fault, .cause, [.threads[0].frames[].text]' "${reports[i]}" >&2
                        fail "${programs[i]}" || return 1
                }
        done
        need clang++
}

# can WORD: skips unless the kernel has what the word needs.
can() {
        local status=0
        "$(zoo)" "$1" >/dev/null 2>&1 || status=$?
        [ $status != 2 ] && [ $status != 0 ] || skip "this kernel cannot run $1"
}

cxx() {
        PROGRAM=zoo_cxx crash "$@"
}

faults() {
        PROGRAM=faults_cxx crash "$@"
}

# ---- null pointers ----

@test "null read" { crash null-read null-dereference read null_read says="which is NULL"; }
@test "null write" { crash null-write null-dereference write null_write instruction='movl $0x1,(%r*)' operand='r??' says="wrote 4 bytes through the pointer in r"; }
@test "member of a null struct" { crash null-member null-dereference read null_member operand='r?? + 88' says="is NULL: a member"; }
@test "member of a null struct, far from its beginning" { crash null-far-member null-dereference read null_far_member operand='r?? + 200000' says="is NULL"; }
@test "element of a null array, by index" { crash null-element null-dereference read null_element operand='rdi + rsi*8' instruction='mov (%rdi,%rsi,8),%eax' says="element of an array"; }
@test "call through a member of a null struct" { crash null-operations null-dereference read null_operations says="is NULL"; }
@test "call of a null member" { crash null-operation null-call execute null_operation says="called a function through a pointer (r"; }
@test "call through null" { crash null-call null-call execute call says="NULL"; }
@test "jump next to null" { crash jump-to-one null-call execute jump_to_one says="0x1 (r"; }
@test "strlen of null" { crash strlen-null null-dereference read strlen_null operand=rdi says="in strlen, called by strlen_null"; }
@test "memcpy to null" { crash copy-to-null null-dereference write copy_to_null operand=rdi says="copy_to_null"; }
@test "fclose of null" { crash close-null null-dereference read close_null says="in fclose, called by close_null"; }
@test "null write in a callback of qsort" { crash qsort-null-write null-dereference write null_write; }
@test "null write on a thread" { crash thread-null-write null-dereference write null_write; }
@test "null write in a handler" { crash handler-null-write null-dereference write null_write; }

# ---- wild pointers ----

@test "wild read" { crash wild-read unmapped-address read wild_read says="0x123456789000, where nothing is mapped, nor anything near it"; }
@test "wild write" { crash wild-write unmapped-address write wild_write; }
@test "what a failed mmap returns" { crash failed-map unmapped-address read failed_map says="MAP_FAILED"; }
@test "an address of the kernel's" { crash kernel-read unmapped-address read kernel_read says="kernel's"; }
@test "after munmap" { crash after-unmap unmapped-address write after_unmap says="was unmapped"; }
@test "in a large block after its free" { crash after-free unmapped-address write after_free says="was unmapped"; }
@test "above the heap" { crash above-heap unmapped-address write above_heap says="16 bytes after the end of the heap"; }
@test "through a pointer in a block that was freed" { crash freed-pointer unmapped-address write freed_pointer says="used after it was freed"; }
@test "an index that is too large" { crash wild-index unmapped-address write wild_index says="is in the main stack: most likely an index"; }
@test "a loop past the end" { crash past-end unmapped-address write past_end says="went past the end"; }
@test "half a pointer" { crash half-pointer unmapped-address write half_pointer says="upper half may be lost*would lie in the heap"; }
@test "printf of a wild string" { crash print-wild unmapped-address read print_wild says="in snprintf, called by print_wild"; }
@test "rep movs from nowhere" { crash copy-from-wild unmapped-address read copy_from_wild operand=rsi instruction='rep movsb %ds:(%rsi),%es:(%rdi)'; }
@test "rep movs to nowhere" { crash copy-to-wild unmapped-address write copy_to_wild operand=rdi; }
@test "rep stos to nowhere" { crash fill-wild unmapped-address write fill_wild operand=rdi says="wrote 8 bytes"; }
@test "stack pointer unmapped" { crash sp-unmapped unmapped-address write sp_unmapped says="stack pointer itself is wrong, 0x10000"; }
@test "stack pointer null" { crash sp-null unmapped-address write sp_null says="stack pointer itself is wrong, 0x0"; }
@test "thread pointer wrong" { crash trashed-tp-access unmapped-address read trashed_tp_access operand='fs:0x0' says="thread-local storage"; }
@test "non-canonical address" { crash non-canonical non-canonical-address read non_canonical operand='r??' says="0x8080808080808080 is not an address of this processor"; }
@test "non-canonical address, compared and exchanged" { crash exchange-wild non-canonical-address write exchange_wild operand='rdx + 16'; }
@test "tagged pointer" { crash tagged-pointer non-canonical-address write tagged_pointer says="Without its upper bits*into the heap"; }
@test "a string over a pointer" { crash text-pointer non-canonical-address write text_pointer says='text "overrun!"'; }
@test "a pointer never set, filled by the compiler" { crash filled-pointer non-canonical-address read filled_pointer says="0xaa"; }
@test "a pointer that is a mark" { crash marked-pointer unmapped-address write marked_pointer says="It is 0xdeadbeef, a mark"; }
@test "ruined heap under malloc" { crash malloc non-canonical-address read fault_in_malloc says="called by fault_in_malloc"; }

# ---- rights ----

@test "write to a constant" { crash write-read-only write-to-read-only write write_read_only says="constants of zoo. String literals"; }
@test "write to code" { crash code-write write-to-read-only write code_write says="code of zoo"; }
@test "write to a file mapped for reading" { crash file-write write-to-read-only write file_write mapping='*/zoo' says="not mapped for writing"; }
@test "read of closed memory" { crash closed-read inaccessible-address read closed_read says="PROT_NONE"; }
@test "write to closed memory" { crash closed-write inaccessible-address write closed_write says="PROT_NONE"; }
@test "the guard of another thread's stack" { crash other-guard inaccessible-address write other_guard says="guard page below the stack of thread"; }
@test "a guard region of madvise, which maps does not show" { can guard-region; crash guard-region inaccessible-address write guard_region says="in a guard region"; }
@test "jump into data" { crash data-pc execute-non-executable execute call says="variables of zoo, which is not code"; }
@test "jump into the heap" { crash heap-pc execute-non-executable execute heap_pc mapping='[[]heap]' says="in the heap, which is not code"; }
@test "jump into the stack" { crash stack-pc execute-non-executable execute stack_pc mapping='[[]stack]' says="stack, which is not code"; }
@test "jump into garbage" { crash garbage-pc unmapped-address execute call says="0x123456, where nothing is mapped"; }
@test "return to garbage" { crash smashed-return unmapped-address execute '*' says="returned to 0x123456"; }
@test "return to what a string left" { crash smashed-stack non-canonical-address execute overwrite_stack instruction=ret says='returned to 0x4141414141414141*"AAAAAAAA"'; }
@test "call of a non-canonical address" { crash non-canonical-call non-canonical-address execute call says="0x8080808080808080"; }

# ---- stacks ----

@test "endless recursion" { crash overflow stack-overflow write overflow says="full"; }
@test "endless recursion on a thread" { crash thread-overflow stack-overflow write overflow says="full"; }
@test "endless recursion into a guard region" { can guard-region; crash guardregion-overflow stack-overflow write overflow says="The stack of thread * (zoo), 240 KiB, is full"; }
@test "a local variable larger than the stack" { crash large-local stack-overflow write large_local says="local variables of this function"; }

# ---- alignment, files ----

@test "misaligned vector store" { crash misaligned-vector misaligned-access write misaligned_vector operand='rdi + 4' says="multiple of 16"; }
@test "misaligned vector operand" { crash misaligned-operand misaligned-access read misaligned_operand operand='rsi + 1'; }
@test "misaligned area for the vector registers" { crash misaligned-save misaligned-access write misaligned_save instruction='fxsave 0x8(%rdi)' says="multiple of 16"; }
@test "misaligned access with alignment checks on" { crash misaligned-check bus-misaligned read misaligned_check operand='rsi + 1' says="flag AC"; }
@test "file cut short behind its mapping" { crash cut-file bus-file-truncated write cut_file mapping='*/cut-file' says="byte 8199 of the mapped file*4096 bytes long now"; }
@test "file shorter than its mapping" { crash short-file bus-file-truncated read short_file says="byte 4103 of the mapped file*100 bytes long now*or never was longer"; }
@test "no huge page" { can huge-page; crash huge-page bus-no-memory write huge_page says="no free one"; }
@test "a page left to userfaultfd" { can unfilled-page; crash unfilled-page bus-no-memory write unfilled_page says="userfaultfd"; }
@test "a page poisoned by userfaultfd" { can poisoned-page; crash poisoned-page bus-memory-failure read poisoned_page says="UFFDIO_POISON"; }
@test "unnamed file cut short behind its mapping" { crash bus bus-file-truncated read bus says="byte 4096"; }

# ---- arithmetic ----

@test "division by zero" { crash div-zero integer-divide-by-zero - div_zero says="divisor, "; }
@test "remainder by zero, unsigned and long" { crash remainder-zero integer-divide-by-zero - remainder_zero says="is 0"; }
@test "division by a zero in memory" { crash divide-memory integer-divide-by-zero - divide_memory operand='rsi + 16' instruction='idivq 0x10(%rsi)'; }
@test "smallest integer divided by -1" { crash divide-overflow integer-overflow - divide_overflow says="by -1"; }
@test "quotient that does not fit" { crash quotient-overflow integer-overflow - quotient_overflow operand=ecx says="does not fit"; }
@test "floating-point division by zero" { crash float-divide floating-point-exception - float_divide instruction='divsd *' says="divided by zero"; }
@test "invalid floating-point operation" { crash float-invalid floating-point-exception - float_invalid says="no result"; }
@test "floating-point overflow" { crash float-overflow floating-point-exception - float_overflow says="too large"; }

# ---- instructions ----

@test "floating-point division by zero in the x87 unit" { crash float-late floating-point-exception - float_late instruction='f*' says="divided by zero*the cause is an earlier one"; }
@test "a floating-point number that no int can hold" { crash float-convert floating-point-exception - float_convert instruction='cvttsd2si *' says="does not fit the integer"; }
@test "ud2" { crash ill illegal-instruction - ill instruction=ud2 says="__builtin_trap"; }
@test "__builtin_trap" { crash builtin-trap illegal-instruction - builtin_trap says="__builtin_trap"; }
@test "a check of -fsanitize-trap" { crash checked-bounds illegal-instruction - checked_bounds instruction='ud1 0x12(%eax),%eax' says="an index was outside of its array"; }
@test "bytes that are no instruction" { crash bad-opcode illegal-instruction - bad_opcode instruction='(bad)'; }
@test "lock where it may not stand" { crash locked-nop illegal-instruction - locked_nop; }
@test "hlt" { crash privileged privileged-instruction - privileged instruction=hlt says="kernel only"; }
@test "cli" { crash clear-interrupts privileged-instruction - clear_interrupts instruction=cli; }
@test "in" { crash port-input privileged-instruction - port_input; }
@test "int 0x21" { crash software-interrupt privileged-instruction - software_interrupt; }
@test "int 4" { crash overflow-interrupt privileged-instruction - overflow_interrupt instruction='int $0x4'; }
@test "rdmsr" { crash read-model-register privileged-instruction - read_model_register instruction=rdmsr says="kernel only"; }
@test "a segment that is not there" { crash load-segment unknown - load_segment instruction='mov *,%ds' says="an operand has a value that is not allowed"; }
@test "a control word that is not allowed" { crash load-control unknown - load_control instruction='ldmxcsr *' says="an operand has a value that is not allowed"; }
@test "int1" { crash debug-trap trap - debug_trap instruction=int1 says="breakpoint in its own code"; }
@test "int3" { crash trap trap - trap instruction=int3 says="breakpoint in its own code"; }
@test "int 3 in two bytes" { crash long-breakpoint trap - long_breakpoint instruction='int $0x3'; }
@test "single step" { crash single-step trap - single_step says="single step"; }

# ---- sent and refused ----

@test "raise" { crash "raise SEGV" sent-by-process - raise_word says="to itself by raise()"; }
@test "kill of itself" { crash "kill-self BUS" sent-by-process - kill_self says="to itself by kill()"; }
@test "sigqueue to itself" { crash "queue-self ILL" sent-by-process - queue_self says="sigqueue()"; }
@test "a timer's signal" { crash timer sent-by-process - timer says="A timer of the program"; }
@test "a system call that a filter refuses" { crash sigsys bad-system-call - sigsys instruction=syscall says="the system call swapoff (168)"; }

# ---- aborts ----

@test "abort" { crash abort abort - abort_word kind=abort says="called by abort_word"; }
@test "abort on a thread" { crash thread-abort abort - abort_word kind=abort; }
@test "failed assertion" { crash assert assertion - assert_word kind=assertion message="Assertion \`" says="signals.c:*assertion*failed in assert_word."; }
@test "fortify" { crash fortify fortify - fortify kind=abort message="buffer overflow detected" says="past the end"; }
@test "stack protector" { crash stack-smash stack-smashing - overflow_array message="stack smashing detected" says="local arrays of overflow_array had changed when it returned: most likely"; }
@test "double free" { crash double-free heap-corruption - '*' message="double free" says="freed twice"; }
@test "double free of a large block" { crash free-twice-large heap-corruption - free_twice_large message="double free" says="freed twice*or a write past the end"; }
@test "free of what is no heap block" { crash invalid-free heap-corruption - '*' message="invalid pointer" says="never returned*Or malloc's data before the block"; }
@test "realloc of the middle of a block" { crash realloc-wild heap-corruption - realloc_wild message="invalid pointer"; }
@test "write past a heap block" { crash heap-overrun heap-corruption - heap_overrun message="corrupted" says="The heap is corrupted"; }

# ---- C++ ----

@test "uncaught exception" { cxx throw uncaught-exception - zoo::throw_runtime_error kind=exception exception=std::runtime_error; }
@test "uncaught int" { cxx throw-int uncaught-exception - '*' exception=int; }
@test "uncaught string" { cxx throw-string uncaught-exception - '*' exception='std::*string*'; }
@test "uncaught exception of a type of its own" { cxx throw-odd uncaught-exception - zoo::throw_odd exception=zoo::odd_error says="zoo::odd_error was thrown in zoo::throw_odd"; }
@test "throw out of a noexcept function" { cxx noexcept uncaught-exception - 'zoo::*' exception=std::runtime_error says="noexcept"; }
@test "rethrown exception" { cxx rethrow uncaught-exception - zoo::rethrow exception=std::runtime_error; }
@test "uncaught exception on a thread" { cxx thread-throw uncaught-exception - zoo::throw_runtime_error exception=std::runtime_error; }
@test "uncaught bad_alloc" { cxx bad-alloc uncaught-exception - '*' exception='std::*'; }
@test "std::terminate" { cxx terminate terminate - '*' kind=abort; }
@test "thread not joined" { cxx unjoined-thread terminate - '*' kind=abort says="thread"; }
@test "pure virtual call" { cxx pure-virtual pure-virtual-call - 'zoo::base::*' kind=abort says="constructor or destructor"; }
@test "member function of a null object" { faults null-this null-dereference read faults::Shape::count; }
@test "virtual function of a null object" { faults null-virtual null-dereference read faults::null_virtual; }
@test "object of an empty unique_ptr" { faults null-reference null-dereference read faults::null_reference; }
@test "virtual table overwritten" { faults wild-vtable non-canonical-address read faults::wild_vtable says='text "'; }
@test "call of an empty std::function" { faults empty-function uncaught-exception - '*' exception=std::bad_function_call; }
@test "vector::at out of range" { faults out-of-range uncaught-exception - '*' exception=std::out_of_range; }
@test "map::at of a missing key" { faults missing-key uncaught-exception - '*' exception=std::out_of_range; }
@test "value of an empty optional" { faults empty-optional uncaught-exception - '*' exception=std::bad_optional_access; }
@test "wrong alternative of a variant" { faults wrong-variant uncaught-exception - '*' exception=std::bad_variant_access; }
@test "dynamic_cast of a reference to what it is not" { faults wrong-cast uncaught-exception - faults::wrong_cast exception=std::bad_cast; }
@test "stoi of a word" { faults bad-number uncaught-exception - '*' exception=std::invalid_argument; }
@test "std::string of null" { faults null-string uncaught-exception - '*' exception=std::logic_error; }
@test "vector subscript out of range, checked" { faults subscript assertion - '*' kind=assertion; }
@test "throw out of a destructor" { faults throw-in-destructor uncaught-exception - 'faults::*' exception=std::logic_error; }
@test "uncaught long" { faults throw-number uncaught-exception - faults::throw_number exception=long; }
@test "vector::at out of range on a thread" { faults thread-out-of-range uncaught-exception - '*' exception=std::out_of_range; }
@test "future of a broken promise" { faults broken-promise uncaught-exception - '*' exception=std::future_error says="was rethrown in"; }

# ---- with less information ----

@test "attach refused: the report still has the instruction, its operand and the memory" {
        fresh_reports
        "$tools/refuse" ptrace env LD_PRELOAD="$preload" "$(zoo)" null-member >/dev/null 2>&1 && fail "did not crash"
        report=$(the_report)
        assert_json "$report" 'any(.diagnostics[]; .stage == "attach")'
        assert_json "$report" '.fault | .operand == "rax + 88" and .instruction == "mov 0x58(%rax),%eax" and (.explanation | test("rax is NULL"))'
        assert_json "$report" '.memory | length > 3 and .[0].register == "rsp"'
}

@test "the raw report alone: class, access, instruction and explanation, as long as the program's file is the same" {
        fresh_reports
        CRASHPRE_HELPER=/nonexistent preloaded crasher null-member >/dev/null 2>&1 && fail "did not crash"
        run "$build/bin/crashpre" show "$(raw_report)"
        [[ $output == *"null-dereference"* && $output == *"and rax is NULL"* ]] || fail "$output"
}

@test "a guard region, and pagemap cannot be read: the report guesses it, and says so" {
        can guard-region
        can_mount
        fresh_reports
        # shellcheck disable=SC2016 # of the inner shell
        run -139 own_mounts sh -c 'mount --bind /dev/null /proc/$$/pagemap && mount --bind /dev/null /proc/$$/task/$$/pagemap &&
                LD_PRELOAD=$0 exec "$1" guard-region' "$preload" "$(zoo)"
        assert_json "$(the_report)" '.fault | .class == "inaccessible-address" and (.explanation | test("most likely a guard region"))'
        [ "$(raw_value "$(raw_report)" cause class)" = unknown ]
}

@test "a guard region, from the raw report alone: the class, and the guard as a guess" {
        can guard-region
        fresh_reports
        CRASHPRE_HELPER=/nonexistent preloaded crasher guard-region >/dev/null 2>&1 && fail "did not crash"
        run "$build/bin/crashpre" show "$(raw_report)"
        [[ ${output//$'\n'/ } == *inaccessible-address*"most likely a guard region"* ]] || fail "$output"
}

@test "CRASHPRE_REDACT=memory: no memory, but the instructions" {
        fresh_reports
        CRASHPRE_REDACT=memory preloaded crasher null-write >/dev/null 2>&1 && fail "did not crash"
        assert_json "$(the_report)" '(has("memory") | not) and (.disassembly | length) > 5'
}

@test "memory: around the stack pointer and each register with a valid address, as in the process" {
        fresh_reports
        preloaded crasher heap-pc >/dev/null 2>&1 && fail "did not crash"
        report=$(the_report)
        assert_json "$report" '.threads[0].registers.rsp as $sp | .memory[0] | .register == "rsp" and .mapping == "[stack]" and (.bytes | length) == 1024'
        assert_json "$report" 'any(.memory[]; .mapping == "[heap]")'
        assert_json "$report" '[.memory[].bytes | length] | add < 16384'
        assert_json "$report" 'all(.memory[]; .bytes | test("^([0-9a-f][0-9a-f])+$"))'
}

# ---- against other tools ----

# plain_instruction: the common form of both sides. A pc-relative address differs between runs.
plain_instruction() {
        sed -E 's/[[:space:]]*<[^>]*>//g; s/[[:space:]]+/ /g; s/ $//; s/ # 0x[0-9a-f]+$//; s/^(call) 0x[0-9a-f]+$/\1/'
}

# gdb_says PROGRAM WORD...: a line for each word: the instruction where gdb has a process that died of it. One gdb for
# all, without line numbers, which it would look up at each stop.
gdb_says() {
        local program=$1 word commands=()
        shift
        for word; do commands+=(-ex "echo \\n@\\n" -ex "run $word" -ex 'x/i $pc'); done
        gdb -batch -nx -readnever -ex 'set debuginfod enabled off' -ex 'set confirm off' "${commands[@]}" "$program" 2>/dev/null |
                awk '/^@$/ { if (seen++) print said; said = "" } sub(/^=> 0x[0-9a-f]+( <[^>]*>)?:[[:space:]]*/, "") { said = $0 } END { print said }' |
                plain_instruction
}

@test "the faulting instruction of each fault: gdb shows the same" {
        need gdb
        local words word n=0 level reports
        words=(null-read null-write null-member null-far-member null-operations null-element strlen-null copy-to-null
                close-null wild-read wild-write failed-map after-unmap half-pointer print-wild copy-from-wild copy-to-wild fill-wild
                non-canonical exchange-wild tagged-pointer malloc write-read-only code-write closed-read non-canonical-call
                smashed-stack large-local misaligned-vector misaligned-operand cut-file div-zero remainder-zero
                divide-memory divide-overflow quotient-overflow float-divide float-late ill privileged port-input sp-unmapped
                misaligned-save load-segment load-control read-model-register)
        for level in O0 O2; do
                reports=()
                for word in "${words[@]}"; do
                        fresh_reports "$level-$word"
                        preloaded "$tools/zoo-$level/zoo" "$word" >/dev/null 2>&1 && fail "$word did not crash"
                        report=$(the_report)
                        reports+=("$report")
                done
                paste <(printf '%s\n' "${words[@]}") <(jq -r '.fault.instruction // "?"' "${reports[@]}" | plain_instruction) >"$T/ours"
                paste <(printf '%s\n' "${words[@]}") <(gdb_says "$tools/zoo-$level/zoo" "${words[@]}") >"$T/theirs"
                diff "$T/ours" "$T/theirs" >&2 || fail "at -$level: ours (left) and gdb's differ"
                n=$((n + $(wc -l <"$T/theirs")))
        done
        [ $n -ge 90 ] || fail "only $n compared"
}

@test "the instructions around it: gdb shows the same, in step from the beginning of the function" {
        need gdb
        for level in O0 O2; do
                fresh_reports
                preloaded "$tools/zoo-$level/zoo" cut-file >/dev/null 2>&1 && fail "did not crash"
                report=$(the_report)
                assert_json "$report" '[.disassembly[] | select(.faulting)] | length == 1 and .[0].text != null'
                assert_json "$report" '.fault.instruction as $it | .disassembly | length == 12 and .[6].faulting and .[6].text == $it'
                json "$report" '.disassembly[].text' | sed -E 's/ # 0x[0-9a-f]+$//; s/^(call|j[a-z]+) 0x[0-9a-f]+$/\1/' >"$T/ours"
                first=$(json "$report" '.disassembly[0].address as $a | .disassembly[6].address as $b | "\($b) - \($a)"')
                gdb -batch -nx -ex run -ex "x/12i \$pc - ($first)" --args "$tools/zoo-$level/zoo" cut-file 2>/dev/null |
                        sed -nE 's/^(=>|  ) 0x[0-9a-f]+( <[^>]*>)?:[[:space:]]*//p' |
                        sed -E 's/[[:space:]]*<[^>]*>//g; s/[[:space:]]+/ /g; s/ $//; s/^((sh|sa|ro|rc)[lr][bwlq]?) \$1,/\1 /; s/^xchg %ax,%ax$/nop/; s/ # 0x[0-9a-f]+$//; s/^(call|j[a-z]+) 0x[0-9a-f]+$/\1/' >"$T/gdb"
                diff "$T/ours" "$T/gdb" >&2 || fail "ours (left) and gdb's differ at -$level"
        done
}

# Each instruction of the C library once; spellings of x87 instructions and of padding may differ. Of the shifts by one
# that have no byte for the number, objdump names it since binutils 2.41 ("shr $1,%eax" beside "shr $0x1,%eax").
@test "every instruction of libc: objdump prints the same" {
        need objdump
        local libc
        libc=$(ldd "$(zoo)" | awk '/libc\.so/ { print $3 }')
        objdump -d -w "$libc" | sed -nE 's/^ *([0-9a-f]+):\t([0-9a-f ]+[0-9a-f]) *\t(.*)/\1\t\2\t\3/p' | sort -t "$(printf '\t')" -k 2,2 -u >"$T/all"
        [ "$(wc -l <"$T/all")" -gt 20000 ] || fail "objdump shows too little"
        cut -f 1,2 "$T/all" | "$tools/disassembly" | cut -f 2,3 >"$T/ours"
        awk -F '\t' '{ print split($2, bytes, " ") "\t" $3 }' "$T/all" |
                sed -E 's/ *<[^>]*>//g; s/ +/ /g; s/ $//; s/\t((sh|sa|ro|rc)[lr][bwlq]?) \$1,/\t\1 /; s/# ([0-9a-f]+)$/# 0x\1/; s/\t((bnd |notrack )?(call|j[a-z]+|loop[a-z]*|xbegin)) ([0-9a-f]+)$/\t\1 0x\4/' >"$T/theirs"
        [ "$(wc -l <"$T/ours")" = "$(wc -l <"$T/theirs")" ] || fail "$(wc -l "$T/ours" "$T/theirs")"
        diff "$T/ours" "$T/theirs" | sed -n '/^>/p' >"$T/differ"
        [ "$(wc -l <"$T/differ")" -lt 100 ] || { head -n 40 "$T/differ" >&2 && fail "$(wc -l <"$T/differ") differ"; }
        if grep -vP '\t(f[a-z]+|wait|nop|xchg|(notrack |repz |cs |data16 |addr32 |lock )+.*|cs nop.*|rdpkru|wrpkru|xabort|vmovdqu8|vpxorq)( |$)' "$T/differ" >&2; then fail "these differ"; fi
}

@test "all these reports are valid" {
        [ "$(find "$BATS_FILE_TMPDIR/valid" -name "*.json" | wc -l)" -gt 60 ] || fail "too few"
        valid_reports "$BATS_FILE_TMPDIR"/valid/*.json
}
