/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/late.c: see late.h. */
#include "unwind/dwarf/late.h"

#include <signal.h>
#include <sys/mman.h>

enum {
        PAGE = 1 << 16, /* a multiple of all page sizes */
        SECTIONS = 32,
};

static struct late {
        uint8_t *to; /* NULL: free */
        size_t size, known;
        struct inflate_source from;
        void *mapping;
        size_t mapping_size;
} sections[SECTIONS];

static bool installed;

_Static_assert((int)PAGE >= (int)INFLATE_UNSURE, "the bytes that are not valid yet are in the inaccessible page");

static size_t whole_pages(size_t size)
{
        return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* Returns how far to inflate for a read at `at`: a sixteenth of the section beyond it, for the reads that follow; at
 * least four times the bytes inflated so far, to limit the number of steps; and the page that is kept inaccessible. */
static size_t step_for(const struct late *l, size_t at)
{
        size_t step = whole_pages(at + l->size / 16), more = 4 * l->known;

        step = (step > more ? step : more) + PAGE;
        return step < l->size / 4 * 3 ? step : l->size;
}

/* Called by the signal handler: the fault was raised by a read of a section's bytes, so no lock of libc is held. */
static bool inflate_step(struct late *l, size_t step)
{
        bool all = step == l->size;

        if (!mprotect(l->to, step, PROT_READ | PROT_WRITE) &&
            !(all ? inflate_stream : inflate_beginning)(&l->from, l->to, step)) {
                l->known = all ? step : step - PAGE;
                return all || !mprotect(l->to + l->known, PAGE, PROT_NONE);
        }
        mprotect(l->to, step, PROT_NONE); /* the contents are invalid */
        return false;
}

/* Reads slightly past the end return zeros, as in the rest of an image. */
static bool is_for(const struct late *l, const uint8_t *at)
{
        return l->to && at >= l->to && (size_t)(at - l->to) >= l->known &&
               (size_t)(at - l->to) / PAGE <= (l->size - 1) / PAGE;
}

static bool inflate_for(struct late *l, const uint8_t *at)
{
        return inflate_step(l, step_for(l, (size_t)(at - l->to)));
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
        const uint8_t *at = info->si_addr;

        (void)context;
        for (unsigned i = 0; i < SECTIONS; i++)
                if (is_for(&sections[i], at) && inflate_for(&sections[i], at))
                        return;
        signal(sig, SIG_DFL); /* the instruction faults again and ends the process */
}

void dwarf_late_begin(void)
{
        struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

        sigemptyset(&action.sa_mask);
        installed = sigaction(SIGSEGV, &action, NULL) == 0;
}

bool dwarf_late_open(uint8_t *to, size_t size, const struct inflate_source *from, void *mapping, size_t mapping_size)
{
        for (unsigned i = 0; installed && size >= DWARF_LATE_LEAST && i < SECTIONS; i++) {
                if (sections[i].to)
                        continue;
                sections[i] = (struct late){ to, size, 0, *from, mapping, mapping_size };
                if (inflate_step(&sections[i], (size_t)2 * PAGE))
                        return true;
                sections[i].to = NULL;
                return false;
        }
        return false;
}

void dwarf_late_reach(const uint8_t *at)
{
        for (unsigned i = 0; i < SECTIONS; i++)
                if (is_for(&sections[i], at))
                        inflate_for(&sections[i], at);
}

void dwarf_late_forget(const uint8_t *map, size_t size)
{
        for (unsigned i = 0; i < SECTIONS; i++) {
                struct late *l = &sections[i];

                if (!l->to || l->to < map || l->to >= map + size)
                        continue;
                if (l->mapping)
                        munmap(l->mapping, l->mapping_size);
                l->to = NULL;
        }
}
