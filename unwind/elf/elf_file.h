/* SPDX-License-Identifier: MIT */
/* unwind/elf/elf_file.h: reading sections of ELF files that nobody vouches for. Private to unwind/.
 *
 * By pread(2), not by mapping: a file that shrinks while we look at it gives an error and no SIGBUS. Every offset and
 * size is checked against the file. Errors: -ENOEXEC no ELF file of this processor, -EBADMSG malformed, -ENOENT not
 * there, -ENOMEM.
 */
#ifndef CRASHPRE_UNWIND_ELF_FILE_H
#define CRASHPRE_UNWIND_ELF_FILE_H

#include "unwind/elf/inflate.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
        int fd;
        bool owns_fd;    /* false: in memory */
        uint8_t *memory; /* owned */
        uint64_t start;  /* offset of the ELF header, not 0 inside an archive */
        uint64_t size;   /* bytes from there on */
        Elf64_Ehdr header;
        Elf64_Shdr *sections;
        size_t section_count;
        char *names; /* of the sections, NUL-terminated */
        size_t names_size;
};

/* Takes `fd` or `memory` (allocated), whatever it returns. */
int elf_file_open(struct elf_file *f, int fd, uint64_t start);
int elf_file_open_memory(struct elf_file *f, uint8_t *memory, size_t size);
void elf_file_close(struct elf_file *f); /* harmless on a zeroed or closed one */

/* Exactly `len` bytes at `offset` of the file. */
int elf_file_read(const struct elf_file *f, uint64_t offset, void *buf, size_t len);

/* NULL: no such section. */
const Elf64_Shdr *elf_file_section(const struct elf_file *f, const char *name);
const char *elf_file_section_name(const struct elf_file *f, const Elf64_Shdr *s);

/* The loaded section at a virtual address: its index, 0 if none. */
size_t elf_file_section_at(const struct elf_file *f, uint64_t vaddr);

/* How a section's bytes lie in the file: compressed (SHF_COMPRESSED, or ".zdebug" by zlib) behind a header of their own,
 * or not. */
struct elf_packing {
        bool packed;
        enum inflate_format format;
        size_t head;   /* bytes before the compressed ones */
        uint64_t size; /* of the section when inflated */
};

/* 0, or -EBADMSG: by no method we know, or a size that cannot be. */
int elf_file_packing(const struct elf_file *f, const Elf64_Shdr *s, struct elf_packing *out);

/* All bytes of a section, inflated if it is compressed. New. */
int elf_file_contents(const struct elf_file *f, const Elf64_Shdr *s, uint8_t **data, size_t *size);

/* A string of a string table; "" where there is none. Cut at size - 1. */
void elf_file_string(const struct elf_file *f, const Elf64_Shdr *strings, uint64_t offset, char *buf, size_t size);

/* The build-id from any note section: 0, or -ENOENT. At most `max` bytes. */
int elf_file_build_id(const struct elf_file *f, uint8_t *id, size_t max, size_t *len);

#endif
