/* SPDX-License-Identifier: MIT */
/* tests/unit/report_store.c: report files are complete or absent; the right files are listed and removed. */
#include "report/place/store.h"
#include "tests/unit/tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char root[] = "/tmp/report_store.XXXXXX";

static int directory(const char *name)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", root, name);
        mkdir(path, 0700);
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static size_t count(int dir_fd)
{
        DIR *dir = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY));
        const struct dirent *d;
        size_t n = 0;

        while ((d = readdir(dir)))
                n += strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
        closedir(dir);
        return n;
}

static void touch(int dir_fd, const char *name)
{
        close(openat(dir_fd, name, O_CREAT | O_WRONLY, 0600));
}

static void names(void)
{
        static const struct {
                const char *name;
                unsigned files;
                bool good;
        } cases[] = {
                { "crash-app-1-20261121T143512.123456Z.json", STORE_JSON, true },
                { "crash-a-b-1-2-20261121T143512.123456Z.txt", STORE_RAW, true },
                { "crash-app-1-20261121T143512.123456Z", 0, true },
                { "crash-app-1-20261121T143512.123456Z.core", STORE_CORE, true },
                { "crash-app-1-20261121T143512.123456Z.1.json", STORE_JSON, true },
                { "crash-app-1-20261121T143512.123456Z.4294967295.json", STORE_JSON, true },
                { "crash-app-1-20261121T143512.123456Z.1.txt", 0, false },
                { "crash-app-1-20261121T143512.123456Z.1", 0, false },
                { "crash-app-1-20261121T143512.123456Z..json", 0, false },
                { "crash-app-1-20261121T143512.123456Z.a1.json", 0, false },
                { "crash-app-20261121T143512.123456Z.json", 0, false },
                { "crash-1-20261121T143512.123456Z.json", 0, false },
                { "crash--12-20261121T143512.123456Z.json", 0, false },
                { "crash-app-1-20261121T143512.12345Z.json", 0, false },
                { "crash-app-1-20261121T143512.123456Z.json.bak", 0, false },
                { ".crash-app-1-20261121T143512.123456Z.json.tmp", 0, false },
                { "crash-", 0, false },
                { "", 0, false },
        };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                unsigned files = 0;
                const char *time;
                size_t len;
                bool good = store_parse_name(cases[i].name, &len, &time, &files);

                tap_ok(good == cases[i].good && files == cases[i].files &&
                               (!good || (!strncmp(time, "20261121T143512.123456Z", 23) &&
                                          !strncmp(cases[i].name + len - 23, time, 23))),
                       "'%s' is %s", cases[i].name, cases[i].good ? "a report" : "not a report");
        }
}

static void writing(const char *where)
{
        int dir = directory(where);
        struct pool pool = { NULL };
        const char *step = NULL;
        struct stat st;
        char *text;
        size_t len;

        umask(077);
        tap_is((unsigned long long)-store_write(dir, "a.json", 0644, "hello", 5, &step), 0, "a file is written");
        tap_ok(!fstatat(dir, "a.json", &st, 0) && (st.st_mode & 07777) == 0644,
               "its mode is the one requested, whatever the umask");
        tap_ok(!store_read(&pool, dir, "a.json", 100, &text, &len) && len == 5 && !strcmp(text, "hello"),
               "its contents are complete");
        tap_is((unsigned long long)-store_write(dir, "a.json", 0600, "other", 5, &step), EEXIST,
               "an existing file is not replaced");
        tap_ok(!store_read(&pool, dir, "a.json", 100, &text, &len) && !strcmp(text, "hello"),
               "an existing file is not modified");
        tap_ok(!symlinkat("/tmp/elsewhere", dir, "link.json"), "another user creates a symbolic link");
        tap_is((unsigned long long)-store_write(dir, "link.json", 0600, "x", 1, &step), EEXIST,
               "the symbolic link is not followed");
        tap_ok(access("/tmp/elsewhere", F_OK) != 0, "no file was created at its target");
        tap_is(count(dir), 2, "no temporary file is left");
        tap_ok(!store_read(&pool, dir, "a.json", 3, &text, &len) && len == 3, "reading stops at the limit");
        pool_free(&pool);
        close(dir);
}

/* A limit on file size simulates a full disk: write(2) is short, then fails. */
static void full_disk(const char *where)
{
        static char data[100000];
        struct rlimit old, small = { 4096, 4096 };
        int dir = directory(where);
        const char *step = "";
        int err;

        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &old);
        small.rlim_max = old.rlim_max;
        setrlimit(RLIMIT_FSIZE, &small);
        err = store_write(dir, "a.json", 0600, data, sizeof(data), &step);
        setrlimit(RLIMIT_FSIZE, &old);
        tap_is((unsigned long long)-err, EFBIG, "a write that fails half way is reported");
        tap_ok(!strcmp(step, "write"), "the failed step is reported");
        tap_is(count(dir), 0, "no file is left");
        close(dir);
}

/* From here on no file can be opened with O_TMPFILE, as on file systems that lack it. */
static void refuse_unnamed(void)
{
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
                BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_TMPFILE),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_TMPFILE, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

        tap_ok(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) &&
                       open(root, O_TMPFILE | O_WRONLY, 0600) < 0,
               "a file system without O_TMPFILE");
}

enum { CRASHED = 2000000000, MINUTE = 60 };

static void retain(int dir, size_t keep, const char *own)
{
        const struct store_retention r = { keep, own, { .tv_sec = CRASHED }, CRASHED + 1 };
        struct pool pool = { NULL };

        store_retain(&pool, dir, &r);
        pool_free(&pool);
}

static void aged(int dir_fd, const char *name, time_t when)
{
        const struct timespec times[] = { { .tv_sec = when }, { .tv_sec = when } };

        touch(dir_fd, name);
        utimensat(dir_fd, name, times, 0);
}

/* A file that was last modified long before the crash. */
static void old(int dir_fd, const char *name)
{
        aged(dir_fd, name, CRASHED - 60 * MINUTE);
}

static bool there(int dir_fd, const char *name)
{
        return !faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static void retention(void)
{
        int dir = directory("retention");
        struct pool pool = { NULL };
        struct store_entry *v;
        size_t n;

        old(dir, "crash-z-9-20260101T000000.000001Z.txt");
        old(dir, "crash-z-9-20260101T000000.000001Z.json");
        old(dir, "crash-z-9-20260101T000000.000001Z.core");
        old(dir, "crash-a-10-20260101T000000.000003Z.txt");
        old(dir, "crash-m-11-20260101T000000.000002Z.json");
        old(dir, "notes.txt");
        old(dir, "crash-me.txt");
        tap_ok(!store_list(&pool, dir, &v, &n) && n == 3, "three reports are listed");
        tap_ok(v[0].files == (STORE_RAW | STORE_JSON | STORE_CORE) && !strncmp(v[0].id, "crash-z", 7),
               "the oldest first, with all its files");
        tap_ok(v[0].name_count == 3 && v[1].name_count == 1 &&
                       !strcmp(v[1].names[0], "crash-m-11-20260101T000000.000002Z.json"),
               "the names of all files");
        tap_ok(!strncmp(v[2].id, "crash-a", 7), "the newest last, whatever its name");
        retain(dir, 0, "");
        tap_is(count(dir), 7, "limit 0 keeps all reports");
        retain(dir, 3, "");
        tap_is(count(dir), 7, "reports within the limit are kept");
        retain(dir, 2, "");
        tap_ok(count(dir) == 4 && faccessat(dir, "crash-z-9-20260101T000000.000001Z.txt", F_OK, 0),
               "the oldest report is removed with all its files");
        retain(dir, 1, "");
        tap_ok(count(dir) == 3 && !faccessat(dir, "notes.txt", F_OK, 0) && !faccessat(dir, "crash-me.txt", F_OK, 0),
               "other files are kept");
        pool_free(&pool);
        close(dir);
}

#define FUTURE "crash-x-1-20991231T000000.00000"
#define PAST "crash-x-1-20200101T000000.00000"
#define OWN "crash-own-1-20330518T033320.000000Z"

static void future(void)
{
        int dir = directory("future");

        old(dir, FUTURE "1Z.txt");
        old(dir, FUTURE "2Z.json");
        old(dir, PAST "1Z.txt");
        aged(dir, OWN ".txt", CRASHED);
        aged(dir, OWN ".json", CRASHED + 1);
        retain(dir, 3, OWN);
        tap_ok(!there(dir, FUTURE "1Z.txt") && count(dir) == 4, "a time in the future is older than all others");
        retain(dir, 1, OWN);
        tap_ok(count(dir) == 2 && there(dir, OWN ".txt") && there(dir, OWN ".json"),
               "what was just written is the newest");
        aged(dir, OWN ".txt", CRASHED - 60 * MINUTE);
        aged(dir, OWN ".json", CRASHED - 60 * MINUTE);
        old(dir, FUTURE "3Z.txt");
        aged(dir, "crash-x-1-20330518T033320.900000Z.txt", CRASHED - 60 * MINUTE);
        retain(dir, 1, OWN);
        tap_ok(count(dir) == 2 && there(dir, OWN ".txt"),
               "the report of the crash itself stays, whatever the times of its files");
        close(dir);
}

static void others_at_work(void)
{
        static const char raw[] = "crashpre raw report 1\nend of report\n", outcome[] = "helper: json x.json\n";
        int dir = directory("at-work"), fd;

        aged(dir, PAST "1Z.txt", CRASHED);
        aged(dir, PAST "1Z.json", CRASHED + 1);
        aged(dir, PAST "2Z.json", CRASHED + 60 * MINUTE);
        fd = openat(dir, PAST "3Z.txt", O_CREAT | O_WRONLY, 0600);
        if (fd < 0 || write(fd, raw, sizeof(raw) - 1) != sizeof(raw) - 1)
                exit(2);
        aged(dir, PAST "3Z.txt", CRASHED - MINUTE);
        aged(dir, PAST "4Z.txt", CRASHED - MINUTE);
        retain(dir, 1, OWN);
        tap_ok(there(dir, PAST "1Z.txt") && there(dir, PAST "1Z.json"),
               "a report that was written since the crash stays");
        tap_ok(!there(dir, PAST "2Z.json"), "a file of the far future was not");
        tap_ok(there(dir, PAST "3Z.txt"), "a raw report without its outcome stays");
        tap_ok(!there(dir, PAST "4Z.txt"), "a name alone is no report in progress");
        if (write(fd, outcome, sizeof(outcome) - 1) != sizeof(outcome) - 1)
                exit(2);
        close(fd);
        aged(dir, PAST "3Z.txt", CRASHED - MINUTE);
        retain(dir, 1, OWN);
        tap_ok(!there(dir, PAST "3Z.txt"), "one with its outcome is removed");
        close(dir);
}

static void not_ours(void)
{
        int dir = directory("not-ours"), i;

        old(dir, PAST "1Z.txt");
        old(dir, PAST "1Z.json");
        mkdirat(dir, PAST "2Z.txt", 0700);
        if (symlinkat(PAST "1Z.txt", dir, PAST "3Z.txt"))
                exit(2);
        for (i = 4; i < 8 && !geteuid(); i++) {
                char name[64];

                snprintf(name, sizeof(name), "%s%dZ.txt", i & 1 ? PAST : FUTURE, i);
                old(dir, name);
                if (fchownat(dir, name, 65534, 65534, 0))
                        exit(2);
        }
        if (!geteuid() && fchownat(dir, PAST "1Z.json", 65534, 65534, 0))
                exit(2);
        retain(dir, 1, OWN);
        tap_ok(there(dir, PAST "1Z.txt"), "files of other users, directories and links are not counted");
        old(dir, PAST "9Z.txt");
        retain(dir, 1, OWN);
        tap_ok(!there(dir, PAST "1Z.txt"), "the own ones are");
        tap_is(count(dir), geteuid() ? 3 : 8, "and only those are removed");
        close(dir);
}

static void write_file(int dir_fd, const char *name, const char *text)
{
        int fd = openat(dir_fd, name, O_CREAT | O_WRONLY | O_TRUNC, 0600);

        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
                exit(2);
        close(fd);
}

static struct store_choice choice(struct pool *pool, int dir)
{
        struct store_choice none = { "?", false, NULL };
        struct store_entry *v;
        size_t n;

        return store_list(pool, dir, &v, &n) || n != 1 ? none : store_choose(dir, &v[0]);
}

static void taken_name(const char *where)
{
        const char *name = NULL, *step = "";
        int dir = directory(where);
        struct pool pool = { NULL };
        struct store_choice c;
        char line[256];

        touch(dir, OWN ".txt");
        touch(dir, OWN ".json");
        tap_is((unsigned)-store_write_report(&pool, dir, OWN, 0600, "hello", 5, &name, &step), EEXIST,
               "a report that this user has written is not written again");
        tap_is(count(dir), 2, "under no name");
        if (!geteuid() && fchownat(dir, OWN ".json", 65534, 65534, 0))
                exit(2);
        if (geteuid() && (unlinkat(dir, OWN ".json", 0) || symlinkat("/nowhere", dir, OWN ".json")))
                exit(2);
        tap_ok(!store_write_report(&pool, dir, OWN, 0600, "hello", 5, &name, &step) && strcmp(name, OWN ".json") != 0 &&
                       there(dir, name),
               "a report gets another name if somebody has taken the usual one");
        unlinkat(dir, OWN ".json", 0);
        touch(dir, OWN ".json");
        c = choice(&pool, dir);
        tap_ok(c.is_json && !c.foreign && !strcmp(c.name, OWN ".json"),
               "of several files of the owner the usual one is read");
        snprintf(line, sizeof(line), "crashpre raw report 1\nend of report\nhelper: json %s\n", name);
        write_file(dir, OWN ".txt", line);
        c = choice(&pool, dir);
        tap_ok(c.is_json && !c.foreign && !strcmp(c.name, name), "or the one that the raw report names");
        if (!geteuid()) {
                if (fchownat(dir, OWN ".json", 65534, 65534, 0))
                        exit(2);
                write_file(dir, OWN ".txt", "crashpre raw report 1\nend of report\nhelper: json " OWN ".json\n");
                c = choice(&pool, dir);
                tap_ok(c.is_json && !strcmp(c.name, name) && c.foreign && !strcmp(c.foreign, OWN ".json"),
                       "never that of another user");
                unlinkat(dir, name, 0);
                c = choice(&pool, dir);
                tap_ok(!c.is_json && !strcmp(c.name, OWN ".txt") && c.foreign, "rather the raw report");
                unlinkat(dir, OWN ".txt", 0);
                c = choice(&pool, dir);
                tap_ok(c.is_json && !c.foreign, "without a raw report there is no owner");
        }
        pool_free(&pool);
        close(dir);
}

static void sweeping(void)
{
        static const char *const stay[] = { "notes.tmp",
                                            ".notes.tmp",
                                            ".crash-me.tmp",
                                            "crash-a-1-20260101T000000.000001Z.json",
                                            ".crash-a-1-20260101T000000.000001Z.json",
                                            ".crash-a-1-20260101T000000.000001Z.tmp",
                                            "crash-a-1-20260101T000000.000001Z.json.tmp",
                                            ".tmp",
                                            "tmp" };
        static const char left[] = ".crash-a-1-20260101T000000.000002Z.json.tmp",
                          link[] = ".crash-a-1-20260101T000000.000003Z.json.tmp",
                          young[] = ".crash-a-1-20260101T000000.000004Z.json.tmp",
                          other[] = ".crash-a-1-20260101T000000.000005Z.json.tmp";
        int dir = directory("sweeping");
        size_t i;

        for (i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
                aged(dir, stay[i], 1000);
        aged(dir, left, 1000);
        aged(dir, young, 3000);
        mkdirat(dir, other, 0700);
        if (symlinkat(left, dir, link))
                return;
        tap_is((unsigned)store_sweep(dir, 2000), 0, "store_sweep() succeeds");
        tap_ok(faccessat(dir, left, F_OK, 0) != 0, "temporary files of a killed writer are removed");
        tap_ok(!faccessat(dir, young, F_OK, 0), "recent temporary files are kept");
        tap_is(count(dir), sizeof(stay) / sizeof(stay[0]) + 3, "other names, directories and links are kept");
        close(dir);
}

int main(void)
{
        char command[128];

        if (!mkdtemp(root))
                return 2;
        names();
        writing("writing");
        full_disk("full");
        retention();
        future();
        others_at_work();
        not_ours();
        taken_name("taken");
        sweeping();
        refuse_unnamed();
        writing("writing-named");
        taken_name("taken-named");
        full_disk("full-named");
        snprintf(command, sizeof(command), "rm -rf %s", root);
        if (system(command))
                return 2;
        return tap_done();
}
