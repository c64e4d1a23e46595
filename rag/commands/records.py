"""Results of commands as JSON objects and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rag.commands.output import texts
from rag.commands.reading import said_warnings, status_of
from rag.core.errors import RagError
from rag.core.formats import format_of
from rag.core.types import Document
from rag.library.store import Store


def document_record(store: Store, owner: str, document: Document) -> dict[str, Any]:
    return {
        "name": document.name,
        "title": document.title,
        "date": document.date,
        "status": "ready",
        "kind": document.kind,
        "pages": document.pages,
        "chunks": document.chunks,
        "warnings": said_warnings(document.warnings),
        "page_reports": [report.fields() for report in store.readings.reports(owner, document.id)],
        "error": None,
        "code": None,
    }


def unread_record(name: str, error: RagError) -> dict[str, Any]:
    return {
        "name": name,
        "status": status_of(error),
        "pages": 0,
        "chunks": 0,
        "error": texts().failure(error.failure()),
        "code": error.key(),
    }


def document_line(result: dict[str, Any]) -> str:
    count = texts().count("documents.chunks", result["chunks"])
    known = format_of(result["kind"])
    if known.paged:
        count = f"{texts().count(f'documents.{known.places}', result['pages'])}, {count}"
    return " · ".join([count, *(warning["text"] for warning in result["warnings"])])


def measure_lines(report: dict[str, Any]) -> Iterator[str]:
    for name, value in report.items():
        interval = report.get(f"{name}_interval")
        if interval is not None and value is not None:
            low, high = interval
            yield f"{name:28}{value:.3f}  [{low:.3f}, {high:.3f}]"
        elif isinstance(value, int | float):
            yield f"{name:28}{value:.3f}"
