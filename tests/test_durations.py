"""No test asserts how long something took: it would fail on a busy machine, and pass on a fast one that got slower.

What must end is waited for with a deadline (`tests/support/waiting.py`), what must be little is counted, and times
are measured in `bench/`. Held by the syntax trees: nothing compares a difference of clock readings but a loop
that waits.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bench.guarantees import is_late
from tests.guarantees.sessions import Times

TESTS = Path(__file__).resolve().parent
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "time"}
CLOCKS |= {f"{name}_ns" for name in CLOCKS}
# Where the promise is how processor time grows with the text.
ALLOWED = {
    "core/test_text.py": {"test_sentences_take_time_that_grows_with_the_text_and_no_faster"},
    "guarantees/busy.py": {"is_noticed", "_looks", "worst"},
}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


class Durations:
    """What in a module stands for a clock reading, and what for a difference of two."""

    def __init__(self, tree: ast.Module) -> None:
        self.readings: set[str] = set()
        self.differences: set[str] = set()
        before = -1
        # A name may be made of one that is met later.
        while before != (before := len(self.readings) + len(self.differences)):
            for node in ast.walk(tree):
                self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._name(targets, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                self._name([target], value)
            case ast.NamedExpr(target=target, value=value):
                self._name([target], value)
            case ast.Call(func=ast.Attribute(value=kept, attr="append"), args=[value]):
                self._name([kept], value)
            case ast.FunctionDef(name=name):
                returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
                if any(self.is_difference(value) for value in returned):
                    self.differences.add(f"{name}()")

    def _name(self, targets: list[ast.expr], value: ast.expr) -> None:
        for target in targets:
            apart = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = zip(target.elts, value.elts, strict=False) if apart else [(target, value)]  # type: ignore[attr-defined]
            for one, given in pairs:
                names = {ast.unparse(each) for each in (one.elts if isinstance(one, ast.Tuple) else [one])}
                if self.is_difference(given):
                    self.differences |= names
                elif self._is_reading(given):
                    self.readings |= names

    def _is_reading(self, node: ast.expr) -> bool:
        """A reading, or one with so much time added: a deadline."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._is_reading(node.left) or self._is_reading(node.right)
        if isinstance(node, ast.Call):
            return ast.unparse(node.func) in {f"time.{clock}" for clock in CLOCKS}
        return ast.unparse(node) in self.readings

    def is_difference(self, node: ast.expr) -> bool:
        """A difference of two readings, or what is made of one."""
        return any(self._differs(part) for part in ast.walk(node))

    def _differs(self, part: ast.AST) -> bool:
        match part:
            case ast.BinOp(op=ast.Sub(), left=left, right=right):
                return self._is_reading(left) and self._is_reading(right)
            case ast.Call(func=func):
                return f"{ast.unparse(func).rpartition('.')[2]}()" in self.differences
            case ast.Name() | ast.Attribute():
                return ast.unparse(part) in self.differences
        return False


def judged(text: str) -> Iterator[tuple[str, int]]:
    """The function and the line of each comparison by which a duration is too long or too short."""
    if not re.search(rf"\btime\.({'|'.join(CLOCKS)})\(", text):
        return
    tree = ast.parse(text)
    known = Durations(tree)
    waits = {id(part) for node in ast.walk(tree) if isinstance(node, ast.While) for part in ast.walk(node.test)}
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for scope in functions:
        for node in ast.walk(scope):
            if isinstance(node, ast.Compare) and id(node) not in waits and isinstance(node.ops[0], _ORDER):
                sides = (node.left, *node.comparators)
                if any(known.is_difference(side) for side in sides):
                    yield scope.name, node.lineno


@pytest.mark.parametrize("file", sorted(TESTS.rglob("*.py")), ids=lambda file: str(file.relative_to(TESTS)))
def test_no_test_judges_a_duration(file: Path) -> None:
    found = list(judged(file.read_text(encoding="utf-8")))
    allowed = ALLOWED.get(file.relative_to(TESTS).as_posix(), set())
    assert [(name, line) for name, line in found if name not in allowed] == []
    assert allowed <= {name for name, _ in found}, "what is allowed is no longer there"


@pytest.mark.parametrize(
    "judges",
    [
        "start = time.monotonic()\n work()\n assert time.monotonic() - start < 1",
        "start = time.perf_counter()\n took = time.perf_counter() - start\n assert 0 < took < 1",
        "start, n = time.monotonic(), 1\n late = time.monotonic() - start > 30\n assert not late",
        "start = time.time_ns()\n worst = 0\n worst = max(worst, time.time_ns() - start)\n assert worst / 1e9 <= 5",
        "self.gone = time.monotonic()\n start = time.monotonic()\n freed = self.gone - start\n assert freed < 2",
        "def lasts():\n  start = time.process_time()\n  return time.process_time() - start\n assert lasts() < 3",
    ],
)
def test_a_duration_is_seen_however_it_is_written(judges: str) -> None:
    assert list(judged(f"def test() -> None:\n {judges}\n"))


@pytest.mark.parametrize(
    "waits",
    [
        "end = time.monotonic() + 9\n while time.monotonic() < end:\n  pass",
        "end = time.monotonic() + 9\n assert time.monotonic() < end",
        "start = time.monotonic()\n print(time.monotonic() - start)",
        "end = time.monotonic() + 9\n while (left := end - time.monotonic()) > 0:\n  wait(left)",
    ],
)
def test_waiting_with_a_deadline_is_no_judgement(waits: str) -> None:
    assert not list(judged(f"def test() -> None:\n {waits}\n"))


def test_what_the_guarantees_print_is_judged_in_the_bench() -> None:
    assert is_late(f"G23: 2 tabs: {Times([6.0, 6.0]).within(5)}, rerun {Times([0.1, 0.1]).within(1)}")
    assert not is_late(f"G23: 2 tabs: {Times([4.0, 4.0]).within(5)}; 3 of 3 found")


def test_an_example_of_a_property_may_take_its_time() -> None:
    assert settings().deadline is None
