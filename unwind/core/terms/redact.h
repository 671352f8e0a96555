/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/redact.h: CRASHPRE_REDACT: what both the raw report and the JSON report leave out for privacy, and by
 * which rule, so that neither tells what the other does not.
 *
 * Signal context: async-signal-safe; no memory of its own.
 */
#ifndef CRASHPRE_UNWIND_CORE_REDACT_H
#define CRASHPRE_UNWIND_CORE_REDACT_H

#include <stddef.h>

/* Bits in the order of REDACT_WORDS. */
enum redact {
        REDACT_CMDLINE = 1,
        REDACT_ENV = 2,
        REDACT_MEMORY = 4, /* bytes of the program's memory, and the vector registers, through which it copies them */
        REDACT_VARIABLES = 8,
        REDACT_PATHS = 16, /* home directories become ~, wherever they stand */
        REDACT_HOSTNAME = 32,
};

#define REDACT_WORDS "cmdline,env,memory,variables,paths,hostname"

/* Length of a home directory that begins at s[at] and ends where a name of a directory does; 0 if none begins there. It
 * is `home` (NULL or "": not known), /root, or one below /home. Reads s[0] to s[len - 1]. */
size_t redact_home_at(const char *s, size_t len, size_t at, const char *home);

#endif
