/* SPDX-License-Identifier: MIT */
/* tests/unit/report_fault.c: fault class, access and phrase of a signal, code and address. */
#include "report/fault/examine.h"
#include "report/fault/fault.h"
#include "report/words/describe.h"
#include "tests/unit/tap.h"

#include "unwind/core/image/maps.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define SELF 100
#define STACK 0x7f0000101000u /* guard below it: 0x7f0000100000 */

static struct mapping mappings[] = {
        { .start = 0x400000, .end = 0x401000, .perms = MAPS_READ | MAPS_EXEC, .path = "/bin/app", .module = -1 },
        { .start = 0x402000, .end = 0x403000, .perms = MAPS_READ, .path = "/bin/app", .module = -1 },
        { .start = 0x500000, .end = 0x600000, .perms = MAPS_READ | MAPS_WRITE, .path = "[heap]", .module = -1 },
        { .start = 0x700000,
          .end = 0x701000,
          .perms = MAPS_READ | MAPS_WRITE | MAPS_SHARED,
          .path = "/tmp/file",
          .module = -1 },
        { .start = 0x800000, .end = 0x801000, .perms = 0, .path = "", .module = -1 },
        { .start = STACK - 0x1000, .end = STACK, .perms = 0, .path = "", .module = -1 },
        { .start = STACK, .end = 0x7f0000200000, .perms = MAPS_READ | MAPS_WRITE, .path = "", .module = -1 },
        { .start = 0x7ffc00000000,
          .end = 0x7ffc00100000,
          .perms = MAPS_READ | MAPS_WRITE,
          .path = "[stack]",
          .module = -1 },
};

static struct thread_frame outer = { .pc = 0x400100, .sp = STACK + 0x1000 };
static struct target_thread thread = { .frames = &outer, .frame_count = 1 };
static struct target space = {
        .mappings = { mappings, sizeof(mappings) / sizeof(mappings[0]) },
        .threads = &thread,
        .thread_count = 1,
};

#define NO_ADDRESS UINT64_MAX
#define READ_FAULT 0x4
#define WRITE_FAULT 0x6
#define EXEC_FAULT 0x14

static const struct {
        const char *title;
        int signal, code;
        uint64_t address, error;
        uint64_t pc, sp;
        const char *class, *access, *mapping;
} cases[] = {
        { "write to null", SIGSEGV, SEGV_MAPERR, 0, WRITE_FAULT, 0x400100, STACK + 64, "null-dereference", "write",
          NULL },
        { "read of a member of null", SIGSEGV, SEGV_MAPERR, 0xff8, READ_FAULT, 0x400100, STACK + 64, "null-dereference",
          "read", NULL },
        { "last byte below vm.mmap_min_addr", SIGSEGV, SEGV_MAPERR, 0xffff, READ_FAULT, 0x400100, STACK + 64,
          "null-dereference", "read", NULL },
        { "first byte at vm.mmap_min_addr", SIGSEGV, SEGV_MAPERR, 0x10000, READ_FAULT, 0x400100, STACK + 64,
          "unmapped-address", "read", NULL },
        { "call of null", SIGSEGV, SEGV_MAPERR, 0, EXEC_FAULT, 0, STACK + 64, "null-call", "execute", NULL },
        { "jump into the heap", SIGSEGV, SEGV_ACCERR, 0x500010, EXEC_FAULT, 0x500010, STACK + 64,
          "execute-non-executable", "execute", "[heap]" },
        { "read, with the error code of an earlier jump", SIGSEGV, SEGV_MAPERR, 0x900000, EXEC_FAULT, 0x400100,
          STACK + 64, "unmapped-address", NULL, NULL },
        { "jump without an error code", SIGSEGV, SEGV_MAPERR, 0x900000, 0, 0x900000, STACK + 64, "unmapped-address",
          "execute", NULL },
        { "write to text", SIGSEGV, SEGV_ACCERR, 0x400020, WRITE_FAULT | 1, 0x400100, STACK + 64, "write-to-read-only",
          "write", "/bin/app" },
        { "write to rodata, no error code", SIGSEGV, SEGV_ACCERR, 0x402020, 0, 0x400100, STACK + 64,
          "write-to-read-only", NULL, "/bin/app" },
        { "read of a PROT_NONE page", SIGSEGV, SEGV_ACCERR, 0x800010, READ_FAULT | 1, 0x400100, STACK + 64,
          "inaccessible-address", "read", "[anonymous]" },
        { "general protection", SIGSEGV, SI_KERNEL, NO_ADDRESS, 0, 0x400100, STACK + 64, "non-canonical-address", NULL,
          NULL },
        { "stack segment fault", SIGBUS, SI_KERNEL, NO_ADDRESS, 0, 0x400100, STACK + 64, "non-canonical-address", NULL,
          NULL },
        { "push into the guard", SIGSEGV, SEGV_ACCERR, STACK - 8, WRITE_FAULT | 1, 0x400100, STACK, "stack-overflow",
          "write", "[anonymous]" },
        { "large frame into the guard", SIGSEGV, SEGV_ACCERR, STACK - 0x800, WRITE_FAULT, 0x400100, STACK - 0x2000,
          "stack-overflow", "write", "[anonymous]" },
        { "guard page accessed far from SP", SIGSEGV, SEGV_ACCERR, STACK - 8, READ_FAULT, 0x400100, STACK + 0x80000,
          "inaccessible-address", "read", "[anonymous]" },
        { "main stack's end", SIGSEGV, SEGV_MAPERR, 0x7ffbfffffff8, WRITE_FAULT, 0x400100, 0x7ffc00000000,
          "stack-overflow", "write", NULL },
        { "main stack, far below", SIGSEGV, SEGV_MAPERR, 0x7ff000000000, WRITE_FAULT, 0x400100, 0x7ffc00000000,
          "unmapped-address", "write", NULL },
        { "push below memory that is not a stack", SIGSEGV, SEGV_MAPERR, 0x4ffff8, WRITE_FAULT, 0x400100, 0x500000,
          "unmapped-address", "write", NULL },
        { "no page, and nothing was examined", SIGBUS, BUS_ADRERR, 0x700010, READ_FAULT, 0x400100, STACK + 64,
          "unknown", "read", "/tmp/file" },
        { "mapped, and yet not mapped: most likely a guard", SIGSEGV, SEGV_MAPERR, 0x500010, WRITE_FAULT, 0x400100,
          STACK + 64, "inaccessible-address", "write", "[heap]" },
        { "misaligned", SIGBUS, BUS_ADRALN, 0x700001, 0, 0x400100, STACK + 64, "bus-misaligned", NULL, "/tmp/file" },
        { "division by zero", SIGFPE, FPE_INTDIV, 0x400100, 0, 0x400100, STACK + 64, "integer-divide-by-zero", NULL,
          NULL },
        { "floating-point trap", SIGFPE, FPE_FLTDIV, 0x400100, 0, 0x400100, STACK + 64, "floating-point-exception",
          NULL, NULL },
        { "ud2", SIGILL, ILL_ILLOPN, 0x400100, 0, 0x400100, STACK + 64, "illegal-instruction", NULL, NULL },
        { "int3", SIGTRAP, SI_KERNEL, NO_ADDRESS, 0, 0x400100, STACK + 64, "trap", NULL, NULL },
        { "seccomp", SIGSYS, 1, NO_ADDRESS, 0, 0x400100, STACK + 64, "bad-system-call", NULL, NULL },
        { "real-time signal", 40, SI_TIMER, NO_ADDRESS, 0, 0x400100, STACK + 64, "sent-by-process", NULL, NULL },
        { "unknown code", SIGSEGV, 77, 0x123456, 0, 0x400100, STACK + 64, "unknown", NULL, NULL },
};

static bool same(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

static void classes(void)
{
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct crash_facts facts = { .signal = cases[i].signal, .code = cases[i].code, .pid = SELF };
                struct report *r = report_new();
                bool good;

                if (cases[i].address != NO_ADDRESS)
                        facts.address = KNOWN_U64(cases[i].address);
                facts.trap = cases[i].error ? ARCH_TRAP_PAGE_FAULT : 0;
                facts.error = cases[i].error;
                facts.regs.v[ARCH_REG_PC] = cases[i].pc;
                facts.regs.v[ARCH_REG_SP] = cases[i].sp;
                facts.regs.known = 1u << ARCH_REG_PC | 1u << ARCH_REG_SP;
                fault_classify(r, &facts, &space, NULL);
                good = same(r->fault.class, cases[i].class) && same(r->fault.access, cases[i].access) &&
                       same(r->fault.mapping, cases[i].mapping);
                if (!tap_ok(good, "%s: %s", cases[i].title, cases[i].class))
                        printf("#   got %s, %s, %s\n", r->fault.class, r->fault.access ? r->fault.access : "-",
                               r->fault.mapping ? r->fault.mapping : "-");
                report_free(r);
        }
}

/* The frames of a thread that has jumped out of its stack: SP, its callers in the stack. */
static const char *class_beyond(uint64_t address, uint64_t sp, uint64_t caller_sp, int code)
{
        struct thread_frame frames[] = { { .pc = 0x400100, .sp = sp }, { .pc = 0x400200, .sp = caller_sp } };
        struct target_thread jumped = { .frames = frames, .frame_count = 2 };
        struct mapping with_stack[sizeof(mappings) / sizeof(mappings[0]) + 1];
        struct target around = space;
        struct crash_facts f = { .pid = SELF,
                                 .signal = SIGSEGV,
                                 .code = code,
                                 .trap = 14,
                                 .error = WRITE_FAULT,
                                 .address = KNOWN_U64(address) };
        struct report *report = report_new();
        const char *class;

        memcpy(with_stack, mappings, 5 * sizeof(mappings[0]));
        memcpy(with_stack + 6, mappings + 5, sizeof(mappings) - 5 * sizeof(mappings[0]));
        with_stack[5] = (struct mapping){
                .start = 0x900000, .end = 0x901000, .perms = MAPS_READ | MAPS_WRITE, .path = "", .module = -1
        };
        around.mappings.v = with_stack;
        around.mappings.n++;
        around.threads = &jumped;
        f.regs.v[ARCH_REG_PC] = 0x400100;
        f.regs.v[ARCH_REG_SP] = sp;
        f.regs.known = 1u << ARCH_REG_PC | 1u << ARCH_REG_SP;
        fault_classify(report, &f, &around, NULL);
        class = fault_class_name(fault_class_from_name(report->fault.class));
        report_free(report);
        return class;
}

static void beyond_the_stack(void)
{
        static const struct {
                const char *title, *class;
                uint64_t address, sp, caller_sp;
                int code;
        } jumps[] = {
                { "nothing there", "stack-overflow", STACK - 0x4000008, STACK - 0x4000000, STACK + 64, SEGV_MAPERR },
                { "a closed page", "stack-overflow", 0x800800, 0x800808, 0x900800, SEGV_ACCERR },
                { "constants", "stack-overflow", 0x402100, 0x402108, 0x900800, SEGV_ACCERR },
                { "16 KiB above SP", "stack-overflow", STACK - 0x3ffc000, STACK - 0x4000000, STACK + 64, SEGV_MAPERR },
                { "2 MiB above SP, by an unknown operand", "unmapped-address", STACK - 0x3e00000, STACK - 0x4000000,
                  STACK + 64, SEGV_MAPERR },
                { "below SP", "unmapped-address", STACK - 0x4001000, STACK - 0x4000000, STACK + 64, SEGV_MAPERR },
                { "SP further than any variable", "unmapped-address", 0x10000, 0x10008, STACK + 64, SEGV_MAPERR },
                { "SP in its stack", "unmapped-address", STACK - 0x4000000, STACK + 32, STACK + 64, SEGV_MAPERR },
        };

        for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
                const char *got = class_beyond(jumps[i].address, jumps[i].sp, jumps[i].caller_sp, jumps[i].code);

                tap_ok(!strcmp(got, jumps[i].class), "SP out of its stack, %s: %s", jumps[i].title, got);
        }
}

/* What was found where a page is missing, and the explanation. */
#define FILE_AT(at, length) \
        .mapped = true, .file = true, .page_size = 4096, .offset = KNOWN_U64(at), .size = KNOWN_U64(length)
static const struct {
        const char *title, *class, *words;
        uint64_t error;
        struct backing b;
} missing[] = {
        { "file ends before",
          "bus-file-truncated",
          "16 bytes long now: it was truncated",
          READ_FAULT,
          { FILE_AT(8192, 16) } },
        { "file ends in the page before", "bus-file-truncated", "long now", READ_FAULT, { FILE_AT(4096, 4096) } },
        { "file ends in that page",
          "unknown",
          "most likely the page could not be read",
          READ_FAULT,
          { FILE_AT(4196, 4100) } },
        { "no length", "unknown", "most likely", READ_FAULT, { .mapped = true, .file = true, .page_size = 4096 } },
        { "no answer",
          "unknown",
          "does not answer",
          READ_FAULT,
          { .mapped = true, .file = true, .page_size = 4096, .no_answer = true } },
        { "tmpfs, no length",
          "bus-file-truncated",
          "most likely it was truncated",
          READ_FAULT,
          { .mapped = true, .file = true, .page_size = 4096, .kind = MOUNT_MEMORY } },
        { "tmpfs, full, no length",
          "bus-no-memory",
          "is full (0 of 64 MiB free): most likely",
          READ_FAULT,
          { .mapped = true,
            .file = true,
            .page_size = 4096,
            .kind = MOUNT_MEMORY,
            .type = "tmpfs",
            .point = "/dev/shm",
            .room = KNOWN_U64(0),
            .capacity = 64 << 20 } },
        { "tmpfs, full, hole",
          "bus-no-memory",
          "the tmpfs at /dev/shm is full (0 of 64 MiB free): there was no room",
          READ_FAULT,
          { FILE_AT(8192, 1 << 20), .content = CONTENT_HOLE, .kind = MOUNT_MEMORY, .type = "tmpfs", .point = "/dev/shm",
            .room = KNOWN_U64(0), .capacity = 64 << 20 } },
        { "tmpfs, full, data",
          "unknown",
          "most likely the page could not be read",
          READ_FAULT,
          { FILE_AT(8192, 1 << 20), .content = CONTENT_DATA, .kind = MOUNT_MEMORY, .room = KNOWN_U64(0),
            .capacity = 64 << 20 } },
        { "tmpfs, room again, hole",
          "bus-no-memory",
          "most likely there was no room for one; its file system has room now (1 MiB of 64 MiB free)",
          READ_FAULT,
          { FILE_AT(8192, 1 << 20), .content = CONTENT_HOLE, .kind = MOUNT_MEMORY, .room = KNOWN_U64((1 << 20) + 1),
            .capacity = 64 << 20 } },
        { "memfd, no limit, hole",
          "bus-no-memory",
          "most likely the system had no memory",
          READ_FAULT,
          { FILE_AT(8192, 1 << 20), .content = CONTENT_HOLE, .kind = MOUNT_MEMORY, .nowhere = true,
            .room = KNOWN_U64(0) } },
        { "memfd, all is promised",
          "bus-no-memory",
          "99 % of the memory",
          READ_FAULT,
          { FILE_AT(8192, 1 << 20), .content = CONTENT_HOLE, .kind = MOUNT_MEMORY, .nowhere = true, .committed = true,
            .committed_percent = KNOWN_U64(99) } },
        { "full disk, write",
          "bus-no-memory",
          "the ext4 at /data is full (0 of 10 GiB free): most likely",
          WRITE_FAULT,
          { FILE_AT(8192, 1 << 20), .kind = MOUNT_LOCAL, .type = "ext4", .point = "/data", .room = KNOWN_U64(0),
            .capacity = 10ull << 30 } },
        { "full disk, read",
          "unknown",
          "an I/O error",
          READ_FAULT,
          { FILE_AT(8192, 1 << 20), .kind = MOUNT_LOCAL, .room = KNOWN_U64(0), .capacity = 64 << 20 } },
        { "huge pages",
          "bus-no-memory",
          "the system has no free one",
          READ_FAULT,
          { .mapped = true, .huge = true, .huge_failed = true, .page_size = 2 << 20 } },
        { "huge pages, some are free",
          "bus-no-memory",
          "most likely no such page",
          READ_FAULT,
          { .mapped = true, .huge = true, .page_size = 2 << 20 } },
        { "huge pages, file cut",
          "bus-file-truncated",
          "long now",
          READ_FAULT,
          { .mapped = true,
            .file = true,
            .huge = true,
            .page_size = 2 << 20,
            .offset = KNOWN_U64((2 << 20) + 5000),
            .size = KNOWN_U64(2 << 20) } },
        { "userfaultfd",
          "bus-no-memory",
          "userfaultfd(2): most likely",
          READ_FAULT,
          { .mapped = true, .userfault = true, .page_size = 4096 } },
        { "poisoned",
          "bus-memory-failure",
          "UFFDIO_POISON",
          READ_FAULT,
          { .mapped = true, .userfault = true, .marked = true, .page_size = 4096 } },
        { "device",
          "unknown",
          "a device: most likely",
          READ_FAULT,
          { .mapped = true, .file = true, .device = true, .page_size = 4096 } },
        { "nothing mapped any more",
          "unknown",
          "most likely the mapped file was truncated",
          READ_FAULT,
          { .mapped = false } },
};

static void missing_pages(void)
{
        for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
                struct crash_facts f = { .signal = SIGBUS,
                                         .code = BUS_ADRERR,
                                         .address = KNOWN_U64(0x700010),
                                         .trap = ARCH_TRAP_PAGE_FAULT,
                                         .error = missing[i].error };
                struct examination seen = { .bad_operand = -1, .backing = missing[i].b };
                struct report *r = report_new();

                fault_classify(r, &f, &space, &seen);
                if (!tap_ok(same(r->fault.class, missing[i].class) && r->fault.explanation &&
                                    strstr(r->fault.explanation, missing[i].words),
                            "no page, %s: %s", missing[i].title, missing[i].class))
                        printf("#   got %s: %s\n", r->fault.class, r->fault.explanation ? r->fault.explanation : "-");
                report_free(r);
        }
#undef FILE_AT
}

/* What is not certain is worded so. */
static void guesses(void)
{
#define AT(signo, what) .signal = (signo), .code = (what), .pid = SELF, .address = KNOWN_U64(0x500010)
#define FLAGS(value) .regs = {.v = { [ARCH_REG_FLAGS] = (value) }, .known = 1u << ARCH_REG_FLAGS }
        static const struct {
                const char *class, *words;
                struct crash_facts f;
        } facts[] = {
                { "bus-memory-failure",
                  "marked the memory at that address as defective: most likely",
                  { AT(SIGBUS, 4) } },
                { "bus-misaligned", "; most likely alignment checks", { AT(SIGBUS, BUS_ADRALN) } },
                { "bus-misaligned",
                  ", while alignment checks are enabled",
                  { AT(SIGBUS, BUS_ADRALN), FLAGS(0x40246) } },
                { "bus-misaligned", "; most likely a locked access", { AT(SIGBUS, BUS_ADRALN), FLAGS(0x246) } },
                { "bad-system-call",
                  "PR_SET_SYSCALL_USER_DISPATCH",
                  { .signal = SIGSYS, .code = 2, .syscall = KNOWN_INT(41) } },
                { "bad-system-call", "a seccomp filter", { .signal = SIGSYS, .code = 1, .syscall = KNOWN_INT(41) } },
                { "non-canonical-address", "Most likely", { .signal = SIGSEGV, .code = SI_KERNEL, .pid = SELF } },
                { "sent-by-process",
                  "most likely by a process outside",
                  { .signal = SIGSEGV,
                    .code = SI_USER,
                    .pid = SELF,
                    .sender_pid = KNOWN_INT(0),
                    .sender_uid = KNOWN_INT(0) } },
        };

        for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
                struct report *r = report_new();

                fault_classify(r, &facts[i].f, &space, NULL);
                if (!tap_ok(same(r->fault.class, facts[i].class) && r->fault.explanation &&
                                    strstr(r->fault.explanation, facts[i].words),
                            "%s: %s", facts[i].class, facts[i].words))
                        printf("#   got %s: %s\n", r->fault.class, r->fault.explanation ? r->fault.explanation : "-");
                report_free(r);
        }
#undef AT
#undef FLAGS
}

/* The map was read after the fault, and pagemap shows an ordinary page. */
static void mapped_since(void)
{
        struct crash_facts f = { .signal = SIGSEGV,
                                 .code = SEGV_MAPERR,
                                 .pid = SELF,
                                 .trap = ARCH_TRAP_PAGE_FAULT,
                                 .error = READ_FAULT,
                                 .address = KNOWN_U64(0x500010) };
        struct target later = space;
        struct report *r = report_new();

        later.guard = GUARD_NONE;
        fault_classify(r, &f, &later, NULL);
        tap_ok(same(r->fault.class, "unmapped-address") &&
                       strstr(r->fault.explanation, "where nothing was mapped; most likely it was mapped since"),
               "mapped after the fault: %s", r->fault.explanation);
        report_free(r);
}

static void phrase(const struct crash_facts *facts, const char *type, const char *expected)
{
        struct report *r = report_new();
        const char *got;

        r->process.pid = KNOWN_INT(SELF);
        r->cause.exception.type = type;
        fault_classify(r, facts, NULL, NULL);
        got = describe_cause(r);
        if (!tap_ok(!strcmp(got, expected), "%s", expected))
                printf("#   got %s\n", got);
        report_free(r);
}

static void phrases(void)
{
        struct crash_facts f = { .signal = SIGABRT,
                                 .code = SI_TKILL,
                                 .pid = SELF,
                                 .sender_pid = KNOWN_INT(SELF),
                                 .sender_uid = KNOWN_INT(0) };

        phrase(&f, NULL, "SIGABRT (abort)");
        f.terminate = true;
        phrase(&f, NULL, "SIGABRT (terminate)");
        f.uncaught_exception = true;
        phrase(&f, "std::runtime_error", "SIGABRT (uncaught-exception: std::runtime_error)");
        f = (struct crash_facts){ .signal = SIGSEGV,
                                  .code = SI_USER,
                                  .pid = SELF,
                                  .sender_pid = KNOWN_INT(SELF),
                                  .sender_uid = KNOWN_INT(0) };
        phrase(&f, NULL, "SIGSEGV (sent-by-process: by itself)");
        f.sender_pid = KNOWN_INT(7);
        f.sender_uid = KNOWN_INT(1000);
        phrase(&f, NULL, "SIGSEGV (sent-by-process: by process 7, uid 1000)");
        f = (struct crash_facts){ .signal = SIGSYS, .code = 1, .syscall = KNOWN_INT(41) };
        phrase(&f, NULL, "SIGSYS (bad-system-call: socket)");
        f = (struct crash_facts){ .signal = SIGSEGV, .code = SEGV_MAPERR, .address = KNOWN_U64(0x123456) };
        phrase(&f, NULL, "SIGSEGV (unmapped-address: access to 0x123456)");
        f = (struct crash_facts){ .signal = 63, .code = 12345 };
        phrase(&f, NULL, "SIGRTMIN+29");
        f = (struct crash_facts){ .signal = 1000, .code = 1 };
        phrase(&f, NULL, "signal 1000");
        f = (struct crash_facts){ .signal = 0 };
        phrase(&f, NULL, "a request");
}

int main(void)
{
        classes();
        beyond_the_stack();
        missing_pages();
        guesses();
        mapped_since();
        phrases();
        return tap_done();
}
