/* SPDX-License-Identifier: MIT */
/* unwind/target/files.c: see files.h. */
#include "unwind/target/files.h"
#include "unwind/target/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

static bool is_refusal(int err)
{
        return err == ENOSYS || err == EPERM || err == EACCES;
}

ssize_t files_pread(int fd, void *buf, size_t len, uint64_t offset)
{
        struct iovec v = { buf, len };
        ssize_t n = pread(fd, buf, len, (off_t)offset);

        if (n < 0 && is_refusal(errno))
                n = preadv(fd, &v, 1, (off_t)offset);
        if (n < 0 && is_refusal(errno) && lseek(fd, (off_t)offset, SEEK_SET) == (off_t)offset)
                n = read(fd, buf, len);
        return n;
}

int files_stat(int fd, struct stat *st)
{
        struct statx x;

        if (!fstat(fd, st))
                return 0;
        if (!is_refusal(errno) || statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x))
                return -1;
        memset(st, 0, sizeof(*st));
        st->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
        st->st_ino = x.stx_ino;
        st->st_mode = x.stx_mode;
        st->st_uid = x.stx_uid;
        st->st_size = (off_t)x.stx_size;
        st->st_mtime = x.stx_mtime.tv_sec;
        st->st_blocks = (blkcnt_t)x.stx_blocks;
        st->st_blksize = (blksize_t)x.stx_blksize;
        return 0;
}

/* Takes `fd` and returns it if it is a regular file; reading any other file could block or have side effects. */
static int regular_only(int fd)
{
        struct stat st;

        if (fd < 0)
                return -errno;
        if (files_stat(fd, &st) == 0 && S_ISREG(st.st_mode))
                return fd;
        close(fd);
        return -EINVAL;
}

/* The kernel prints a newline in a path as "\012" (proc(5)); all other bytes are unchanged. */
static void unescape(const char *path, char *out, size_t size)
{
        size_t n = 0;

        while (*path && n + 1 < size) {
                if (strncmp(path, "\\012", 4) == 0) {
                        out[n++] = '\n';
                        path += 4;
                } else {
                        out[n++] = *path++;
                }
        }
        out[n] = '\0';
}

static int open_in_root(const char *root, const char *path, int flags)
{
        struct open_how how = { .flags = (unsigned)flags, .resolve = RESOLVE_IN_ROOT };
        int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, err;

        if (dir < 0)
                return -errno;
        fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
        err = fd < 0 ? errno : 0;
        if (err == ENOSYS || err == EPERM) { /* before Linux 5.6, or a seccomp filter without this system call */
                while (*path == '/')
                        path++;
                fd = openat(dir, path, flags, 0);
                err = fd < 0 ? errno : 0;
        }
        close(dir);
        errno = err;
        return regular_only(fd);
}

static int open_by_name(const struct target *t, const char *path, int flags)
{
        char plain[4096];
        int fd;

        unescape(path, plain, sizeof(plain));
        fd = mountinfo_await(plain);
        if (fd)
                return fd;
        if (t->root[0]) {
                fd = open_in_root(t->root, plain, flags);
                if (fd != -ENOENT && fd != -EACCES)
                        return fd;
                if (access(t->root, F_OK) == 0)
                        return fd;
                /* The process has ended in the meantime, and its root link with it: most processes have the same root
                 * as we do. */
        }
        return regular_only(open(plain, flags, 0));
}

int files_open(const struct target *t, const char *path)
{
        return open_by_name(t, path, OPEN_FLAGS);
}

int files_open_no_link(const struct target *t, const char *path)
{
        return open_by_name(t, path, OPEN_FLAGS | O_NOFOLLOW);
}

int files_open_mapped(const struct target *t, const struct mapping *m)
{
        char link[96];
        struct stat st;
        int fd;

        if (m->path[0] != '/')
                return -ENOENT;
        fd = mountinfo_await(m->path);
        if (fd)
                return fd;
        snprintf(link, sizeof(link), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)t->living, m->start, m->end);
        fd = regular_only(open(link, OPEN_FLAGS));
        if (fd >= 0)
                return fd;
        fd = m->deleted ? -ENOENT : files_open(t, m->path); /* its inode may be another file's by now */
        if (fd < 0)
                return fd;
        if (files_stat(fd, &st) == 0 && st.st_ino == m->inode && st.st_dev == m->dev)
                return fd;
        close(fd);
        return -ESTALE;
}

int files_open_mapped_module(const struct target *t, int module)
{
        for (size_t i = 0; i < t->mappings.n; i++)
                if (t->mappings.v[i].module == module && t->mappings.v[i].path[0] == '/')
                        return files_open_mapped(t, &t->mappings.v[i]);
        return -ENOENT;
}

char *files_read(const char *path, size_t *len)
{
        size_t size = 65536, used = 0;
        int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
        char *text;

        if (fd < 0)
                return NULL;
        text = malloc(size);
        while (text) {
                ssize_t n;

                if (size - used < 8192) {
                        char *more = realloc(text, size *= 2);

                        if (!more) {
                                free(text);
                                text = NULL;
                                break;
                        }
                        text = more;
                }
                n = read(fd, text + used, size - used - 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        err = n < 0 ? errno : 0;
                        break;
                }
                used += (size_t)n;
        }
        close(fd);
        if (!text || (err && !used)) {
                free(text);
                errno = err ? err : ENOMEM;
                return NULL;
        }
        text[used] = '\0';
        *len = used;
        return text;
}
