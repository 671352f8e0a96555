/* SPDX-License-Identifier: MIT */
/* report/place/retain.c: removes old reports; see store_retain() in store.h. */
#include "report/place/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Clocks of reports and files may differ by less. A raw report that is older has no helper any more: none lives that long. */
#define SLACK_SECONDS 600

struct candidate {
        const struct store_entry *entry;
        struct timespec modified; /* the latest of its files */
        bool future;
};

static bool is_later(const struct timespec *a, const struct timespec *b)
{
        return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec >= b->tv_nsec;
}

/* Whether `name` is a file that may be removed. */
static bool is_own_file(int dir_fd, const char *name, struct stat *st)
{
        return !fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st->st_mode) && st->st_uid == geteuid();
}

/* Returns false if no file of the report is the user's. */
static bool look_at(int dir_fd, const struct store_entry *entry, struct candidate *out)
{
        bool own = false;
        struct stat st;
        size_t i;

        *out = (struct candidate){ .entry = entry };
        for (i = 0; i < entry->name_count; i++) {
                if (!is_own_file(dir_fd, entry->names[i], &st))
                        continue;
                own = true;
                if (is_later(&st.st_mtim, &out->modified))
                        out->modified = st.st_mtim;
        }
        return own;
}

/* Whether this is the beginning of a raw report, whose helper is at work. */
static bool is_raw_in_progress(int dir_fd, const char *name)
{
        char outcome[8];
        bool is_raw;

        return !store_outcome(dir_fd, name, &is_raw, outcome, sizeof(outcome)) && is_raw;
}

static bool is_in_progress(int dir_fd, const struct store_entry *entry)
{
        size_t i;

        if (entry->files & STORE_JSON)
                return false;
        for (i = 0; i < entry->name_count; i++) {
                const char *time;
                unsigned files;

                if (store_parse_name(entry->names[i], NULL, &time, &files) && files == STORE_RAW)
                        return is_raw_in_progress(dir_fd, entry->names[i]);
        }
        return false;
}

/* By the time of the file, not by the name: the name may be anything. */
static bool is_just_written(int dir_fd, const struct candidate *c, const struct store_retention *r)
{
        if (!strcmp(c->entry->id, r->own))
                return true;
        if (c->modified.tv_sec > r->now + SLACK_SECONDS || c->modified.tv_sec < r->now - SLACK_SECONDS)
                return false;
        return is_later(&c->modified, &r->since) || is_in_progress(dir_fd, c->entry);
}

/* Those of the future first, then by time. */
static int by_age(const void *a, const void *b)
{
        const struct candidate *x = a, *y = b;
        int order;

        if (x->future != y->future)
                return x->future ? -1 : 1;
        order = strcmp(x->entry->time, y->entry->time);
        return order ? order : strcmp(x->entry->id, y->entry->id);
}

static void remove_files(int dir_fd, const struct store_entry *entry)
{
        struct stat st;
        size_t i;

        for (i = 0; i < entry->name_count; i++)
                if (is_own_file(dir_fd, entry->names[i], &st))
                        unlinkat(dir_fd, entry->names[i], 0);
}

/* The same form as the time in a name: "20261121T143512". */
static void format_limit(time_t now, char *out, size_t size)
{
        time_t limit = now + SLACK_SECONDS;
        struct tm tm;

        if (!gmtime_r(&limit, &tm) || !strftime(out, size, "%Y%m%dT%H%M%S", &tm))
                strcpy(out, "9"); /* nothing is later */
}

int store_retain(struct pool *pool, int dir_fd, const struct store_retention *r)
{
        struct candidate *c;
        struct store_entry *v;
        size_t n, i, own = 0, left;
        char limit[32];
        int err;

        if (!r->keep)
                return 0;
        err = store_list(pool, dir_fd, &v, &n);
        if (err || n <= r->keep)
                return err;
        c = pool_alloc(pool, n * sizeof(*c));
        format_limit(r->now, limit, sizeof(limit));
        for (i = 0; i < n; i++) {
                if (!look_at(dir_fd, &v[i], &c[own]))
                        continue;
                c[own].future = strcmp(v[i].time, limit) > 0;
                own++;
        }
        qsort(c, own, sizeof(*c), by_age);
        for (i = 0, left = own; i < own && left > r->keep; i++) {
                if (is_just_written(dir_fd, &c[i], r))
                        continue;
                remove_files(dir_fd, c[i].entry);
                left--;
        }
        return 0;
}
