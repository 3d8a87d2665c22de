# SPDX-License-Identifier: MIT
"""Runs one machine in the emulator, from its start to its end, however it ends.

The emulator is a child of ours; it is waited for, or killed by its process id, on every
way out of run(). Its log is read from a file that it writes, its screen through its
control socket (QMP).
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
import time

from judge import Ended, clean_lines, finished
from screen import read_font, read_ppm, read_text, read_vga

QEMU = shlex.split(os.environ.get("QEMU", "qemu-system-x86_64"))	# it may have arguments
OVMF = os.environ.get("OVMF", "/usr/share/ovmf/OVMF.fd")
POLL = 0.1		# seconds between looks at a serial log
POLL_SCREEN = 1.0	# and at a screen
GRACE = float(os.environ.get("GRACE", 1.0))	# what should have stopped is watched this long
LOG_LIMIT = 64 << 20	# a log that grows beyond this is a machine that rages
VGA_MEMORY = 0xb8000


def quote(text):
    """For GRUB, whose single quotes are a shell's."""
    return "'" + text.replace("'", "'\\''") + "'"


def make_module(path, size):
    """A file of the given size whose every byte depends on its place."""
    unit = bytes((i * 7 + (i >> 8)) & 0xff for i in range(65521))
    with open(path, "wb") as file:
        file.write((unit * (size // len(unit) + 1))[:size])


class Emulator:
    """One boot of one machine; files go to `work`, named after the machine."""

    def __init__(self, machine, kernel, image, mkiso, work):
        self.machine, self.kernel, self.image, self.mkiso = machine, kernel, image, mkiso
        self.base = os.path.join(work, machine.name)
        self.log = self.base + ".log"
        self.modules = []
        for number, size in enumerate(machine.module):
            self.modules.append(f"{self.base}.module{number}")
            make_module(self.modules[-1], size)

    # ---- what is booted ----

    def own_image(self):
        """The image everybody boots; or one with a local.cfg, if the machine asks for more."""
        machine = self.machine
        if not (machine.cmdline or machine.grub or machine.module):
            return self.image
        folder = self.base + ".boot"
        os.makedirs(folder, exist_ok=True)
        config = os.path.join(folder, "local.cfg")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"set args={quote(machine.cmdline)}\n")
            names = " ".join(os.path.basename(module) for module in self.modules)
            file.write(f"set modules={quote(names)}\n")
            file.writelines(command + "\n" for command in machine.grub)
        image = self.base + ".iso"
        subprocess.run([self.mkiso, image, self.kernel, config, *self.modules], check=True)
        return image

    def boot_arguments(self):
        how = self.machine.boot
        if how == "pvh":
            modules = ["-initrd", self.modules[0]] if self.modules else []
            return ["-kernel", self.kernel, "-append", self.machine.cmdline, *modules]
        firmware = ["-bios", OVMF] if how.startswith("uefi") else []
        if how.endswith("cd"):
            return firmware + ["-cdrom", self.own_image()]
        return firmware + [
            "-device", "qemu-xhci", "-device", "usb-storage,drive=stick,bootindex=0",
            "-drive", f"file={self.own_image()},format=raw,if=none,id=stick,readonly=on"]

    def arguments(self, control):
        serial = {"com1": ["-serial", "file:" + self.log],
                  "com2": ["-serial", "null", "-serial", "file:" + self.log],
                  "com2-alone": ["-serial", "none",
                                 "-chardev", "file,id=log,path=" + self.log,
                                 "-device", "isa-serial,chardev=log,iobase=0x2f8,irq=3"],
                  "none": ["-serial", "none"]}[self.machine.serial]
        leave = ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"] \
            if self.machine.exit == "debug" else []
        qmp = ["-qmp", f"unix:{control},server=on,wait=off"] \
            if self.machine.console != "serial" or self.machine.nmi or self.machine.mce or \
            self.machine.monitor else []
        return [*QEMU, *self.machine.qemu, *serial, *leave, *qmp, *self.tables(),
                *self.boot_arguments()]

    def tables(self):
        """ACPI tables of the machine's own: the emulator puts the header before the bytes."""
        arguments = []
        for number, (name, revision, content) in enumerate(self.machine.acpi_table):
            path = f"{self.base}.table{number}"
            with open(path, "wb") as file:
                file.write(content)
            arguments += ["-acpitable", f"sig={name},rev={revision},data={path}"]
        return arguments

    # ---- the run ----

    def run(self):
        """Returns (lines of the log or the screen, Ended)."""
        open(self.log, "wb").close()
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            control = os.path.join(folder, "qmp")
            arguments = self.arguments(control)
            with open(self.base + ".qemu", "w+b") as messages:
                end = PutOff(signal.SIGTERM)
                child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL,
                                         stdout=messages, stderr=messages)
                try:
                    end.take()
                    lines, ended = self.watch(child, control)
                finally:
                    rss = kill_and_wait(child)
                messages.seek(0)
                self.messages = messages.read().decode("utf-8", "replace")
        ended.code = child.returncode if not (ended.timed_out or ended.alive_at_end) else None
        ended.rss, ended.seconds = rss, time.monotonic() - start
        if self.machine.console != "serial":
            with open(self.log, "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
        return lines, ended

    def watch(self, child, control):
        ends_itself = self.machine.exit == "debug"
        look = Screen(control, self.machine.console, self.base).lines \
            if self.machine.console != "serial" else self.log_lines
        deadline = time.monotonic() + self.machine.time_limit
        nmi = Nmi(control, self.machine.nmi) if self.machine.nmi else None
        mce = MachineCheck(control, self.machine.mce) if self.machine.mce else None
        monitor = Monitor(control, self.machine.monitor) if self.machine.monitor else None
        while time.monotonic() < deadline and os.path.getsize(self.log) < LOG_LIMIT:
            gone = has_ended(child)
            lines = look() if gone or not ends_itself else []
            if gone:
                return lines, Ended(None)
            if not ends_itself and finished(self.machine, lines):
                still_there = stays(child)
                return look(), Ended(None, alive_at_end=still_there)
            if mce:
                mce.inject(self.log)
            if monitor:
                monitor.tell(self.log)
            if nmi:
                nmi.inject(self.log)
            else:
                time.sleep(POLL if self.machine.console == "serial" else POLL_SCREEN)
        return look(), Ended(None, timed_out=True)

    def log_lines(self):
        with open(self.log, "rb") as file:
            return clean_lines(file.read())


class PutOff:
    """A signal that comes before take() is taken there: a child that is being made could not be
    ended. Signals come to the main thread alone."""

    def __init__(self, number):
        self.number, self.came = number, False
        self.here = threading.current_thread() is threading.main_thread()
        self.before = signal.signal(number, self.note) if self.here else None

    def note(self, *_):
        self.came = True

    def take(self):
        if self.here:
            signal.signal(self.number, self.before)
        if self.came:
            os.kill(os.getpid(), self.number)


def stays(child):
    """Is it still there when GRACE is over?"""
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        if has_ended(child):
            return False
        time.sleep(POLL)
    return True


def has_ended(child):
    """Without reaping it: its memory figure comes with the reaping."""
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def kill_and_wait(child):
    """Ends the child if it still runs; returns the most memory it had, in bytes."""
    if not has_ended(child):
        os.kill(child.pid, signal.SIGKILL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss << 10


class Control:
    """The emulator's control socket (QMP), opened with the first question."""

    def __init__(self, control):
        self.control, self.stream = control, None

    def ask(self, command, **arguments):
        if not self.stream:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(30)
            connection.connect(self.control)
            self.stream = connection.makefile("rw")
            self.stream.readline()
            self.ask("qmp_capabilities")
        json.dump({"execute": command, "arguments": arguments}, self.stream)
        self.stream.write("\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "error" in answer:
                raise ValueError(answer["error"]["desc"])
            if "return" in answer:
                return


class Nmi(Control):
    """Non-maskable interrupts at a rate, from the plan of the tests to the end."""

    def __init__(self, control, rate):
        super().__init__(control)
        self.pause, self.started = 1 / rate, False

    def inject(self, log):
        if not self.started:
            with open(log, "rb") as file:
                self.started = b"TAP version" in file.read()
        time.sleep(self.pause if self.started else POLL)
        if self.started:
            try:
                self.ask("inject-nmi")
            except (OSError, ValueError):
                pass  # the emulator has just ended


class MachineCheck(Control):
    """One, as soon as the tests run."""

    def __init__(self, control, what):
        super().__init__(control)
        self.command = "mce " + what

    def inject(self, log):
        with open(log, "rb") as file:
            started = b"TAP version" in file.read()
        if started and self.command:
            self.ask("human-monitor-command", **{"command-line": self.command})
            self.command = None


class Monitor(Control):
    """What a person would type, when the log has come so far."""

    def __init__(self, control, commands):
        super().__init__(control)
        self.commands = list(commands)

    def tell(self, log):
        with open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        while self.commands and self.commands[0][0].search(text):
            command = self.commands.pop(0)[1]
            try:
                self.ask("human-monitor-command", **{"command-line": command})
            except (OSError, ValueError):
                pass  # the emulator has just ended: what was expected is not in the log


class Screen(Control):
    """What the machine shows, asked for through the control socket."""

    def __init__(self, control, kind, base):
        super().__init__(control)
        self.kind, self.base, self.last = kind, base, []
        self.font = read_font() if kind == "screen" else None

    def lines(self):
        """The text now; what was seen last, once the emulator is gone."""
        try:
            self.last = self.read()
        except (OSError, ValueError):
            pass
        return self.last

    def read(self):
        if self.kind == "vga":
            path = self.base + ".vga"
            self.ask("pmemsave", val=VGA_MEMORY, size=4000, filename=os.path.abspath(path))
            with open(path, "rb") as file:
                return read_vga(file.read())
        path = self.base + ".ppm"
        self.ask("screendump", filename=os.path.abspath(path))
        return read_text(read_ppm(path), self.font)
