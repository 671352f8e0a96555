#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""arrows.py TABLE ROOT OBJECTS...: checks that each folder of ROOT uses only the folders that TABLE permits.

Reads the #include lines of preload/, unwind/ and report/ below ROOT, and the symbols of the objects compiled from those
sources. OBJECTS are folders with the same tree as ROOT (build/obj/lib, build/obj/tool). Prints each dependency that is not permitted
with the files that cause it, then each cycle between folders in the table itself; status 1 if there is any.
"""
import os
import re
import subprocess
import sys
from collections import defaultdict

LAYERS = ("preload", "unwind", "report")


def read_table(path):
    allowed = {}
    for number, line in enumerate(open(path), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, colon, targets = line.partition(":")
        if not colon or folder in allowed:
            sys.exit(f"{path}:{number}: not 'folder: folders', or a duplicate folder")
        allowed[folder] = targets.split()
    return allowed


def sources(root):
    for layer in LAYERS:
        for place, _, names in os.walk(os.path.join(root, layer)):
            for name in names:
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(place, name), root)


def included(root, source):
    for line in open(os.path.join(root, source)):
        match = re.match(r'\s*#\s*include "([^"]+/[^"]+)"', line)
        if match:
            yield match.group(1)


def symbols(root, objects):
    """For each source with an object: the names it defines and those it uses."""
    made = {os.path.join(objects, source[:-2] + ".o"): source for source in sources(root) if source.endswith(".c")}
    paths = [path for path in made if os.path.exists(path)]
    if not paths:
        sys.exit(f"{objects}: contains no objects of {root}")
    defined, used = {}, defaultdict(set)
    lines = subprocess.run(["nm", "--print-file-name", *paths], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in lines.splitlines():
        path, _, rest = line.rpartition(":")
        *_, kind, name = rest.split()
        if kind in "Uwv":
            used[made[path]].add(name)
        elif kind.isupper():
            defined[name] = made[path]
    return defined, used


def arrows_of_objects(root, objects):
    defined, used = symbols(root, objects)
    for source, names in used.items():
        for name in names & defined.keys():
            yield source, defined[name], name


def circles(allowed):
    state = {}

    def visit(folder, way):
        if state.get(folder) == "done":
            return
        if folder in way:
            yield way[way.index(folder):] + [folder]
            return
        for target in allowed.get(folder, ()):
            yield from visit(target, way + [folder])
        state[folder] = "done"

    for folder in allowed:
        yield from visit(folder, [])


def main():
    table, root, *objects = sys.argv[1:]
    allowed = read_table(table)
    drawn = defaultdict(set)

    for source in sources(root):
        for header in included(root, source):
            drawn[os.path.dirname(source), os.path.dirname(header)].add(f"{source} includes {header}")
    for folder in objects:
        for source, target, name in arrows_of_objects(root, folder):
            drawn[os.path.dirname(source), os.path.dirname(target)].add(f"{source} uses {name} of {target}")

    bad = 0
    for (start, end), reasons in sorted(drawn.items()):
        if start != end and end not in allowed.get(start, ()):
            bad = 1
            print(f"not allowed: {start} -> {end}")
            for reason in sorted(reasons):
                print(f"    {reason}")
    for folder in sorted({start for start, _ in drawn} - allowed.keys()):
        bad = 1
        print(f"{folder}: not in {table}")
    for folder, targets in allowed.items():
        for target in targets:
            if (folder, target) not in drawn:
                bad = 1
                print(f"{table}: {folder} -> {target} is allowed and not used")
    for way in circles(allowed):
        bad = 1
        print("circle: " + " -> ".join(way))
    return bad


sys.exit(main())
