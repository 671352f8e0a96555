/* SPDX-License-Identifier: MIT */
#include "preload/privacy/secrets.h"
#include "preload/base/probe.h"
#include "preload/facts/settings.h"
#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/str.h"

/* Of an environment, which can be megabytes (execve(2)). */
#define READ_MAX ((uint64_t)256 * 1024)
#define VALUES_MAX 256
#define CHUNK 4096

static struct secret values[VALUES_MAX], hidden_values[VALUES_MAX];
static struct secrets found = { .v = values, .room = VALUES_MAX };
/* What CRASHPRE_REDACT removes: not to be in registers either. */
static struct secrets hidden = { .v = hidden_values, .room = VALUES_MAX };
static char stored[64 * 1024];
static size_t stored_len;
static char chunk[CHUNK];

const struct secrets *privacy_secrets(void)
{
        return &found;
}

static void add(struct secrets *to, const char *value, size_t len)
{
        size_t before = to->n;

        if (len > sizeof(stored) - stored_len) {
                to->incomplete = true;
                return;
        }
        __builtin_memcpy(stored + stored_len, value, len);
        secrets_add(to, stored + stored_len, len);
        if (to->n != before)
                stored_len += len;
}

/* Returns the value of an entry of the environment, and the set that it belongs to; NULL if to none. */
static const char *classify(const char *entry, size_t len, size_t *value_len, struct secrets **to)
{
        const char *value = secret_of_entry(entry, len, value_len);
        size_t name = 0;

        *to = &found;
        if (value || !(settings.redact & REDACT_ENV))
                return value;
        *to = &hidden;
        while (name < len && entry[name] != '=')
                name++;
        *value_len = len - name - (name < len);
        return name < len ? entry + name + 1 : NULL;
}

/* Reads the string at `addr`, "NAME=value" or an argument; a long value is kept in pieces, each of them a value. Returns the address
 * behind its NUL; 0 if it is not readable or does not end before `end`. */
static uint64_t read_text(uint64_t addr, uint64_t end, bool is_argument)
{
        struct secrets *to = &hidden;
        const char *value;
        bool is_first = true, wanted = true;

        while (addr < end) {
                ssize_t n = probe_string(addr, chunk, sizeof(chunk));
                size_t len = n > 0 ? (size_t)n : 0;

                if (n < 0)
                        return 0;
                value = chunk;
                if (is_first && !is_argument) {
                        value = classify(chunk, len, &len, &to);
                        wanted = value != NULL;
                }
                if (wanted)
                        add(to, value, len);
                is_first = false;
                addr += (uint64_t)n;
                if ((size_t)n < sizeof(chunk) - 1)
                        return addr + 1;
        }
        return 0;
}

static void read_block(void)
{
        uint64_t at = settings.env_start, end = settings.env_end;

        if (end - at > READ_MAX)
                end = at + READ_MAX;
        while (at && at < end)
                at = read_text(at, end, false);
}

static void read_array(uint64_t array, bool of_arguments)
{
        uint64_t entry, left = READ_MAX, behind;

        for (; array && left && !probe_read(NULL, array, &entry, sizeof(entry)) && entry; array += sizeof(entry)) {
                behind = read_text(entry, entry + left, of_arguments);
                if (behind)
                        left -= behind - entry < left ? behind - entry : left;
                else
                        left -= left < CHUNK ? left : CHUNK;
        }
}

void privacy_collect(void)
{
        uint64_t array = 0;

        stored_len = 0;
        found = (struct secrets){ .v = values, .room = VALUES_MAX };
        hidden = (struct secrets){ .v = hidden_values, .room = VALUES_MAX };
        read_block();
        if (!settings.env_end)
                read_array(settings.envp, false);
        if (settings.redact & REDACT_CMDLINE)
                read_array(settings.argv, true);
        if (settings.environ_at && !probe_read(NULL, settings.environ_at, &array, sizeof(array)) &&
            array != settings.envp)
                read_array(array, false);
}

bool privacy_in_block(const void *block, size_t n)
{
        return secrets_in_block(&found, block, n) || secrets_in_block(&hidden, block, n);
}
