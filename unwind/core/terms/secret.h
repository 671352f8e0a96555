/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/secret.h: values that no report contains: those of environment variables whose names look like secrets. The
 * rules are shared, so that neither the raw report nor the JSON report contains what the other withholds.
 *
 * Signal context: async-signal-safe; allocates nothing.
 */
#ifndef CRASHPRE_UNWIND_CORE_SECRET_H
#define CRASHPRE_UNWIND_CORE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_WITHHELD "[withheld]"

enum {
        SECRET_MIN = 4, /* shorter values are not searched for: PASS=1 would remove every 1 */
        SECRET_MIN_NAME =
                12, /* plain values in names of files, functions and the like, which are not the program's data */
        SECRET_MIN_PART = 12, /* shorter plain values are found as words only: "root" not in "roots" */
        SECRET_MIN_LINE = 16, /* lines of a longer value, such as a private key */
        SECRET_PIECE = 8,     /* bytes of a value that identify it in registers */
};

struct secret {
        const char *text;
        size_t len;
        bool plain; /* letters only, or digits only: may be a word of the language (PASSWORD=test), which occurs anywhere */
};

/* A set of values, filled by secrets_add(). Begins as { .v = array, .room = elements }. */
struct secrets {
        struct secret *v;
        size_t n, room;
        bool incomplete;    /* a value found no room */
        uint64_t begins[4]; /* bit c: a value begins with byte c */
};

/* Whether a variable of that name looks like a secret: contains KEY, TOKEN, SECRET or PASS, in any case. */
bool secret_has_name(const char *name, size_t len);

/* Whether a key of metadata does, which the program has chosen for a report: TOKEN, SECRET, PASSW, API_KEY, APIKEY, PRIVATE_KEY or
 * ACCESS_KEY; "cache_key" is none. */
bool secret_is_metadata(const char *key, size_t len);

/* If `entry` is "NAME=value" with such a name, returns the value and sets *len to its length; else NULL. */
const char *secret_of_entry(const char *entry, size_t entry_len, size_t *len);

/* Adds a value, which is borrowed; one that is too short or contained in the set already is ignored. Of a value of several lines,
 * the longer lines are values, too. */
void secrets_add(struct secrets *s, const char *text, size_t len);

/* Returns how many bytes at s[at] are to be withheld: the length of the longest value that begins there, or
 * of the beginning of one with which the text ends (it was truncated); 0 if there is none. A plain value has `min` bytes at least
 * and, below SECRET_MIN_PART, no letter or digit beside it. Reads s[0] to s[len - 1]. */
size_t secrets_at(const struct secrets *s, const char *text, size_t len, size_t at, size_t min);

/* Whether a block contains SECRET_PIECE consecutive bytes of a value, or a whole shorter one: copies through registers. */
bool secrets_in_block(const struct secrets *s, const void *block, size_t n);

/* Replaces values in a NUL-terminated text in a buffer of `size` bytes by SECRET_WITHHELD. A text that becomes too long is truncated.
 * Returns whether there were any. */
bool secrets_replace(const struct secrets *s, char *text, size_t size);

#endif
