/* SPDX-License-Identifier: MIT */
/* Fuzz target: lines of /proc/PID/maps. What is taken is a range, and a path within the line. */
#include "tests/fuzz/fuzz.h"

#include "unwind/core/image/maps.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *line = (const char *)data, *end = line + size;

        while (line < end) {
                const char *newline = memchr(line, '\n', (size_t)(end - line));
                size_t len = (size_t)((newline ? newline : end) - line);
                struct maps_line got;

                if (!maps_parse_line(line, len, &got) &&
                    (got.start >= got.end || got.path_len > len ||
                     (got.path_len && (got.path < line || got.path + got.path_len > line + len))))
                        abort();
                line += len + 1;
        }
        return 0;
}
