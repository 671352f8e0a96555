/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/raw_format.h: format of the raw text report, for the handler that writes it and its readers.
 *
 * Plain ASCII, one fact a line, "key: value"; bytes outside printable ASCII and the backslash are written as \xHH.
 * Sections begin with "[name]".
 *
 *   crashpre raw report 1
 *   id: crash-app-4242-20261121T143512.123456Z
 *   time: 2026-11-21T14:35:12.123456Z
 *   version: 0.1.0 (commit 0123abc)
 *   machine: x86_64
 *   note: text                            any number: invalid settings, directories that could not be used
 *   [cause]
 *   kind: signal                          signal | abort | exception | request
 *   signal: 11 SIGSEGV
 *   code: 1 SEGV_MAPERR
 *   address: 0x0                          for faults with an address
 *   trap: 14 error 0x6                    trap number and page-fault error code, if the kernel raised the signal
 *   sender: pid 1 uid 0                   for sent signals
 *   syscall: 41                           for SIGSYS; "41 arch 0x40000003" if the call was not made by the
 *                                         processor's own numbers (AUDIT_ARCH_* of linux/audit.h)
 *   message: text                         the program's last message before it aborted, at most 4 KiB
 *   exception: St13runtime_error          mangled
 *   what: text                            of the exception above; the value of a string or number
 *   what unknown: the program's own what()
 *   nested: St11logic_error               an exception nested in the one above; followed by its "what", as above
 *   thrown at: 0x401136 /bin/app +0x1136  with CRASHPRE_THROW_SITES: throw of the first exception: return addresses,
 *                                         innermost first
 *   reason: text                          of a request
 *   class: null-dereference               as far as it is certain in the crashing process (fault_class.h)
 *   handler: abort                        how the program's own handler ended it: abort, exit, raise
 *   [process]
 *   pid: 4242
 *   tid: 4243
 *   thread: worker-1
 *   ppid, exe, cwd, uid, gid, start_time (clock ticks since boot, proc(5) field 22), arg (one line per argument),
 *   kernel, hostname, cpus: likewise
 *   [context]                             crashpre_push(), innermost first: "module class phase"
 *   [breadcrumbs]                         "time tid category: message", oldest first
 *   [metadata]                            "name: value"; values other than strings with their type:
 *                                         "name (int): 42", "name (double): 0.5", "name (bool): true"
 *   [python]                              the interpreter's frames, innermost first, as CPython prints them
 *   File "/app/main.py", line 3 in work
 *   [registers]
 *   rax: 0x...                            one line each, ARCH_REG_DISPLAY_ORDER, known ones only
 *   xstate: <block>                       see RAW_BLOCK_*
 *   [frames]
 *   0 context 0x401136 /bin/app +0x1136   index trust pc module-path +module-offset ("-" without offset
 *                                         outside modules); " signal" appended for a trampoline
 *   end: end-of-stack
 *   [modules]
 *   0x400000 0x405000 <build-id hex or -> /bin/app         base end build-id path
 *   [maps]
 *   (lines as in /proc/PID/maps)
 *   omitted: 12                           number of lines beyond the limit
 *   end of report
 *   helper: ...                           appended later
 *
 * A block: "address 0x.. length N crc32 0x.." on the key's line, then base64 lines (76 columns, indented by two spaces)
 * of the run-length coded bytes. Run-length code (PackBits): a byte n < 128: n + 1 literal bytes follow; n > 128: the
 * next byte is repeated 257 - n times; 128 is not used. The CRC-32 (IEEE 802.3, as in zlib) is of the uncoded bytes.
 */
#ifndef CRASHPRE_UNWIND_CORE_RAW_FORMAT_H
#define CRASHPRE_UNWIND_CORE_RAW_FORMAT_H

#include <stdbool.h>

#define RAW_SCHEMA_LINE "crashpre raw report 1"
#define RAW_END_LINE "end of report"
#define RAW_HELPER_PREFIX "helper: "

#define RAW_SECTION_CAUSE "[cause]"
#define RAW_SECTION_PROCESS "[process]"
#define RAW_SECTION_CONTEXT "[context]"
#define RAW_SECTION_BREADCRUMBS "[breadcrumbs]"
#define RAW_SECTION_METADATA "[metadata]"
#define RAW_SECTION_PYTHON "[python]"
#define RAW_SECTION_REGISTERS "[registers]"
#define RAW_SECTION_FRAMES "[frames]"
#define RAW_SECTION_MODULES "[modules]"
#define RAW_SECTION_MAPS "[maps]"

/* Characters of an executable's base name that are used in the name of a report; others are replaced by _. */
static inline char raw_name_char(char c)
{
        bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                    c == '-' || c == '_' || c == '+';

        return safe ? c : '_';
}

#define RAW_MAPS_CAP (1024 * 1024) /* bytes of [maps] */
#define RAW_BLOCK_COLUMNS 76

#endif
