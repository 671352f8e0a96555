/* SPDX-License-Identifier: MIT */
#include "preload/base/memmap.h"
#include "preload/base/syscalls.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/raw_format.h"

#include <errno.h>

#define MAX_RANGES 16384
#define NAMED_RANGES 4096   /* of those: reserved for mappings that have a name or are executable */
#define LINE_MAX_BYTES 8192 /* a path of PATH_MAX with each byte escaped is cut */
#define NAMES_SIZE 65536    /* paths of lines beyond the stored text */

/* In .bss: takes address space, but no memory until a crash touches it. */
static struct {
        struct memmap map;
        struct memmap_range range[MAX_RANGES];
        char text[RAW_MAPS_CAP];
        char spill[LINE_MAX_BYTES];
        char names[NAMES_SIZE];
        size_t names_used;
} store;

const struct memmap_range *memmap_find(const struct memmap *m, uint64_t addr)
{
        size_t low = 0, high = m->range_count;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (addr < m->range[mid].start)
                        high = mid;
                else if (addr >= m->range[mid].end)
                        low = mid + 1;
                else
                        return &m->range[mid];
        }
        return NULL;
}

const char *memmap_keep_name(const char *s, size_t n)
{
        char *to = store.names + store.names_used;

        if (n > NAMES_SIZE - store.names_used)
                return "";
        for (size_t i = 0; i < n; i++)
                to[i] = s[i];
        store.names_used += n;
        return to;
}

static void add_line(const char *line, size_t len, bool kept)
{
        struct maps_line parsed;
        struct memmap_range *r = &store.range[store.map.range_count];
        size_t room = MAX_RANGES;

        if (maps_parse_line(line, len, &parsed) < 0)
                return;
        if (!parsed.path_len && !(parsed.perms & MAPS_EXEC))
                room -= NAMED_RANGES;
        if (store.map.range_count >= room) {
                store.map.ranges_omitted++;
                return;
        }
        *r = (struct memmap_range){
                .start = parsed.start,
                .end = parsed.end,
                .offset = parsed.offset,
                .perms = parsed.perms,
                .path = kept ? parsed.path : memmap_keep_name(parsed.path, parsed.path_len),
                .path_len = (uint32_t)parsed.path_len,
                .inode = parsed.inode,
                .deleted = parsed.deleted != 0,
        };
        store.map.range_count++;
}

/* Passes each complete line of buf to add_line(); returns the length of the incomplete last line. */
static size_t add_lines(const char *buf, size_t len, bool kept)
{
        size_t start = 0;

        for (size_t i = 0; i < len; i++) {
                if (buf[i] != '\n')
                        continue;
                add_line(buf + start, i - start, kept);
                if (!kept)
                        store.map.lines_omitted++;
                start = i + 1;
        }
        return len - start;
}

/* Reads the part of the file that did not fit into text: its lines are parsed and counted, not stored. The incomplete
 * line is moved to the front of the buffer after each read. */
static void read_rest(int fd, const char *tail, size_t tail_len)
{
        size_t have = tail_len < LINE_MAX_BYTES ? tail_len : 0;

        for (size_t i = 0; i < have; i++)
                store.spill[i] = tail[i];
        for (;;) {
                ssize_t n = sys_read(fd, store.spill + have, LINE_MAX_BYTES - have);
                size_t left;

                if (n == -EINTR)
                        continue;
                if (n <= 0)
                        return;
                left = add_lines(store.spill, have + (size_t)n, false);
                for (size_t i = 0; i < left; i++)
                        store.spill[i] = store.spill[have + (size_t)n - left + i];
                have = left < LINE_MAX_BYTES ? left : 0; /* a line longer than the buffer is dropped */
        }
}

static void read_text(int fd)
{
        size_t len = 0, tail;
        ssize_t n;

        do {
                n = sys_read(fd, store.text + len, sizeof(store.text) - len);
                if (n > 0)
                        len += (size_t)n;
        } while ((n > 0 && len < sizeof(store.text)) || n == -EINTR);
        if (n < 0)
                store.map.error = (int)n;
        tail = add_lines(store.text, len, true);
        store.map.text_len = len - tail;
        if (len == sizeof(store.text))
                read_rest(fd, store.text + len - tail, tail);
}

void memmap_insert(const struct memmap_range *r)
{
        struct memmap *m = &store.map;
        size_t at = m->range_count;

        if (at == MAX_RANGES) {
                m->ranges_omitted++;
                return;
        }
        for (; at > 0 && store.range[at - 1].start > r->start; at--)
                store.range[at] = store.range[at - 1];
        store.range[at] = *r;
        m->range_count++;
}

const struct memmap *memmap_read(void)
{
        int fd = sys_openat(AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);

        store.map = (struct memmap){ .range = store.range, .text = store.text };
        store.names_used = 0;
        if (fd < 0) {
                store.map.error = fd;
                return &store.map;
        }
        read_text(fd);
        sys_close(fd);
        return &store.map;
}

const struct memmap *memmap_last(void)
{
        return &store.map;
}
