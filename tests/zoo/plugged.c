/* SPDX-License-Identifier: MIT */
/* tests/zoo/plugged.c: a C program without a C++ run-time, until it loads its plugin: libthrows.so beside it. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        char path[4096] = "";
        int (*run)(int, char **);
        void *plugin;

        if (readlink("/proc/self/exe", path, sizeof(path) - 20) < 0)
                return 2;
        strcpy(strrchr(path, '/') + 1, "libthrows.so");
        plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!plugin) {
                fprintf(stderr, "%s\n", dlerror());
                return 2;
        }
        run = (int (*)(int, char **))dlsym(plugin, "throws_main");
        return run ? run(argc, argv) : 2;
}
