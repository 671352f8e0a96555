#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/gdb/start.sh PROGRAM...: gdb's exec-wrapper: notes the pid, then runs the program under the preload. gdb itself is not preloaded.
[ -z "$ORACLE_PID_FILE" ] || echo $$ >"$ORACLE_PID_FILE"
exec env LD_PRELOAD="$ORACLE_PRELOAD" "$@"
