/* SPDX-License-Identifier: MIT */
/* preload/privacy/secrets.h: the values of the program's secret variables (unwind/core/terms/secret.h), read at the crash.
 *
 * Signal context: async-signal-safe. Static data: the report has one writer.
 */
#ifndef CRASHPRE_PRELOAD_SECRETS_H
#define CRASHPRE_PRELOAD_SECRETS_H

#include "unwind/core/terms/secret.h"

/* Reads the environment as the memory has it now: the block from the start of the program, and the array `environ`, since setenv(3)
 * puts values on the heap; and what CRASHPRE_REDACT removes. Between probe_begin() and probe_end(); run under a guard. */
void privacy_collect(void);

/* The secret values collected last; none before the first time. */
const struct secrets *privacy_secrets(void);

/* Whether a register or a block of them contains a part of a secret value, or of a value that CRASHPRE_REDACT removes. */
bool privacy_in_block(const void *block, size_t n);

#endif
