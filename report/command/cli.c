/* SPDX-License-Identifier: MIT */
#include "report/command/cli.h"

#include "report/model/pool.h"
#include "report/model/utf8.h"
#include "report/text/text.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELP_COLUMN 21 /* where the help of an option begins */
#define OPTIONS_MAX 32 /* of a command */

/* ---- output ---- */

static void put(FILE *out, const char *text, bool colour)
{
        char *safe = utf8_terminal(text, colour);

        fputs(safe, out);
        free(safe);
}

void cli_print(bool colour, const char *format, ...)
{
        struct pool pool = { NULL };
        va_list ap;

        va_start(ap, format);
        put(stdout, pool_vprintf(&pool, format, ap), colour);
        va_end(ap);
        pool_free(&pool);
}

void cli_print_json(json_t *value)
{
        char *text = utf8_json(json_dumps(value, JSON_INDENT(2)));

        fputs(text, stdout);
        fputc('\n', stdout);
        free(text);
        json_decref(value);
}

void cli_print_path(const char *path)
{
        struct pool pool = { NULL };

        fputs(isatty(STDOUT_FILENO) ? utf8_printable(&pool, path) : utf8_file_name(&pool, path), stdout);
        fputc('\n', stdout);
        pool_free(&pool);
}

void cli_print_text(const char *text, bool colour)
{
        char *safe = utf8_terminal(text, colour), *converted;
        size_t len = strlen(safe);

        converted = text_for_terminal(STDERR_FILENO, safe, &len);
        fwrite(converted, 1, len, stderr);
        free(converted);
        free(safe);
}

int cli_flush(int code)
{
        if (!fflush(stdout) && !ferror(stdout))
                return code;
        perror("crashpre: standard output");
        return code == CLI_SUCCESS ? CLI_NOTHING : code;
}

__attribute__((format(printf, 2, 0))) static void put_error(const struct cli_command *self, const char *format,
                                                            va_list ap)
{
        struct pool pool = { NULL };
        const char *message = utf8_printable(&pool, pool_vprintf(&pool, format, ap));

        put(stderr, pool_printf(&pool, "crashpre%s%s: %s\n", self ? " " : "", self ? self->name : "", message), false);
        pool_free(&pool);
}

void cli_error(const struct cli_command *self, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        put_error(self, format, ap);
        va_end(ap);
}

int cli_usage_error(const struct cli_command *self, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        put_error(self, format, ap);
        va_end(ap);
        fprintf(stderr, "usage: crashpre %s %s\nTry 'crashpre %s --help'.\n", self->name, self->arguments, self->name);
        return self->usage_code ? self->usage_code : CLI_USAGE;
}

/* ---- options ---- */

static const struct cli_option help_option = { 'h', "help", NULL, "this text", NULL };

static int print_option(const struct cli_option *o)
{
        return printf("%s--%s%s%s", o->letter ? (char[]){ ' ', ' ', '-', o->letter, ',', ' ', 0 } : "      ", o->name,
                      o->argument ? " " : "", o->argument ? o->argument : "");
}

static void print_option_help(const struct cli_option *o)
{
        const char *line = o->help, *end;
        int column = print_option(o);

        for (; (end = strchrnul(line, '\n')), *line; line = *end ? end + 1 : end, column = 0)
                printf("%*s%.*s\n", HELP_COLUMN - column > 1 ? HELP_COLUMN - column : 2, "", (int)(end - line), line);
}

int cli_print_help(const struct cli_command *self)
{
        const struct cli_option *o;

        printf("usage: crashpre %s %s\n\n%s\n\n%s\noptions:\n", self->name, self->arguments, self->summary, self->help);
        for (o = self->options; o->name; o++)
                print_option_help(o);
        print_option_help(&help_option);
        printf("\nexit status: %s", self->exit_status);
        return CLI_SUCCESS;
}

/* The options as getopt_long(3) wants them; `val` is the index in the command's table, counted from OPTION_BASE. */
struct parser {
        struct option longs[OPTIONS_MAX + 2];
        char shorts[2 * OPTIONS_MAX + 5];
};

enum { OPTION_BASE = 256, OPTION_HELP = OPTION_BASE + OPTIONS_MAX };

static void make_parser(const struct cli_command *self, struct parser *p)
{
        char *s = p->shorts;
        int n;

        memset(p, 0, sizeof(*p));
        if (self->ends_at_operand)
                *s++ = '+';
        *s++ = ':';
        *s++ = help_option.letter;
        for (n = 0; n < OPTIONS_MAX && self->options[n].name; n++) {
                const struct cli_option *o = &self->options[n];

                p->longs[n] = (struct option){ o->name, o->argument ? required_argument : no_argument, NULL,
                                               OPTION_BASE + n };
                if (o->letter)
                        *s++ = o->letter;
                if (o->letter && o->argument)
                        *s++ = ':';
        }
        p->longs[n] = (struct option){ help_option.name, no_argument, NULL, OPTION_HELP };
}

static const struct cli_option *option_of(const struct cli_command *self, int code)
{
        const struct cli_option *o;

        if (code >= OPTION_BASE)
                return &self->options[code - OPTION_BASE];
        for (o = self->options; o->name && o->letter != code; o++)
                ;
        return o;
}

/* getopt(3): of a short option, which may stand among others ("-xy"), the letter is in optopt; of a long one there is none, or the value
 * in the table. */
static const char *refused_option(char **argv)
{
        static char letter[] = "-?";

        if (!optopt || optopt >= OPTION_BASE)
                return argv[optind - 1];
        letter[1] = (char)optopt;
        return letter;
}

int cli_parse(const struct cli_command *self, int argc, char **argv, void *into, int *operands)
{
        struct parser parser;
        int code;

        make_parser(self, &parser);
        opterr = 0;
        while ((code = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) >= 0) {
                const struct cli_option *o;
                const char *expected;

                if (code == OPTION_HELP || code == help_option.letter)
                        return cli_print_help(self);
                if (code == '?')
                        return cli_usage_error(self, "unknown option: %s", refused_option(argv));
                if (code == ':')
                        return cli_usage_error(self, "%s: expected an argument", refused_option(argv));
                o = option_of(self, code);
                expected = o->set(into, optarg);
                if (expected)
                        return cli_usage_error(self, "--%s=%s: expected %s", o->name, optarg, expected);
        }
        *operands = optind;
        return -1;
}

/* ---- colour ---- */

bool cli_wants_colour(FILE *out)
{
        return text_colour(fileno(out));
}

const char *cli_set_colour(bool *colour, const char *when)
{
        bool is_auto = !strcmp(when, "auto");

        *colour = !strcmp(when, "always") || (is_auto && cli_wants_colour(stdout));
        return *colour || is_auto || !strcmp(when, "never") ? NULL : "auto, always or never";
}
