"""Plain text and Markdown become parts of text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from rag.core.errors import NoText
from rag.core.formats import Kind
from rag.core.types import LoadedDocument
from rag.ingestion.loading.encodings import decode
<<<<<<< HEAD
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.markdown import read_markdown
=======
from rag.ingestion.loading.markdown_tables import with_tables
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

# Pictures written into the text; nobody reads them or asks about them.
_EMBEDDED: Final = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]{40,}")


def read_text(data: bytes, name: str, kind: Kind = "text", charset: str | None = None) -> LoadedDocument:
    """A text file; in Markdown, headings are noted at their places, and what is struck or no text is left out.

    Raises:
        NoText: it holds white space only.
    """
    text = _EMBEDDED.sub("data:", decode(data, charset, name=name) or "")
    if kind != "markdown":
        if not text.strip():
            raise NoText(name=name, pages="1")
        return in_parts(name, title_of("", name), kind, text, ())
    read = read_markdown(text)
    if not read.text.strip():
        raise NoText(name=name, pages="1")
<<<<<<< HEAD
    main = [heading.title for heading in read.headings if heading.level == 1] or [h.title for h in read.headings]
    document = in_parts(
        name,
        title_of(read.front.title, name, *main[:1]),
        kind,
        read.text,
        read.headings,
        left_out=read.left_out,
        first_line=read.front.lines + 1,
    )
    return replace(document, date=read.front.date)


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """As the table of formats has it read."""
    return read_text(data, name, options.kind, options.charset)
=======
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
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb
