/* SPDX-License-Identifier: MIT */
#include "preload/base/memmap.h"
#include "preload/base/linkmap.h"
#include "preload/base/probe.h"
#include "preload/base/syscalls.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/raw_format.h"

#include <errno.h>
#include <linux/limits.h>

#define MAX_RANGES 16384
#define NAMED_RANGES 4096 /* of those: kept for mappings that have a name or can be executed */
#define MAX_MODULES 1024
#define LINE_MAX_BYTES 8192 /* a path of PATH_MAX with each byte escaped is cut */
#define NAMES_SIZE 65536    /* paths of lines beyond the kept text */

/* All of it is .bss: address space, no memory, until a crash touches it. */
static struct {
        struct memmap map;
        struct memmap_range range[MAX_RANGES];
        struct memmap_module module[MAX_MODULES];
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

const struct memmap_module *memmap_module_of(const struct memmap *m, uint64_t addr)
{
        size_t low = 0, high = m->module_count;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (addr < m->module[mid].start)
                        high = mid;
                else if (addr >= m->module[mid].end)
                        low = mid + 1;
                else
                        return &m->module[mid];
        }
        return NULL;
}

static const char *keep_name(const char *s, size_t n)
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
                .path = kept ? parsed.path : keep_name(parsed.path, parsed.path_len),
                .path_len = (uint32_t)parsed.path_len,
                .inode = parsed.inode,
                .deleted = parsed.deleted != 0,
        };
        store.map.range_count++;
}

/* Hands each whole line of buf to add_line(); returns the bytes of the last, unfinished one. */
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

/* What did not fit into text: parsed, counted, not kept. The unfinished line moves to the front each time. */
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

static bool same_file(const struct memmap_range *a, const struct memmap_range *b)
{
        if (a->path_len != b->path_len || a->inode != b->inode)
                return false;
        for (uint32_t i = 0; i < a->path_len; i++)
                if (a->path[i] != b->path[i])
                        return false;
        return true;
}

/* A module begins where a file (or the vdso) is mapped with an ELF header at the mapping's start, and goes on through
 * the file's mappings inside the extent that its program headers claim. Only what has executable code counts: a data
 * file may look like ELF, too. */
static void find_modules(void)
{
        struct memmap *m = &store.map;

        for (size_t i = 0; i < m->range_count && m->module_count < MAX_MODULES;) {
                const struct memmap_range *first = &m->range[i];
                struct memmap_module *mod = &store.module[m->module_count];
                bool executable = first->perms & MAPS_EXEC;
                size_t next = i + 1;

                if (!first->path_len || !(first->perms & MAPS_READ) || (!first->inode && first->path[0] != '[') ||
                    image_read(&memmap_space, first->start, &mod->image) < 0) {
                        i++;
                        continue;
                }
                mod->start = first->start;
                mod->end = first->end;
                mod->path = first->path;
                mod->path_len = first->path_len;
                for (; next < m->range_count && m->range[next].start < mod->image.end; next++) {
                        if (!same_file(first, &m->range[next]))
                                continue;
                        mod->end = m->range[next].end;
                        executable |= (m->range[next].perms & MAPS_EXEC) != 0;
                }
                if (executable)
                        m->module_count++;
                i = executable ? next : i + 1;
        }
}

/* The program's own path is what execve(2) was given, and may be relative: to a directory that the program has perhaps left,
 * but whoever opens the file compares its build ID. */
static const char *absolute_path(const char *path)
{
        static char full[PATH_MAX];
        long n;

        if (path[0] == '/' || path[0] == '[' || !path[0])
                return path;
        n = sys_2(SYS_getcwd, (long)full, sizeof(full));
        if (n < 2 || full[0] != '/') /* "(unreachable)/...": getcwd(2) */
                return path;
        n -= full[n - 2] == '/' ? 2 : 1;
        full[n++] = '/';
        if (path[0] == '.' && path[1] == '/')
                path += 2;
        for (; *path && n + 1 < PATH_MAX; path++)
                full[n++] = *path;
        full[n] = 0;
        return full;
}

/* Without /proc: one range a module, said to be executable throughout, which is as much as can be told. */
static void add_linked(void *ctx, const struct image *image, const char *path)
{
        struct memmap *m = &store.map;
        size_t n = 0, at = m->module_count;

        (void)ctx;
        path = absolute_path(path);
        while (path[n])
                n++;
        if (m->module_count == MAX_MODULES || m->range_count == MAX_RANGES)
                return;
        path = keep_name(path, n);
        for (; at > 0 && store.module[at - 1].start > image->base; at--) {
                store.module[at] = store.module[at - 1];
                store.range[at] = store.range[at - 1];
        }
        store.module[at] = (struct memmap_module){
                .image = *image, .start = image->base, .end = image->end, .path = path, .path_len = n
        };
        store.range[at] = (struct memmap_range){ .start = image->base,
                                                 .end = image->end,
                                                 .perms = MAPS_READ | MAPS_EXEC,
                                                 .path = path,
                                                 .path_len = (uint32_t)n };
        m->module_count = ++m->range_count;
}

const struct memmap *memmap_read(void)
{
        int fd = sys_openat(AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);

        store.map = (struct memmap){ .range = store.range, .module = store.module, .text = store.text };
        store.names_used = 0;
        if (fd < 0) {
                store.map.error = fd;
                linkmap_each(&memmap_space, add_linked, NULL);
                return &store.map;
        }
        read_text(fd);
        sys_close(fd);
        find_modules();
        return &store.map;
}

const struct memmap *memmap_last(void)
{
        return &store.map;
}

static int space_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        const struct memmap_module *mod = memmap_module_of(&store.map, pc);

        (void)ctx;
        if (!mod)
                return -ENOENT;
        *out = (struct cfi_module){
                .start = mod->start,
                .end = mod->end,
                .bias = mod->image.bias,
                .eh_frame_hdr = mod->image.eh_frame_hdr,
                .eh_frame_hdr_size = mod->image.eh_frame_hdr_size,
        };
        return 0;
}

static bool space_executable(void *ctx, uint64_t addr)
{
        const struct memmap_range *r = memmap_find(&store.map, addr);

        (void)ctx;
        return r && r->perms & MAPS_EXEC;
}

const struct cfi_space memmap_space = {
        .read = probe_read,
        .module = space_module,
        .executable = space_executable,
};
