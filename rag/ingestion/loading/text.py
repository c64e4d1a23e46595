"""Plain text and Markdown become parts of text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.core.errors import NoText
from rag.core.types import Heading, Kind, LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.markdown_tables import with_tables
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

# Pictures written into the text; nobody reads them or asks about them.
_EMBEDDED = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]{40,}")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_ATX = re.compile(r" {0,3}#{1,6}[ \t]++(.+)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")


def read_text(data: bytes, name: str, kind: Kind = "text", charset: str | None = None) -> LoadedDocument:
    """A text file; in Markdown, headings are noted at their places.

    Raises:
        NoText: it holds white space only.
    """
    text = _EMBEDDED.sub("data:", decode(data, charset, name=name) or "")
    if not text.strip():
        raise NoText(name=name, pages="1")
    text, tables = with_tables(text) if kind == "markdown" else (text, [])
    headings = tuple(_markdown_headings(text)) if kind == "markdown" else ()
    title = title_of(headings[0].title if headings else "", name)
    return in_parts(name, title, kind, text, headings, tables=tables)


def _without_closing(title: str) -> str:
    """A heading's words without the number signs that may close it."""
    return title.rstrip(" \t").rstrip("#").rstrip(" \t")


def _markdown_headings(text: str) -> Iterator[Heading]:
    fenced = False
    start, above = 0, ""
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            if (atx := _ATX.match(line)) and (title := _without_closing(atx.group(1))):
                yield Heading(start, title)
            elif above.strip() and _SETEXT.match(line) and not above.lstrip().startswith(("|", "-", "*", ">", "#")):
                yield Heading(start - len(above) - 1, above.strip())
        above = line
        start += len(line) + 1
