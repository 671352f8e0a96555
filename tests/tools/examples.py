#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/tools/examples.py [--list] [--write] [--skip REGEX] [--root DIR] FILE [COMMAND...]: runs the examples of a document.

FILE is Markdown (indented blocks) or a manual page (.Bd -literal blocks). In such a block "$ command" and "# command" (as root)
are commands, and the lines up to the next one are their output. A command that ends in <<'WORD' includes the lines up to WORD. Every command is executed as printed, in the working directory,
in order; its output must equal that in the document, except for what differs from run to run: addresses, process IDs,
times, line numbers, the location of the checkout (--root; /src/crashpre in documents) and of the working directory (/tmp/try in documents), frames
inside libc, which depend on its debug package, and the number of blanks. A line "..." in a document matches any lines.
A command without output in the document, or with only "...", must succeed (status 0, or a signal); for "..." it must print something.

With COMMAND, each example is executed in a shell that it starts, as in "ssh host bash -c EXAMPLE". With --write, the output in the document
is replaced by the actual output, unless it contains "...".

Exit status 0 if all examples are right, 1 if one is not or none was found, 2 for wrong usage.
"""
import argparse
import os
import re
import subprocess
import sys

MDOC = [("\\(dq", '"'), ("\\(aq", "'"), ("\\-", "-"), ("\\&", ""), ("\\e", "\\")]
LIBC = re.compile(r"__libc_start|libc\.so\.6|\blibc_start|_start\+0x")
DEATH = re.compile(r"(bash|sh): line \d+: +\d+ |^(Segmentation fault|Aborted|Floating point exception|Illegal instruction)")


class Example:
    def __init__(self, line, command):
        self.line, self.command, self.shown = line, command, []  # shown: the lines below the command's
        self.got, self.trouble = [], None

    @property
    def last(self):
        """The number of its last non-empty line."""
        count = len(self.shown)
        while count and not self.shown[count - 1].strip():
            count -= 1
        return self.line + count


def blocks(path, text):
    """(first line number, lines) of every literal block."""
    block, start, inside = [], 0, False
    for number, line in enumerate(text.splitlines(), 1):
        if path.endswith(".md"):
            if line.startswith("    ") or (block and not line.strip()):
                if not block:
                    start = number
                block.append(line[4:])
            elif block:
                yield start, block
                block = []
        elif line.startswith(".Bd -literal"):
            inside, block, start = True, [], number + 1
        elif line.startswith(".Ed"):
            if inside:
                yield start, block
            inside, block = False, []
        elif inside:
            for old, new in MDOC:
                line = line.replace(old, new)
            block.append(line)
    if block:
        yield start, block


def examples(path):
    for start, lines in blocks(path, open(path, encoding="utf-8").read()):
        example, here = None, None  # here: the word that ends a here-document of the command
        for number, line in enumerate(lines, start):
            if here:
                example.line, example.command = number, example.command + "\n" + line
                here = here if line != here else None
            elif re.match(r"[$#] \S", line):
                if example:
                    yield example
                example = Example(number, line[2:])
                found = re.search(r"<<'(\w+)'$", line)
                here = found and found.group(1)
            elif example:
                example.shown.append(line)
        if example:
            yield example


def normal(line, places):
    for place, name in places:
        line = line.replace(place, name)
    line = line.replace("/tmp/try", "/src/crashpre")
    line = re.sub(r"^(\s*more: )/src/crashpre/(?=build/bin/crashpre )", r"\1", line)  # of a build below the working directory
    line = re.sub(r"^(\s*(> +)?)\d+(?=\s{2,}|$)", r"\1LINE", line)  # of a source
    line = re.sub(r"\.(cc?|h):\d+\b", r".\1:LINE", line)
    line = re.sub(r"(crash-[^ /]*?)-\d+-\d{8}T\d{6}\.\d{6}Z", r"\1-PID-TIME", line)
    line = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME", line)
    line = re.sub(r"0x[0-9a-f]+", "ADDRESS", line)
    line = re.sub(r"\[\d+\]|\bpid \d+|gdb -p \d+|\bThread \d+", "PID", line)
    line = re.sub(r"\(commit [^)]*\)", "(commit X)", line)
    return re.sub(r"\s+", " ", line).strip()


def frames_from_own(lines):
    """Frame numbers counted from the end of the first range: how many frames of libc lie below depends on its version."""
    first = None
    for line in lines:
        if first is None and (range_of := re.match(r"\s*#0-#(\d+) ", line)):
            first = int(range_of[1])
        yield line if first is None else re.sub(r"#(\d+)\b", lambda m: f"#END+{int(m[1]) - first}" if int(m[1]) >= first else m[0], line)


def comparable(lines, places):
    lines = frames_from_own(lines)
    kept = [normal(line, places) for line in lines if not LIBC.search(line) and not DEATH.search(line)]
    return [line for line in kept if line]


def matches(shown, got):
    """True if `got` equals the lines of `shown`, in which "..." matches any lines."""
    if not shown:
        return not got
    if shown[0] == "...":
        return any(matches(shown[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and shown[0] == got[0] and matches(shown[1:], got[1:])


def type_it(example, places, where):
    """Runs an example. Returns the difference, or None."""
    run = subprocess.run(where + ["bash", "-c", example.command + "\nexit $?"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=600, check=False)
    example.got = got = run.stdout.decode("utf-8", "replace").splitlines()
    shown = comparable(example.shown, [])
    if not shown or shown == ["..."]:
        bad = 0 < run.returncode < 128 or (shown and not got)
        return f"status {run.returncode}:\n" + "\n".join(got[-20:]) if bad else None
    if matches(shown, comparable(got, places)):
        return None
    return "\n".join(["shown:"] + shown + ["printed:"] + comparable(got, places))


def rewrite(path, tried, places):
    lines = open(path, encoding="utf-8").read().splitlines()
    for example in reversed([e for e in tried if "..." not in e.shown and comparable(e.shown, [])]):
        got = [re.sub(r"^(ba)?sh: line \d+: +\d+ (.*?)  .*", r"\2", line) for line in example.got]
        for place, name in places:
            got = [line.replace(place, name) for line in got]
        lines[example.line:example.last] = ["    " + line if line else "" for line in got]
    open(path, "w", encoding="utf-8").write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--skip", type=re.compile)
    parser.add_argument("--root", default=os.getcwd())
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--build", help="of the build tree, which documents call build")
    parser.add_argument("file")
    parser.add_argument("where", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    places = [(os.path.realpath(args.build), "/src/crashpre/build")] if args.build else []
    places.append((os.path.realpath(args.root), "/src/crashpre"))
    if os.getcwd() != os.path.realpath(args.root):
        places.append((os.getcwd(), "/tmp/try"))
    tried, wrong = [], []
    for example in examples(args.file):
        if args.skip and args.skip.search(example.command):
            continue
        tried.append(example)
        if args.list:
            print(example.command)
            continue
        trouble = type_it(example, places, args.where)
        if trouble:
            wrong.append(example)
            print(f"{args.file}:{example.line}: $ {example.command}\n{trouble}\n", flush=True)
    if args.write:
        rewrite(args.file, tried, places)
    if not tried:
        print(f"{args.file}: no examples", file=sys.stderr)
    return 1 if wrong or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
