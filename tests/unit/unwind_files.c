/* SPDX-License-Identifier: MIT */
/* tests/unit/unwind_files.c: the file behind a mapping is opened by its name only if it is still that file. */
#include "tests/unit/tap.h"
#include "unwind/target/files.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Closes what was opened, and returns whether it was that file; or the error. */
static int opened(int fd, const struct stat *expected)
{
        struct stat st;
        int same;

        if (fd < 0)
                return fd;
        same = !fstat(fd, &st) && st.st_ino == expected->st_ino && st.st_dev == expected->st_dev;
        close(fd);
        return same;
}

int main(void)
{
        char path[] = "/tmp/unwind_files.XXXXXX";
        int fd = mkstemp(path);
        struct stat st;
        struct mapping v[] = {
                { .start = 0x1000, .end = 0x2000, .path = "[heap]", .module = 0 },
                { .start = 0x2000, .end = 0x3000, .path = path, .module = 0 },
                { .start = 0x3000, .end = 0x4000, .path = "", .module = 1 },
        };
        struct target t = { .pid = 1, .mappings = { v, 3 } };

        if (fd < 0 || fstat(fd, &st))
                return 2;
        close(fd);
        v[1].inode = st.st_ino;
        v[1].dev = st.st_dev;
        tap_is((unsigned)opened(files_open_mapped(&t, &v[1]), &st), 1, "a file that is still there");
        tap_is((unsigned)opened(files_open_mapped_module(&t, 0), &st), 1,
               "the file of a module, by its first mapping of one");
        tap_is((unsigned)files_open_mapped_module(&t, 1), (unsigned)-ENOENT, "a module without a file");
        tap_is((unsigned)files_open_mapped(&t, &v[0]), (unsigned)-ENOENT, "a mapping of no file");
        v[1].deleted = true;
        tap_is((unsigned)files_open_mapped(&t, &v[1]), (unsigned)-ENOENT,
               "a deleted file, whose inode may have been reused");
        v[1].deleted = false;
        v[1].inode++;
        tap_is((unsigned)files_open_mapped(&t, &v[1]), (unsigned)-ESTALE, "another file of that name");
        v[1].inode--;
        unlink(path);
        tap_is((unsigned)files_open_mapped(&t, &v[1]), (unsigned)-ENOENT, "no file of that name");
        return tap_done();
}
