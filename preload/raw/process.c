/* SPDX-License-Identifier: MIT */
#include "preload/base/probe.h"
#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "preload/raw/line.h"
#include "preload/raw/sections.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/str.h"

#include <linux/prctl.h>
#include <sched.h>
#include <sys/utsname.h>

#define ARGUMENTS_MAX 4096 /* bytes of the command line */

static struct sigsafe_out *const out = &raw.out;

/* Reads a small file of /proc into raw.text. Returns its length, 0 on error. */
static size_t read_file(const char *path)
{
        int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        size_t len = 0;
        ssize_t n;

        if (fd < 0)
                return 0;
        while (len < sizeof(raw.text) && (n = sys_read(fd, raw.text + len, sizeof(raw.text) - len)) > 0)
                len += (size_t)n;
        sys_close(fd);
        return len;
}

static void put_link(enum raw_key key, const char *path)
{
        ssize_t n = sys_readlink(path, raw.text, sizeof(raw.text));

        if (n > 0)
                rawline_path(key, raw.text, (size_t)n);
}

/* Fields of /proc/PID/stat (proc(5)); 0: unknown. */
struct process_stat {
        uint64_t start_time, arg_start, arg_end;
};

/* The second field, the command in parentheses, may contain any character. */
static struct process_stat read_stat(void)
{
        size_t len = read_file("/proc/self/stat"), i = len;
        struct process_stat s = { 0 };
        unsigned field = 2;

        while (i > 0 && raw.text[i - 1] != ')')
                i--;
        for (; i > 0 && i < len; i++) {
                uint64_t *value = field == 22   ? &s.start_time
                                  : field == 48 ? &s.arg_start
                                  : field == 49 ? &s.arg_end
                                                : NULL;

                if (raw.text[i] == ' ')
                        field++;
                else if (value && raw.text[i] >= '0' && raw.text[i] <= '9')
                        *value = *value * 10 + (uint64_t)(raw.text[i] - '0');
        }
        return s;
}

/* Writes the string at `addr`; returns the address behind its NUL, or 0. */
static uint64_t put_argument(uint64_t addr, size_t room)
{
        ssize_t n = probe_string(addr, raw.text, room < sizeof(raw.text) ? room : sizeof(raw.text));

        if (n < 0)
                return 0;
        rawline_text(RAW_KEY_ARG, raw.text, (size_t)n);
        return addr + (uint64_t)n + 1;
}

/* Reads the memory itself: a read of /proc/PID/cmdline may wait for ever for a page of it (probe.c). */
static void put_arguments(const struct process_stat *s)
{
        uint64_t at = s->arg_start, end = s->arg_end, pointer;
        size_t room = ARGUMENTS_MAX;

        if (end - at > ARGUMENTS_MAX && at)
                end = at + ARGUMENTS_MAX;
        while (at && at < end)
                at = put_argument(at, end - at + 1);
        if (end) /* else without /proc: the array that main() got */
                return;
        for (at = settings.argv; at && room > 1; at += sizeof(pointer)) {
                uint64_t behind;

                if (probe_read(NULL, at, &pointer, sizeof(pointer)) || !pointer)
                        return;
                behind = put_argument(pointer, room);
                if (!behind)
                        return;
                room -= behind - pointer < room ? behind - pointer : room;
        }
}

static void put_thread_name(void)
{
        char name[17] = "";

        /* PR_GET_NAME, not pthread_getname_np(), which takes locks and opens files. */
        if (sys_5(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0) == 0)
                rawline_text(RAW_KEY_THREAD, name, str_len(name));
}

static void put_system(void)
{
        struct utsname uts;
        uint8_t cpus[1024];
        long n, count = 0;

        if (sys_1(SYS_uname, (long)&uts) == 0) {
                rawline_text(RAW_KEY_KERNEL, uts.release, str_len(uts.release));
                if (!(settings.redact & REDACT_HOSTNAME))
                        rawline_text(RAW_KEY_HOSTNAME, uts.nodename, str_len(uts.nodename));
        }
        n = sys_3(SYS_sched_getaffinity, 0, sizeof(cpus), (long)cpus);
        for (long i = 0; i < n * 8; i++)
                count += cpus[i / 8] >> (i % 8) & 1;
        if (count > 0)
                rawline_dec(RAW_KEY_CPUS, count);
}

void rawsection_process(void)
{
        struct process_stat s;

        sigsafe_str(out, RAW_SECTION_PROCESS "\n");
        rawline_dec(RAW_KEY_PID, raw.crash->wire.pid);
        rawline_dec(RAW_KEY_TID, raw.crash->wire.tid);
        put_thread_name();
        rawline_dec(RAW_KEY_PPID, sys_0(SYS_getppid));
        if (*settings.program)
                rawline_path(RAW_KEY_EXE, settings.program, str_len(settings.program));
        else
                put_link(RAW_KEY_EXE, "/proc/thread-self/exe");
        put_link(RAW_KEY_CWD, "/proc/thread-self/cwd");
        rawline_dec(RAW_KEY_UID, sys_0(SYS_getuid));
        rawline_dec(RAW_KEY_GID, sys_0(SYS_getgid));
        s = read_stat();
        if (s.start_time)
                rawline_dec(RAW_KEY_START_TIME, (int64_t)s.start_time);
        if (!(settings.redact & REDACT_CMDLINE))
                put_arguments(&s);
        put_system();
}
