"""Org files become parts of text, with their headings; what is written for a program is left out, line by line."""

from __future__ import annotations

import re
from typing import Final

from rag.core.errors import NoWords
from rag.core.types import Heading, LeftOut, LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.markdown_tables import with_tables
from rag.ingestion.loading.text_flow import Written
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

_HEADING: Final = re.compile(r"(\*{1,9}) ++(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED) ++)?(?:\[#[A-Z0-9]\] ++)?([^\n]*)")
_TAGS: Final = re.compile(r"\s:[\w@#%:]{1,200}:\s{0,9}$")
_TITLE: Final = re.compile(r"#\+title:\s?(.*)", re.IGNORECASE)
_KEYWORD: Final = re.compile(r"\s{0,40}(?:#\+\w|# |#$)")
_DRAWER: Final = re.compile(r"\s{0,40}:(?:PROPERTIES|LOGBOOK):\s{0,9}$", re.IGNORECASE)
_END: Final = re.compile(r"\s{0,40}:END:\s{0,9}$", re.IGNORECASE)
_BLOCK: Final = re.compile(r"\s{0,40}#\+(BEGIN|END)_(?:SRC|EXAMPLE)\b", re.IGNORECASE)
# The rule of a table: "|-----+-----|".
_RULE: Final = re.compile(r"\s{0,40}\|-[-+|]{0,400}\s{0,9}$")
# "[[address][words]]" and "[[address]]".
_LINK: Final = re.compile(r"\[\[([^\[\]\n]{1,500})\](?:\[([^\[\]\n]{1,300})\])?\]")
_STRUCK: Final = re.compile(r"(?<![^\s(\"'])\+(?=[^\s+])([^\n+]{1,300})(?<=\S)\+(?![^\s.,;:!?)\"'])\s?")


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """An Org file.

    Raises:
        NoWords: it holds nothing but what is left out.
    """
    title, shown, headings, left = "", list[str](), list[Heading](), list[LeftOut]()
    code: list[bool] = []
    start, inside, block = 0, False, False
    for line in (decode(data, options.charset, name=name) or "").split("\n"):
        said = _TITLE.match(line)
        title = title or (said[1].strip() if said else "")
        if bounds := _BLOCK.match(line):
            block = bounds[1].upper() == "BEGIN"
        drawer = _DRAWER.match(line) is not None
        heading = None if inside or drawer else _HEADING.fullmatch(line)
        text = "" if inside or drawer or _KEYWORD.match(line) else line
        inside = (inside or drawer) and not _END.match(line)
        if heading is not None:
            text = _LINK.sub(_words_of, _TAGS.sub("", heading[2]).strip())
            headings.append(Heading(start, text, len(heading[1])))
        elif not block:
            text = _LINK.sub(_words_of, text)
            text = text.replace("+", "|") if _RULE.match(text) else text
            left += [LeftOut("struck", one[1], start + one.start()) for one in _STRUCK.finditer(text)]
            text = _STRUCK.sub("", text)
        shown.append(text)
        code.append(block)
        start += len(text) + 1
    written = Written("\n".join(shown), [heading for heading in headings if heading.title], left)
    if not written.text.strip():
        raise NoWords(name=name)
    first = written.headings[0].title if written.headings else ""
    return in_parts(name, title_of(title, name, first), options.kind, with_tables(written, code))


def _words_of(link: re.Match[str]) -> str:
    """What is shown of a link: its words, or its address where it has none."""
    return link[2] or link[1]
