/* SPDX-License-Identifier: MIT */
/* report/command/cli.h: what the commands of `crashpre` share. */
#ifndef CRASHPRE_REPORT_CLI_H
#define CRASHPRE_REPORT_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit codes of every command; `run` has those of env(1) besides. */
enum { CLI_SUCCESS = 0, CLI_NOTHING = 1, CLI_USAGE = 2 };

/* One option: getopt_long(3), --help and, through that, the completion go by it. -h and --help are every command's. */
struct cli_option {
        char letter; /* 0: none */
        const char *name;
        const char *argument; /* as in --help: "DIR"; NULL: takes none */
        const char *help;     /* lines of it begin below each other */
        /* Stores it in the structure that the command gave to cli_parse(). Returns NULL, or what the argument has to be. */
        const char *(*set)(void *into, const char *value);
};

struct cli_command {
        const char *name;
        const char *arguments;            /* as in a usage line */
        const char *summary;              /* one line */
        const char *help;                 /* paragraphs of --help before the options */
        const struct cli_option *options; /* the last one has no name */
        const char *exit_status;          /* lines of --help after the options */
        bool ends_at_operand;             /* options after the first operand are not its own */
        int usage_code;                   /* exit code of wrong usage; 0: CLI_USAGE */
        /* argv[0] is the command's name. Returns the exit code. */
        int (*run)(const struct cli_command *self, int argc, char **argv);
};

extern const struct cli_command cli_show, cli_run, cli_list, cli_doctor;

/* All output of the commands: names of files, contents of reports and arguments may contain characters that move the cursor,
 * change colours or are not seen; these functions escape them (utf8_terminal()). No other file of report/command or
 * report/doctor writes to stdout or stderr. */

/* On stdout. `colour`: sequences that select a colour are kept. */
void cli_print(bool colour, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* On stdout, indented; takes the reference. */
void cli_print_json(json_t *value);

/* On stdout, for a program that opens the file: bytes that are not UTF-8 stay as they are. */
void cli_print_path(const char *path);

/* On stderr, as it is or converted for a terminal that needs it (text_for_terminal()). */
void cli_print_text(const char *text, bool colour);

/* Flushes stdout. Returns `code`, or CLI_NOTHING with a message if it was CLI_SUCCESS and the output did not reach its file. */
int cli_flush(int code);

/* "crashpre NAME: message" on stderr, or "crashpre: message" if `self` is NULL. Newlines are escaped, too. */
void cli_error(const struct cli_command *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the usage line and where to find help; returns the command's exit code of wrong usage. */
int cli_usage_error(const struct cli_command *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads the options, each through its set(into, value). Returns -1 with the index of the first operand in *operands, or the exit
 * code: --help was printed, or the usage is wrong. */
int cli_parse(const struct cli_command *self, int argc, char **argv, void *into, int *operands);

/* --help of a command, on stdout; returns CLI_SUCCESS. */
int cli_print_help(const struct cli_command *self);

/* Colour: `out` is a terminal, NO_COLOR (no-color.org) is not set and TERM is not "dumb". */
bool cli_wants_colour(FILE *out);

/* The value of --color, for standard output: auto (as cli_wants_colour()), always or never. Returns NULL, or these words. */
const char *cli_set_colour(bool *colour, const char *when);

#endif
