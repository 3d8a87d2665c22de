# SPDX-License-Identifier: MIT
"""Tables of figures: from a log's lines `bench: NAME key=N key=N`, and as files of lines
NAME<tab>key<tab>N. Lines of a file that begin with # say where the figures come from."""

import re

LINE = re.compile(r"bench: (\S+)((?: \w+=\d+)+)\s*$")


def from_log(text, suffix=""):
    """{(name, key): N}, in the order of the log. `suffix` is put behind each name."""
    table = {}
    for line in text.splitlines():
        match = LINE.search(line)
        if match:
            for word in match.group(2).split():
                key, value = word.split("=")
                table[match.group(1) + suffix, key] = int(value)
    return table


def write(path, notes, table):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"# {note}\n" for note in notes)
        file.writelines(f"{name}\t{key}\t{value}\n" for (name, key), value in table.items())


def read(path):
    """(notes, table)"""
    notes, table = [], {}
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("# SPDX"):
                continue
            if line.startswith("#"):
                notes.append(line[2:])
            elif line:
                name, key, value = line.split("\t")
                table[name, key] = int(value)
    return notes, table


def text(table):
    """The table for a reader: one line a row."""
    rows = {}
    for (name, key), value in table.items():
        rows.setdefault(name, []).append(f"{key}={value}")
    return "".join(f"{name:24} {'  '.join(f'{word:14}' for word in words).rstrip()}\n"
                   for name, words in rows.items())
