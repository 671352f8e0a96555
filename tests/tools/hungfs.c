/* SPDX-License-Identifier: MIT */
/* tests/tools/hungfs.c: a file server that stops answering. It shows DIRECTORY at MOUNTPOINT by the protocol of /dev/fuse (fuse(4),
 * linux/fuse.h), without libfuse; needs root, or a user namespace with mounts of its own.
 *
 *   hungfs [-c SECONDS] [-f] DIRECTORY MOUNTPOINT
 *
 * Prints its pid when the file system is mounted, and serves until it is unmounted or killed. SIGUSR1: requests are still received and
 * no longer answered: whoever made one waits, even if it is killed (with SIGSTOP the request is not received, and SIGKILL ends
 * the wait: fs/fuse/dev.c, request_wait_answer()). SIGUSR2: those requests and all later ones are answered. "hung" and "healthy" are
 * printed when that is so. -c: how long the kernel may use names and attributes without asking (default 0). -f: the end of a
 * descriptor is not announced (FUSE_FLUSH), which close(2) and the end of a process would wait for.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MAX_WRITE = 128 * 1024, REQUEST = MAX_WRITE + 4096, NODES = 65536 };

static int device;
static unsigned long cache_s;
static int no_flush;
static char *node[NODES]; /* paths; the index is the number of the node, FUSE_ROOT_ID the directory itself */
static uint64_t nodes = FUSE_ROOT_ID;

struct kept {
        struct kept *next;
        char request[];
};
static struct kept *first, **last = &first; /* unanswered, oldest first */
static int hung;

static void die(const char *what)
{
        fprintf(stderr, "hungfs: %s: %s\n", what, strerror(errno));
        exit(2);
}

static void reply(const struct fuse_in_header *in, int err, const void *data, size_t n)
{
        static char out[REQUEST];
        struct fuse_out_header h = { .len = (uint32_t)(sizeof(h) + (err ? 0 : n)),
                                     .error = -err,
                                     .unique = in->unique };

        memcpy(out, &h, sizeof(h));
        if (n && !err)
                memcpy(out + sizeof(h), data, n);
        if (write(device, out, h.len) < 0 && errno != ENOENT) /* ENOENT: the request was interrupted */
                perror("hungfs: write");
}

static uint64_t number_of(const char *path)
{
        for (uint64_t i = FUSE_ROOT_ID; i <= nodes; i++)
                if (!strcmp(node[i], path))
                        return i;
        if (nodes + 1 == NODES || !(node[nodes + 1] = strdup(path)))
                die("too many files");
        return ++nodes;
}

static const char *below(uint64_t parent, const char *name)
{
        static char path[2][4096];
        static int turn;

        turn = !turn;
        snprintf(path[turn], sizeof(path[turn]), "%s/%s", node[parent], name);
        return path[turn];
}

static struct fuse_attr attributes(const struct stat *st)
{
        return (struct fuse_attr){
                .ino = st->st_ino,
                .size = (uint64_t)st->st_size,
                .blocks = (uint64_t)st->st_blocks,
                .atime = (uint64_t)st->st_atime,
                .mtime = (uint64_t)st->st_mtime,
                .ctime = (uint64_t)st->st_ctime,
                .mode = st->st_mode,
                .nlink = (uint32_t)st->st_nlink,
                .uid = st->st_uid,
                .gid = st->st_gid,
                .blksize = 4096,
        };
}

static int fill_entry(const char *path, struct fuse_entry_out *e)
{
        struct stat st;

        if (lstat(path, &st))
                return errno;
        *e = (struct fuse_entry_out){ .nodeid = number_of(path), .entry_valid = cache_s, .attr_valid = cache_s };
        e->attr = attributes(&st);
        return 0;
}

static void reply_entry(const struct fuse_in_header *in, int err, const char *path)
{
        struct fuse_entry_out e;

        if (!err)
                err = fill_entry(path, &e);
        reply(in, err, &e, sizeof(e));
}

static void reply_attributes(const struct fuse_in_header *in, int fd)
{
        struct fuse_attr_out a = { .attr_valid = cache_s };
        struct stat st;
        int err = (fd >= 0 ? fstat(fd, &st) : lstat(node[in->nodeid], &st)) ? errno : 0;

        if (!err)
                a.attr = attributes(&st);
        reply(in, err, &a, sizeof(a));
}

static void set_attributes(const struct fuse_in_header *in, const struct fuse_setattr_in *s)
{
        const char *path = node[in->nodeid];
        int err = 0;

        if (s->valid & FATTR_MODE)
                err |= chmod(path, s->mode & 07777);
        if (s->valid & (FATTR_UID | FATTR_GID))
                err |= lchown(path, s->valid & FATTR_UID ? s->uid : (uid_t)-1,
                              s->valid & FATTR_GID ? s->gid : (gid_t)-1);
        if (s->valid & FATTR_SIZE)
                err |= s->valid & FATTR_FH ? ftruncate((int)s->fh, (off_t)s->size) : truncate(path, (off_t)s->size);
        if (err)
                reply(in, errno, NULL, 0);
        else
                reply_attributes(in, s->valid & FATTR_FH ? (int)s->fh : -1);
}

static void create(const struct fuse_in_header *in, const struct fuse_create_in *c)
{
        struct {
                struct fuse_entry_out entry;
                struct fuse_open_out open;
        } out = { 0 };
        const char *path = below(in->nodeid, (const char *)(c + 1));
        int fd = open(path, (int)c->flags | O_CREAT | O_CLOEXEC, c->mode & ~c->umask);
        int err = fd < 0 ? errno : 0;

        if (!err && fchown(fd, in->uid, in->gid))
                err = errno;
        if (!err)
                err = fill_entry(path, &out.entry);
        out.open.fh = (uint64_t)fd;
        reply(in, err, &out, sizeof(out));
}

static void open_file(const struct fuse_in_header *in, uint32_t flags)
{
        struct fuse_open_out out = { .open_flags = cache_s ? FOPEN_KEEP_CACHE : 0 };
        int fd = open(node[in->nodeid], (int)(flags & ~(unsigned)(O_APPEND | O_EXCL | O_CREAT)) | O_CLOEXEC);

        out.fh = (uint64_t)fd;
        reply(in, fd < 0 ? errno : 0, &out, sizeof(out));
}

static void read_directory(const struct fuse_in_header *in, const struct fuse_read_in *r)
{
        static char out[65536];
        DIR *d = (DIR *)(uintptr_t)r->fh;
        size_t n = 0;

        seekdir(d, (long)r->offset);
        if (!r->offset)
                rewinddir(d);
        for (struct dirent *e; (e = readdir(d));) {
                struct fuse_dirent entry = { .ino = e->d_ino,
                                             .off = (uint64_t)telldir(d),
                                             .namelen = (uint32_t)strlen(e->d_name),
                                             .type = e->d_type };
                size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen);

                if (n + size > r->size || n + size > sizeof(out))
                        break;
                memset(out + n, 0, size);
                memcpy(out + n, &entry, FUSE_NAME_OFFSET);
                memcpy(out + n + FUSE_NAME_OFFSET, e->d_name, entry.namelen);
                n += size;
        }
        reply(in, 0, out, n);
}

static void rename_file(const struct fuse_in_header *in, uint64_t to_parent, const char *name, unsigned flags)
{
        const char *from = below(in->nodeid, name), *to = below(to_parent, name + strlen(name) + 1);
        int err = renameat2(AT_FDCWD, from, AT_FDCWD, to, flags) ? errno : 0;

        if (!err) { /* the node that had the old name has the new one, and a number of its own if that was in use */
                uint64_t i = number_of(from), old = number_of(to);

                free(node[old]);
                node[old] = strdup("/nowhere");
                free(node[i]);
                node[i] = strdup(to);
        }
        reply(in, err, NULL, 0);
}

static bool answer_about_names(const struct fuse_in_header *in)
{
        static char data[PATH_MAX];
        const void *arg = in + 1;
        const char *name = arg;
        ssize_t n;

        switch (in->opcode) {
        case FUSE_LOOKUP:
                reply_entry(in, 0, below(in->nodeid, name));
                break;
        case FUSE_GETATTR: {
                const struct fuse_getattr_in *g = arg;

                reply_attributes(in, g->getattr_flags & FUSE_GETATTR_FH ? (int)g->fh : -1);
                break;
        }
        case FUSE_SETATTR:
                set_attributes(in, arg);
                break;
        case FUSE_READLINK:
                n = readlink(node[in->nodeid], data, sizeof(data));
                reply(in, n < 0 ? errno : 0, data, n < 0 ? 0 : (size_t)n);
                break;
        case FUSE_MKDIR: {
                const struct fuse_mkdir_in *m = arg;
                const char *path = below(in->nodeid, (const char *)(m + 1));

                reply_entry(in, mkdir(path, m->mode & ~m->umask) || lchown(path, in->uid, in->gid) ? errno : 0, path);
                break;
        }
        case FUSE_UNLINK:
                reply(in, unlink(below(in->nodeid, name)) ? errno : 0, NULL, 0);
                break;
        case FUSE_RMDIR:
                reply(in, rmdir(below(in->nodeid, name)) ? errno : 0, NULL, 0);
                break;
        case FUSE_LINK: {
                const struct fuse_link_in *l = arg;
                const char *path = below(in->nodeid, (const char *)(l + 1));

                reply_entry(in, link(node[l->oldnodeid], path) ? errno : 0, path);
                break;
        }
        case FUSE_RENAME:
                rename_file(in, ((const struct fuse_rename_in *)arg)->newdir, name + sizeof(struct fuse_rename_in), 0);
                break;
        case FUSE_RENAME2: {
                const struct fuse_rename2_in *r = arg;

                rename_file(in, r->newdir, name + sizeof(*r), r->flags);
                break;
        }
        default:
                return false;
        }
        return true;
}

static bool answer_about_contents(const struct fuse_in_header *in)
{
        static char data[MAX_WRITE];
        const void *arg = in + 1;
        ssize_t n;

        switch (in->opcode) {
        case FUSE_CREATE:
                create(in, arg);
                break;
        case FUSE_OPEN:
                open_file(in, ((const struct fuse_open_in *)arg)->flags);
                break;
        case FUSE_OPENDIR: {
                DIR *d = opendir(node[in->nodeid]);
                struct fuse_open_out out = { .fh = (uintptr_t)d };

                reply(in, d ? 0 : errno, &out, sizeof(out));
                break;
        }
        case FUSE_READDIR:
                read_directory(in, arg);
                break;
        case FUSE_READ: {
                const struct fuse_read_in *r = arg;

                n = pread((int)r->fh, data, r->size < sizeof(data) ? r->size : sizeof(data), (off_t)r->offset);
                reply(in, n < 0 ? errno : 0, data, n < 0 ? 0 : (size_t)n);
                break;
        }
        case FUSE_WRITE: {
                const struct fuse_write_in *w = arg;
                struct fuse_write_out out = { 0 };

                n = pwrite((int)w->fh, w + 1, w->size, (off_t)w->offset);
                out.size = n < 0 ? 0 : (uint32_t)n;
                reply(in, n < 0 ? errno : 0, &out, sizeof(out));
                break;
        }
        case FUSE_RELEASE:
                close((int)((const struct fuse_release_in *)arg)->fh);
                reply(in, 0, NULL, 0);
                break;
        case FUSE_RELEASEDIR:
                closedir((DIR *)(uintptr_t)((const struct fuse_release_in *)arg)->fh);
                reply(in, 0, NULL, 0);
                break;
        default:
                return false;
        }
        return true;
}

static void answer(const struct fuse_in_header *in)
{
        const void *arg = in + 1;

        if (answer_about_names(in) || answer_about_contents(in))
                return;
        switch (in->opcode) {
        case FUSE_INIT: {
                const struct fuse_init_in *init = arg;
                struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION,
                                             .minor = 31,
                                             .max_readahead = init->max_readahead,
                                             .max_write = MAX_WRITE };

                out.flags = FUSE_BIG_WRITES & init->flags;
                out.max_background = 16;
                out.congestion_threshold = 12;
                reply(in, 0, &out, sizeof(out));
                printf("%d\n", getpid());
                break;
        }
        case FUSE_STATFS: {
                struct statvfs v;
                struct fuse_statfs_out out = { 0 };

                if (!statvfs(node[FUSE_ROOT_ID], &v))
                        out.st = (struct fuse_kstatfs){ .blocks = v.f_blocks,
                                                        .bfree = v.f_bfree,
                                                        .bavail = v.f_bavail,
                                                        .bsize = (uint32_t)v.f_bsize,
                                                        .frsize = (uint32_t)v.f_frsize,
                                                        .namelen = 255 };
                reply(in, 0, &out, sizeof(out));
                break;
        }
        case FUSE_FLUSH:
                reply(in, no_flush ? ENOSYS : 0, NULL, 0);
                break;
        case FUSE_FSYNC:
        case FUSE_FSYNCDIR:
                reply(in, 0, NULL, 0);
                break;
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
        case FUSE_INTERRUPT: /* may be ignored (Documentation/filesystems/fuse.rst) */
                break;
        default:
                reply(in, ENOSYS, NULL, 0);
        }
}

static void keep(const char *request, size_t n)
{
        struct kept *k = malloc(sizeof(*k) + n);

        if (!k)
                die("malloc");
        memcpy(k->request, request, n);
        k->next = NULL;
        *last = k;
        last = &k->next;
}

static void answer_kept(void)
{
        for (struct kept *k = first, *next; k; k = next) {
                next = k->next;
                answer((const void *)k->request);
                free(k);
        }
        first = NULL;
        last = &first;
}

static void change(int signals)
{
        struct signalfd_siginfo info;

        if (read(signals, &info, sizeof(info)) != sizeof(info))
                return;
        hung = info.ssi_signo == SIGUSR1;
        if (!hung)
                answer_kept();
        puts(hung ? "hung" : "healthy");
}

static void serve(int signals)
{
        static char request[REQUEST] __attribute__((aligned(8)));
        struct pollfd wait[] = { { .fd = signals, .events = POLLIN }, { .fd = device, .events = POLLIN } };
        ssize_t n;

        for (;;) {
                if (poll(wait, 2, -1) < 0 && errno != EINTR)
                        die("poll");
                if (wait[0].revents)
                        change(signals);
                if (!wait[1].revents)
                        continue;
                n = read(device, request, sizeof(request));
                if (n < 0 && errno == ENODEV)
                        return; /* unmounted */
                if (n < 0 && errno != EINTR && errno != ENOENT && errno != EAGAIN)
                        die("read");
                if (n <= 0)
                        continue;
                if (hung)
                        keep(request, (size_t)n);
                else
                        answer((const void *)request);
        }
}

int main(int argc, char **argv)
{
        char options[128];
        sigset_t set;
        int signals, option;

        while ((option = getopt(argc, argv, "c:f")) != -1) {
                if (option == 'c')
                        cache_s = strtoul(optarg, NULL, 10);
                else if (option == 'f')
                        no_flush = 1;
                else
                        return 2;
        }
        if (argc - optind != 2) {
                fprintf(stderr, "usage: hungfs [-c SECONDS] [-f] DIRECTORY MOUNTPOINT\n");
                return 2;
        }
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigaddset(&set, SIGUSR2);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signals = signalfd(-1, &set, SFD_CLOEXEC);
        setvbuf(stdout, NULL, _IOLBF, 0);
        umask(0);
        node[FUSE_ROOT_ID] = realpath(argv[optind], NULL);
        device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (!node[FUSE_ROOT_ID] || device < 0 || signals < 0)
                die(device < 0 ? "/dev/fuse" : argv[optind]);
        snprintf(options, sizeof(options),
                 "fd=%d,rootmode=40000,user_id=%d,group_id=%d,allow_other,default_permissions", device, (int)getuid(),
                 (int)getgid());
        if (mount("hungfs", argv[optind + 1], "fuse.hungfs", MS_NOSUID | MS_NODEV, options))
                die("mount");
        serve(signals);
        return 0;
}
