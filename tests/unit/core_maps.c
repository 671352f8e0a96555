/* SPDX-License-Identifier: MIT */
/* Lines of /proc/PID/maps: real ones, and malformed ones. */
#include "tests/unit/tap.h"
#include "unwind/core/image/maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
        const char *line;
        uint64_t start, end, offset, inode;
        uint32_t major, minor, perms;
        const char *path;
        int deleted;
} good[] = {
        { "7f52a1c28000-7f52a1d95000 r-xp 00028000 fe:01 1835     /usr/lib/x86_64-linux-gnu/libc.so.6", 0x7f52a1c28000,
          0x7f52a1d95000, 0x28000, 1835, 0xfe, 1, MAPS_READ | MAPS_EXEC, "/usr/lib/x86_64-linux-gnu/libc.so.6", 0 },
        { "7ffc0a5c7000-7ffc0a5e8000 rw-p 00000000 00:00 0                          [stack]", 0x7ffc0a5c7000,
          0x7ffc0a5e8000, 0, 0, 0, 0, MAPS_READ | MAPS_WRITE, "[stack]", 0 },
        { "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]", 0xffffffffff600000,
          0xffffffffff601000, 0, 0, 0, 0, MAPS_EXEC, "[vsyscall]", 0 },
        { "7f0000000000-7f0000001000 ---p 00000000 00:00 0 ", 0x7f0000000000, 0x7f0000001000, 0, 0, 0, 0, 0, "", 0 },
        { "7f0000000000-7f0000001000 ---p 00000000 00:00 0", 0x7f0000000000, 0x7f0000001000, 0, 0, 0, 0, 0, "", 0 },
        { "7f0000000000-7f0000001000 rwxs 12345678abc 103:0a 18446744073709551615 /a b  c ", 0x7f0000000000,
          0x7f0000001000, 0x12345678abc, UINT64_MAX, 0x103, 0xa, MAPS_READ | MAPS_WRITE | MAPS_EXEC | MAPS_SHARED,
          "/a b  c ", 0 },
        { "400000-401000 r--p 00000000 08:02 99 /tmp/app (deleted)", 0x400000, 0x401000, 0, 99, 8, 2, MAPS_READ,
          "/tmp/app", 1 },
        { "400000-401000 r--p 00000000 08:02 99 /tmp/(deleted)", 0x400000, 0x401000, 0, 99, 8, 2, MAPS_READ,
          "/tmp/(deleted)", 0 },
        { "400000-401000 r--p 00000000 08:02 99 /a (deleted)/b", 0x400000, 0x401000, 0, 99, 8, 2, MAPS_READ,
          "/a (deleted)/b", 0 },
        { "400000-401000 rw-s 00000000 00:05 7 /memfd:x (deleted)", 0x400000, 0x401000, 0, 7, 0, 5,
          MAPS_READ | MAPS_WRITE | MAPS_SHARED, "/memfd:x", 1 },
        { "400000-401000 r--p 00000000 08:02 99 /new\\012line", 0x400000, 0x401000, 0, 99, 8, 2, MAPS_READ,
          "/new\\012line", 0 },
};

static const char *const bad[] = {
        "",
        "\n",
        "400000",
        "400000-",
        "400000-401000",
        "400000-401000 ",
        "400000-401000 r--p",
        "400000-401000 r--p 00000000",
        "400000-401000 r--p 00000000 08:02",
        "400000-401000 r--p 00000000 08:02 ",
        "400000-401000 r--p 00000000 08:02 1x /a",
        "400000-401000 r--p 00000000 08:02 1a /a",
        "400000-401000 r--p 00000000 08:02 a",
        "400000-401000 r--p 00000000 08:02 99999999999999999999",
        "400000-401000 r-- 00000000 08:02 1 /a",
        "400000-401000 r--q 00000000 08:02 1 /a",
        "400000-401000 xr-p 00000000 08:02 1 /a",
        "401000-401000 r--p 00000000 08:02 1 /a",
        "402000-401000 r--p 00000000 08:02 1 /a",
        "-401000 r--p 00000000 08:02 1 /a",
        " 400000-401000 r--p 00000000 08:02 1 /a",
        "400000 401000 r--p 00000000 08:02 1 /a",
        "10000000000000000-10000000000001000 r--p 00000000 08:02 1 /a",
        "4000AB-401000 r--p 00000000 08:02 1 /a",
        "Size:                  4 kB",
};

/* The line in memory of its exact size, so that a sanitizer detects a read past its end. */
static int parse(const char *line, size_t len, struct maps_line *out, char **copy)
{
        *copy = malloc(len + !len);
        memcpy(*copy, line, len);
        return maps_parse_line(*copy, len, out);
}

static void check_good(size_t i)
{
        struct maps_line got;
        char *copy;
        int err = parse(good[i].line, strlen(good[i].line), &got, &copy);
        bool same = !err && got.start == good[i].start && got.end == good[i].end && got.offset == good[i].offset &&
                    got.inode == good[i].inode && got.dev_major == good[i].major && got.dev_minor == good[i].minor &&
                    got.perms == good[i].perms && got.deleted == good[i].deleted &&
                    got.path_len == strlen(good[i].path) && !memcmp(got.path, good[i].path, got.path_len);

        if (!tap_ok(same, "%s", good[i].line))
                printf("#   %d: %" PRIx64 "-%" PRIx64 " %x %" PRIx64 " %x:%x %" PRIu64 " \"%.*s\" %d\n", err, got.start,
                       got.end, got.perms, got.offset, got.dev_major, got.dev_minor, got.inode, (int)got.path_len,
                       got.path, got.deleted);
        free(copy);
}

/* Every line of this process's maps, and every prefix of it. */
static void check_own(void)
{
        FILE *maps = fopen("/proc/self/maps", "r");
        char line[4096], *copy;
        int lines = 0, wrong = 0;

        while (maps && fgets(line, sizeof(line), maps)) {
                struct maps_line got;

                line[strcspn(line, "\n")] = '\0';
                lines++;
                wrong += parse(line, strlen(line), &got, &copy) != 0;
                free(copy);
                for (size_t len = 0; len < strlen(line); len++) {
                        parse(line, len, &got, &copy);
                        free(copy);
                }
        }
        if (maps)
                fclose(maps);
        tap_ok(lines > 10 && !wrong, "all %d lines of this process, and all their prefixes", lines);
}

int main(void)
{
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
                check_good(i);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct maps_line got;
                char *copy;

                tap_is((unsigned)-parse(bad[i], strlen(bad[i]), &got, &copy), EBADMSG, "rejected: \"%s\"",
                       *bad[i] == '\n' ? "(newline)" : bad[i]);
                free(copy);
        }
        check_own();
        return tap_done();
}
