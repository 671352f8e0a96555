/* SPDX-License-Identifier: MIT */
/* report/command/doctor.c: crashpre doctor: what will and will not work here, and what mends it. */
#include "report/command/cli.h"

#include "report/doctor/doctor.h"
#include "report/model/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
        const char *shown, *word, *colour;
} results[] = {
        [DOCTOR_OK] = { "ok", "ok", "\033[32m" },
        [DOCTOR_WARN] = { "warn", "warn", "\033[33m" },
        [DOCTOR_FAIL] = { "FAIL", "fail", "\033[1;31m" },
};

static size_t count(const struct doctor *d, enum doctor_result result)
{
        size_t n = 0, i;

        for (i = 0; i < d->count; i++)
                n += d->checks[i].result == result;
        return n;
}

/* ---- for people ---- */

static void print_check(struct doctor *d, const struct doctor_check *check, bool colour)
{
        cli_print(colour, "  %s%-4s%s  %-9s  %s\n", colour ? results[check->result].colour : "",
                  results[check->result].shown, colour ? "\033[0m" : "", check->name,
                  utf8_printable(&d->pool, check->message));
        if (check->remedy)
                cli_print(false, "                   -> %s\n", utf8_printable(&d->pool, check->remedy));
}

static void print_verdict(const struct doctor *d)
{
        size_t fails = count(d, DOCTOR_FAIL), warnings = count(d, DOCTOR_WARN);

        if (fails)
                cli_print(false, "\n%zu thing%s will not work", fails, fails > 1 ? "s" : "");
        else
                cli_print(false, "\ncrashpre works here");
        if (warnings)
                cli_print(false, "%s %zu warning%s", fails ? ";" : ", with", warnings, warnings > 1 ? "s" : "");
        cli_print(false, "\n");
}

static void print_text(struct doctor *d, size_t of_system, bool colour)
{
        size_t i;

        cli_print(false, "This system\n");
        for (i = 0; i < d->count; i++) {
                if (i == of_system)
                        cli_print(false, "\nThe program\n");
                print_check(d, &d->checks[i], colour);
        }
        print_verdict(d);
}

/* ---- for programs ---- */

static void set_string(struct doctor *d, json_t *object, const char *name, const char *value)
{
        if (value)
                json_object_set_new_nocheck(object, name, json_string(utf8_valid(&d->pool, value)));
}

static void print_json(struct doctor *d, size_t of_system)
{
        json_t *list = json_array();
        size_t i;

        for (i = 0; i < d->count; i++) {
                json_t *object = json_object();

                set_string(d, object, "about", i < of_system ? "system" : "program");
                set_string(d, object, "check", d->checks[i].name);
                set_string(d, object, "result", results[d->checks[i].result].word);
                set_string(d, object, "message", d->checks[i].message);
                set_string(d, object, "remedy", d->checks[i].remedy);
                json_array_append_new(list, object);
        }
        cli_print_json(list);
}

struct doctor_options {
        bool json, colour;
};

static const char *set_json(void *options, const char *value)
{
        (void)value;
        ((struct doctor_options *)options)->json = true;
        return NULL;
}

static const char *set_colour(void *options, const char *value)
{
        return cli_set_colour(&((struct doctor_options *)options)->colour, value);
}

static int doctor(const struct cli_command *self, int argc, char **argv)
{
        struct doctor_options options = { .colour = cli_wants_colour(stdout) };
        struct doctor d = { .checks = NULL };
        int operands, code = cli_parse(self, argc, argv, &options, &operands);
        size_t of_system;

        if (code >= 0)
                return code;
        if (argc - operands > 1)
                return cli_usage_error(self, "one program at a time");
        if (operands < argc && !*argv[operands])
                return cli_usage_error(self, "the name of the program is empty");
        json_set_alloc_funcs(pool_malloc, free);
        doctor_system(&d);
        of_system = d.count;
        if (operands < argc)
                doctor_program(&d, argv[operands]);
        if (options.json)
                print_json(&d, of_system);
        else
                print_text(&d, of_system, options.colour);
        code = count(&d, DOCTOR_FAIL) ? CLI_NOTHING : CLI_SUCCESS;
        pool_free(&d.pool);
        return code;
}

static const struct cli_option doctor_options[] = {
        { 0, "json", NULL, "an array of objects; crashpre-doctor(1) describes them", set_json },
        { 0, "color", "WHEN", "auto (on a terminal, the default), always or never", set_colour },
        { 0 },
};

const struct cli_command cli_doctor = {
        .name = "doctor",
        .arguments = "[--json] [--color WHEN] [PROGRAM]",
        .summary = "report what will and will not work here, and the remedies",
        .help = "Checks the parts of crashpre, what kernel and container allow, the CRASHPRE_ variables and the\n"
                "report directory, and lets a trial program crash. With PROGRAM (a path, or found in PATH): whether\n"
                "it can be preloaded, and what its reports will contain. \"warn\": reports will contain less.\n"
                "\"FAIL\": something will not work. Each is followed by its remedy.\n",
        .options = doctor_options,
        .exit_status = "0 all works (warnings or not), 1 something will not work, 2 usage\n",
        .run = doctor,
};
