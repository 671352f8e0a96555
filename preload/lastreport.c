/* SPDX-License-Identifier: MIT */
/* preload/lastreport.c: crashpre_last_report(): what an earlier run of this program left behind. Ordinary code. */
#include "preload/api.h"
#include "preload/settings.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Is `name` a raw report "crash-<base>-<pid>-<time>Z.txt" of this program? *when points to the time, which sorts as text. */
static bool is_ours(const char *name, const char *base, const char **when)
{
        size_t n = strlen(base), digits;
        const char *suffix;

        if (strncmp(name, "crash-", 6) != 0 || strncmp(name + 6, base, n) != 0 || name[6 + n] != '-')
                return false;
        name += 6 + n + 1;
        digits = strspn(name, "0123456789");
        if (!digits || name[digits] != '-')
                return false;
        *when = name + digits + 1;
        suffix = strstr(*when, "Z.txt");
        return suffix && suffix[5] == 0 && strspn(*when, "0123456789T.") == (size_t)(suffix - *when);
}

const char *api_last_report(void)
{
        static __thread char path[PATH_MAX];
        char exe[PATH_MAX], newest[64] = "", found[256] = "";
        const char *base, *when;
        struct dirent *entry;
        int saved = errno;
        ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
        DIR *dir = opendir(settings.dir);

        exe[n > 0 ? n : 0] = 0;
        base = strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe;
        while (dir && (entry = readdir(dir))) {
                if (!is_ours(entry->d_name, base, &when) || strcmp(when, newest) <= 0 || strlen(when) >= sizeof(newest))
                        continue;
                strcpy(newest, when);
                snprintf(found, sizeof(found), "%s", entry->d_name);
        }
        if (dir)
                closedir(dir);
        errno = saved;
        if (!*found || snprintf(path, sizeof(path), "%s/%s", settings.dir, found) >= (int)sizeof(path))
                return NULL;
        return path;
}
