/* SPDX-License-Identifier: MIT */
/* Dynamic symbols by name: libc's, compared with the loader; then unreadable and corrupted tables. */
#include "unwind/core/image/dynsym.h"

#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"

#include <dlfcn.h>

static const struct image *libc_image(void)
{
        for (size_t i = 0; i < self.module_count; i++)
                if (strstr(self.modules[i].path, "/libc.so.6"))
                        return &self.modules[i].image;
        return NULL;
}

static void check_against_loader(const struct cfi_space *space, const struct image *libc)
{
        /* indirect functions (strlen) are omitted: their value is the address of a resolver */
        static const char *const names[] = { "malloc",          "abort",   "environ",
                                             "_IO_2_1_stdout_", "qsort_r", "gnu_get_libc_version" };
        void *handle = dlopen("libc.so.6", RTLD_NOLOAD | RTLD_LAZY); /* a sanitizer's malloc precedes libc's */
        struct dynsym found;

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                int err = dynsym_find(space, libc, names[i], &found);

                tap_ok(!err && found.addr == (uint64_t)dlsym(handle, names[i]) && found.size,
                       "dlsym() returns the same address of %s", names[i]);
        }
        dlclose(handle);
        tap_ok(dynsym_find(space, libc, "__abort_msg", &found) == 0 && found.size == 8, "a private symbol is found");
        tap_ok(dynsym_find(space, libc, "no such symbol", &found) == -ENOENT, "an undefined name is not found");
        tap_ok(dynsym_find(space, libc, "", &found) < 0, "the empty name is not found");
        tap_ok(dynsym_find(space, libc, "_dl_argv", &found) == -ENOENT, "a symbol that libc imports is not found");
        tap_ok(dynsym_find(space, libc, "errno", &found) < 0, "a thread-local variable is not found");
}

/* Reads fail from the n-th on. */
static unsigned long reads_left;

static int failing_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        return reads_left-- ? self_read(ctx, addr, buf, len) : -EFAULT;
}

/* Every fourth byte is read incorrectly. */
static unsigned noise;

static int noisy_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        int err = self_read(ctx, addr, buf, len);

        for (size_t i = 0; !err && i < len; i++)
                if ((noise = noise * 1103515245 + 12345) >> 30 == 0)
                        ((uint8_t *)buf)[i] ^= (uint8_t)(noise >> 16);
        return err;
}

static void check_trouble(const struct image *libc)
{
        struct cfi_space failing = { .read = failing_read }, noisy = { .read = noisy_read };
        struct image bare = *libc;
        struct dynsym found;
        unsigned long n = 0;
        int right = 0;

        do
                reads_left = n++;
        while (dynsym_find(&failing, libc, "abort", &found) && n < 10000);
        tap_ok(n > 5 && n < 10000, "a failing read causes an error at each of %lu places", n - 1);
        for (noise = 0; right < 2000; right++)
                dynsym_find(&noisy, libc, "abort", &found);
        tap_ok(true, "searches in corrupted tables terminate");
        bare.dynamic = 0;
        tap_ok(dynsym_find(&failing, &bare, "abort", &found) == -ENOENT, "an image without .dynamic has no symbols");
}

int main(void)
{
        struct cfi_space *space = self_load();
        const struct image *libc = libc_image();

        tap_ok(libc != NULL, "libc is among the modules");
        if (libc) {
                check_against_loader(space, libc);
                check_trouble(libc);
        }
        return tap_done();
}
