/* SPDX-License-Identifier: MIT */
/* unwind/core/image/image.h: reads the headers of an ELF image in a target's memory.
 *
 * Reads only through struct cfi_space's `read`, allocates nothing, calls nothing of libc: async-signal-safe, shared
 * by handler and helper. Headers may be hostile: every count and offset is bounded.
 */
#ifndef CRASHPRE_UNWIND_CORE_IMAGE_H
#define CRASHPRE_UNWIND_CORE_IMAGE_H

#include "unwind/core/cfi/cfi.h"

#define IMAGE_BUILD_ID_MAX 64 /* bytes; GNU build-ids are 20, lld and Go may differ */

struct image {
        uint64_t base; /* address of the ELF header */
        uint64_t end;  /* end of the last PT_LOAD at run time, page-rounded up */
        uint64_t bias; /* run-time address minus ELF virtual address */
        uint64_t text; /* start and end of the executable PT_LOADs at run time, page-rounded; 0, 0: none */
        uint64_t text_end;
        uint64_t data, data_end; /* the same of the writable ones */
        uint64_t eh_frame_hdr;   /* run-time address; 0: none */
        uint64_t eh_frame_hdr_size;
        uint64_t dynamic;      /* run-time address of PT_DYNAMIC; 0: none */
        uint32_t build_id_len; /* 0: none */
        uint8_t build_id[IMAGE_BUILD_ID_MAX];
};

/* Reads the image whose ELF header is at `base` in the target. Returns 0, -ENOEXEC (no ELF image for this processor)
 * or -EFAULT. Only `read` of `space` is used. The build-id is the first NT_GNU_BUILD_ID of any PT_NOTE. */
int image_read(const struct cfi_space *space, uint64_t base, struct image *out);

/* Whether executable memory at `addr` belongs to the image whoever mapped it: programs move their code to anonymous (huge) pages, or
 * to files of hugetlbfs, at the same addresses. */
static inline bool image_has_text(const struct image *image, uint64_t addr)
{
        return addr - image->text < image->text_end - image->text;
}

#endif
