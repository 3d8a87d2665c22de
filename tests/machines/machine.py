# SPDX-License-Identifier: MIT
"""Machine files: what a machine is made of, how it boots and what must be seen.

A file NAME.machine has lines `key: value`; empty lines and lines that begin with # are
skipped. The file `defaults` in the same folder is read first. A key that may be given
several times adds to what the defaults say; any other key replaces it. The keys:

    boot        bios-cd, uefi-cd, bios-usb, uefi-usb (the image) or pvh (the ELF, -kernel)
    qemu        arguments for the emulator, quoted as in a shell; several times
    variant     which kernel: one that the Makefile builds in another way, by name
    cmdline     words for the kernel's command line; several times
    grub        a GRUB command to run before the kernel is loaded; several times
    module      size of a boot module to hand over, e.g. 3M; several times
    acpi-table  one more ACPI table: its name, its revision, and how many bytes there are
                behind its header: these in hexadecimal, then zeroes; several times
    acpi-forged one ACPI table of a root of our own, in place of the firmware's: `sound`, or how it
                is spoilt (`sum`, `short`), then as acpi-table; several times, see forge.py
    acpi-more   more of the table named last: how many bytes, and these, as above
    serial      com1, com2, com2-alone (there is no COM1) or none: where the log is read from
    console     serial; or, when there is no serial port, screen (a picture of the
                framebuffer) or vga (the text memory)
    format      tap or ktap: what the kernel was told to print
    outcome     passes: all tests pass and the verdict says so;
                fails: a verdict of failure, and its exit code;
                bails: `Bail out!` instead, and the exit code of a failure;
                stops: no tests at all, the machine stops after the expected lines
    exit        debug: through isa-debug-exit; halt: the machine has none, so it halts
    nmi         non-maskable interrupts a second, while the tests run
    mce         a machine check, injected once the tests run: CPU BANK STATUS MCG-STATUS ADDRESS
                MISC, as the emulator's monitor wants them
    monitor     REGEX => COMMAND: once the log has such a line, the emulator's monitor is told
                that; several times, one after the other
    expect      a line that must be seen, a regular expression; several times
    forbid      a line that must not be seen; several times
    min-tests   how many tests must have run, those skipped not counted
    time-limit  seconds; only a net, several times what a slow host needs
    rss-limit   the most memory that the emulator itself may use, e.g. 2G
"""

import os
import re
import shlex

import forge

HERE = os.path.dirname(os.path.abspath(__file__))
CHOICES = {
    "boot": ("bios-cd", "uefi-cd", "bios-usb", "uefi-usb", "pvh"),
    "serial": ("com1", "com2", "com2-alone", "none"),
    "console": ("serial", "screen", "vga"),
    "format": ("tap", "ktap"),
    "outcome": ("passes", "fails", "bails", "stops"),
    "exit": ("debug", "halt"),
}
TABLES = ("acpi-table", "acpi-forged")
LISTS = ("qemu", "cmdline", "grub", "module", *TABLES, "monitor", "expect", "forbid")
SIZES = ("rss-limit",)
NUMBERS = ("min-tests", "time-limit", "nmi")
TEXTS = ("mce", "variant")


class BadMachine(Exception):
    """The machine file itself is wrong: file, line and reason."""


def parse_size(text):
    """`64K`, `3M`, `2G` or plain bytes, as bytes."""
    match = re.fullmatch(r"(\d+)([KMGT]?)", text)
    if not match:
        raise ValueError(f"`{text}` is not a size")
    return int(match.group(1)) << (10 * " KMGT".index(match.group(2) or " "))


def parse_bytes(text):
    """`SIZE HEX`: so many bytes, these and then zeroes."""
    size, content = text.split(None, 1)
    return bytes.fromhex(content).ljust(int(size), b"\0")


def add_to_table(tables, more):
    if not tables:
        raise ValueError("there is no table to add to")
    name, revision, content, *fault = tables[-1]
    tables[-1] = (name, revision, content + more, *fault)


def parse_value(key, text):
    if key in CHOICES:
        if text not in CHOICES[key]:
            raise ValueError(f"`{text}` is none of {', '.join(CHOICES[key])}")
        return text
    if key in NUMBERS:
        return int(text)
    if key in SIZES:
        return parse_size(text)
    if key == "qemu":
        return shlex.split(text)
    if key == "module":
        return [parse_size(text)]
    if key == "acpi-table":
        name, revision, content = text.split(None, 2)
        return [(name, int(revision), parse_bytes(content))]
    if key == "acpi-forged":
        fault, text = text.split(None, 1)
        if fault not in forge.FAULTS:
            raise ValueError(f"`{fault}` is none of {', '.join(forge.FAULTS)}")
        return [(*parse_value("acpi-table", text)[0], fault)]
    if key == "acpi-more":
        return parse_bytes(text)
    if key == "monitor":
        regex, command = text.split(" => ")
        return [(re.compile(regex, re.MULTILINE), command)]
    if key in ("expect", "forbid"):
        re.compile(text)
    if key in LISTS:
        return [text]
    if key in TEXTS:
        return text
    raise ValueError(f"unknown key `{key}`")


def read_lines(path, settings):
    tables = []			# those of the kind that was named last
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            key, colon, text = line.partition(":")
            try:
                if not colon:
                    raise ValueError("no colon")
                value = parse_value(key, text.strip())
                if key == "acpi-more":
                    add_to_table(tables, value)
                    continue
            except (ValueError, re.error) as error:
                raise BadMachine(f"{path}:{number}: {error}") from None
            settings[key] = settings.get(key, []) + value if key in LISTS else value
            tables = settings[key] if key in TABLES else tables


def names():
    """Of all machines there are."""
    return sorted(os.path.splitext(name)[0] for name in os.listdir(HERE)
                  if name.endswith(".machine"))


class Machine:
    """Settings as attributes: machine.boot, machine.min_tests, …"""

    def __init__(self, path, defaults=os.path.join(HERE, "defaults")):
        if not os.path.isfile(path):
            raise BadMachine(f"there is no {path}; the machines are: {' '.join(names())}")
        settings = {key: [] for key in LISTS}
        settings.update({key: "" for key in TEXTS})
        read_lines(defaults, settings)
        read_lines(path, settings)
        self.name = os.path.splitext(os.path.basename(path))[0]
        for key, value in settings.items():
            setattr(self, key.replace("-", "_"), value)
        self.cmdline = " ".join(self.cmdline)
        if (self.console == "serial") != (self.serial != "none"):
            raise BadMachine(f"{path}: a log is read from a serial port or from the screen")
        if self.console != "serial" and self.exit != "halt":
            raise BadMachine(f"{path}: a screen is gone when the emulator exits: exit: halt")
        if self.outcome == "stops" and self.exit != "halt":
            raise BadMachine(f"{path}: a machine that stops does not exit: exit: halt")
        if self.variant and self.boot != "pvh":
            raise BadMachine(f"{path}: of a variant there is no image: boot: pvh")
        if self.boot.startswith("uefi") and self.acpi_forged:
            raise BadMachine(f"{path}: forged tables lie where only a BIOS has its own")
        if self.boot == "pvh" and (self.grub or self.acpi_forged):
            raise BadMachine(f"{path}: GRUB has no part in a pvh boot")
        self.grub = self.grub + forge.commands(self.acpi_forged)
        if self.boot == "pvh" and len(self.module) > 1:
            raise BadMachine(f"{path}: the emulator hands over one module at most")
