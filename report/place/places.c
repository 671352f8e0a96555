/* SPDX-License-Identifier: MIT */
#include "report/place/places.h"

#include <stdlib.h>
#include <string.h>

const char *places_default(size_t n)
{
        static const char *const places[] = { "crash-reports", "." };
        const char *dir = getenv("CRASHPRE_DIR");

        if (dir && *dir && strcmp(dir, "-"))
                return n ? NULL : dir;
        return n < sizeof(places) / sizeof(places[0]) ? places[n] : NULL;
}
