# SPDX-License-Identifier: MIT
"""Reads what a person would read: the text on a picture of the framebuffer.

The picture is a PPM from the emulator; the letters are known exactly, because the kernel
draws them with its own font, whose source is a picture too (arch/x86_64/font.c). A cell
of the screen is a letter when each of its pixels is ink or background as in the font;
colours do not matter. The kernel may draw every pixel of the font 1, 2, 3 or 4 times as
large. VGA text needs no picture: its memory holds the letters.
"""

import os
import re

FONT_SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                           "..", "..", "arch", "x86_64", "font.c")
WIDTH, HEIGHT, FIRST = 8, 16, 0x20
UNKNOWN = "\ufffd"
VGA_COLUMNS, VGA_ROWS = 80, 25


def read_font(path=FONT_SOURCE):
    """{rows of ink as a tuple of 16 numbers: letter}. Bands of 16 strings, glyphs side by side."""
    with open(path, encoding="utf-8") as file:
        rows = re.findall(r'^\s*"([.#]{8}(?: [.#]{8})*)"', file.read(), re.M)
    font = {}
    code = FIRST
    for top in range(0, len(rows), HEIGHT):
        band = [row.split() for row in rows[top:top + HEIGHT]]
        for column in range(len(band[0])):
            ink = tuple(int(row[column].replace(".", "0").replace("#", "1"), 2) for row in band)
            font.setdefault(ink, chr(code) if code < 0x7f else UNKNOWN)
            code += 1
    if code < 0x7f:
        raise ValueError(f"{path}: only {code - FIRST} glyphs")
    return font


def read_ppm(path):
    """(width, height, bytes of the pixels, three each)."""
    with open(path, "rb") as file:
        data = file.read()
    match = re.match(rb"P6\s+(?:#.*\n)*(\d+)\s+(\d+)\s+255\s", data)
    if not match:
        raise ValueError(f"{path} is not a picture")
    return int(match.group(1)), int(match.group(2)), data[match.end():]


def ink_rows(picture):
    """Each line of the picture as a string of 0 and 1: 1 where it is not background."""
    width, height, pixels = picture
    lines = []
    for y in range(height):
        line = pixels[y * width * 3:(y + 1) * width * 3]
        lines.append("".join("0" if r == g == b == 0 else "1" for r, g, b in
                             zip(line[0::3], line[1::3], line[2::3])))
    return lines


def read_text(picture, font):
    """The lines of text on the picture, read at the scale that gives the most letters."""
    rows = ink_rows(picture)
    texts = [join_wrapped(read_at(rows, font, scale), picture[0] // (WIDTH * scale))
             for scale in (1, 2, 3, 4)]
    return max(texts, key=count_letters)


def count_letters(lines):
    text = "".join(lines)
    return len(text.replace(" ", "")) - 2 * text.count(UNKNOWN)


def read_at(rows, font, scale):
    lines = []
    for top in range(0, len(rows) - HEIGHT * scale + 1, HEIGHT * scale):
        band = rows[top:top + HEIGHT * scale:scale]
        text = ""
        for left in range(0, len(band[0]) - WIDTH * scale + 1, WIDTH * scale):
            ink = tuple(int(row[left:left + WIDTH * scale:scale], 2) for row in band)
            text += font.get(ink, UNKNOWN)
        lines.append(text.rstrip())
    return lines


def read_vga(memory):
    """The lines in 4000 bytes of VGA text memory: letter and attribute by turns."""
    letters = "".join(chr(byte) if 0x20 <= byte < 0x7f else " " for byte in memory[0::2])
    lines = [letters[row * VGA_COLUMNS:(row + 1) * VGA_COLUMNS].rstrip() for row in range(VGA_ROWS)]
    return join_wrapped(lines, VGA_COLUMNS)


def join_wrapped(lines, columns):
    """A line as wide as the screen went on in the next one."""
    joined, open_line = [], False
    for line in lines:
        if open_line:
            joined[-1] += line
        else:
            joined.append(line)
        open_line = len(line) == columns
    return joined
