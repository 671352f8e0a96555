/* SPDX-License-Identifier: MIT */
#include "preload/raw/output.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "preload/raw/stderr.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/str.h"

#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Gives the crashing thread a copy of the descriptor table (unshare(2), CLONE_FILES): other threads, which are still
 * running, then cannot close its descriptors; and if the table is full it can be emptied. */
static void unshare_descriptors(void)
{
        bool own = sys_1(SYS_unshare, CLONE_FILES) == 0;
        int fd = sys_openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);

        if (fd >= 0)
                sys_close(fd);
        if ((fd != -EMFILE && fd != -ENFILE) || !own)
                return;
        if (sys_3(SYS_close_range, 3, ~0u, 0) < 0)
                for (fd = 3; fd < 4096; fd++) /* before Linux 5.9 */
                        sys_close(fd);
        sys_raise_limit(RLIMIT_NOFILE);
}

static struct rlimit file_size; /* the previous limit, if `lifted` */
static bool lifted;

void output_prepare(const struct crash *c)
{
        lifted = c->wire.kind == WIRE_KIND_FATAL && sys_4(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&file_size) == 0;
        if (c->wire.kind != WIRE_KIND_FATAL)
                return;
        sys_raise_limit(RLIMIT_FSIZE);
        unshare_descriptors();
}

/* Others may enter a directory that is made for files which they may read. */
static unsigned directory_mode(void)
{
        return 0700 | (settings.mode & 0040 ? 0050 : 0) | (settings.mode & 0004 ? 0005 : 0);
}

/* The user's setting applies regardless of the application's umask. */
static int make_directory(const char *path)
{
        int err = (int)sys_3(SYS_mkdirat, AT_FDCWD, (long)path, directory_mode());

        if (!err && settings.mode & 0044)
                sys_3(SYS_fchmodat, AT_FDCWD, (long)path, directory_mode());
        return err;
}

/* mkdir -p of c->wire.dir. Returns the result for the last one. */
static int make_directories(struct crash *c)
{
        for (char *p = c->wire.dir + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = 0;
                make_directory(c->wire.dir);
                *p = '/';
        }
        return make_directory(c->wire.dir);
}

static bool candidate(unsigned i, char *dir, size_t size)
{
        size_t at = 0;
        const char *path = i == 0 ? settings.dir : i == 1 ? settings.tmpdir : "/tmp";

        if (settings.stderr_only || !*path)
                return false;
        str_cat(dir, size, &at, path);
        while (at > 1 &&
               dir[at - 1] == '/') /* with a trailing slash a symbolic link would be followed in spite of O_NOFOLLOW */
                dir[--at] = 0;
        return true;
}

static bool lstat_ok(const char *path, struct stat *st)
{
        return sys_4(SYS_newfstatat, AT_FDCWD, (long)path, (long)st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The rule of fs.protected_symlinks (proc(5); fs/namei.c: may_follow_link()), which is not enabled on every system: in
 * a sticky, world-writable directory a symbolic link is followed only if it belongs to this user or to the directory's
 * owner. */
static bool may_follow(const char *path)
{
        struct stat link, above;
        char parent[PATH_MAX];
        size_t at = 0, end = 0;

        if (!lstat_ok(path, &link) || !S_ISLNK(link.st_mode) || link.st_uid == (uid_t)sys_0(SYS_geteuid))
                return true;
        str_cat(parent, sizeof(parent), &at, path);
        for (size_t i = 0; i < at; i++)
                if (parent[i] == '/')
                        end = i + 1;
        parent[end] = 0;
        if (!lstat_ok(end ? parent : ".", &above))
                return true;
        return (above.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || above.st_uid == link.st_uid;
}

/* Returns a descriptor or -errno. */
static int open_directory(const char *path)
{
        const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
        int fd = sys_openat(AT_FDCWD, path, flags | O_NOFOLLOW, 0);

        if (fd != -ELOOP && fd != -ENOTDIR)
                return fd;
        return may_follow(path) ? sys_openat(AT_FDCWD, path, flags, 0) : -EACCES;
}

int output_open(struct crash *c, unsigned i)
{
        char name[sizeof(c->wire.id) + 4];
        size_t at = 0;

        c->dir_fd = c->raw_fd = -1;
        c->wire.dir[0] = 0;
        if (!candidate(i, c->wire.dir, sizeof(c->wire.dir)))
                return -ENOENT;
        c->dir_fd = open_directory(c->wire.dir);
        if (c->dir_fd == -ENOENT && i == 0 && !settings.dir_is_default) {
                int err = make_directories(c);

                c->dir_fd = err && err != -EEXIST ? err : open_directory(c->wire.dir);
        }
        if (c->dir_fd < 0) {
                int err = c->dir_fd;

                c->dir_fd = -1;
                return err;
        }
        str_cat(name, sizeof(name), &at, c->wire.id);
        str_cat(name, sizeof(name), &at, ".txt");
        c->raw_fd = sys_openat(c->dir_fd, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                               settings.mode);
        if (c->raw_fd < 0) {
                int err = c->raw_fd;

                output_close(c);
                return err;
        }
        /* The user's setting applies regardless of the application's umask. */
        sys_2(SYS_fchmod, c->raw_fd, settings.mode);
        return 0;
}

uint64_t output_pending_signals(void)
{
        uint64_t pending = 0;

        sys_sigpending(&pending);
        return pending;
}

void output_forget_signals(uint64_t before)
{
        const uint64_t ours = (SIGNAL_BIT(SIGPIPE) | SIGNAL_BIT(SIGXFSZ)) & ~before;
        const struct timespec now = { 0, 0 };

        while (sys_4(SYS_rt_sigtimedwait, (long)&ours, 0, (long)&now, KERNEL_SIGSET_SIZE) > 0)
                ;
}

void output_close(struct crash *c)
{
        if (c->raw_fd >= 0)
                sys_close(c->raw_fd);
        if (c->dir_fd >= 0)
                sys_close(c->dir_fd);
        c->raw_fd = c->dir_fd = -1;
}

void output_finish(struct crash *c)
{
        output_close(c);
        if (lifted)
                sys_4(SYS_prlimit64, 0, RLIMIT_FSIZE, (long)&file_size, 0);
}

void output_discard(struct crash *c)
{
        char name[sizeof(c->wire.id) + 4];
        size_t at = 0;

        str_cat(name, sizeof(name), &at, c->wire.id);
        str_cat(name, sizeof(name), &at, ".txt");
        if (c->dir_fd >= 0)
                sys_3(SYS_unlinkat, c->dir_fd, (long)name, 0);
        output_close(c);
}

void output_put_outcome(struct sigsafe_out *o, const char *what, const char *detail, int number)
{
        sigsafe_str(o, what);
        if (number != OUTPUT_NO_NUMBER)
                sigsafe_dec(o, number);
        if (detail) {
                sigsafe_str(o, ": ");
                sigsafe_text(o, detail, str_len(detail));
        }
}

void output_append_outcome(struct crash *c, const char *what, const char *detail, int number)
{
        static struct sigsafe_out out; /* one user: the thread that claimed the crash */

        if (c->raw_fd >= 0) {
                out = (struct sigsafe_out){
                        .fd = c->raw_fd,
                        .hide_homes = settings.redact & REDACT_PATHS,
                        .home = settings.home,
                };
                sigsafe_str(&out, RAW_HELPER_PREFIX);
                output_put_outcome(&out, what, detail, number);
                sigsafe_char(&out, '\n');
                sigsafe_flush(&out);
        }
        if (c->stderr_ok)
                stderr_print_outcome(&out, c, what, detail, number);
}
