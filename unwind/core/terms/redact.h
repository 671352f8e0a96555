/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/redact.h: CRASHPRE_REDACT: the rules by which raw report and JSON report omit private data,
 * shared so that neither contains what the other omits.
 *
 * Signal context: async-signal-safe; allocates nothing.
 */
#ifndef CRASHPRE_UNWIND_CORE_REDACT_H
#define CRASHPRE_UNWIND_CORE_REDACT_H

#include <stddef.h>

/* Bits in the order of REDACT_WORDS. */
enum redact {
        REDACT_CMDLINE = 1,
        REDACT_ENV = 2,
        REDACT_MEMORY = 4, /* bytes of the program's memory, and the vector registers, through which memory is copied */
        REDACT_VARIABLES = 8,
        REDACT_PATHS = 16, /* home directories are replaced by ~, wherever they occur */
        REDACT_HOSTNAME = 32,
};

#define REDACT_WORDS "cmdline,env,memory,variables,paths,hostname"

enum { REDACT_HOMES = 2 };

/* The user's home directory as $HOME spells it, and its canonical path, where $HOME has symbolic links; NULL or "": unknown. */
struct redact_homes {
        const char *path[REDACT_HOMES];
};

/* Returns the length of a home directory that begins at s[at] and ends at the end of a path component; 0 if there is
 * none. Recognized are `homes` (may be NULL), /root, and directories directly below /home; repeated slashes and "/./" count as one
 * slash. Reads s[0] to s[len - 1]. */
size_t redact_home_at(const char *s, size_t len, size_t at, const struct redact_homes *homes);

/* The same for memory, where text has neighbours that do not belong to it: what precedes s[0] or follows the directory does not
 * matter. */
size_t redact_home_bytes(const char *s, size_t len, const struct redact_homes *homes);

#endif
