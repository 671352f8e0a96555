/* SPDX-License-Identifier: MIT */
#include "report/raw/sections.h"
#include "report/raw/words.h"

#include <ctype.h>
#include <string.h>

bool raw_register_line(struct raw_reader *r, char *line)
{
        static const char *const names[] = ARCH_REG_NAMES;
        struct arch_registers *regs = &r->raw->facts.regs;
        const char *value;
        size_t i;

        if (line[0] == ' ')
                return true; /* inside a block */
        value = raw_split_key(line);
        for (i = 0; value && i < ARCH_REGS; i++) {
                if (strcmp(names[i], line))
                        continue;
                if (!raw_parse_hex(value, &regs->v[i]))
                        return false;
                regs->known |= 1u << i;
                return true;
        }
        return value != NULL;
}

/* "0 context 0x401136 /bin/app +0x1136 signal" */
bool raw_frame_line(struct raw_reader *r, char *line)
{
        static const char signal_mark[] = " signal";
        struct raw_frame frame = { 0 };
        const char *index, *pc;
        size_t len;
        char *offset;

        if (!strncmp(line, "end: ", 5)) {
                r->raw->frames_end = raw_decode(line + 5);
                return true;
        }
        index = raw_next_word(&line);
        frame.trust = index ? raw_next_word(&line) : NULL;
        pc = frame.trust ? raw_next_word(&line) : NULL;
        if (!pc || !isdigit((unsigned char)index[0]) || !raw_parse_hex(pc, &frame.pc))
                return false;
        len = strlen(line);
        if (len >= sizeof(signal_mark) - 1 && !strcmp(line + len - (sizeof(signal_mark) - 1), signal_mark)) {
                frame.signal_frame = true;
                line[len - (sizeof(signal_mark) - 1)] = 0;
        }
        offset = strrchr(line, '+');
        if (offset && offset > line + 1 && offset[-1] == ' ' && raw_parse_hex(offset + 1, &frame.module_offset)) {
                offset[-1] = 0;
                frame.module = raw_decode(line);
        }
        *POOL_APPEND(r->pool, r->raw->frames, r->raw->frame_count) = frame;
        return true;
}

/* "0x400000 0x405000 <build-id hex or -> /bin/app" */
bool raw_module_line(struct raw_reader *r, char *line)
{
        struct raw_module m = { 0 };
        const char *base = raw_next_word(&line), *end = base ? raw_next_word(&line) : NULL;

        m.build_id = end ? raw_next_word(&line) : NULL;
        if (!m.build_id || !raw_parse_hex(base, &m.base) || !raw_parse_hex(end, &m.end) || m.end <= m.base || !*line)
                return false;
        if (!strcmp(m.build_id, "-"))
                m.build_id = NULL;
        else if (strspn(m.build_id, "0123456789abcdef") != strlen(m.build_id))
                return false;
        m.path = raw_decode(line);
        *POOL_APPEND(r->pool, r->raw->modules, r->raw->module_count) = m;
        return true;
}

/* Lines go one after another into a buffer that was made as large as the whole section can be. */
bool raw_maps_line(struct raw_reader *r, char *line)
{
        size_t len;

        if (!strncmp(line, "omitted: ", 9))
                return true;
        raw_decode(line);
        len = strlen(line);
        memcpy(r->raw->maps + r->raw->maps_len, line, len);
        r->raw->maps[r->raw->maps_len + len] = '\n';
        r->raw->maps_len += len + 1;
        return true;
}
