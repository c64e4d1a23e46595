"""Saved answers after a document was read again: each quote is found at its new place, where its words still stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from rag.core.places import line_of
from rag.core.text import find_letters, find_words
from rag.core.types import Document, Page, Passage, Quote
from rag.library.store import schema
from rag.library.store.answers import answer_from_json, answer_to_json

Source = TypeVar("Source", Passage, Quote)

_chats, _turns = schema.chats, schema.turns


def anchor_answers(connection: sa.Connection, document: Document, pages: Sequence[Page]) -> None:
    """Find what answers quote of a document in its new pages, inside the caller's transaction."""
    chats = sa.select(_chats.c.id).where(_chats.c.collection == document.collection)
    # An id is found in nothing else that is written there.
    names_it = sa.type_coerce(_turns.c.answer, sa.Text).contains(document.id)
    query = sa.select(_turns.c.id, _turns.c.answer).where(_turns.c.chat.in_(chats), names_it)
    for row in connection.execute(query).all():
        answer = answer_from_json(row.answer)
        anchored = replace(
            answer,
            quotes=tuple(anchor(quote, document, pages) for quote in answer.quotes),
            passages=tuple(anchor(passage, document, pages) for passage in answer.passages),
        )
        if anchored != answer:
            change = sa.update(_turns).where(_turns.c.id == row.id)
            connection.execute(change.values(answer=answer_to_json(anchored)))


def anchor(source: Source, document: Document, pages: Sequence[Page]) -> Source:
    """A quote of this document at its new place, on its old page if it stands there; one of another as it is.

    Its words stay as they were quoted. Where they stand nowhere, it points to its page and to no place on it.
    """
    if source.document != document.id:
        return source
    found = _found(source, pages)
    if found is None:
        return replace(source, page=max(1, min(source.page, len(pages))), start=0, end=0)
    page, (start, end) = found
    above = [heading.title for heading in page.headings if heading.start <= start]
    return replace(
        source,
        kind=document.kind,
        title=document.title,
        page=page.number,
        label=page.label,
        section=" ".join(above[-1].split()) if above else source.section,
        start=start,
        end=end,
        line=line_of(document.kind, page.line(0), page.text[:start]),
        cells=page.cells_at(start, end),
    )


def _found(source: Passage | Quote, pages: Sequence[Page]) -> tuple[Page, tuple[int, int]] | None:
    """Nearest to where it was; its letters are looked for on other pages only where its words are on none."""
    nearest = sorted(pages, key=lambda page: abs(page.number - source.page))
    same = [page for page in nearest if page.number == source.page]
    ways: list[tuple[Sequence[Page], Callable[[str, str], tuple[int, int] | None]]] = [
        (same, partial(find_letters, near=source.start)),
        (nearest, find_words),
        (nearest, find_letters),
    ]
    for among, find in ways:
        for page in among:
            place = find(page.text, source.text)
            if place is not None:
                return page, place
    return None
