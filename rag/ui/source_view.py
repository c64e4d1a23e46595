"""The place a footnote points to: the page's picture with the quoted words boxed, or the marked text."""

from __future__ import annotations

import html

import streamlit as st

from rag.core.errors import NotFound, PageNotDrawn
from rag.core.text import find_letters, letters
from rag.core.types import Document, Page, Quote, shown_name
from rag.ui import actions, file_routes
from rag.ui.page_frame import Frame
from rag.ui.reading_report import draw_read_page
from rag.ui.safe_views import draw_muted, draw_picture, label
from rag.viewing.highlighting import text_fragment

_STATE = "source"


def open_citation(quote: Quote) -> None:
    """Have the source shown on this and every following rerun, until it is closed."""
    st.session_state[_STATE] = quote
    st.session_state["source_page"] = quote.page


def open_document(document: Document) -> None:
    """Show a document from its first page, with nothing boxed."""
    open_citation(
        Quote(document.id, document.name, document.title, document.kind, document.address, 1, "1", "", "", 0, 0, 0.0)
    )


def draw_open_source(page: Frame) -> None:
    """The dialog, if a footnote was clicked. Called once, at the end of a page."""
    quote = st.session_state.get(_STATE)
    if quote is None:
        return
    st.dialog(label(shown_name(quote)), width="medium", on_dismiss=lambda: st.session_state.pop(_STATE, None))(_draw)(
        page, quote
    )


def _draw(page: Frame, quote: Quote) -> None:
    try:
        document = page.services.store.documents.get(page.owner, quote.document)
    except NotFound:
        draw_muted(page.texts("source.gone" if page.person is None else "source.gone_or_withdrawn"))
        st.html(f"<blockquote>{html.escape(quote.text)}</blockquote>")
        return
    # Read again, it may have fewer parts.
    number: int = min(st.session_state["source_page"], document.pages)
    read = page.services.store.documents.page(page.owner, document.id, number)
    spans = _spans(quote, read)
    said = _place(page, document, read)
    if document.pages > 1 or document.format.paged:
        _draw_page_buttons(page, document, number, said)
    drawn = document.format.drawn and _draw_picture(page, document, number, spans, said)
    draw_read_page(page, document, read, spans, drawn=drawn)
    _draw_ways_out(page, document, quote)


def _spans(quote: Quote, read: Page) -> list[tuple[int, int]]:
    """Where the quote stands on this page; nowhere on another one, and where its words are not there any more.

    An answer can be written while its document is read again, and point to the text before.
    """
    if read.number != quote.page or quote.end <= quote.start:
        return []
    if letters(read.text[quote.start : quote.end])[0] == letters(quote.text)[0]:
        return [(quote.start, quote.end)]
    found = find_letters(read.text, quote.text, quote.start)
    return [found] if found else []


def _draw_picture(page: Frame, document: Document, number: int, spans: list[tuple[int, int]], said: str) -> bool:
    """The page's picture; False where it cannot be drawn, which is said."""
    try:
        # Drawn here for its boxes; the browser fetches it by its address.
        picture = actions.page_picture(page, document, number, spans)
    except PageNotDrawn:
        draw_muted(page.texts("source.no_picture"))
        return False
    draw_picture(picture, file_routes.picture_address(document, number, spans), said, key=f"page-{number}")
    return True


def _place(page: Frame, document: Document, read: Page) -> str:
    """Which page, slide or sheet this is, and what is printed on it where that is another number; or which part."""
    number, printed, places = read.number, read.label, document.format.places
    if places == "pages":
        key = "page_of" if printed == str(number) else "page_printed"
    elif places == "cells":
        key = "sheet_of" if printed else "rows_of"
    else:
        key = {"slides": "slide_of", "mails": "mail_of"}.get(places, "part_of")
    return page.texts(f"source.{key}", number=number, count=document.pages, label=printed, line=printed)


def _draw_page_buttons(page: Frame, document: Document, number: int, said: str) -> None:
    draw_muted(said)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        step = 0
        if st.button(page.texts("source.previous"), icon=":material/chevron_left:", disabled=number <= 1):
            step = -1
        if st.button(page.texts("source.next"), icon=":material/chevron_right:", disabled=number >= document.pages):
            step = 1
        if step:
            st.session_state["source_page"] = number + step
            st.rerun(scope="fragment")


def _draw_ways_out(page: Frame, document: Document, quote: Quote) -> None:
    with st.container(horizontal=True):
        st.link_button(
            page.texts("source.download"), file_routes.original_address(document), icon=":material/download:"
        )
        if document.address:
            st.link_button(
                page.texts("source.visit"), text_fragment(document.address, quote.text), icon=":material/open_in_new:"
            )
