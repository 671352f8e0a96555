/* SPDX-License-Identifier: MIT */
#include "report/helper/typed.h"

#include "report/place/install.h"
#include "report/place/shown.h"
#include "unwind/target/mountinfo.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *typed_path(const struct helper *h, const char *path)
{
        char cwd[PATH_MAX];

        if (h->wire.root_changed || !h->procfs.shell_directory || !getcwd(cwd, sizeof(cwd)) ||
            strcmp(cwd, h->procfs.shell_directory) != 0)
                return path;
        return shown_path(&h->report->pool, path, cwd);
}

/* With no link on the way, the directory is on the file system that was asked for. */
static bool has_command(const char *dir)
{
        struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
        enum mount_kind kind;
        struct stat st;
        dev_t dev;
        bool has;
        int fd;

        kind = *dir == '/' ? mountinfo_of_path(dir, &dev) : MOUNT_UNKNOWN;
        if (kind != MOUNT_LOCAL && kind != MOUNT_MEMORY)
                return false;
        fd = (int)syscall(SYS_openat2, AT_FDCWD, dir, &how, sizeof(how));
        has = fd >= 0 && !fstatat(fd, "crashpre", &st, AT_SYMLINK_NOFOLLOW);
        if (fd >= 0)
                close(fd);
        return has;
}

const char *typed_command(const struct helper *h)
{
        char *copy = pool_strdup(&h->report->pool, h->procfs.search_path), *dir;
        const char *tried, *own;

        while (copy && (dir = strsep(&copy, ":")))
                if (has_command(dir))
                        return "crashpre";
        own = install_find(&h->report->pool, INSTALL_COMMAND_OF_HELPER, &tried);
        return own ? typed_path(h, own) : "crashpre";
}
