/* SPDX-License-Identifier: MIT */
#include "preload/raw/message.h"
#include "preload/base/memmap.h"
#include "preload/base/modmap.h"
#include "preload/base/probe.h"
#include "preload/base/sigsafe.h"
#include "preload/facts/notes.h"
#include "preload/raw/exception.h"
#include "unwind/core/image/dynsym.h"
#include "unwind/core/image/library_message.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/str.h"

#define SCAN_BYTES 4096u                      /* of stack, from abort() to its caller */
#define ABORT_DEPTH 6                         /* frames from raise() to the caller of abort() */
#define ABORT_MESSAGE_MAX (64u * 1024 * 1024) /* no text of glibc's is longer: a larger size is corrupted */

static bool is_libc(const struct modmap_module *m)
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

/* glibc stores the text of a failed assertion, of malloc, of _FORTIFY_SOURCE and of the stack protector for debuggers:
 * the private symbol __abort_msg points to { unsigned int size; char msg[]; }, where `size` is that of the whole
 * mapping (glibc, include/stdlib.h: struct abort_msg_s; sysdeps/posix/libc_fatal.c and assert/assert.c set it). */
static bool read_abort_message(const struct modmap_module *libc, char *to, size_t size)
{
        struct dynsym symbol;
        uint32_t mapped;
        uint64_t at;

        if (dynsym_find(&modmap_space, &libc->image, "__abort_msg", &symbol) < 0 || symbol.size != sizeof(at) ||
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
        size_t n = str_len(s);

        while (n && (s[n - 1] == '\n' || s[n - 1] == '\r'))
                s[--n] = 0;
}

static void set(struct crash *c, const char *text)
{
        size_t at = 0;

        str_cat(c->wire.message, sizeof(c->wire.message), &at, text);
}

/* Messages that the C++ run-time prints and does not store: identified by the functions on the stack that print
 * them. */
static void find_runtime_message(struct crash *c)
{
        static const struct {
                const char *function, *text;
        } verdicts[] = {
                { "__cxa_pure_virtual", "pure virtual method called" },
                { "__cxa_deleted_virtual", "deleted virtual method called" },
        };

        for (unsigned i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
                if (exception_frame_of(c, verdicts[i].function) >= 0)
                        set(c, verdicts[i].text);
        if (c->wire.terminate && !c->wire.message[0] && notes.terminate.count > 1)
                set(c, "terminate called recursively");
        if (c->wire.terminate && !c->wire.message[0] && !c->wire.uncaught_exception)
                set(c, "terminate called without an active exception");
}

/* The formatter is a local variable of the checking function; functions called from there have stored a pointer to
 * it. */
static bool leads_to_formatter(struct crash *c, uint64_t word)
{
        const struct memmap_range *r = word % 8 ? NULL : memmap_find(memmap_last(), word);

        return r && r->perms & MAPS_WRITE &&
               library_message_debug(&modmap_space, word, c->wire.message, sizeof(c->wire.message));
}

static bool find_formatter(struct crash *c)
{
        uint64_t sp = c->wire.regs.v[ARCH_REG_SP] & ~(uint64_t)7, word;

        for (unsigned i = 0; i < ARCH_REGS; i++)
                if (c->wire.regs.known >> i & 1 && leads_to_formatter(c, c->wire.regs.v[i]))
                        return true;
        for (uint64_t at = sp; at < sp + SCAN_BYTES && probe_read(NULL, at, &word, sizeof(word)) == 0;
             at += sizeof(word))
                if (leads_to_formatter(c, word))
                        return true;
        return false;
}

/* The compiler splits the function that prints the message in two, and the part that calls abort() has no symbol. */
static bool aborts_within(const struct crash *c, const char *symbol)
{
        struct dynsym found;

        for (uint32_t i = 0; i < c->wire.frame_count && i < ABORT_DEPTH; i++) {
                const struct modmap_module *m = modmap_find(c->wire.frames[i].pc);

                if (m && dynsym_find(&modmap_space, &m->image, symbol, &found) == 0)
                        return true;
        }
        return false;
}

/* Checks of libstdc++, which are compiled into the program (_GLIBCXX_ASSERTIONS, _GLIBCXX_DEBUG). */
static void find_library_message(struct crash *c)
{
        int frame = exception_frame_of(c, "_ZSt21__glibcxx_assert_failPKciS0_S0_");

        if (frame >= 0 && (uint32_t)frame + 1 < c->wire.frame_count &&
            library_message_assertion(&modmap_space, c->wire.frames[frame + 1].pc, c->wire.message,
                                      sizeof(c->wire.message)))
                return;
        c->wire.message[0] = 0;
        if (!aborts_within(c, "_ZNK11__gnu_debug16_Error_formatter8_M_errorEv") || !find_formatter(c))
                c->wire.message[0] = 0;
}

void message_find(struct crash *c)
{
        const struct modmap *map = modmap_last();

        if (c->signal != SIGABRT || c->wire.siginfo.si_code > 0 || c->wire.siginfo.si_pid != c->wire.pid)
                return;
        if (c->wire.terminate)
                find_runtime_message(c);
        for (size_t i = 0; i < map->module_count && !c->wire.message[0]; i++)
                if (is_libc(&map->module[i]) &&
                    !read_abort_message(&map->module[i], c->wire.message, sizeof(c->wire.message)))
                        c->wire.message[0] = 0;
        if (!c->wire.message[0])
                find_library_message(c);
        trim_newlines(c->wire.message);
}
