/* SPDX-License-Identifier: MIT */
#include "report/fault/backing.h"

#include "unwind/core/image/maps.h"
#include "unwind/core/terms/str.h"
#include "unwind/target/aside.h"
#include "unwind/target/files.h"
#include "unwind/target/pagemap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#define DISK_NS 500000000ull         /* for a disk to tell where a file has holes */
#define PAGEMAP_UFFD_WP (1ull << 57) /* write-protected by userfaultfd(2): kept in what looks like a swapped page */

/* ---- the mapping ---- */

/* Returns the number after `name` in text that consists of lines "name: number"; -1 if there is none. */
static int64_t number_after(const char *text, const char *name)
{
        const char *at = text ? strstr(text, name) : NULL;

        return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static bool has_flag(const char *flags, const char *flag)
{
        const char *at = strstr(flags, flag);

        return at && at[-1] == ' ' && (at[2] == ' ' || at[2] == '\n' || !at[2]);
}

static void take_line(const char *line, struct backing *b)
{
        int64_t kilobytes = number_after(line, "KernelPageSize:");

        if (kilobytes > 0)
                b->page_size = (uint64_t)kilobytes << 10;
        if (strncmp(line, "VmFlags:", 8) != 0)
                return;
        b->huge = b->huge || has_flag(line, "ht");
        b->device = has_flag(line, "io") || has_flag(line, "pf");
        b->userfault = has_flag(line, "um") || has_flag(line, "ui");
}

/* The entry of the mapping in smaps (proc(5)), which the kernel makes mapping by mapping: the rest is not read. */
static void read_smaps(const struct target *t, const struct mapping *m, struct backing *b)
{
        char path[64], line[512];
        uint64_t start, end;
        bool here = false;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/smaps", (int)t->living);
        file = fopen(path, "re");
        while (file && fgets(line, sizeof(line), file) && !target_past_deadline(t)) {
                if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2) {
                        if (here || start > m->start)
                                break;
                        here = start == m->start;
                } else if (here) {
                        take_line(line, b);
                }
        }
        if (file)
                fclose(file);
}

static void read_page(const struct target *t, uint64_t address, struct backing *b)
{
        uint64_t entry;

        if (pagemap_entry(t, address, &entry))
                b->marked = entry & PAGEMAP_SWAPPED && !(entry & (PAGEMAP_PRESENT | PAGEMAP_UFFD_WP | PAGEMAP_GUARD));
}

/* ---- huge pages ---- */

static int64_t read_number(const char *path)
{
        size_t len;
        char *text = files_read(path, &len);
        int64_t n = text ? strtoll(text, NULL, 10) : -1;

        free(text);
        return n;
}

/* Pages that are free are not available if other mappings have reserved them. */
static void count_huge_pages(struct backing *b)
{
        char path[96];
        int64_t free_pages, reserved;
        size_t len;
        char *text;

        snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/free_hugepages",
                 b->page_size >> 10);
        free_pages = read_number(path);
        snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/resv_hugepages",
                 b->page_size >> 10);
        reserved = read_number(path);
        if (free_pages < 0) {
                text = files_read("/proc/meminfo", &len);
                if (number_after(text, "Hugepagesize:") == (int64_t)(b->page_size >> 10)) {
                        free_pages = number_after(text, "HugePages_Free:");
                        reserved = number_after(text, "HugePages_Rsvd:");
                }
                free(text);
        }
        b->huge_failed = free_pages >= 0 && free_pages <= (reserved > 0 ? reserved : 0);
}

/* ---- the file ---- */

/* Opens the file by a descriptor that the process has of it: needs no privilege, as /proc/PID/map_files does. */
static int open_by_descriptor(const struct target *t, const struct mapping *m)
{
        char path[64], name[4096 + sizeof(STR_DELETED)], link[sizeof(name)];
        struct dirent *entry;
        int found = -1;
        DIR *dir;

        snprintf(path, sizeof(path), "/proc/%d/fd", (int)t->living);
        snprintf(name, sizeof(name), "%s%s", m->path, m->deleted ? STR_DELETED : "");
        dir = opendir(path);
        while (dir && found < 0 && (entry = readdir(dir))) {
                ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
                struct stat st;

                link[n > 0 ? n : 0] = '\0';
                if (strcmp(link, name) != 0)
                        continue;
                found = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
                if (found >= 0 && (files_stat(found, &st) || st.st_ino != m->inode || st.st_dev != m->dev)) {
                        close(found);
                        found = -1;
                }
        }
        if (dir)
                closedir(dir);
        return found;
}

static int open_backing(const struct target *t, const struct mapping *m, struct backing *b)
{
        int fd = files_open_mapped(t, m);

        b->no_answer = fd == -ETIMEDOUT;
        return fd < 0 && t->living > 0 && b->kind != MOUNT_UNKNOWN ? open_by_descriptor(t, m) : fd;
}

struct file_state {
        struct statfs fs;
        enum backing_content content;
        bool has_fs;
};

struct file_question {
        int fd; /* or -1 */
        uint64_t offset;
        const char *point; /* asked if there is no file */
};

static void ask(const struct file_question *q, struct file_state *s)
{
        off_t data = q->fd >= 0 ? lseek(q->fd, (off_t)q->offset, SEEK_DATA) : -1;

        *s = (struct file_state){ 0 };
        if (q->fd >= 0 && (data >= 0 || errno == ENXIO))
                s->content = data == (off_t)q->offset ? CONTENT_DATA : CONTENT_HOLE;
        s->has_fs = q->fd >= 0 ? !fstatfs(q->fd, &s->fs) : *q->point && !statfs(q->point, &s->fs);
}

/* In a process of its own, which has only descriptor 0: the file is opened again by what its parent has. */
static ssize_t ask_aside(void *ctx, void *buf, size_t size)
{
        struct file_question q = *(const struct file_question *)ctx;
        struct file_state s;
        char path[64];

        if (q.fd >= 0) {
                snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getppid(), q.fd);
                q.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        }
        ask(&q, &s);
        memcpy(buf, &s, size);
        return (ssize_t)size;
}

/* Only a file system that needs no server is asked; one on a disk, which may be failing, with a limit. */
static void ask_file_system(int fd, struct backing *b)
{
        struct file_question q = { .fd = fd, .offset = b->offset.v & ~(b->page_size - 1), .point = b->point };
        struct file_state s = { 0 };

        if (b->kind == MOUNT_MEMORY)
                ask(&q, &s);
        else if (b->kind != MOUNT_LOCAL || aside_run(ask_aside, &q, &s, sizeof(s), DISK_NS) != (ssize_t)sizeof(s))
                return;
        b->content = s.content;
        if (!s.has_fs)
                return;
        b->room = KNOWN_U64((uint64_t)s.fs.f_bavail * (uint64_t)s.fs.f_bsize);
        b->capacity = (uint64_t)s.fs.f_blocks * (uint64_t)s.fs.f_bsize;
}

/* Memory without a limit of its own is limited by what the system may promise (Documentation/mm/overcommit-accounting.rst). */
static void read_commitment(struct backing *b)
{
        size_t len;
        char *text;
        int64_t limit, used;

        b->committed = read_number("/proc/sys/vm/overcommit_memory") == 2;
        if (!b->committed)
                return;
        text = files_read("/proc/meminfo", &len);
        limit = number_after(text, "CommitLimit:");
        used = number_after(text, "Committed_AS:");
        free(text);
        if (limit > 0 && used >= 0)
                b->committed_percent = KNOWN_U64((uint64_t)(used * 100 / limit));
}

static void look_at_file(const struct target *t, const struct mapping *m, uint64_t address, struct backing *b)
{
        struct stat st;
        int fd;

        b->file = true;
        b->offset = KNOWN_U64(m->offset + (address - m->start));
        b->nowhere = mounts_is_nowhere(m->path, strlen(m->path));
        if (t->living > 0)
                b->kind = mountinfo_of_mapping(m);
        if (t->living > 0 && !b->nowhere)
                mountinfo_name(m, b->type, sizeof(b->type), b->point, sizeof(b->point));
        b->huge = b->huge || !strcmp(b->type, "hugetlbfs");
        fd = open_backing(t, m, b);
        if (fd >= 0 && !files_stat(fd, &st))
                b->size = KNOWN_U64((uint64_t)st.st_size);
        /* Later its file system may be fuller, or emptier, than at the fault. */
        if (t->living > 0 && backing_cause(b, true) != BACKING_ENDS_BEFORE)
                ask_file_system(fd, b);
        if (fd >= 0)
                close(fd);
}

void backing_look(struct target *t, uint64_t address, struct backing *out)
{
        const struct mapping *m = target_mapping(t, address);

        *out = (struct backing){ .mapped = m, .page_size = ARCH_PAGE_MIN };
        if (!m)
                return;
        if (t->living > 0) {
                read_smaps(t, m, out);
                read_page(t, address, out);
        }
        if (!strncmp(m->path, "/anon_hugepage", 14)) /* MAP_ANONYMOUS and MAP_HUGETLB: the kernel's own file */
                out->huge = true;
        else if (m->inode && m->path[0] == '/')
                look_at_file(t, m, address, out);
        if (out->huge && t->living > 0)
                count_huge_pages(out);
        if (out->nowhere && t->living > 0)
                read_commitment(out);
}

/* ---- the cause ---- */

static bool is_full(const struct backing *b)
{
        return b->room.known && b->capacity && b->room.v < b->page_size;
}

static enum backing_cause memory_cause(const struct backing *b)
{
        if (b->content == CONTENT_DATA)
                return BACKING_UNREADABLE;
        if (is_full(b))
                return b->content == CONTENT_HOLE ? BACKING_FULL : BACKING_MAY_BE_FULL;
        if (b->content == CONTENT_HOLE && b->size.known)
                return BACKING_MAY_BE_FULL;
        return b->size.known || b->committed ? BACKING_UNKNOWN : BACKING_MAY_END_BEFORE;
}

enum backing_cause backing_cause(const struct backing *b, bool reads)
{
        if (!b->mapped)
                return BACKING_UNKNOWN;
        if (b->size.known && b->size.v <= (b->offset.v & ~(b->page_size - 1)))
                return BACKING_ENDS_BEFORE;
        if (b->device)
                return BACKING_DEVICE;
        if (b->marked)
                return BACKING_MARKED;
        if (b->userfault)
                return BACKING_USERFAULT;
        if (b->huge)
                return BACKING_NO_HUGE_PAGE;
        if (!b->file)
                return BACKING_UNKNOWN;
        if (b->kind == MOUNT_MEMORY)
                return memory_cause(b);
        if (!reads && is_full(b))
                return BACKING_MAY_BE_FULL;
        return b->size.known ? BACKING_UNREADABLE : BACKING_UNKNOWN;
}
