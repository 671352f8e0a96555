/* SPDX-License-Identifier: MIT */
#include "preload/base/probe.h"
#include "preload/base/keep.h"
#include "preload/base/memmap.h"
#include "preload/base/mountinfo.h"
#include "preload/base/syscalls.h"
#include "unwind/core/cfi/arch.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/str.h"

#include <errno.h>
#include <stdbool.h>

#define PAGE ARCH_PAGE_MIN
#define SLOTS 16u /* direct-mapped; few, since the first use of each slot in a crash costs a page fault */

#define UNTRIED (-2)
#define STEP 64u /* bytes of a string that are copied at once */

enum way { WAY_VM_READV, WAY_MEM_FILE, WAY_PIPE, WAY_NONE };

static struct {
        enum way way;
        int tid;
        int mem_fd;     /* WAY_MEM_FILE, else -1 */
        int pipe_fd[2]; /* WAY_PIPE, else -1 */
        int pagemap_fd; /* or UNTRIED, or -errno */
        struct {
                uint64_t page; /* address, or ~0 */
                bool bad;
        } slot[SLOTS];
} probe = { .mem_fd = -1, .pipe_fd = { -1, -1 }, .pagemap_fd = UNTRIED };

static uint8_t page_data[SLOTS][PAGE] __attribute__((aligned(PAGE))); /* a slot touches one page */

void probe_begin(void)
{
        probe_end();
        mountinfo_begin();
        probe.way = WAY_VM_READV;
        probe.tid = sys_gettid(); /* not the pid: the main thread may have ended, and its id then refers to no memory */
        for (unsigned i = 0; i < SLOTS; i++)
                probe.slot[i].page = ~(uint64_t)0;
}

void probe_end(void)
{
        if (probe.mem_fd >= 0)
                sys_close(probe.mem_fd);
        if (probe.pipe_fd[0] >= 0) {
                sys_close(probe.pipe_fd[0]);
                sys_close(probe.pipe_fd[1]);
        }
        if (probe.pagemap_fd >= 0)
                sys_close(probe.pagemap_fd);
        probe.mem_fd = probe.pipe_fd[0] = probe.pipe_fd[1] = -1;
        probe.pagemap_fd = UNTRIED;
}

/* Reads the entries of `n` pages in pagemap (maps.h). Returns how many, 0 if the file is refused. */
static size_t pagemap_read(void *ctx, uint64_t page, uint64_t *entries, size_t n)
{
        long got;

        (void)ctx;
        if (probe.pagemap_fd == UNTRIED)
                probe.pagemap_fd = sys_openat(AT_FDCWD, "/proc/thread-self/pagemap", O_RDONLY | O_CLOEXEC, 0);
        if (probe.pagemap_fd < 0)
                return 0;
        got = sys_4(SYS_pread64, probe.pagemap_fd, (long)entries, (long)(n * sizeof(*entries)),
                    (long)(page / keep_page_size() * sizeof(*entries)));
        return got > 0 ? (size_t)got / sizeof(*entries) : 0;
}

static uint64_t pagemap_entry(uint64_t page, uint64_t otherwise)
{
        uint64_t entry;

        return pagemap_read(NULL, page, &entry, 1) == 1 ? entry : otherwise;
}

enum guard_state probe_guard(uint64_t start, uint64_t end, uint64_t address, struct guard_region *out)
{
        const struct guard_source source = { .read = pagemap_read, .page_size = keep_page_size() };

        return guards_find(&source, start, end, address, out);
}

/* Private memory without a file; the kernel names some of it. Shared anonymous memory has a file, "/dev/zero". */
static bool is_anonymous(const struct memmap_range *r)
{
        return !r->inode &&
               (!r->path_len || str_item_is(r->path, r->path_len, "[heap]") ||
                (r->path_len >= 6 && (str_item_is(r->path, 6, "[stack") || str_item_is(r->path, 6, "[anon:"))));
}

enum access { ACCESS_READ, ACCESS_ZERO, ACCESS_NONE };

/* A read of a page that is not present has the kernel fetch it, which may take for ever, without a signal having any effect: from
 * a file server that does not answer, or by userfaultfd(2) from a thread that is stopped or gone. Private anonymous memory that was
 * never written contains zeros, and need not be read; what else is not present is read only if it comes from a local file system. */
static enum access access_to(uint64_t page)
{
        const struct memmap_range *r = memmap_find(memmap_last(), page);
        enum mount_kind kind;

        if (!r || !(r->perms & MAPS_READ))
                return ACCESS_READ;
        if (is_anonymous(r))
                return pagemap_entry(page, PAGEMAP_PRESENT) & PAGEMAP_TAKEN ? ACCESS_READ : ACCESS_ZERO;
        if (!r->inode)
                return ACCESS_READ;
        kind = mountinfo_of_mapping(r);
        if (kind == MOUNT_LOCAL || (kind == MOUNT_MEMORY && memmap_has_code(memmap_last(), r) &&
                                    !mounts_is_nowhere(r->path, r->path_len))) /* a program in a tmpfs */
                return ACCESS_READ;
        return pagemap_entry(page, 0) & PAGEMAP_PRESENT ? ACCESS_READ : ACCESS_NONE;
}

/* The last method: write(2) to a pipe fails with EFAULT where the page is not readable; read(2) returns the bytes
 * written. */
static ssize_t read_by_pipe(uint64_t addr, void *buf)
{
        ssize_t n = sys_write(probe.pipe_fd[1], (const void *)addr, PAGE); // NOLINT(performance-no-int-to-ptr)

        if (n <= 0)
                return n;
        return sys_read(probe.pipe_fd[0], buf, (size_t)n);
}

static void next_way(void)
{
        if (probe.way == WAY_VM_READV) {
                probe.way = WAY_MEM_FILE;
                probe.mem_fd = sys_openat(AT_FDCWD, "/proc/thread-self/mem", O_RDONLY | O_CLOEXEC, 0);
                if (probe.mem_fd >= 0)
                        return;
        }
        if (probe.way == WAY_MEM_FILE) {
                probe.way = WAY_PIPE;
                if (sys_2(SYS_pipe2, (long)probe.pipe_fd, O_CLOEXEC | O_NONBLOCK) == 0)
                        return;
                probe.pipe_fd[0] = probe.pipe_fd[1] = -1;
        }
        probe.way = WAY_NONE;
}

static ssize_t read_page_once(uint64_t page, uint8_t *to)
{
        struct iovec local = { to, PAGE }, remote = { (void *)page, PAGE }; // NOLINT(performance-no-int-to-ptr)

        switch (probe.way) {
        case WAY_VM_READV:
                return sys_process_vm_readv(probe.tid, &local, &remote);
        case WAY_MEM_FILE:
                return sys_4(SYS_pread64, probe.mem_fd, (long)to, PAGE, (long)page);
        case WAY_PIPE:
                return read_by_pipe(page, to);
        default:
                return -EFAULT;
        }
}

static bool read_page(uint64_t page, uint8_t *to)
{
        switch (access_to(page)) {
        case ACCESS_READ:
                break;
        case ACCESS_ZERO:
                __builtin_memset(to, 0, PAGE);
                return true;
        case ACCESS_NONE:
                return false;
        }
        for (;;) {
                ssize_t n = read_page_once(page, to);

                if (n == PAGE)
                        return true;
                if (probe.way == WAY_NONE || n == -EFAULT || n == -EIO || n == 0)
                        return false;
                if (n != -EINTR)
                        next_way(); /* ENOSYS, EPERM, any error of a seccomp filter, or a short count */
        }
}

/* Returns the cached page, or NULL if it is not readable. */
static const uint8_t *cached_page(uint64_t page)
{
        unsigned i = (unsigned)(page / PAGE) & (SLOTS - 1);

        if (probe.slot[i].page != page) {
                probe.slot[i].bad = !read_page(page, page_data[i]);
                probe.slot[i].page = page;
        }
        return probe.slot[i].bad ? NULL : page_data[i];
}

size_t probe_copy(uint64_t addr, void *buf, size_t n)
{
        uint8_t *to = buf;
        size_t done = 0;

        while (done < n) {
                uint64_t at = addr + done, in_page = at % PAGE;
                size_t part = PAGE - in_page < n - done ? PAGE - in_page : n - done;
                const uint8_t *page;

                if (at < addr)
                        break; /* wraps at the top of the address space */
                page = cached_page(at - in_page);
                if (!page)
                        break;
                for (size_t i = 0; i < part; i++)
                        to[done + i] = page[in_page + i];
                done += part;
        }
        return done;
}

int probe_read(void *ctx, uint64_t addr, void *buf, size_t n)
{
        (void)ctx;
        return probe_copy(addr, buf, n) == n ? 0 : -EFAULT;
}

ssize_t probe_string(uint64_t addr, char *buf, size_t size)
{
        size_t n = 0;

        while (n + 1 < size) {
                size_t part = size - 1 - n < STEP ? size - 1 - n : STEP, got = probe_copy(addr + n, buf + n, part);

                for (size_t i = 0; i < got; i++)
                        if (!buf[n + i])
                                return (ssize_t)(n + i);
                n += got;
                if (got < part)
                        break;
        }
        if (n == 0 && (size < 2 || probe_copy(addr, buf, 1) != 1))
                return -EFAULT;
        buf[n] = 0;
        return (ssize_t)n;
}
