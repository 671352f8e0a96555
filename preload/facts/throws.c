/* SPDX-License-Identifier: MIT */
#include "preload/facts/throws.h"
#include "preload/base/arch.h"
#include "preload/base/libc.h"
#include "preload/base/pages.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/str.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#define DYNAMIC_MAX 256

struct throw_site throw_sites[THROW_SITES];

/* Itanium C++ ABI, "Exception Handling" 2.4.3 and level I 1.6; weak, since a program without C++ has none of them.
 * Declared as functions that return, so that the compiler makes the call of the real function a tail call, which leaves
 * no frame. */
typedef void throw_fn(void *object, void *type, void (*destructor)(void *));
struct unwind_context;
extern throw_fn real_throw __asm__("__cxa_throw") __attribute__((weak));
extern int unwind_backtrace(int (*frame)(struct unwind_context *, void *), void *) __asm__("_Unwind_Backtrace")
        __attribute__((weak));
extern uintptr_t unwind_ip(struct unwind_context *) __asm__("_Unwind_GetIP") __attribute__((weak));

/* ---- a throw ---- */

struct trace {
        struct throw_site *site;
        uint64_t caller; /* the first frame to be stored */
};

static int add_frame(struct unwind_context *context, void *trace)
{
        struct trace *t = trace;
        uint64_t pc = unwind_ip(context);

        if (!pc || t->site->count == WIRE_THROW_FRAMES)
                return 5; /* _URC_END_OF_STACK */
        if (t->site->count || pc == t->caller)
                t->site->pc[t->site->count++] = pc;
        return 0; /* _URC_NO_REASON */
}

static void throw_hook(void *object, void *type, void (*destructor)(void *))
{
        struct trace t = { throws_slot((uint64_t)object), (uint64_t)__builtin_return_address(0) };

        __atomic_store_n(&t.site->object, 0, __ATOMIC_RELEASE);
        t.site->count = 0;
        t.site->type = (uint64_t)type;
        unwind_backtrace(add_frame, &t);
        __atomic_store_n(&t.site->object, (uint64_t)object, __ATOMIC_RELEASE);
        real_throw(object, type, destructor);
}

/* ---- the modules' tables ---- */

struct module {
        const struct dl_phdr_info *info;
        const ElfW(Sym) * symbols;
        const char *strings;
        uint64_t table[2], size[2]; /* of relocations: .rela.plt and .rela.dyn */
};

static uint64_t address(const struct module *m, uint64_t value)
{
        return value < m->info->dlpi_addr ? m->info->dlpi_addr + value : value;
}

static const ElfW(Phdr) * header(const struct module *m, uint32_t type)
{
        for (unsigned i = 0; i < m->info->dlpi_phnum; i++)
                if (m->info->dlpi_phdr[i].p_type == type)
                        return &m->info->dlpi_phdr[i];
        return NULL;
}

static bool read_dynamic(struct module *m)
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

static bool is_within(const struct module *m, uint64_t addr)
{
        for (unsigned i = 0; i < m->info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = &m->info->dlpi_phdr[i];

                if (p->p_type == PT_LOAD && addr - m->info->dlpi_addr - p->p_vaddr < p->p_memsz)
                        return true;
        }
        return false;
}

/* A slot inside PT_GNU_RELRO was made read-only by the loader after relocation; its protection is restored. */
static void write_slot(const struct module *m, uint64_t *slot)
{
        const ElfW(Phdr) *relro = header(m, PT_GNU_RELRO);
        void *page = (void *)((uint64_t)slot & ~((uint64_t)pages_size() - 1)); // NOLINT(performance-no-int-to-ptr)
        bool read_only = relro && (uint64_t)slot - m->info->dlpi_addr - relro->p_vaddr < relro->p_memsz;

        if (read_only && sys_3(SYS_mprotect, (long)page, pages_size(), PROT_READ | PROT_WRITE) < 0)
                return;
        __atomic_store_n(slot, (uint64_t)throw_hook, __ATOMIC_RELEASE);
        if (read_only)
                sys_3(SYS_mprotect, (long)page, pages_size(), PROT_READ);
}

/* The slot contains the address of the real function or, if not yet bound, an address in the module's own PLT. A slot
 * with any other address belongs to another run-time. */
static void hook_relocation(const struct module *m, const ElfW(Rela) * r)
{
        uint64_t *slot = (uint64_t *)(m->info->dlpi_addr + r->r_offset); // NOLINT(performance-no-int-to-ptr)
        uint64_t type = ELF64_R_TYPE(r->r_info);
        const ElfW(Sym) *symbol = &m->symbols[ELF64_R_SYM(r->r_info)];

        if ((type != ARCH_RELOCATION_CALL && type != ARCH_RELOCATION_ADDRESS) ||
            !str_is(m->strings + symbol->st_name, "__cxa_throw"))
                return;
        if (*slot == (uint64_t)real_throw || (type == ARCH_RELOCATION_CALL && is_within(m, *slot)))
                write_slot(m, slot);
}

static int hook_module(struct dl_phdr_info *info, size_t size, void *unused)
{
        struct module m = { .info = info };

        (void)size;
        (void)unused;
        if (is_within(&m, (uint64_t)&throw_sites) || !read_dynamic(&m))
                return 0;
        for (unsigned i = 0; i < 2; i++)
                for (uint64_t at = 0; m.table[i] && at < m.size[i]; at += sizeof(ElfW(Rela)))
                        hook_relocation(&m, (const void *)(m.table[i] + at)); // NOLINT(performance-no-int-to-ptr)
        return 0;
}

void throws_hook(void)
{
        if (dl_iterate_phdr && real_throw && unwind_backtrace && unwind_ip)
                dl_iterate_phdr(hook_module, NULL);
}
