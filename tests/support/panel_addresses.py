"""The addresses that the source panel's script asks for, written out for tests."""

from __future__ import annotations

from rag.core.types import Document, Turn
from rag.ui.file_addresses import address


def view_address(document: Document, number: int) -> str:
    """URL path of what the source panel shows of a page."""
    return address(f"documents/{document.id}/view/{number}")


def find_address(document: Document) -> str:
    """URL path of the search inside a document."""
    return address(f"documents/{document.id}/find")


def report_address(document: Document) -> str:
    """URL path of what was read of a document."""
    return address(f"documents/{document.id}/report")


def citation_address(turn: Turn, number: int) -> str:
    """URL path of what a footnote of a turn's answer points to."""
    return address(f"answers/{turn.id}/footnotes/{number}")
