"""Rich Text Format becomes text, by striprtf; rows of its tables are known by the cells it writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.core.errors import DamagedFile, NoWords
from rag.core.tables import Cell
from rag.core.types import LeftOut, LoadedDocument
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.rtf_marks import marked, unmarked
from rag.ingestion.loading.table_text import write_table
from rag.ingestion.loading.text_flow import TextFlow, Written
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

_TITLE: Final = re.compile(r"\{\\title ([^{}\\]{1,200})\}")
# The programs that draw pictures write their bytes as digits: nothing of them is text.
_BYTES: Final = re.compile(r"(?<![0-9A-Fa-f\r\n])[0-9A-Fa-f\r\n]{4000,}+")
# A mark before what may be left out counts at the beginning of a group alone.
_STRAY: Final = re.compile(r"(?<![{\s\\])\\\*")
_BORDER: Final = "|"


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A text in RTF.

    Raises:
        DamagedFile: it cannot be taken apart.
        NoWords: nothing is written in it.
    """
    from striprtf.striprtf import rtf_to_text

    source = _STRAY.sub("", _BYTES.sub("", data.decode("cp1252", "replace")))
    try:
        found = unmarked(rtf_to_text(marked(source), errors="replace"))
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        raise DamagedFile(name=name, expected="rtf") from error
    if not any(line.strip() for line, _ in found):
        raise NoWords(name=name)
    title = _TITLE.search(source)
    return in_parts(name, title_of(title[1] if title else "", name), options.kind, _with_tables(found))


def _with_tables(found: Sequence[tuple[str, list[LeftOut]]]) -> Written:
    """The text, with the lines that are rows of cells as tables."""
    flow = TextFlow(keeps_blanks=True)
    lines: list[str] = []
    rows: list[list[str]] = []
    left: list[LeftOut] = []
    for line, gone in [*found, ("", [])]:
        if line.endswith(_BORDER):
            _block(flow, lines, left)
            lines, left = [], []
            rows.append([cell.strip() for cell in line[:-1].split(_BORDER)])
            flow.written(Written("", left_out=[replace(one, start=0) for one in gone]))
            continue
        if rows:
            cells = [Cell(r, c, cell) for r, row in enumerate(rows) for c, cell in enumerate(row)]
            written = write_table(cells)
            if written is not None:
                flow.written(Written(written[0], tables=[written[1]]))
            rows = []
        before = sum(map(len, lines)) + len(lines)
        left += [replace(one, start=before + one.start) for one in gone]
        lines.append(line)
    _block(flow, lines, left)
    return flow.finish()


def _block(flow: TextFlow, lines: list[str], left: list[LeftOut]) -> None:
    text = "\n".join(lines)
    cut = len(text) - len(text.lstrip("\n"))
    flow.block(text.strip("\n"), left_out=[replace(one, start=max(0, one.start - cut)) for one in left])
