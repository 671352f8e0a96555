#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/tools/validate.py SCHEMA REPORT...: checks each report against the JSON Schema, and rules that a schema cannot express.
# tests/tools/validate.py SCHEMA --serve FIFO: answers requests until stdin ends. A line on FIFO is a name: the file NAME.reports contains
#   the directory that paths are relative to, then the paths, one per line; the lines and finally "valid" or "invalid" are written to the FIFO
#   NAME.faults, which must already be open for reading.
"""Prints one line per violation and exits with 1 if there is any. Starting Python takes ten times as long as checking a report, so a run of
all tests uses one server."""
import json
import os
import selectors
import sys

import jsonschema


def nulls(value, where="$"):
    """Unknown members must be absent: yields the paths of nulls."""
    if value is None:
        yield where
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from nulls(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from nulls(inner, f"{where}[{i}]")


def line_faults(where, frame, outer):
    """`outer`: the next frame, or None."""
    if frame.get("inline"):
        shared = ("pc", "module", "module_offset", "lookup_offset", "trust")
        if not outer or any(frame.get(key) != outer.get(key) for key in shared):
            yield f"{where}: inlined into a frame that is not the next"
        if "function_offset" in frame:
            yield f"{where}: the offset of an inlined function"
    if "file" in frame and "line" in frame and not frame.get("signal_frame"):
        if not frame["text"].endswith(f" at {os.path.basename(frame['file'])}:{frame['line']}"):
            yield f"{where}: text '{frame['text']}' does not have the line"
    if "source" in frame and not 0 <= frame.get("line", 0) - frame["source"]["first_line"] < len(frame["source"]["lines"]):
        yield f"{where}: its source does not have its line"


def frame_faults(report, where, frame):
    modules = report.get("modules", [])
    if not frame.get("text"):
        yield f"{where}: no text"
    if "module" not in frame:
        return
    if not 0 <= frame["module"] < len(modules):
        yield f"{where}: module {frame['module']} of {len(modules)}"
        return
    module = modules[frame["module"]]
    pc = int(frame["pc"], 16)
    # A caller's pc may be just after the last instruction of its module.
    if not int(module["base"], 16) <= pc <= int(module["end"], 16):
        yield f"{where}: pc {frame['pc']} is outside {module['path']}"
    if "lookup_offset" in frame and int(frame["module_offset"], 16) - int(frame["lookup_offset"], 16) not in (0, 1):
        yield f"{where}: lookup_offset {frame['lookup_offset']} of module_offset {frame['module_offset']}"


def faults(report, path):
    for where in nulls(report):
        yield f"{where} is null"
    if report["id"] != os.path.basename(path)[: -len(".json")]:
        yield f"id {report['id']} is not the file's name"
    threads = report["threads"]
    if not threads:
        yield "no thread"
    crashed = [t for t in threads if t.get("crashed")]
    if report["cause"]["kind"] != "request" and (len(crashed) != 1 or not threads[0].get("crashed")):
        yield "the crashed thread is not threads[0] alone"
    if len({t["tid"] for t in threads}) != len(threads):
        yield "a thread is listed twice"
    for t, thread in enumerate(threads):
        frames = thread.get("frames", [])
        omitted = thread.get("frames_omitted", 0)
        indexes = [f["index"] for f in frames]
        if sorted(set(indexes)) != indexes or (not omitted and indexes != list(range(len(frames)))):
            yield f"threads[{t}]: frame indexes {indexes[:40]}"
        for f, frame in enumerate(frames):
            yield from frame_faults(report, f"threads[{t}].frames[{f}]", frame)
            yield from line_faults(f"threads[{t}].frames[{f}]", frame, (frames[f + 1 : f + 2] or [None])[0])
            if t and "source" in frame:
                yield f"threads[{t}].frames[{f}]: source outside of the first thread"
    raw = report.get("files", {}).get("raw")
    if raw and not os.path.exists(os.path.join(os.path.dirname(path), os.path.basename(raw))):
        yield f"files.raw names {raw}, which is not there"


def all_faults(validator, paths):
    for path in paths:
        with open(path, encoding="utf-8") as f:
            report = json.load(f)
        found = [f"{'/'.join(map(str, e.path))}: {e.message[:300]}" for e in validator.iter_errors(report)]
        if not found:
            found = list(faults(report, path))
        yield from (f"{path}: {line}" for line in found[:20])


def answer(validator, name):
    verdict = "invalid"
    out = os.open(name + ".faults", os.O_WRONLY | os.O_NONBLOCK)  # fails without a reader
    os.set_blocking(out, True)
    with open(out, "w", encoding="utf-8", errors="replace") as out:
        try:
            with open(name + ".reports", encoding="utf-8") as f:
                start, *paths = f.read().splitlines()
            found = list(all_faults(validator, [os.path.join(start, path) for path in paths]))
            out.writelines(line.replace("\n", " ") + "\n" for line in found)
            verdict = "invalid" if found else "valid"
        except Exception as e:  # not JSON, no file: in any case the report is not valid
            out.write(f"{type(e).__name__}: {e}\n")
        out.write(verdict + "\n")


def serve(validator, fifo):
    try:
        requests = os.open(fifo, os.O_RDWR)  # remains open without requests
    except FileNotFoundError:
        return  # the tests have already ended
    selector = selectors.DefaultSelector()
    selector.register(requests, selectors.EVENT_READ)
    selector.register(sys.stdin.buffer.raw, selectors.EVENT_READ)
    waiting = b""
    while all(key.fd == requests for key, _ in selector.select()):
        *names, waiting = (waiting + os.read(requests, 65536)).split(b"\n")
        for name in names:
            try:
                answer(validator, os.fsdecode(name))
            except OSError:
                pass  # the requester has ended


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f)
    validator = jsonschema.validators.validator_for(schema)(schema)
    if sys.argv[2:3] == ["--serve"]:
        return serve(validator, sys.argv[3])
    bad = False
    for line in all_faults(validator, sys.argv[2:]):
        print(line)
        bad = True
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
