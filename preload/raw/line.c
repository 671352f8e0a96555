/* SPDX-License-Identifier: MIT */
#include "preload/raw/line.h"
#include "preload/privacy/secrets.h"
#include "unwind/core/terms/str.h"

struct raw_writer raw;

static struct sigsafe_out *const out = &raw.out;

void rawline_key(enum raw_key key)
{
        sigsafe_str(out, raw_key_name(key));
        sigsafe_str(out, ": ");
}

void rawline_str(enum raw_key key, const char *trusted)
{
        rawline_key(key);
        sigsafe_str(out, trusted);
        sigsafe_char(out, '\n');
}

void rawline_text(enum raw_key key, const char *s, size_t n)
{
        rawline_key(key);
        sigsafe_text(out, s, n);
        sigsafe_char(out, '\n');
}

void rawline_path(enum raw_key key, const char *s, size_t n)
{
        rawline_key(key);
        sigsafe_path(out, s, n);
        sigsafe_char(out, '\n');
}

void rawline_dec(enum raw_key key, int64_t value)
{
        rawline_key(key);
        sigsafe_dec(out, value);
        sigsafe_char(out, '\n');
}

void rawline_hex(enum raw_key key, uint64_t value)
{
        if (privacy_in_block(&value, sizeof(value))) /* a pointer that was overwritten by a secret */
                return;
        rawline_key(key);
        sigsafe_hex(out, value);
        sigsafe_char(out, '\n');
}

void rawline_register(const char *name, uint64_t value)
{
        sigsafe_str(out, name);
        sigsafe_str(out, ": ");
        sigsafe_hex(out, value);
        sigsafe_char(out, '\n');
}

/* Converts days since 1970-01-01 to a civil date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
 * 2014). */
struct civil {
        unsigned year, month, day, hour, minute, second;
};

static struct civil civil_from_seconds(int64_t t)
{
        int64_t days = t / 86400 + 719468, rest = t % 86400, era = days / 146097;
        unsigned doe = (unsigned)(days - era * 146097), yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
        struct civil c = { (unsigned)(yoe + era * 400), mp < 10 ? mp + 3 : mp - 9,  doy - (153 * mp + 2) / 5 + 1,
                           (unsigned)(rest / 3600),     (unsigned)(rest / 60 % 60), (unsigned)(rest % 60) };

        if (c.month <= 2)
                c.year++;
        return c;
}

void rawline_utc(char *buf, size_t size, size_t *at, int64_t sec, int64_t nsec, const char *in_date,
                 const char *in_time)
{
        struct civil t = civil_from_seconds(sec);
        const struct {
                unsigned value, width;
                const char *after;
        } part[] = {
                { t.year, 4, in_date },
                { t.month, 2, in_date },
                { t.day, 2, "T" },
                { t.hour, 2, in_time },
                { t.minute, 2, in_time },
                { t.second, 2, "." },
                { (unsigned)(nsec / 1000), 6, "Z" },
        };

        for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
                str_cat_dec(buf, size, at, part[i].value, part[i].width);
                str_cat(buf, size, at, part[i].after);
        }
}

void rawline_time(int64_t sec, int64_t nsec)
{
        char text[40];
        size_t at = 0;

        rawline_utc(text, sizeof(text), &at, sec, nsec, "-", ":");
        sigsafe_str(out, text);
}
