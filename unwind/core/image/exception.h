/* SPDX-License-Identifier: MIT */
/* unwind/core/image/exception.h: reads a C++ exception in a target's memory: its type, its text, and the exceptions
 * nested in it.
 *
 * No function of the C++ run-time is called, so it does not matter whether the run-time is linked dynamically,
 * statically or privately by a plugin. Layouts: Itanium C++ ABI, "Exception Handling" 2.2 and 2.9 (objects,
 * type_info), as in libstdc++ (libsupc++/unwind-cxx.h, eh_ptr.cc) and libc++abi (src/cxa_exception.h), which agree
 * from the exception's type to the unwinder's header; the standard classes as in GCC 5 and later, and LLVM 10 and
 * later.
 *
 * Allocates nothing, calls nothing of libc: async-signal-safe, shared by handler and helper. Memory may be corrupted:
 * every loop is bounded, and values that cannot be read are omitted.
 */
#ifndef CRASHPRE_UNWIND_CORE_EXCEPTION_H
#define CRASHPRE_UNWIND_CORE_EXCEPTION_H

#include "unwind/core/cfi/cfi.h"
#include "unwind/core/terms/exception_chain.h"

/* The data the run-time stores before a thrown object, found from the unwinder's header (struct _Unwind_Exception). */
struct exception_object {
        uint64_t header;            /* the unwinder's header */
        uint64_t object;            /* the thrown object */
        uint64_t type;              /* its std::type_info */
        uint64_t terminate_handler; /* std::get_terminate() at the throw */
        bool is_llvm;               /* true: thrown by libc++abi, false: by libstdc++ */
        int32_t handlers;           /* catch clauses that handle it; negative while it is being rethrown */
        /* the run-time's function that frees it; adjacent in memory to the function that throws */
        uint64_t cleanup;
};

struct exception_reader {
        const struct cfi_space *space; /* `read` is used */
        /* May be NULL. Calls what(), the function at `what`, on the object and copies its text to `buf`, truncated to
         * size - 1 bytes. Returns false if the function could not be called or faulted. */
        bool (*call)(uint64_t what, uint64_t object, char *buf, size_t size);
};

/* True if `header` is the unwinder's header of an exception of a known run-time; fills *out. An exception rethrown by
 * std::rethrow_exception() is resolved to the original. */
bool exception_at(const struct cfi_space *space, uint64_t header, struct exception_object *out);

/* Like exception_at(), for the address of a thrown object. */
bool exception_of_object(const struct cfi_space *space, uint64_t object, struct exception_object *out);

/* Fills `out` with the exception and those nested in it; out->count is 0 if not even the type can be read. */
void exception_describe(const struct exception_reader *reader, const struct exception_object *thrown,
                        struct exception_chain *out);

#endif
