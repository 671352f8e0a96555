/* SPDX-License-Identifier: MIT */
#include "preload/base/memmap.h"
#include "preload/base/keep.h"
#include "preload/base/lines.h"
#include "preload/base/syscalls.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/raw_format.h"

#include <errno.h>
#include <sys/mman.h>

#define MAPS "/proc/thread-self/maps"
#define MAX_RANGES 16384
#define FREE_RANGES 8192    /* of those: for mappings of any kind, the lowest ones */
#define LINE_MAX_BYTES 8192 /* a path of PATH_MAX with each byte escaped is cut */
#define NAMES_SIZE 262144   /* paths of lines beyond the stored text */
#define RUN 16              /* mappings of one file below its executable one: two are usual */
#define LATER 32            /* results of looking up ranges that are not in the table */
#define LATER_NAME 512
#define SEARCHES 64 /* of the file, in one crash: each takes as long as reading it does */

/* In .bss: takes address space, but no memory until a crash touches it. */
static struct {
        struct memmap map;
        struct memmap_range range[MAX_RANGES];
        char text[RAW_MAPS_CAP];
        char spill[LINE_MAX_BYTES];
        char names[NAMES_SIZE];
        size_t names_used;
        uint64_t complete; /* below this address the table has every range */
        struct memmap_range
                run[RUN]; /* ranges that were omitted last, all of the same file, which may have code further up */
        size_t run_count;
        char run_name[LINE_MAX_BYTES];
        const struct memmap_range *code; /* the executable range that was selected last */
        struct {
                struct memmap_range range; /* or the gap between two ranges: perms 0, no path */
                bool is_gap;
                char name[LATER_NAME];
        } later[LATER];
        unsigned later_count, later_next, searches;
} store;

bool memmap_same_file(const struct memmap_range *a, const struct memmap_range *b)
{
        return a->inode == b->inode && a->dev == b->dev && a->path_len == b->path_len &&
               !__builtin_memcmp(a->path, b->path, a->path_len);
}

bool memmap_has_code(const struct memmap *m, const struct memmap_range *r)
{
        size_t at = (size_t)(r - m->range), low, high;

        if (r->perms & MAPS_EXEC)
                return true;
        if (r < m->range || at >= m->range_count) /* not in the table, where all code has its neighbours */
                return false;
        low = at > RUN ? at - RUN : 0;
        high = at + RUN < m->range_count ? at + RUN : m->range_count;
        for (size_t k = low; k < high; k++)
                if (m->range[k].perms & MAPS_EXEC && memmap_same_file(&m->range[k], r))
                        return true;
        return false;
}

const char *memmap_keep_name(const char *s, size_t n)
{
        char *to = store.names + store.names_used;

        if (n > NAMES_SIZE - store.names_used)
                return NULL;
        __builtin_memcpy(to, s, n);
        store.names_used += n;
        return to;
}

static void range_of(const struct maps_line *line, struct memmap_range *out)
{
        *out = (struct memmap_range){
                .start = line->start,
                .end = line->end,
                .offset = line->offset,
                .perms = line->perms,
                .path = line->path,
                .path_len = (uint32_t)line->path_len,
                .dev = (uint64_t)line->dev_major << 32 | line->dev_minor,
                .inode = line->inode,
                .deleted = line->deleted != 0,
        };
}

/* Replaces the path, which is in a buffer that is used again, by a stored one: that of the range before if it is the same. */
static void keep_path(struct memmap_range *r)
{
        const struct memmap_range *before = store.map.range_count ? &store.range[store.map.range_count - 1] : NULL;

        if (before && r->inode && memmap_same_file(before, r))
                r->path = before->path;
        else
                r->path = memmap_keep_name(r->path, r->path_len);
        if (!r->path) {
                r->path = "";
                r->path_len = 0;
        }
}

static void append(const struct memmap_range *r, bool kept)
{
        struct memmap_range *to = &store.range[store.map.range_count];

        *to = *r;
        if (!kept)
                keep_path(to);
        store.map.range_count++;
}

static void remember_omitted(const struct memmap_range *r)
{
        if (store.run_count && !memmap_same_file(&store.run[0], r))
                store.run_count = 0;
        if (!r->inode || store.run_count == RUN)
                return;
        if (!store.run_count)
                __builtin_memcpy(store.run_name, r->path, r->path_len);
        store.run[store.run_count] = *r;
        store.run[store.run_count].path = store.run_name;
        store.run_count++;
}

/* The table has no room for ranges of any kind any more: adds the executable ones, those of the same file next to them, of which
 * the first begins with the ELF header, and the kernel's own ("[stack]", "[vdso]"). */
static void add_selected(const struct memmap_range *r, bool kept)
{
        bool is_code = r->perms & MAPS_EXEC, follows = store.code && memmap_same_file(store.code, r);
        /* memory of no file: code that the program moved there (modmap.c) */
        size_t before =
                is_code && store.run_count && (!r->inode || memmap_same_file(&store.run[0], r)) ? store.run_count : 0;

        if ((!is_code && !follows && !(r->path_len && r->path[0] == '[')) ||
            store.map.range_count + before >= MAX_RANGES) {
                remember_omitted(r);
                store.map.ranges_omitted++;
                return;
        }
        for (size_t i = 0; i < before; i++)
                append(&store.run[i], false);
        store.map.ranges_omitted -= before;
        store.run_count = 0;
        append(r, kept);
        if (is_code)
                store.code = &store.range[store.map.range_count - 1];
}

static void add_line(const char *line, size_t len, bool kept)
{
        struct maps_line parsed;
        struct memmap_range r;

        if (maps_parse_line(line, len, &parsed) < 0)
                return;
        range_of(&parsed, &r);
        if (store.map.range_count < FREE_RANGES && !store.map.ranges_omitted) {
                append(&r, kept);
                store.complete = r.end;
        } else {
                add_selected(&r, kept);
        }
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
        int fd = sys_openat(AT_FDCWD, MAPS, O_RDONLY | O_CLOEXEC, 0);

        store.map = (struct memmap){ .range = store.range, .text = store.text };
        store.names_used = 0;
        store.complete = 0;
        store.run_count = 0;
        store.code = NULL;
        store.later_count = store.later_next = store.searches = 0;
        if (fd < 0) {
                store.map.error = fd;
                return &store.map;
        }
        read_text(fd);
        sys_close(fd);
        return &store.map;
}

/* ---- ranges that are not in the table ---- */

/* Adds the range, or the gap from `start` to `end`, to the recent results. */
static const struct memmap_range *add_later(const struct memmap_range *r, uint64_t start, uint64_t end)
{
        unsigned i = store.later_next++ % LATER;

        if (store.later_count < LATER)
                store.later_count++;
        store.later[i].is_gap = !r;
        if (!r) {
                store.later[i].range = (struct memmap_range){ .start = start, .end = end, .path = "" };
                return NULL;
        }
        store.later[i].range = *r;
        if (r->path_len > LATER_NAME)
                store.later[i].range.path_len = LATER_NAME;
        __builtin_memcpy(store.later[i].name, r->path, store.later[i].range.path_len);
        store.later[i].range.path = store.later[i].name;
        return &store.later[i].range;
}

struct search {
        uint64_t addr, gap; /* gap: the end of the last range below addr */
        const struct memmap_range *found;
};

static bool search_line(void *ctx, const char *line, size_t len)
{
        struct search *s = ctx;
        struct maps_line parsed;
        struct memmap_range r;

        if (maps_parse_line(line, len, &parsed) < 0)
                return true;
        if (parsed.end <= s->addr) {
                s->gap = parsed.end;
                return true;
        }
        range_of(&parsed, &r);
        s->found = parsed.start <= s->addr ? add_later(&r, 0, 0) : add_later(NULL, s->gap, parsed.start);
        return false;
}

static const struct memmap_range *search_file(uint64_t addr)
{
        struct search s = { .addr = addr };

        if (lines_each(MAPS, store.spill, LINE_MAX_BYTES, search_line, &s))
                add_later(NULL, s.gap, UINT64_MAX);
        return s.found;
}

static const struct memmap_range *find_later(uint64_t addr)
{
        for (unsigned i = 0; i < store.later_count; i++)
                if (addr - store.later[i].range.start < store.later[i].range.end - store.later[i].range.start)
                        return store.later[i].is_gap ? NULL : &store.later[i].range;
        return store.searches++ < SEARCHES ? search_file(addr) : NULL;
}

static const struct memmap_range *find_in_table(const struct memmap *m, uint64_t addr)
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

const struct memmap_range *memmap_find(const struct memmap *m, uint64_t addr)
{
        const struct memmap_range *r = find_in_table(m, addr);

        return r || !m->ranges_omitted || addr < store.complete ? r : find_later(addr);
}

void memmap_release(void)
{
        uint64_t page = keep_page_size(), start = ((uint64_t)&store + page - 1) & ~(page - 1);
        uint64_t end = (uint64_t)(&store + 1) & ~(page - 1);

        store.map = (struct memmap){ .range = store.range, .text = store.text };
        sys_3(SYS_madvise, (long)start, (long)(end - start), MADV_DONTNEED);
}

const struct memmap *memmap_last(void)
{
        return &store.map;
}
