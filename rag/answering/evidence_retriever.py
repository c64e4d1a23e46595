"""The chain's retriever: search, abstention and quote selection behind LangChain's BaseRetriever."""

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

from rag.answering.evidence import AnswerScorer, CutPage, cut_pages, find_quotes, sentences_of
from rag.answering.retrieval import Retriever, forms
from rag.core.call_context import CallContext
from rag.core.places import line_of
from rag.core.text import from_a_word, language_of, terms, to_a_word
from rag.core.types import Page, PageKey, Passage, Quote
from rag.models.embedding import Embedder

# Weight of the current question's terms: "And in Lisbon?" is searched with the question before it.
_LAST_QUESTION: Final = 3.0
# Minimum of questions processed in parallel: one computes while another waits for I/O.
_AT_ONCE: Final = 2
# Characters of context before and after a quote in the prompt.
_AROUND: Final = 250


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for a question, before generation.

    `query` is the search query, `weights` the IDF of its terms, `gate` the probability that the documents answer it
    (refused below `threshold`), `pages` the passages' pages, `seconds` the duration by stage.
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
        """Whether the documents answer the question."""
        return self.gate >= self.threshold

    def sentences(self) -> list[Quote]:
        """All units of the passages that quotes can be chosen from."""
        return sentences_of(self.passages, self.pages)


class Sources(list[Document]):
    """The documents for the prompt, with the evidence they come from."""

    def __init__(self, documents: Sequence[Document], evidence: Evidence) -> None:
        super().__init__(documents)
        self.evidence = evidence


class EvidenceFinder:
    """Finds the evidence for questions. One for all; thread-safe."""

    def __init__(
        self,
        search: Retriever,
        embedder: Embedder,
        *,
        passages: int = 8,
        quotes: int = 3,
        reader: AnswerScorer | None = None,
    ) -> None:
        """`passages` and `quotes` are maximum numbers; `reader` scores the best quote candidates."""
        self._search, self._embedder, self._reader = search, embedder, reader
        self._passages, self._quotes = passages, quotes
        # FIFO: more threads than cores would slow down each other and the pages.
        self._pool = ThreadPoolExecutor(max(_AT_ONCE, os.cpu_count() or 1), "finding")

    def find(self, query: str, context: CallContext, *, asked: str = "", previous: Sequence[str] = ()) -> Evidence:
        """The evidence for a question.

        Args:
            query: the search query.
            asked: the question as it was asked, if different.
            previous: earlier questions of the chat, oldest first.
        """
        started = time.perf_counter()
        return self._pool.submit(self._find, query, context, asked or query, previous, started).result()

    def _find(self, query: str, context: CallContext, asked: str, previous: Sequence[str], started: float) -> Evidence:
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
        seconds = {"search": searched - started, "quotes": time.perf_counter() - searched}
        ordered = _quoted_first(quotes, passages)
        return Evidence(
            found.query, ordered, quotes, found.gate, found.threshold, found.weights, pages, found.words_only, seconds
        )


class EvidenceRetriever(BaseRetriever):
    """The best quotes as documents; none where the abstention gate refuses the question.

    Metadata: source (file name or address), document (id), page (from 1), label, start, end, score.
    """

    finder: EvidenceFinder
    context: CallContext
    asked: str = ""
    """The question as it was asked, where the chain condenses it."""
    previous: tuple[str, ...] = ()
    anyway: bool = False
    """Return quotes even where the gate refuses."""
    narrow: bool = False
    """Return the best quote only, without context."""

    def with_history(self, history: Sequence[tuple[str, str]]) -> EvidenceRetriever:
        """The retriever for the next question of this conversation."""
        return self.model_copy(update={"previous": tuple(question for question, _ in history)})

    def query(self, question: str) -> str:
        """The search query for a question: joined with the question it refers to."""
        return forms(question, self.previous)[0].query

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> Sources:
        evidence = self.finder.find(query, self.context, asked=self.asked, previous=self.previous)
        quotes = evidence.quotes if evidence.answers or self.anyway else ()
        return Sources(documents_of(quotes, narrow=self.narrow), evidence)


def documents_of(quotes: Sequence[Quote], *, narrow: bool = False) -> list[Document]:
    """Quotes as documents for the prompt: the best one alone, or all with some context."""
    if narrow:
        return [_as_document(replace(quote, before="", after="")) for quote in quotes[:1]]
    return [_as_document(span) for span in _merged(quotes)]


def _merged(quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes widened by their context, best first; overlapping ones are merged."""
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
    """The union of two overlapping quotes, with both column headings."""
    text = one.text + next_one.text[one.end - next_one.start :]
    head = " ".join(filter(None, dict.fromkeys((one.head, next_one.head))))
    return replace(one, text=text, end=max(one.end, next_one.end), head=head)


def _as_document(quote: Quote) -> Document:
    """A quote with its column headings, unless its text contains them."""
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
    """The quote with the nearest heading above it as its section."""
    above = [heading.title for heading in page.headings if heading.start <= quote.start]
    return replace(quote, section=" ".join(above[-1].split())) if above else quote


def _quoted_first(quotes: Sequence[Quote], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages, those on the quotes' pages first: a table of contents matches every term and answers nothing."""
    pages = list(dict.fromkeys((quote.document, quote.page) for quote in quotes))
    ranks = {page: rank for rank, page in enumerate(pages)}
    return tuple(sorted(passages, key=lambda passage: ranks.get((passage.document, passage.page), len(pages))))
