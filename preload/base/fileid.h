/* SPDX-License-Identifier: MIT */
/* preload/base/fileid.h: the identity of a file: whether a path leads to the file that it led to when the program started.
 *
 * Signal context: async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_FILEID_H
#define CRASHPRE_PRELOAD_FILEID_H

#include "preload/base/syscalls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct fileid {
        bool known;
        uint64_t dev, ino;
        uint32_t mode, uid;
};

/* fstat(2), of which device, inode, mode and device number are filled in. A file server is not asked: the program's standard error
 * may be on one that does not answer. Returns 0 or -errno. */
static inline int fileid_stat(int fd, struct stat *st)
{
        struct statx x;
        long err = sys_5(SYS_statx, fd, (long)"", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, (long)&x);

        if (err == -ENOSYS || err == -EPERM) /* before Linux 4.11, or a seccomp filter */
                return (int)sys_2(SYS_fstat, fd, (long)st);
        if (err)
                return (int)err;
        st->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
        st->st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor);
        st->st_ino = x.stx_ino;
        st->st_mode = x.stx_mode;
        return 0;
}

/* Reads the identity of the file `path`, relative to the directory `dir`; "": that of `dir` itself (AT_EMPTY_PATH). Returns 0 or
 * -errno, with `known` false. A file server is not asked for newer attributes (statx(2), AT_STATX_DONT_SYNC), but `path` is looked
 * up. */
static inline int fileid_read(int dir, const char *path, struct fileid *out)
{
        struct statx x;
        struct stat st;
        long err = sys_5(SYS_statx, dir, (long)path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, (long)&x);

        *out = (struct fileid){ .known = !err };
        if (!err) {
                out->dev = (uint64_t)x.stx_dev_major << 32 | x.stx_dev_minor;
                out->ino = x.stx_ino;
                out->mode = x.stx_mode;
                out->uid = x.stx_uid;
                return 0;
        }
        if (err != -ENOSYS && err != -EPERM)
                return (int)err;
        err = sys_4(SYS_newfstatat, dir, (long)path, (long)&st,
                    AT_EMPTY_PATH); /* before Linux 4.11, or a seccomp filter */
        if (err)
                return (int)err;
        out->known = true;
        out->dev = (uint64_t)major(st.st_dev) << 32 | minor(st.st_dev);
        out->ino = st.st_ino;
        out->mode = st.st_mode;
        out->uid = st.st_uid;
        return 0;
}

static inline bool fileid_same(const struct fileid *a, const struct fileid *b)
{
        return a->known && b->known && a->dev == b->dev && a->ino == b->ino && a->mode == b->mode && a->uid == b->uid;
}

/* For directories, whose mode and owner may change. */
static inline bool fileid_same_inode(const struct fileid *a, const struct fileid *b)
{
        return a->known && b->known && a->dev == b->dev && a->ino == b->ino;
}

#endif
