"""What the source panel asks for, as JSON: a page of a document, what a footnote points to, words found in it.

/files/documents/{id}/view/{number}?marked=12-40&lang=en    a page: its picture's address, its text in blocks
/files/documents/{id}/report?lang=en                       what was read of it, in lines
/files/documents/{id}/find?words=…&lang=en                  where words stand in it
/files/chats/find?words=…                                  the person's chats in which words stand
/files/answers/{turn}/footnotes/{number}?lang=en            the page that a footnote of an answer points to
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from rag.core.errors import NotFound, PageNotDrawn
from rag.core.reports import PageReport, ReadingCounts
from rag.core.text import find_letters, letters
from rag.core.types import Answer, Document, Page, Quote, shown_name
from rag.ui import actions, file_addresses, reading_report
from rag.ui.file_responses import HEADERS
from rag.ui.page_frame import Frame
from rag.ui.widget_values import ID
from rag.viewing.document_search import MOST_HITS, find_words
from rag.viewing.grid import sheet_grid
from rag.viewing.highlighting import Span, text_fragment
from rag.viewing.page_blocks import page_blocks

_LONGEST_SEARCH: Final = 200


def view(request: Request, page: Frame) -> Response:
    """A page of a document, by its number; one past the last is the last."""
    document = page.services.store.documents.get(page.owner, file_addresses.parameter(request, "document", ID))
    number = int(file_addresses.parameter(request, "number", file_addresses.NUMBER))
    return _reply(_page_view(page, document, number, file_addresses.marked(request)))


def report(request: Request, page: Frame) -> Response:
    """What is known of a document and what was read of it, in lines."""
    store, owner = page.services.store, page.owner
    document = store.documents.get(owner, file_addresses.parameter(request, "document", ID))
    reports = store.readings.reports(owner, document.id)
    lines = [reading_report.facts(document, ReadingCounts(), page.texts)]
    return _reply({"lines": lines + reading_report.report_lines(reports, document, page.texts)})


def find_chats(request: Request, page: Frame) -> Response:
    """The ids of the person's own chats in which words stand."""
    words = request.query_params.get("words", "")[:_LONGEST_SEARCH]
    return _reply({"chats": page.services.store.chats.search(page.owner, words)})


def find(request: Request, page: Frame) -> Response:
    """Where words stand in a document."""
    document = page.services.store.documents.get(page.owner, file_addresses.parameter(request, "document", ID))
    words = request.query_params.get("words", "")[:_LONGEST_SEARCH]
    hits = find_words(page.services.store.documents.pages(page.owner, document.id), words, document.kind)
    said = page.texts.count("source.hits_most" if len(hits) == MOST_HITS else "source.hits", len(hits))
    return _reply({"said": said if hits else page.texts("source.no_hits"), "hits": [asdict(hit) for hit in hits]})


def citation(request: Request, page: Frame) -> Response:
    """What a footnote points to; of a document that is gone the quoted words, which are in the person's own chat."""
    quotes = _answer(page, file_addresses.parameter(request, "turn", ID)).quotes
    number = int(file_addresses.parameter(request, "number", file_addresses.NUMBER))
    if number > len(quotes):
        raise NotFound(what="turn")
    quote = quotes[number - 1]
    common = {"footnote": number, "footnotes": len(quotes)}
    try:
        document = page.services.store.documents.get(page.owner, quote.document)
    except NotFound:
        key = "source.gone" if page.person is None else "source.gone_or_withdrawn"
        return _reply(common | {"name": shown_name(quote), "gone": page.texts(key), "quote": quote.text})
    # Read again, it may have fewer parts.
    read = page.services.store.documents.page(page.owner, document.id, min(quote.page, document.pages))
    return _reply(common | _page_view(page, document, read.number, quote_spans(quote, read), quote))


def _answer(page: Frame, turn: str) -> Answer:
    """The answer of a turn, saved or still being written. Raises NotFound."""
    run = page.services.runs.get(turn)
    if run is not None and run.owner is not None and run.owner.person == page.owner:
        return run.draft
    answer = page.services.store.chats.turn(page.owner, turn).answer
    if answer is None:
        raise NotFound(what="turn")
    return answer


def quote_spans(quote: Quote, read: Page) -> list[Span]:
    """Where the quote stands on this page; nowhere on another one, and where its words are not there any more.

    An answer can be written while its document is read again, and point to the text before.
    """
    if read.number != quote.page or quote.end <= quote.start:
        return []
    if letters(read.text[quote.start : quote.end])[0] == letters(quote.text)[0]:
        return [(quote.start, quote.end)]
    found = find_letters(read.text, quote.text, quote.start)
    return [found] if found else []


def _page_view(
    page: Frame, document: Document, number: int, spans: Sequence[Span], quote: Quote | None = None
) -> dict[str, Any]:
    read = page.services.store.documents.page(page.owner, document.id, min(number, document.pages))
    report = PageReport.of(read)
    fields = {
        "document": document.id,
        "name": shown_name(document),
        "place": _place(page, document, read),
        "section": quote.section if quote else "",
        "number": read.number,
        "count": document.pages,
        "marked": f"{spans[0][0]}-{spans[0][1]}" if spans else "",
        "blocks": [block.fields() for block in page_blocks(read, spans, document.kind)],
        "grid": sheet_grid(read, spans) if read.cells else None,
        "left_out": bool(read.left_out),
        "unread": read.unread is not None,
        "ocr": read.certainty is not None,
        "report": report.shown(document.kind, page.texts) if report.notable else "",
        "original": file_addresses.original_address(document),
        "visit": text_fragment(document.address, quote.text if quote else "") if document.address else "",
    }
    return fields | _picture(page, document, read.number, spans)


def _picture(page: Frame, document: Document, number: int, spans: Sequence[Span]) -> dict[str, Any]:
    """The address of the page's picture and how far down its first box is; a page that cannot be drawn says so."""
    if not document.format.drawn:
        return {"picture": "", "at": 0.0, "note": ""}
    try:
        drawn = actions.page_picture(page, document, number, spans)
    except PageNotDrawn:
        return {"picture": "", "at": 0.0, "note": page.texts("source.no_picture")}
    at = min((box.top for box in drawn.boxes), default=0.0) / drawn.height
    return {"picture": file_addresses.picture_address(document, number, spans), "at": at, "note": ""}


def _place(page: Frame, document: Document, read: Page) -> str:
    """Which page, slide or sheet this is, and what is printed on it where that is another number; or which part."""
    number, printed, places = read.number, read.label, document.format.places
    if places == "pages":
        key = "page_of" if printed == str(number) else "page_printed"
    elif places == "cells":
        key = "sheet_of" if printed else "rows_of"
    elif document.pages == 1 and places not in ("slides", "mails"):
        return ""
    else:
        key = {"slides": "slide_of", "mails": "mail_of"}.get(places, "part_of")
    return page.texts(f"source.{key}", number=number, count=document.pages, label=printed, line=printed)


def _reply(fields: dict[str, Any]) -> Response:
    heads = HEADERS | {"Content-Type": "application/json; charset=utf-8"}
    return Response(json.dumps(fields, ensure_ascii=False).encode(), 200, heads)
