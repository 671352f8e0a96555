/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/exception_chain.h: description of a C++ exception, shared by handler, helper and raw report.
 * Plain data. */
#ifndef CRASHPRE_UNWIND_CORE_EXCEPTION_CHAIN_H
#define CRASHPRE_UNWIND_CORE_EXCEPTION_CHAIN_H

#include <stdint.h>

enum { EXCEPTION_CHAIN_MAX = 8, EXCEPTION_TYPE_MAX = 512, EXCEPTION_WHAT_MAX = 1024 };

enum exception_what {
        EXCEPTION_WHAT_NONE, /* neither a std::exception nor a string or number */
        EXCEPTION_WHAT_TEXT,
        EXCEPTION_WHAT_OWN /* the program's own what(): its text requires a call */
};

struct exception_text {
        uint32_t what_kind;            /* enum exception_what */
        char type[EXCEPTION_TYPE_MAX]; /* mangled, without the _ZTI of the symbol */
        char what[EXCEPTION_WHAT_MAX]; /* EXCEPTION_WHAT_TEXT, else "" */
};

/* An exception and those nested in it (std::nested_exception), outermost first. */
struct exception_chain {
        uint32_t count;
        struct exception_text v[EXCEPTION_CHAIN_MAX];
};

#endif
