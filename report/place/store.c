/* SPDX-License-Identifier: MIT */
#include "report/place/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char id_prefix[] = "crash-";

static const struct suffix {
        const char *text;
        unsigned file;
} suffixes[] = {
        { ".txt", STORE_RAW },
        { ".json", STORE_JSON },
        { ".core", STORE_CORE },
};

#define SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

/* Names that are tried for a JSON report after the usual one. */
#define OTHER_NAMES 8

/* ---- writing ---- */

/* For store_abandon(): the temporary file that exists, and its directory. */
static struct {
        volatile int dir_fd;
        char name[NAME_MAX + 1];
} temporary = { .dir_fd = -1 };

void store_abandon(void)
{
        int dir_fd = temporary.dir_fd;

        temporary.dir_fd = -1;
        if (dir_fd >= 0)
                unlinkat(dir_fd, temporary.name, 0);
}

static int write_all(int fd, const char *p, size_t len)
{
        while (len) {
                ssize_t n = write(fd, p, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n ? -errno : -EIO;
                p += n;
                len -= (size_t)n;
        }
        return 0;
}

/* Sets the mode of the user's setting, regardless of the umask. A file system without modes, or a seccomp filter, may
 * refuse fchmod(2): the file then has the mode set by openat(), which is never wider. */
static int fill(int fd, mode_t mode, const void *data, size_t len, const char **step)
{
        (void)!fchmod(fd, mode);
        *step = "write";
        return write_all(fd, data, len);
}

/* Writes an unnamed file and links it when it is complete, so that a failure before that leaves no file. Returns
 * -EOPNOTSUPP if the file system or /proc does not support this; the caller then tries write_renamed(). */
static int write_unnamed(int dir_fd, const char *name, mode_t mode, const void *data, size_t len, const char **step)
{
        int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode), err;
        char self[64];

        if (fd < 0)
                return -EOPNOTSUPP;
        err = fill(fd, mode, data, len, step);
        if (!err) {
                snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
                *step = "linkat";
                if (linkat(AT_FDCWD, self, dir_fd, name, AT_SYMLINK_FOLLOW))
                        err = errno == EEXIST ? -EEXIST : -EOPNOTSUPP;
        }
        close(fd);
        return err;
}

static int write_renamed(int dir_fd, const char *name, mode_t mode, const void *data, size_t len, const char **step)
{
        int fd, err;

        if (snprintf(temporary.name, sizeof(temporary.name), ".%s.tmp", name) >= (int)sizeof(temporary.name))
                return -ENAMETOOLONG;
        *step = "open";
        fd = openat(dir_fd, temporary.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;
        temporary.dir_fd = dir_fd;
        err = fill(fd, mode, data, len, step);
        if (close(fd) && !err)
                err = -errno; /* NFS and quotas report errors only here */
        if (!err) {
                *step = "rename";
                if (!renameat2(dir_fd, temporary.name, dir_fd, name, RENAME_NOREPLACE)) {
                        temporary.dir_fd = -1;
                } else if (errno != EINVAL && errno != ENOSYS) {
                        err = -errno;
                } else if (linkat(dir_fd, temporary.name, dir_fd, name,
                                  0)) { /* NFS does not support RENAME_NOREPLACE */
                        err = -errno;
                }
        }
        store_abandon();
        return err;
}

int store_write(int dir_fd, const char *name, mode_t mode, const void *data, size_t len, const char **step)
{
        const char *ignored;
        int err;

        if (!step)
                step = &ignored;
        *step = "open";
        err = write_unnamed(dir_fd, name, mode, data, len, step);
        return err == -EOPNOTSUPP ? write_renamed(dir_fd, name, mode, data, len, step) : err;
}

/* Not to be guessed, so that nobody takes it in advance. */
static uint32_t random_number(void)
{
        struct timespec now = { 0 };
        uint32_t number;

        if (getrandom(&number, sizeof(number), GRND_NONBLOCK) == sizeof(number))
                return number;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)getpid();
}

/* Whether the existing file is one of this user: the report was written already, by the spare of the helper. (A link to a file of
 * the user, which others may have made, is none.) */
static bool is_own_report(int dir_fd, const char *name)
{
        struct stat st;

        return !fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
               st.st_nlink == 1;
}

int store_write_report(struct pool *pool, int dir_fd, const char *id, mode_t mode, const void *data, size_t len,
                       const char **name, const char **step)
{
        int err, i;

        *name = pool_printf(pool, "%s.json", id);
        err = store_write(dir_fd, *name, mode, data, len, step);
        for (i = 0; err == -EEXIST && i < OTHER_NAMES && !is_own_report(dir_fd, *name); i++) {
                *name = pool_printf(pool, "%s.%" PRIu32 ".json", id, random_number());
                err = store_write(dir_fd, *name, mode, data, len, step);
        }
        return err;
}

/* ---- names ---- */

/* "20261121T143512.123456Z" */
static bool is_time(const char *s, size_t len)
{
        static const char pattern[] = "00000000T000000.000000Z";
        size_t i;

        if (len != sizeof(pattern) - 1)
                return false;
        for (i = 0; i < len; i++)
                if (pattern[i] == '0' ? !isdigit((unsigned char)s[i]) : s[i] != pattern[i])
                        return false;
        return true;
}

/* The length without ".NUMBER" at the end. */
static size_t without_number(const char *name, size_t len)
{
        size_t i = len;

        while (i && isdigit((unsigned char)name[i - 1]))
                i--;
        return i && i < len && name[i - 1] == '.' ? i - 1 : len;
}

bool store_parse_name(const char *name, size_t *id_len, const char **time, unsigned *files)
{
        const size_t time_len = sizeof("20261121T143512.123456Z") - 1, prefix_len = sizeof(id_prefix) - 1;
        size_t len = strlen(name), i;
        unsigned file = 0;

        for (i = 0; i < SUFFIXES && !file; i++) {
                size_t suffix_len = strlen(suffixes[i].text);

                if (len > suffix_len && !strcmp(name + len - suffix_len, suffixes[i].text)) {
                        len -= suffix_len;
                        file = suffixes[i].file;
                }
        }
        if (file == STORE_JSON)
                len = without_number(name, len);
        if (strncmp(name, id_prefix, prefix_len) || len < prefix_len + 4 + time_len)
                return false;
        i = len - time_len;
        if (!is_time(name + i, time_len) || name[--i] != '-' || !isdigit((unsigned char)name[i - 1]))
                return false;
        *time = name + len - time_len;
        while (i > prefix_len && isdigit((unsigned char)name[i - 1]))
                i--;
        if (i <= prefix_len + 1 || name[i - 1] != '-')
                return false;
        if (id_len)
                *id_len = len;
        if (files)
                *files = file;
        return true;
}

/* Whether this is a name of a temporary file of write_renamed(). */
static bool is_temporary(const char *name)
{
        static const char suffix[] = ".tmp";
        size_t len = strlen(name), suffix_len = sizeof(suffix) - 1;
        char inner[NAME_MAX + 1];
        const char *time;
        unsigned files;

        if (name[0] != '.' || len <= 1 + suffix_len || len > NAME_MAX || strcmp(name + len - suffix_len, suffix))
                return false;
        memcpy(inner, name + 1, len - 1 - suffix_len);
        inner[len - 1 - suffix_len] = 0;
        return store_parse_name(inner, NULL, &time, &files) && files;
}

/* ---- listing ---- */

static DIR *open_listing(int dir_fd)
{
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
        DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

        if (!dir && fd >= 0) {
                err = errno;
                close(fd);
                errno = err;
        }
        return dir;
}

static int by_id(const void *a, const void *b)
{
        return strcmp(((const struct store_entry *)a)->id, ((const struct store_entry *)b)->id);
}

static int by_time(const void *a, const void *b)
{
        int order = strcmp(((const struct store_entry *)a)->time, ((const struct store_entry *)b)->time);

        return order ? order : by_id(a, b);
}

/* Sorts by id and merges the entries of the files of each report. */
static size_t merge(struct pool *pool, struct store_entry *v, size_t n)
{
        size_t used = 0, i;

        qsort(v, n, sizeof(*v), by_id);
        for (i = 0; i < n; i++) {
                struct store_entry *last = used ? &v[used - 1] : NULL;

                if (!last || strcmp(last->id, v[i].id)) {
                        v[used++] = v[i];
                        continue;
                }
                last->files |= v[i].files;
                *POOL_APPEND(pool, last->names, last->name_count) = v[i].names[0];
        }
        return used;
}

int store_list(struct pool *pool, int dir_fd, struct store_entry **out, size_t *n)
{
        const struct dirent *d;
        DIR *dir = open_listing(dir_fd);

        *out = NULL;
        *n = 0;
        if (!dir)
                return -errno;
        while ((d = readdir(dir))) {
                struct store_entry entry = { .id = NULL };
                size_t id_len;

                if (!store_parse_name(d->d_name, &id_len, &entry.time, &entry.files) || !entry.files)
                        continue;
                entry.id = pool_strndup(pool, d->d_name, id_len);
                entry.time = entry.id + (entry.time - d->d_name);
                *POOL_APPEND(pool, entry.names, entry.name_count) = pool_strdup(pool, d->d_name);
                *POOL_APPEND(pool, *out, *n) = entry;
        }
        closedir(dir);
        if (*n) {
                *n = merge(pool, *out, *n);
                qsort(*out, *n, sizeof(**out), by_time);
        }
        return 0;
}

int store_sweep(int dir_fd, time_t before)
{
        DIR *dir = open_listing(dir_fd);
        const struct dirent *d;
        struct stat st;

        if (!dir)
                return -errno;
        while ((d = readdir(dir)))
                if (is_temporary(d->d_name) && !fstatat(dir_fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
                    S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_mtime < before)
                        unlinkat(dir_fd, d->d_name, 0);
        closedir(dir);
        return 0;
}

/* ---- reading ---- */

int store_read_fd(struct pool *pool, int fd, size_t limit, char **text, size_t *len)
{
        size_t room = 4 * 1024, used = 0; /* the size of files in /proc is 0 */
        struct stat st;
        char *buf;

        /* One byte more, for the read that returns 0. */
        if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size >= room)
                room = (uint64_t)st.st_size < limit ? (size_t)st.st_size + 1 : limit;
        buf = pool_alloc(pool, room + 1);
        while (used < limit) {
                ssize_t n;

                if (used == room) {
                        char *bigger = pool_alloc(pool, 2 * room + 1);

                        buf = memcpy(bigger, buf, used);
                        room *= 2;
                }
                n = read(fd, buf + used, (room < limit ? room : limit) - used);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (!n)
                        break;
                used += (size_t)n;
        }
        buf[used] = 0;
        *text = buf;
        *len = used;
        return 0;
}

int store_read(struct pool *pool, int dir_fd, const char *name, size_t limit, char **text, size_t *len)
{
        int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), err;

        if (fd < 0)
                return -errno;
        err = store_read_fd(pool, fd, limit, text, len);
        close(fd);
        return err;
}
