/* SPDX-License-Identifier: MIT */
/* unwind/elf/elf_file.h: reads sections of untrusted ELF files. Private to unwind/.
 *
 * Files are read by pread(2), not mapped: a file that is truncated in the meantime causes an error and no SIGBUS.
 * Every offset and size is checked against the file. Errors: -ENOEXEC no ELF file for this processor, -EBADMSG
 * malformed, -ENOENT missing, -ENOMEM. Not async-signal-safe.
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
        uint64_t start;  /* offset of the ELF header; not 0 inside an archive */
        uint64_t size;   /* bytes from `start` on */
        Elf64_Ehdr header;
        Elf64_Shdr *sections;
        size_t section_count;
        char *names; /* of the sections, NUL-terminated */
        size_t names_size;
};

/* Opens a file or an image in memory. Takes `fd` or `memory` (allocated), even if an error is returned. Returns 0 or
 * -errno. */
int elf_file_open(struct elf_file *f, int fd, uint64_t start);
int elf_file_open_memory(struct elf_file *f, uint8_t *memory, size_t size);
void elf_file_close(struct elf_file *f); /* does nothing for a zeroed or closed one */

/* Reads exactly `len` bytes at `offset` of the file. Returns 0 or -errno. */
int elf_file_read(const struct elf_file *f, uint64_t offset, void *buf, size_t len);

/* Return the section of that name, and the name of a section; borrowed; NULL: none. */
const Elf64_Shdr *elf_file_section(const struct elf_file *f, const char *name);
const char *elf_file_section_name(const struct elf_file *f, const Elf64_Shdr *s);

/* Returns the index of the loaded section that contains a virtual address; 0 if none. */
size_t elf_file_section_at(const struct elf_file *f, uint64_t vaddr);

/* How a section is stored in the file: compressed (SHF_COMPRESSED, or ".zdebug" by zlib) after a header, or not. */
struct elf_packing {
        bool packed;
        enum inflate_format format;
        size_t head;   /* bytes before the compressed data */
        uint64_t size; /* uncompressed size of the section */
};

/* Returns 0 and fills *out, or -EBADMSG: unknown compression method or implausible size. */
int elf_file_packing(const struct elf_file *f, const Elf64_Shdr *s, struct elf_packing *out);

/* Reads all bytes of a section, uncompressed. *data is new. Returns 0 or -errno. */
int elf_file_contents(const struct elf_file *f, const Elf64_Shdr *s, uint8_t **data, size_t *size);

/* Copies a string of a string table, truncated to size - 1 bytes; "" if there is none. */
void elf_file_string(const struct elf_file *f, const Elf64_Shdr *strings, uint64_t offset, char *buf, size_t size);

/* Copies the build-id from any note section, at most `max` bytes. Returns 0 or -ENOENT. */
int elf_file_build_id(const struct elf_file *f, uint8_t *id, size_t max, size_t *len);

#endif
