"""How well cells are found: relations of neighbours, as the table competition of ICDAR 2013 counts them.

Each cell with words is related to the next one with words to its right and below it. Relations of the pages of all
documents are pooled; where on a page a table stands is for the reader of the file to find, so those of a page are
compared as a whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

import numpy as np
from lxml import etree  # type: ignore[import-untyped]

from rag.core.errors import UnreadableDocument
from rag.core.tables import Cell
from rag.ingestion.loading import load_bytes

STRUCTURES: Final = "-str.xml"
_RESAMPLES: Final = 1000
_BLANK: Final = re.compile(r"\s+")
_SIGN: Final = re.compile(r"[^\w]")

Relation = tuple[str, str, bool]
Tables = Mapping[int, Sequence[Sequence[Cell]]]  # by page, from 1


@dataclass(frozen=True, slots=True)
class Found:
    """Relations of one document: those found and right, all found, all there are."""

    name: str
    right: int
    found: int
    there: int


def structure_files(directory: Path) -> list[tuple[Path, Path]]:
    """The PDFs of a folder that have their cells written down beside them, each with that file."""
    pairs = [
        (file.with_name(file.name.removesuffix(STRUCTURES) + ".pdf"), file)
        for file in sorted(directory.glob(f"*{STRUCTURES}"))
    ]
    return [(pdf, structure) for pdf, structure in pairs if pdf.is_file()]


def cell_report(
    directory: Path, limit: int | None = None, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """`cell_f1` over the documents of a folder, with its interval by resampling documents, and what it is made of."""
    files = structure_files(directory)[:limit]
    counts = []
    for pdf, structure in files:
        counts.append(compared(pdf.stem, tables_found(pdf), tables_there(structure)))
        on_progress(len(counts), len(files))
    return summed(counts)


def summed(counts: Sequence[Found]) -> dict[str, Any]:
    table = np.array([[one.right, one.found, one.there] for one in counts])
    draw = np.random.default_rng(0).integers(0, len(table), (_RESAMPLES, len(table)))
    low, high = np.quantile([_f1(*table[rows].sum(axis=0)) for rows in draw], [0.025, 0.975])
    right, found, there = table.sum(axis=0)
    return {
        "documents": len(counts),
        "cell_f1": round(_f1(right, found, there), 4),
        "cell_f1_interval": [round(float(low), 4), round(float(high), 4)],
        "cell_precision": round(float(right) / max(int(found), 1), 4),
        "cell_recall": round(float(right) / max(int(there), 1), 4),
    }


def _f1(right: float, found: float, there: float) -> float:
    return float(2 * right / max(found + there, 1))


def compared(name: str, found: Tables, there: Tables) -> Found:
    """The relations of a document's pages against those that are right."""
    right = count = all_there = 0
    for page in {*found, *there}:
        ours = Counter(relation for cells in found.get(page, ()) for relation in relations(cells))
        truth = Counter(relation for cells in there.get(page, ()) for relation in relations(cells))
        right += (ours & truth).total()
        count += ours.total()
        all_there += truth.total()
    return Found(name, right, count, all_there)


def relations(cells: Iterable[Cell]) -> list[Relation]:
    """Each cell with the next to its right and the next below it, as (words, words, whether to the right)."""
    held = [(cell, words) for cell in cells if (words := _plain(cell.text))]
    grid = {
        (row, column): number
        for number, (cell, _) in enumerate(held)
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    }
    rows, columns = (max((place[side] for place in grid), default=-1) + 1 for side in (0, 1))
    found: set[tuple[int, int, bool]] = set()
    for (row, column), number in grid.items():
        beside = (grid.get((row, other)) for other in range(column + 1, columns))
        below = (grid.get((other, column)) for other in range(row + 1, rows))
        for places, sideways in ((beside, True), (below, False)):
            other = next((place for place in places if place is not None), number)
            if other != number:
                found.add((number, other, sideways))
    return [(held[one][1], held[other][1], sideways) for one, other, sideways in found]


def _plain(text: str) -> str:
    """Without blanks, in capitals, all that is no letter or digit as one sign: as the competition compares words."""
    return _SIGN.sub("_", _BLANK.sub("", unicodedata.normalize("NFKC", text))).upper()


def tables_there(structure: Path) -> Tables:
    """The cells that the file beside a PDF writes down."""
    pages: dict[int, list[list[Cell]]] = {}
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for region in etree.fromstring(structure.read_bytes(), parser).iter("region"):
        pages.setdefault(int(region.get("page")), []).append([_cell(cell) for cell in region.iter("cell")])
    return pages


def _cell(cell: Element) -> Cell:
    row, column = int(cell.get("start-row", 0)), int(cell.get("start-col", 0))
    last_row, last_column = int(cell.get("end-row", row)), int(cell.get("end-col", column))
    return Cell(row, column, cell.findtext("content") or "", last_row - row + 1, last_column - column + 1)


def tables_found(pdf: Path) -> Tables:
    """The cells that we find in a PDF; none in one that cannot be read."""
    try:
        document = load_bytes(pdf.read_bytes(), pdf.name)
    except UnreadableDocument:
        return {}
    return {page.number: [table.cells for table in page.tables] for page in document.pages if page.tables}
