# SPDX-License-Identifier: MIT
"""ACPI tables that no firmware would make: GRUB writes them into memory before the kernel comes.

They lie in the extended BIOS data area, where GRUB and the kernel look for the root first. It is
1 KiB; a BIOS uses its beginning and clears the rest, so words that are 0 need no command:

    AREA        the root pointer (RSDP, revision 2)
    AREA + 48   the XSDT, a list of the tables' addresses
    behind it   the tables, each at a multiple of 16

All is sound but for what is asked for: `sum`, the table's checksum is wrong; `short`, it says
that it is shorter than any table's header.
"""

import struct

EBDA_END = 0xa0000
AREA = EBDA_END - 0x2c0
HEADER = struct.Struct("<4sIBB6s8sIII")
FAULTS = ("sound", "sum", "short")


def with_sum(data, at):
    """The same with its byte `at` such that all add up to 0."""
    return data[:at] + bytes([(data[at] - sum(data)) & 0xff]) + data[at + 1:]


def table(name, revision, content, fault="sound"):
    length = HEADER.size + len(content) if fault != "short" else HEADER.size // 2
    header = HEADER.pack(name.encode(), length, revision, 0, b"QUARRY", b"FORGED", 1, 0, 1)
    data = with_sum(header + content, 9)
    return data if fault != "sum" else data[:9] + bytes([data[9] ^ 1]) + data[10:]


def root_pointer(xsdt):
    first = with_sum(b"RSD PTR \0QUARRY\2" + struct.pack("<I", 0), 8)
    return with_sum(first + struct.pack("<IQI", 36, xsdt, 0), 32)


def layout(tables):
    """[(address, bytes)] of the root and all that it leads to."""
    at, places = AREA + 48 + (HEADER.size + 8 * len(tables) + 15) // 16 * 16, []
    for each in tables:
        places.append((at, table(*each)))
        at += (len(places[-1][1]) + 15) // 16 * 16
    if at > EBDA_END:
        raise ValueError("the forged tables are too large for the BIOS's data area")
    addresses = struct.pack(f"<{len(places)}Q", *[address for address, _ in places])
    return [(AREA, root_pointer(AREA + 48)), (AREA + 48, table("XSDT", 1, addresses)), *places]


def commands(tables):
    """What GRUB is told."""
    lines = []
    for start, data in layout(tables) if tables else []:
        data = data.ljust((len(data) + 3) // 4 * 4, b"\0")
        lines += [f"write_dword {start + 4 * i:#x} {word:#x}"
                  for i, (word,) in enumerate(struct.iter_unpack("<I", data)) if word]
    return lines
