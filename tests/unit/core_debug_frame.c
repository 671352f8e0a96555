/* SPDX-License-Identifier: MIT */
/* A program whose functions have CFI in .debug_frame only, which is in the file and not in memory. */
__asm__(".cfi_sections .debug_frame");

#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

static volatile int sink;

/* The program's .debug_frame, read from the file; never freed. */
static void load_debug_frame(void)
{
        int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        struct stat st;
        const uint8_t *file;
        const Elf64_Ehdr *e;
        const Elf64_Shdr *s;
        const char *names;

        if (fd < 0 || fstat(fd, &st))
                return;
        file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        close(fd);
        if (file == MAP_FAILED)
                return;
        e = (const void *)file;
        s = (const void *)(file + e->e_shoff);
        names = (const char *)file + s[e->e_shstrndx].sh_offset;
        for (unsigned i = 0; i < e->e_shnum; i++) {
                if (strcmp(names + s[i].sh_name, ".debug_frame"))
                        continue;
                self.debug_frame = file + s[i].sh_offset;
                self.debug_frame_size = s[i].sh_size;
        }
}

static size_t walk_from(const ucontext_t *uc, uint64_t pcs[], enum cfi_trust trusts[], size_t max, enum cfi_end *end)
{
        struct arch_registers regs = self_registers(uc);
        struct cfi_walk walk;
        size_t n = 0;

        cfi_walk_begin(&walk, &self.space, (struct cfi_cache){ NULL, 0 }, &regs);
        do {
                pcs[n] = walk.regs.v[ARCH_REG_PC];
                trusts[n++] = walk.trust;
        } while (n < max && cfi_walk_next(&walk));
        *end = walk.end;
        return n;
}

#define DEPTH 5

/* The return addresses according to __builtin_return_address(). */
static uint64_t expected[DEPTH + 2];

__attribute__((noinline)) static int innermost(void)
{
        uint64_t pcs[64];
        enum cfi_trust trusts[64];
        enum cfi_end end;
        ucontext_t uc;
        struct cfi_row row;
        size_t n;
        volatile int wrong = 0; /* volatile: as far as the compiler knows, getcontext() may return twice */

        expected[0] = (uintptr_t)__builtin_return_address(0);
        getcontext(&uc);
        tap_is((unsigned)cfi_find_row(&self.space, (uint64_t)uc.uc_mcontext.gregs[REG_RIP], &row), 0,
               "the row is found");
        n = walk_from(&uc, pcs, trusts, 64, &end);
        for (size_t i = 0; i < DEPTH + 2; i++)
                wrong += n <= i + 1 || pcs[i + 1] != expected[i] || trusts[i + 1] != CFI_TRUST_CFI;
        tap_is((unsigned)wrong, 0, "%d callers found by .debug_frame", DEPTH + 2);
        tap_ok(end == CFI_END_OF_STACK, "the walk reaches the end of the stack (%s)", cfi_end_name(end));
        self.debug_frame = NULL;
        tap_is((unsigned)-cfi_find_row(&self.space, (uint64_t)uc.uc_mcontext.gregs[REG_RIP], &row), ENOENT,
               "without .debug_frame there is no row");
        return sink;
}

__attribute__((noinline)) static int recurse(int depth)
{
        char local[64];

        memset(local, depth, sizeof(local));
        expected[depth + 1] = (uintptr_t)__builtin_return_address(0);
        sink += depth ? recurse(depth - 1) : innermost();
        return sink + local[7];
}

int main(void)
{
        load_debug_frame();
        self_load();
        if (tap_ok(self.debug_frame, "the program has a .debug_frame"))
                recurse(DEPTH);
        return tap_done();
}
