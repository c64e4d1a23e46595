"""Stop sequences in a stream, also across pieces, and removal of leading white space."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def until_stop(pieces: Iterable[str], stops: Sequence[str]) -> Iterator[str]:
    """The pieces up to the first stop sequence, which is left out.

    A suffix that could start a stop sequence is buffered until the next piece.

    >>> list(until_stop(["Paris.", "\\nHu", "man: and", " Rome?"], ["\\nHuman:"]))
    ['Paris.']
    """
    buffer = ""
    for piece in pieces:
        buffer += piece
        found = [position for stop in stops if stop and (position := buffer.find(stop)) >= 0]
        if found:
            buffer = buffer[: min(found)]
            break
        keep = _could_begin(buffer, stops)
        if ready := buffer[: len(buffer) - keep]:
            yield ready
        buffer = buffer[len(buffer) - keep :]
    if buffer:
        yield buffer


def without_leading_space(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces without leading white space, with which models often begin."""
    begun = False
    for piece in pieces:
        text = piece if begun else piece.lstrip()
        if text:
            begun = True
            yield text


def _could_begin(text: str, stops: Sequence[str]) -> int:
    """The length of the longest suffix that starts a stop sequence."""
    longest = max((len(stop) for stop in stops), default=0)
    for length in range(min(longest - 1, len(text)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return length
    return 0
