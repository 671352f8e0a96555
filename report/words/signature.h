/* SPDX-License-Identifier: MIT */
/* report/words/signature.h: what makes two crashes the same bug.
 *
 * The signature is for people: the innermost functions of the program's own (report/words/own.h), at most SIGNATURE_FRAMES
 * of them, by their plain names (report/model/names.h), each once: "store_item | process_batch | main".
 * Of a stack overflow it is the cycle of calls, begun at the same function wherever in the cycle the stack ended. A
 * function without a name is "libx.so+0x1139", which holds for one build of that file.
 *
 * Of a program that runs a script, the script's functions stand in the place of the interpreter's: "load (app.py)".
 *
 * The fingerprint is for machines: 16 hexadecimal digits, FNV-1a of 64 bits over, each with a NUL behind it: signal,
 * fault class, type of the exception, expression of the assertion, malloc's message about a corrupted heap, the standard
 * library's function (C++, Rust) that the first of the signature's called, and the functions of the signature. Nothing
 * in it depends on addresses, processes, directories or lines.
 */
#ifndef CRASHPRE_REPORT_SIGNATURE_H
#define CRASHPRE_REPORT_SIGNATURE_H

#include "report/model/model.h"

#define SIGNATURE_FRAMES 4

/* Sets report->signature and report->fingerprint, after fault, cause and threads are known. Without a single frame
 * there is no signature, and the program's name stands in for it in the fingerprint. */
void signature_fill(struct report *report);

#endif
