/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/sandbox.c: a program that drops privileges, or has an unusual number of resources. */
#include "tests/zoo/zoo.h"

#include "tests/tools/filter.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* ZOO_REFUSE, words of tests/tools/filter.h, from here on. */
static void refuse_prefix(const struct zoo_plan *plan)
{
        const char *list = getenv("ZOO_REFUSE");

        if (!list || filter_install(strdup(list)))
                zoo_broken("ZOO_REFUSE");
        zoo_go(plan);
}

/* As in a server started by root: the kernel then clears the dumpable flag, and /proc/self is root's. */
static void setuid_prefix(const struct zoo_plan *plan)
{
        if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
                zoo_broken("setresuid");
        zoo_go(plan);
}

/* ZOO_MAPS mappings, which the kernel cannot join: every second one cannot be read. */
static void manymaps_prefix(const struct zoo_plan *plan)
{
        size_t n = (size_t)zoo_setting("ZOO_MAPS", 60000), page = 4096;
        char *p = mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        for (size_t i = 0; p != MAP_FAILED && i < n; i += 2)
                if (mprotect(p + i * page, page, PROT_NONE))
                        p = MAP_FAILED;
        if (p == MAP_FAILED)
                zoo_broken("ZOO_MAPS");
        zoo_go(plan);
}

/* ZOO_FILES open files, or as many as the hard limit allows. */
static void manyfiles_prefix(const struct zoo_plan *plan)
{
        long n = zoo_setting("ZOO_FILES", 100000);
        struct rlimit room = { (rlim_t)n + 100, (rlim_t)n + 100 };

        if (setrlimit(RLIMIT_NOFILE, &room)) {
                getrlimit(RLIMIT_NOFILE, &room);
                room.rlim_cur = room.rlim_max;
                setrlimit(RLIMIT_NOFILE, &room);
        }
        for (long i = 0; i < n && (rlim_t)i + 100 < room.rlim_cur; i++)
                if (open("/dev/null", O_RDONLY) < 0)
                        zoo_broken("ZOO_FILES");
        zoo_go(plan);
}

const struct zoo_word sandbox_words[] = {
        { "refuse-", refuse_prefix },
        { "setuid-", setuid_prefix },
        { "manymaps-", manymaps_prefix },
        { "manyfiles-", manyfiles_prefix },
        { NULL, NULL },
};
