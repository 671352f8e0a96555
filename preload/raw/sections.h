/* SPDX-License-Identifier: MIT */
/* preload/raw/sections.h: the sections of the raw report, as unwind/core/terms/raw_format.h describes them.
 *
 * Each writes its "[name]" line and its data to raw.out (line.h), or nothing if it does not apply. Signal context:
 * async-signal-safe; the caller runs each under a guard (guard.h).
 */
#ifndef CRASHPRE_PRELOAD_RAWSECTIONS_H
#define CRASHPRE_PRELOAD_RAWSECTIONS_H

#include <stdint.h>

void rawsection_cause(void);       /* cause.c */
void rawsection_process(void);     /* process.c */
void rawsection_context(void);     /* notes.c */
void rawsection_breadcrumbs(void); /* notes.c */
void rawsection_metadata(void);    /* notes.c */
void rawsection_python(void);      /* python.c */
void rawsection_registers(void);   /* state.c */
void rawsection_frames(void);      /* state.c */
void rawsection_modules(void);     /* maps.c */
void rawsection_maps(void);        /* maps.c */

/* Determines which registers are left out, since they contain a part of a value that stays in the process, and adds notes. state.c */
void rawsection_withhold_registers(void);

/* "/bin/app +0x1136", "-" outside modules. state.c */
void rawsection_place(uint64_t pc);

#endif
