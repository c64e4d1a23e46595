"""The patterns of a package, and texts made of a pattern's own parts to keep it busy for as long as it can be kept.

A pattern takes long because a stretch of text can be divided among its repeats in many ways, or because a
search begins anew at each character of a stretch that it then runs through. So the texts are repeats of what
the parts of the pattern accept, behind what leads up to them, with an end that fits or does not.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

METHODS = frozenset({"search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn"})
# Tried for what a class of characters, or a part that is "any character but", may hold.
_ALPHABET = "a1 .-A,\n\t_'(\"年<=/!x…\u0301\ufffe"
# What any text may hold much of, whatever the pattern says.
_COMMON = (" ", "\n", "a", "1", "a ", "A ", "1 ", "1.", "-", ". ", "\t", "年", " - 1", "a\n")
# Ends that fit, or fit nowhere.
_TAILS = ("", "!", "\nx", "\x7f1")
_FEW = 4
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


@dataclass(frozen=True)
class Attack:
    """A text of any length: the same pump over and over, behind a head and before a tail."""

    head: str
    pump: str
    tail: str

    def text(self, size: int) -> str:
        return self.head + self.pump * max(1, size // len(self.pump)) + self.tail


def patterns_in(package: ModuleType) -> dict[str, re.Pattern[Any]]:
    """Every compiled pattern that a module of the package keeps under a name, in whatever it is kept."""
    names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    found: dict[str, re.Pattern[Any]] = {}
    for module in [package, *(importlib.import_module(name) for name in names if not name.endswith("__main__"))]:
        for name, value in vars(module).items():
            if not name.startswith("__"):
                found |= _patterns(value, f"{module.__name__}.{name}")
    return found


def _patterns(value: object, place: str) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield place, value
    elif isinstance(value, Mapping):
        yield from _patterns([*value.keys(), *value.values()], place)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for number, part in enumerate(value):
            yield from _patterns(part, f"{place}[{number}]")


@dataclass
class Uses:
    """How the sources of a package use patterns: calls of `re` itself, patterns made in functions, methods by name."""

    in_calls: list[str]
    built: set[str]
    methods: dict[str, set[str]]

    def of(self, places: Sequence[str]) -> list[str]:
        """The methods that a pattern of these names is used with; the usual three where it has no name of its own."""
        found = set[str]().union(*(self.methods.get(place, ()) for place in places))
        return sorted(found) if found else ["finditer", "match", "search"]


def uses(files: Mapping[str, Path]) -> Uses:
    """Read from the syntax trees of modules, by their names."""
    found = Uses([], set(), defaultdict(set))
    for module, file in files.items():
        _read(ast.parse(file.read_text(encoding="utf-8")), module, "", found)
    return found


def _read(node: ast.AST, module: str, function: str, found: Uses) -> None:
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inside = f"{function}.{child.name}".lstrip(".")
        if isinstance(child, ast.ImportFrom) and child.module == "re":
            found.in_calls.append(f"{module}:{child.lineno}")
        if isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name):
            if child.value.id == "re" and child.attr in METHODS | {"template"}:
                found.in_calls.append(f"{module}:{child.lineno}")
            elif child.value.id == "re" and child.attr == "compile" and inside:
                found.built.add(f"{module}.{inside}")
            elif child.attr in METHODS:
                found.methods[f"{module}.{child.value.id}"].add(child.attr)
        _read(child, module, inside, found)


def attacks(pattern: re.Pattern[Any], most: int, seed: int = 31) -> list[Attack]:
    """Texts to keep the pattern busy with, at most so many: those for its repeats before others, drawn by chance."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    flags = pattern.flags | re.UNICODE
    tree = _parser.parse(text, flags & ~re.DEBUG)
    chance = random.Random(seed)
    chosen: list[Attack] = []
    parts = dict.fromkeys(_parts(tree, tree.state, ("",)))
    repeated = {(head, pump) for urgent, head, pump in parts if urgent and pump} | {("", pump) for pump in _COMMON}
    others = {(head, pump) for _, head, pump in parts if pump} - repeated
    for group in (sorted(repeated), sorted(others)):
        all_of_group = [Attack(head, pump, tail) for (head, pump), tail in itertools.product(group, _TAILS)]
        room = most - len(chosen)
        chosen += all_of_group if len(all_of_group) <= room else chance.sample(all_of_group, room)
    return chosen


def _parts(sequence: Sequence[Any], state: Any, leads: tuple[str, ...]) -> Iterator[tuple[bool, str, str]]:
    """(whether it is of a repeat, what leads up to it, what the part accepts), alone and with its neighbours."""
    nodes = list(sequence)
    for place, node in enumerate(nodes):
        own = _samples([node], state)
        repeats = node[0] in _REPEATS and node[1][1] > 1
        # Several members of a class; a part together with the next ones, and with the one before.
        around = [nodes[max(0, place - 1) : place + 1], *(nodes[place:last] for last in (place + 2, place + 3))]
        pumps = [*own, "".join(own), *(text for some in around for text in _samples(some, state))]
        yield from ((repeats, lead, pump) for lead in ("", *leads) for pump in pumps)
        for inner in _inside(node):
            yield from _parts(inner, state, leads)
        optional = node[0] in _REPEATS and node[1][0] == 0
        grown = [lead + text for lead in leads for text in (own[:1] or [""])]
        leads = tuple(dict.fromkeys([*grown, *(leads if optional else ())]))[:_FEW]
        yield from ((False, "", text) for text in _samples(nodes[: place + 1], state))
    for text in _samples(nodes, state):
        yield from ((True, lead, f"{text}{end}") for lead in leads[:1] for end in ("", " ", text[:1]))
        yield from ((False, "", part) for part in (text[:-1], text[1:]))


def _inside(node: Any) -> list[Any]:
    """The sequences within a node of a parsed pattern."""
    kind, value = node
    if kind is _constants.BRANCH:
        return list(value[1])
    if kind in _REPEATS:
        return [value[2]]
    if kind is _constants.SUBPATTERN:
        return [value[3]]
    if kind in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [value[1]]
    return [value] if kind is _constants.ATOMIC_GROUP else []


def _samples(nodes: Sequence[Any], state: Any) -> list[str]:
    """A few texts that a sequence accepts, as far as that can be told without what stands around it."""
    each = [_of_node(node, state) for node in nodes]
    count = min(_FEW, max(map(len, each), default=1))
    made = ("".join(texts[i % len(texts)] for texts in each) for i in range(count))
    return [text for text in dict.fromkeys(made) if text]


def _of_node(node: Any, state: Any) -> list[str]:
    """A few texts that one node accepts; the empty one where it stands for a place and no characters."""
    kind, value = node
    if kind is _constants.LITERAL:
        return [chr(value)]
    if kind in (_constants.IN, _constants.ANY, _constants.NOT_LITERAL, _constants.CATEGORY):
        return _members(node, state) or [""]
    if kind in _REPEATS:
        return [text * max(1, value[0]) for text in _samples(value[2], state)] or [""]
    if kind in (_constants.ASSERT_NOT, _constants.AT) or (kind is _constants.ASSERT and value[0] < 0):
        return [""]
    inner = [text for sequence in _inside(node) for text in _samples(sequence, state)[:2]]
    return inner[: 2 * _FEW] or [""]


def _members(node: Any, state: Any) -> list[str]:
    """Characters that a class holds: those of the alphabet, then those that it names."""
    kind, value = node
    single = (_constants.LITERAL, _constants.RANGE)
    named = [part for part in value if part[0] in single] if kind is _constants.IN else []
    own = [chr(part if isinstance(part, int) else part[0]) for _, part in named]
    one = _compiler.compile(_parser.SubPattern(state, [node]), state.flags)
    return [letter for letter in dict.fromkeys([*_ALPHABET, *own]) if one.fullmatch(letter)][: 2 * _FEW]
