/* SPDX-License-Identifier: MIT */
/* report/fault/examine.h: decodes the code at a crash and the values of its operands.
 *
 * The target may be hostile or have no readable memory: members that cannot be determined are left unset. Code is read
 * from the process, else from the mapped file.
 */
#ifndef CRASHPRE_REPORT_EXAMINE_H
#define CRASHPRE_REPORT_EXAMINE_H

#include "report/code/disassemble.h"
#include "report/fault/backing.h"
#include "report/fault/fault.h"

/* How the program reached an address that is not code. */
enum arrival { ARRIVAL_UNKNOWN, ARRIVAL_CALL, ARRIVAL_RETURN };

struct examination {
        bool decoded;
        struct instruction insn; /* the faulting one; for a breakpoint the one before pc */
        int bad_operand;         /* index in insn.operands of the operand with the bad address; -1 unknown */
        bool target_is_bad;      /* the target of a call, jump or return is the bad address */
        struct known_u64 value;  /* insn.value, or the target of a return; also read from memory */
        enum arrival arrival;    /* if pc itself is the bad address */
        char arrived_by[48];     /* "rdx", the operand of the call; "" unknown */
        struct backing backing;  /* of SIGBUS: where the page at the bad address should have come from */
};

/* Fills `out`, and report->disassembly: the instructions around pc. `facts` and `t` as for fault_classify(). If the
 * report's frames have names, they provide the start of the function, so that instructions before pc are listed too. */
void examine(struct report *report, const struct crash_facts *facts, struct target *t, struct examination *out);

#endif
