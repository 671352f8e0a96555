/* SPDX-License-Identifier: MIT */
/* report/runtime/last_words.c: the table of functions, and how the message is found in each. */
#include "report/runtime/last_words.h"

#include "report/model/names.h"
#include "report/runtime/go_panic.h"
#include "report/runtime/live_frame.h"
#include "report/runtime/rust_panic.h"
#include "unwind/core/cfi/arch_unwind.h"
#include "unwind/core/image/dynsym.h"
#include "unwind/target/modules.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#define DEPTH 40 /* frames, inlined ones included */

/* ---- GLib ---- */

/* glib/gtestutils.c: g_assertion_message() copies its message there, "so that it can be found in a core dump". */
static const char *glib_assertion(const struct live_frame *f)
{
        struct cfi_space space = modules_space(f->t);
        struct dynsym symbol;
        uint64_t at;

        if (f->module < 0 || dynsym_find(&space, &f->t->modules.v[f->module].image, "__glib_assert_msg", &symbol) ||
            !live_word(f, symbol.addr, &at) || !at)
                return NULL;
        return live_string(f, at);
}

/* glib/gmessages.c: g_logv() frees the formatted message after the fatal signal, so it has its address. NULL if more than one address is
 * that of a text on the heap. */
static const char *glib_message(const struct live_frame *f)
{
        const char *found = NULL, *s;
        uint64_t at = 0;
        size_t i;

        for (i = 0; i < f->value_count; i++) {
                if (f->values[i] == at || !live_is_data(f, f->values[i]) || !(s = live_string(f, f->values[i])))
                        continue;
                if (found)
                        return NULL;
                found = s;
                at = f->values[i];
        }
        return found;
}

/* glib/gmessages.c: an array of GLogField (key, value, length of the value or -1), one of which is the message. */
static const char *glib_fields(const struct live_frame *f)
{
        const char *s = NULL;
        size_t i;

        for (i = f->stack; i + 2 < f->value_count && !s; i++) {
                const char *key = live_is_constant(f, f->values[i]) ? live_string(f, f->values[i]) : NULL;
                int64_t len = (int64_t)f->values[i + 2];

                if (key && !strcmp(key, "MESSAGE"))
                        s = len < 0 ? live_string(f, f->values[i + 1]) : live_text(f, f->values[i + 1], (uint64_t)len);
        }
        return s;
}

/* ---- Qt ---- */

/* UTF-16 as UTF-8. */
static const char *utf16(const struct live_frame *f, uint64_t at, uint64_t len)
{
        static uint16_t units[LIVE_STRING_MAX];
        char *out, *o;
        size_t i;

        if (!len || len > LIVE_STRING_MAX || target_read(f->t, at, units, (size_t)len * 2))
                return NULL;
        o = out = pool_alloc(&f->report->pool, (size_t)len * 3 + 1);
        for (i = 0; i < len; i++) {
                uint32_t c = units[i];

                if (c >= 0xd800 && c < 0xdc00 && i + 1 < len && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000)
                        c = 0x10000 + ((c - 0xd800) << 10) + (units[++i] - 0xdc00u);
                if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f || (c >= 0xd800 && c < 0xe000))
                        return NULL;
                if (c < 0x80) {
                        *o++ = (char)c;
                } else if (c < 0x800) {
                        *o++ = (char)(0xc0 | c >> 6);
                        *o++ = (char)(0x80 | (c & 0x3f));
                } else {
                        if (c >= 0x10000)
                                *o++ = (char)(0xf0 | c >> 18);
                        *o++ = (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12);
                        *o++ = (char)(0x80 | (c >> 6 & 0x3f));
                        *o++ = (char)(0x80 | (c & 0x3f));
                }
        }
        return out;
}

/* A QString. Qt 5 (qarraydata.h): the address of { int ref, size; uint alloc; qptrdiff offset }, the text at that offset. Qt 6
 * (qarraydatapointer.h): { header, text, size }, with the text behind a header of { int ref; flags; qsizetype alloc }. */
static const char *qstring(const struct live_frame *f, const uint64_t *w, size_t left)
{
        struct {
                int32_t ref, size;
                uint32_t alloc, unused;
                int64_t offset;
        } five;
        struct {
                int32_t ref, flags;
                int64_t alloc;
        } six;

        if (w[0] & 7 || !live_is_data(f, w[0]))
                return NULL;
        if (!target_read(f->t, w[0], &five, sizeof(five)) && five.ref > 0 && five.ref < 1000 && five.size > 0 &&
            five.offset == sizeof(five) && (five.alloc & 0x7fffffff) >= (uint32_t)five.size)
                return utf16(f, w[0] + sizeof(five), (uint64_t)five.size);
        if (left >= 3 && w[1] == w[0] + sizeof(six) && !target_read(f->t, w[0], &six, sizeof(six)) && six.ref > 0 &&
            six.ref < 1000 && six.alloc >= (int64_t)w[2] && six.alloc <= LIVE_STRING_MAX * 4)
                return utf16(f, w[1], w[2]);
        return NULL;
}

/* ---- variable arguments ---- */

/* One conversion of printf(3), without what takes its width from an argument. Returns its length in `format`, 0: another form. */
static size_t conversion(const char *format, char spec[16])
{
        size_t n = 1 + strspn(format + 1, "#0- +'123456789.");

        n += strspn(format + n, "hlqjzt");
        if (!format[n] || !strchr("diouxXcspfFeEgGaA", format[n]) || n + 2 > 16)
                return 0;
        memcpy(spec, format, n + 1);
        spec[n + 1] = 0;
        return n + 1;
}

static const char *converted(const struct live_frame *f, struct arch_va *va, const char *spec)
{
        struct pool *pool = &f->report->pool;
        char kind = spec[strlen(spec) - 1];
        bool is_double = strchr("fFeEgGaA", kind) != NULL;
        uint64_t word = 0;
        double number;
        const char *s;

        if (!live_word(f, arch_va_next(va, is_double), &word))
                return NULL;
        memcpy(&number, &word, sizeof(number));
        if (is_double)
                return pool_printf(pool, "%g", number);
        if (kind == 's') {
                s = word ? live_string(f, word) : "(null)";
                return s ? s : "";
        }
        if (kind == 'c')
                return pool_printf(pool, "%c", word >= ' ' && word < 0x7f ? (int)word : '?');
        if (kind == 'd' || kind == 'i')
                return strpbrk(spec, "lqjzt") ? pool_printf(pool, "%" PRId64, (int64_t)word)
                                              : pool_printf(pool, "%" PRId32, (int32_t)word);
        if (!strpbrk(spec, "lqjzt") && kind != 'p')
                word = (uint32_t)word;
        return kind == 'u' ? pool_printf(pool, "%" PRIu64, word)
                           : pool_printf(pool, kind == 'p' || strchr(spec, '#') ? "0x%" PRIx64 : "%" PRIx64, word);
}

/* The text of a function like printf(3): its format is a constant that the caller passes as argument `named` - 1, its arguments are those of the
 * va_list in its frame. */
static const char *printed(const struct live_frame *f, const struct live_frame *caller, unsigned named)
{
        struct cfi_space space = modules_space(f->t);
        const char *format, *text = "", *part;
        struct arch_va va;
        uint64_t at;
        size_t i, n;
        char spec[16];

        if (!arch_near_constant(&space, caller->pc, named - 1, &at) || !live_is_constant(f, at) ||
            !(format = live_string(f, at)))
                return NULL;
        for (i = f->stack; i + 2 < f->value_count && !arch_va_begin(f->values + i, f->sp, f->end, named, &va); i++)
                ;
        if (i + 2 >= f->value_count)
                return strchr(format, '%') ? NULL : format;
        for (; *format; format += n) {
                n = strcspn(format, "%");
                part = pool_strndup(&f->report->pool, format, n);
                if (!n && format[1] == '%') {
                        part = "%";
                        n = 2;
                } else if (!n && ((n = conversion(format, spec)) == 0 || !(part = converted(f, &va, spec)))) {
                        return NULL;
                }
                text = pool_printf(&f->report->pool, "%s%s", text, part);
        }
        return text;
}

/* qlogging.cpp: QMessageLogger::fatal(this, format, ...) keeps the message in a QString, which is empty again in Qt 5. */
static const char *qt_message(const struct live_frame *f, const struct live_frame *caller)
{
        const char *s = NULL;
        size_t i;

        for (i = 0; i < f->value_count && !s; i++)
                s = qstring(f, f->values + i, f->value_count - i);
        return s || !caller ? s : printed(f, caller, 2);
}

static const char *caml_fatal(const struct live_frame *f, const struct live_frame *caller)
{
        return caller ? printed(f, caller, 1) : NULL;
}

/* ---- a text that is recognized by its form ---- */

/* Searches [at, at + len) for a line in the form of `glob`. */
static const char *line_in(const struct live_frame *f, uint64_t at, size_t len, const char *glob)
{
        static char bytes[32768];
        size_t i, n;

        if (len > sizeof(bytes) - 1)
                len = sizeof(bytes) - 1;
        while (len && target_read(f->t, at, bytes, len))
                len /= 2;
        for (i = 0; i < len; i += n + 1) {
                n = strcspn(bytes + i, "\n");
                if (n > len - i)
                        n = len - i;
                bytes[i + n] = 0;
                if (n > 16) {
                        const char *s = live_text(f, at + i, n);

                        if (s && !fnmatch(glob, s, 0))
                                return s;
                }
                n = strlen(bytes + i);
        }
        return NULL;
}

/* absl/base/internal/raw_logging.cc: the line is in an array of RawLogVA() when it aborts. */
static const char *absl_raw(const struct live_frame *f)
{
        return line_in(f, f->sp, (size_t)(f->end - f->sp), "\\[*: [0-9]*] RAW: *");
}

/* glog, src/logging.cc: "F20261201 10:20:30.123456  4242 file.cc:12] Check failed: ...", in the LogMessageData of the LogMessage, whose methods
 * have its address. absl/log has the same form without the year. */
static const char *glog_message(const struct live_frame *f)
{
        static const char form[] = "F[0-9][0-9][0-9][0-9]* [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9]* *[0-9] *:[0-9]*] *";
        const char *s = NULL;
        uint64_t w[8];
        size_t i, k;

        for (i = 0; i < f->value_count && i < 64 && !s; i++) {
                if (f->values[i] & 7 || !target_mapping(f->t, f->values[i]) ||
                    target_read(f->t, f->values[i], w, sizeof(w)))
                        continue;
                s = line_in(f, f->values[i], 32768, form);
                for (k = 0; k < 8 && !s; k++)
                        if (!(w[k] & 7) && live_is_data(f, w[k]))
                                s = line_in(f, w[k], 32768, form);
        }
        return s;
}

/* ---- constants in the code that called ---- */

/* The strings and the line that a failed check passes; `form` names the arguments: s a string, d a line, other characters are copied. */
static const char *constants(const struct live_frame *f, const struct live_frame *caller, const char *form)
{
        struct cfi_space space = modules_space(f->t);
        const char *text = "", *s;
        uint64_t a[4];

        if (!arch_constant_arguments(&space, caller->pc, a))
                return NULL;
        for (; *form; form++) {
                uint64_t value = form[0] == '%' ? a[form[1] - '1'] : 0;

                if (*form != '%') {
                        text = pool_printf(&f->report->pool, "%s%c", text, *form);
                        continue;
                }
                if (form[2] == 'd') {
                        text = pool_printf(&f->report->pool, "%s%" PRIu64, text, value);
                } else {
                        s = live_string(f, value);
                        if (!s)
                                return NULL;
                        text = pool_printf(&f->report->pool, "%s%s", text, s);
                }
                form += 2;
        }
        return text;
}

/* ---- the table ---- */

/* By names_plain(). `find`: from the function's frame; `find_called`: also from its caller's; `form`: from the constants of the caller. The
 * first line that finds something counts. */
static const struct {
        const char *function;
        const char *(*find)(const struct live_frame *f);
        const char *(*find_called)(const struct live_frame *f, const struct live_frame *caller);
        const char *form;
} table[] = {
        { "g_assertion_message*", glib_assertion, NULL, NULL },
        { "g_logv", glib_message, NULL, NULL },
        { "g_log_structured", glib_fields, NULL, NULL },
        { "g_log_structured_standard", glib_fields, NULL, NULL },
        { "g_log_structured_array", glib_fields, NULL, NULL },
        { "QMessageLogger::fatal", NULL, qt_message, NULL },
        { "qFatal", NULL, qt_message, NULL },
        { "qt_assert*", NULL, qt_message, NULL },
        { "absl::*RawLog*", absl_raw, NULL, NULL },
        { "google::LogMessage::*", glog_message, NULL, NULL },
        { "google::LogMessageFatal::*", glog_message, NULL, NULL },
        { "absl::*log_internal::LogMessage*", glog_message, NULL, NULL },
        { "runtime.gopanic", go_panic_message, NULL, NULL },
        { "core::panicking::panic_fmt", rust_panic_message, NULL, NULL },
        { "core::panicking::panic_nounwind_fmt*", rust_panic_message, NULL, NULL },
        { "core::panicking::panic_nounwind*", rust_panic_message, NULL, NULL },
        { "std::panicking::begin_panic*", rust_panic_message, NULL, NULL },
        { "*rust_begin_unwind", rust_panic_message, NULL, NULL },
        { "std::panicking::rust_panic_with_hook", rust_panic_message, NULL, NULL },
        /* boost/assert.hpp: (expression, function, file, line); with a message (expression, message, function, file) */
        { "boost::assertion_failed", NULL, NULL, "%3s:%4d: %2s: Assertion `%1s' failed." },
        { "boost::assertion::detail::assertion_failed_msg", NULL, NULL, "%4s: %3s: Assertion `%1s' failed: %2s" },
        /* caml/misc.h: caml_failed_assert (expression, file, line); caml_fatal_error (format, ...) */
        { "caml_failed_assert", NULL, NULL, "%2s:%3d: Assertion `%1s' failed." },
        { "caml_fatal_error", NULL, caml_fatal, NULL },
};

/* A function of the library that has no name, called by the known one, may have the data. */
static bool inner_frame(struct report *report, struct target *t, size_t index, const struct live_frame *f,
                        struct live_frame *out)
{
        return index && !report->threads[0].frames[index - 1].function && live_frame_read(report, t, index - 1, out) &&
               out->module == f->module;
}

static const char *words_at(struct report *report, struct target *t, size_t entry, size_t index)
{
        struct live_frame f, other;
        const char *s = NULL;

        if (!live_frame_read(report, t, index, &f))
                return NULL;
        if (table[entry].find)
                s = table[entry].find(&f);
        if (table[entry].find && !s && inner_frame(report, t, index, &f, &other))
                s = table[entry].find(&other);
        if (!table[entry].find && live_frame_read(report, t, index + 1, &other))
                s = table[entry].form ? constants(&f, &other, table[entry].form) : table[entry].find_called(&f, &other);
        return s;
}

const char *last_words(struct report *report, struct target *t, bool in_handler)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        const char *names[DEPTH], *s;
        size_t begin = 0, n, entry, i;

        while (in_handler && thread && begin < thread->frame_count && begin < DEPTH &&
               !thread->frames[begin++].signal_frame)
                ;
        for (n = begin; thread && n < thread->frame_count && n < DEPTH && !thread->frames[n].signal_frame; n++)
                names[n] = thread->frames[n].function ? names_plain(&report->pool, thread->frames[n].function) : "";
        for (entry = 0; thread && entry < sizeof(table) / sizeof(table[0]); entry++)
                for (i = begin; i < n; i++)
                        if (!fnmatch(table[entry].function, names[i], 0) && (s = words_at(report, t, entry, i)))
                                return s;
        return NULL;
}

/* Itanium C++ ABI, exception handling, 1.1: { uint64_t class; cleanup; private_1, private_2 }; the class is four characters of the vendor, then
 * four of the language. */
static const char *exception_class(const struct live_frame *f, uint64_t at)
{
        uint64_t class, cleanup;
        char name[9];
        size_t i, letters = 0;

        if (at & 7 || !live_word(f, at, &class) || !live_word(f, at + 8, &cleanup) ||
            (cleanup && !live_is_constant(f, cleanup)))
                return NULL;
        for (i = 0; i < 8; i++) {
                name[i] = (char)(class >> (56 - 8 * i));
                if (name[i] && (name[i] < ' ' || name[i] >= 0x7f) && i < 7)
                        return NULL;
                letters += name[i] != 0;
                if (!name[i])
                        name[i] = ' ';
        }
        for (name[8] = 0, i = 8; i && name[i - 1] == ' '; i--)
                name[i - 1] = 0;
        return letters >= 4 && strncmp(name + 4, "C++", 3) != 0 ? pool_strdup(&f->report->pool, name) : NULL;
}

const char *last_words_foreign(struct report *report, struct target *t)
{
        static const char *const unwinder[] = { "_Unwind_RaiseException", "_Unwind_Resume",
                                                "_Unwind_Resume_or_Rethrow" };
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        const char *class = NULL;
        struct live_frame f;
        size_t i, k;

        for (i = 0; thread && i < thread->frame_count && i < DEPTH && !class; i++)
                for (k = 0; k < sizeof(unwinder) / sizeof(unwinder[0]) && !class; k++) {
                        size_t value;

                        if (!thread->frames[i].function || strcmp(thread->frames[i].function, unwinder[k]) != 0 ||
                            !live_frame_read(report, t, i, &f))
                                continue;
                        for (value = 0; value < f.value_count && !class; value++)
                                class = exception_class(&f, f.values[value]);
                }
        return class;
}
