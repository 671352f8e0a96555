/* SPDX-License-Identifier: MIT */
#include "report/load.h"

#include "report/finish.h"
#include "report/model/json.h"
#include "report/place/store.h"
#include "report/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REPORT_LIMIT ((size_t)256 * 1024 * 1024)

/* Loads a raw report without a JSON report: frames of the handler, without names. */
static int load_raw(struct report *report, const char *text, size_t len)
{
        static struct raw_report raw;
        struct crash_facts facts;
        struct examination seen;
        struct target *t;
        size_t i;
        int err = raw_read(text, len, report, &raw);

        if (err)
                return err;
        t = raw_target(&raw);
        if (target_add_crashed(t, &raw.crash, raw.thread_name))
                report_diagnose(report, "unwind", "no memory for the frames of the crashing thread");
        finish_stacks(report, t, NULL, &raw.crash, &raw);
        fault_facts_from_wire(&raw.crash, &facts);
        examine(report, &facts, t, &seen); /* reads code from the mapped files, if unchanged */
        finish_report(report, t, &raw.crash, &seen);
        report->signature = report->fingerprint =
                NULL; /* without names they cannot be compared with those of other reports */
        target_free(t);
        if (!raw.complete)
                report_diagnose(report, "raw", "the report ends early: the program died while it was written");
        for (i = 0; i < raw.helper_count; i++)
                report_diagnose(report, "helper", "%s", raw.helper[i]);
        if (!raw.helper_count)
                report_diagnose(report, "helper", "no outcome was recorded: names of functions are missing");
        return 0;
}

/* No helper has compared a raw report with the others of its directory: unshare -p, for example, cannot start one after
 * its child, the first process of a pid namespace, has died. */
static void mark_relay(struct report *report, int dir_fd, const char *file)
{
        const char *slash = strrchr(file, '/');
        int fd = dir_fd;

        if (slash)
                fd = openat(dir_fd, pool_strndup(&report->pool, file, (size_t)(slash - file) + 1),
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && fd != AT_FDCWD)
                return;
        relay_mark(report, fd);
        if (fd != dir_fd)
                close(fd);
}

int load_report(struct report *report, int dir_fd, const char *file, char *why, size_t why_size)
{
        size_t len = 0, name_len = strlen(file);
        char *text;
        int err = store_read(&report->pool, dir_fd, file, REPORT_LIMIT + 1, &text, &len);

        if (err) {
                snprintf(why, why_size, "%s", strerror(-err));
                return err;
        }
        if (len > REPORT_LIMIT) {
                snprintf(why, why_size, "larger than %zu MB", REPORT_LIMIT >> 20);
                return -EFBIG;
        }
        if (name_len > 4 && !strcmp(file + name_len - 4, ".txt")) {
                err = load_raw(report, text, len);
                if (err)
                        snprintf(why, why_size, "not a crash report");
                else
                        mark_relay(report, dir_fd, file);
                return err;
        }
        return json_read_report(text, len, report, why, why_size);
}
