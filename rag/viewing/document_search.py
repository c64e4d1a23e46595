"""Words looked for inside one document, as a reader's "find" does: case aside, page by page, as they are drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.core.formats import Kind
from rag.core.types import Page
from rag.viewing.markdown_signs import signs

# Characters shown before and after a hit, and hits that are shown at most.
_AROUND: Final = 60
MOST_HITS: Final = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """Where the words stand: offsets in their page's text, with the words around them on one line."""

    page: int
    label: str
    start: int
    end: int
    before: str
    words: str
    after: str


def find_words(pages: Sequence[Page], wanted: str, kind: Kind = "") -> list[Hit]:
    """The places of `wanted` in reading order, `MOST_HITS` at most; runs of white space count as one blank.

    In a document of Markdown its signs do not count; on a page where nothing is found so, they do.

    >>> [hit.start for hit in find_words([Page(1, "1", "Leave early,\\nleave late.")], "early, leave")]
    [6]
    """
    sought = _folded(" ".join(wanted.split()))
    found: list[Hit] = []
    for page in pages if sought else ():
        hidden = {at for span in signs(page.text) for at in range(*span)} if kind == "markdown" else set()
        places = list(_places(page.text, sought, hidden))
        if hidden and not places:
            hidden, places = set(), list(_places(page.text, sought))
        found += (_hit(page, start, end, hidden) for start, end in places)
        if len(found) >= MOST_HITS:
            return found[:MOST_HITS]
    return found


def _folded(text: str) -> str:
    """Lower case, letter for letter: a few letters of Turkish would become two."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _places(text: str, sought: str, hidden: Collection[int] = ()) -> Iterator[tuple[int, int]]:
    shown = [at for at in range(len(text)) if at not in hidden]
    origin = [at for i, at in enumerate(shown) if not (i and text[at].isspace() and text[shown[i - 1]].isspace())]
    squeezed = _folded("".join(" " if text[at].isspace() else text[at] for at in origin))
    at = squeezed.find(sought)
    while at >= 0:
        yield origin[at], origin[at + len(sought) - 1] + 1
        at = squeezed.find(sought, at + len(sought))


def _hit(page: Page, start: int, end: int, hidden: Collection[int]) -> Hit:
    def drawn(first: int, last: int) -> str:
        return _line("".join(page.text[at] for at in range(first, min(last, len(page.text))) if at not in hidden))

    before, after = drawn(max(0, start - _AROUND), start), drawn(end, end + _AROUND)
    return Hit(page.number, page.label, start, end, before, drawn(start, end), after)


def _line(text: str) -> str:
    """On one line; a blank at either end stays, as the pieces stand side by side."""
    inner = " ".join(text.split())
    return f"{' ' if text[:1].isspace() else ''}{inner}{' ' if inner and text[-1:].isspace() else ''}"
