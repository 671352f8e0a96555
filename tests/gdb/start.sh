#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/gdb/start.sh PROGRAM: gdb's exec-wrapper: notes the pid, then runs the program under the preload. gdb itself is not preloaded.
# One exec and no more, since gdb counts them: behind one that it did not expect it misses the vdso. The arguments come from a file, each ended by a NUL: gdb's own command line takes no newlines.
mapfile -d '' -t arguments <"$ORACLE_ARGUMENTS"
echo $$ >"$ORACLE_PID_FILE"
export LD_PRELOAD=$ORACLE_PRELOAD
exec "$@" "${arguments[@]}" <"$ORACLE_STDIN" >/dev/null
