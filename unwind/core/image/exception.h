/* SPDX-License-Identifier: MIT */
/* unwind/core/image/exception.h: a C++ exception as it lies in a target's memory: its type, what it says, what it was thrown
 * over.
 *
 * Nothing of the C++ run-time is called, so that it does not matter whether that is linked dynamically, statically or
 * by a plugin for itself. Layouts: Itanium C++ ABI, "Exception Handling" 2.2 and 2.9 (objects, type_info), as in
 * libstdc++ (libsupc++/unwind-cxx.h, eh_ptr.cc) and libc++abi (src/cxa_exception.h), which agree from the exception's
 * type to the unwinder's header; the standard classes as in GCC 5 and later, and LLVM 10 and later.
 *
 * Allocates nothing, calls nothing of libc: async-signal-safe, shared by handler and helper. Memory may be damaged:
 * every walk is bounded, and what cannot be read is left out.
 */
#ifndef CRASHPRE_UNWIND_CORE_EXCEPTION_H
#define CRASHPRE_UNWIND_CORE_EXCEPTION_H

#include "unwind/core/cfi/cfi.h"
#include "unwind/core/terms/exception_chain.h"

/* What the run-time keeps before a thrown object, at the unwinder's header (struct _Unwind_Exception). */
struct exception_object {
        uint64_t header;            /* the unwinder's header */
        uint64_t object;            /* what was thrown */
        uint64_t type;              /* std::type_info of it */
        uint64_t terminate_handler; /* std::get_terminate() as it was thrown */
        bool is_llvm;               /* of libc++abi, else of libstdc++ */
        int32_t handlers;           /* catch clauses that hold it; negative while it is thrown again */
        uint64_t cleanup;           /* the run-time's function that frees it: it stands beside the one that throws */
};

struct exception_reader {
        const struct cfi_space *space; /* `read` is used */
        /* May be NULL. Calls what(), the function at `what`, for the object; its text, cut at size - 1, comes to `buf`.
         * false: it could not be called, or came to grief. */
        bool (*call)(uint64_t what, uint64_t object, char *buf, size_t size);
};

/* Is there an exception of a known run-time whose unwinder's header is at `header`? One thrown by
 * std::rethrow_exception() leads to the original. */
bool exception_at(const struct cfi_space *space, uint64_t header, struct exception_object *out);

/* The same by the address of the thrown object. */
bool exception_of_object(const struct cfi_space *space, uint64_t object, struct exception_object *out);

/* Fills `out`; count is 0 where not even the type can be read. */
void exception_describe(const struct exception_reader *reader, const struct exception_object *thrown,
                        struct exception_chain *out);

#endif
