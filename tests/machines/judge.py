# SPDX-License-Identifier: MIT
"""Judges the log of one boot: pure functions, from text to checks.

A log is firmware noise, then `TAP version 13` (or `KTAP version 1`), then lines that are
all TAP, but for the last, `reboot: System halted`. parse() makes an Inner of it: the
kernel's own results. judge() adds the checks that the kernel cannot make about itself:
that it came to its end, and as it should have.
"""

import re
from dataclasses import dataclass, field

ESCAPE = re.compile(r"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Za-z0-9]|[=>c])")
RESULT = re.compile(r"^(not )?ok (\d+)(?: -)? ?(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\b")
HEADER = {"tap": "TAP version 13", "ktap": "KTAP version 1"}
VERDICT = re.compile(r"^(?:# )?Quarry: all (\d+) tests passed")
HALTED = re.compile(r"^reboot: System halted$")
FREE = re.compile(r"^\s*# free pages: (\d+) before, \1 after$")
BAIL = re.compile(r"^\s*Bail out!")
EXIT_PASSED, EXIT_FAILED = 33, 35


@dataclass
class Result:
    """One test of the kernel's own: `notes` are the diagnostics before its line."""
    ok: bool
    number: int
    name: str
    notes: list = field(default_factory=list)

    @property
    def skipped(self):
        return re.search(r"# SKIP\b", self.name) is not None


@dataclass
class Inner:
    """What the kernel said about itself."""
    lines: list = field(default_factory=list)	# from the header on
    plan: int = None
    results: list = field(default_factory=list)
    faults: list = field(default_factory=list)	# why this is not the protocol

    @property
    def ran(self):
        return sum(1 for result in self.results if not result.skipped)


@dataclass
class Ended:
    """How the emulator ended: its exit code, or None when the runner had to end it."""
    code: int
    timed_out: bool = False
    alive_at_end: bool = False	# it was still there some time after its last expected line
    rss: int = 0		# bytes
    seconds: float = 0


def clean_lines(raw):
    """The lines of a serial log, without escape sequences and carriage returns."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return [line.rstrip() for line in ESCAPE.sub("", text).replace("\r", "").split("\n")]


def parse(lines, protocol="tap"):
    try:
        start = lines.index(HEADER[protocol])
    except ValueError:
        return Inner(faults=[f"no line `{HEADER[protocol]}`"])
    inner = Inner(lines=lines[start:])
    (parse_tap if protocol == "tap" else parse_ktap)(inner)
    return inner


def parse_tap(inner):
    notes = []
    for line in inner.lines[1:]:
        result, plan = RESULT.match(line), PLAN.match(line)
        if result:
            add_result(inner, result, "", notes)
            notes = []
        elif plan and inner.plan is None and not inner.results:
            inner.plan = int(plan.group(1))
        elif line.lstrip().startswith("#"):
            notes.append(line)
        elif line and not (BAIL.match(line) or HALTED.match(line)):
            inner.faults.append(f"not TAP: `{line}`")


def add_result(inner, match, suite, notes):
    result = Result(not match.group(1), int(match.group(2)), suite + match.group(3), notes)
    if not suite and result.number != len(inner.results) + 1:
        inner.faults.append(f"test number {result.number} where {len(inner.results) + 1} is due")
    inner.results.append(result)


def parse_ktap(inner):
    """Nested: cases, two spaces in, before the line of their suite. Flattened here."""
    suites = planned = nr_suites = 0
    case_plan, cases, notes = None, [], []
    for line in inner.lines[1:]:
        text = line.removeprefix("  ")
        result, plan = RESULT.match(text), PLAN.match(text)
        nested = text != line
        if result and nested:
            cases.append((result, notes))
            notes = []
        elif result:
            suites += 1
            end_suite(inner, result, suites, case_plan, cases)
            case_plan, cases, notes = None, [], []
        elif plan and nested:
            case_plan = int(plan.group(1))
            planned += case_plan
        elif plan:
            nr_suites = int(plan.group(1))
        elif text.startswith("#"):
            notes.append(text)
        elif text and text != HEADER["ktap"] and not (BAIL.match(text) or HALTED.match(text)):
            inner.faults.append(f"not KTAP: `{line}`")
    if suites != nr_suites:
        inner.faults.append(f"{nr_suites} suites planned, {suites} ended")
    inner.plan = planned


def end_suite(inner, match, number, plan, cases):
    suite = match.group(3)
    if int(match.group(2)) != number:
        inner.faults.append(f"suite {suite} has the wrong number")
    if plan != len(cases) or [int(c.group(2)) for c, _ in cases] != list(range(1, plan + 1)):
        inner.faults.append(f"suite {suite} planned {plan} cases and has {len(cases)}")
    if bool(match.group(1)) != any(case.group(1) for case, _ in cases):
        inner.faults.append(f"suite {suite} and its cases disagree")
    for case, notes in cases:
        add_result(inner, case, suite + ".", notes)


def seen(pattern, lines):
    return any(re.search(pattern, line) for line in lines)


def judge(machine, lines, inner, ended):
    """The runner's own checks: a list of (ok, name, reason)."""
    checks = [(not ended.timed_out, f"ended within {machine.time_limit} seconds",
               "it had to be killed")]
    if machine.outcome == "stops":
        checks.append((ended.alive_at_end, "stopped, did not reset", f"exit code {ended.code}"))
    else:
        checks.append(judge_exit(machine, ended))
    if machine.outcome == "passes":
        checks += judge_screen(machine, lines) if machine.console != "serial" else \
            judge_inner(machine, inner)
        checks += judge_end(lines)
    elif machine.outcome == "bails":
        checks.append((seen(BAIL, lines), "bailed out", "no `Bail out!`"))
        checks.append((not seen(VERDICT, lines), "no verdict of success", ""))
    elif machine.outcome == "fails":
        checks.append((not seen(BAIL, lines), "did not bail out", ""))
        checks.append((not seen(VERDICT, lines), "no verdict of success", ""))
        checks.append((seen(HALTED, lines), "came to `reboot: System halted`", "no such line"))
    for pattern in machine.expect:
        checks.append((seen(pattern, lines), f"seen: {pattern}", "no such line"))
    for pattern in machine.forbid:
        checks.append((not seen(pattern, lines), f"not seen: {pattern}", "there is such a line"))
    checks.append((ended.rss <= machine.rss_limit,
                   f"emulator's memory at most {machine.rss_limit >> 20} MiB",
                   f"it took {ended.rss >> 20} MiB"))
    return checks


def judge_exit(machine, ended):
    if machine.exit == "halt":
        return ended.alive_at_end, "halted, did not reset", f"exit code {ended.code}"
    due = EXIT_PASSED if machine.outcome == "passes" else EXIT_FAILED
    return ended.code == due, f"exit code {due}", f"it was {ended.code}"


def judge_inner(machine, inner):
    missing = (inner.plan or 0) - len(inner.results)
    return [
        (not inner.faults, "the log keeps to the protocol", "; ".join(inner.faults[:5])),
        (inner.plan is not None, "there is a plan", "none in the log"),
        (inner.plan is not None and missing == 0, "the plan is complete",
         f"{len(inner.results)} results for a plan of {inner.plan}"),
        (inner.ran >= machine.min_tests, f"at least {machine.min_tests} tests ran",
         f"only {inner.ran} did"),
    ]


def judge_screen(machine, lines):
    """A screen shows the end of the log only: the verdict has the number of tests."""
    passed = [int(m.group(1)) for m in map(VERDICT.match, lines) if m]
    return [
        (not seen(r"^not ok", lines), "no failed test on the screen", "there is one"),
        (bool(passed) and passed[-1] >= machine.min_tests,
         f"at least {machine.min_tests} tests ran", f"the screen says {passed}"),
    ]


def judge_end(lines):
    return [
        (not seen(BAIL, lines), "did not bail out",
         next((line for line in lines if BAIL.match(line)), "")),
        (seen(VERDICT, lines), "the verdict says that all passed", "no such verdict"),
        (seen(FREE, lines), "as many pages are free after the tests as before", "they are not"),
        (seen(HALTED, lines), "came to `reboot: System halted`", "no such line"),
    ]


def finished(machine, lines):
    """Has everything been seen that a machine shows which does not end by itself?"""
    if machine.outcome == "stops":
        return all(seen(pattern, lines) for pattern in machine.expect)
    return seen(BAIL if machine.outcome == "bails" else HALTED, lines)


def to_tap(name, inner, checks):
    """One TAP stream of the kernel's results and the runner's checks; and what to tell on
    stderr about those that failed."""
    out, told = ["TAP version 13"], []
    planned = max(inner.plan or 0, len(inner.results))
    out.append(f"1..{planned + len(checks)}")
    for number, result in enumerate(inner.results, 1):
        out += result.notes
        out.append(f"{'' if result.ok else 'not '}ok {number} - {result.name}")
        if not result.ok:
            told += [f"# {name}: not ok - {result.name}"] + result.notes[-20:]
    for number in range(len(inner.results) + 1, planned + 1):
        out.append(f"not ok {number} - never ran")
    for number, (ok, what, reason) in enumerate(checks, planned + 1):
        what = what.replace("#", "\\#")
        out.append(f"{'' if ok else 'not '}ok {number} - machine.{name}: {what}")
        if not ok:
            told.append(f"# {name}: not ok - {what}: {reason}")
    return out, told
