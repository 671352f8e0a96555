/* SPDX-License-Identifier: MIT */
#include "preload/raw/output.h"
#include "preload/base/mountinfo.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "preload/privacy/secrets.h"
#include "preload/raw/courier.h"
#include "preload/raw/stderr.h"
#include "unwind/core/terms/errwords.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/str.h"

#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define PATIENCE_S 5 /* at most, for a file server */

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20 /* linux/openat2.h since 5.12 */
#endif

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
        courier_reset();
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

/* mkdir -p. Returns the result for the last directory. */
static int make_directories(char *path)
{
        for (char *p = path + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = 0;
                make_directory(path);
                *p = '/';
        }
        return make_directory(path);
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

/* ---- which file systems answer ---- */

/* Moves the end of `path` to the end of the directory above it; false at the root. */
static bool cut_last(char *path)
{
        size_t n = str_len(path);

        if (n <= 1)
                return false;
        while (n > 1 && path[n - 1] != '/')
                n--;
        path[n > 1 ? n - 1 : 1] = 0;
        return true;
}

static int open_path(int dir, const char *path, uint64_t resolve)
{
        struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = resolve };

        return (int)sys_4(SYS_openat2, dir, (long)path, (long)&how, sizeof(how));
}

/* Whether the part of the path below a directory that answers leads to the same file system (openat2(2)). */
static bool stays_there(int dir, const char *rest)
{
        int fd = open_path(dir, rest, RESOLVE_NO_XDEV);

        if (fd >= 0)
                sys_close(fd);
        return fd >= 0 || fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES;
}

/* Whether the directory is on a file system that answers at once (mountinfo.h). Looks up only what the kernel has in memory
 * (RESOLVE_CACHED), so that no file server is asked: the longest part of the path that it has, and its mount. */
static bool directory_answers(const char *path)
{
        char known[PATH_MAX];
        size_t at = 0;
        int fd = -EAGAIN;
        bool answers;

        str_cat(known, sizeof(known), &at, path);
        do {
                fd = open_path(AT_FDCWD, known, RESOLVE_CACHED);
                if (fd == -ENOSYS || fd == -EINVAL || fd == -EPERM ||
                    fd == -E2BIG) /* before Linux 5.12, or a seccomp filter */
                        return mountinfo_of_path(path) != MOUNT_UNKNOWN;
        } while (fd < 0 && cut_last(known));
        if (fd < 0)
                return mountinfo_of_path(path) != MOUNT_UNKNOWN;
        answers = mountinfo_of_descriptor(fd) != MOUNT_UNKNOWN;
        at = str_len(known);
        while (path[at] == '/')
                at++;
        if (answers && path[at])
                answers = stays_there(fd, path + at);
        sys_close(fd);
        return answers;
}

/* ---- opening the file ---- */

/* Where a report is to be created. Static, since a courier that does not come back goes on using it. */
static struct destination {
        char dir[sizeof(((struct wire_crash *)0)->dir)];
        char name[sizeof(((struct wire_crash *)0)->id) + 4];
        bool make;
} here, elsewhere;

static void fill_destination(struct destination *d, const struct crash *c, unsigned i)
{
        size_t dir = 0, name = 0;

        str_cat(d->dir, sizeof(d->dir), &dir, c->wire.dir);
        str_cat(d->name, sizeof(d->name), &name, c->wire.id);
        str_cat(d->name, sizeof(d->name), &name, ".txt");
        d->make = i == 0 && !settings.dir_is_default;
}

/* Opens the directory, makes it if it is missing, and creates the file. May run in the courier's process. */
static int open_destination(void *destination, int fd[2])
{
        struct destination *d = destination;
        int err = 0;

        fd[1] = -1;
        fd[0] = open_directory(d->dir);
        if (fd[0] == -ENOENT && d->make) {
                err = make_directories(d->dir);
                fd[0] = err && err != -EEXIST ? err : open_directory(d->dir);
        }
        if (fd[0] < 0)
                return fd[0];
        fd[1] = sys_openat(fd[0], d->name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                           settings.mode);
        if (fd[1] < 0) {
                sys_close(fd[0]);
                return fd[1];
        }
        sys_2(SYS_fchmod, fd[1], settings.mode); /* regardless of the application's umask, as above */
        return 0;
}

/* How long a file server may take for an answer. */
static uint64_t patience(void)
{
        uint64_t most = PATIENCE_S * NS_PER_S, part = settings.timeout_s * NS_PER_S / 4;

        return part < most ? part : most;
}

int output_open(struct crash *c, unsigned i)
{
        int fd[2], err;

        c->dir_fd = c->raw_fd = -1;
        c->sent = 0;
        c->wire.dir[0] = 0;
        if (!candidate(i, c->wire.dir, sizeof(c->wire.dir)))
                return -ENOENT;
        if (directory_answers(c->wire.dir)) {
                fill_destination(&here, c, i);
                err = open_destination(&here, fd);
                if (err)
                        return err;
                c->dir_fd = fd[0];
                c->raw_fd = fd[1];
                return 0;
        }
        if (!courier_gone())
                return -EBUSY;
        fill_destination(&elsewhere, c, i);
        return courier_start(open_destination, &elsewhere, patience(), &c->raw_fd);
}

void output_begin(struct crash *c, struct sigsafe_out *o)
{
        *o = (struct sigsafe_out){
                .fd = c->raw_fd,
                .may_block = courier_active(),
                .hide_homes = settings.redact & REDACT_PATHS,
                .homes = settings.homes,
                .secrets = privacy_secrets(),
        };
        if (o->may_block)
                o->give_up_ns = sys_clock_ns(CLOCK_MONOTONIC) + patience();
}

int output_end(struct crash *c, struct sigsafe_out *o)
{
        int err = sigsafe_flush(o);

        c->sent += o->sent;
        o->sent = 0;
        return err || !courier_active() ? err : courier_sync(c->sent, patience());
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
        if (courier_active())
                courier_finish(); /* closes the pipe */
        else if (c->raw_fd >= 0)
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
        const char *words = number < 0 && number != OUTPUT_NO_NUMBER ? errwords(-number) : NULL;

        sigsafe_str(o, what);
        if (words)
                sigsafe_str(o, words);
        else if (number < 0 && number != OUTPUT_NO_NUMBER)
                sigsafe_str(o, "errno ");
        if (!words && number != OUTPUT_NO_NUMBER)
                sigsafe_dec(o, number < 0 ? -number : number);
        if (detail) {
                sigsafe_str(o, ": ");
                sigsafe_text(o, detail, str_len(detail));
        }
}

void output_append_outcome(struct crash *c, const char *what, const char *detail, int number)
{
        static struct sigsafe_out out; /* one user: the thread that claimed the crash */

        if (c->raw_fd >= 0) {
                output_begin(c, &out);
                sigsafe_str(&out, RAW_HELPER_PREFIX);
                output_put_outcome(&out, what, detail, number);
                sigsafe_char(&out, '\n');
                output_end(c, &out);
        }
        if (c->stderr_ok)
                stderr_print_outcome(&out, c, what, detail, number);
}
