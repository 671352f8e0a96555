/* SPDX-License-Identifier: MIT */
/* report/command/main.c: crashpre, the command. */
#include "report/command/cli.h"
#include "version.h"

#include <stdio.h>
#include <string.h>

static const struct cli_command *const commands[] = { &cli_run, &cli_show, &cli_list, &cli_doctor };

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
        size_t i;

        fputs("usage: crashpre COMMAND [ARGUMENTS]\n\n"
              "Crash reports for any dynamically linked program, without a rebuild, core dump or debugger.\n\n"
              "commands:\n",
              out);
        for (i = 0; i < COMMANDS; i++)
                fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
        fputs("\noptions:\n"
              "  -h, --help         this text; behind a command, more about that one\n"
              "  -V, --version      the version, and the commit it was built from\n\n"
              "exit status: 0 success, 1 nothing found or not readable, 2 usage; that of run is its command's\n",
              out);
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

static const struct cli_command *find_command(const char *name)
{
        size_t i;

        for (i = 0; i < COMMANDS; i++)
                if (!strcmp(commands[i]->name, name))
                        return commands[i];
        return NULL;
}

int main(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : "";
        bool help = !strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help");
        const struct cli_command *command;

        if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
                printf("crashpre %s (commit %s)\n", CRASHPRE_VERSION, CRASHPRE_COMMIT);
                return flushed(CLI_SUCCESS);
        }
        if (help && argc == 2) {
                print_help(stdout);
                return flushed(CLI_SUCCESS);
        }
        if (help) /* "crashpre help run", as with git */
                name = argv[2];
        command = find_command(name);
        if (command)
                return flushed(help ? cli_print_help(command) : command->run(command, argc - 1, argv + 1));
        if (*name)
                fprintf(stderr, "crashpre: no such command: %s\n\n", name);
        print_help(stderr);
        return CLI_USAGE;
}
