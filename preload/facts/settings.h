/* SPDX-License-Identifier: MIT */
/* preload/facts/settings.h: the CRASHPRE_* variables, read once when the library is loaded, and other state stored at
 * that time.
 *
 * Loading prints nothing: with LD_PRELOAD exported a warning would appear in every sed and grep of a build. An invalid
 * value leaves the default and adds a line to `note`, which is reported with the crash.
 */
#ifndef CRASHPRE_PRELOAD_SETTINGS_H
#define CRASHPRE_PRELOAD_SETTINGS_H

#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/settings_table.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct settings {
        bool enabled;        /* CRASHPRE_ENABLED, ONLY, SKIP */
        bool stderr_only;    /* CRASHPRE_DIR=- */
        bool throw_sites;    /* CRASHPRE_THROW_SITES */
        bool dir_is_default; /* CRASHPRE_DIR is not set: other directories are tried */
        enum setting_chain chain;
        enum setting_stderr stderr_mode;
        unsigned timeout_s;
        unsigned max_frames;
        unsigned mode;            /* of report files */
        unsigned redact;          /* CRASHPRE_REDACT: bits of enum redact (unwind/core/terms/redact.h) */
        unsigned wait_debugger_s; /* how long a crashed process waits for a debugger */
        uint64_t signals;         /* bit n - 1: signal n is watched */
        /* Report text may go to descriptor 2 if it is this file: that of descriptor 2 at load time, or that of
         * `crashpre run`. 0, 0: none. */
        dev_t stderr_dev;
        ino_t stderr_ino;
        dev_t stderr_tty;          /* number of the terminal or other device that it is at load time; 0: none */
        bool stderr_of_run;        /* CRASHPRE_RUN_STDERR is set */
        const char *dir;           /* absolute; "" unknown */
        const char *tmpdir;        /* $TMPDIR, "" unset */
        const char *helper;        /* CRASHPRE_HELPER, absolute; "": relative to the library (home.h) */
        struct redact_homes homes; /* $HOME, stored if paths are redacted */
        const char *argv0;         /* used if /proc is not available */
        /* The program that the loader was told to run ("ld.so ./app"): an address in it, and its path. 0, "": the kernel started it. */
        uint64_t program_at;
        const char *program;
        /* Addresses of the arrays that main() gets, of the kernel's block of "NAME=value" strings, and of the variable environ; 0:
         * unknown. The program may change all of them. */
        uint64_t argv, envp, env_start, env_end, environ_at;
        const char *note; /* lines about invalid values */
};

extern struct settings settings; /* written only by settings_load(), before any handler is installed; then read-only */

/* Reads the environment. `execfn`: AT_EXECFN of the auxiliary vector (getauxval(3)); 0: unknown. `program_at`: as above. Not async-signal-safe; allocates nothing: strings are copied to static memory, since programs
 * overwrite their environment (setproctitle) and change directory. */
void settings_load(char **argv, char **envp, uint64_t execfn, uint64_t program_at);

/* Returns a stored absolute path, so that a later chdir() does not change the file that is meant; "" if it cannot be determined.
 * Not async-signal-safe. */
const char *settings_absolute(const char *path);

#endif
