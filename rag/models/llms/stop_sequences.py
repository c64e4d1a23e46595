"""Where an answer begins and ends: at its first letter, and where a stop text begins, though in several pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def until_stop(pieces: Iterable[str], stops: Sequence[str]) -> Iterator[str]:
    """The pieces up to the first stop text, which is left out.

    What could be the beginning of a stop text is held back until the next piece tells.

    >>> list(until_stop(["Paris.", "\\nHu", "man: and", " Rome?"], ["\\nHuman:"]))
    ['Paris.']
    """
    held = ""
    for piece in pieces:
        held += piece
        found = [position for stop in stops if stop and (position := held.find(stop)) >= 0]
        if found:
            held = held[: min(found)]
            break
        keep = _could_begin(held, stops)
        if ready := held[: len(held) - keep]:
            yield ready
        held = held[len(held) - keep :]
    if held:
        yield held


def without_leading_space(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces from the first letter on: models like to begin with white space, which no one wants to see."""
    begun = False
    for piece in pieces:
        text = piece if begun else piece.lstrip()
        if text:
            begun = True
            yield text


def _could_begin(text: str, stops: Sequence[str]) -> int:
    """How many of the last characters are the beginning of a stop text."""
    longest = max((len(stop) for stop in stops), default=0)
    for length in range(min(longest - 1, len(text)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return length
    return 0
