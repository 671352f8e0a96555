/* SPDX-License-Identifier: MIT */
/* report/command/run.h: the state of one `crashpre run`, shared by run.c (the command) and run_results.c (what it has left). */
#ifndef CRASHPRE_REPORT_RUN_H
#define CRASHPRE_REPORT_RUN_H

#include "report/command/cli.h"
#include "report/place/store.h"

#include <signal.h>
#include <time.h>

struct run {
        const struct cli_command *self;
        struct pool pool;
        const char *dir;        /* absolute */
        const char *cwd;        /* of this command; NULL: not known */
        const char *library;    /* libcrashpre.so */
        const char *own_stderr; /* value of CRASHPRE_RUN_STDERR */
        char **command;
        struct store_entry *before; /* reports that were there already */
        size_t before_count;
        time_t began;
        const char *gap;     /* why the command does not load the library; NULL: it does, as far as can be seen */
        const char *program; /* name of the program that the command was at its end; NULL unknown */
        sigset_t waited;     /* blocked while the command runs, and taken by sigwaitinfo() */
        sigset_t old_mask;
        struct sigaction old_int, old_quit, old_child;
};

/* Notes which reports r->dir has, and the time: called before the command starts. */
void run_remember_reports(struct run *r);

/* Prints the reports that were made since, and why there is none where the wait status of the command says that something crashed. */
void run_print_results(struct run *r, int status);

#endif
