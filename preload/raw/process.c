/* SPDX-License-Identifier: MIT */
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
                rawline_text(key, raw.text, (size_t)n);
}

static void put_arguments(void)
{
        size_t len = read_file("/proc/thread-self/cmdline"), start = 0;

        len = len < ARGUMENTS_MAX ? len : ARGUMENTS_MAX;
        for (size_t i = 0; i < len; i++) {
                if (raw.text[i] && i + 1 < len)
                        continue;
                rawline_text(RAW_KEY_ARG, raw.text + start, i - start + (raw.text[i] != 0));
                start = i + 1;
        }
}

/* Field 22 of /proc/self/stat; the second field, the command in parentheses, may contain any character. */
static void put_start_time(void)
{
        size_t len = read_file("/proc/self/stat"), i = len;
        unsigned field = 2;

        while (i > 0 && raw.text[i - 1] != ')')
                i--;
        for (; i < len && field < 22; i++)
                field += raw.text[i] == ' ';
        if (i == 0 || i >= len)
                return;
        rawline_key(RAW_KEY_START_TIME);
        for (; i < len && raw.text[i] >= '0' && raw.text[i] <= '9'; i++)
                sigsafe_char(out, raw.text[i]);
        sigsafe_char(out, '\n');
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
        sigsafe_str(out, RAW_SECTION_PROCESS "\n");
        rawline_dec(RAW_KEY_PID, raw.crash->wire.pid);
        rawline_dec(RAW_KEY_TID, raw.crash->wire.tid);
        put_thread_name();
        rawline_dec(RAW_KEY_PPID, sys_0(SYS_getppid));
        put_link(RAW_KEY_EXE, "/proc/thread-self/exe");
        put_link(RAW_KEY_CWD, "/proc/thread-self/cwd");
        rawline_dec(RAW_KEY_UID, sys_0(SYS_getuid));
        rawline_dec(RAW_KEY_GID, sys_0(SYS_getgid));
        put_start_time();
        if (!(settings.redact & REDACT_CMDLINE))
                put_arguments();
        put_system();
}
