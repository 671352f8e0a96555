/* SPDX-License-Identifier: MIT */
/* unwind/target/mountinfo.c: see mountinfo.h. */
#include "unwind/target/mountinfo.h"
#include "unwind/target/aside.h"
#include "unwind/target/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20 /* linux/openat2.h since 5.12 */
#endif

#define ANSWER_NS 500000000ull

enum { TRIED_MAX = 32, KNOWN_MAX = 16 };

static struct {
        char *text; /* NULL before the first question, or if it cannot be read */
        size_t len;
        bool read;
        struct {
                dev_t dev;
                int answer;
        } tried[TRIED_MAX];
        size_t tried_count;
        struct {
                dev_t dev;
                enum mount_kind kind;
        } known[KNOWN_MAX];
        size_t known_count;
} mounts;

static enum mount_kind search(struct mount_search *s)
{
        if (!mounts.read) {
                mounts.text = files_read("/proc/self/mountinfo", &mounts.len);
                mounts.read = true;
        }
        for (const char *line = mounts.text, *end = line + mounts.len; line && line < end;) {
                const char *stop = memchr(line, '\n', (size_t)(end - line));

                if (!stop)
                        stop = end;
                mounts_search_line(s, line, (size_t)(stop - line));
                line = stop + 1;
        }
        return s->kind;
}

static uint64_t device(dev_t dev)
{
        return (uint64_t)major(dev) << 32 | minor(dev);
}

enum mount_kind mountinfo_of_mapping(const struct mapping *m)
{
        struct mount_search s = { .id = -1, .dev = device(m->dev), .path = m->path, .path_len = strlen(m->path) };

        for (size_t i = 0; i < mounts.known_count; i++)
                if (mounts.known[i].dev == m->dev)
                        return mounts.known[i].kind;
        search(&s);
        if (!s.certain && mounts_is_nowhere(m->path, s.path_len))
                s.kind = MOUNT_MEMORY;
        if (s.certain && mounts.known_count < KNOWN_MAX) {
                mounts.known[mounts.known_count].dev = m->dev;
                mounts.known[mounts.known_count++].kind = s.kind;
        }
        return s.kind;
}

void mountinfo_name(const struct mapping *m, char *type, size_t type_size, char *point, size_t point_size)
{
        struct mount_search by_path = { .id = -1, .path = m->path, .path_len = strlen(m->path) };
        struct mount_search by_device = { .id = -1, .dev = device(m->dev), .path = "" };
        const struct mount_line *found = &by_path.found;

        search(&by_path);
        if (by_path.found.dev != by_device.dev) {
                search(&by_device);
                found = &by_device.found;
        }
        snprintf(type, type_size, "%.*s", (int)found->type_len, found->type ? found->type : "");
        mounts_copy_point(found, point, point_size);
}

/* Sets what identifies the mount of `fd`, and *dev. */
static void identify(struct mount_search *s, int fd, dev_t *dev)
{
        struct statx x;

        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &x))
                return;
        *dev = makedev(x.stx_dev_major, x.stx_dev_minor);
        s->dev = device(*dev);
        if (x.stx_mask & STATX_MNT_ID)
                s->id = (int64_t)x.stx_mnt_id;
}

enum mount_kind mountinfo_of_path(const char *path, dev_t *dev)
{
        struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED };
        struct mount_search s = { .id = -1, .path = path, .path_len = strlen(path) };
        int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

        *dev = 0;
        if (fd >= 0) {
                identify(&s, fd, dev);
                close(fd);
        }
        search(&s);
        return s.kind;
}

enum mount_kind mountinfo_of_descriptor(int fd)
{
        struct mount_search s = { .id = -1, .path = "" };
        dev_t dev;

        identify(&s, fd, &dev);
        search(&s);
        return s.kind;
}

/* The result does not matter: it is an answer. */
static ssize_t read_a_byte(void *path, void *buf, size_t size)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && read(fd, buf, size) < 0)
                return -errno;
        return 0;
}

int mountinfo_await(const char *path)
{
        char copy[4096], byte;
        int answer;
        dev_t dev;

        if (mountinfo_of_path(path, &dev) != MOUNT_UNKNOWN || strlen(path) >= sizeof(copy))
                return 0;
        for (size_t i = 0; i < mounts.tried_count; i++)
                if (mounts.tried[i].dev == dev)
                        return mounts.tried[i].answer;
        strcpy(copy, path);
        answer = aside_run(read_a_byte, copy, &byte, 1, ANSWER_NS) == -ETIMEDOUT ? -ETIMEDOUT : 0;
        if (mounts.tried_count < TRIED_MAX) {
                mounts.tried[mounts.tried_count].dev = dev;
                mounts.tried[mounts.tried_count++].answer = answer;
        }
        return answer;
}
