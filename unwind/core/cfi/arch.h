/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/arch.h: includes the header of the target processor. */
#ifndef CRASHPRE_UNWIND_CORE_ARCH_H
#define CRASHPRE_UNWIND_CORE_ARCH_H

#if defined(__x86_64__)
#include "unwind/core/cfi/x86_64.h"
#else
#error "crashpre supports x86_64 only so far: add unwind/core/cfi/<processor>.h"
#endif

#endif
