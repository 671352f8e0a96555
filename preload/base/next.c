/* SPDX-License-Identifier: MIT */
#include "preload/base/next.h"
#include "preload/base/libc.h"
#include "preload/base/startup.h"
#include "unwind/core/image/dynsym.h"
#include "unwind/core/terms/str.h"

#include <stdbool.h>
#include <stddef.h>

#define HIDDEN_VERSION \
        0x8000 /* of a symbol that only a reference with that very version may use (LSB, "Symbol Versioning") */

#define NEXT_NAME(name) #name,
static const char *const names[NEXT_COUNT] = { NEXT_NAMES(NEXT_NAME) };

STARTUP_DATA static void *found[NEXT_COUNT] = { NULL };
STARTUP_DATA static const struct link_map *self = NULL;

/* The tables of a module that are needed (System V gABI, "Dynamic Section"; GNU_HASH: dynsym.c). */
struct module {
        const struct link_map *map;
        const ElfW(Sym) * symbols;
        const char *strings;
        const uint32_t *gnu_hash, *hash; /* either may be missing */
        const ElfW(Half) * versions;
};

/* The loader has relocated the addresses in its own list, on most processors; not those of the vDSO. */
static const void *address(const struct module *m, uint64_t value)
{
        return (const void *)(value < m->map->l_addr ? m->map->l_addr + value // NOLINT(performance-no-int-to-ptr)
                                                     : value);
}

static bool read_module(struct module *m, const struct link_map *map)
{
        *m = (struct module){ .map = map };
        if (!map->l_ld)
                return false;
        for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
                if (d->d_tag == DT_SYMTAB)
                        m->symbols = address(m, d->d_un.d_ptr);
                else if (d->d_tag == DT_STRTAB)
                        m->strings = address(m, d->d_un.d_ptr);
                else if (d->d_tag == DT_GNU_HASH)
                        m->gnu_hash = address(m, d->d_un.d_ptr);
                else if (d->d_tag == DT_HASH)
                        m->hash = address(m, d->d_un.d_ptr);
                else if (d->d_tag == DT_VERSYM)
                        m->versions = address(m, d->d_un.d_ptr);
        }
        return m->symbols && m->strings && (m->gnu_hash || m->hash);
}

static bool defines(const struct module *m, uint32_t index, const char *name)
{
        const ElfW(Sym) *s = &m->symbols[index];

        return s->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(s->st_info) == STT_FUNC &&
               ELF64_ST_BIND(s->st_info) != STB_LOCAL && !(m->versions && m->versions[index] & HIDDEN_VERSION) &&
               str_is(m->strings + s->st_name, name);
}

/* Whether the filter says that the module may define a name with this hash. */
static bool may_define(const struct module *m, uint32_t hash)
{
        const uint64_t *filter = (const void *)(m->gnu_hash + 4);
        uint64_t word = filter[hash / 64 % m->gnu_hash[2]];

        return word >> hash % 64 & word >> (hash >> m->gnu_hash[3]) % 64 & 1;
}

static void *address_of(const struct module *m, uint32_t index)
{
        return (void *)(m->map->l_addr + m->symbols[index].st_value); // NOLINT(performance-no-int-to-ptr)
}

/* System V gABI, "Hash Table": the number of buckets and of chains, the buckets, the chains. */
static uint32_t hash_of(const char *name)
{
        uint32_t h = 0;

        for (; *name; name++) {
                h = (h << 4) + (uint8_t)*name;
                h ^= h >> 24 & 0xf0;
        }
        return h & 0x0fffffff;
}

static void *find_by_hash(const struct module *m, const char *name)
{
        const uint32_t *buckets = m->hash + 2, *chains = buckets + m->hash[0];

        if (!m->hash[0])
                return NULL;
        for (uint32_t index = buckets[hash_of(name) % m->hash[0]]; index; index = chains[index])
                if (defines(m, index, name))
                        return address_of(m, index);
        return NULL;
}

static void *find_by_gnu_hash(const struct module *m, const char *name)
{
        uint32_t hash = dynsym_hash(name), index;
        const uint32_t *buckets = m->gnu_hash + 4 + (size_t)m->gnu_hash[2] * 2;
        const uint32_t *chains = buckets + m->gnu_hash[0];

        if (!m->gnu_hash[0] || !m->gnu_hash[2] || !may_define(m, hash))
                return NULL;
        index = buckets[hash % m->gnu_hash[0]];
        if (index < m->gnu_hash[1])
                return NULL;
        for (;; index++) {
                uint32_t link = chains[index - m->gnu_hash[1]];

                if ((link | 1) == (hash | 1) && defines(m, index, name))
                        return address_of(m, index);
                if (link & 1)
                        return NULL;
        }
}

static void *find(const struct module *m, const char *name)
{
        return m->gnu_hash ? find_by_gnu_hash(m, name) : find_by_hash(m, name);
}

static const struct link_map *first_module(void)
{
        const struct r_debug *debug = &_r_debug ? &_r_debug : &_dl_debug_addr ? _dl_debug_addr : NULL;

        return debug ? debug->r_map : NULL;
}

void next_init(void)
{
        for (self = first_module(); self && self->l_ld != _DYNAMIC; self = self->l_next)
                ;
}

const char *next_own_path(void)
{
        return self && self->l_name ? self->l_name : "";
}

static void *find_behind(const char *name)
{
        struct module m;

        for (const struct link_map *map = self ? self->l_next : NULL; map; map = map->l_next) {
                void *here = read_module(&m, map) ? find(&m, name) : NULL;

                if (here)
                        return here;
        }
        return NULL;
}

void *next_definition(enum next which)
{
        void *here = __atomic_load_n(&found[which], __ATOMIC_RELAXED);

        if (here)
                return here;
        if (!self)
                next_init();
        here = find_behind(names[which]);
        __atomic_store_n(&found[which], here, __ATOMIC_RELAXED);
        return here;
}

void *next_own(const char *name, void **behind)
{
        unsigned others = 0;
        struct module m;
        void *own = self && read_module(&m, self) ? find(&m, name) : NULL;

        for (const struct link_map *map = own ? first_module() : NULL; map; map = map->l_next) {
                void *here = map != self && read_module(&m, map) ? find(&m, name) : NULL;

                if (here) {
                        others++;
                        *behind = here;
                }
        }
        return others == 1 ? own : NULL;
}
