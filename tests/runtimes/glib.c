// SPDX-License-Identifier: MIT
/* Each way in which GLib ends a program: argv[1]. */
#include <glib.h>
#include <string.h>

static void load(const char *name)
{
        g_error("cannot open %s", name); // WORDS: error
}

static void structured(const char *name)
{
        g_log_structured("app", G_LOG_LEVEL_ERROR, "MESSAGE", "no structure in %s", name); // WORDS: structured
}

static void handler(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
        (void)domain;
        (void)level;
        (void)message;
        (void)data;
        __builtin_trap(); // WORDS: handler
}

int main(int argc, char **argv)
{
        if (!strcmp(argv[1], "error"))
                load("theme dark");
        if (!strcmp(argv[1], "structured"))
                structured("theme dark");
        if (!strcmp(argv[1], "assert"))
                g_assert(argc == 5); // WORDS: assert
        if (!strcmp(argv[1], "compare"))
                g_assert_cmpint(argc, ==, 5); // WORDS: compare
        if (!strcmp(argv[1], "strings"))
                g_assert_cmpstr(argv[1], ==, "other"); // WORDS: strings
        if (!strcmp(argv[1], "handler")) {
                g_log_set_default_handler(handler, NULL);
                g_message("not the last word");
        }
        if (!strcmp(argv[1], "critical"))
                g_critical("bad %d", argc); // WORDS: critical
        if (!strcmp(argv[1], "precondition"))
                g_return_val_if_fail(argc == 5, 1); // WORDS: precondition
        if (!strcmp(argv[1], "unreachable"))
                g_assert_not_reached(); // WORDS: unreachable
        return 0;
}
