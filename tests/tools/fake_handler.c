/* SPDX-License-Identifier: MIT */
/* tests/tools/fake_handler.c: drives the helper without the preload, following or violating unwind/core/terms/wire.h.
 *
 *   fake_handler HELPER DIR [mode]
 *
 * A child with three more threads writes to a null pointer; its handler, an ordinary one, starts HELPER and waits
 * for its status bytes. Modes:
 *   fatal         the complete sequence (default)
 *   request       no crash: a report of a live process
 *   first-chance  a crash whose handler may recover: the threads continue; here the process dies afterwards
 *   bad-magic     the struct begins with another number
 *   short         half the struct, then end of file
 *   eof           nothing, then end of file
 *   silent        nothing, until the helper gives up
 *   late          a deadline that has already passed
 *   segv          nothing, but SIGSEGV for the helper
 *   refused       the process is not dumpable: attaching is not permitted (as root: drop the capability first)
 *   traced        another process traces the crashing thread, and only that
 *   other-tid     a thread that the process does not have
 *   no-raw        no raw report
 *   no-dir        neither raw report nor directory
 *   hostile       a name with a slash, a frame count beyond the array
 *   full-stderr   descriptor 2 is a full pipe without a reader
 * Prints the received status bytes, then the wait statuses of the helper and of the child: "status: HD" ("HE" if the helper
 * holds no thread until the end), "helper: exit 0", "child: signal 11".
 */
#include "unwind/core/cfi/cfi.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define DEADLINE_SECONDS 10

static const char *helper_path, *directory, *mode = "fatal";
static struct wire_crash crash;
static char executable[4096]; /* read early: a process that is not dumpable may not read the link */
static pid_t helper_pid;

extern char __executable_start[], _end[]; /* defined by the linker */

static bool mode_is(const char *name)
{
        return !strcmp(mode, name);
}

static void die(const char *what)
{
        perror(what);
        _exit(99);
}

static uint64_t now_ns(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void take_registers(const ucontext_t *uc, struct arch_registers *out)
{
        static const struct {
                int from, to;
        } map[] = {
                { REG_RAX, ARCH_REG_RAX }, { REG_RDX, ARCH_REG_RDX }, { REG_RCX, ARCH_REG_RCX },
                { REG_RBX, ARCH_REG_RBX }, { REG_RSI, ARCH_REG_RSI }, { REG_RDI, ARCH_REG_RDI },
                { REG_RBP, ARCH_REG_FP },  { REG_RSP, ARCH_REG_SP },  { REG_R8, ARCH_REG_R8 },
                { REG_R9, ARCH_REG_R9 },   { REG_R10, ARCH_REG_R10 }, { REG_R11, ARCH_REG_R11 },
                { REG_R12, ARCH_REG_R12 }, { REG_R13, ARCH_REG_R13 }, { REG_R14, ARCH_REG_R14 },
                { REG_R15, ARCH_REG_R15 }, { REG_RIP, ARCH_REG_PC },  { REG_EFL, ARCH_REG_FLAGS },
        };
        size_t i;

        for (i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
                out->v[map[i].to] = (uint64_t)uc->uc_mcontext.gregs[map[i].from];
                out->known |= 1u << map[i].to;
        }
}

static void fill(int sig, const siginfo_t *info, const ucontext_t *uc)
{
        struct timespec ts;
        char day[32];
        struct tm tm;

        clock_gettime(CLOCK_REALTIME, &ts);
        gmtime_r(&ts.tv_sec, &tm);
        strftime(day, sizeof(day), "%Y%m%dT%H%M%S", &tm);
        crash.magic = mode_is("bad-magic") ? 1 : WIRE_MAGIC;
        crash.version = WIRE_VERSION;
        crash.size = sizeof(crash);
        crash.kind = sig ? WIRE_KIND_FATAL : WIRE_KIND_REQUEST;
        if (mode_is("first-chance"))
                crash.kind = WIRE_KIND_FIRST_CHANCE;
        crash.pid = getpid();
        crash.tid = (int32_t)syscall(SYS_gettid);
        if (mode_is("other-tid"))
                crash.tid = 1;
        crash.time_sec = ts.tv_sec;
        crash.time_nsec = ts.tv_nsec;
        crash.fault_ns = now_ns();
        crash.deadline_ns = crash.fault_ns + (mode_is("late") ? 0 : DEADLINE_SECONDS * UINT64_C(1000000000));
        if (info)
                crash.siginfo = *info;
        take_registers(uc, &crash.regs);
        crash.fault_trap = (uint64_t)uc->uc_mcontext.gregs[REG_TRAPNO];
        crash.fault_error = (uint64_t)uc->uc_mcontext.gregs[REG_ERR];
        crash.frames[0].pc = crash.regs.v[ARCH_REG_PC];
        crash.frames[0].sp = crash.regs.v[ARCH_REG_SP];
        crash.frames[0].exact_pc = 1;
        crash.frame_count = mode_is("hostile") ? 1000000 : 1;
        crash.frame_end = CFI_END_UNREADABLE;
        snprintf(crash.id, sizeof(crash.id), "%scrash-fake_handler-%d-%s.%06uZ", mode_is("hostile") ? "../" : "",
                 (int)crash.pid, day, (unsigned)(ts.tv_nsec / 1000));
        snprintf(crash.dir, sizeof(crash.dir), "%s", directory);
        snprintf(crash.reason, sizeof(crash.reason), "%s", sig ? "" : "asked for");
        snprintf(crash.note, sizeof(crash.note), "first note\nsecond note\n");
        crash.raw_ns = now_ns();
}

/* The parts of a raw report that the helper reads; includes the mappings, for a helper that may not read them itself.
 */
static void write_raw(int fd)
{
        FILE *raw = fdopen(dup(fd), "a"), *maps = fopen("/proc/self/maps", "r");
        char line[4096];

        if (!raw || !maps)
                die("raw report");
        fprintf(raw, RAW_SCHEMA_LINE "\nid: %s\n" RAW_SECTION_PROCESS "\npid: %d\ntid: %d\nthread: faulty\nexe: %s\n",
                crash.id, crash.pid, crash.tid, executable);
        fprintf(raw, RAW_SECTION_CONTEXT "\nreader Parser feed more\n" RAW_SECTION_BREADCRUMBS
                                         "\n2026-01-01T00:00:00.000000Z 7 io: opened \\xff\n");
        fprintf(raw, RAW_SECTION_METADATA "\nbuild: a: b\ncount (int): 42\nratio (double): 0.5\nready (bool): true\n");
        fprintf(raw, RAW_SECTION_FRAMES "\n0 context 0x%" PRIx64 " %s +0x%" PRIx64 "\nend: unreadable\n",
                crash.frames[0].pc, executable, crash.frames[0].pc); /* linked at its address */
        fprintf(raw, RAW_SECTION_MODULES "\n0x%" PRIxPTR " 0x%" PRIxPTR " - %s\n" RAW_SECTION_MAPS "\n",
                (uintptr_t)__executable_start, (uintptr_t)_end, executable);
        while (fgets(line, sizeof(line), maps))
                fputs(line, raw);
        fprintf(raw, RAW_END_LINE "\n");
        fclose(maps);
        if (fclose(raw))
                die("raw report");
}

static int open_raw(void)
{
        char path[8192];
        int fd;

        if (mode_is("no-raw") || mode_is("no-dir"))
                return -1;
        snprintf(path, sizeof(path), "%s/%s.txt", directory,
                 strrchr(crash.id, '/') ? strrchr(crash.id, '/') + 1 : crash.id);
        fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                die(path);
        write_raw(fd);
        return fd;
}

static void fill_pipe(int fds[2])
{
        char page[4096] = { 0 };

        if (pipe(fds) || fcntl(fds[1], F_SETFL, O_NONBLOCK))
                die("pipe");
        while (write(fds[1], page, sizeof(page)) > 0)
                ;
        fcntl(fds[1], F_SETFL, 0);
}

/* Moves the descriptors to their numbers, which are low, so all are first moved to high ones. */
static void exec_helper(const int from[7])
{
        int high[7], i;

        for (i = 0; i < 7; i++)
                high[i] = from[i] >= 0 ? fcntl(from[i], F_DUPFD_CLOEXEC, 100) : -1;
        for (i = 0; i < 7; i++) {
                close(i);
                if (high[i] >= 0 && dup2(high[i], i) < 0)
                        _exit(98);
        }
        execl(helper_path, "crashpre-helper", (char *)NULL);
        _exit(97);
}

static void start_helper(int *go, int *status)
{
        int go_pipe[2], status_pipe[2], full[2] = { -1, -1 }, fds[7];
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        if (pipe2(go_pipe, O_CLOEXEC) || pipe2(status_pipe, O_CLOEXEC) || null < 0)
                die("pipe");
        if (mode_is("full-stderr"))
                fill_pipe(full);
        fds[0] = fds[1] = null;
        fds[2] = full[1] >= 0 ? full[1] : 2;
        fds[WIRE_FD_CRASH] = go_pipe[0];
        fds[WIRE_FD_STATUS] = status_pipe[1];
        fds[WIRE_FD_RAW] = open_raw();
        fds[WIRE_FD_DIR] = mode_is("no-dir") ? -1 : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        helper_pid = fork();
        if (!helper_pid)
                exec_helper(fds);
        close(go_pipe[0]);
        close(status_pipe[1]);
        *go = go_pipe[1];
        *status = status_pipe[0];
}

static void send_crash(int go)
{
        size_t len = mode_is("short") ? sizeof(crash) / 2 : sizeof(crash);

        if (mode_is("segv"))
                kill(helper_pid, SIGSEGV);
        else if (!mode_is("eof") && !mode_is("silent") && write(go, &crash, len) != (ssize_t)len)
                die("write");
        if (mode_is("eof") || mode_is("short"))
                close(go);
}

/* Forwards every signal, as strace does. */
static void trace(pid_t tid)
{
        int status;

        while (waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status))
                ptrace(PTRACE_CONT, tid, 0, status >> 16 ? 0 : WSTOPSIG(status));
        _exit(0);
}

/* A separate process that traces only `tid`. */
static void trace_thread(pid_t tid)
{
        int ready[2];
        char byte;

        if (pipe(ready))
                die("pipe");
        if (!fork()) {
                if (ptrace(PTRACE_SEIZE, tid, 0, 0))
                        die("ptrace");
                close(ready[0]);
                close(ready[1]);
                trace(tid);
        }
        close(ready[1]);
        if (read(ready[0], &byte, 1)) /* end of file: the thread is traced, or the tracer is dead */
                die("read");
        close(ready[0]);
}

static void drive(int sig, const siginfo_t *info, const ucontext_t *uc)
{
        char line[64] = "status: ", byte;
        size_t len = strlen(line);
        int go, status, wait_status;

        fill(sig, info, uc);
        if (mode_is("traced"))
                trace_thread(crash.tid);
        start_helper(&go, &status);
        prctl(PR_SET_PTRACER, helper_pid);
        while (len + 1 < sizeof(line) && read(status, &byte, 1) == 1) {
                line[len++] = byte;
                if (byte == WIRE_HELLO)
                        send_crash(go);
                if (byte == WIRE_DONE)
                        break;
        }
        line[len++] = '\n';
        if (write(1, line, len) < 0)
                die("write");
        if (sig && byte == WIRE_DONE)
                return; /* the helper still holds our threads */
        if (waitpid(helper_pid, &wait_status, 0) == helper_pid)
                dprintf(1, "helper: %s %d\n", WIFSIGNALED(wait_status) ? "signal" : "exit",
                        WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
}

static void on_fault(int sig, siginfo_t *info, void *uc)
{
        drive(sig, info, uc);
        signal(sig, SIG_DFL);
}

static void *idle(void *arg)
{
        pthread_setname_np(pthread_self(), arg);
        for (;;)
                pause();
        return NULL;
}

static void *volatile nowhere;

/* In a sanitizer build only the helper is to be checked. */
__attribute__((noinline, no_sanitize("address", "undefined"))) static void write_to(volatile int *p)
{
        *p = 42; /* CRASH: null-write */
        __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void *worker(void *arg)
{
        (void)arg;
        pthread_setname_np(pthread_self(), "faulty");
        write_to(nowhere);
        __asm__ volatile("" ::: "memory");
        return NULL;
}

static void crash_on_a_thread(void)
{
        static char names[][16] = { "idle-one", "idle-\xff\x1b[31m", "idle \"three\"" };
        struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
        pthread_t thread;
        size_t i;

        sigaction(SIGSEGV, &action, NULL);
        for (i = 0; i < 3; i++)
                pthread_create(&thread, NULL, idle, names[i]);
        if (mode_is("refused"))
                prctl(PR_SET_DUMPABLE, 0);
        if (mode_is("request")) {
                ucontext_t uc;

                getcontext(&uc);
                drive(0, NULL, &uc);
                _exit(0);
        }
        pthread_create(&thread, NULL, worker, NULL);
        pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
        const struct rlimit no_core = { 0, 0 };
        int status;
        pid_t pid;

        setrlimit(RLIMIT_CORE, &no_core);
        if (argc < 3) {
                fprintf(stderr, "usage: fake_handler HELPER DIR [MODE]\n");
                return 2;
        }
        helper_path = argv[1];
        directory = argv[2];
        mode = argc > 3 ? argv[3] : mode;
        if (readlink("/proc/self/exe", executable, sizeof(executable) - 1) < 0)
                die("/proc/self/exe");
        pid = fork();
        if (!pid) {
                crash_on_a_thread();
                _exit(3);
        }
        waitpid(pid, &status, 0);
        printf("child: %s %d\n", WIFSIGNALED(status) ? "signal" : "exit",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        return 0;
}
