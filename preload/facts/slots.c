/* SPDX-License-Identifier: MIT */
#include "preload/facts/slots.h"
#include "preload/base/arch.h"
#include "preload/base/keep.h"
#include "preload/base/syscalls.h"

#include <stddef.h>
#include <sys/mman.h>

#define DYNAMIC_MAX 256

struct slots_module {
        const struct dl_phdr_info *info;
        const ElfW(Sym) * symbols;
        const char *strings;
        uint64_t table[2], size[2]; /* of relocations: .rela.plt and .rela.dyn */
        bool may_be_unbound; /* the slot that is looked at: of a call, to a function that the module does not define itself */
};

static uint64_t address(const struct slots_module *m, uint64_t value)
{
        return value < m->info->dlpi_addr ? m->info->dlpi_addr + value : value;
}

static const ElfW(Phdr) * header(const struct slots_module *m, uint32_t type)
{
        for (unsigned i = 0; i < m->info->dlpi_phnum; i++)
                if (m->info->dlpi_phdr[i].p_type == type)
                        return &m->info->dlpi_phdr[i];
        return NULL;
}

static bool read_dynamic(struct slots_module *m)
{
        const ElfW(Phdr) *dynamic = header(m, PT_DYNAMIC);
        const ElfW(Dyn) * d;

        if (!dynamic)
                return false;
        d = (const void *)(m->info->dlpi_addr + dynamic->p_vaddr); // NOLINT(performance-no-int-to-ptr)
        for (unsigned i = 0; i < DYNAMIC_MAX && d[i].d_tag != DT_NULL; i++) {
                if (d[i].d_tag == DT_SYMTAB)
                        m->symbols = (const void *)address(m, d[i].d_un.d_ptr); // NOLINT(performance-no-int-to-ptr)
                else if (d[i].d_tag == DT_STRTAB)
                        m->strings = (const void *)address(m, d[i].d_un.d_ptr); // NOLINT(performance-no-int-to-ptr)
                else if (d[i].d_tag == DT_JMPREL)
                        m->table[0] = address(m, d[i].d_un.d_ptr);
                else if (d[i].d_tag == DT_PLTRELSZ)
                        m->size[0] = d[i].d_un.d_val;
                else if (d[i].d_tag == DT_RELA)
                        m->table[1] = address(m, d[i].d_un.d_ptr);
                else if (d[i].d_tag == DT_RELASZ)
                        m->size[1] = d[i].d_un.d_val;
        }
        return m->symbols && m->strings;
}

bool slots_module_contains(const struct dl_phdr_info *info, uint64_t addr)
{
        for (unsigned i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];

                if (p->p_type == PT_LOAD && addr - info->dlpi_addr - p->p_vaddr < p->p_memsz)
                        return true;
        }
        return false;
}

/* A slot inside PT_GNU_RELRO was made read-only by the loader after relocation; its protection is restored. */
void slots_set(const struct slots_module *m, uint64_t *slot, uint64_t value)
{
        const ElfW(Phdr) *relro = header(m, PT_GNU_RELRO);
        void *page = (void *)((uint64_t)slot & ~((uint64_t)keep_page_size() - 1)); // NOLINT(performance-no-int-to-ptr)
        bool read_only = relro && (uint64_t)slot - m->info->dlpi_addr - relro->p_vaddr < relro->p_memsz;

        if (read_only && sys_3(SYS_mprotect, (long)page, keep_page_size(), PROT_READ | PROT_WRITE) < 0)
                return;
        __atomic_store_n(slot, value, __ATOMIC_RELEASE);
        if (read_only)
                sys_3(SYS_mprotect, (long)page, keep_page_size(), PROT_READ);
}

bool slots_is_unbound(const struct slots_module *m, const uint64_t *slot)
{
        return m->may_be_unbound && slots_module_contains(m->info, *slot);
}

void slots_each(const struct dl_phdr_info *info,
                void (*fn)(void *ctx, const struct slots_module *module, const char *name, uint64_t *slot), void *ctx)
{
        struct slots_module m = { .info = info };

        if (!read_dynamic(&m))
                return;
        for (unsigned i = 0; i < 2; i++)
                for (uint64_t at = 0; m.table[i] && at < m.size[i]; at += sizeof(ElfW(Rela))) {
                        const ElfW(Rela) *r = (const void *)(m.table[i] + at); // NOLINT(performance-no-int-to-ptr)
                        uint64_t type = ELF64_R_TYPE(r->r_info);
                        const ElfW(Sym) *symbol = &m.symbols[ELF64_R_SYM(r->r_info)];

                        m.may_be_unbound = type == ARCH_RELOCATION_CALL && symbol->st_shndx == SHN_UNDEF;
                        if (type == ARCH_RELOCATION_CALL || type == ARCH_RELOCATION_ADDRESS)
                                fn(ctx, &m, m.strings + symbol->st_name,
                                   (uint64_t *)(info->dlpi_addr + r->r_offset)); // NOLINT(performance-no-int-to-ptr)
                }
}
