/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/secret.h"

#include "unwind/core/terms/str.h"

static char upper(char c)
{
        return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Whether name[at] begins `word`, which is in capitals, in any case. */
static bool has_at(const char *name, size_t len, size_t at, const char *word)
{
        size_t i = 0;

        while (word[i] && at + i < len && upper(name[at + i]) == word[i])
                i++;
        return !word[i];
}

bool secret_has_name(const char *name, size_t len)
{
        for (size_t at = 0; at < len; at++)
                if (has_at(name, len, at, "KEY") || has_at(name, len, at, "TOKEN") || has_at(name, len, at, "SECRET") ||
                    has_at(name, len, at, "PASS"))
                        return true;
        return false;
}

bool secret_is_metadata(const char *key, size_t len)
{
        for (size_t at = 0; at < len; at++)
                if (has_at(key, len, at, "TOKEN") || has_at(key, len, at, "SECRET") || has_at(key, len, at, "PASSW") ||
                    has_at(key, len, at, "APIKEY") || has_at(key, len, at, "API_KEY") ||
                    has_at(key, len, at, "PRIVATE_KEY") || has_at(key, len, at, "ACCESS_KEY"))
                        return true;
        return false;
}

/* CRASHPRE_META_name is metadata, under that name. */
static bool is_secret_variable(const char *name, size_t len)
{
        static const char prefix[] = "CRASHPRE_META_";
        const size_t n = sizeof(prefix) - 1;

        return len > n && str_item_is(name, n, prefix) ? secret_is_metadata(name + n, len - n)
                                                       : secret_has_name(name, len);
}

const char *secret_of_entry(const char *entry, size_t entry_len, size_t *len)
{
        size_t name = 0;

        while (name < entry_len && entry[name] != '=')
                name++;
        if (name == entry_len || !is_secret_variable(entry, name))
                return NULL;
        *len = entry_len - name - 1;
        return entry + name + 1;
}

static bool begins(const char *text, size_t len, const char *value, size_t value_len)
{
        if (len < value_len)
                return false;
        for (size_t i = 0; i < value_len; i++)
                if (text[i] != value[i])
                        return false;
        return true;
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!is_alphanumeric(text[i]) || is_digit(text[i]) != is_digit(text[0]))
                        return false;
        return true;
}

static bool is_word(const char *text, size_t len, size_t at, size_t n)
{
        return !(at && is_alphanumeric(text[at - 1])) && !(at + n < len && is_alphanumeric(text[at + n]));
}

static void add(struct secrets *s, const char *text, size_t len)
{
        unsigned char first = (unsigned char)text[0];

        for (size_t i = 0; i < s->n; i++)
                if (s->v[i].len == len && begins(text, len, s->v[i].text, len))
                        return;
        if (s->n == s->room) {
                s->incomplete = true;
                return;
        }
        s->v[s->n++] = (struct secret){ text, len, is_plain(text, len) };
        s->begins[first / 64] |= 1ull << (first % 64);
}

void secrets_add(struct secrets *s, const char *text, size_t len)
{
        size_t start = 0;

        if (len < SECRET_MIN)
                return;
        add(s, text, len);
        for (size_t i = 0; i <= len; i++) {
                if (i < len && text[i] != '\n')
                        continue;
                if (i - start >= SECRET_MIN_LINE && i - start < len)
                        add(s, text + start, i - start);
                start = i + 1;
        }
}

static bool may_begin(const struct secrets *s, char c)
{
        return s->begins[(unsigned char)c / 64] >> ((unsigned char)c % 64) & 1;
}

size_t secrets_at(const struct secrets *s, const char *text, size_t len, size_t at, size_t min)
{
        size_t left = len - at, longest = 0;

        if (at >= len || !may_begin(s, text[at]))
                return 0;
        for (size_t i = 0; i < s->n; i++) {
                const struct secret *v = &s->v[i];
                size_t n = v->len < left ? v->len : left;
                bool fits = !v->plain || (n >= min && (n >= SECRET_MIN_PART || is_word(text, len, at, n)));
                bool whole = n == v->len && fits;

                if (n > longest && (whole || n >= SECRET_PIECE) && begins(text + at, left, v->text, n))
                        longest = n;
        }
        return longest;
}

/* Whether `piece` of `n` bytes occurs in a value. */
static bool is_piece(const struct secrets *s, const char *piece, size_t n)
{
        for (size_t i = 0; i < s->n; i++)
                for (size_t at = 0; at + n <= s->v[i].len; at++)
                        if (begins(s->v[i].text + at, n, piece, n))
                                return true;
        return false;
}

/* A value contains no NUL, which most of a register block consists of: few pieces are looked up. */
bool secrets_in_block(const struct secrets *s, const void *block, size_t n)
{
        const char *bytes = block;
        size_t run = 0;

        for (size_t i = 0; s->n && i < n; i++) {
                run = bytes[i] ? run + 1 : 0;
                if (run >= SECRET_PIECE && is_piece(s, bytes + i + 1 - SECRET_PIECE, SECRET_PIECE))
                        return true;
                if (!may_begin(s, bytes[i]))
                        continue;
                for (size_t k = 0; k < s->n; k++)
                        if (s->v[k].len < SECRET_PIECE && begins(bytes + i, n - i, s->v[k].text, s->v[k].len))
                                return true;
        }
        return false;
}

/* Replaces `from` bytes at text[at] by the mark; returns the new length of the text. */
static size_t put_mark(char *text, size_t size, size_t len, size_t at, size_t from)
{
        size_t to = sizeof(SECRET_WITHHELD) - 1, n = len - at - from;

        if (at + to >= size)
                to = size - 1 - at;
        if (n > size - 1 - at - to)
                n = size - 1 - at - to;
        if (to <= from)
                for (size_t i = 0; i < n; i++)
                        text[at + to + i] = text[at + from + i];
        else
                for (size_t i = n; i--;)
                        text[at + to + i] = text[at + from + i];
        for (size_t i = 0; i < to; i++)
                text[at + i] = SECRET_WITHHELD[i];
        text[at + to + n] = 0;
        return at + to + n;
}

bool secrets_replace(const struct secrets *s, char *text, size_t size)
{
        size_t len = str_len(text);
        bool any = false;

        for (size_t at = 0; at < len; at++) {
                size_t n = secrets_at(s, text, len, at, SECRET_MIN);

                if (!n)
                        continue;
                any = true;
                len = put_mark(text, size, len, at, n);
                at += sizeof(SECRET_WITHHELD) - 2;
        }
        return any;
}
