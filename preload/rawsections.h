/* SPDX-License-Identifier: MIT */
/* preload/rawsections.h: the sections of the raw report, as unwind/core/raw_format.h describes them.
 *
 * Each writes its "[name]" line and its facts to raw.out (rawline.h), or nothing where it does not apply.
 * Signal context: async-signal-safe; a fault in one of them is contained by the caller (guard.h).
 */
#ifndef CRASHPRE_PRELOAD_RAWSECTIONS_H
#define CRASHPRE_PRELOAD_RAWSECTIONS_H

#include <stdint.h>

void rawsection_cause(void);       /* rawcause.c */
void rawsection_process(void);     /* rawprocess.c */
void rawsection_context(void);     /* rawnotes.c */
void rawsection_breadcrumbs(void); /* rawnotes.c */
void rawsection_metadata(void);    /* rawnotes.c */
void rawsection_python(void);      /* rawpython.c */
void rawsection_registers(void);   /* rawstate.c */
void rawsection_frames(void);      /* rawstate.c */
void rawsection_modules(void);     /* rawmaps.c */
void rawsection_maps(void);        /* rawmaps.c */

/* "/bin/app +0x1136", "-" outside modules. rawstate.c */
void rawsection_place(uint64_t pc);

#endif
