#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""find_value.py VALUE FILE...: prints where files contain a value as text, or eight bytes of it as hexadecimal digits (also with
blanks between), as a number in a register, or within base64 text. Ends with 0 if there is anything, else with 1."""

import base64
import re
import sys

PIECE = 8


def pieces(value):
    size = min(PIECE, len(value))
    return [value[i : i + size] for i in range(len(value) - size + 1)]


def in_base64(piece):
    """What each of the three alignments leaves of the piece: the characters that neighbours do not change."""
    for skip in range(3):
        text = base64.b64encode(b"\0" * skip + piece).decode()
        whole = len(piece + b"\0" * skip) // 3 * 4
        yield text[(0, 2, 3)[skip] : whole]


def forms(value):
    yield "text", re.escape(value.decode("latin-1"))
    for piece in pieces(value):
        yield "hexadecimal", piece.hex()
        yield "hexadecimal", " ".join(f"{c:02x}" for c in piece)
        yield "a number", f"0x0*{int.from_bytes(piece, 'little'):x}\\b"
        for text in in_base64(piece):
            yield "base64", re.escape(text)


def main():
    value, found = sys.argv[1].encode(), False
    for name in sys.argv[2:]:
        with open(name, encoding="latin-1") as file:
            text = file.read()
        for form, pattern in forms(value):
            for line in text.splitlines() if re.search(pattern, text) else []:
                if re.search(pattern, line):
                    print(f"{name}: as {form}: {line.strip()[:120]}")
                    found = True
                    break
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
