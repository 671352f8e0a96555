#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""strays.py STRAY LIBRARY DIRECTORY STEP VALUE...: overwrites words of the library's writable data, one in each process, before a fault.

Every STEP-th word (of a large object only the first and the last ones and some between count) with each of the values. Each process
has to die of SIGSEGV in time. Prints those that did not and, at the end, how many there were. Reports go to DIRECTORY.
Status 1 if a process did not die in this way.
"""
import concurrent.futures
import os
import signal
import subprocess
import sys
import time

TIMEOUT = 2  # CRASHPRE_TIMEOUT
LIMIT = 12  # seconds until a process counts as hanging: the machine may be busy


def words(library):
    """Offset and name of each word, from the symbols of the library's data."""
    lines = subprocess.run(["nm", "-n", "-S", library], capture_output=True, text=True, check=True).stdout.splitlines()
    for fields in (line.split() for line in lines):
        if len(fields) != 4 or fields[2] not in "bBdD":
            continue
        start, size = int(fields[0], 16), int(fields[1], 16)
        offsets = list(range(start & ~7, start + size, 8))
        if len(offsets) > 48:
            offsets = offsets[:24] + offsets[24:-8 : len(offsets) // 12] + offsets[-8:]
        for offset in offsets:
            yield offset, fields[3]


def try_one(stray, library, directory, offset, value):
    """None, or how the process ended instead."""
    environment = {
        "PATH": os.environ["PATH"],
        "LD_PRELOAD": library,
        "CRASHPRE_DIR": directory,
        "CRASHPRE_TIMEOUT": str(TIMEOUT),
        "CRASHPRE_STDERR": "none",
    }
    begin = time.monotonic()
    process = subprocess.Popen([stray, library, hex(offset), value], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        status = process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        return "hangs"
    return None if status == -signal.SIGSEGV else f"ended with {status} after {time.monotonic() - begin:.1f} s"


def main():
    stray, library, directory = sys.argv[1:4]
    step, values = int(sys.argv[4]), sys.argv[5:]
    wanted = [(offset, name, value) for offset, name in words(library) for value in values][::step]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        ends = pool.map(lambda w: try_one(stray, library, directory, w[0], w[2]), wanted)
        for (offset, name, value), end in zip(wanted, ends):
            if end:
                failed += 1
                print(f"{name} at {offset:#x}, {value}: {end}", flush=True)
    print(f"{len(wanted)} writes, {failed} failed")
    return 1 if failed or not wanted else 0


sys.exit(main())
