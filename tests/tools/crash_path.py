#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/tools/crash_path.py LIBRARY: checks the disassembly of section crashtext, the code that runs after a crash.
"""Forbidden there: thread-local storage (%fs), because the thread pointer may be corrupted; and every direct call or jump out of the section,
through the PLT, through the GOT, or to code of the library that runs before a crash. Calls through a register, a member of a structure or a variable
are permitted: their targets cannot be determined from the code (the CFI engine receives its read function that way, and the program its filter).
Prints each violation with its function; status 1 if there is any."""
import re
import subprocess
import sys

SECTION = "crashtext"
# An instruction line of objdump: address, mnemonic with prefixes, operands.
LINE = re.compile(r"^\s*([0-9a-f]+):\s+(.*?)\s*$")
FUNCTION = re.compile(r"^([0-9a-f]+) <(.+)>:$")
TRANSFER = re.compile(r"\b(?:bnd )?(call|j[a-z]+|loop[a-z]*|xbegin)[a-z]*\s+(?:\*)?(.*)")


def sections(path):
    """Name to (start, end) of each section."""
    out = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in out.splitlines():
        fields = line.replace("[ ", "[").split()
        if len(fields) > 5 and (fields[1].startswith(".") or fields[1] == SECTION):
            start = int(fields[3], 16)
            found[fields[1]] = (start, start + int(fields[5], 16))
    return found


def inside(address, bounds):
    return bounds is not None and bounds[0] <= address < bounds[1]


def offence(text, where):
    """Returns why an instruction is forbidden, or None."""
    if "%fs" in text:
        return "thread-local storage"
    match = TRANSFER.search(text)
    if not match:
        if "R_X86_64" in text:
            return "unresolved relocation"
        return None
    operand = match.group(2)
    variable = re.search(r"\(%rip\)\s+# ([0-9a-f]+)", operand)
    if variable and any(inside(int(variable.group(1), 16), where.get(got)) for got in (".got", ".got.plt")):
        return "through the GOT"
    target = re.match(r"([0-9a-f]+)\b", operand)
    if target and "*" not in text and not inside(int(target.group(1), 16), where[SECTION]):
        return "leaves " + SECTION
    return None


def main():
    path = sys.argv[1]
    where = sections(path)
    if SECTION not in where or where[SECTION][0] == where[SECTION][1]:
        print(f"{path}: no section {SECTION}")
        return 1
    out = subprocess.run(["objdump", "-d", "-j", SECTION, "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    function, count, offences = "?", 0, 0
    for line in out.splitlines():
        name = FUNCTION.match(line)
        if name:
            function = name.group(2)
            continue
        code = LINE.match(line)
        if not code:
            continue
        count += 1
        why = offence(code.group(2), where)
        if why:
            offences += 1
            print(f"{function}: {why}: {code.group(2)}")
    if not count:
        print(f"{path}: {SECTION} contains no code")
    print(f"{path}: {count} instructions, {offences} offences")
    return 1 if offences or not count else 0


if __name__ == "__main__":
    sys.exit(main())
