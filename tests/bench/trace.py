#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""trace.py TRACE.zst EVENTS

Makes of a trace what tests/bench/replay.c reads: two 32-bit words an event, its slot, and what
it does: bench.h has the numbers.

A trace has one event a line. First the CPU, then one of
    k SIZE ID   kmalloc         z SIZE ID   kzalloc         c SIZE ID   an object of a cache
    p ORDER ID  pages           f ID        free of what has that ID
"""

import array
import subprocess
import sys

KINDS = {"k": 0, "z": 1, "c": 2, "p": 3}
FREES = (4, 4, 6, 7)	# what frees each of them
SHIFT = 28


def events(lines):
    """The words."""
    live, words = {}, array.array("I")
    for line in lines:
        _cpu, kind, *rest = line.split()
        slot = int(rest[-1])
        if kind == "f":
            kind, size = live.pop(slot)
            kind = FREES[kind]
        else:
            kind, size = KINDS[kind], int(rest[0])
            live[slot] = kind, size
        words.extend((slot, kind << SHIFT | size))
    return words


def main():
    text = subprocess.run(["zstd", "-dcq", sys.argv[1]], stdout=subprocess.PIPE, check=True,
                          encoding="ascii").stdout
    with open(sys.argv[2], "wb") as file:
        events(text.splitlines()).tofile(file)


if __name__ == "__main__":
    main()
