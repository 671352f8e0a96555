#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""compare_lines.py ADDR2FRAMES FILE [--count N] [--seed S] [--symbolizer PROGRAM] [--debug-dirs LIST] [--min PERCENT]
[--names] [--functions] [--show N]

The reference is llvm-symbolizer, or eu-addr2line by --symbolizer.

Takes addresses at random from the code of an ELF file (all if there are no more than --count) and compares the (file,
line) lists of inlined calls with those of the reference. Prints how many agree; status 1 if that is below --min
(99.5).
"""
import argparse
import os
import random
import re
import subprocess
import sys


def code_of(path):
    """Sections with code: (address, size)."""
    text = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        fields = line.replace("[ ", "[").split()
        if len(fields) > 8 and fields[0].startswith("[") and "X" in fields[7] and fields[1].startswith(".text"):
            yield int(fields[3], 16), int(fields[5], 16)


def functions_of(path):
    """Functions of the symbol table: between them is padding, on which readers disagree."""
    text = subprocess.run(["readelf", "-sW", path], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 7 and fields[3] == "FUNC" and fields[6].isdigit() and int(fields[2], 0):
            yield int(fields[1], 16), int(fields[2], 0)


def draw(path, count, seed, within):
    sections = sorted(set(within(path)))
    if sum(size for _, size in sections) <= count:
        return [address for start, size in sections for address in range(start, start + size)]
    dice = random.Random(seed)
    return [
        start + dice.randrange(size)
        for start, size in dice.choices(sections, weights=[size for _, size in sections], k=count)
    ]


def place(file, line):
    return ("?" if file in ("?", "??", "") or line == 0 else os.path.normpath(file), line)


def function(name):
    """Removes suffixes that the compiler appends to the names of parts of functions ("f.cold")."""
    return "?" if name == "??" else re.sub(r"(?<=\w)\.(cold|part|isra|constprop|lto_priv)(\.\d+)*", "", name)


def ours(tool, path, addresses, debug_dirs, rule=("--last-rows",)):
    command = [tool, "--mangled", *rule] + (["--debug-dirs", debug_dirs] if debug_dirs else []) + [path]
    text = subprocess.run(
        command, input="".join(f"{a:#x}\n" for a in addresses), capture_output=True, text=True, check=True
    ).stdout
    answers = []
    for line in text.splitlines():
        if line.startswith("#"):
            print(line)
        elif line.startswith("0x"):
            answers.append([])
        else:
            name, where = line.strip().rsplit("|", 1)
            file, number, _ = where.rsplit(":", 2)
            answers[-1].append((function(name), place(file, int(number))))
    return answers


def theirs(tool, path, addresses):
    command = [tool, "--inlining", "--functions=linkage", "--no-demangle", f"--obj={path}"]
    text = subprocess.run(
        command, input="".join(f"{a:#x}\n" for a in addresses), capture_output=True, text=True, check=True
    ).stdout
    answers = []
    for block in text.split("\n\n"):
        lines = block.strip("\n").splitlines()
        if len(lines) < 2:
            continue
        answers.append([])
        for name, where in zip(lines[::2], lines[1::2]):
            file, number, _ = where.rsplit(":", 2)
            answers[-1].append((function(name), place(file, int(number))))
    return answers


def theirs_eu(tool, path, addresses):
    """eu-addr2line: lines only. Finds no inlined calls in split units, and nothing without .debug_aranges."""
    text = subprocess.run(
        [tool, "-i", "-a", "-A", "-e", path] + [f"{a:#x}" for a in addresses],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    answers = []
    for line in text.splitlines():
        if line.startswith("0x"):
            answers.append([])
            continue
        file, number = re.match(r"(.*?):(\d+)(?::\d+)?(?: \(.*\))?$", line).groups()
        answers[-1].append(("?", place(file, int(number))))
    return answers


def theirs_gdb(tool, path, addresses):
    """gdb: only the line of the address, by gdb's rule for rows with the same address."""
    script = f"for a in {addresses!r}:\n s = gdb.find_pc_line(a)\n print(s.symtab.fullname() if s.symtab else '?', s.line, sep=':')"
    text = subprocess.run(
        [tool, "-batch", "-nx", "-ex", f"python exec({script!r})", path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    ).stdout
    places = (line.rsplit(":", 1) for line in text.splitlines())
    return [[("?", place(file, int(number)))] for file, number in places]


def brief(calls):
    return " < ".join(f"{name[-50:]} {file}:{line}" for name, (file, line) in calls)[:700]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("file")
    parser.add_argument("--reference", help="the file to give llvm-symbolizer, if it is another")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--symbolizer", default="llvm-symbolizer")
    parser.add_argument("--debug-dirs")
    parser.add_argument("--min", type=float, default=99.5)
    parser.add_argument("--functions", action="store_true", help="addresses inside of functions of the symbol table")
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--show", type=int, default=5)
    o = parser.parse_args()
    addresses = draw(o.file, o.count, o.seed, functions_of if o.functions else code_of)
    by_gdb = os.path.basename(o.symbolizer) == "gdb"
    mine = ours(o.tool, o.file, addresses, o.debug_dirs, () if by_gdb else ("--last-rows",))
    if by_gdb:
        mine = [calls[:1] for calls in mine]
    reference = theirs_gdb if by_gdb else theirs_eu if os.path.basename(o.symbolizer).startswith("eu-") else theirs
    other = reference(o.symbolizer, o.reference or o.file, addresses)
    if not len(mine) == len(other) == len(addresses):
        sys.exit(f"{len(addresses)} addresses, {len(mine)} answers of ours, {len(other)} of {o.symbolizer}")
    same = known = 0
    for address, a, b in zip(addresses, mine, other):
        agree = [w for _, w in a] == [w for _, w in b] and (not o.names or [n for n, _ in a] == [n for n, _ in b])
        same += agree
        known += b[0][1][0] != "?"
        if not agree and o.show:
            o.show -= 1
            print(f"{address:#x}\n  ours {brief(a)}\n  theirs {brief(b)}")
    share = 100 * same / len(addresses)
    print(f"{o.file}: {same} of {len(addresses)} agree ({share:.2f} %), {known} have lines")
    sys.exit(share < o.min or not known)


main()
