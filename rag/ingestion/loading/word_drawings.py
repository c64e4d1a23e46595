"""What is drawn in a Word file and holds words all the same: charts, diagrams and large pictures, put as text."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from rag.core.tables import Table
from rag.ingestion.loading.office_package import DIAGRAM, A, C, Package, R, W
from rag.ingestion.loading.office_pictures import Pictures
from rag.ingestion.loading.slide_tables import chart_table
from rag.ingestion.loading.slide_text import words

_WP: Final = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"


def write_drawings(package: Package, body: Any, pictures: Pictures) -> None:
    """Put what each drawing says into a text box of its own."""
    links = package.links(package.main)
    for drawing in list(body.iter(f"{W}drawing")):
        box = etree.Element(f"{W}txbxContent")
        chart, diagram = drawing.find(f".//{C}chart"), drawing.find(f".//{DIAGRAM}relIds")
        if chart is not None:
            root = package.root(links.get(chart.get(f"{R}id", ""), ("", ""))[1])
            written = None if root is None else chart_table(root)
            if written is not None:
                table = written.tables[0] if written.tables else None
                _paragraphs(box, written.text[: table.start] if table else written.text)
                if table:
                    box.append(_table(table))
        elif diagram is not None:
            root = package.root(links.get(diagram.get(f"{R}dm", ""), ("", ""))[1])
            for point in () if root is None else root.iter(f"{DIAGRAM}t"):
                _paragraphs(box, " ".join(map(words, point.iter(f"{A}p"))))
        elif drawing.find(f".//{W}txbxContent") is None:
            size = drawing.find(f".//{_WP}extent")
            width, height = (0, 0) if size is None else (int(size.get("cx", "0")), int(size.get("cy", "0")))
            _paragraphs(box, pictures.words(drawing, width, height, links))
        if len(box):
            drawing.append(box)


def _paragraphs(parent: Any, text: str) -> None:
    """The paragraphs of a text, the line ends in them kept."""
    for part in filter(str.strip, text.split("\n\n")):
        run = etree.SubElement(etree.SubElement(parent, f"{W}p"), f"{W}r")
        for number, line in enumerate(part.strip().split("\n")):
            if number:
                etree.SubElement(run, f"{W}br")
            etree.SubElement(run, f"{W}t").text = line


def _table(table: Table) -> Any:
    made = etree.Element(f"{W}tbl")
    rows: dict[int, Any] = {}
    for cell in table.cells:
        if cell.row not in rows:
            rows[cell.row] = etree.SubElement(made, f"{W}tr")
            if cell.row < table.head_rows:
                etree.SubElement(etree.SubElement(rows[cell.row], f"{W}trPr"), f"{W}tblHeader")
        _paragraphs(etree.SubElement(rows[cell.row], f"{W}tc"), cell.text)
    return made
