/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/raw_keys.h"
#include "unwind/core/terms/str.h"
#include "unwind/core/terms/wire.h"

/* Arrays, not pointers: the library needs no relocations for them. */
static const char names[RAW_KEY_COUNT][16] = {
#define RAW_KEY(key, name) [RAW_KEY_##key] = name,
        RAW_KEYS(RAW_KEY)
#undef RAW_KEY
};

#define RAW_KEY_FITS(key, name) _Static_assert(sizeof(name) <= sizeof(names[0]), "the key is too long");
RAW_KEYS(RAW_KEY_FITS)
#undef RAW_KEY_FITS

const char *raw_key_name(enum raw_key key)
{
        return names[key];
}

enum raw_key raw_key_find(const char *name)
{
        for (unsigned i = 0; i < RAW_KEY_COUNT; i++)
                if (str_is(names[i], name))
                        return (enum raw_key)i;
        return RAW_KEY_UNKNOWN;
}

static const char handlers[][8] = {
        [WIRE_HANDLER_ABORT] = "abort",
        [WIRE_HANDLER_EXIT] = "exit",
        [WIRE_HANDLER_RAISE] = "raise",
};

#define HANDLERS (sizeof(handlers) / sizeof(handlers[0]))

const char *raw_handler_name(unsigned handler)
{
        return handler && handler < HANDLERS ? handlers[handler] : NULL;
}

unsigned raw_handler_find(const char *name)
{
        for (unsigned i = 1; i < HANDLERS; i++)
                if (str_is(handlers[i], name))
                        return i;
        return WIRE_HANDLER_NONE;
}
