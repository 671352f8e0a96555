/* SPDX-License-Identifier: MIT */
/* unwind/target/target.h: the interface to an examined process, independent of how it is accessed.
 *
 * A live process under ptrace (process.h), the calling process (self.h) and a raw report implement the same small
 * table. Unwinding and symbols use only this and depend on neither ptrace nor JSON. Single-threaded; not
 * async-signal-safe. Errors: 0 or -errno; sizes in bytes. "new": the caller frees; "borrowed": valid until the target
 * is freed.
 */
#ifndef CRASHPRE_UNWIND_TARGET_H
#define CRASHPRE_UNWIND_TARGET_H

#include "unwind/core/cfi/cfi.h"
#include "unwind/core/image/guards.h"
#include "unwind/core/image/image.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/wire.h"
#include "unwind/target/memory.h"

#include <sys/types.h>

struct target;
struct symbols;

/* What the symbolizer found for a module; the report prints: none, symbols, dwarf, missing, deleted. */
enum module_status {
        MODULE_NONE,    /* no symbols at all */
        MODULE_SYMBOLS, /* ELF symbols (.symtab, .dynsym or .gnu_debugdata) */
        MODULE_DWARF,   /* debugging information found */
        MODULE_MISSING, /* the file cannot be opened, or its build-id differs */
        MODULE_DELETED, /* the file was deleted since; symbols may still have been found */
};

struct module {
        char *path;                /* as printed in /proc/PID/maps, without " (deleted)"; "[vdso]" */
        uint64_t base, end;        /* lowest and highest address of its mappings */
        struct image image;        /* read from the target's memory; image.base == 0: the headers were not readable */
        uint64_t file_offset;      /* of the ELF header in the file: not 0 for a library inside an archive */
        uint64_t dev, inode;       /* as in maps: dev = makedev(major, minor) */
        bool deleted;              /* marked as deleted in maps */
        bool has_code;             /* at least one mapping is executable */
        char *debug_file;          /* separate debug file found, or NULL; set by the symbolizer */
        enum module_status status; /* set by the symbolizer */
};

struct module_list {
        struct module *v; /* sorted by base */
        size_t n;
};

struct mapping {
        uint64_t start, end, offset;
        uint64_t dev, inode; /* as in struct module */
        uint32_t perms;      /* MAPS_* */
        bool deleted;
        bool guard;       /* a guard region, which /proc/PID/maps does not show (guards.h): perms are 0 */
        const char *path; /* "" if none */
        int module;       /* index of the module it belongs to (its .bss too), -1 none */
};

struct mapping_list {
        struct mapping *v; /* sorted by start */
        size_t n;
};

struct thread_frame {
        uint64_t pc;
        uint64_t sp; /* stack pointer in this frame, 0: unknown */
        enum cfi_trust trust;
        bool exact_pc;     /* look-ups use pc, else pc - 1 */
        bool signal_frame; /* a signal trampoline: gdb's <signal handler called> */
        int module;        /* index, or -1 */
};

struct target_thread {
        pid_t tid;
        char name[17];               /* comm, "" unknown */
        struct arch_registers regs;  /* regs.known == 0: not readable */
        struct thread_frame *frames; /* innermost first; filled by unwind_threads() */
        size_t frame_count;
        size_t frames_omitted; /* in the middle: the innermost and outermost are kept */
        size_t omitted_after;  /* index of the last frame before the gap */
        /* of the innermost frames, of the crashing thread only; filled by unwind_threads(). What the frame's function has kept in a register
         * that functions preserve is known there. */
        struct arch_registers *frame_regs;
        size_t frame_regs_count;
        enum cfi_end end;
};

struct target_ops {
        /* Copies up to `len` bytes; returns how many (a short count at the first unreadable page), or -errno. */
        ssize_t (*read)(struct target *t, uint64_t addr, void *buf, size_t len);
        /* May be NULL. These ranges will be read soon: fetch them in one call. */
        void (*prefetch)(struct target *t, const struct memory_range *ranges, size_t n);
        void (*free)(struct target *t);
};

struct target {
        const struct target_ops *ops;
        pid_t pid;
        pid_t proc;   /* its number in the /proc mounted here (proc.h); 0: cannot be determined */
        pid_t living; /* proc_living() of proc */
        struct module_list modules;
        struct mapping_list mappings;
        enum guard_state guard;        /* what was found at the bad address; set by pagemap_find_guard() */
        struct target_thread *threads; /* the crashing thread first, once it is known */
        size_t thread_count;
        char root[32];           /* "/proc/PID/root" or "": prefix for the target's file names */
        uint64_t deadline_ns;    /* CLOCK_MONOTONIC: unwinding stops here; 0: never. Set by the caller. */
        struct symbols *symbols; /* borrowed; set by symbols_new(), cleared by symbols_free() */
        char *maps_text;         /* contains the mappings' paths; freed with the target */
};

/* Reads exactly `len` bytes. Returns 0 or -EFAULT. */
int target_read(struct target *t, uint64_t addr, void *buf, size_t len);

/* Copies a NUL-terminated string of at most size - 1 bytes to `buf`. Returns its length, or -EFAULT if not even one
 * byte is readable. */
ssize_t target_read_string(struct target *t, uint64_t addr, char *buf, size_t size);

/* Returns the mapping that contains `addr`, borrowed; NULL if none. */
const struct mapping *target_mapping(const struct target *t, uint64_t addr);

/* Returns the index in t->modules of the module that contains `addr`; -1 if none. If mappings are known they decide,
 * so that memory mapped into a gap of a module is not attributed to that module. */
int target_module_index(const struct target *t, uint64_t addr);

/* Inserts the crashed thread, as described by its own handler, before the threads of `t`; `name` may be NULL. Counts
 * and enumeration values of `crash` are checked. Returns 0 or -ENOMEM. */
int target_add_crashed(struct target *t, const struct wire_crash *crash, const char *name);

/* True if t->deadline_ns has passed. */
bool target_past_deadline(const struct target *t);

/* Frees the target and everything it owns except its symbols: call symbols_free() first. Accepts NULL. */
void target_free(struct target *t);

#endif
