# SPDX-License-Identifier: MIT
# tests/gdb/frames.py: run by gdb -batch -nx -x: every thread's frames as JSON, for comparison with our reports.
"""Settings in the environment, all prefixed ORACLE_:
  OUT      where the JSON goes
  PID      a live process to look at; else gdb's program is run until its first stop by a signal
  START    exec-wrapper for the program run, so that the preload concerns the program alone; it brings the arguments too
  SKIP     stops to pass over
  WAIT     1: let the program die after the stop, and wait for that
  LIMIT    frames a thread

gdb's own view is bent in three ways to be comparable: what is past main is shown; inlined frames are told with the
frame they are inlined into (they have no stack slot of their own); tail-call frames, which gdb infers, are dropped.
"""
import json
import os
import re
import time

import gdb

SIGNALS = "SIGSEGV SIGBUS SIGFPE SIGILL SIGABRT SIGTRAP SIGSYS"
STACKLESS = (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME)


def option(name, otherwise=None):
    return os.environ.get("ORACLE_" + name, otherwise)


def minimal_symbol(pc):
    """ELF symbol that covers pc: [name, offset], or None."""
    text = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    match = re.match(r"(.+?)(?: \+ (\d+))? in section ", text)
    return [match.group(1), int(match.group(2) or 0)] if match else None


def names_of(frame, pc):
    """All names gdb has for the code a physical frame is in, with the address where each begins."""
    found = []
    symbol = minimal_symbol(pc)
    if symbol:
        found.append([symbol[0], hex(pc - symbol[1])])
    try:
        block = gdb.block_for_pc(pc)
    except (RuntimeError, OverflowError, gdb.error):
        block = None
    inlined = False
    while block and (not block.function or inlined_block(block)):
        inlined = inlined or bool(block.function)
        block = block.superblock
    if block and block.function:
        found.append([block.function.print_name, hex(block.start)])
    if frame.name() and not inlined:
        found.append([frame.name(), None])
    return found


def inlined_block(block):
    """gdb 13 does not say so itself: an inlined block's function lies inside another function's block."""
    outer = block.superblock
    while outer and not outer.is_static and not outer.is_global:
        if outer.function:
            return True
        outer = outer.superblock
    return False


def function_name(frame):
    """As backtrace prints it, with the parameters that are part of a C++ name."""
    return frame.function().print_name if frame.function() else frame.name()


def in_system_call(pc):
    """Does pc stand behind a syscall instruction?"""
    try:
        return bytes(gdb.selected_inferior().read_memory(pc - 2, 2)) == b"\x0f\x05"
    except (gdb.MemoryError, OverflowError):
        return False


def describe(frame, newer):
    pc = frame.pc() & (1 << 64) - 1
    sal = frame.find_sal()
    exact = newer is None or newer.type() == gdb.SIGTRAMP_FRAME
    return {
        "pc": hex(pc),
        "names": names_of(frame, pc if exact or not pc else pc - 1),
        "function": function_name(frame),
        "system_call": newer is None and in_system_call(pc),
        "signal_frame": frame.type() == gdb.SIGTRAMP_FRAME,
        "file": sal.symtab.filename if sal and sal.symtab else None,
        "line": sal.line if sal else 0,
    }


def call(frame):
    sal = frame.find_sal()
    return {"function": frame.name(), "file": sal.symtab.filename if sal.symtab else None, "line": sal.line}


def frames_of(limit):
    frames = []
    inlined = []  # calls inlined into the next physical frame, innermost first
    newer = None
    frame = gdb.newest_frame()
    while frame is not None and len(frames) < limit:
        if frame.type() == gdb.INLINE_FRAME:
            inlined.append(call(frame))
        if frame.type() not in STACKLESS:
            frames.append(describe(frame, newer) | {"inlined": inlined})
            inlined = []
            newer = frame
        try:
            frame = frame.older()
        except gdb.error:
            break
    return frames


def all_threads(limit):
    threads = []
    stopped = gdb.selected_thread()
    for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num):
        thread.switch()
        threads.append({"tid": thread.ptid[1], "stopped": thread.num == stopped.num, "frames": frames_of(limit)})
    stopped.switch()
    return threads


def run():
    """Runs the program to its first fatal signal and returns its pid."""
    if option("START"):
        gdb.execute("set exec-wrapper " + option("START"))
    gdb.execute("handle all nostop noprint pass", to_string=True)
    gdb.execute(f"handle {SIGNALS} stop print pass", to_string=True)
    gdb.execute("handle SIGTRAP nopass", to_string=True)  # gdb's own traps while the program starts must not reach it
    gdb.execute("run")
    for _ in range(int(option("SKIP", "0"))):  # signals that the program handles itself
        gdb.execute("continue")
    if not gdb.selected_inferior().pid:
        raise gdb.GdbError("the program ended without a fatal signal")
    return gdb.selected_inferior().pid


def wait_for_end(pid):
    """The program is our child, for it was gdb that started it; but gdb may be the first to collect it."""
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        while os.path.exists(f"/proc/{pid}"):
            time.sleep(0.01)


def main():
    for line in ("pagination off", "confirm off", "width 0", "backtrace past-main on", "backtrace past-entry on",
                 "auto-solib-add on", "debuginfod enabled off", "disable-randomization off", "print thread-events off",
                 # threads as the kernel has them: libthread_db cannot read a process whose thread pointer is trashed
                 "libthread-db-search-path /nonexistent"):
        gdb.execute("set " + line)
    if option("PID"):
        gdb.execute("attach " + option("PID"), to_string=True)
        pid = int(option("PID"))
    else:
        pid = run()
    result = {"pid": pid, "threads": all_threads(int(option("LIMIT", "100000")))}
    gdb.execute("handle SIGTRAP pass", to_string=True)
    gdb.execute("detach", to_string=True)  # hands the signal of the stop on
    if option("WAIT"):
        wait_for_end(pid)
    with open(option("OUT"), "w", encoding="utf-8") as f:
        json.dump(result, f)


main()
