/* SPDX-License-Identifier: MIT */
#include "report/gather/python_layout.h"

#include "unwind/core/image/dynsym.h"
#include "unwind/core/terms/str.h"
#include "unwind/target/modules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VERSION PYTHON_VERSION
#define FIRST_WITH_OFFSETS VERSION(3, 13)
#define FIRST_UNKNOWN VERSION(3, 15)

/* PY_VERSION_HEX: major, minor and micro version in a byte each, level (0xf: final, 0xc: release candidate), serial. */
#define HEX_VERSION(hex) ((unsigned)((hex) >> 16) & 0xffff)
#define HEX_LEVEL(hex) ((unsigned)(hex) >> 4 & 0xf)
#define LEVEL_CANDIDATE 0xc /* before it the layout may change */

/* ---- versions before 3.13: by the members' offsets in their headers, for 64 bits ---- */

/* Of a str up to 3.11 (Include/cpython/unicodeobject.h), and of a bytes object (Include/cpython/bytesobject.h). */
#define OBJECTS                                                                                        \
        .object_type = 8, .bytes_size = 16, .bytes_data = 32, .string_length = 16, .string_state = 32, \
        .string_ascii = 48, .string_compact = 72

/* Include/code.h and Include/cpython/code.h up to 3.10. */
#define CODE_BEFORE_3_11                                                                                 \
        .code_file = 104, .code_name = 112, .code_qualified_name = PYTHON_ABSENT, .code_first_line = 40, \
        .code_lines = 120, .code_instructions = PYTHON_ABSENT, .code_first_traceable = PYTHON_ABSENT

/* Include/cpython/pystate.h, Include/internal/pycore_{runtime,interp,frame}.h, Include/{,cpython/}frameobject.h. Each
 * offset is what offsetof() gives with the headers of 3.9.2, 3.10.13, 3.11.2 and 3.12.1. */
static const struct {
        unsigned version;
        struct python_layout layout;
} layouts[] = {
        { VERSION(3, 9),
          { .interpreters = 32,
            .interpreter_next = 0,
            .interpreter_threads = 8,
            .thread_next = 8,
            .thread_id = 176,
            .thread_native_id = PYTHON_ABSENT,
            .thread_frame = 24,
            .cframe_frame = PYTHON_ABSENT,
            .frame_previous = 24,
            .frame_code = 32,
            .frame_instruction = 104,
            .frame_owner = PYTHON_ABSENT,
            CODE_BEFORE_3_11,
            OBJECTS,
            .instruction_unit = 1,
            .lines = PYTHON_LINES_LNOTAB } },
        { VERSION(3, 10),
          { .interpreters = 32,
            .interpreter_next = 0,
            .interpreter_threads = 8,
            .thread_next = 8,
            .thread_id = 176,
            .thread_native_id = PYTHON_ABSENT,
            .thread_frame = 24,
            .cframe_frame = PYTHON_ABSENT,
            .frame_previous = 24,
            .frame_code = 32,
            .frame_instruction = 96,
            .frame_owner = PYTHON_ABSENT,
            CODE_BEFORE_3_11,
            OBJECTS,
            .instruction_unit = 2,
            .lines = PYTHON_LINES_RANGES } },
        { VERSION(3, 11),
          { .interpreters = 40,
            .interpreter_next = 0,
            .interpreter_threads = 16,
            .thread_next = 8,
            .thread_id = 152,
            .thread_native_id = 160,
            .thread_frame = 56,
            .cframe_frame = 8,
            .frame_code = 32,
            .frame_previous = 48,
            .frame_instruction = 56,
            .frame_owner = 69,
            .code_file = 112,
            .code_name = 120,
            .code_qualified_name = 128,
            .code_first_line = 72,
            .code_lines = 136,
            .code_first_traceable = 168,
            .code_instructions = 184,
            OBJECTS,
            .lines = PYTHON_LINES_LOCATIONS } },
        { VERSION(3, 12),
          { .interpreters = 40,
            .interpreter_next = 0,
            .interpreter_threads = 72,
            .thread_next = 8,
            .thread_id = 136,
            .thread_native_id = 144,
            .thread_frame = 56,
            .cframe_frame = 0,
            .frame_code = 0,
            .frame_previous = 8,
            .frame_instruction = 56,
            .frame_owner = 70,
            .code_file = 112,
            .code_name = 120,
            .code_qualified_name = 128,
            .code_first_line = 68,
            .code_lines = 136,
            .code_first_traceable = 176,
            .code_instructions = 192,
            .object_type = 8,
            .bytes_size = 16,
            .bytes_data = 32,
            .string_length = 16,
            .string_state = 32,
            .string_ascii = 40,
            .string_compact = 56,
            .lines = PYTHON_LINES_LOCATIONS } },
};

/* ---- since 3.13: _Py_DebugOffsets, with which _PyRuntime begins ---- */

/* Words of it: "xdebugpy", PY_VERSION_HEX, whether threads run without the GIL, then the offsets in groups, whose order differs
 * (Include/internal/pycore_runtime.h of 3.13, pycore_debug_offsets.h of 3.14). */
enum { WORD_COOKIE, WORD_VERSION, WORD_FREE_THREADED, WORDS = 81 };

struct word {
        size_t member; /* of struct python_layout */
        unsigned char v3_13, v3_14;
        uint32_t limit; /* exceeds what the offset can be */
};

#define WORD(name, v3_13, v3_14, limit)                                   \
        {                                                                 \
                offsetof(struct python_layout, name), v3_13, v3_14, limit \
        }
#define OBJECT_LIMIT 1024
#define STATE_LIMIT (1024 * 1024) /* the states of run-time and interpreter contain large tables */

static const struct word words[] = {
        WORD(interpreters, 5, 5, STATE_LIMIT),         WORD(interpreter_next, 8, 8, STATE_LIMIT),
        WORD(interpreter_threads, 9, 9, STATE_LIMIT),  WORD(thread_next, 21, 24, OBJECT_LIMIT),
        WORD(thread_frame, 23, 26, OBJECT_LIMIT),      WORD(thread_id, 24, 27, OBJECT_LIMIT),
        WORD(thread_native_id, 25, 28, OBJECT_LIMIT),  WORD(frame_previous, 29, 32, OBJECT_LIMIT),
        WORD(frame_code, 30, 33, OBJECT_LIMIT),        WORD(frame_instruction, 31, 34, OBJECT_LIMIT),
        WORD(frame_owner, 33, 36, OBJECT_LIMIT),       WORD(code_file, 35, 40, OBJECT_LIMIT),
        WORD(code_name, 36, 41, OBJECT_LIMIT),         WORD(code_qualified_name, 37, 42, OBJECT_LIMIT),
        WORD(code_lines, 38, 43, OBJECT_LIMIT),        WORD(code_first_line, 39, 44, OBJECT_LIMIT),
        WORD(code_instructions, 43, 48, OBJECT_LIMIT), WORD(object_type, 45, 51, OBJECT_LIMIT),
        WORD(bytes_size, 65, 75, OBJECT_LIMIT),        WORD(bytes_data, 66, 76, OBJECT_LIMIT),
        WORD(string_state, 68, 78, OBJECT_LIMIT),      WORD(string_length, 69, 79, OBJECT_LIMIT),
        WORD(string_ascii, 70, 80, OBJECT_LIMIT),
};

/* Between the first traceable instruction's index and the instructions is co_extra; between the headers of a str in ASCII and of
 * another one are the length and the address of its UTF-8. Neither is among the offsets. */
#define FIRST_TRACEABLE_BEFORE 16
#define COMPACT_BEHIND 16

static int take_offsets(const uint64_t *from, unsigned version, struct python_layout *out)
{
        memset(out, 0, sizeof(*out));
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                uint64_t offset = from[version == VERSION(3, 13) ? words[i].v3_13 : words[i].v3_14];
                uint32_t value = (uint32_t)offset;

                if (offset >= words[i].limit)
                        return -EFAULT;
                memcpy((char *)out + words[i].member, &value, sizeof(value));
        }
        if (out->code_instructions < FIRST_TRACEABLE_BEFORE)
                return -EFAULT;
        out->cframe_frame = PYTHON_ABSENT;
        out->code_first_traceable = out->code_instructions - FIRST_TRACEABLE_BEFORE;
        out->string_compact = out->string_ascii + COMPACT_BEHIND;
        out->lines = PYTHON_LINES_LOCATIONS;
        return 0;
}

static int read_offsets(struct target *t, unsigned version, struct python_runtime *out)
{
        static const char cookie[8] = { 'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y' };
        uint64_t from[WORDS];

        if (target_read(t, out->address, from, sizeof(from)) || memcmp(from, cookie, sizeof(cookie)) ||
            HEX_VERSION(from[WORD_VERSION]) != version)
                return -EFAULT;
        if (from[WORD_FREE_THREADED]) {
                /* Bytecode is copied for each thread, and a str's flags have other places. */
                snprintf(out->version + strlen(out->version), sizeof(out->version) - strlen(out->version),
                         ", free-threaded");
                return -ENOTSUP;
        }
        return take_offsets(from, version, &out->layout);
}

int python_fill_layout(struct target *t, unsigned version, struct python_runtime *out)
{
        if (version >= FIRST_WITH_OFFSETS && version < FIRST_UNKNOWN)
                return read_offsets(t, version, out);
        for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
                if (layouts[i].version != version)
                        continue;
                out->layout = layouts[i].layout;
                return 0;
        }
        return -ENOTSUP;
}

/* ---- the module ---- */

/* "python3.11", "libpython3.11.so.1.0", or any program, which may have it linked statically: as preload/raw/python.c. */
static bool may_be_python(const struct module *m)
{
        const char *base = str_base(m->path);

        return m->image.base && (strstr(base, "python") || !strstr(base, ".so"));
}

static uint64_t address_of(struct target *t, const struct module *m, const char *name)
{
        struct cfi_space space = modules_space(t);
        struct dynsym symbol;

        return dynsym_find(&space, &m->image, name, &symbol) ? 0 : symbol.addr;
}

/* Reads Py_Version, which there is since 3.11; returns -ENOENT if it is absent. */
static int read_version(struct target *t, const struct module *m, unsigned *version, bool *is_final)
{
        uint64_t at = address_of(t, m, "Py_Version"), hex;

        if (!at)
                return -ENOENT;
        if (target_read(t, at, &hex, sizeof(hex)))
                return -EFAULT;
        *version = HEX_VERSION(hex);
        *is_final = HEX_LEVEL(hex) >= LEVEL_CANDIDATE;
        return 0;
}

/* Takes it from "python3.9" or "libpython3.9.so.1.0". */
static bool version_of_path(const char *path, unsigned *version)
{
        const char *name = strstr(str_base(path), "python");
        unsigned major, minor;

        if (!name || sscanf(name, "python%2u.%2u", &major, &minor) != 2)
                return false;
        *version = VERSION(major, minor);
        return true;
}

static int find_version(struct target *t, const struct module *m, unsigned *version, struct python_runtime *out)
{
        bool is_final = true;
        int err = read_version(t, m, version, &is_final);

        if (err == -EFAULT)
                return err;
        if (err && !version_of_path(m->path, version)) {
                snprintf(out->version, sizeof(out->version), "not given, in %.40s", str_base(m->path));
                return -ENOTSUP;
        }
        snprintf(out->version, sizeof(out->version), "%u.%u%s", *version >> 8, *version & 0xff,
                 is_final ? "" : ", not released");
        return is_final ? 0 : -ENOTSUP;
}

static int find_layout(struct target *t, const struct module *m, struct python_runtime *out)
{
        unsigned version;
        int err = find_version(t, m, &version, out);

        if (!err)
                err = python_fill_layout(t, version, out);
        if (err)
                return err;
        out->layout.code_type = address_of(t, m, "PyCode_Type");
        out->layout.bytes_type = address_of(t, m, "PyBytes_Type");
        out->layout.string_type = address_of(t, m, "PyUnicode_Type");
        return 0;
}

int python_find(struct target *t, struct python_runtime *out)
{
        memset(out, 0, sizeof(*out));
        for (size_t i = 0; i < t->modules.n && !target_past_deadline(t); i++) {
                const struct module *m = &t->modules.v[i];

                if (!may_be_python(m))
                        continue;
                out->address = address_of(t, m, "_PyRuntime");
                if (out->address)
                        return find_layout(t, m, out);
        }
        return -ENOENT;
}
