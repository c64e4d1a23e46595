"""Runs the guarantees and writes what they counted: `python bench/guarantees.py [--full] [-k EXPRESSION]`.

Each test prints lines of the form `G4: …` and `G4 control: …`; the table in guarantees.md is made of
them, with what the test's first line promises and how it ended. Guarantees that were not run keep
their row. FOOTNOTE_GUARANTEES=full, or `--full`, is the long version. There a test that passed is late where
it printed a figure `of at most` a smaller one: no test asserts a duration itself, as others may run beside it.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "tests" / "guarantees"
TABLE = PROJECT / "bench" / "guarantees.md"
LINE = re.compile(r"(?<![A-Za-z])G(\d+)( control)?: (.*)")
BOUND = re.compile(r"(\d[\d.]*+) of at most (\d[\d.]*+)")
ROW = re.compile(r"\| (\d+) \|")
# A test that prints more lines than this is told of by their number and the last one.
MOST_LINES = 12

HEAD = """# Guarantees

What `make guarantees` counted, one row for each guarantee that has a test in `tests/guarantees`. A row
is measured when its test runs; the date and the size stand in it. A control is the same test against
something deliberately broken: it must fail, or the test proves nothing.

| no | what | outcome | trials and failures | control | run |
|---|---|---|---|---|---|
"""


def promises() -> dict[int, str]:
    """Number → the first sentence of its test file."""
    found: dict[int, str] = {}
    for file in sorted(FOLDER.glob("test_g*.py")):
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        first = " ".join(docstring.split("\n\n")[0].split())
        found.setdefault(int(file.name[6:8]), re.sub(r"^G\d+\. ", "", first))
    return found


def run(arguments: list[str], full: bool) -> tuple[dict[int, list[tuple[str, str]]], str]:
    """Run the tests. Per number: (outcome, output) of each test; and how long it all took, in words."""
    report = TABLE.with_suffix(".xml")
    environment = os.environ | ({"FOOTNOTE_GUARANTEES": "full"} if full else {})
    # Those of every night too.
    options = [
        "-q",
        "-m",
        "not scale",
        "-p",
        "no:cacheprovider",
        "-o",
        "junit_logging=system-out",
        "-o",
        "junit_family=xunit1",
    ]
    command = [sys.executable, "-m", "pytest", str(FOLDER), f"--junitxml={report}", *options, *arguments]
    began = time.monotonic()
    subprocess.run(command, cwd=PROJECT, env=environment)
    results: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for case in ET.parse(report).iter("testcase"):
        match = re.search(r"test_g(\d+)", case.get("classname", ""))
        if match:
            said, outcome = case.findtext("system-out") or "", _outcome(case)
            late = full and outcome == "passed" and is_late(said)
            results[int(match[1])].append(("late" if late else outcome, said))
    report.unlink()
    return results, f"{time.monotonic() - began:.0f} s"


def _outcome(case: ET.Element) -> str:
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in kinds else "passed"


def is_late(said: str) -> bool:
    """Whether a figure that a test printed is above what it stands beside."""
    return any(float(figure) > float(most) for figure, most in BOUND.findall(said))


def row(number: int, what: str, cases: list[tuple[str, str]], size: str) -> str:
    said: dict[bool, list[str]] = {False: [], True: []}
    for _, output in cases:
        for match in LINE.finditer(output):
            if int(match[1]) == number:
                said[bool(match[2])].append(match[3].strip())
    outcomes = [outcome for outcome, _ in cases]
    counts = ", ".join(
        f"{outcomes.count(kind)} {kind}" for kind in ("passed", "failed", "late", "skipped") if kind in outcomes
    )
    cells = [str(number), what, counts, _joined(said[False]), _joined(said[True]) or "–", size]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _joined(lines: list[str]) -> str:
    if len(lines) > MOST_LINES:
        return f"{len(lines)} trials, the last: {lines[-1]}"
    return "<br>".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the long version")
    parser.add_argument("-k", help="only these, as pytest understands it")
    given = parser.parse_args()
    full = given.full or os.environ.get("FOOTNOTE_GUARANTEES") == "full"
    results, took = run(["-k", given.k] if given.k else [], full)
    old = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
    rows = {int(match[1]): line for line in old if (match := ROW.match(line))}
    size = f"{time.strftime('%Y-%m-%d')}, {'full' if full else 'CI'}"
    what = promises()
    for number, cases in results.items():
        rows[number] = row(number, what[number], cases, size)
    TABLE.write_text(HEAD + "\n".join(rows[number] for number in sorted(rows)) + "\n", encoding="utf-8")
    failed = sum(outcome in ("failed", "late") for cases in results.values() for outcome, _ in cases)
    print(f"{len(results)} guarantees in {took}, {failed} tests failed or late")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
