/* SPDX-License-Identifier: MIT */
/* Fuzz target: an ELF file: sections, inflated where they are compressed, build-id, symbols, stubs, embedded symbols. */
#include "tests/fuzz/fuzz.h"

#include "unwind/elf/minidebug.h"
#include "unwind/elf/symbol_table.h"

#include <stdlib.h>
#include <string.h>

#define WANTS 8
#define SECTIONS_MAX 64
#define INFLATED_MAX ((uint64_t)1 << 20)

static void search(const struct elf_file *f)
{
        struct symbol_want wants[WANTS] = { { .vaddr = 0 } };
        const Elf64_Shdr *text = elf_file_section(f, ".text");

        for (size_t i = 0; i < WANTS; i++)
                wants[i].vaddr = (text ? text->sh_addr : f->header.e_entry) + 4 * i;
        symbol_table_search(f, SYMBOL_TABLE_FULL, wants, WANTS, 0);
        symbol_table_search(f, SYMBOL_TABLE_DYNAMIC, wants, WANTS, 0);
        symbol_table_search_plt(f, wants, WANTS, 0);
        for (size_t i = 0; i < WANTS; i++)
                free(wants[i].name);
}

static void read_sections(const struct elf_file *f)
{
        char name[64];

        for (size_t i = 0; i < f->section_count && i < SECTIONS_MAX; i++) {
                const Elf64_Shdr *s = &f->sections[i];
                struct elf_packing packing;
                uint8_t *bytes;
                size_t size;

                elf_file_section_name(f, s);
                elf_file_string(f, s, i, name, sizeof(name));
                if (elf_file_packing(f, s, &packing) || packing.size > INFLATED_MAX)
                        continue;
                if (!elf_file_contents(f, s, &bytes, &size))
                        free(bytes);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t *memory = malloc(size + !size), id[64];
        struct elf_file f, embedded;
        size_t len;

        if (!memory)
                return 0;
        memcpy(memory, data, size);
        if (elf_file_open_memory(&f, memory, size))
                return 0;
        elf_file_build_id(&f, id, sizeof(id), &len);
        elf_file_section_at(&f, f.header.e_entry);
        read_sections(&f);
        search(&f);
        if (!minidebug_open(&f, 0, &embedded)) {
                search(&embedded);
                elf_file_close(&embedded);
        }
        elf_file_close(&f);
        return 0;
}
