/* SPDX-License-Identifier: MIT */
#include "report/command/cli.h"

#include "report/text/text.h"

#include <stdarg.h>
#include <string.h>

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
        return text_colour(fileno(out));
}

bool cli_parse_colour(const char *when, FILE *out, bool *colour)
{
        *colour = !strcmp(when, "always") || (!strcmp(when, "auto") && cli_wants_colour(out));
        return *colour || !strcmp(when, "auto") || !strcmp(when, "never");
}
