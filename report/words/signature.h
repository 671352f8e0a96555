/* SPDX-License-Identifier: MIT */
/* report/words/signature.h: identifies crashes that are the same bug. Not async-signal-safe.
 *
 * The signature is for people: the innermost own functions of the program (report/words/own.h), at most
 * SIGNATURE_FRAMES of them, by their plain names (report/model/names.h), each once: "store_item | process_batch |
 * main". For a stack overflow it is the cycle of calls, which starts with the same function wherever in the cycle the
 * stack ended. A function without a name is "libx.so+0x1139", which is valid for one build of that file.
 *
 * For a program that runs a script, the script's functions replace the interpreter's: "load (app.py)".
 *
 * The fingerprint is for machines: 16 hexadecimal digits, the 64-bit FNV-1a hash of the following, each followed by a
 * NUL: signal, fault class, type of the exception, expression of the assertion, malloc's message about a corrupted
 * heap, the standard library's function (C++, Rust) that the first function of the signature called, and the
 * functions of the signature. It does not depend on addresses, processes, directories or lines.
 */
#ifndef CRASHPRE_REPORT_SIGNATURE_H
#define CRASHPRE_REPORT_SIGNATURE_H

#include "report/model/model.h"

#define SIGNATURE_FRAMES 4

/* Sets report->signature and report->fingerprint; fault, cause and threads must be known. Without any frame there is
 * no signature, and the fingerprint uses the program's name instead. */
void signature_fill(struct report *report);

#endif
