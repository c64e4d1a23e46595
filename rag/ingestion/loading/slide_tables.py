"""Tables on slides, and the figures that charts are drawn from."""

from __future__ import annotations

from typing import Any, Final

from rag.core.tables import Cell, Table
from rag.ingestion.loading.cell_formats import shown_number
from rag.ingestion.loading.office_package import A, C
from rag.ingestion.loading.slide_text import listed_lines, words
from rag.ingestion.loading.table_text import write_table
from rag.ingestion.loading.text_flow import Written

_SPANS: Final = 200
_POINTS: Final = 10_000


def slide_table(element: Any) -> Written | None:
    """A table on a slide; None where it holds no word."""
    properties = element.find(f"{A}tblPr")
    marked, first = (_on(properties, name) for name in ("firstRow", "firstCol"))
    cells = []
    for row, line in enumerate(element.iterchildren(f"{A}tr")):
        for column, cell in enumerate(line.iterchildren(f"{A}tc")):
            if cell.get("hMerge") in ("1", "true") or cell.get("vMerge") in ("1", "true"):
                continue
            text = "\n".join(listed_lines(cell.iter(f"{A}p")))
            spans = (min(int(cell.get(name, "1")), _SPANS) for name in ("rowSpan", "gridSpan"))
            cells.append(Cell(row, column, text, *spans))
    return _written(write_table(cells, marked=int(marked), head_columns=int(first)) if cells else None)


def _on(properties: Any, name: str) -> bool:
    return properties is not None and properties.get(name) in ("1", "true")


def chart_table(root: Any) -> Written | None:
    """The figures of a chart: a row for each category, a column for each series, its title above."""
    names: list[str] = []
    rows: dict[int, list[str]] = {}
    for number, series in enumerate(root.iter(f"{C}ser"), 1):
        names.append(_name(series))
        for place, text in _points(series, ("cat", "xVal")).items():
            row = rows.setdefault(place, [text])
            row[0] = row[0] or text
        for place, text in _points(series, ("val", "yVal")).items():
            row = rows.setdefault(place, [""])
            row += [""] * (number - len(row)) + [text]
    title = root.find(f"{C}chart/{C}title")
    said = "" if title is None else " ".join(filter(None, map(words, title.iter(f"{A}p"))))
    if not rows:
        return Written(said) if said else None
    lines = [["", *names], *(rows[place] for place in sorted(rows))]
    cells = [Cell(row, column, text) for row, line in enumerate(lines) for column, text in enumerate(line)]
    return _written(write_table(cells, marked=int(any(names)), head_columns=1), said)


def _written(made: tuple[str, Table] | None, above: str = "") -> Written | None:
    if made is None:
        return None
    text, table = made
    if not above:
        return Written(text, tables=[table])
    moved = table.moved(len(above) + 1)
    captioned = Table(moved.cells, moved.rows, moved.head_rows, moved.head_columns, moved.heads, (0, len(above)))
    return Written(f"{above}\n{text}", tables=[captioned])


def _name(series: Any) -> str:
    said = series.find(f"{C}tx")
    return "" if said is None else " ".join("".join(v.text or "" for v in said.iter(f"{C}v")).split())


def _points(series: Any, tags: tuple[str, ...]) -> dict[int, str]:
    """The stored values by their place; the levels of a category are put together, the widest first."""
    found: dict[int, str] = {}
    for tag in tags:
        for values in series.iterchildren(f"{C}{tag}"):
            code = next((c.text or "" for c in values.iter(f"{C}formatCode")), "")
            numbers = values.find(f"{C}numRef") is not None or values.find(f"{C}numLit") is not None
            for point in values.iter(f"{C}pt"):
                place, text = int(point.get("idx", "0")), point.findtext(f"{C}v", "").strip()
                if len(found) < _POINTS and text:
                    shown = _figure(point.get("formatCode") or code, text) if numbers else text
                    found[place] = f"{shown} {found[place]}" if place in found else shown
    return found


def _figure(code: str, text: str) -> str:
    try:
        return shown_number(float(text), code) or text
    except (ValueError, OverflowError):
        return text
