/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/wire.h: the protocol between the crash handler and the helper.
 *
 * Both are from the same build; a message with another `version` or `size` is rejected. The helper inherits these
 * descriptors from the handler:
 *   0, 1  /dev/null
 *   2     the application's stderr if report text may be written there, else /dev/null
 *   3     WIRE_FD_CRASH: read end; one struct wire_crash arrives after the helper was made the tracer ("go")
 *   4     WIRE_FD_STATUS: write end; one byte per step: HELLO at once, RELEASED when a request's threads may continue,
 *         DONE when the report is complete, or ENDING if the helper exits at once afterwards
 *   5     WIRE_FD_RAW: the raw report, read-write, O_APPEND; may be closed (no writable directory)
 *   6     WIRE_FD_DIR: the report directory; may be closed
 * The steps of a crash: helper HELLO -> handler PR_SET_PTRACER, then struct wire_crash -> helper attaches, copies,
 * unwinds, writes the JSON, appends its outcome to the raw report, prints the summary -> helper detaches the crashing
 * thread only, then DONE -> the crashing thread dies -> helper, which has kept the other threads stopped until then,
 * collects them and exits. Such a helper outlives the process and is adopted by another one. So where there are no other
 * threads, or they can be parked (park_pc), it sends ENDING instead and exits, and the crashing thread collects it before it
 * dies. For a request: all threads are detached as soon as everything is copied (RELEASED), DONE
 * after the JSON is complete. A crash whose application handler runs after the report (WIRE_KIND_FIRST_CHANCE) is
 * processed like a request.
 */
#ifndef CRASHPRE_UNWIND_CORE_WIRE_H
#define CRASHPRE_UNWIND_CORE_WIRE_H

#include "unwind/core/cfi/arch.h"
#include "unwind/core/terms/exception_chain.h"

#include <signal.h>

enum { WIRE_FD_CRASH = 3, WIRE_FD_STATUS = 4, WIRE_FD_RAW = 5, WIRE_FD_DIR = 6 };

#define WIRE_MAGIC 0x70435243u
#define WIRE_VERSION 7u
#define WIRE_MAX_FRAMES 256
#define WIRE_THROW_FRAMES 48
#define WIRE_MESSAGE_MAX 4096 /* longer messages are truncated, here and in the raw report */

enum wire_status { WIRE_HELLO = 'H', WIRE_RELEASED = 'R', WIRE_WRITTEN = 'W', WIRE_DONE = 'D', WIRE_ENDING = 'E' };

enum wire_kind {
        WIRE_KIND_FATAL = 1,
        WIRE_KIND_REQUEST = 2,     /* crashpre_report(): no signal, the program continues */
        WIRE_KIND_FIRST_CHANCE = 3 /* CRASHPRE_CHAIN=first: the application's handler may still recover */
};

/* How the program's own handler of the signal ended the process. */
enum wire_handler { WIRE_HANDLER_NONE, WIRE_HANDLER_ABORT, WIRE_HANDLER_EXIT, WIRE_HANDLER_RAISE };

struct wire_frame {
        uint64_t pc;
        uint64_t sp;   /* stack pointer of the frame, 0: unknown */
        uint8_t trust; /* enum cfi_trust */
        uint8_t signal_frame;
        uint8_t exact_pc;
        uint8_t pad[5];
};

struct wire_crash {
        uint32_t magic, version, size;
        uint32_t kind;                         /* enum wire_kind */
        int32_t pid, tid;                      /* in the pid namespace of the dying process */
        int64_t time_sec, time_nsec;           /* CLOCK_REALTIME at the crash */
        uint64_t fault_ns, raw_ns;             /* CLOCK_MONOTONIC: handler entered; raw report complete */
        uint64_t sent_ns;                      /* CLOCK_MONOTONIC: when this message was sent; 0: no clock */
        uint64_t deadline_ns;                  /* CLOCK_MONOTONIC: when the handler stops waiting; 0: no clock */
        uint64_t sigmask;                      /* blocked at the crash, bit n-1 for signal n */
        uint64_t altstack_base, altstack_size; /* the stack the handler runs on */
        uint64_t park_pc;                      /* code that waits for ever, without a stack; 0: none */
        uint64_t program_at;                   /* an address in the program, if the kernel started the loader; else 0 */
        struct arch_registers regs;            /* at the crash */
        struct arch_registers fault_regs;      /* at the fault siginfo describes: regs, or those of an outer frame */
        /* trap number and page-fault error code (x86-64: REG_TRAPNO, REG_ERR of the ucontext); 0 if none */
        uint64_t fault_trap, fault_error;
        siginfo_t siginfo;                         /* of the fault, as delivered; all zero for a request */
        uint32_t handler;                          /* enum wire_handler: of the program, called for that fault */
        uint32_t raw_only;                         /* an earlier helper failed: nothing of the process is to be read */
        uint32_t root_changed;                     /* the root directory is another one than at load time */
        uint32_t uncaught_exception;               /* std::terminate was called with an exception in flight */
        uint32_t terminate;                        /* std::terminate was called */
        uint32_t frame_count, frame_end;           /* frames[] in use; enum cfi_end */
        struct wire_frame frames[WIRE_MAX_FRAMES]; /* the handler's own walk, used if attaching is not permitted */
        char id[256];                              /* base name of the report files */
        char dir[4096];                            /* directory of the reports, for messages; "" none */
        char reason[256];                          /* of a request */
        char message[WIRE_MESSAGE_MAX];            /* the program's last message before it aborted; "" none */
        /* an exception related to the crash; not certain: one held by a catch clause when the process aborts */
        uint32_t exception_certain;
        uint32_t throw_count; /* throw_pc[] in use: the first throw, as return addresses, innermost first */
        uint64_t throw_pc[WIRE_THROW_FRAMES];
        struct exception_chain exception;
        /* text for diagnostics, in lines: invalid settings, a directory that could not be used; "" none */
        char note[512];
};

#endif
