/* SPDX-License-Identifier: MIT */
/* report/fault/examine.h: the code at a crash, and what its operands held.
 *
 * Works on a target that may be hostile or have no memory to read: what cannot be had stays out. Bytes of code are
 * read from the process, else from the file behind the mapping.
 */
#ifndef CRASHPRE_REPORT_EXAMINE_H
#define CRASHPRE_REPORT_EXAMINE_H

#include "report/code/disassemble.h"
#include "report/fault/fault.h"

/* How the program came to a place that is no code. */
enum arrival { ARRIVAL_UNKNOWN, ARRIVAL_CALL, ARRIVAL_RETURN };

struct examination {
        bool decoded;
        struct instruction insn;      /* the faulting one; of a breakpoint the one before pc */
        int bad_operand;              /* of insn.operands: what gave the bad address; -1 none is known to */
        bool target_is_bad;           /* the call, jump or return was right, where it was to go was not */
        struct known_u64 value;       /* insn.value, or where a return goes: from memory too */
        enum arrival arrival;         /* where pc itself is the bad address */
        char arrived_by[48];          /* "rdx", the operand of the call; "" unknown */
        struct known_u64 file_size;   /* of the file mapped at the bad address, as it is now */
        struct known_u64 file_offset; /* of the bad address in it */
};

/* Fills `out`, and report->disassembly: the instructions around pc. `facts` and `t` as for fault_classify(). Frames of
 * the report, if they have names, say where the function begins: so what stands before pc is listed too. */
void examine(struct report *report, const struct crash_facts *facts, struct target *t, struct examination *out);

/* Fills report->memory: the bytes around SP and around each register that points to readable memory, a few kilobytes in
 * all. Takes the registers of t->threads[0]. */
void examine_memory(struct report *report, struct target *t);

#endif
