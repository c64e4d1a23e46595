"""Tables as text, a line a row: CSV and TSV. What parts the cells and what characters they are is found out."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Final

from rag.core.errors import NoWords
from rag.core.types import LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.sheet_regions import SheetItem
from rag.ingestion.loading.sheet_text import Sheet, pages_of
from rag.ingestion.loading.titles import title_of

_BORDERS: Final = ",;\t|"
_TAB_FILE: Final = (".tsv", ".tab")
# Lines by which the border of cells is found.
_LOOKED_AT: Final = 200
_CELLS: Final = 2_000_000
_COLUMNS: Final = 16_384
_LONGEST_CELL: Final = 1 << 20


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A table as text.

    Raises:
        NoWords: no cell holds anything.
    """
    text = decode(data, options.charset, name=name) or ""
    border = "\t" if name.lower().endswith(_TAB_FILE) else ","
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        # So Excel is told.
        border, text = first.strip()[4], rest
    else:
        border = border_of(text, border)
    sheet = Sheet("")
    for row, cells in enumerate(_rows(text, border)):
        for column, cell in enumerate(cells[:_COLUMNS]):
            if cell.strip():
                sheet.items.append(SheetItem(row, column, cell.strip()))
        if len(sheet.items) > _CELLS:
            raise MemoryError
    if not sheet.items:
        raise NoWords(name=name)
    return LoadedDocument(name, title_of("", name), options.kind, pages_of([sheet]))


def border_of(text: str, named: str) -> str:
    """What parts the cells: what gives most lines the same number of cells, more than one."""
    lines = "\n".join(text.split("\n", _LOOKED_AT)[:_LOOKED_AT])
    scores = {}
    for border in dict.fromkeys(named + _BORDERS):
        widths = Counter(len(row) for row in _rows(lines, border) if any(cell.strip() for cell in row))
        width, count = max(widths.items(), key=lambda one: (one[0] > 1, one[1]), default=(0, 0))
        scores[border] = (count / max(1, widths.total()) if width > 1 else 0.0, width)
    # Of two that part as evenly, the one that parts into more.
    best = max(scores, key=lambda border: (round(scores[border][0], 1), scores[border][1]))
    return best if scores[best][0] else named


def _rows(text: str, border: str) -> Iterator[list[str]]:
    """The rows; a quotation mark that is never closed ends with its line."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=border, skipinitialspace=True)
    try:
        yield from reader
    except csv.Error:
        for line in text.split("\n")[reader.line_num :]:
            yield line.split(border)
