"""The patterns of a package, and texts made from a pattern's own parts to keep it busy for as long as it can be kept.

A pattern that takes long does so because a stretch of the text can be divided among its repeats in many ways,
or because a search begins anew at each character of a stretch that it then runs through. So the texts are
repeats of what the parts of the pattern accept, behind what leads up to them, with an end that fits or does not.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

# Tried for what a class of characters, or a part that is "any character but", may hold.
_ALPHABET = "a1 .-A,\n\t_'(\"年<=/!x…\u0301\ufffe"
# What any text may hold much of, whatever the pattern says.
_COMMON = (" ", "\n", "a", "1", "a ", "A ", "1 ", "1.", "-", ". ", "\t", "年", " - 1", "a\n")
# Ends that fit nowhere, or where the pattern's own end would fit.
_TAILS = ("", "!", "\nx", "\x7f1")
_FEW = 4


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
    modules = [package, *(importlib.import_module(name) for name in names if not name.endswith("__main__"))]
    found: dict[str, re.Pattern[Any]] = {}
    for module in modules:
        for name, value in vars(module).items():
            if not name.startswith("__"):
                for place, pattern in _patterns(value, f"{module.__name__}.{name}"):
                    found.setdefault(place, pattern)
    return found


def _patterns(value: object, place: str) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield place, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _patterns(key, f"{place}[{key!r:.20}]")
            yield from _patterns(part, f"{place}[{key!r:.20}]")
    elif isinstance(value, (list, tuple, set, frozenset)):
        for i, part in enumerate(value):
            yield from _patterns(part, f"{place}[{i}]")


def attacks(pattern: re.Pattern[Any], most: int, seed: int = 31) -> list[Attack]:
    """Texts to keep the pattern busy with: at most so many, drawn by chance where there are more."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    flags = pattern.flags if isinstance(pattern.pattern, str) else pattern.flags | re.UNICODE
    tree = _parser.parse(text, flags & ~re.DEBUG)
    parts = dict.fromkeys((head, pump) for head, pump in _parts(tree, tree.state, "") if pump)
    parts |= dict.fromkeys(("", pump) for pump in _COMMON)
    found = [Attack(head, pump, tail) for (head, pump), tail in itertools.product(parts, _TAILS)]
    return found if len(found) <= most else random.Random(seed).sample(found, most)


def _parts(sequence: Sequence[Any], state: Any, before: str) -> Iterator[tuple[str, str]]:
    """What each part of a sequence accepts, alone and with its neighbours, behind what leads up to it."""
    nodes = list(sequence)
    lead = before
    for i, node in enumerate(nodes):
        own = _samples([node], state)
        for text in own:
            yield lead, text
            yield "", text
        # Several members of a class, and a part together with the next ones.
        yield lead, "".join(own)
        for last in (i + 2, i + 3):
            yield from ((lead, text) for text in _samples(nodes[i:last], state))
        for inner in _inside(node):
            yield from _parts(inner, state, lead)
        lead += own[0] if own else ""
        yield from (("", text) for text in _samples(nodes[: i + 1], state))
    for text in _samples(nodes, state):
        yield from ((before, part) for part in (text[:-1], text[1:], f"{text} ", text * 2 + text[:1]))


def _inside(node: Any) -> list[Any]:
    """The sequences within a node of a parsed pattern."""
    kind, value = node
    if kind is _constants.BRANCH:
        return list(value[1])
    if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
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
    if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
        return [text * max(1, value[0]) for text in _samples(value[2], state)] or [""]
    if kind in (_constants.ASSERT_NOT, _constants.AT) or (kind is _constants.ASSERT and value[0] < 0):
        return [""]
    inner = [text for sequence in _inside(node) for text in _samples(sequence, state)[:2]]
    return inner[: 2 * _FEW] or [""]


def _members(node: Any, state: Any) -> list[str]:
    """Characters that a class holds: those of the alphabet, then those that it names."""
    kind, value = node
    own = [chr(v if k is _constants.LITERAL else v[0]) for k, v in value if k in (_constants.LITERAL, _constants.RANGE)] if kind is _constants.IN else []
    one = _compiler.compile(_parser.SubPattern(state, [node]), state.flags)
    return [letter for letter in dict.fromkeys([*_ALPHABET, *own]) if one.fullmatch(letter)][: 2 * _FEW]
