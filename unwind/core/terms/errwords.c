/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/errwords.h"

#include <errno.h>
#include <stddef.h>

/* errno(3); those of clone(2), execve(2), open(2), pipe(2), write(2). */
static const struct {
        int err;
        const char *words;
} table[] = {
        { EPERM, "Operation not permitted" },
        { ENOENT, "No such file or directory" },
        { EIO, "Input/output error" },
        { E2BIG, "Argument list too long" },
        { ENOEXEC, "Exec format error" },
        { EBADF, "Bad file descriptor" },
        { EAGAIN, "Resource temporarily unavailable" },
        { ENOMEM, "Cannot allocate memory" },
        { EACCES, "Permission denied" },
        { EFAULT, "Bad address" },
        { EBUSY, "Device or resource busy" },
        { ENOTDIR, "Not a directory" },
        { EISDIR, "Is a directory" },
        { EINVAL, "Invalid argument" },
        { ENFILE, "Too many open files in system" },
        { EMFILE, "Too many open files" },
        { ETXTBSY, "Text file busy" },
        { EFBIG, "File too large" },
        { ENOSPC, "No space left on device" },
        { EROFS, "Read-only file system" },
        { EPIPE, "Broken pipe" },
        { ENAMETOOLONG, "File name too long" },
        { ENOSYS, "Function not implemented" },
        { ELOOP, "Too many levels of symbolic links" },
        { ELIBBAD, "Accessing a corrupted shared library" },
        { EUSERS, "Too many users" },
        { ESTALE, "Stale file handle" },
        { EDQUOT, "Disk quota exceeded" },
};

const char *errwords(int err)
{
        size_t i;

        for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
                if (table[i].err == err)
                        return table[i].words;
        return NULL;
}
