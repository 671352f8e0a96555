/* SPDX-License-Identifier: MIT */
#include "report/gather/source.h"

#include "report/model/utf8.h"
#include "unwind/target/clock.h"
#include "unwind/target/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Modification time of a module's own file. */
struct age {
        bool read, known;
        struct timespec changed;
        size_t newer; /* source files that changed after it */
        const char *first_newer;
};

struct text {
        char *bytes;
        size_t len;
        size_t *starts; /* of each line, and the end of the last */
        size_t lines;
        struct timespec changed;
};

struct job {
        struct report *report;
        const struct target *t;
        struct report_thread *thread;
        size_t around;
        struct age *ages; /* one per module */
        size_t used;      /* bytes of SOURCE_TOTAL_MAX used */
};

/* ---- files ---- */

static bool later(const struct timespec *a, const struct timespec *b)
{
        return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* The file of a deleted module is accessible only through its mapping: the file that now has the name may be another
 * build. */
static int open_module(const struct target *t, size_t index)
{
        const struct module *m = &t->modules.v[index];

        return m->deleted ? files_open_mapped_module(t, (int)index) : files_open(t, m->path);
}

static struct age *age_of(struct job *job, size_t module)
{
        struct age *age = &job->ages[module];
        struct stat st;
        int fd;

        if (age->read)
                return age;
        age->read = true;
        fd = open_module(job->t, module);
        if (fd < 0)
                return age;
        if (!files_stat(fd, &st)) {
                age->changed = st.st_mtim;
                age->known = true;
        }
        close(fd);
        return age;
}

static void find_lines(struct text *text)
{
        const char *end = text->bytes + text->len, *p, *newline;
        size_t n = 0;

        for (p = text->bytes; (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1)
                n++;
        text->lines = n + (p < end);
        text->starts = pool_malloc((text->lines + 1) * sizeof(*text->starts));
        for (p = text->bytes, n = 0; n < text->lines; n++) {
                text->starts[n] = (size_t)(p - text->bytes);
                newline = memchr(p, '\n', (size_t)(end - p));
                p = newline ? newline + 1 : end;
        }
        text->starts[n] = text->len;
}

static bool read_text(int fd, struct text *text)
{
        struct stat st;
        size_t size;
        ssize_t n;

        if (files_stat(fd, &st) || st.st_size <= 0 || (uint64_t)st.st_size > SOURCE_FILE_MAX)
                return false;
        size = (size_t)st.st_size;
        text->changed = st.st_mtim;
        text->bytes = pool_malloc(size);
        for (text->len = 0; text->len < size; text->len += (size_t)n) {
                n = files_pread(fd, text->bytes + text->len, size - text->len, (off_t)text->len);
                if (n <= 0)
                        break; /* it was truncated in the meantime, or cannot be read: use the bytes read so far */
        }
        find_lines(text);
        return true;
}

static bool load(const struct target *t, const char *path, struct text *text)
{
        int fd = files_open(t, path);
        bool good;

        memset(text, 0, sizeof(*text));
        if (fd < 0)
                return false;
        good = read_text(fd, text);
        close(fd);
        return good;
}

static void unload(struct text *text)
{
        free(text->bytes);
        free(text->starts);
}

/* ---- lines ---- */

/* Returns how many bytes of an overlong line are kept: whole characters. */
static size_t cut(const char *line, size_t len)
{
        size_t kept = SOURCE_LINE_MAX, back;

        for (back = 1; back <= 4; back++)
                if (((unsigned char)line[kept - back] & 0xc0) != 0x80) /* start of the last character */
                        return utf8_character(line + kept - back, len - (kept - back), NULL) > back ? kept - back
                                                                                                    : kept;
        return kept;
}

/* Returns line `i` as a string; it ends at a NUL, which a file that is not text may contain. */
static const char *get_line(struct pool *pool, const struct text *text, size_t i)
{
        const char *from = text->bytes + text->starts[i];
        size_t len = text->starts[i + 1] - text->starts[i], k;
        bool longer;
        char *line;

        len -= len && from[len - 1] == '\n';
        len -= len && from[len - 1] == '\r';
        longer = len > SOURCE_LINE_MAX;
        if (longer)
                len = cut(from, len);
        line = pool_strndup(pool, from, len);
        for (k = 0; k < len; k++)
                if (!line[k])
                        line[k] = '?';
        return longer ? pool_printf(pool, "%s...", line) : line;
}

static void fill_frame(struct job *job, struct report_frame *frame, const struct text *text)
{
        struct report_source *out = &frame->source;
        size_t own = (size_t)frame->line.v - 1, first, last, i;

        if (own >= text->lines) /* not the file it was compiled from */
                return;
        first = own > job->around ? own - job->around : 0;
        last = text->lines - own > job->around ? own + job->around : text->lines - 1;
        out->lines = pool_alloc(&job->report->pool, (last - first + 1) * sizeof(*out->lines));
        for (i = first; i <= last; i++) {
                const char *line = get_line(&job->report->pool, text, i);

                job->used += strlen(line) + 1;
                out->lines[out->line_count++] = line;
        }
        out->first_line = KNOWN_INT((int64_t)first + 1);
}

/* ---- frames ---- */

static bool wants(const struct job *job, const struct report_frame *frame)
{
        return frame->file && frame->file[0] == '/' && frame->line.known && frame->line.v > 0 && frame->module.known &&
               (uint64_t)frame->module.v < job->t->modules.n && (uint64_t)frame->module.v < job->report->module_count;
}

/* `last_newer`: the module most recently found to be older than this file. */
static void add_source(struct job *job, struct report_frame *frame, const struct text *text, struct age **last_newer)
{
        struct age *age = age_of(job, (size_t)frame->module.v);

        if (!age->known) {
                report_diagnose(job->report, "source",
                                "the file of %s is missing and cannot be compared with its sources, so they are not "
                                "shown",
                                job->report->modules[frame->module.v].path);
        } else if (!later(&text->changed, &age->changed)) {
                fill_frame(job, frame, text);
        } else if (*last_newer != age) {
                *last_newer = age;
                if (!age->newer++)
                        age->first_newer = frame->file;
        }
}

/* Fills all frames from `i` on that are in the same file, so that it is read once. */
static void fill_file(struct job *job, size_t i, bool *done)
{
        const char *path = job->thread->frames[i].file;
        struct age *last_newer = NULL;
        struct text text;
        bool loaded = load(job->t, path, &text);

        for (; i < job->thread->frame_count && job->used < SOURCE_TOTAL_MAX; i++) {
                struct report_frame *frame = &job->thread->frames[i];

                if (!wants(job, frame) || strcmp(frame->file, path))
                        continue;
                done[i] = true;
                if (loaded)
                        add_source(job, frame, &text, &last_newer);
        }
        unload(&text);
}

static void diagnose_newer(struct job *job)
{
        size_t i;

        for (i = 0; i < job->t->modules.n; i++) {
                const struct age *age = &job->ages[i];
                const char *module = job->report->modules[i].path;

                if (age->newer == 1)
                        report_diagnose(job->report, "source", "%s is newer than %s, so its lines are not shown",
                                        age->first_newer, module);
                else if (age->newer)
                        report_diagnose(job->report, "source",
                                        "%s and %zu more source files are newer than %s, so their lines are not shown",
                                        age->first_newer, age->newer - 1, module);
        }
}

void source_fill(struct report *report, const struct target *t, struct report_thread *thread, size_t around,
                 uint64_t deadline_ns)
{
        struct job job = { .report = report, .t = t, .thread = thread, .around = around };
        bool *done = pool_alloc(&report->pool, thread->frame_count + 1);
        size_t i;

        if (report->module_count < t->modules.n)
                return;
        job.ages = pool_alloc(&report->pool, (t->modules.n + 1) * sizeof(*job.ages));
        for (i = 0; i < thread->frame_count && job.used < SOURCE_TOTAL_MAX; i++) {
                if (done[i] || !wants(&job, &thread->frames[i]))
                        continue;
                if (deadline_ns && clock_now_ns() >= deadline_ns)
                        break;
                fill_file(&job, i, done);
        }
        diagnose_newer(&job);
}
