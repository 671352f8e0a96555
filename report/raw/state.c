/* SPDX-License-Identifier: MIT */
#include "report/raw/sections.h"
#include "report/raw/words.h"
#include "unwind/core/cfi/cfi.h"
#include "unwind/core/terms/raw_keys.h"

#include <ctype.h>
#include <string.h>

/* The lines of a block follow the one with its key: "xstate: address 0x.. length N crc32 0x..". */
static bool register_block_line(struct raw_reader *r, const char *line)
{
        return !r->block || raw_block_line(r->block, line);
}

bool raw_register_line(struct raw_reader *r, char *line)
{
        static const char *const names[] = ARCH_REG_NAMES;
        struct arch_registers *regs = &r->raw->crash.regs;
        char *value;
        size_t i;

        if (line[0] == ' ')
                return register_block_line(r, line);
        r->block = NULL;
        value = raw_split_key(line);
        for (i = 0; value && i < ARCH_REGS; i++) {
                if (strcmp(names[i], line))
                        continue;
                if (!raw_parse_hex(value, &regs->v[i]))
                        return false;
                regs->known |= 1u << i;
                return true;
        }
        if (value && raw_key_find(line) == RAW_KEY_XSTATE) {
                if (!raw_block_begin(&r->raw->xstate, value, r->pool))
                        return false;
                r->block = &r->raw->xstate;
        }
        return value != NULL;
}

static enum cfi_trust parse_trust(const char *word)
{
        int trust;

        for (trust = CFI_TRUST_CONTEXT; trust < CFI_TRUST_SCAN; trust++)
                if (!strcmp(cfi_trust_name((enum cfi_trust)trust), word))
                        break;
        return (enum cfi_trust)trust;
}

static enum cfi_end parse_end(const char *word)
{
        int end;

        for (end = CFI_END_OF_STACK; end <= CFI_END_NO_RULE; end++)
                if (!strcmp(cfi_end_name((enum cfi_end)end), word))
                        return (enum cfi_end)end;
        return CFI_END_NONE;
}

/* Parses "/bin/app +0x1136 signal", "-" outside modules. */
static void read_place(char *text, struct wire_frame *frame, struct raw_place *place)
{
        static const char signal_mark[] = " signal";
        size_t len = strlen(text);
        char *offset;

        if (len >= sizeof(signal_mark) - 1 && !strcmp(text + len - (sizeof(signal_mark) - 1), signal_mark)) {
                frame->signal_frame = true;
                text[len - (sizeof(signal_mark) - 1)] = 0;
        }
        offset = strrchr(text, '+');
        if (offset && offset > text + 1 && offset[-1] == ' ' && raw_parse_hex(offset + 1, &place->offset)) {
                offset[-1] = 0;
                place->module = raw_decode(text);
        }
}

/* Parses "0 context 0x401136 /bin/app +0x1136 signal". */
bool raw_frame_line(struct raw_reader *r, char *line)
{
        struct wire_crash *crash = &r->raw->crash;
        struct wire_frame *frame = &crash->frames[crash->frame_count];
        const char *index, *trust, *pc;

        if (!isdigit((unsigned char)line[0])) {
                char *value = raw_split_key(line);

                if (value && raw_key_find(line) == RAW_KEY_END)
                        crash->frame_end = parse_end(raw_decode(value));
                return value != NULL;
        }
        index = raw_next_word(&line);
        trust = index ? raw_next_word(&line) : NULL;
        pc = trust ? raw_next_word(&line) : NULL;
        if (crash->frame_count == WIRE_MAX_FRAMES || !pc || !isdigit((unsigned char)index[0]) ||
            !raw_parse_hex(pc, &frame->pc))
                return false;
        frame->trust = (uint8_t)parse_trust(trust);
        read_place(line, frame, &r->raw->places[crash->frame_count]);
        frame->exact_pc = !crash->frame_count || frame->signal_frame || frame[-1].signal_frame;
        crash->frame_count++;
        return true;
}

/* Parses "0x400000 0x405000 <build-id hex or -> /bin/app". */
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

/* Lines are appended to a buffer that is as large as the whole section. */
bool raw_maps_line(struct raw_reader *r, char *line)
{
        size_t len;

        if (!strncmp(line, "omitted: ", 9) || !strncmp(line, "error: ", 7))
                return true;
        raw_decode(line);
        len = strlen(line);
        memcpy(r->raw->maps + r->raw->maps_len, line, len);
        r->raw->maps[r->raw->maps_len + len] = '\n';
        r->raw->maps_len += len + 1;
        return true;
}
