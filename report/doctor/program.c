/* SPDX-License-Identifier: MIT */
/* report/doctor/program.c: checks whether a program can be preloaded, and what information its reports will have. */
#include "report/doctor/cover.h"
#include "report/doctor/doctor.h"

#include "unwind/elf/program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct subject {
        struct doctor *d;
        const char *path; /* absolute */
        struct stat st;
        struct program_facts facts;
};

/* ---- which file ---- */

static const char *absolute(struct doctor *d, const char *name)
{
        const char *found = cover_find(&d->pool, name);
        char real[PATH_MAX];

        if (!found && !access(name, F_OK))
                found = name; /* "doctor app" in the directory of app: not in PATH, but probably meant */
        if (!found) {
                doctor_add(d, "program", DOCTOR_FAIL, NULL, "%s: not in PATH", name);
                return NULL;
        }
        if (!realpath(found, real)) {
                doctor_add(d, "program", DOCTOR_FAIL, NULL, "%s: %s", found, strerror(errno));
                return NULL;
        }
        return pool_strdup(&d->pool, real);
}

static bool follow_script(struct subject *s)
{
        int depth;

        for (depth = 0; depth < COVER_INTERPRETERS; depth++) {
                const char *interpreter = cover_interpreter(&s->d->pool, s->path);

                if (!interpreter)
                        return true;
                doctor_add(s->d, "program", DOCTOR_OK, NULL, "%s is a script, run by %s, which is checked", s->path,
                           interpreter);
                s->path = absolute(s->d, interpreter);
                if (!s->path)
                        return false;
        }
        doctor_add(s->d, "program", DOCTOR_FAIL, NULL, "%s: scripts that run scripts", s->path);
        return false;
}

/* ---- preloading ---- */

static bool check_kind(struct subject *s)
{
        struct doctor *d = s->d;

        switch (s->facts.kind) {
        case PROGRAM_NOT_ELF:
                doctor_add(d, "program", DOCTOR_FAIL, NULL, "%s: neither an ELF file nor a script", s->path);
                return false;
        case PROGRAM_FOREIGN:
                doctor_add(d, "program", DOCTOR_FAIL, "build it for this processor, 64 bits",
                           "%s: a program of %s: it cannot load this library", s->path,
                           s->facts.bits == 32 ? "32 bits" : "another processor");
                return false;
        case PROGRAM_NOT_A_PROGRAM:
                doctor_add(d, "program", DOCTOR_FAIL, NULL, "%s: an ELF file, but not a program", s->path);
                return false;
        case PROGRAM_LIBRARY:
                doctor_add(d, "program", DOCTOR_OK, NULL, "%s: a library; check the program that uses it", s->path);
                return true;
        case PROGRAM_STATIC:
                doctor_add(d, "program", DOCTOR_FAIL,
                           s->facts.go ? "CGO_ENABLED=1 go build -ldflags=-linkmode=external"
                                       : "link it without -static",
                           "%s: statically linked: nothing can be preloaded", s->path);
                return true;
        case PROGRAM_DYNAMIC:
                break;
        }
        if (access(s->facts.interpreter, X_OK))
                doctor_add(d, "program", DOCTOR_FAIL, NULL, "%s: its loader %s: %s", s->path, s->facts.interpreter,
                           strerror(errno));
        else if (access(s->path, X_OK))
                doctor_add(d, "program", DOCTOR_FAIL, pool_printf(&d->pool, "chmod +x '%s'", s->path), "%s: %s",
                           s->path, strerror(errno));
        else
                doctor_add(d, "program", DOCTOR_OK, NULL, "%s: dynamically linked", s->path);
        return true;
}

static void check_privileges(struct subject *s)
{
        const char *rights = cover_rights(s->path, &s->st);

        if (s->facts.kind != PROGRAM_DYNAMIC)
                return;
        if (rights)
                doctor_add(s->d, "rights", DOCTOR_FAIL, "run a copy without them: cp PROGRAM /tmp",
                           "%s: ld.so ignores LD_PRELOAD for it", rights);
        else
                doctor_add(s->d, "rights", DOCTOR_OK, NULL,
                           "no set-user-ID or capabilities that would refuse a preload");
}

static void check_sanitizer(struct subject *s)
{
        const char *options = getenv("ASAN_OPTIONS");
        bool told = options && strstr(options, "verify_asan_link_order=0");

        if (s->facts.asan_shared)
                doctor_add(s->d, "sanitizer", told ? DOCTOR_OK : DOCTOR_WARN,
                           told ? NULL : "export ASAN_OPTIONS=verify_asan_link_order=0",
                           "AddressSanitizer as a library: %s",
                           told ? "it accepts a preload"
                                : "it refuses a bare LD_PRELOAD; crashpre run sets this option");
        else if (s->facts.asan_static)
                doctor_add(s->d, "sanitizer", DOCTOR_OK, NULL,
                           "AddressSanitizer: writes its own report, crashpre another one");
}

/* A run-time that handles the signals itself. Go's ends the process by exit(2) after it has printed a crash, and its handlers are
 * installed by system calls, which the library does not see. */
static void check_runtime(struct subject *s)
{
        const char *chain = getenv("CRASHPRE_CHAIN");
        bool first = chain && !strcmp(chain, "first");

        if (s->facts.kind == PROGRAM_DYNAMIC && s->facts.go)
                doctor_add(s->d, "runtime", first ? DOCTOR_OK : DOCTOR_WARN,
                           first ? NULL : "export CRASHPRE_CHAIN=first",
                           "Go: its run-time handles panics; crashes in C are reported%s",
                           first ? " before its handlers run" : " only before its handlers run");
}

/* ---- information in reports ---- */

static void check_unwinding(struct subject *s)
{
        const struct program_facts *f = &s->facts;
        bool by_frame_pointer = f->frame_pointers && 2 * f->frame_pointers >= f->functions;

        if (f->eh_frame || f->debug_frame)
                doctor_add(s->d, "unwinding", DOCTOR_OK, NULL, "by %s%s%s", f->eh_frame ? ".eh_frame" : ".debug_frame",
                           f->functions ? pool_printf(&s->d->pool, " (%zu functions)", f->functions) : "",
                           by_frame_pointer ? ", and there are frame pointers" : "");
        else if (f->debug_file && f->debug_file_lines)
                doctor_add(s->d, "unwinding", DOCTOR_OK, NULL, "by the separate debug file");
        else if (f->frame_pointers)
                doctor_add(s->d, "unwinding", DOCTOR_WARN, "build with -fasynchronous-unwind-tables",
                           "no .eh_frame: stacks are unwound by frame pointers (%zu functions have one)",
                           f->frame_pointers);
        else
                doctor_add(s->d, "unwinding", DOCTOR_WARN, "build with -fasynchronous-unwind-tables",
                           "neither .eh_frame nor frame pointers: callers will be guessed");
}

static void check_symbols(struct subject *s)
{
        const struct program_facts *f = &s->facts;

        if (f->symbols)
                doctor_add(s->d, "symbols", DOCTOR_OK, NULL, "functions have names");
        else if (f->debug_file)
                doctor_add(s->d, "symbols", DOCTOR_OK, NULL, "stripped; names come from the separate debug file");
        else if (f->minidebug)
                doctor_add(s->d, "symbols", DOCTOR_OK, NULL, "stripped; names come from .gnu_debugdata");
        else
                doctor_add(s->d, "symbols", DOCTOR_WARN,
                           "link without -s, or keep a debug file: objcopy --only-keep-debug",
                           "stripped: only exported functions have names");
}

static void check_lines(struct subject *s)
{
        const struct program_facts *f = &s->facts;

        if (f->debug_file)
                doctor_add(s->d, "lines", f->debug_file_lines || f->lines ? DOCTOR_OK : DOCTOR_WARN,
                           f->debug_file_lines || f->lines ? NULL : "build with -g", "separate debug file: %s%s",
                           f->debug_file, f->debug_file_lines ? "" : ", without lines");
        else if (f->lines)
                doctor_add(s->d, "lines", DOCTOR_OK, NULL, "file and line, from the program itself");
        else if (!strncmp(s->path, "/usr/", 5))
                doctor_add(s->d, "lines", DOCTOR_WARN, pool_printf(&s->d->pool, "find-dbgsym-packages '%s'", s->path),
                           "no debug information: install its -dbgsym package (debian-goodies finds it)");
        else
                doctor_add(s->d, "lines", DOCTOR_WARN, "build with -g", "no debug information: no file and line");
}

static void check_build_id(struct subject *s)
{
        if (s->facts.build_id[0])
                doctor_add(s->d, "build-id", DOCTOR_OK, NULL, "%s", s->facts.build_id);
        else
                doctor_add(s->d, "build-id", DOCTOR_WARN, "link with -Wl,--build-id",
                           "none: a report cannot identify the build");
}

void doctor_program(struct doctor *d, const char *name)
{
        const char *dirs = getenv("CRASHPRE_DEBUG_DIR");
        struct subject s = { .d = d, .path = absolute(d, name) };
        int err;

        if (!s.path || !follow_script(&s))
                return;
        err = program_read(s.path, dirs && *dirs ? dirs : "/usr/lib/debug", &s.facts);
        if (err || stat(s.path, &s.st)) {
                doctor_add(d, "program", DOCTOR_FAIL, NULL, "%s: %s", s.path,
                           err == -EINVAL ? "not a regular file" : strerror(err ? -err : errno));
                return;
        }
        if (check_kind(&s)) {
                check_privileges(&s);
                check_sanitizer(&s);
                check_runtime(&s);
                check_unwinding(&s);
                check_symbols(&s);
                check_lines(&s);
                check_build_id(&s);
        }
        program_clear(&s.facts);
}
