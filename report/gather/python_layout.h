/* SPDX-License-Identifier: MIT */
/* report/gather/python_layout.h: where CPython keeps what a stack consists of, by version. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_PYTHON_LAYOUT_H
#define CRASHPRE_REPORT_PYTHON_LAYOUT_H

#include "unwind/target/target.h"

enum python_lines {
        PYTHON_LINES_LNOTAB,    /* up to 3.9: co_lnotab (Objects/lnotab_notes.txt) */
        PYTHON_LINES_RANGES,    /* 3.10: co_linetable, ranges with a signed change of the line (PEP 626) */
        PYTHON_LINES_LOCATIONS, /* 3.11: co_linetable, locations of variable length (Objects/locations.md, PEP 657) */
};

#define PYTHON_ABSENT UINT32_MAX

/* Offsets in bytes; PYTHON_ABSENT: this version has no such member. */
struct python_layout {
        uint32_t interpreters;                          /* in _PyRuntime: the newest interpreter */
        uint32_t interpreter_next, interpreter_threads; /* the newest thread state */
        uint32_t thread_next, thread_id, thread_native_id;
        uint32_t thread_frame; /* the innermost frame, or, if `cframe_frame` is a member, what points to it */
        uint32_t cframe_frame;
        uint32_t frame_code, frame_previous, frame_instruction, frame_owner;
        uint32_t code_file, code_name, code_qualified_name, code_first_line, code_lines;
        uint32_t code_instructions; /* ABSENT: frame_instruction is an int, an index, and not a pointer */
        uint32_t code_first_traceable;
        uint32_t object_type;
        uint32_t bytes_size, bytes_data;
        uint32_t string_length, string_state, string_ascii, string_compact; /* the last two: of the characters */
        uint32_t instruction_unit;                                          /* bytes an index of instructions counts */
        enum python_lines lines;
        /* Addresses of the types, 0 unknown. */
        uint64_t code_type, bytes_type, string_type;
};

#define PYTHON_VERSION(major, minor) ((major) << 8 | (minor))

struct python_runtime {
        uint64_t address; /* of _PyRuntime */
        struct python_layout layout;
        char version[64]; /* "3.11", or what is known of it */
};

/* Finds the interpreter that the process runs, and how it lays out its data. Returns 0; -ENOENT if there is none; -ENOTSUP if
 * its version is not known: out->version is set; -EFAULT if its memory is corrupted. */
int python_find(struct target *t, struct python_runtime *out);

/* Fills out->layout, except the addresses of types, for a PYTHON_VERSION; since 3.13 the offsets are read at out->address. Returns
 * 0, -ENOTSUP or -EFAULT as above. */
int python_fill_layout(struct target *t, unsigned version, struct python_runtime *out);

#endif
