/* SPDX-License-Identifier: MIT */
/* preload/raw/report.h: the raw text report (unwind/core/terms/raw_format.h), written by the crashing process itself,
 * before the helper starts.
 *
 * Signal context: async-signal-safe. A section whose writing faults is abandoned, with a line that reports it; the next
 * section follows.
 */
#ifndef CRASHPRE_PRELOAD_RAWREPORT_H
#define CRASHPRE_PRELOAD_RAWREPORT_H

#include "preload/raw/crash.h"

/* Fills c->id from the executable's name, pid and time. */
void rawreport_name(struct crash *c);

/* Walks the stack (c->frame) and writes the report to the first directory where that succeeds, else to descriptor 2.
 * Sets c->raw_fd, dir_fd, dir, raw_err, raw_ns. */
void rawreport_write(struct crash *c);

#endif
