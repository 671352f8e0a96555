/* SPDX-License-Identifier: MIT */
/* report/command/cli.h: what the commands of `crashpre` share. */
#ifndef CRASHPRE_REPORT_CLI_H
#define CRASHPRE_REPORT_CLI_H

#include <stdbool.h>
#include <stdio.h>

/* Exit codes of every command; `run` has those of env(1) besides. */
enum { CLI_SUCCESS = 0, CLI_NOTHING = 1, CLI_USAGE = 2 };

struct cli_command {
        const char *name;
        const char *arguments; /* as in a usage line */
        const char *summary;   /* one line */
        const char *help;      /* the rest of --help: options, exit status */
        /* argv[0] is the command's name. Returns the exit code. */
        int (*run)(const struct cli_command *self, int argc, char **argv);
};

extern const struct cli_command cli_show, cli_run, cli_list, cli_doctor;

/* "crashpre NAME: message" on stderr. */
void cli_error(const struct cli_command *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the line that says where help is; returns CLI_USAGE. */
int cli_usage_error(const struct cli_command *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --help of a command, on stdout; returns CLI_SUCCESS. */
int cli_print_help(const struct cli_command *self);

/* Colour: `out` is a terminal, NO_COLOR (no-color.org) is not set and TERM is not "dumb". */
bool cli_wants_colour(FILE *out);

/* The value of --color: auto (as cli_wants_colour()), always or never. false: it is none of them. */
bool cli_parse_colour(const char *when, FILE *out, bool *colour);

#endif
