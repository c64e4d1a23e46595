"""Loops: a model that writes the same again and again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from rag.core.text import estimated_tokens, sentences

# Sentences of a block that is written again, at most.
_BLOCK: Final = 8
# Tokens from which a block that stands twice in a row is a loop; shorter ones, such as "Press OK.", stand there three
# times. By hand: measured on no set.
_LONG: Final = 8
# Inside a sentence: characters of what is repeated, how often, and characters in all. By hand as well.
_PERIOD: Final = 200
_TIMES: Final = 4
_LOOPED: Final = 24


def without_repetitions(text: str) -> tuple[str, int]:
    """The text with each loop said once, and how many repetitions were left out.

    >>> without_repetitions("It is six. It is six. It is six.")
    ('It is six. ', 2)
    """
    end, copies = _tail(text)
    kept: list[str] = []
    loops: set[tuple[str, ...]] = set()
    cut = copies
    for piece in _pieces(text[:end]):
        kept.append(piece)
        keys = [_key(one) for one in kept[-3 * _BLOCK :]]
        for size in range(1, _BLOCK + 1):
            block = tuple(keys[-size:])
            if not all(block) or keys[-2 * size : -size] != [*block]:
                continue
            if block in loops or estimated_tokens([" ".join(block)])[0] >= _LONG:
                times = 1
            elif keys[-3 * size : -2 * size] == [*block]:
                times = 2
            else:
                continue
            del kept[-times * size :]
            loops.add(block)
            cut += times
            break
    # The last repetition is seldom written out.
    if len(kept) > 1 and any(block[0] != (last := _key(kept[-1])) and block[0].startswith(last) for block in loops):
        kept.pop()
    return "".join(kept), cut


def _tail(text: str) -> tuple[int, int]:
    """Where a text ends once what it repeats at its end without a full stop stands there once, and how often it did."""
    for period in range(1, min(_PERIOD, len(text) // _TIMES) + 1):
        same = 0
        while same + period < len(text) and text[-1 - same] == text[-1 - same - period]:
            same += 1
        block = text[len(text) - period :]
        whole = same // period + 1
        # A row of a table may hold the same cell again and again.
        cells = "|" in block and "\n" not in block
        if whole >= _TIMES and same + period >= _LOOPED and any(map(str.isalpha, block)) and not cells:
            return len(text) - same, whole - 1
    return len(text), 0


def _pieces(text: str) -> Iterator[str]:
    """The sentences and lines of a text, each with the white space that follows it."""
    for line in text.splitlines(keepends=True):
        starts = [0, *[start for start, _ in sentences(line)][1:], len(line)]
        yield from (line[first:last] for first, last in pairwise(starts))


def _key(piece: str) -> str:
    """A sentence without the number or sign of its place in a list."""
    return " ".join(piece.lstrip("0123456789.)-*•#> \t\n").split()).lower()
