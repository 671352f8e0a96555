/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/settings_table.h: the CRASHPRE_* variables: one table and one evaluator for library, helper and
 * command.
 *
 * Async-signal-safe, calls nothing of libc, allocates nothing; strings are borrowed from the environment that is
 * read. The table contains no pointers, so that it adds no relocations to the library.
 */
#ifndef CRASHPRE_UNWIND_CORE_SETTINGS_TABLE_H
#define CRASHPRE_UNWIND_CORE_SETTINGS_TABLE_H

#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/signames.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Which programs use a setting. NONE: this version does not implement it, which is reported if it is set. */
enum setting_reader { SETTING_BY_NONE = 0, SETTING_BY_LIBRARY = 1, SETTING_BY_HELPER = 2, SETTING_BY_TESTS = 4 };

enum setting_kind {
        SETTING_KIND_TEXT,
        SETTING_KIND_NUMBER, /* decimal digits only */
        SETTING_KIND_OCTAL,  /* octal digits only */
        SETTING_KIND_WORD,   /* the value is the index of the word */
        /* comma-separated list; bit n of the value is word n. The valid words of an invalid list are used, because such
         * a list names what must not be shown. */
        SETTING_KIND_WORD_LIST,
        /* comma-separated list of signals that end a process; the value has SIGNAL_BIT() of each. "+NAME" adds to the
         * default. */
        SETTING_KIND_SIGNALS,
        SETTING_KIND_FILE,   /* "device:inode", decimal: setting_parse_file() */
        SETTING_KIND_PREFIX, /* text; the variable's name is longer */
};

#define SETTING_SIGNALS_DEFAULT                                                                                     \
        (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGABRT) | \
         SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGSYS))

/* Name without "CRASHPRE_", kind, minimum, maximum, default, words, readers. */
#define SETTINGS(X)                                                                                     \
        X(DIR, TEXT, 0, 0, 0, "", LIBRARY)                                                              \
        X(MODE, OCTAL, 0, 0777, 0600, "", LIBRARY | SETTING_BY_HELPER)                                  \
        X(ENABLED, WORD, 0, 0, 1, "0,1", LIBRARY)                                                       \
        X(SIGNALS, SIGNALS, 0, 0, SETTING_SIGNALS_DEFAULT, "", LIBRARY)                                 \
        X(STDERR, WORD, 0, 0, SETTING_STDERR_FULL, "none,brief,full,json", LIBRARY | SETTING_BY_HELPER) \
        X(TIMEOUT, NUMBER, 1, 86400, 30, "", LIBRARY | SETTING_BY_HELPER)                               \
        X(CHAIN, WORD, 0, 0, SETTING_CHAIN_LAST, "last,first", LIBRARY)                                 \
        X(MAX_FRAMES, NUMBER, 2, 1000000, 256, "", LIBRARY | SETTING_BY_HELPER)                         \
        X(MAX_REPORTS, NUMBER, 0, 1000000000, 1000, "", HELPER)                                         \
        X(ONLY, TEXT, 0, 0, 0, "", LIBRARY)                                                             \
        X(SKIP, TEXT, 0, 0, 0, "", LIBRARY)                                                             \
        X(STACK_KB, NUMBER, 0, 1048576, 0, "", NONE)                                                    \
        X(CORE, WORD, 0, 0, 0, "none,stack,stacks,full", NONE)                                          \
        X(MINIDUMP, WORD, 0, 0, 0, "0,1", NONE)                                                         \
        X(VARIABLES, WORD, 0, 0, 0, "0,1", NONE)                                                        \
        X(SOURCE, NUMBER, 0, 1000, 3, "", HELPER)                                                       \
        X(THROW_SITES, WORD, 0, 0, 0, "0,1", LIBRARY)                                                   \
        X(ENV, TEXT, 0, 0, 0, "", HELPER)                                                               \
        X(REDACT, WORD_LIST, 0, 0, 0, REDACT_WORDS, LIBRARY | SETTING_BY_HELPER)                        \
        X(META_, PREFIX, 0, 0, 0, "", LIBRARY)                                                          \
        X(MAX_MB, NUMBER, 0, 1000000000, 0, "", NONE)                                                   \
        X(THREAD_ORIGINS, WORD, 0, 0, 0, "0,1", NONE)                                                   \
        X(ON_REPORT, TEXT, 0, 0, 0, "", HELPER)                                                         \
        X(WAIT_DEBUGGER, NUMBER, 0, 86400, 0, "", LIBRARY | SETTING_BY_HELPER)                          \
        X(DEBUG_DIR, TEXT, 0, 0, 0, "", HELPER)                                                         \
        X(DEBUGINFOD, WORD, 0, 0, 0, "0,1", NONE)                                                       \
        X(HELPER, TEXT, 0, 0, 0, "", LIBRARY)                                                           \
        X(RUN_STDERR, FILE, 0, 0, 0, "", LIBRARY)                                                       \
        X(TEST_, PREFIX, 0, 0, 0, "", TESTS)

enum setting_id {
#define SETTING_ID(name, ...) SETTING_##name,
        SETTINGS(SETTING_ID)
#undef SETTING_ID
                SETTING_COUNT
};

enum setting_stderr { SETTING_STDERR_NONE, SETTING_STDERR_BRIEF, SETTING_STDERR_FULL, SETTING_STDERR_JSON };
enum setting_chain { SETTING_CHAIN_LAST, SETTING_CHAIN_FIRST };

struct setting {
        char name[16]; /* without "CRASHPRE_" */
        char words[56];
        uint32_t min, max, fallback;
        uint8_t kind, readers;
};

extern const struct setting settings_table[SETTING_COUNT];

/* The settings of an environment: `number` is the default unless a valid value is set; `text` is NULL if the variable
 * is unset or empty. */
struct setting_values {
        uint64_t number[SETTING_COUNT];
        const char *text[SETTING_COUNT];
};

/* Receives a message about a variable: "CRASHPRE_X=y: expected …; the default is used". Both strings are borrowed
 * until the call returns. */
typedef void setting_note(void *ctx, const char *name, const char *message);

/* Evaluates one value. Returns false if it is malformed or out of range; *out is then the default (for a WORD_LIST:
 * its valid words). */
bool setting_evaluate(const struct setting *s, const char *value, uint64_t *out);

/* Parses "device:inode", st_dev and st_ino of a file. Returns false if it is malformed. */
bool setting_parse_file(const char *value, uint64_t *dev, uint64_t *ino);

/* Reads the variables of `envp` (NULL: none); empty ones count as unset. Calls `note` (NULL: none) for each that is
 * invalid, has no effect in this version, or does not exist. */
void settings_evaluate(char *const *envp, struct setting_values *out, setting_note *note, void *ctx);

#endif
