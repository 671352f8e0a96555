/* SPDX-License-Identifier: MIT */
/* report/command/main.c: crashpre, the command. */
#include "report/command/cli.h"
#include "report/model/pool.h"
#include "version.h"

#include <string.h>

static const struct cli_command *const commands[] = { &cli_run, &cli_show, &cli_list, &cli_doctor };

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* With what is wrong, on stderr. */
static void print_help(bool wrong)
{
        struct pool pool = { NULL };
        const char *list = "";
        size_t i;

        for (i = 0; i < COMMANDS; i++)
                list = pool_printf(&pool, "%s  %-8s %s\n", list, commands[i]->name, commands[i]->summary);
        list = pool_printf(
                &pool,
                "usage: crashpre COMMAND [ARGUMENTS]\n\n"
                "Crash reports for any dynamically linked program, without a rebuild, core dump or debugger.\n\n"
                "commands:\n"
                "%s\noptions:\n"
                "  -h, --help         this text; behind a command, more about that one\n"
                "  -V, --version      the version, and the commit it was built from\n\n"
                "exit status: 0 success, 1 nothing found or not readable, 2 usage; that of run is its command's\n",
                list);
        if (wrong)
                cli_print_text(list, false);
        else
                cli_print(false, "%s", list);
        pool_free(&pool);
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
                cli_print(false, "crashpre %s (commit %s)\n", CRASHPRE_VERSION, CRASHPRE_COMMIT);
                return cli_flush(CLI_SUCCESS);
        }
        if (help && argc == 2) {
                print_help(false);
                return cli_flush(CLI_SUCCESS);
        }
        if (help) /* "crashpre help run", as with git */
                name = argv[2];
        command = find_command(name);
        if (command)
                return cli_flush(help ? cli_print_help(command) : command->run(command, argc - 1, argv + 1));
        if (*name) {
                cli_error(NULL, "no such command: %s", name);
                cli_print_text("\n", false);
        }
        print_help(true);
        return CLI_USAGE;
}
