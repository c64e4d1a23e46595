"""Plain text, Markdown, data and source code become parts of text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Final

from rag.core.errors import NoText
from rag.core.formats import Kind
from rag.core.types import LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.markdown import read_markdown
from rag.ingestion.loading.text_flow import Written
from rag.ingestion.loading.text_headings import text_headings
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

# Pictures written into the text; nobody reads them or asks about them.
_EMBEDDED: Final = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]{40,}")

# Letters that data spell out: many programs write every Chinese one so.
_SPELT_IN_JSON: Final = re.compile(r"(?<!\\)(?P<before>(?:\\\\)*+)(?P<spelt>(?:\\u[0-9a-fA-F]{4})++)")
_SPELT_IN_XML: Final = re.compile(r"(?P<before>)(?P<spelt>&#(?:x[0-9a-fA-F]{2,6}|[0-9]{2,7});)")


def read_text(data: bytes, name: str, kind: Kind = "text", charset: str | None = None) -> LoadedDocument:
    """A text file; headings are noted at their places. In Markdown what is struck or no text is left out.

    Raises:
        NoText: it holds white space only.
    """
    text = _EMBEDDED.sub("data:", decode(data, charset, name=name, markup=kind == "xml") or "")
    if kind in ("json", "xml"):
        text = (_SPELT_IN_JSON if kind == "json" else _SPELT_IN_XML).sub(_letters, text)
    if kind != "markdown":
        if not text.strip():
            raise NoText(name=name, pages="1")
        headings = text_headings(text) if kind == "text" else []
        return in_parts(name, title_of("", name), kind, Written(text, headings))
    read = read_markdown(text)
    written = read.written
    if not written.text.strip():
        raise NoText(name=name, pages="1")
    headings = written.headings
    main = [heading.title for heading in headings if heading.level == 1] or [one.title for one in headings]
    title = title_of(read.front.title, name, *main[:1])
    document = in_parts(name, title, kind, written, first_line=read.front.lines + 1)
    return replace(document, date=read.front.date)


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """As the table of formats has it read."""
    return read_text(data, name, options.kind, options.charset)


def _letters(spelt: re.Match[str]) -> str:
    """The letters that are spelt out; signs that mean something to the data's own syntax stay as they are."""
    said = spelt["spelt"]
    found = unescape(said) if said[0] == "&" else json.loads(f'"{said}"')
    return f"{spelt['before']}{found}" if found.isprintable() and not any(map(str.isascii, found)) else spelt[0]
