/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/dynsym.h"

#include <elf.h> /* for types and constants only */
#include <errno.h>

#define DYNAMIC_MAX 256   /* entries of .dynamic */
#define CHAIN_MAX 100000u /* symbols in one bucket */

struct tables {
        uint64_t symbols, strings, gnu_hash;
};

static int read_at(const struct cfi_space *space, uint64_t at, void *buf, size_t len)
{
        return space->read(space->ctx, at, buf, len) ? -EFAULT : 0;
}

/* ld.so replaces the addresses in .dynamic by run-time addresses if the section is writable; otherwise they are
 * virtual addresses. */
static uint64_t run_time(const struct image *image, uint64_t value)
{
        return value >= image->base && value < image->end ? value : value + image->bias;
}

static int read_tables(const struct cfi_space *space, const struct image *image, struct tables *t)
{
        *t = (struct tables){ 0 };
        for (unsigned i = 0; image->dynamic && i < DYNAMIC_MAX; i++) {
                Elf64_Dyn d;

                if (read_at(space, image->dynamic + i * sizeof(d), &d, sizeof(d)))
                        return -EFAULT;
                if (d.d_tag == DT_NULL)
                        break;
                if (d.d_tag == DT_SYMTAB)
                        t->symbols = run_time(image, d.d_un.d_ptr);
                else if (d.d_tag == DT_STRTAB)
                        t->strings = run_time(image, d.d_un.d_ptr);
                else if (d.d_tag == DT_GNU_HASH)
                        t->gnu_hash = run_time(image, d.d_un.d_ptr);
        }
        return t->symbols && t->strings && t->gnu_hash ? 0 : -ENOENT;
}

/* DF_BIND_NOW is what ld writes today, DT_BIND_NOW its older form, DF_1_NOW that of Solaris; glibc honours each (elf/get-dynamic-info.h,
 * elf/dl-reloc.c). */
bool dynsym_binds_at_load(const struct cfi_space *space, const struct image *image)
{
        bool has_plt = false, now = false;

        for (unsigned i = 0; image->dynamic && i < DYNAMIC_MAX; i++) {
                Elf64_Dyn d;

                if (read_at(space, image->dynamic + i * sizeof(d), &d, sizeof(d)))
                        return false;
                if (d.d_tag == DT_NULL)
                        return now || !has_plt;
                now |= d.d_tag == DT_BIND_NOW || (d.d_tag == DT_FLAGS && d.d_un.d_val & DF_BIND_NOW) ||
                       (d.d_tag == DT_FLAGS_1 && d.d_un.d_val & DF_1_NOW);
                has_plt |= d.d_tag == DT_JMPREL;
        }
        return false;
}

/* The hash function of DT_GNU_HASH, by Bernstein: h * 33 + c, starting at 5381 (glibc, elf/dl-new-hash.h). */
uint32_t dynsym_hash(const char *name)
{
        uint32_t h = 5381;

        for (; *name; name++)
                h = h * 33 + (uint8_t)*name;
        return h;
}

static bool is_named(const struct cfi_space *space, uint64_t at, const char *name)
{
        for (;; at++, name++) {
                char c;

                if (read_at(space, at, &c, 1) || c != *name)
                        return false;
                if (!c)
                        return true;
        }
}

static bool is_defined(const Elf64_Sym *s)
{
        unsigned type = ELF64_ST_TYPE(s->st_info);

        return s->st_shndx != SHN_UNDEF && (type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC);
}

/* Table layout: four words (number of buckets, index of the first hashed symbol, words in the filter, shift), the
 * filter, one word per bucket (index of its first symbol, 0: empty), and the hash of each symbol from the first
 * hashed one on, in which bit 0 marks the last symbol of a bucket (glibc, elf/dl-lookup.c, do_lookup_x). */
int dynsym_find(const struct cfi_space *space, const struct image *image, const char *name, struct dynsym *out)
{
        uint32_t head[4], hash = dynsym_hash(name), index, link = 0;
        uint64_t buckets, chains;
        struct tables t;
        int err = read_tables(space, image, &t);

        if (err)
                return err;
        if (read_at(space, t.gnu_hash, head, sizeof(head)))
                return -EFAULT;
        buckets = t.gnu_hash + sizeof(head) + (uint64_t)head[2] * 8;
        chains = buckets + (uint64_t)head[0] * 4;
        if (!head[0] || read_at(space, buckets + (uint64_t)(hash % head[0]) * 4, &index, sizeof(index)))
                return -EFAULT;
        if (index < head[1])
                return -ENOENT;
        for (unsigned i = 0; i < CHAIN_MAX && !(link & 1); i++, index++) {
                Elf64_Sym s;

                if (read_at(space, chains + (uint64_t)(index - head[1]) * 4, &link, sizeof(link)))
                        return -EFAULT;
                if ((link | 1) != (hash | 1))
                        continue;
                if (read_at(space, t.symbols + (uint64_t)index * sizeof(s), &s, sizeof(s)))
                        return -EFAULT;
                if (!is_defined(&s) || !is_named(space, t.strings + s.st_name, name))
                        continue;
                *out = (struct dynsym){ image->bias + s.st_value, s.st_size };
                return 0;
        }
        return -ENOENT;
}
