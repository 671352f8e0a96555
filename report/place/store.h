/* SPDX-License-Identifier: MIT */
/* report/place/store.h: report files in a directory: names, complete-or-absent writing, listing, retention.
 *
 * A report is identified by its id, crash-<program>-<pid>-<UTC yyyymmddThhmmss.uuuuuu>Z; its files are named by the id
 * with .txt, .json, .core. Where others may write to the directory, somebody may have created id.json as soon as he saw the raw
 * report: the JSON report is then id.NUMBER.json, and the raw report names it. Functions return 0 or -errno.
 */
#ifndef CRASHPRE_REPORT_STORE_H
#define CRASHPRE_REPORT_STORE_H

#include "report/model/pool.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* Writes `name` in directory `dir_fd`: either complete, with `mode` regardless of the umask, or not at all. Returns
 * -EEXIST if the file exists. On an error *step (may be NULL) is set to the system call that failed. */
int store_write(int dir_fd, const char *name, mode_t mode, const void *data, size_t len, const char **step);

/* The same for the JSON report `id`; *name (from the pool) is the name of the file. Another
 * name than the usual one is used if a file of another user has that, or a link; -EEXIST: this user has written the report already. */
int store_write_report(struct pool *pool, int dir_fd, const char *id, mode_t mode, const void *data, size_t len,
                       const char **name, const char **step);

/* Removes the temporary file of an interrupted store_write(). Async-signal-safe: for a handler of the helper's own
 * crash. */
void store_abandon(void);

enum store_files { STORE_RAW = 1, STORE_JSON = 2, STORE_CORE = 4 };

struct store_entry {
        const char *id;     /* borrowed from the pool, as `time` */
        const char *time;   /* the id's last part: sorts by time as text */
        unsigned files;     /* enum store_files */
        const char **names; /* of its files, from the pool */
        size_t name_count;
};

/* The reports of a directory, oldest first. *out from the pool. */
int store_list(struct pool *pool, int dir_fd, struct store_entry **out, size_t *n);

/* Parses a file name "crash-....json" or an id; returns false if it is neither. `id_len` and `files` may be NULL. */
bool store_parse_name(const char *name, size_t *id_len, const char **time, unsigned *files);

/* Which file of a report is read: its JSON file, else the raw one. Where there is a raw report, a JSON file of another user is
 * not part of it. */
struct store_choice {
        const char *name; /* NULL: neither exists; borrowed from the entry */
        bool is_json;
        const char *foreign; /* one of the files of other users; NULL: none */
};

struct store_choice store_choose(int dir_fd, const struct store_entry *entry);

/* Whether file `name` belongs to another user than the raw report. False if there is no raw report, or no such file. */
bool store_is_foreign(int dir_fd, const struct store_entry *entry, const char *name);

/* Returns in `out` the beginning of the result that the helper added to a raw report last ("json NAME"), or false: it does
 * not exist, is no raw report, or has no result yet. *is_raw (may be NULL): it is a raw report. */
bool store_outcome(int dir_fd, const char *name, bool *is_raw, char *out, size_t size);

/* Which reports are removed, and when. */
struct store_retention {
        size_t keep;           /* reports that stay; 0: all */
        const char *own;       /* id of the report that was just written */
        struct timespec since; /* CLOCK_REALTIME at its crash */
        time_t now;
};

/* Removes the files of the oldest reports of the effective user beyond `keep`, by the time in their names; those of a time in
 * the future, from before the clock was set back, are older than all others. Never removed: the report `own`, one that was
 * written since that crash, a raw one to which its helper has not yet added the outcome, what is no regular file, and files of
 * other users, whose reports are not counted either. Returns 0 or -errno. */
int store_retain(struct pool *pool, int dir_fd, const struct store_retention *r);

/* Removes temporary files of writers that were killed: those of this user, last modified before `before`. Returns 0 or
 * -errno. */
int store_sweep(int dir_fd, time_t before);

/* Read a whole file, at most `limit` bytes, into pool memory and append a NUL. */
int store_read_fd(struct pool *pool, int fd, size_t limit, char **text, size_t *len);
int store_read(struct pool *pool, int dir_fd, const char *name, size_t limit, char **text, size_t *len);

#endif
