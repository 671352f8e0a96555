/* SPDX-License-Identifier: MIT */
/* unwind/elf/symbol_table.c: see symbol_table.h. */
#include "unwind/elf/symbol_table.h"
#include "unwind/target/arch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
        NAME_MAX_BYTES = 8192, /* C++ names of several thousand bytes exist */
        CHUNK = 1024,          /* symbols read at once */
        MAX_SYMBOLS = 1 << 25, /* a sparse file may claim more */
        MAX_MEMORY_SYMBOLS = 1 << 20,
        ANY_SECTION = 1, /* where there are no section headers all code counts as one section */
};

/* Where the names of a table come from. */
struct names {
        const struct elf_file *file; /* NULL: the target's memory */
        const Elf64_Shdr *strings;
        struct target *t;
        uint64_t addr, size;
};

static void read_name(const struct names *names, uint64_t offset, char *buf, size_t size)
{
        buf[0] = '\0';
        if (names->file)
                elf_file_string(names->file, names->strings, offset, buf, size);
        else if (offset < names->size)
                target_read_string(names->t, names->addr + offset, buf, size);
}

/* ---- choosing ---- */

static bool better(const struct names *names, const struct symbol_candidate *a, const struct symbol_candidate *b)
{
        char name_a[NAME_MAX_BYTES], name_b[NAME_MAX_BYTES];

        if (!b->set || a->addr != b->addr)
                return !b->set || a->addr > b->addr;
        if (a->name == b->name)
                return false;
        if (a->size == b->size && a->global != b->global)
                return a->global;
        read_name(names, a->name, name_a, sizeof(name_a));
        read_name(names, b->name, name_b, sizeof(name_b));
        return strcmp(name_a, name_b) > 0;
}

static void keep_better(const struct names *names, const struct symbol_candidate *c, struct symbol_candidate *best)
{
        if (c->set && better(names, c, best))
                *best = *c;
}

/* The first want at or behind `vaddr`. */
static size_t first_want(const struct symbol_want *wants, size_t n, uint64_t vaddr)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (wants[mid].vaddr < vaddr)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low;
}

/* Labels that compilers make for themselves: ".L12", "$L12". */
static bool is_compiler_label(const struct names *names, const Elf64_Sym *s)
{
        char name[4];

        if (ELF64_ST_BIND(s->st_info) != STB_LOCAL || ELF64_ST_TYPE(s->st_info) != STT_NOTYPE)
                return false;
        read_name(names, s->st_name, name, sizeof(name));
        return (name[0] == '.' || name[0] == '$') && name[1] == 'L';
}

/* A symbol is told to the first want behind it; finish() carries it on to the others. */
static void offer(const struct names *names, const Elf64_Sym *s, size_t section, struct symbol_want *wants, size_t n)
{
        struct symbol_candidate c = { .set = true,
                                      .addr = s->st_value,
                                      .size = s->st_size,
                                      .name = s->st_name,
                                      .global = ELF64_ST_BIND(s->st_info) != STB_LOCAL &&
                                                ELF64_ST_TYPE(s->st_info) != STT_GNU_IFUNC };
        size_t i;

        if (s->st_value > wants[n - 1].vaddr)
                return;
        i = first_want(wants, n, s->st_value);
        if (wants[i].section != section)
                return;
        if (is_compiler_label(names, s))
                return;
        if (!s->st_size) {
                keep_better(names, &c, &wants[i].label);
                return;
        }
        keep_better(names, &c, &wants[i].sized);
        for (; i < n && wants[i].section == section && wants[i].vaddr - s->st_value < s->st_size; i++)
                keep_better(names, &c, &wants[i].covering);
}

static const struct symbol_candidate *choose(const struct symbol_want *w)
{
        if (w->covering.set)
                return &w->covering;
        if (w->label.set && (!w->sized.set || w->label.addr >= w->sized.addr))
                return &w->label;
        return NULL;
}

static int finish(const struct names *names, struct symbol_want *wants, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct symbol_want *w = &wants[i];
                const struct symbol_candidate *c;
                char name[NAME_MAX_BYTES], *copy;

                if (i && wants[i - 1].section == w->section) {
                        keep_better(names, &wants[i - 1].sized, &w->sized);
                        keep_better(names, &wants[i - 1].label, &w->label);
                }
                c = choose(w);
                if (!c || (w->name && c->addr <= w->addr))
                        continue;
                read_name(names, c->name, name, sizeof(name));
                if (!name[0])
                        continue;
                name[1 + strcspn(name + 1, "@")] = '\0'; /* "memcpy@@GLIBC_2.14" */
                copy = strdup(name);
                if (!copy)
                        return -ENOMEM;
                free(w->name);
                w->name = copy;
                w->addr = c->addr;
        }
        return 0;
}

static void begin_search(struct symbol_want *w, size_t section)
{
        w->section = section;
        w->covering.set = w->sized.set = w->label.set = false;
}

static bool is_code_symbol(const Elf64_Sym *s)
{
        int type = ELF64_ST_TYPE(s->st_info);

        return s->st_name && s->st_shndx != SHN_UNDEF && type != STT_SECTION && type != STT_FILE && type != STT_TLS;
}

/* ---- tables in files ---- */

static const Elf64_Shdr *find_table(const struct elf_file *f, enum symbol_table_kind kind)
{
        uint32_t type = kind == SYMBOL_TABLE_FULL ? SHT_SYMTAB : SHT_DYNSYM;

        for (size_t i = 1; i < f->section_count; i++) {
                const Elf64_Shdr *s = &f->sections[i];

                if (s->sh_type == type && s->sh_entsize == sizeof(Elf64_Sym) && s->sh_size > sizeof(Elf64_Sym) &&
                    s->sh_link < f->section_count)
                        return s;
        }
        return NULL;
}

bool symbol_table_present(const struct elf_file *f, enum symbol_table_kind kind)
{
        return find_table(f, kind) != NULL;
}

/* The section a symbol counts for; 0 for none that holds code. */
static size_t section_of(const struct elf_file *f, const Elf64_Sym *s)
{
        size_t i = s->st_shndx;

        if (i == SHN_XINDEX)
                i = elf_file_section_at(f, s->st_value);
        if (i >= f->section_count || i >= SHN_LORESERVE)
                return s->st_shndx == SHN_XINDEX && i < f->section_count ? i : 0;
        return (f->sections[i].sh_flags & SHF_EXECINSTR) ? i : 0;
}

int symbol_table_search(const struct elf_file *f, enum symbol_table_kind kind, struct symbol_want *wants, size_t n)
{
        const Elf64_Shdr *table = find_table(f, kind);
        struct names names = { .file = f };
        Elf64_Sym *chunk;
        uint64_t count;

        if (!table)
                return 0;
        chunk = malloc(CHUNK * sizeof(*chunk));
        if (!chunk)
                return -ENOMEM;
        names.strings = &f->sections[table->sh_link];
        for (size_t i = 0; i < n; i++)
                begin_search(&wants[i], elf_file_section_at(f, wants[i].vaddr));
        count = table->sh_size / sizeof(*chunk) < MAX_SYMBOLS ? table->sh_size / sizeof(*chunk) : MAX_SYMBOLS;
        for (uint64_t done = 0; done < count;) {
                size_t part = count - done < CHUNK ? (size_t)(count - done) : CHUNK;

                if (elf_file_read(f, table->sh_offset + done * sizeof(*chunk), chunk, part * sizeof(*chunk)))
                        break; /* a table that goes beyond the file: what was there counts */
                for (size_t i = 0; i < part; i++) {
                        size_t section = is_code_symbol(&chunk[i]) ? section_of(f, &chunk[i]) : 0;

                        if (section)
                                offer(&names, &chunk[i], section, wants, n);
                }
                done += part;
        }
        free(chunk);
        return finish(&names, wants, n);
}

/* ---- the table in memory ---- */

struct dynamic {
        uint64_t symbols, strings, strings_size, hash, gnu_hash;
};

/* ld.so writes run-time addresses into .dynamic where it is writable; the vDSO's holds virtual ones. */
static uint64_t run_time(const struct module *m, uint64_t value)
{
        return value >= m->base && value < m->end ? value : value + m->image.bias;
}

static int read_dynamic(struct target *t, const struct module *m, struct dynamic *out)
{
        *out = (struct dynamic){ 0 };
        for (size_t i = 0; m->image.dynamic && i < 256; i++) {
                Elf64_Dyn d;

                if (target_read(t, m->image.dynamic + i * sizeof(d), &d, sizeof(d)) || d.d_tag == DT_NULL)
                        break;
                if (d.d_tag == DT_SYMTAB)
                        out->symbols = run_time(m, d.d_un.d_ptr);
                else if (d.d_tag == DT_STRTAB)
                        out->strings = run_time(m, d.d_un.d_ptr);
                else if (d.d_tag == DT_STRSZ)
                        out->strings_size = d.d_un.d_val;
                else if (d.d_tag == DT_HASH)
                        out->hash = run_time(m, d.d_un.d_ptr);
                else if (d.d_tag == DT_GNU_HASH)
                        out->gnu_hash = run_time(m, d.d_un.d_ptr);
        }
        return out->symbols && out->strings ? 0 : -ENOENT;
}

/* The GNU hash table tells the number of symbols only by the end of the chain that begins last. */
static uint32_t count_by_gnu_hash(struct target *t, uint64_t addr)
{
        uint32_t head[4], last = 0, link; /* buckets, first symbol, words of the filter, shift */
        uint64_t buckets, chains;

        if (target_read(t, addr, head, sizeof(head)) || head[0] > MAX_MEMORY_SYMBOLS || head[2] > MAX_MEMORY_SYMBOLS)
                return 0;
        buckets = addr + sizeof(head) + (uint64_t)head[2] * 8;
        chains = buckets + (uint64_t)head[0] * 4;
        for (uint32_t i = 0; i < head[0]; i++) {
                uint32_t first;

                if (target_read(t, buckets + (uint64_t)i * 4, &first, sizeof(first)))
                        return 0;
                last = first > last ? first : last;
        }
        if (last < head[1])
                return head[1];
        for (; last < MAX_MEMORY_SYMBOLS; last++)
                if (target_read(t, chains + (uint64_t)(last - head[1]) * 4, &link, sizeof(link)) || (link & 1))
                        return last + 1;
        return 0;
}

static uint32_t count_symbols(struct target *t, const struct dynamic *d)
{
        uint32_t head[2];

        if (d->hash && target_read(t, d->hash, head, sizeof(head)) == 0)
                return head[1] < MAX_MEMORY_SYMBOLS ? head[1] : 0;
        return d->gnu_hash ? count_by_gnu_hash(t, d->gnu_hash) : 0;
}

int symbol_table_search_memory(struct target *t, const struct module *m, struct symbol_want *wants, size_t n)
{
        struct dynamic d;
        struct names names;
        uint32_t count;

        if (read_dynamic(t, m, &d))
                return 0;
        count = count_symbols(t, &d);
        names = (struct names){ .t = t, .addr = d.strings, .size = d.strings_size };
        for (size_t i = 0; i < n; i++)
                begin_search(&wants[i], ANY_SECTION);
        for (uint32_t i = 1; i < count; i++) {
                Elf64_Sym s;
                int type;

                if (target_read(t, d.symbols + (uint64_t)i * sizeof(s), &s, sizeof(s)))
                        break;
                type = ELF64_ST_TYPE(s.st_info);
                if (is_code_symbol(&s) && s.st_shndx != SHN_ABS &&
                    (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE))
                        offer(&names, &s, ANY_SECTION, wants, n);
        }
        return finish(&names, wants, n);
}

/* ---- stubs of the procedure linkage table ---- */

/* "puts@plt", or "*ABS*+0x1234@plt" for a function that a resolver picks: the names binutils and gdb give. */
static int name_of_slot(const struct elf_file *f, const Elf64_Rela *r, const Elf64_Shdr *symbols, char **out)
{
        uint64_t index = ELF64_R_SYM(r->r_info), size = symbols ? symbols->sh_size : 0;
        char name[NAME_MAX_BYTES] = "*ABS*", addend[32] = "";
        Elf64_Sym s;

        if (index && (index >= size / sizeof(s) || symbols->sh_link >= f->section_count ||
                      elf_file_read(f, symbols->sh_offset + index * sizeof(s), &s, sizeof(s))))
                return 0;
        if (index)
                elf_file_string(f, &f->sections[symbols->sh_link], s.st_name, name, sizeof(name));
        if (!name[0])
                return 0;
        if (r->r_addend)
                snprintf(addend, sizeof(addend), "+0x%" PRIx64, (uint64_t)r->r_addend);
        return asprintf(out, "%s%s@plt", name, addend) < 0 ? -ENOMEM : 0;
}

static int find_slot(const struct elf_file *f, uint64_t slot, char **out)
{
        for (size_t i = 1; i < f->section_count; i++) {
                const Elf64_Shdr *s = &f->sections[i];
                uint8_t *data;
                size_t size;
                int err = 0;
                bool found = false;

                if (s->sh_type != SHT_RELA || !(s->sh_flags & SHF_ALLOC) || elf_file_contents(f, s, &data, &size))
                        continue;
                for (size_t at = 0; !found && size - at >= sizeof(Elf64_Rela); at += sizeof(Elf64_Rela)) {
                        Elf64_Rela r;

                        memcpy(&r, data + at, sizeof(r));
                        if (r.r_offset != slot)
                                continue;
                        found = true;
                        err = name_of_slot(
                                f, &r, s->sh_link && s->sh_link < f->section_count ? &f->sections[s->sh_link] : NULL,
                                out);
                }
                free(data);
                if (found)
                        return err;
        }
        return 0;
}

int symbol_table_search_plt(const struct elf_file *f, struct symbol_want *wants, size_t n)
{
        /* The stubs of a static program lead to functions that have no name in its relocations. */
        if (!symbol_table_present(f, SYMBOL_TABLE_DYNAMIC))
                return 0;
        for (size_t i = 0; i < n; i++) {
                size_t index = elf_file_section_at(f, wants[i].vaddr);
                const Elf64_Shdr *s = &f->sections[index];
                uint64_t entry, start, slot;
                uint8_t code[16];
                char *name = NULL;

                if (!index || wants[i].name || strncmp(elf_file_section_name(f, s), ".plt", 4) != 0)
                        continue;
                entry = s->sh_entsize == 8 ? 8 : sizeof(code);
                start = (wants[i].vaddr - s->sh_addr) / entry * entry;
                if (s->sh_size - start < entry || elf_file_read(f, s->sh_offset + start, code, (size_t)entry))
                        continue;
                if (!arch_plt_slot(code, (size_t)entry, s->sh_addr + start, &slot))
                        continue;
                if (find_slot(f, slot, &name))
                        return -ENOMEM;
                wants[i].name = name;
                wants[i].addr = s->sh_addr + start;
        }
        return 0;
}
