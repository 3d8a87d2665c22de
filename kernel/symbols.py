#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the kernel's table of function names, for kernel/symbols.c.

    symbols.py < /dev/null > symbols0.S               an empty table, for the first link
    nm -n first.elf | symbols.py > symbols.S          the table, for the second link

The table goes to section .kallsyms, which the linker places behind all code: the
second link then has every function where the first one had it.

Only names of code count (nm's letters t T w W), and only those in the upper half of the
address space: the code that runs before paging has no backtraces. Of several names for one
address a global one is taken, then the first by alphabet.
"""
import sys

KERNEL_START = 0xFFFFFFFF80000000


def read_symbols(lines):
    """Returns [(address, name)] of the functions in order, and the end of the last."""
    names, addresses = {}, set()
    for line in lines:
        fields = line.split()
        if len(fields) != 3:
            continue  # undefined: no address
        address, kind, name = int(fields[0], 16), fields[1], fields[2]
        if address < KERNEL_START:
            continue
        addresses.add(address)
        if kind in "tTwW":
            names.setdefault(address, []).append((kind != "T", name))
    functions = [(address, min(names[address])[1]) for address in sorted(names)]
    if not functions:
        return [], 0
    last = functions[-1][0]
    return functions, min((a for a in addresses if a > last), default=last)


def write_table(functions, end, out):
    base = functions[0][0] if functions else 0
    out.write("/* Made by kernel/symbols.py. */\n\t.section .kallsyms, \"a\"\n")

    def label(name):
        out.write("\t.globl %s\n\t.balign 8\n%s:\n" % (name, name))

    label("symbol_base")
    out.write("\t.quad 0x%x\n" % base)
    label("symbol_count")
    out.write("\t.long %d\n" % len(functions))
    label("symbol_offsets")
    for address in [address for address, _ in functions] + [end]:
        out.write("\t.long 0x%x\n" % (address - base))
    label("symbol_names")
    position = 0
    for _, name in functions:
        out.write("\t.long %d\n" % position)
        position += len(name) + 1
    label("symbol_text")
    for _, name in functions:
        out.write("\t.asciz \"%s\"\n" % name)
    out.write("\t.section .note.GNU-stack, \"\", @progbits\n")


if __name__ == "__main__":
    write_table(*read_symbols(sys.stdin), sys.stdout)
