"""What any text is held against: all that given documents say, or what a collection holds near to its sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from rag.answering.evidence import cut_pages, sentences_of
from rag.answering.retrieval import Retriever
from rag.answering.verification import pieces
from rag.core.call_context import CallContext
from rag.core.types import LoadedDocument, Page, PageKey, Passage, Quote

# Passages looked through for each sentence, with the whole of their pages.
_PASSAGES: Final = 8


def said_in_documents(documents: Sequence[LoadedDocument]) -> list[Quote]:
    """All that the documents say, sentence by sentence."""
    named = {f"{place}": document for place, document in enumerate(documents)}
    pages = {(key, page.number): page for key, document in named.items() for page in document.pages}
    passages = [_passage(named[key], key, page) for (key, _), page in pages.items()]
    return sentences_of(passages, cut_pages(pages))


def said_in_collection(text: str, question: str, search: Retriever, context: CallContext) -> list[Quote]:
    """What the pages say that a collection holds near to each sentence of a text."""
    passages: dict[PageKey, Passage] = {}
    pages: dict[PageKey, Page] = {}
    for sought in filter(str.strip, [question, *pieces(text)]):
        found = search.search(sought, context, k=_PASSAGES)
        pages |= found.pages
        for passage in found.passages:
            passages.setdefault((passage.document, passage.page), _whole(passage, found.pages))
    return sentences_of(list(passages.values()), cut_pages(pages))


def _whole(passage: Passage, pages: Mapping[PageKey, Page]) -> Passage:
    return replace(passage, start=0, end=len(pages[passage.document, passage.page].text))


def _passage(document: LoadedDocument, key: str, page: Page) -> Passage:
    """The whole of a page."""
    return Passage(
        chunk=0,
        document=key,
        name=document.name,
        title=document.title,
        kind=document.kind,
        address=document.address,
        page=page.number,
        label=page.label,
        section="",
        text=page.text,
        start=0,
        end=len(page.text),
    )
