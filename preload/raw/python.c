/* SPDX-License-Identifier: MIT */
/* preload/raw/python.c: [python], the Python frames of the crashing thread.
 *
 * The interpreter has a function for it that is designed for signal handlers (Python/traceback.c: faulthandler calls
 * it): no lock, no allocation, a bounded number of frames and characters. It is called by its address and under a
 * guard, since the data it reads may be corrupted.
 *
 * It calls write(2) through a PLT slot. Where that is bound lazily, the first call enters the dynamic linker, on data
 * that may be corrupted and with a lock that may be held: ld.so then ends the process with status 127, which no guard
 * contains. So it is called only in a module that was bound at load. What it calls in libc (write, strlen) calls no
 * further slot. The helper reads the frames of all threads from outside, whatever the binding (report/gather/python.c);
 * this section is for reports without a helper, or without ptrace. */
#include "preload/base/guard.h"
#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "preload/raw/line.h"
#include "preload/raw/sections.h"
#include "preload/signal/mask.h"
#include "unwind/core/image/dynsym.h"
#include "unwind/core/terms/raw_format.h"

#include <errno.h>

#define LINE_BYTES 2048u /* truncates a name of 500 characters only if each is written as \Uxxxxxxxx */

static struct sigsafe_out *const out = &raw.out;

struct python {
        void *(*this_thread)(void);         /* PyGILState_GetThisThreadState */
        void (*dump)(int fd, void *thread); /* _Py_DumpTraceback: innermost first, at most 100 frames */
        int write_fd;
};

/* "python3.11", "libpython3.11.so.1.0", or any program, which may have it linked statically. */
static bool may_be_python(const struct modmap_module *m)
{
        static const char name[] = "python", library[] = ".so";
        size_t base = m->path_len;
        bool is_library = false;

        while (base && m->path[base - 1] != '/')
                base--;
        for (size_t i = base; i < m->path_len; i++) {
                size_t left = m->path_len - i;

                if (left >= sizeof(name) - 1 && !__builtin_memcmp(m->path + i, name, sizeof(name) - 1))
                        return true;
                if (left >= sizeof(library) - 1 && !__builtin_memcmp(m->path + i, library, sizeof(library) - 1))
                        is_library = true;
        }
        return !is_library;
}

static bool find_function(const struct modmap_module *m, const char *name, void *function)
{
        struct dynsym symbol;

        if (dynsym_find(&modmap_space, &m->image, name, &symbol) < 0)
                return false;
        __builtin_memcpy(function, &symbol.addr, sizeof(symbol.addr));
        return true;
}

static bool find_python(struct python *p)
{
        for (size_t i = 0; i < raw.modules->module_count; i++) {
                const struct modmap_module *m = &raw.modules->module[i];

                if (may_be_python(m) && dynsym_binds_at_load(&modmap_space, &m->image) &&
                    find_function(m, "_Py_DumpTraceback", &p->dump) &&
                    find_function(m, "PyGILState_GetThisThreadState", &p->this_thread))
                        return true;
        }
        return false;
}

static void dump(void *python)
{
        struct python *p = python;
        void *thread = p->this_thread();

        if (thread)
                p->dump(p->write_fd, thread);
}

/* Python's lines, except the heading, begin with two spaces. */
static bool put_line(const char *line, size_t n, bool first)
{
        if (n < 3 || line[0] != ' ' || line[1] != ' ')
                return false;
        if (first)
                sigsafe_str(out, RAW_SECTION_PYTHON "\n");
        sigsafe_text(out, line + 2, n - 2);
        sigsafe_char(out, '\n');
        return true;
}

static void put_lines(int fd)
{
        size_t have = 0;
        bool any = false;
        ssize_t n;

        while ((n = sys_read(fd, raw.text + have, LINE_BYTES - have)) > 0 || n == -EINTR) {
                size_t start = 0;

                if (n > 0)
                        have += (size_t)n;
                for (size_t i = 0; i < have; i++) {
                        if (raw.text[i] != '\n')
                                continue;
                        any |= put_line(raw.text + start, i - start, !any);
                        start = i + 1;
                }
                if (!start && have == LINE_BYTES)
                        start = have; /* not a line of Python's */
                have -= start;
                for (size_t i = 0; i < have; i++)
                        raw.text[i] = raw.text[start + i];
        }
}

void rawsection_python(void)
{
        struct python p;
        int pipe_fd[2];

        /* Writes to a full pipe fail: the outermost frames are missing then, but the write does not block. */
        if (!raw.crash->signal || !find_python(&p) || sys_2(SYS_pipe2, (long)pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0)
                return;
        p.write_fd = pipe_fd[1];
        if (!guard_run_foreign(dump, &p, settings.signals, GUARD_FOREIGN_S)) {
                mask_for_crash_path(NULL);
                crash_note(raw.crash, "the Python frames are incomplete: the interpreter's memory is corrupted", NULL,
                           0);
        }
        sys_close(pipe_fd[1]);
        put_lines(pipe_fd[0]);
        sys_close(pipe_fd[0]);
}
