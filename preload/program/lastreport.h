/* SPDX-License-Identifier: MIT */
/* preload/program/lastreport.h: crashpre_last_report() of crashpre.h, which documents it. Not async-signal-safe. */
#ifndef CRASHPRE_PRELOAD_LASTREPORT_H
#define CRASHPRE_PRELOAD_LASTREPORT_H

const char *lastreport_newest(void);

#endif
