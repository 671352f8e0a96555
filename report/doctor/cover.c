/* SPDX-License-Identifier: MIT */
#include "report/doctor/cover.h"

#include "report/place/store.h"
#include "unwind/elf/program.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ---- which file ---- */

const char *cover_find(struct pool *pool, const char *name)
{
        const char *path = getenv("PATH");
        char *copy, *dir;
        struct stat st;

        if (strchr(name, '/'))
                return name;
        copy = pool_strdup(pool, path ? path : "/usr/bin:/bin");
        while ((dir = strsep(&copy, ":"))) {
                const char *file = pool_printf(pool, "%s/%s", *dir ? dir : ".", name);

                if (!stat(file, &st) && S_ISREG(st.st_mode) && !access(file, X_OK))
                        return file;
        }
        return NULL;
}

const char *cover_interpreter(struct pool *pool, const char *path)
{
        const char *word = NULL;
        char *text, *line;
        size_t len;

        if (store_read(pool, AT_FDCWD, path, 256, &text, &len) || strncmp(text, "#!", 2))
                return NULL;
        text[strcspn(text, "\n")] = 0;
        line = text + 2;
        do
                word = strsep(&line, " \t\r");
        while (word && !*word);
        if (word && strlen(word) > 4 && !strcmp(word + strlen(word) - 4, "/env"))
                while (line && (word = strsep(&line, " \t\r")) && (!*word || *word == '-'))
                        ;
        return word && *word ? word : NULL;
}

/* The file that is executed in the end, with its absolute path; NULL if it cannot be found. */
static const char *executed_file(struct pool *pool, const char *name)
{
        const char *path = NULL;
        char real[PATH_MAX];
        int depth;

        for (depth = 0; name && depth <= COVER_INTERPRETERS; depth++) {
                const char *found = cover_find(pool, name);

                if (!found || !realpath(found, real))
                        return NULL;
                path = pool_strdup(pool, real);
                name = cover_interpreter(pool, path);
        }
        return name ? NULL : path;
}

/* ---- whether it loads the library ---- */

/* ld.so(8), "secure-execution mode": paths with a slash in LD_PRELOAD are ignored. */
const char *cover_rights(const char *path, const struct stat *st)
{
        if (geteuid() && getxattr(path, "security.capability", NULL, 0) > 0)
                return "file capabilities";
        if (st->st_mode & S_ISUID && st->st_uid != geteuid())
                return "set-user-ID";
        if (st->st_mode & S_ISGID && st->st_mode & S_IXGRP && st->st_gid != getegid())
                return "set-group-ID";
        return NULL;
}

const char *cover_gap(struct pool *pool, const char *name)
{
        const char *path = executed_file(pool, name), *rights;
        struct program_facts facts;
        struct stat st;

        if (!path || stat(path, &st) || program_read_kind(path, &facts))
                return NULL;
        rights = cover_rights(path, &st);
        if (facts.kind == PROGRAM_STATIC)
                return pool_printf(pool, "%s is statically linked and loads no library", path);
        if (facts.kind == PROGRAM_FOREIGN)
                return pool_printf(pool, "%s is a program of %s and cannot load libcrashpre.so", path,
                                   facts.bits == 32 ? "32 bits" : "another processor");
        if (facts.kind == PROGRAM_DYNAMIC && rights)
                return pool_printf(pool, "%s has %s, for which ld.so ignores LD_PRELOAD", path, rights);
        return NULL;
}
