/* SPDX-License-Identifier: MIT */
/* unwind/elf/minidebug.c: see minidebug.h. */
#include "unwind/elf/minidebug.h"
#include "unwind/target/clock.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

enum {
        FIRST_SIZE = 1 << 20,
        STEP = 1 << 20, /* bytes of output between two looks at the clock */
};
static const size_t max_size = (size_t)256 << 20; /* limit of the file, and of the decoder's memory */

/* `packed` is borrowed; *out is new. */
static int decode(const uint8_t *packed, size_t packed_size, uint64_t deadline_ns, uint8_t **out, size_t *out_size)
{
        lzma_stream stream = LZMA_STREAM_INIT;
        size_t size = 0, used = 0;
        lzma_ret ret = lzma_stream_decoder(&stream, max_size, 0);
        int err = -EBADMSG;

        *out = NULL;
        stream.next_in = packed;
        stream.avail_in = packed_size;
        while (ret == LZMA_OK) {
                if (used == size) {
                        size_t bigger = size ? size * 2 : FIRST_SIZE;
                        uint8_t *more = bigger <= max_size ? realloc(*out, bigger) : NULL;

                        if (!more)
                                break;
                        *out = more;
                        size = bigger;
                }
                if (clock_is_past(deadline_ns)) {
                        err = -ETIME;
                        break;
                }
                stream.next_out = *out + used;
                stream.avail_out = size - used < STEP ? size - used : STEP;
                ret = lzma_code(&stream, LZMA_FINISH);
                used = (size_t)(stream.next_out - *out);
        }
        *out_size = used;
        lzma_end(&stream);
        if (ret == LZMA_STREAM_END)
                return 0;
        free(*out);
        return err;
}

int minidebug_open(const struct elf_file *f, uint64_t deadline_ns, struct elf_file *out)
{
        const Elf64_Shdr *s = elf_file_section(f, ".gnu_debugdata");
        uint8_t *packed, *data;
        size_t packed_size, size;
        int err;

        if (!s)
                return -ENOENT;
        if (s->sh_size > max_size)
                return -EBADMSG;
        err = elf_file_contents(f, s, &packed, &packed_size);
        if (err)
                return err;
        err = decode(packed, packed_size, deadline_ns, &data, &size);
        free(packed);
        return err ? err : elf_file_open_memory(out, data, size);
}
