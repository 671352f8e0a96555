/* SPDX-License-Identifier: MIT */
/* report/place/choose.c: which file of a report is read; see store_choose() in store.h. */
#include "report/place/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The outcome is in the last lines of a raw report. */
#define OUTCOME_BYTES 4096

/* Copies the rest of the last line that begins with "helper: ". */
static bool last_outcome(const char *text, size_t len, char *out, size_t size)
{
        static const char key[] = "\nhelper: ";
        const char *at, *found = NULL, *end;
        size_t n;

        for (at = text; (at = memmem(at, len - (size_t)(at - text), key, sizeof(key) - 1)); at++)
                found = at + sizeof(key) - 1;
        if (!found)
                return false;
        n = len - (size_t)(found - text);
        end = memchr(found, '\n', n);
        n = end ? (size_t)(end - found) : n;
        n = n < size ? n : size - 1;
        memcpy(out, found, n);
        out[n] = 0;
        return true;
}

bool store_outcome(int dir_fd, const char *name, bool *is_raw, char *out, size_t size)
{
        static const char schema[] = "crashpre raw report ";
        int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        char head[sizeof(schema) - 1], tail[OUTCOME_BYTES];
        struct stat st;
        ssize_t n = 0;
        bool begins;

        if (is_raw)
                *is_raw = false;
        if (fd < 0)
                return false;
        begins = pread(fd, head, sizeof(head), 0) == sizeof(head) && !memcmp(head, schema, sizeof(head));
        if (begins && !fstat(fd, &st))
                n = pread(fd, tail, sizeof(tail), st.st_size > OUTCOME_BYTES ? st.st_size - OUTCOME_BYTES : 0);
        close(fd);
        if (is_raw)
                *is_raw = begins;
        return n > 0 && last_outcome(tail, (size_t)n, out, size);
}

static unsigned kind_of(const char *name)
{
        const char *time;
        unsigned files = 0;

        store_parse_name(name, NULL, &time, &files);
        return files;
}

static const char *raw_of(const struct store_entry *entry)
{
        size_t i;

        for (i = 0; i < entry->name_count; i++)
                if (kind_of(entry->names[i]) == STORE_RAW)
                        return entry->names[i];
        return NULL;
}

/* Of several JSON files of the owner the one that the raw report names; else the one with the usual name. */
static bool is_better(const char *name, const char *than, const char *outcome)
{
        static const char json[] = "json ";

        if (!than)
                return true;
        if (!strncmp(outcome, json, sizeof(json) - 1)) {
                if (!strcmp(outcome + sizeof(json) - 1, than))
                        return false;
                if (!strcmp(outcome + sizeof(json) - 1, name))
                        return true;
        }
        return strlen(name) != strlen(than) ? strlen(name) < strlen(than) : strcmp(name, than) < 0;
}

bool store_is_foreign(int dir_fd, const struct store_entry *entry, const char *name)
{
        const char *raw = raw_of(entry);
        struct stat owner, st;

        return raw && name && !fstatat(dir_fd, raw, &owner, AT_SYMLINK_NOFOLLOW) &&
               !fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) && st.st_uid != owner.st_uid;
}

struct store_choice store_choose(int dir_fd, const struct store_entry *entry)
{
        const char *raw = raw_of(entry);
        struct store_choice choice = { .name = NULL };
        char outcome[512] = "";
        size_t i;

        if (raw && entry->name_count > 2)
                store_outcome(dir_fd, raw, NULL, outcome, sizeof(outcome));
        for (i = 0; i < entry->name_count; i++) {
                const char *name = entry->names[i];

                if (kind_of(name) != STORE_JSON)
                        continue;
                if (store_is_foreign(dir_fd, entry, name)) {
                        if (!choice.foreign || strcmp(name, choice.foreign) < 0)
                                choice.foreign = name;
                } else if (is_better(name, choice.name, outcome)) {
                        choice.name = name;
                }
        }
        choice.is_json = choice.name != NULL;
        if (!choice.name)
                choice.name = raw;
        return choice;
}
