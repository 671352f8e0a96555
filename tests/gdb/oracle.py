#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/gdb/oracle.py [options] -- PROGRAM [ARGUMENT...]: do we see the stacks that gdb sees?
"""Runs the program under gdb, with the preload for the program alone, to the first delivery of a fatal signal. There gdb's frames are
noted; then gdb detaches and hands the signal on, so that our handler meets the very same state of the crashing thread, and reports it.
Both lists of physical frames must have the same pcs and functions, and both reports the same threads.

Reports go to $CRASHPRE_DIR. Prints one line for an agreement, both lists for a difference.
Status: 0 they agree; 1 they differ; 2 the comparison could not be made; 3 the program ended before its signal."""
import argparse
import glob
import itertools
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DEADLINE = 120


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--preload", required=True)
    p.add_argument("--work", required=True, help="directory for files in between")
    p.add_argument("--kill", metavar="SIGNAL", help="send it from outside once the program was busy for a random time")
    p.add_argument("--busy", default="5-80", metavar="MS-MS", help="processor time to draw from, milliseconds (%(default)s)")
    p.add_argument("--seed", help="of the random time")
    p.add_argument("--skip", type=int, default=0, metavar="N", help="signals before, which the program handles itself")
    p.add_argument("--stdin", default="/dev/null")
    p.add_argument("--blocked", action="store_true", help="all other threads are blocked, so theirs must be equal frame by frame as well")
    p.add_argument("--prefix", type=int, metavar="N", help="a ruined stack, where gdb goes on guessing: the first N frames must be equal, and ours at most gdb's")
    p.add_argument("--names", metavar="FILE", help="write gdb's and our name of each frame and inlined call of the stopped thread to FILE, separated by a tab, without parameters; those of inlined calls are not compared otherwise")
    p.add_argument("program", nargs=argparse.REMAINDER)
    options = p.parse_args()
    if options.program[:1] == ["--"]:
        del options.program[0]
    return options


def busy_ns(pid):
    """Processor time of all threads so far, in nanoseconds."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total


def catches(pid, number):
    """Is a handler for the signal installed? From then on our constructor has run, and the program is about to."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as f:
        caught = int(re.search(r"^SigCgt:\s*([0-9a-f]+)", f.read(), re.M).group(1), 16)
    return caught >> (number - 1) & 1


def kill_when_busy(gdb, pid_file, options):
    """Waits until the program has used its share of the processor, then sends the signal."""
    low, high = (float(n) for n in options.busy.split("-"))
    wanted = random.Random(options.seed).uniform(low, high) * 1e6
    number = getattr(signal, "SIG" + options.kill)
    end = time.monotonic() + DEADLINE
    began = None
    while gdb.poll() is None and time.monotonic() < end:
        try:
            with open(pid_file, encoding="ascii") as f:
                pid = int(f.read())
            if began is None and os.readlink(f"/proc/{pid}/exe") == os.path.realpath(options.program[0]) and catches(pid, number):
                began = busy_ns(pid)
            if began is not None and busy_ns(pid) - began > wanted:
                os.kill(pid, number)
                return
        except (OSError, ValueError, IndexError, AttributeError):
            pass  # not there yet, or just gone
        time.sleep(0.0005)


def run_gdb(options):
    """gdb's view as a dictionary, or None if the program ended before its signal."""
    out, pid_file, argument_file = (os.path.join(options.work, n) for n in ("gdb.json", "pid", "arguments"))
    for path in (out, pid_file):
        if os.path.exists(path):
            os.unlink(path)
    env = dict(os.environ)
    env.update(ORACLE_OUT=out, ORACLE_WAIT="1", ORACLE_SKIP=str(options.skip), ORACLE_PID_FILE=pid_file, ORACLE_PRELOAD=options.preload,
               ORACLE_START=shlex.quote(os.path.join(HERE, "start.sh")), ORACLE_ARGUMENTS=argument_file, ORACLE_STDIN=options.stdin)
    with open(argument_file, "w", encoding="utf-8") as f:
        f.write("".join(a + "\0" for a in options.program[1:]))
    env.setdefault("CRASHPRE_MAX_FRAMES", "20000")
    log = os.path.join(options.work, "gdb.log")
    with open(log, "w", encoding="utf-8") as f:
        command = ["gdb", "-batch", "-nx", "-x", os.path.join(HERE, "frames.py"), options.program[0]]
        with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=f, stderr=f) as gdb:
            if options.kill:
                kill_when_busy(gdb, pid_file, options)
            try:
                gdb.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                gdb.kill()
    if os.path.exists(out):
        with open(out, encoding="utf-8") as f:
            return json.load(f)
    with open(log, encoding="utf-8", errors="replace") as f:
        text = f.read()
    if "exited" in text or "ended without" in text:
        return None
    print(text, file=sys.stderr)
    return sys.exit(2)


def read_report(pid):
    found = sorted(glob.glob(os.path.join(os.environ["CRASHPRE_DIR"], f"crash-*-{pid}-*.json")))
    if not found:
        print(f"no report of process {pid}: {os.listdir(os.environ['CRASHPRE_DIR'])}")
        sys.exit(1)
    with open(found[0], encoding="utf-8") as f:
        return json.load(f)


def simple(name):
    """A name as both sides can agree on: no parameters, no clone suffix, no PLT or version mark."""
    name = re.sub(r"@(plt|@?[A-Z0-9_.]+)$", "", name)
    name = re.sub(r"\[clone [^]]*\]|\.(part|isra|constprop|cold|lto_priv)(\.\d+)?", "", name)
    depth, kept = 0, []
    for c in name:
        if c in "(<":
            depth += 1
        if depth == 0:
            kept.append(c)
        if c in ")>":
            depth -= 1
    return "".join(kept).replace(" const", "").strip().split(" ")[-1]


def same_function(theirs, ours):
    """gdb prefers names of its own among the aliases of one address, so where a function begins counts as much as what it is called."""
    names = theirs["names"]
    if not names or theirs["signal_frame"]:
        return True
    if "function" not in ours:
        return False
    if any(simple(ours["function"]) == simple(name) or ours.get("symbol") == name for name, _ in names):
        return True
    if "function_offset" not in ours:
        return False
    start = int(ours["pc"], 16) - ours["function_offset"]
    return any(at and int(at, 16) in (start, start - 1) for _, at in names)


def same_frame(theirs, ours):
    pc, our_pc = int(theirs["pc"], 16), int(ours["pc"], 16)
    # A signal that interrupts a system call makes the kernel step back to the instruction, to run it again.
    if pc != our_pc and not (theirs["system_call"] and our_pc == pc - 2):
        return False
    return same_function(theirs, ours)


def physical(thread):
    return [f for f in thread.get("frames", []) if not f.get("inline")]


def print_both(theirs, ours):
    for i, (a, b) in enumerate(itertools.zip_longest(theirs, ours)):
        if i == 60:
            print("  ...")
            break
        left = f"{a['pc']} {a['names'][0][0] if a['names'] else '??'}" if a else "-"
        right = f"{b['pc']} {b.get('trust')} {b['text']}" if b else "-"
        print(f"  {' ' if a and b and same_frame(a, b) else '!'} {left:60.60} {right}")


def with_inlined(thread):
    """Our frames as gdb's are told: each physical one with the calls inlined into it."""
    found, inlined = [], []
    for frame in thread.get("frames", []):
        if frame.get("inline"):
            inlined.append(frame)
        else:
            found.append((inlined, frame))
            inlined = []
    return found


def same_place(theirs, ours):
    return theirs["line"] == ours.get("line") and os.path.basename(theirs["file"] or "") == os.path.basename(ours.get("file", ""))


def same_call(theirs, ours):
    return same_place(theirs, ours) and simple(theirs["function"] or "") == simple(ours.get("function", ""))


def same_lines(theirs, inlined, frame, same=same_call):
    """File, line and inlined calls. Where a pc is the very first of an inlined call, gdb shows the call still to be made
    (infrun.c: stopped at the call site), so it may have fewer of the innermost ones, and shows the line of that call."""
    hidden = len(inlined) - len(theirs["inlined"])
    if hidden < 0 or not all(map(same, theirs["inlined"], inlined[hidden:])):
        return False
    return same_place(theirs, frame)


def compare_lines(theirs, thread, faults, same):
    """(compared, different) frames, where both have lines."""
    pairs = [(a, i, b) for a, (i, b) in zip(theirs, with_inlined(thread)) if a["line"] and a["file"] and "line" in b]
    different = [p for p in pairs if not same_lines(*p, same)]
    for a, inlined, b in different[:10]:
        chain = [f"{c['function']}:{c['line']}" for c in a["inlined"]]
        ours = [f"{c.get('function')}:{c.get('line')}" for c in inlined]
        faults.append(f"  line: gdb {a['names'][0][0] if a['names'] else '?'} {a['file']}:{a['line']} {chain}; ours {b['text']} {ours}")
    return len(pairs), len(different)


def same_stack(theirs, ours, options):
    if options.prefix is not None:
        return (options.prefix <= len(ours) <= len(theirs) or len(ours) == len(theirs)) and all(
            same_frame(a, b) for a, b in zip(theirs[: options.prefix], ours))
    return len(theirs) == len(ours) and all(map(same_frame, theirs, ours))


def compare(view, report, options):
    """A list of differences for people, and how many lines were compared."""
    faults, lines = [], []
    compared = different = 0
    ours = {t["tid"]: t for t in report["threads"]}
    theirs = {t["tid"]: t for t in view["threads"]}
    if set(ours) != set(theirs):
        faults.append(f"threads: gdb {sorted(theirs)}, ours {sorted(ours)}")
    for tid, thread in theirs.items():
        mine = ours.get(tid)
        if not mine:
            continue
        if thread["stopped"] != bool(mine.get("crashed")):
            faults.append(f"thread {tid}: crashed is {mine.get('crashed')}, gdb's stopped {thread['stopped']}")
        if thread["stopped"] or options.blocked:
            same = same_stack(thread["frames"], physical(mine), options)
        else:
            same = moved_on(thread["frames"], physical(mine), mine)
        if not same:
            faults.append(f"thread {tid}: gdb (left) and ours (right, ended by {mine.get('unwind_end')}):")
            print_both(thread["frames"], physical(mine))
        elif (thread["stopped"] or options.blocked) and options.prefix is None:
            n, bad = compare_lines(thread["frames"], mine, lines, same_place if options.names else same_call)
            compared, different = compared + n, different + bad
    if different > 1 + compared // 200:
        faults += [f"{different} of {compared} frames with lines have other files, lines or inlined calls:"] + lines
    return faults, compared - different, compared


def bare(name):
    """A name without parameters, clone suffix and qualifiers."""
    kept = {"(anonymous namespace)": "\1", "operator()": "\2"}
    for text, sign in kept.items():
        name = name.replace(text, sign)
    count = 1
    while count:
        name, count = re.subn(r"\([^()]*\)", "", name)
    name = re.sub(r" \[clone [^]]*\]| const$| volatile$| const &+$| &+$", "", name)
    for text, sign in kept.items():
        name = name.replace(sign, text)
    return re.sub(r" (const|volatile)$", "", name)


def write_names(theirs, thread, path):
    """The number of calls inlined by gdb and by us was compared before."""
    with open(path, "w", encoding="utf-8") as f:
        for a, (inlined, b) in zip(theirs, with_inlined(thread)):
            for names in [(c["function"], d.get("function")) for c, d in zip(a["inlined"], inlined)] + [(a["function"], b.get("function"))]:
                print(*(bare(n or "?") for n in names), sep="\t", file=f)


def moved_on(theirs, ours, thread):
    """Between gdb's look and ours a running thread goes on; where it came from stays."""
    if thread.get("unwind_end") not in (None, "end-of-stack"):
        return False
    return [f["pc"] for f in theirs[-2:]] == [f["pc"] for f in ours[-2:]]


def main():
    options = arguments()
    view = run_gdb(options)
    if view is None:
        return 3
    report = read_report(view["pid"])
    faults, agree, compared = compare(view, report, options)
    if options.names:
        write_names(next(t["frames"] for t in view["threads"] if t["stopped"]), report["threads"][0], options.names)
    name = os.path.basename(options.program[0])
    if faults:
        print(f"{name}: differs from gdb")
        print("\n".join(faults))
        return 1
    print(f"{name}: {len(view['threads'])} threads, {sum(len(t['frames']) for t in view['threads'])} frames as gdb has them, "
          f"lines and inlined calls of {agree} of {compared}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
