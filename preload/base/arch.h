/* SPDX-License-Identifier: MIT */
/* preload/base/arch.h: selects the processor's header, preload/base/<processor>.h. */
#ifndef CRASHPRE_PRELOAD_ARCH_H
#define CRASHPRE_PRELOAD_ARCH_H

#if defined(__x86_64__)
#include "preload/base/x86_64.h"
#else
#error "this processor is not supported yet: see preload/base/x86_64.h"
#endif

#endif
