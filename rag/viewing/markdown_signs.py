"""The signs of Markdown that a reader of the drawn text does not see: emphasis, code, the targets of links, tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rag.core.formats import Kind

Span = tuple[int, int]

# Pairs alone are signs: "2 * 3" and "snake_case" stay. What stands inside may hold signs of its own, but for code.
_SIGN: Final = re.compile(
    r"(?P<tag>^[ \t]*+</?[A-Za-z][^<>\n]{0,300}>[ \t]*+$)"
    r"|(?P<escape>\\)[\\`*_{}\[\]()#+.!~>|<-]"
    r"|(?<!`)(?P<ticks>`{1,3}+)(?P<code>[^`\n]{1,500})(?P=ticks)(?!`)"
    r"|!?\[(?P<label>[^\[\]\n]{1,300})\]\([^()\n]{0,500}\)"
    r"|(?<![*\\])(?P<stars>\*{1,3}+)(?=[^\s*])(?P<strong>(?:[^*\n]|\n(?!\n)){1,500}?)(?<=[^\s*])(?P=stars)(?!\*)"
    r"|(?<![\w\\])(?P<lines>_{1,3}+)(?=[^\s_])(?P<soft>(?:[^_\n]|\n(?!\n)){1,500}?)(?<=[^\s_])(?P=lines)(?!\w)",
    re.MULTILINE,
)
_INSIDE: Final = ("code", "label", "strong", "soft")


def signs(text: str) -> Iterator[Span]:
    """Where the signs stand, in order.

    >>> list(signs("A **lost** key"))
    [(2, 4), (8, 10)]
    """
    for found in _SIGN.finditer(text):
        inside = next((name for name in _INSIDE if found[name] is not None), None)
        if inside is None:
            yield found.span("escape" if found["escape"] else "tag")
            continue
        start, end = found.span(inside)
        yield found.start(), start
        if inside != "code":
            yield from ((start + first, start + last) for first, last in signs(text[start:end]))
        yield end, found.end()


def without_signs(text: str, kind: Kind) -> str:
    """Words of a document as they are drawn: without the signs of Markdown where it is written in it.

    >>> without_signs("See the [plan](/plan.md).", "markdown")
    'See the plan.'
    """
    if kind != "markdown":
        return text
    kept, done = [], 0
    for start, end in signs(text):
        kept.append(text[done:start])
        done = end
    return "".join((*kept, text[done:]))
