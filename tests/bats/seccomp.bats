# SPDX-License-Identifier: MIT
# System calls refused by a sandbox: each system call that is needed between crash and
# report fails in turn, by a seccomp filter that the program installs on itself before it crashes, and that its helper
# inherits. The raw report is complete, the death is the same, nothing waits.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=20 CRASHPRE_TIMEOUT=30 # no case may come near them
}

# refused CALL[=ERRNO|=trap][,...] WORD...: the zoo refuses itself these calls and goes on; same end with and without the preload.
refused() {
        export ZOO_REFUSE=$1
        SECONDS=0
        LEVELS=O0 faithful --reports "${REPORTS:-any}" "refuse-$2" "${@:3}"
        [ $SECONDS -lt 10 ] || fail "took $SECONDS s"
        raw_is_complete "$(raw_report)"
        raw_frames "$(raw_report)" | grep -q . || fail "no frames in the raw report"
}

# last_word: the line about the helper.
last_word() {
        sed '1,/^end of report$/d' "$(raw_report)"
}

# each_answer FUNCTION: the function for each answer that a filter can give. Not on the left of ||, where errexit is ignored in it: a test
# that fails shows its stderr, of which the last line then is the answer.
each_answer() {
        local how
        for how in EPERM ENOSYS EACCES trap; do
                echo "answered by $how" >&2
                "$1" "$how"
        done
}

@test "ptrace refused: the crashing thread with names and lines, and the diagnostics name seccomp and the remedy" {
        by() {
                REPORTS=1 refused "ptrace=$1" many-null-write
                assert_json "$(the_report)" '(.threads | length) == 1 and .threads[0].crashed and .threads[0].unwind_end == "end-of-stack"'
                assert_stack "$(the_report)" null_write zoo_go main
                frames_agree "$(raw_report)" "$(the_report)"
                assert_json "$(the_report)" ".threads[0].frames[0].line == $(line_of 'CRASH: null-write')"
                assert_json "$(the_report)" '[.diagnostics[] | select(.stage == "attach").message] | length == 1 and
                        (.[0] | contains("seccomp") and contains("--cap-add=SYS_PTRACE"))'
        }
        each_answer by
}

@test "ptrace refused: all that needs no tracer is there" {
        REPORTS=1 refused ptrace thread-null-write
        assert_json "$(the_report)" '.process | .exe and .cmdline and .cwd and .uid != null and .start_time and .environment'
        assert_json "$(the_report)" '.threads[0] | .name and (.registers | length) > 15'
        assert_json "$(the_report)" 'all(.modules[]; .build_id) and any(.modules[]; .status == "dwarf")'
        assert_json "$(the_report)" '.threads[0].frames[0] | .source and .file and .function'
        assert_json "$(the_report)" '.fault.class == "null-dereference" and .signal.name == "SIGSEGV"'
}

@test "process_vm_readv refused: the same report through /proc/PID/mem" {
        by() {
                REPORTS=1 refused "process_vm_readv=$1" many-qsort-null-write
                assert_json "$(the_report)" '(.threads | length) == 17 and all(.threads[]; .unwind_end == "end-of-stack")'
                assert_stack "$(the_report)" null_write compare qsort_prefix main
        }
        each_answer by
}

@test "process_vm_readv refused, an uncaught exception: the same death, its type and text" {
        by() {
                fresh_reports
                A_TOKEN=abcdefgh run -134 timeout 20 "$tools/refuse" "process_vm_readv=$1" env LD_PRELOAD="$preload" "$tools/zoo-O0/leaks" exception A_TOKEN
                good_reports 1
                assert_json "$(the_report)" '.cause.exception.type == "std::runtime_error" and .signal.name == "SIGABRT"'
        }
        each_answer by
}

@test "process_vm_readv and the files of /proc refused: by a pipe, the frames are all there" {
        # The raw report's own way; openat is refused as well, so it goes to stderr.
        ZOO_REFUSE=process_vm_readv,openat run -139 --separate-stderr preloaded crasher refuse-qsort-null-write
        [[ $stderr == *"[frames]"*"0 context"*"end of report"* ]] || fail "$stderr"
        nothing_in "$CRASHPRE_DIR"
}

@test "clone refused: the raw report stands alone, and says so" {
        by() {
                refused "clone=$1,clone3=$1,fork=$1,vfork=$1" null-write
                [[ $(last_word) == "helper: not started: clone: "* ]] || fail "$(last_word)"
                [ "$(reports .json)" = 0 ]
        }
        each_answer by
}

@test "execve refused: the raw report stands alone, and says so" {
        by() {
                refused "execve=$1,execveat=$1" null-write
                [[ $(last_word) == "helper: not started: execve: "*"crashpre-helper" ]] || fail "$(last_word)"
                [ "$(reports .json)" = 0 ]
        }
        each_answer by
}

@test "openat refused: the raw report goes to stderr, complete" {
        for how in EPERM ENOSYS EACCES trap; do
                ZOO_REFUSE="openat=$how" run -139 --separate-stderr preloaded crasher refuse-null-write
                [[ $stderr == *"crashpre raw report 1"*"[frames]"*"end of report"* ]] || fail "$how: $stderr"
                nothing_in "$CRASHPRE_DIR"
        done
}

@test "pipe2 refused: the raw report stands alone, and says so" {
        by() {
                refused "pipe2=$1" null-write
                [[ $(last_word) == "helper: not started: pipe2: "* ]] || fail "$(last_word)"
        }
        each_answer by
}

@test "write refused: no report, and no wait" {
        export ZOO_REFUSE=write
        SECONDS=0
        LEVELS=O0 faithful --reports any refuse-null-write
        [ $SECONDS -lt 10 ] || fail "took $SECONDS s"
        [ "$(reports .json)" = 0 ]
}

@test "rt_sigaction refused once the program runs: a fault is reported, and the process dies by its signal" {
        by() {
                # pthread_create() itself calls rt_sigaction: trapped, that is a SIGSYS, for which no action can be set either. The process
                # then ends by exit(159), where it would have died by the signal (preload/signal/death.c).
                [ "$1" = trap ] || REPORTS=any refused "rt_sigaction=$1" thread-null-write
                REPORTS=any refused "rt_sigaction=$1" null-write
                status_is "signal 11"
                REPORTS=any refused "rt_sigaction=$1" div-zero
                status_is "signal 8"
        }
        each_answer by
}

@test "rt_sigaction refused from the start: no handler, no report, the same death" {
        for word in null-write abort thread-null-write; do
                ended plain "$tools/refuse" rt_sigaction "$(zoo)" $word
                ended preloaded "$tools/refuse" rt_sigaction env LD_PRELOAD="$preload" "$(zoo)" $word
                diff "$T/plain.status" "$T/preloaded.status"
                diff "$T/plain.err" "$T/preloaded.err"
        done
        nothing_in "$CRASHPRE_DIR"
}

@test "optional calls are refused: both reports are complete" {
        for calls in rt_sigprocmask futex prctl tgkill,tkill,rt_tgsigqueueinfo close_range memfd_create,shmget readlink,readlinkat kill \
                fork,vfork,clone3 open,openat2,execveat sigaltstack,prlimit64 setsid,setitimer,alarm nanosleep,clock_nanosleep ppoll,poll,pselect6 \
                clock_gettime,gettimeofday uname,sched_getaffinity,unshare fchmod,chmod,mkdirat,unlinkat lseek,preadv,munmap,brk pidfd_open,getppid \
                exit linkat,renameat2; do
                echo "without $calls" >&2
                REPORTS=any refused "$calls" null-write
                # a sanitizer ends the helper if its own calls fail
                [ "$calls" = linkat,renameat2 ] || [ -n "${SAN-}" ] || [ "$(reports .json)" = 1 ] || fail "without $calls: $(last_word)"
        done
}

@test "getdents64 refused: one thread, and the diagnostics do not say that the process is gone" {
        REPORTS=1 refused getdents64 many-null-write
        assert_json "$(the_report)" '(.threads | length) == 1 and any(.diagnostics[]; .stage == "attach" and (.message | contains("seccomp")))'
}

@test "no name for the JSON report can be made: none is there, nor a part of it" {
        refused linkat,renameat,renameat2,rename null-write
        [[ $(last_word) == "helper: failed write: "* ]] || fail "$(last_word)"
        [ "$(ls -A "$CRASHPRE_DIR")" = "$(basename "$(raw_report)")" ] || fail "$(ls -la "$CRASHPRE_DIR")"
}

@test "an abort and a trapped call where signals cannot be queued: same death" {
        export ZOO_REFUSE=rt_tgsigqueueinfo
        LEVELS=O0 faithful refuse-abort
        status_is "signal 6"
        ZOO_REFUSE=rt_tgsigqueueinfo,tgkill LEVELS=O0 faithful refuse-sigsys
        status_is "signal 31"
}

@test "the filter is there from the start, as in a container: ptrace and process_vm_readv refused" {
        for how in EPERM ENOSYS; do
                fresh_reports
                run -139 preloaded "$tools/refuse" "ptrace=$how,process_vm_readv=$how,kcmp=$how,unshare=$how" "$(zoo)" many-null-write
                good_reports 1
                assert_stack "$(the_report)" null_write zoo_go main
        done
}

# ---- SIGSYS itself ----

@test "a system call answered by SIGSYS: number and name are told" {
        faithful sigsys
        number=$(printf '#include <sys/syscall.h>\nSYS_swapoff\n' | gcc -E -P - | tail -n 1)
        assert_json "$(the_report)" ".signal | .syscall == $number and .syscall_name == \"swapoff\" and .code_name == \"SYS_SECCOMP\""
        assert_json "$(the_report)" '.fault.class == "bad-system-call" and (.cause.summary | startswith("bad-system-call: swapoff") or contains("(bad-system-call: swapoff)"))'
        assert_stack "$(the_report)" syscall sigsys main
        [ "$(raw_value "$(raw_report)" cause syscall)" = "$number" ]
}

@test "a 32-bit system call answered by SIGSYS: no wrong name" {
        cat >"$T/old.c" <<'C'
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
int main(void)
{
        struct sock_filter code[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
        struct sock_fprog filter = { 4, code };
        long n = 20; /* getpid there, writev here */
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
        __asm__ volatile("int $0x80" : "+a"(n) : : "memory");
        return 0;
}
C
        gcc -o "$T/old" "$T/old.c"
        run preloaded "$T/old"
        [ "$status" = 159 ] || skip "no system calls of 32 bits here"
        good_reports 1
        assert_json "$(the_report)" '.signal | .syscall == 20 and (has("syscall_name") | not)'
        grep -qx 'syscall: 20 arch 0x40000003' "$(raw_report)"
}

@test "a program that handles SIGSYS itself: its handler is called, and it continues" {
        cat >"$T/own.c" <<'C'
#define _GNU_SOURCE
#include "tests/tools/filter.h"
#include <signal.h>
#include <ucontext.h>
static void answer(int sig, siginfo_t *info, void *context)
{
        ucontext_t *uc = context;
        (void)sig;
        uc->uc_mcontext.gregs[REG_RAX] = info->si_syscall == SYS_swapoff ? 42 : -1;
}
int main(int argc, char **argv)
{
        struct sigaction act = { .sa_sigaction = answer, .sa_flags = SA_SIGINFO };
        char list[] = "swapoff=trap,openat=trap,process_vm_readv=trap";
        sigaction(SIGSYS, &act, NULL);
        filter_install(list);
        printf("%ld\n", syscall(SYS_swapoff, ""));
        fflush(stdout);
        if (argc > 1)
                *(volatile int *)argv[argc] = 1; /* the terminating NULL */
        return 0;
}
C
        gcc -I "$root" -I "$build/gen" -o "$T/own" "$T/own.c"
        run -0 preloaded "$T/own"
        [ "$output" = 42 ] || fail "$output"
        nothing_in "$CRASHPRE_DIR"
        # And where its filter answers our own calls so, its handler is not asked about them.
        run -139 --separate-stderr preloaded "$T/own" crash
        [[ $stderr == *"crashpre raw report 1"*"[frames]"*"end of report"* ]] || fail "$stderr"
}

# The documented exception: a filter that kills on what a report needs.
@test "a filter that kills on clone or openat: death by SIGSYS, as documented, and no hang" {
        for call in clone openat; do
                fresh_reports
                ZOO_REFUSE=$call! ended preloaded env LD_PRELOAD="$preload" "$(zoo)" refuse-null-write
                status_is "signal 31"
        done
        grep -q 'SIGSYS' "$root/man/libcrashpre.7" || fail "the manual does not say so"
}

# ---- the sweep ----

# each_refused ANSWER
each_refused() {
        [ -n "${CHECK_ALL-}" ] || skip "a minute or two; make check-all"
        local call how=$1 bad='' tried=0 end
        export CRASHPRE_STDERR=full
        for call in $(sed -n 's/.*{ "\([a-z0-9_]*\)".*/\1/p' "$build/gen/syscallnames.h"); do
                [ $call != rt_sigreturn ] || continue
                tried=$((tried + 1))
                fresh_reports
                ZOO_REFUSE="$call=$how" ended refused env LD_PRELOAD="$preload" "$(zoo)" refuse-null-write
                end=$(cut -d' ' -f1,2 "$T/refused.status")
                case $how,$call,$end in
                *,write,'signal 11') continue ;; # nothing can be written
                # Answered by SIGSYS before it is known whose crash this is, or before there is one.
                trap,getpid,'signal 11' | trap,gettid,'signal 11' | trap,rt_sigprocmask,'signal 11' | trap,clock_gettime,'signal 11') continue ;;
                trap,*,'signal 31') ;;
                *,'signal 11') ;;
                *) bad+=" $call:$end" ;;
                esac
                ! grep -q left "$T/refused.status" || bad+=" $call:$(<"$T/refused.status")"
                grep -qsx 'end of report' "$T/refused.err" "$CRASHPRE_DIR"/*.txt || bad+=" $call:no-report"
        done
        [ -z "$bad" ] || fail "$bad"
        [ $tried -gt 300 ] || fail "only $tried system calls are known"
}

@test "calls that only the helper makes, answered by SIGSYS or refused: names all the same" {
        by() {
                local call
                for call in getppid getrandom rseq readlink prlimit64 set_robust_list setsid pidfd_open poll preadv2 pread64 newfstatat statx openat2 lseek execveat dup3 close_range; do
                        REPORTS=1 refused "$call=$1" null-write
                        assert_stack "$(the_report)" null_write zoo_go main
                        # libelf reads files by these two itself, and has no other way
                        [[ $call == pread64 || $call == newfstatat ]] ||
                                assert_json "$(the_report)" ".threads[0].frames[0].line == $(line_of 'CRASH: null-write')"
                done
        }
        by trap
        by EPERM
}

@test "every system call there is, refused in turn: a complete raw report, the same death, no wait" { LIMIT=10 each_refused EPERM; }
@test "every system call there is, in turn said not to exist: a complete raw report, the same death, no wait" { LIMIT=10 each_refused ENOSYS; }
@test "every system call there is, in turn answered by SIGSYS: a complete raw report, no wait" { LIMIT=10 each_refused trap; }
