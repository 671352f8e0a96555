/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/settings_table.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"

#define PREFIX "CRASHPRE_"
#define NAME_MAX_LEN 64
#define VALUE_SHOWN 64 /* bytes of an invalid value quoted in the message */
#define MESSAGE_MAX 512

/* A string that fills its array would have no NUL, without a warning. */
#define SETTING_FITS(id, type, least, greatest, otherwise, list, who)                                       \
        _Static_assert(sizeof(#id) <= sizeof(settings_table[0].name), "the name of a setting is too long"); \
        _Static_assert(sizeof(list) <= sizeof(settings_table[0].words), "the words of a setting are too long");
SETTINGS(SETTING_FITS)
#undef SETTING_FITS

const struct setting settings_table[SETTING_COUNT] = {
#define SETTING_ROW(id, type, least, greatest, otherwise, list, who) \
        [SETTING_##id] = { .name = #id,                              \
                           .words = list,                            \
                           .min = (least),                           \
                           .max = (greatest),                        \
                           .fallback = (otherwise),                  \
                           .kind = SETTING_KIND_##type,              \
                           .readers = SETTING_BY_##who },
        SETTINGS(SETTING_ROW)
#undef SETTING_ROW
};

/* ---- values ---- */

static bool parse_number(const struct setting *s, const char *value, unsigned base, uint64_t *out)
{
        uint64_t v = 0;

        for (const char *p = value; *p; p++) {
                unsigned digit = (unsigned)*p - '0';

                if (digit >= base)
                        return false;
                v = v * base + digit;
                if (v > s->max)
                        return false;
        }
        *out = v;
        return *value && v >= s->min;
}

/* Returns the index of a word in a comma-separated list, -1 if it is not in it. */
static int word_index(const char *words, const char *item, size_t len)
{
        const char *word;
        size_t word_len;

        for (int i = 0; str_list_next(&words, &word, &word_len); i++) {
                size_t n = 0;

                while (n < len && n < word_len && item[n] == word[n])
                        n++;
                if (n == len && n == word_len)
                        return i;
        }
        return -1;
}

static bool parse_word(const struct setting *s, const char *value, uint64_t *out)
{
        int i = word_index(s->words, value, str_len(value));

        *out = (uint64_t)i;
        return i >= 0;
}

static bool parse_word_list(const struct setting *s, const char *value, uint64_t *out)
{
        const char *item;
        bool good = true;
        size_t len;

        *out = 0;
        while (str_list_next(&value, &item, &len)) {
                int i = word_index(s->words, item, len);

                if (i >= 0)
                        *out |= UINT64_C(1) << i;
                good &= i >= 0;
        }
        return good;
}

/* Returns the bit of a signal, given its name with or without SIG; 0: unknown, or a signal whose default action does
 * not end the process or that cannot be caught (signal(7)). */
static uint64_t signal_bit(const char *name, size_t len)
{
        const uint64_t harmless = SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) |
                                  SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) |
                                  SIGNAL_BIT(SIGTTOU);
        const uint64_t uncaught = SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP);

        if (len > 3 && str_item_is(name, 3, "SIG")) {
                name += 3;
                len -= 3;
        }
        for (int sig = 1; sig < 32; sig++) {
                const char *known = signames_signal(sig);

                if (known && str_item_is(name, len, known + 3))
                        return SIGNAL_BIT(sig) & ~(harmless | uncaught);
        }
        return 0;
}

static bool parse_signals(const struct setting *s, const char *value, uint64_t *out)
{
        const char *item;
        size_t len;

        *out = 0;
        while (str_list_next(&value, &item, &len)) {
                bool adds = item[0] == '+';
                uint64_t bit = signal_bit(item + adds, len - adds);

                if (!bit)
                        return false;
                *out |= bit | (adds ? s->fallback : 0);
        }
        return *out != 0;
}

/* Parses decimal digits up to the character `end`. Returns what follows it, NULL if they are malformed. */
static const char *parse_u64(const char *s, char end, uint64_t *out)
{
        const char *begin = s;

        for (*out = 0; *s >= '0' && *s <= '9'; s++)
                if (__builtin_mul_overflow(*out, 10u, out) || __builtin_add_overflow(*out, (uint64_t)(*s - '0'), out))
                        return NULL;
        return s != begin && *s == end ? s + 1 : NULL;
}

bool setting_parse_file(const char *value, uint64_t *dev, uint64_t *ino)
{
        const char *rest = parse_u64(value, ':', dev);

        return rest && parse_u64(rest, 0, ino);
}

static bool parse_file(const char *value, uint64_t *out)
{
        uint64_t dev, ino;

        *out = 0;
        return setting_parse_file(value, &dev, &ino);
}

bool setting_evaluate(const struct setting *s, const char *value, uint64_t *out)
{
        bool good = true;

        switch (s->kind) {
        case SETTING_KIND_NUMBER:
                good = parse_number(s, value, 10, out);
                break;
        case SETTING_KIND_OCTAL:
                good = parse_number(s, value, 8, out);
                break;
        case SETTING_KIND_WORD:
                good = parse_word(s, value, out);
                break;
        case SETTING_KIND_WORD_LIST:
                return parse_word_list(s, value, out);
        case SETTING_KIND_SIGNALS:
                good = parse_signals(s, value, out);
                break;
        case SETTING_KIND_FILE:
                good = parse_file(value, out);
                break;
        default:
                *out = 0;
        }
        if (!good)
                *out = s->fallback;
        return good;
}

/* ---- messages ---- */

struct message {
        char text[MESSAGE_MAX];
        size_t at;
};

static void add(struct message *m, const char *s)
{
        str_cat(m->text, sizeof(m->text), &m->at, s);
}

/* Formats "none, brief, full or json". */
static void add_words(struct message *m, const char *words)
{
        const char *word;
        size_t len;

        for (bool first = true; str_list_next(&words, &word, &len); first = false) {
                if (!first)
                        add(m, *words ? ", " : " or ");
                str_cat_item(m->text, sizeof(m->text), &m->at, word, len);
        }
}

static void add_octal(struct message *m, uint32_t value)
{
        char digits[12];
        unsigned n = sizeof(digits) - 1;

        digits[n] = 0;
        do
                digits[--n] = (char)('0' + value % 8);
        while ((value /= 8) && n);
        add(m, digits + n);
}

static void add_expected(struct message *m, const struct setting *s)
{
        switch (s->kind) {
        case SETTING_KIND_NUMBER:
                add(m, "a number from ");
                str_cat_dec(m->text, sizeof(m->text), &m->at, s->min, 1);
                add(m, " to ");
                str_cat_dec(m->text, sizeof(m->text), &m->at, s->max, 1);
                break;
        case SETTING_KIND_OCTAL:
                add(m, "an octal mode from 0 to ");
                add_octal(m, s->max);
                break;
        case SETTING_KIND_SIGNALS:
                add(m, "a comma list of signals that end a process, as in SEGV,ABRT or +TERM");
                break;
        case SETTING_KIND_FILE:
                add(m, "the numbers device:inode of a file");
                break;
        case SETTING_KIND_WORD_LIST:
                add(m, "a comma list of ");
                add_words(m, s->words);
                break;
        default:
                add_words(m, s->words);
        }
}

static void report_invalid(const struct setting *s, const char *name, const char *value, setting_note *note, void *ctx)
{
        struct message m = { .at = 0 };

        add(&m, name);
        add(&m, "=");
        str_cat_item(m.text, sizeof(m.text), &m.at, value, str_len(value) < VALUE_SHOWN ? str_len(value) : VALUE_SHOWN);
        add(&m, ": expected ");
        add_expected(&m, s);
        add(&m, s->kind == SETTING_KIND_WORD_LIST ? "; the rest is used" : "; the default is used");
        note(ctx, name, m.text);
}

static void report(const char *name, const char *what, setting_note *note, void *ctx)
{
        struct message m = { .at = 0 };

        add(&m, name);
        add(&m, what);
        note(ctx, name, m.text);
}

/* ---- the environment ---- */

static const struct setting *find(const char *name, size_t len)
{
        for (unsigned i = 0; i < SETTING_COUNT; i++) {
                const struct setting *s = &settings_table[i];

                if (s->kind == SETTING_KIND_PREFIX ? len > str_len(s->name) && str_begins(name, s->name)
                                                   : str_item_is(name, len, s->name))
                        return s;
        }
        return NULL;
}

static void apply(const struct setting *s, const char *name, const char *value, struct setting_values *out,
                  setting_note *note, void *ctx)
{
        const long id = s - settings_table;

        if (!*value)
                return;
        out->text[id] = value;
        if (!setting_evaluate(s, value, &out->number[id]) && note)
                report_invalid(s, name, value, note, ctx);
        else if (note && !s->readers && out->number[id] != s->fallback)
                report(name, ": this version does not implement it; it has no effect", note, ctx);
}

void settings_evaluate(char *const *envp, struct setting_values *out, setting_note *note, void *ctx)
{
        const size_t prefix = sizeof(PREFIX) - 1;

        for (unsigned i = 0; i < SETTING_COUNT; i++) {
                out->number[i] = settings_table[i].fallback;
                out->text[i] = NULL;
        }
        for (; envp && *envp; envp++) {
                const struct setting *s;
                char name[NAME_MAX_LEN];
                size_t len = 0, at = 0;

                if (!str_begins(*envp, PREFIX))
                        continue;
                while ((*envp)[len] && (*envp)[len] != '=')
                        len++;
                if (!(*envp)[len])
                        continue;
                str_cat_item(name, sizeof(name), &at, *envp, len);
                s = find(*envp + prefix, len - prefix);
                if (s)
                        apply(s, name, *envp + len + 1, out, note, ctx);
                else if (note)
                        report(name, ": no such setting", note, ctx);
        }
}
