/* SPDX-License-Identifier: MIT */
/* report/helper/wire.c: the helper's side of unwind/core/terms/wire.h: descriptors, struct wire_crash, one byte a step. */
#include "report/helper/helper.h"
#include "report/place/store.h"
#include "unwind/target/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

bool helper_send_status(enum wire_status status)
{
        char byte = (char)status;
        ssize_t n;

        do
                n = write(WIRE_FD_STATUS, &byte, 1);
        while (n < 0 && errno == EINTR);
        return n == 1;
}

static bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0 || errno != EBADF; /* a seccomp filter may refuse the call */
}

bool helper_has_wire(void)
{
        return is_open(WIRE_FD_CRASH);
}

/* Opens a directory, which can be neither read nor written, if there is no /dev/null, as in a bare chroot. */
static bool fill_lowest(void)
{
        return open("/dev/null", O_RDWR) >= 0 || open("/", O_RDONLY | O_DIRECTORY) >= 0;
}

/* The next file that is opened would get a closed descriptor's number, and be written to as the raw report. */
void helper_open_descriptors(struct helper *h)
{
        int fd;

        close_range(WIRE_FD_DIR + 1, ~0U, 0);
        h->has_raw = is_open(WIRE_FD_RAW);
        h->has_directory = is_open(WIRE_FD_DIR);
        for (fd = 0; fd <= WIRE_FD_DIR; fd++)
                if (!is_open(fd) && !fill_lowest())
                        _exit(1);
}

/* ---- receiving the crash ---- */

/* End of file means that the process died before it sent the message. */
static void read_wire(struct helper *h)
{
        uint64_t deadline = clock_now_ns() + (uint64_t)h->settings.timeout * NS_PER_S;
        size_t got = 0;

        guard_stage("handshake");
        while (got < sizeof(h->wire)) {
                struct pollfd fd = { .fd = WIRE_FD_CRASH, .events = POLLIN };
                uint64_t now = clock_now_ns();
                ssize_t n;

                if (now >= deadline || poll(&fd, 1, (int)((deadline - now) / NS_PER_MS) + 1) == 0)
                        guard_fail("nothing came from the crashing process");
                n = read(WIRE_FD_CRASH, (char *)&h->wire + got, sizeof(h->wire) - got);
                if (n < 0 && errno != EINTR)
                        guard_fail("%s", strerror(errno));
                if (n == 0)
                        guard_fail("the process ended after %zu of %zu bytes", got, sizeof(h->wire));
                if (n > 0)
                        got += (size_t)n;
                if (got >= 3 * sizeof(uint32_t) &&
                    (h->wire.magic != WIRE_MAGIC || h->wire.version != WIRE_VERSION || h->wire.size != sizeof(h->wire)))
                        guard_fail("library and helper are of different builds");
        }
}

#define TERMINATE(array) ((array)[sizeof(array) - 1] = 0)

static void check_exceptions(struct exception_chain *chain)
{
        uint32_t i;

        if (chain->count > EXCEPTION_CHAIN_MAX)
                chain->count = EXCEPTION_CHAIN_MAX;
        for (i = 0; i < chain->count; i++) {
                TERMINATE(chain->v[i].type);
                TERMINATE(chain->v[i].what);
        }
}

static void check_wire(struct wire_crash *wire)
{
        const char *time;
        size_t len = 0;

        TERMINATE(wire->id);
        TERMINATE(wire->dir);
        TERMINATE(wire->reason);
        TERMINATE(wire->message);
        TERMINATE(wire->note);
        check_exceptions(&wire->exception);
        if (wire->throw_count > WIRE_THROW_FRAMES)
                wire->throw_count = WIRE_THROW_FRAMES;
        if (wire->frame_count > WIRE_MAX_FRAMES)
                wire->frame_count = WIRE_MAX_FRAMES;
        if (wire->pid <= 0 || wire->tid <= 0)
                guard_fail("no process is named");
        if (strchr(wire->id, '/') || !store_parse_name(wire->id, &len, &time, NULL) || wire->id[len])
                guard_fail("not the name of a report: %.64s", wire->id);
}

/* If the program created a time namespace for its children (time_namespaces(7)), the helper has another clock since its
 * execve. Converts the message's times to the helper's clock, unless the difference may be the delay of the message. */
static void translate_times(struct wire_crash *w)
{
        uint64_t now = clock_now_ns(), *times[] = { &w->fault_ns, &w->raw_ns, &w->deadline_ns };
        size_t i;

        if (!w->sent_ns || now - w->sent_ns < NS_PER_S)
                return;
        for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
                if (*times[i])
                        *times[i] += now - w->sent_ns;
}

void helper_receive(struct helper *h)
{
        read_wire(h);
        translate_times(&h->wire);
        check_wire(&h->wire);
}
