/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/mounts.h"
#include "unwind/core/terms/str.h"

#include <errno.h>

static const struct {
        const char *name;
        enum mount_kind kind;
} types[] = {
        { "ext4", MOUNT_LOCAL },       { "overlay", MOUNT_LOCAL },    { "xfs", MOUNT_LOCAL },
        { "btrfs", MOUNT_LOCAL },      { "ext3", MOUNT_LOCAL },       { "ext2", MOUNT_LOCAL },
        { "zfs", MOUNT_LOCAL },        { "f2fs", MOUNT_LOCAL },       { "squashfs", MOUNT_LOCAL },
        { "erofs", MOUNT_LOCAL },      { "bcachefs", MOUNT_LOCAL },   { "jfs", MOUNT_LOCAL },
        { "reiserfs", MOUNT_LOCAL },   { "nilfs2", MOUNT_LOCAL },     { "iso9660", MOUNT_LOCAL },
        { "udf", MOUNT_LOCAL },        { "vfat", MOUNT_LOCAL },       { "msdos", MOUNT_LOCAL },
        { "exfat", MOUNT_LOCAL },      { "ntfs3", MOUNT_LOCAL },      { "hfsplus", MOUNT_LOCAL },
        { "ubifs", MOUNT_LOCAL },      { "jffs2", MOUNT_LOCAL },      { "cramfs", MOUNT_LOCAL },
        { "romfs", MOUNT_LOCAL },      { "minix", MOUNT_LOCAL },      { "aufs", MOUNT_LOCAL },
        { "proc", MOUNT_LOCAL },       { "sysfs", MOUNT_LOCAL },      { "cgroup", MOUNT_LOCAL },
        { "cgroup2", MOUNT_LOCAL },    { "debugfs", MOUNT_LOCAL },    { "tracefs", MOUNT_LOCAL },
        { "securityfs", MOUNT_LOCAL }, { "tmpfs", MOUNT_MEMORY },     { "ramfs", MOUNT_MEMORY },
        { "rootfs", MOUNT_MEMORY },    { "hugetlbfs", MOUNT_MEMORY }, { "devtmpfs", MOUNT_MEMORY },
        { "devpts", MOUNT_LOCAL },     { "mqueue", MOUNT_LOCAL },
};

enum mount_kind mounts_kind_of_type(const char *type, size_t len)
{
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
                if (str_item_is(type, len, types[i].name))
                        return types[i].kind;
        return MOUNT_UNKNOWN;
}

struct text {
        const char *p, *end;
        bool bad;
};

static uint64_t number(struct text *t, char stop)
{
        uint64_t value = 0;
        const char *begin = t->p;

        for (; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++)
                value = value * 10 + (uint64_t)(*t->p - '0');
        if (t->p == begin || t->p == t->end || *t->p != stop)
                t->bad = true;
        else
                t->p++;
        return value;
}

static size_t word(struct text *t, const char **begin)
{
        size_t n;

        *begin = t->p;
        while (t->p < t->end && *t->p != ' ')
                t->p++;
        n = (size_t)(t->p - *begin);
        if (!n)
                t->bad = true;
        if (t->p < t->end)
                t->p++;
        return n;
}

int mounts_parse_line(const char *line, size_t len, struct mount_line *out)
{
        struct text t = { line, line + len, false };
        const char *ignored;
        size_t n;

        *out = (struct mount_line){ .id = (int64_t)number(&t, ' ') };
        number(&t, ' '); /* the parent */
        out->dev = number(&t, ':') << 32;
        out->dev |= number(&t, ' ');
        word(&t, &ignored); /* root */
        out->point_len = word(&t, &out->point);
        word(&t, &ignored); /* options */
        do                  /* optional fields, up to a single hyphen */
                n = word(&t, &ignored);
        while (!t.bad && !(n == 1 && *ignored == '-'));
        out->type_len = word(&t, &out->type);
        return t.bad ? -EBADMSG : 0;
}

/* Returns the byte at s[*at], which may be an escape of four bytes, and moves on. */
static char unescaped(const char *s, size_t len, size_t *at)
{
        const char *p = s + *at;

        if (*p == '\\' && len - *at >= 4 && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
            p[3] <= '7') {
                *at += 4;
                return (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
        }
        *at += 1;
        return *p;
}

bool mounts_is_below(const struct mount_line *m, const char *path, size_t path_len)
{
        size_t at = 0, n = 0;

        if (m->point_len == 1 && *m->point == '/')
                return path_len && *path == '/';
        while (at < m->point_len) {
                if (n == path_len || unescaped(m->point, m->point_len, &at) != path[n])
                        return false;
                n++;
        }
        return n == path_len || path[n] == '/';
}

void mounts_copy_point(const struct mount_line *m, char *out, size_t size)
{
        size_t n = 0;

        for (size_t at = 0; at < m->point_len && n + 1 < size;)
                out[n++] = unescaped(m->point, m->point_len, &at);
        out[n] = 0;
}

bool mounts_is_nowhere(const char *path, size_t len)
{
        static const char *const begins[] = {
                "/memfd:", "/SYSV", "/dev/zero", "/anon_hugepage", "/secretmem", "/dmabuf"
        };

        for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
                size_t n = str_len(begins[i]);

                if (len >= n && str_item_is(path, n, begins[i]))
                        return true;
        }
        return len && *path != '/';
}

void mounts_search_line(struct mount_search *s, const char *line, size_t len)
{
        struct mount_line m;

        if (s->certain || mounts_parse_line(line, len, &m) < 0)
                return;
        if ((s->id >= 0 && m.id == s->id) || (s->dev && m.dev == s->dev)) {
                s->certain = true;
                s->found = m;
                s->kind = mounts_kind_of_type(m.type, m.type_len);
                return;
        }
        /* of mounts at the same point the later one covers the earlier one */
        if (m.point_len >= s->longest && mounts_is_below(&m, s->path, s->path_len)) {
                s->longest = m.point_len;
                s->found = m;
                s->kind = mounts_kind_of_type(m.type, m.type_len);
        }
}
