/* SPDX-License-Identifier: MIT */
/* report/cli_main.c: crashpre, the command. */
#include "report/cli.h"
#include "version.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command *const commands[] = { &cli_run, &cli_show, &cli_list, &cli_doctor };

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

void cli_error(const struct cli_command *self, const char *format, ...)
{
        va_list ap;

        fprintf(stderr, "crashpre %s: ", self->name);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
}

int cli_usage_error(const struct cli_command *self, const char *format, ...)
{
        va_list ap;

        fprintf(stderr, "crashpre %s: ", self->name);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fprintf(stderr, "\nusage: crashpre %s %s\nTry 'crashpre %s --help'.\n", self->name, self->arguments,
                self->name);
        return CLI_USAGE;
}

int cli_print_help(const struct cli_command *self)
{
        printf("usage: crashpre %s %s\n\n%s\n\n%s", self->name, self->arguments, self->summary, self->help);
        return CLI_SUCCESS;
}

bool cli_wants_colour(FILE *out)
{
        const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

        return isatty(fileno(out)) && !(none && *none) && !(term && !strcmp(term, "dumb"));
}

static void print_help(FILE *out)
{
        size_t i;

        fputs("usage: crashpre COMMAND [ARGUMENTS]\n\n"
              "Crash reports for any dynamically linked program, without a rebuild, core dump or debugger.\n\n"
              "commands:\n",
              out);
        for (i = 0; i < COMMANDS; i++)
                fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
        fputs("\n'crashpre COMMAND --help' tells more about each.\n", out);
}

/* Output that did not reach its file (a full disk, a closed pipe) is a failure like any other. */
static int flushed(int code)
{
        if (fflush(stdout) || ferror(stdout)) {
                perror("crashpre: standard output");
                return code == CLI_SUCCESS ? CLI_NOTHING : code;
        }
        return code;
}

int main(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : "";
        size_t i;

        if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
                printf("crashpre %s (commit %s)\n", CRASHPRE_VERSION, CRASHPRE_COMMIT);
                return flushed(CLI_SUCCESS);
        }
        if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
                print_help(stdout);
                return flushed(CLI_SUCCESS);
        }
        for (i = 0; i < COMMANDS; i++)
                if (!strcmp(commands[i]->name, name))
                        return flushed(commands[i]->run(commands[i], argc - 1, argv + 1));
        if (*name)
                fprintf(stderr, "crashpre: no such command: %s\n\n", name);
        print_help(stderr);
        return CLI_USAGE;
}
