#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""coverage.py ROOT [--uncovered]: reads the JSON documents of gcov (one a line, gcov(1) --json-format) from stdin and prints, for each
folder of report/ and unwind/, how many of its lines and branches ran. --uncovered: the lines that did not as well."""
import collections
import json
import os
import sys


def main(root, uncovered):
    lines = collections.defaultdict(lambda: collections.defaultdict(int))  # of a file: line -> times
    branches = collections.defaultdict(dict)  # of a file: (line, number) -> times
    for text in sys.stdin:
        if not text.strip():
            continue
        document = json.loads(text)
        for file in document["files"]:
            path = os.path.relpath(os.path.join(document["current_working_directory"], file["file"]), root)
            if not path.startswith(("report/", "unwind/")) or not path.endswith(".c"):
                continue
            for line in file["lines"]:
                lines[path][line["line_number"]] += line["count"]
                for number, branch in enumerate(line["branches"]):
                    if not branch["throw"]:
                        key = (line["line_number"], number)
                        branches[path][key] = branches[path].get(key, 0) + branch["count"]
    if not lines:
        sys.exit("coverage.py: no counts")
    folders = collections.defaultdict(lambda: [0, 0, 0, 0])
    for path, counts in lines.items():
        for folder in (os.path.dirname(path) + "/", path.split("/", maxsplit=1)[0] + "/ altogether"):
            sums = folders[folder]
            sums[0] += sum(count > 0 for count in counts.values())
            sums[1] += len(counts)
            sums[2] += sum(count > 0 for count in branches[path].values())
            sums[3] += len(branches[path])
    print(f"{'folder':<28}{'lines':>8}{'of':>8}{'':>8}{'branches':>12}{'of':>8}")
    for folder, (ran, all_lines, taken, all_branches) in sorted(folders.items()):
        print(f"{folder:<28}{ran:>8}{all_lines:>8}{ran / all_lines:>8.1%}{taken:>12}{all_branches:>8}{taken / max(all_branches, 1):>8.1%}")
    if uncovered:
        for path, counts in sorted(lines.items()):
            for line, count in sorted(counts.items()):
                if not count:
                    print(f"{path}:{line}")


main(sys.argv[1], "--uncovered" in sys.argv)
