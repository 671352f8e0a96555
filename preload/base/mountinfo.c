/* SPDX-License-Identifier: MIT */
#include "preload/base/mountinfo.h"
#include "preload/base/lines.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/str.h"

#include <sys/stat.h>

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000u /* linux/stat.h; not yet in every glibc */
#endif

#define BUFFER 4096 /* a line that is longer is skipped */
#define KNOWN 8

static struct {
        struct {
                uint64_t dev;
                enum mount_kind kind;
        } known[KNOWN];
        unsigned known_count;
        char buffer[BUFFER];
} store;

void mountinfo_begin(void)
{
        store.known_count = 0;
}

static bool search_line(void *search, const char *line, size_t len)
{
        struct mount_search *s = search;

        mounts_search_line(s, line, len);
        return !s->certain;
}

static void search(struct mount_search *s)
{
        lines_each("/proc/thread-self/mountinfo", store.buffer, BUFFER, search_line, s);
}

/* A device has one file system. */
static bool is_known(struct mount_search *s)
{
        for (unsigned i = 0; i < store.known_count; i++) {
                if (store.known[i].dev != s->dev)
                        continue;
                s->kind = store.known[i].kind;
                s->certain = true;
                return true;
        }
        return false;
}

enum mount_kind mountinfo_of_mapping(const struct memmap_range *r)
{
        struct mount_search s = { .id = -1, .dev = r->dev, .path = r->path, .path_len = r->path_len };

        if (is_known(&s))
                return s.kind;
        search(&s);
        if (!s.certain && mounts_is_nowhere(r->path, r->path_len))
                return MOUNT_MEMORY;
        /* Not certain: a file of an overlay is listed with the device below it (before Linux 6.8: fs/proc/task_mmu.c:
         * show_map_vma()), and this decides by the path. */
        if (s.certain && store.known_count < KNOWN) {
                store.known[store.known_count].dev = r->dev;
                store.known[store.known_count++].kind = s.kind;
        }
        return s.kind;
}

static struct mount_search search_descriptor(int fd)
{
        struct mount_search s = { .id = -1, .path = "" };
        struct statx x;

        if (sys_5(SYS_statx, fd, (long)"", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, (long)&x))
                return s;
        s.dev = (uint64_t)x.stx_dev_major << 32 | x.stx_dev_minor;
        if (x.stx_mask & STATX_MNT_ID)
                s.id = (int64_t)x.stx_mnt_id;
        if (!is_known(&s))
                search(&s);
        return s;
}

enum mount_kind mountinfo_of_descriptor(int fd)
{
        return search_descriptor(fd).kind;
}

bool mountinfo_is_file_server(int fd)
{
        struct mount_search s = search_descriptor(fd);

        return s.certain && s.kind == MOUNT_UNKNOWN;
}

enum mount_kind mountinfo_of_path(const char *path)
{
        struct mount_search s = { .id = -1, .path = path, .path_len = str_len(path) };

        search(&s);
        return s.kind;
}
