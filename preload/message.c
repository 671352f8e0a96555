/* SPDX-License-Identifier: MIT */
#include "preload/message.h"
#include "preload/memmap.h"
#include "preload/probe.h"
#include "preload/sigsafe.h"
#include "unwind/core/dynsym.h"

#define ABORT_MESSAGE_MAX (64u * 1024 * 1024) /* no text of glibc's is longer: its size is damaged */

static bool is_libc(const struct memmap_module *m)
{
        static const char name[] = "libc";
        size_t base = m->path_len;

        while (base && m->path[base - 1] != '/')
                base--;
        for (size_t i = 0; i < sizeof(name) - 1; i++)
                if (base + i >= m->path_len || m->path[base + i] != name[i])
                        return false;
        base += sizeof(name) - 1;
        return base < m->path_len && (m->path[base] == '.' || m->path[base] == '-');
}

/* glibc keeps the text of a failed assertion, of malloc, of _FORTIFY_SOURCE and of the stack protector for debuggers:
 * the private symbol __abort_msg points to { unsigned int size; char msg[]; }, where `size` is that of the whole
 * mapping (glibc, include/stdlib.h: struct abort_msg_s; sysdeps/posix/libc_fatal.c and assert/assert.c set it). */
static bool read_abort_message(const struct memmap_module *libc, char *to, size_t size)
{
        struct dynsym symbol;
        uint32_t mapped;
        uint64_t at;

        if (dynsym_find(&memmap_space, &libc->image, "__abort_msg", &symbol) < 0 || symbol.size != sizeof(at) ||
            probe_read(NULL, symbol.addr, &at, sizeof(at)) < 0 || !at ||
            probe_read(NULL, at, &mapped, sizeof(mapped)) < 0)
                return false;
        if (mapped <= sizeof(mapped) || mapped > ABORT_MESSAGE_MAX)
                return false;
        if (size > mapped - sizeof(mapped))
                size = mapped - sizeof(mapped);
        return probe_string(at + sizeof(mapped), to, size) > 0;
}

static void trim_newlines(char *s)
{
        size_t n = sigsafe_strlen(s);

        while (n && (s[n - 1] == '\n' || s[n - 1] == '\r'))
                s[--n] = 0;
}

void message_find(struct crash *c)
{
        const struct memmap *map = memmap_last();

        if (c->signal != SIGABRT || c->info.si_code > 0 || c->info.si_pid != c->pid)
                return;
        for (size_t i = 0; i < map->module_count && !c->message[0]; i++)
                if (is_libc(&map->module[i]) && !read_abort_message(&map->module[i], c->message, sizeof(c->message)))
                        c->message[0] = 0;
        trim_newlines(c->message);
}
