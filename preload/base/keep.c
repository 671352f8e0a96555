/* SPDX-License-Identifier: MIT */
#include "preload/base/keep.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/str.h"

#include <sys/mman.h>

#define FOR_HELPER '\1' /* first byte of a string of the helper's environment */
#define EARLY_SIZE 3072 /* with the rest of SEALED_DATA, a page */

/* Consecutive strings: first in a page that start-up touches anyway. Strings that do not fit are omitted. */
SEALED_DATA static char early[EARLY_SIZE] = { 0 };
SEALED_LATE static char late[32768] = { 0 };
SEALED_DATA static struct area {
        char *bytes;
        size_t size, used;
} areas[] = { { early, sizeof(early), 0 }, { late, sizeof(late), 0 } };

#define AREAS (sizeof(areas) / sizeof(areas[0]))

static char *put(char mark, const char *s, size_t n, const char *more)
{
        size_t extra = str_len(more);

        for (unsigned i = 0; i < AREAS; i++) {
                struct area *a = &areas[i];
                char *to = a->bytes + a->used;

                if (n + extra + 1 >= a->size - a->used)
                        continue;
                if (mark)
                        *to++ = mark;
                __builtin_memcpy(to, s, n);
                __builtin_memcpy(to + n, more, extra + 1);
                a->used = (size_t)(to - a->bytes) + n + extra + 1;
                return to;
        }
        return NULL;
}

const char *keep_string(const char *s, size_t n)
{
        return put(0, s, n, "");
}

const char *keep_joined(const char *s, size_t n, const char *more)
{
        return put(0, s, n, more);
}

void keep_for_helper(const char *entry, size_t n)
{
        put(FOR_HELPER, entry, n, "");
}

void keep_helper_environment(char **envp, size_t room)
{
        size_t count = 0;

        for (unsigned i = 0; i < AREAS; i++)
                for (size_t at = 0; at < areas[i].used; at++) {
                        char *s = areas[i].bytes + at;

                        if (*s == FOR_HELPER && count + 1 < room)
                                envp[count++] = s + 1;
                        while (areas[i].bytes[at])
                                at++;
                }
        envp[count] = NULL;
}

SEALED_DATA static size_t page_size = ARCH_PAGE_MIN;

void keep_read_page_size(const ElfW(auxv_t) * auxv)
{
        for (; auxv->a_type != AT_NULL; auxv++)
                if (auxv->a_type == AT_PAGESZ)
                        page_size = auxv->a_un.a_val;
}

size_t keep_page_size(void)
{
        return page_size;
}

/* preload/sealed.ld */
extern char sealed_start[] __attribute__((visibility("hidden")));
extern char sealed_end[] __attribute__((visibility("hidden")));

void keep_seal(void)
{
        sys_3(SYS_mprotect, (long)sealed_start, sealed_end - sealed_start, PROT_READ);
}
