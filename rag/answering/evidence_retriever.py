"""The chain's retriever: it searches, decides whether the documents hold it, finds the quotes and hands them on."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from rag.answering.evidence import CutPage, Reader, cut_pages, find_quotes, sentences_of
from rag.answering.retrieval import Retriever, forms
from rag.core.call_context import CallContext
from rag.core.places import line_of
from rag.core.text import from_a_word, language_of, terms, to_a_word
from rag.core.types import Page, PageKey, Passage, Quote
from rag.models.embedding import Embedder

# "And in Lisbon?" is searched with the question before it, but it is Lisbon that is asked about now.
_LAST_QUESTION: Final = 3.0
# Questions whose quotes are found at a time, at least: one computes while another waits for a disk or a server.
_AT_ONCE: Final = 2
# Characters before and after a quote that the model reads with it.
_AROUND: Final = 250


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for a question before a model has said a word.

    `query` is what was searched for, `weights` what each of its terms is worth, `gate` the chance that the documents
    hold an answer, which they do from `threshold` on, `pages` those of the passages; `seconds` maps a stage to its
    duration.
    """

    query: str
    passages: tuple[Passage, ...]
    quotes: tuple[Quote, ...]
    gate: float
    threshold: float
    weights: Mapping[str, float]
    pages: Mapping[PageKey, CutPage]
    words_only: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def answers(self) -> bool:
        """Whether the documents hold it."""
        return self.gate >= self.threshold

    def sentences(self) -> list[Quote]:
        """All that the passages say, in the units that the quotes were chosen from."""
        return sentences_of(self.passages, self.pages)


class Sources(list[Document]):
    """The documents that a model reads, with all the evidence they were taken from."""

    def __init__(self, documents: Sequence[Document], evidence: Evidence) -> None:
        super().__init__(documents)
        self.evidence = evidence


class EvidenceFinder:
    """Finds the evidence for questions. One for all; any number of threads may ask."""

    def __init__(
        self, search: Retriever, embedder: Embedder, *, passages: int = 8, quotes: int = 3, reader: Reader | None = None
    ) -> None:
        """`passages` and `quotes` are how many there are at most; `reader` is asked which sentences answer."""
        self._search, self._embedder, self._reader = search, embedder, reader
        self._passages, self._quotes = passages, quotes
        # Who came first is served first: more at once take the processor from one another, and from the pages.
        self._pool = ThreadPoolExecutor(max(_AT_ONCE, os.cpu_count() or 1), "finding")

    def find(self, query: str, context: CallContext, *, asked: str = "", previous: Sequence[str] = ()) -> Evidence:
        """The evidence for a question.

        Args:
            query: what is searched for.
            asked: the question word for word, where the query is another one.
            previous: the questions asked before in the same chat, oldest first.
        """
        began = time.perf_counter()
        return self._pool.submit(self._find, query, context, asked or query, previous, began).result()

    def _find(self, query: str, context: CallContext, asked: str, previous: Sequence[str], began: float) -> Evidence:
        found = self._search.search(query, context, previous=previous, k=self._passages)
        searched = time.perf_counter()
        own, pages = set(terms(asked, language_of(found.query))), cut_pages(found.pages)
        passages = [_with_line(one, found.pages[one.document, one.page]) for one in found.passages]
        quotes = find_quotes(
            found.query,
            passages,
            self._embedder,
            pages=pages,
            weights={term: weight * (_LAST_QUESTION if term in own else 1.0) for term, weight in found.weights.items()},
            k=self._quotes,
            reader=self._reader,
        )
        quotes = tuple(_in_section(quote, found.pages[quote.document, quote.page]) for quote in quotes)
        seconds = {"search": searched - began, "quotes": time.perf_counter() - searched}
        led = _led_by(quotes, passages)
        return Evidence(
            found.query, led, quotes, found.gate, found.threshold, found.weights, pages, found.words_only, seconds
        )


class EvidenceRetriever(BaseRetriever):
    """The quotes that answer, as documents; none where the documents of the context do not hold an answer.

    The metadata of each: source (file name or address), document (id), page (from 1), label, start, end, score.
    """

    finder: EvidenceFinder
    context: CallContext
    asked: str = ""
    """The question word for word, where the chain may search for another one."""
    previous: tuple[str, ...] = ()
    anyway: bool = False
    """Whether quotes are handed on even where the documents do not hold an answer."""
    narrow: bool = False
    """Whether the best quote alone is handed on, without its surroundings."""

    def with_history(self, history: Sequence[tuple[str, str]]) -> EvidenceRetriever:
        """The retriever for the next question of this conversation."""
        return self.model_copy(update={"previous": tuple(question for question, _ in history)})

    def query(self, question: str) -> str:
        """What is searched for when this is asked: the question joined with what it refers to."""
        return forms(question, self.previous)[0].query

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> Sources:
        evidence = self.finder.find(query, self.context, asked=self.asked, previous=self.previous)
        quotes = evidence.quotes if evidence.answers or self.anyway else ()
        return Sources(documents_of(quotes, narrow=self.narrow), evidence)


def documents_of(quotes: Sequence[Quote], *, narrow: bool = False) -> list[Document]:
    """Quotes as a model reads them: the best one alone, or all with a little of their surroundings."""
    if narrow:
        return [_as_document(replace(quote, before="", after="")) for quote in quotes[:1]]
    return [_as_document(stretch) for stretch in _stretches(quotes)]


def _stretches(quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes with their surroundings as stretches of their pages, nearest first; no two of them overlap.

    Quotes often stand close together; what they have around them in common is given once.
    """
    wide = [(rank, _widened(quote)) for rank, quote in enumerate(quotes)]
    found: list[tuple[int, Quote]] = []
    for rank, quote in sorted(wide, key=lambda one: (one[1].document, one[1].page, one[1].start)):
        if found and _touch(found[-1][1], quote):
            best, last = found.pop()
            rank, quote = min(best, rank), _union(last, quote)
        found.append((rank, quote))
    return [quote for _, quote in sorted(found, key=lambda one: one[0])]


def _widened(quote: Quote) -> Quote:
    before, after = quote.before, quote.after
    if len(before) > _AROUND:
        before = from_a_word(before[-_AROUND:])
    if len(after) > _AROUND:
        after = to_a_word(after[:_AROUND])
    start, end = quote.start - len(before), quote.end + len(after)
    return replace(quote, text=before + quote.text + after, start=start, end=end, before="", after="")


def _touch(one: Quote, next_one: Quote) -> bool:
    return (one.document, one.page) == (next_one.document, next_one.page) and next_one.start <= one.end


def _union(one: Quote, next_one: Quote) -> Quote:
    """Both as one stretch, with the column heads of both."""
    text = one.text + next_one.text[one.end - next_one.start :]
    head = " ".join(filter(None, dict.fromkeys((one.head, next_one.head))))
    return replace(one, text=text, end=max(one.end, next_one.end), head=head)


def _as_document(quote: Quote) -> Document:
    """A stretch with the column heads of its rows, unless they stand in it, as the model reads it."""
    text, head = " ".join(quote.text.split()), " ".join(quote.head.split())
    return Document(
        page_content=text if head in text else f"{head} {text}",
        metadata={
            "source": quote.address or quote.name,
            "document": quote.document,
            "page": quote.page,
            "label": quote.label,
            "start": quote.start,
            "end": quote.end,
            "score": quote.score,
        },
    )


def _with_line(passage: Passage, page: Page) -> Passage:
    return replace(passage, line=line_of(passage.kind, page.line(0), page.text[: passage.start]))


def _in_section(quote: Quote, page: Page) -> Quote:
    """The quote with the heading it stands under, where its page has one before it."""
    above = [heading.title for heading in page.headings if heading.start <= quote.start]
    return replace(quote, section=" ".join(above[-1].split())) if above else quote


def _led_by(quotes: Sequence[Quote], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages with the quotes' pages first, in the quotes' order: a table of contents names everything asked
    for, and answers nothing."""
    pages = list(dict.fromkeys((quote.document, quote.page) for quote in quotes))
    places = {page: place for place, page in enumerate(pages)}
    return tuple(sorted(passages, key=lambda passage: places.get((passage.document, passage.page), len(pages))))
