/* SPDX-License-Identifier: MIT */
/* unwind/target/process.c: memory, mappings and names of a live process. attach.c stops it. */
#include "unwind/target/aside.h"
#include "unwind/target/files.h"
#include "unwind/target/modules.h"
#include "unwind/target/mountinfo.h"
#include "unwind/target/proc.h"
#include "unwind/target/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- memory ---- */

#define ASIDE_NS 500000000ull /* for a page that a file server or a thread of the process has to provide */

static int mem_fd(struct process *p)
{
        char path[32];

        if (p->mem_fd == MEM_FD_UNTRIED) {
                snprintf(path, sizeof(path), "/proc/%d/mem", (int)p->base.living);
                p->mem_fd = open(path, O_RDONLY | O_CLOEXEC); /* -1: refused, permanently */
        }
        return p->mem_fd;
}

static bool read_by_mem_fd(struct process *p, struct memory_page *page)
{
        return mem_fd(p) >= 0 && pread(p->mem_fd, page->data, MEMORY_PAGE, (off_t)page->addr) == (ssize_t)MEMORY_PAGE;
}

/* Adds one page to a vector; extends the last element if the page is adjacent to it. */
static size_t add_page(struct iovec *v, size_t n, void *base)
{
        if (n && (char *)v[n - 1].iov_base + v[n - 1].iov_len == (char *)base) {
                v[n - 1].iov_len += MEMORY_PAGE;
                return n;
        }
        v[n] = (struct iovec){ base, MEMORY_PAGE };
        return n + 1;
}

/* Reads up to IOV_MAX ranges in one call. Returns how many pages were filled; *asked is how many were tried. */
static size_t read_batch(struct process *p, struct memory_page *pages, size_t n, size_t *asked)
{
        struct iovec local[IOV_MAX], remote[IOV_MAX];
        size_t locals = 0, remotes = 0, i;
        ssize_t got;

        for (i = 0; i < n && locals < IOV_MAX && remotes < IOV_MAX; i++) {
                locals = add_page(local, locals, pages[i].data);
                remotes = add_page(remote, remotes, (void *)(uintptr_t)pages[i].addr);
        }
        *asked = i;
        got = process_vm_readv(p->memory_tid, local, locals, remote, remotes, 0);
        if (got < 0 && errno == ESRCH)
                p->gone = true;
        else if (got < 0 && errno != EFAULT) /* not permitted, whatever errno a seccomp filter returns */
                p->by_mem_fd = true;
        return got < 0 ? 0 : (size_t)got / MEMORY_PAGE;
}

/* process_vm_readv(2) respects the protection that the process has, the mem file does not. The mem file is used for
 * execute-only code, but not for guard pages, which would read as zeros. */
static bool execute_only(const struct process *p, uint64_t addr)
{
        const struct mapping *m = target_mapping(&p->base, addr);

        return m && (m->perms & (MAPS_READ | MAPS_EXEC)) == MAPS_EXEC;
}

/* True if a read is known to be useless: nothing is mapped there, as past the end of a stack that is read ahead.
 * Guard pages would read as zeros through the mem file. */
static bool is_unmapped(const struct process *p, uint64_t addr)
{
        const struct mapping *m;

        if (p->gone)
                return true;
        if (!p->loaded)
                return false;
        m = target_mapping(&p->base, addr);
        return !m || !(m->perms & (MAPS_READ | MAPS_EXEC));
}

/* Returns the pagemap entry of a page (Documentation/admin-guide/mm/pagemap.rst). If the file is refused, the page
 * counts as present. */
static uint64_t pagemap_entry(struct process *p, uint64_t addr)
{
        uint64_t page = addr / (uint64_t)sysconf(_SC_PAGESIZE), first = page - page % PAGEMAP_WINDOW;
        char path[32];

        if (p->pagemap_fd == MEM_FD_UNTRIED) {
                snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)p->base.living);
                p->pagemap_fd = open(path, O_RDONLY | O_CLOEXEC);
        }
        if (p->pagemap_fd < 0)
                return PAGEMAP_PRESENT;
        if (first != p->pagemap_first || !first) {
                for (size_t i = 0; i < PAGEMAP_WINDOW; i++)
                        p->pagemap[i] = PAGEMAP_PRESENT;
                if (pread(p->pagemap_fd, p->pagemap, sizeof(p->pagemap), (off_t)(first * sizeof(uint64_t))) < 0)
                        return PAGEMAP_PRESENT;
                p->pagemap_first = first;
        }
        return p->pagemap[page - first];
}

static bool is_anonymous(const struct mapping *m)
{
        return m && (!*m->path || !strcmp(m->path, "[heap]") || !strncmp(m->path, "[anon:", 6));
}

enum access { ACCESS_READ, ACCESS_ZERO, ACCESS_ASIDE, ACCESS_NONE };

static bool same_source(const struct mapping *a, const struct mapping *b)
{
        return a->dev == b->dev && (a->inode == b->inode || mountinfo_of_mapping(a) == MOUNT_UNKNOWN);
}

static bool is_hung(const struct process *p, const struct mapping *m)
{
        for (size_t i = 0; i < p->hung_count; i++)
                if (same_source(&p->hung[i], m))
                        return true;
        return p->hung_count == HUNG_MAX;
}

/* A program in a tmpfs; its pages could be under a userfaultfd(2), but are not. */
static bool is_code_in_memory(const struct process *p, const struct mapping *m, enum mount_kind kind)
{
        return kind == MOUNT_MEMORY && !mounts_is_nowhere(m->path, strlen(m->path)) &&
               (m->perms & MAPS_EXEC || (m->module >= 0 && p->base.modules.v[m->module].has_code));
}

/* Anonymous memory that has not been written contains zeros, so it need not be read. Moreover the read of a page that is not
 * present might never return: the thread that should fill it by userfaultfd(2) is stopped by us, or has died, or the file server
 * does not answer. */
static enum access access_to(struct process *p, uint64_t addr)
{
        const struct mapping *m = target_mapping(&p->base, addr);
        enum mount_kind kind;

        if (!m)
                return ACCESS_READ;
        if (is_anonymous(m))
                return !p->loaded || pagemap_entry(p, addr) & PAGEMAP_TAKEN ? ACCESS_READ : ACCESS_ZERO;
        if (!m->inode)
                return ACCESS_READ;
        kind = mountinfo_of_mapping(m);
        if (kind == MOUNT_LOCAL || is_code_in_memory(p, m, kind) || pagemap_entry(p, addr) & PAGEMAP_PRESENT)
                return ACCESS_READ;
        return is_hung(p, m) ? ACCESS_NONE : ACCESS_ASIDE;
}

struct aside_read {
        const struct process *p;
        uint64_t addr;
};

static ssize_t read_aside(void *ctx, void *buf, size_t size)
{
        const struct aside_read *r = ctx;
        struct iovec local = { buf, size }, remote = { (void *)(uintptr_t)r->addr, size };
        ssize_t n = process_vm_readv(r->p->memory_tid, &local, 1, &remote, 1, 0);

        return n < 0 ? -errno : n;
}

/* Reads one page by a process that can be left behind. */
static void fetch_aside(struct process *p, struct memory_page *page)
{
        struct aside_read r = { p, page->addr };
        ssize_t n = aside_run(read_aside, &r, page->data, MEMORY_PAGE, ASIDE_NS);

        if (n == (ssize_t)MEMORY_PAGE)
                return;
        if (n == -ETIMEDOUT && p->hung_count < HUNG_MAX)
                p->hung[p->hung_count++] = *target_mapping(&p->base, page->addr);
        page->data = NULL;
}

/* Fetches a page that is not simply read. Returns false for one that is. */
static bool fetch_special(struct process *p, struct memory_page *page)
{
        switch (access_to(p, page->addr)) {
        case ACCESS_READ:
                return false;
        case ACCESS_ZERO:
                memset(page->data, 0, MEMORY_PAGE);
                break;
        case ACCESS_ASIDE:
                fetch_aside(p, page);
                break;
        case ACCESS_NONE:
                page->data = NULL;
        }
        return true;
}

/* Fetches the first pages, up to one that cannot be read. Returns how many were processed, at least 1. */
static size_t fetch_some(struct process *p, struct memory_page *pages, size_t n)
{
        size_t asked, got;

        for (got = 0; got < n && !is_unmapped(p, pages[got].addr); got++)
                ;
        n = got;
        if (!n) {
                pages[0].data = NULL;
                return 1;
        }
        if (fetch_special(p, &pages[0]))
                return 1;
        for (got = 1; got < n && access_to(p, pages[got].addr) == ACCESS_READ; got++)
                ;
        n = got;
        if (!p->by_mem_fd) {
                got = read_batch(p, pages, n, &asked);
                if (got == asked)
                        return got;
                if (p->gone || (!p->by_mem_fd && !execute_only(p, pages[got].addr))) {
                        pages[got].data = NULL;
                        return got + 1;
                }
                if (got)
                        return got;
        }
        if (!read_by_mem_fd(p, &pages[0]))
                pages[0].data = NULL;
        return 1;
}

static void fetch(void *ctx, struct memory_page *pages, size_t n)
{
        ((struct process *)ctx)->pagemap_first = 0;
        for (size_t i = 0; i < n;)
                i += fetch_some(ctx, pages + i, n - i);
}

static ssize_t read_memory(struct target *t, uint64_t addr, void *buf, size_t len)
{
        return (ssize_t)memory_read(process_of(t)->memory, addr, buf, len);
}

static void prefetch(struct target *t, const struct memory_range *ranges, size_t n)
{
        memory_prefetch(process_of(t)->memory, ranges, n);
}

/* ---- life ---- */

static void free_process(struct target *t)
{
        struct process *p = process_of(t);

        if (p->release_all)
                p->release_all(p);
        memory_free(p->memory);
        if (p->mem_fd >= 0)
                close(p->mem_fd);
        if (p->pagemap_fd >= 0)
                close(p->pagemap_fd);
        free(p->held);
        free(p);
}

static const struct target_ops process_ops = { .read = read_memory, .prefetch = prefetch, .free = free_process };

struct process *process_of(struct target *t)
{
        return (struct process *)t; /* `base` is its first member */
}

/* Sets t->root if the process's root directory differs from ours. Checked once, since a different root makes opening
 * every file more expensive. */
static void set_root(struct target *t)
{
        t->root[0] = '\0';
        if (!proc_root_is_ours(t->living))
                snprintf(t->root, sizeof(t->root), "/proc/%d/root", (int)t->living);
}

struct process *process_new(pid_t pid)
{
        struct process *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->base.ops = &process_ops;
        p->base.pid = pid;
        p->base.proc = proc_number(pid);
        p->base.living = proc_living(p->base.proc);
        p->memory_tid = pid;
        if (p->base.living != p->base.proc)
                p->memory_tid = p->base.proc == pid ? p->base.living : proc_own_tid(p->base.proc, p->base.living);
        p->mem_fd = p->pagemap_fd = MEM_FD_UNTRIED;
        p->memory = memory_new(fetch, p);
        if (!p->memory) {
                free(p);
                return NULL;
        }
        set_root(&p->base);
        return p;
}

int process_open(pid_t pid, struct target **out, char *why, size_t why_size)
{
        struct process *p = process_new(pid);
        int err = p ? process_load(&p->base) : -ENOMEM;

        if (err) {
                snprintf(why, why_size, "cannot read the mappings of process %d: %s", (int)pid, strerror(-err));
                target_free(p ? &p->base : NULL);
                return err;
        }
        *out = &p->base;
        return 0;
}

/* ---- mappings and names ---- */

struct held *process_held(struct process *p, pid_t tid)
{
        for (size_t i = 0; i < p->held_count; i++)
                if (p->held[i].tid == tid)
                        return &p->held[i];
        return NULL;
}

/* Returns the number of a thread in the /proc mounted here. */
static pid_t task_number(struct process *p, pid_t tid)
{
        const struct held *h = p->base.proc == p->base.pid ? NULL : process_held(p, tid);

        return h ? h->task : tid;
}

static void read_name(struct target *t, struct target_thread *thread)
{
        char path[64];
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)t->proc,
                 (int)task_number(process_of(t), thread->tid));
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return;
        n = read(fd, thread->name, sizeof(thread->name) - 1);
        close(fd);
        if (n > 0 && thread->name[n - 1] == '\n')
                n--;
        thread->name[n > 0 ? n : 0] = '\0';
}

int process_load(struct target *t)
{
        struct process *p = process_of(t);
        char path[32], *text;
        size_t len;
        int err;

        if (p->loaded)
                return 0;
        snprintf(path, sizeof(path), "/proc/%d/maps", (int)t->living);
        text = files_read(path, &len);
        if (!text)
                return -errno;
        err = modules_parse_maps(t, text, len);
        if (!err)
                err = modules_build(t);
        for (size_t i = 0; i < t->thread_count; i++)
                read_name(t, &t->threads[i]);
        p->loaded = true;
        return err;
}

int process_set_crash(struct target *t, pid_t tid, const struct arch_registers *regs)
{
        for (size_t i = 0; i < t->thread_count; i++) {
                struct target_thread crashed = t->threads[i];

                if (crashed.tid != tid)
                        continue;
                for (int r = 0; r < ARCH_REGS; r++)
                        if (regs->known & (1u << r))
                                crashed.regs.v[r] = regs->v[r];
                crashed.regs.known |= regs->known;
                memmove(&t->threads[1], &t->threads[0], i * sizeof(t->threads[0]));
                t->threads[0] = crashed;
                return 0;
        }
        return -ESRCH;
}

struct process_counts process_counts(const struct target *t)
{
        struct memory_counts c = memory_counts(((const struct process *)t)->memory);

        return (struct process_counts){ .reads = c.fetches, .pages = c.pages };
}
