"""`python -m rag read FILE`: all that is read of a file or an address, without a library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands.output import PROBLEM, AsJson, tell, texts, using
from rag.core import settings
from rag.core.cells import SheetCell, column_name
from rag.core.errors import AddressError, FileMissing, RagError, UnreadableDocument
from rag.core.reports import PageReport
from rag.core.tables import Table
from rag.core.types import LoadedDocument, Notice, OcrChoice, Page
from rag.services import open_services

OcrOption = Annotated[OcrChoice, typer.Option("--ocr", help="Which pages are read by text recognition.")]

app = typer.Typer()


@app.command()
def read(
    source: Annotated[str, typer.Argument(help="A file or a web address.")],
    ocr: OcrOption = "auto",
    as_json: AsJson = False,
) -> None:
    """Print what is read of a file, page by page: what is in it, what was left out and what could not be read."""
    try:
        document = _loaded(source, ocr)
    except RagError as error:
        name = source if "://" in source else Path(source).name
        record = {"name": name, "title": "", "date": "", "kind": None, "status": status_of(error), "code": error.key()}
        tell(record | {"warnings": [], "pages": [], "inside": []}, (), as_json, error.failure())
        raise typer.Exit(PROBLEM) from error
    tell(_record(document), _lines(document), as_json)


def status_of(error: RagError) -> str:
    """Whether a source was refused, for what it is, or failed."""
    return "refused" if isinstance(error, UnreadableDocument | AddressError) else "failed"


def said_warnings(warnings: Sequence[Notice]) -> list[dict[str, str]]:
    words = texts()
    return [{"code": each.key, "text": words(f"warnings.{each.key}", **each.fields)} for each in warnings]


def _loaded(source: str, ocr: OcrChoice) -> LoadedDocument:
    from rag.ingestion.loading import Ocr, load_address, load_bytes

    services = open_services(settings.load())
    if "://" in source:
        return load_address(source, intranet=services.settings.intranet, limits=services.limits, ocr=Ocr(ocr))[0]
    file = Path(source)
    if not file.is_file():
        raise FileMissing(name=source)
    with using(source):
        data = file.read_bytes()
    return load_bytes(data, file.name, limits=services.limits, ocr=Ocr(ocr))


def _record(document: LoadedDocument) -> dict[str, Any]:
    return {
        "name": document.name,
        "title": document.title,
        "date": document.date,
        "kind": document.kind,
        "status": "ready",
        "code": None,
        "warnings": said_warnings(document.warnings),
        "pages": [_page(page) for page in document.pages],
        "inside": [file.name for file in document.inside],
    }


def _page(page: Page) -> dict[str, Any]:
    return {
        "number": page.number,
        "label": page.label,
        "state": PageReport.of(page).state,
        "text": page.text,
        "headings": [{"title": each.title, "level": each.level, "start": each.start} for each in page.headings],
        "tables": [_table(table, page.text) for table in page.tables],
        "left_out": [{"why": part.why, "text": part.text, "start": part.start} for part in page.left_out],
        "unread": page.unread,
        "cells": [_cell(cell, page.text) for cell in page.cells],
        "ocr": _ocr(page),
    }


def _ocr(page: Page) -> dict[str, Any] | None:
    """How certain text recognition is of a page, its words and their places; null where it did not read the page."""
    if not page.words:
        return None
    fields = ("text", "start", "end", "box", "certainty")
    words = [
        (page.text[w.start : w.end], w.start, w.end, [w.left, w.top, w.right, w.bottom], w.certainty)
        for w in page.words
    ]
    return {"certainty": page.certainty, "words": [dict(zip(fields, word, strict=True)) for word in words]}


def _cell(cell: SheetCell, text: str) -> dict[str, Any]:
    where = f"{column_name(cell.column)}{cell.row + 1}"
    return {"cell": where, "text": text[cell.start : cell.end], "start": cell.start, "end": cell.end}


def _table(table: Table, text: str) -> dict[str, Any]:
    return {
        "start": table.start,
        "end": table.end,
        "rows": [text[start:end] for start, end in table.rows],
        "cells": [
            {
                "row": cell.row,
                "column": cell.column,
                "row_span": cell.row_span,
                "column_span": cell.column_span,
                "text": cell.text,
            }
            for cell in table.cells
        ],
        "head_rows": table.head_rows,
        "head_columns": table.head_columns,
        "heads": list(table.heads),
        "caption": text[slice(*table.caption)],
        "notes": text[slice(*table.notes)],
        "continues": table.continues,
    }


def _lines(document: LoadedDocument) -> Iterator[str]:
    words = texts()
    yield " · ".join(filter(None, (document.name, document.title, document.date)))
    yield from (each["text"] for each in said_warnings(document.warnings))
    yield from (file.name for file in document.inside)
    yield from (PageReport.of(page).shown(document.kind, words) for page in document.pages)
