/* SPDX-License-Identifier: MIT */
/* Conversion of maps to modules: each case is the text of a maps file and the images in memory. */
#include "tests/unit/tap.h"
#include "unwind/core/cfi/arch.h"
#include "unwind/target/modules.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A target whose memory consists of zeros, except ELF images at some addresses and an unreadable page. */
struct fake {
        struct target base;
        struct {
                uint64_t addr, size;
        } images[8];
        size_t image_count;
        uint64_t hole;
};

struct head {
        Elf64_Ehdr e;
        Elf64_Phdr p[2];
};

static struct head head_of(uint64_t size)
{
        struct head h = { .e = { .e_machine = ARCH_ELF_MACHINE,
                                 .e_type = ET_DYN,
                                 .e_version = 1,
                                 .e_phoff = sizeof(Elf64_Ehdr),
                                 .e_phnum = 2,
                                 .e_phentsize = sizeof(Elf64_Phdr),
                                 .e_ehsize = sizeof(Elf64_Ehdr) } };

        memcpy(h.e.e_ident, ELFMAG, SELFMAG);
        h.e.e_ident[EI_CLASS] = ELFCLASS64;
        h.e.e_ident[EI_DATA] = ELFDATA2LSB;
        h.e.e_ident[EI_VERSION] = EV_CURRENT;
        h.p[0] = (Elf64_Phdr){
                .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 0x1000, .p_memsz = 0x1000, .p_align = 0x1000
        };
        h.p[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
                               .p_flags = PF_R | PF_X,
                               .p_vaddr = 0x1000,
                               .p_offset = 0x1000,
                               .p_filesz = 0x1000,
                               .p_memsz = size - 0x1000,
                               .p_align = 0x1000 };
        return h;
}

static ssize_t fake_read(struct target *t, uint64_t addr, void *buf, size_t len)
{
        struct fake *f = (struct fake *)t;

        if (f->hole && addr >= f->hole && addr < f->hole + 0x1000)
                return 0;
        memset(buf, 0, len);
        for (size_t i = 0; i < f->image_count; i++) {
                struct head h = head_of(f->images[i].size);
                uint64_t offset = addr - f->images[i].addr;

                if (addr >= f->images[i].addr && offset < sizeof(h))
                        memcpy(buf, (char *)&h + offset, len < sizeof(h) - offset ? len : sizeof(h) - offset);
        }
        return (ssize_t)len;
}

static void fake_free(struct target *t)
{
        (void)t;
}

static const struct target_ops fake_ops = { .read = fake_read, .free = fake_free };

static struct fake load(const char *maps, size_t images, const uint64_t (*image)[2], uint64_t hole)
{
        struct fake f = { .base = { .ops = &fake_ops, .pid = 1 << 22 }, .image_count = images, .hole = hole };

        for (size_t i = 0; i < images; i++) {
                f.images[i].addr = image[i][0];
                f.images[i].size = image[i][1];
        }
        if (modules_parse_maps(&f.base, strdup(maps), strlen(maps)) || modules_build(&f.base))
                exit(1);
        return f;
}

#define LOAD(maps, hole, ...) \
        load(maps, sizeof((uint64_t[][2]){ __VA_ARGS__ }) / 16, (uint64_t[][2]){ __VA_ARGS__ }, hole)

static bool module_is(const struct fake *f, size_t i, uint64_t base, uint64_t end, const char *path)
{
        const struct module *m = &f->base.modules.v[i];
        bool good = i < f->base.modules.n && m->base == base && m->end == end && strcmp(m->path, path) == 0;

        if (!good && i < f->base.modules.n)
                printf("# module %zu is %llx-%llx %s\n", i, (unsigned long long)m->base, (unsigned long long)m->end,
                       m->path);
        return good;
}

static void test_ordinary(void)
{
        struct fake f = LOAD("00400000-00401000 r--p 00000000 fe:01 11   /bin/app\n"
                             "00401000-00402000 r-xp 00001000 fe:01 11   /bin/app\n"
                             "00402000-00403000 rw-p 00002000 fe:01 11   /bin/app\n"
                             "00403000-00404000 rw-p 00000000 00:00 0 \n"
                             "01000000-01021000 rw-p 00000000 00:00 0    [heap]\n"
                             "7f0000000000-7f0000300000 r--p 00000000 fe:01 12   /usr/lib/locale/locale-archive\n"
                             "7f0000400000-7f0000401000 r--p 00000000 fe:01 13   /lib/a b.so (deleted)\n"
                             "7f0000401000-7f0000402000 ---p 00001000 fe:01 13   /lib/a b.so (deleted)\n"
                             "7f0000500000-7f0000501000 r-xp 00001000 fe:01 13   /lib/a b.so (deleted)\n"
                             "7fff00000000-7fff00021000 rw-p 00000000 00:00 0    [stack]\n"
                             "7fff00100000-7fff00102000 r-xp 00000000 00:00 0    [vdso]\n",
                             0, { 0x400000, 0x4000 }, { 0x7f0000400000, 0x101000 }, { 0x7fff00100000, 0x2000 });

        tap_is(f.base.modules.n, 3, "a program, a library, the vDSO; data files are not modules");
        tap_ok(module_is(&f, 0, 0x400000, 0x404000, "/bin/app"), "zero-initialized data belong to the program");
        tap_ok(module_is(&f, 1, 0x7f0000400000, 0x7f0000501000, "/lib/a b.so") && f.base.modules.v[1].deleted,
               "gaps do not split a library; a deleted one has its name without the mark");
        tap_ok(module_is(&f, 2, 0x7fff00100000, 0x7fff00102000, "[vdso]"), "the vDSO");
        tap_is((unsigned)target_module_index(&f.base, 0x403800), 0, "an address in zero-initialized data");
        tap_is((unsigned)target_module_index(&f.base, 0x1000000), (unsigned)-1,
               "an address in the heap is in no module");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000450000), (unsigned)-1,
               "an address in a gap is in no module");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000500000), 1, "the first byte of code");
        tap_ok(!target_mapping(&f.base, 0x404000) && target_mapping(&f.base, 0x403fff),
               "the end of a mapping is exclusive");
        target_free(&f.base);
}

static void test_twice(void)
{
        struct fake f = LOAD("7f0000000000-7f0000009000 r--p 00000000 fe:01 13   /lib/x.so\n"
                             "7f0000009000-7f000000a000 r--p 00000000 fe:01 13   /lib/x.so\n"
                             "7f000000a000-7f000000b000 r-xp 00001000 fe:01 13   /lib/x.so\n"
                             "7f0000010000-7f0000011000 r--p 00000000 fe:01 13   /lib/x.so\n"
                             "7f0000011000-7f0000012000 r-xp 00001000 fe:01 13   /lib/x.so\n"
                             "7f0000012000-7f0000013000 rw-p 00000000 fe:01 13   /lib/x.so\n",
                             0, { 0x7f0000000000, 0xa000 }, { 0x7f0000009000, 0x2000 }, { 0x7f0000010000, 0x3000 },
                             { 0x7f0000012000, 0x3000 });

        tap_is(f.base.modules.n, 2, "a library loaded twice becomes two modules; its file mapped as data does not");
        tap_ok(module_is(&f, 0, 0x7f0000009000, 0x7f000000b000, "/lib/x.so"), "the first copy");
        tap_ok(module_is(&f, 1, 0x7f0000010000, 0x7f0000013000, "/lib/x.so"),
               "the second copy, whose data begin with a copy of the header");
        target_free(&f.base);
}

static void test_odd(void)
{
        struct fake f = LOAD("7f0000000000-7f0000001000 r--p 00007000 fe:01 20   /data/app.apk\n"
                             "7f0000001000-7f0000002000 r-xp 00008000 fe:01 20   /data/app.apk\n"
                             "7f0000003000-7f0000004000 r-xp 00000000 00:01 21   /memfd:jit (deleted)\n"
                             "7f0000005000-7f0000006000 r-xp 00000000 fe:01 22   /lib/hidden.so\n"
                             "7f0000006000-7f0000007000 r-xp 00001000 fe:01 22   /lib/hidden.so\n"
                             "7f0000008000-7f0000009000 r--p 00000000 00:01 23   /memfd:plugin (deleted)\n"
                             "7f0000009000-7f000000a000 r-xp 00001000 00:01 23   /memfd:plugin (deleted)\n"
                             "not a line of maps\n"
                             "7f000000b000-7f000000c000 r-xp 00000000 00:00 0",
                             0x7f0000005000, { 0x7f0000000000, 0x2000 }, { 0x7f0000008000, 0x2000 });

        tap_is(f.base.mappings.n, 8, "malformed lines are skipped, a last line without newline is not");
        tap_is(f.base.modules.n, 3, "executable data that is not an ELF image is not a module");
        tap_ok(module_is(&f, 0, 0x7f0000000000, 0x7f0000002000, "/data/app.apk") &&
                       f.base.modules.v[0].file_offset == 0x7000,
               "a library inside an archive, at its offset");
        tap_ok(module_is(&f, 1, 0x7f0000005000, 0x7f0000007000, "/lib/hidden.so") && !f.base.modules.v[1].image.base &&
                       f.base.modules.v[1].image.bias == 0x7f0000005000,
               "a file whose header cannot be read is a module");
        tap_ok(module_is(&f, 2, 0x7f0000008000, 0x7f000000a000, "/memfd:plugin"), "an image in an anonymous file");
        target_free(&f.base);
}

static void test_nested(void)
{
        struct fake f = LOAD("7f0000000000-7f0000001000 r--p 00000000 fe:01 31   /lib/big.so\n"
                             "7f0000100000-7f0000101000 r--p 00000000 fe:01 32   /lib/small.so\n"
                             "7f0000101000-7f0000102000 r-xp 00001000 fe:01 32   /lib/small.so\n"
                             "7f0000102000-7f0000103000 rw-p 00000000 00:00 0\n"
                             "7f0000200000-7f0000201000 r-xp 00001000 fe:01 31   /lib/big.so\n"
                             "7f0000201000-7f0000202000 rw-p 00000000 00:00 0\n",
                             0, { 0x7f0000000000, 0x201000 }, { 0x7f0000100000, 0x3000 });

        tap_ok(f.base.modules.n == 2 && f.base.modules.v[0].end == 0x7f0000201000, "a library in a gap of another");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000101000), 1, "the inner one's code");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000102000), 1, "the inner one's data");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000200000), 0, "the outer one's code");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000201000), (unsigned)-1, "an address past both");
        target_free(&f.base);
}

/* Programs move their code to huge pages. */
static void test_moved(void)
{
        struct fake f = LOAD("7f0000000000-7f0000001000 r--p 00000000 fe:01 41   /bin/app\n"
                             "7f0000001000-7f0000003000 r-xp 00000000 00:00 0\n"
                             "7f0000003000-7f0000004000 rw-p 00003000 fe:01 41   /bin/app\n"
                             "7f0000100000-7f0000101000 r--p 00000000 fe:01 42   /lib/x.so\n"
                             "7f0000101000-7f0000103000 r-xp 00000000 00:0f 43   /anon_hugepage (deleted)\n"
                             "7f0000200000-7f0000203000 r--p 00000000 fe:01 44   /data/debug\n"
                             "7f0000208000-7f0000209000 r-xp 00000000 00:00 0    [anon:jit]\n"
                             "7f0000300000-7f0000301000 r--p 00000000 fe:01 45   /lib/y.so\n"
                             "7f0000301000-7f0000302000 r-xp 00000000 00:00 0    [anon:text]\n",
                             0, { 0x7f0000000000, 0x4000 }, { 0x7f0000100000, 0x3000 }, { 0x7f0000200000, 0x3000 },
                             { 0x7f0000300000, 0x2000 });

        tap_is(f.base.modules.n, 3, "a file whose code was moved is a module, one that was mapped as data is not");
        tap_ok(module_is(&f, 0, 0x7f0000000000, 0x7f0000004000, "/bin/app"), "code in anonymous memory");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000002000), 0, "an address in it");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000102fff), 1, "an address in code in a file of hugetlbfs");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000208000), (unsigned)-1,
               "code made at run time is in no module");
        tap_is((unsigned)target_module_index(&f.base, 0x7f0000301000), 2, "an address in code in memory with a name");
        target_free(&f.base);
}

static void test_without_mappings(void)
{
        struct module modules[] = { { .base = 0x1000, .end = 0x9000 }, { .base = 0x2000, .end = 0x3000 } };
        struct target t = { .modules = { modules, 2 } };

        tap_is((unsigned)target_module_index(&t, 0x2fff), 1, "without mappings the innermost module is found");
        tap_is((unsigned)target_module_index(&t, 0x3000), 0, "without mappings: the enclosing module");
        tap_is((unsigned)target_module_index(&t, 0x9000), (unsigned)-1, "without mappings: no module");
}

/* As many as a process may have (vm.max_map_count is 65,530). */
static void test_many(void)
{
        enum { LINES = 60000 };
        struct fake f = { .base = { .ops = &fake_ops, .pid = 1 << 22 } };
        char *text = malloc((size_t)LINES * 80), *at = text;

        for (int i = 0; i < LINES; i++)
                at += sprintf(at, "%llx-%llx %s 00000000 fe:01 %d   /data/%d\n", 0x10000000ull + (unsigned)i * 0x2000u,
                              0x10001000ull + (unsigned)i * 0x2000u, i % 3 ? "r--p" : "r-xp", i / 7, i / 7);
        tap_ok(modules_parse_maps(&f.base, text, (size_t)(at - text)) == 0 && modules_build(&f.base) == 0,
               "60,000 mappings are parsed");
        tap_ok(f.base.mappings.n == LINES && f.base.modules.n == 0, "none of them is a module");
        target_free(&f.base);
}

int main(void)
{
        test_ordinary();
        test_twice();
        test_odd();
        test_nested();
        test_moved();
        test_without_mappings();
        test_many();
        return tap_done();
}
