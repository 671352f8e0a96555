/* SPDX-License-Identifier: MIT */
/* unwind/elf/program.h: properties of a program's file that determine how well its crashes can be reported, read
 * before it runs. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_PROGRAM_H
#define CRASHPRE_UNWIND_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum program_kind {
        PROGRAM_NOT_ELF,
        PROGRAM_FOREIGN,       /* ELF, but for another processor or 32-bit */
        PROGRAM_NOT_A_PROGRAM, /* object file, core */
        PROGRAM_LIBRARY,       /* a shared object without interpreter */
        PROGRAM_STATIC,
        PROGRAM_DYNAMIC,
};

struct program_facts {
        enum program_kind kind;
        unsigned bits; /* PROGRAM_FOREIGN */
        char interpreter[256];
        char build_id[2 * 64 + 1]; /* hex, "" none */
        bool asan_shared,
                asan_static;   /* AddressSanitizer's run-time: a library (gcc), or part of the program (clang) */
        size_t functions;      /* covered by the table of .eh_frame_hdr; 0: none or unknown */
        size_t frame_pointers; /* functions that set up a frame pointer */
        bool go;               /* linked by Go's own linker, or with its run-time */
        bool eh_frame, debug_frame;
        bool symbols, minidebug, lines; /* .symtab, .gnu_debugdata, DWARF in the file itself */
        char *debug_file;               /* new; its separate debug file, NULL: none found */
        bool debug_file_lines;          /* the separate debug file has DWARF */
};

/* Reads kind, bits and interpreter of the file at the absolute `path`, from its headers. Returns 0, or -errno if it
 * cannot be opened. *out needs no program_clear(). */
int program_read_kind(const char *path, struct program_facts *out);

/* Reads the file at the absolute `path`; `debug_dirs` is a colon-separated list. Returns 0 and fills *out (free with
 * program_clear()), or -errno if it cannot be opened. */
int program_read(const char *path, const char *debug_dirs, struct program_facts *out);
void program_clear(struct program_facts *facts);

#endif
