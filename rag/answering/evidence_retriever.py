"""The chain's retriever: search, abstention and quote selection behind LangChain's BaseRetriever."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from typing import Final

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from rag.answering.evidence import AnswerScorer, CutPage, cut_pages, find_quotes, sentences_of
from rag.answering.retrieval import Missing, Part, Retriever, forms
from rag.core.call_context import CallContext
from rag.core.places import line_of
from rag.core.text import from_a_word, language_of, terms, to_a_word
from rag.core.types import Page, PageKey, Passage, Quote
from rag.models.embedding import Embedder

# Weight of the current question's terms: "And in Lisbon?" is searched with the question before it.
_LAST_QUESTION: Final = 3.0
# Minimum of questions processed in parallel: one computes while another waits for I/O.
_AT_ONCE: Final = 2
# Passages looked through and quotes shown, where all members of a list are asked for; quotes of each side of others.
_LIST_PASSAGES: Final = 24
_LIST_QUOTES: Final = 12
_OF_EACH: Final = 2
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
    missing: tuple[Missing, ...] = ()
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

    def find(
        self,
        query: str,
        context: CallContext,
        *,
        asked: str = "",
        previous: Sequence[str] = (),
        listing: bool = False,
    ) -> Evidence:
        """The evidence for a question.

        Args:
            query: what is searched for.
            asked: the question word for word, where the query is another one.
            previous: the questions asked before in the same chat, oldest first.
            listing: whether all members of a list are asked for.
        """
        started = time.perf_counter()
        return self._pool.submit(self._find, query, context, asked or query, previous, started, listing).result()

    def find_parts(
        self,
        query: str,
        context: CallContext,
        *,
        parts: Sequence[Part],
        asked: str = "",
        previous: Sequence[str] = (),
        listing: bool = False,
    ) -> Evidence:
        """The evidence for a question of several sides: that of each side, in turns."""
        whole = self.find(query, context, asked=asked, previous=previous, listing=listing)
        found = [self.find(part.query, _narrowed(context, part.documents), listing=listing) for part in parts]
        pages: dict[PageKey, CutPage] = {}
        for each in (whole, *found):
            pages |= each.pages
        turns = zip_longest(*(each.quotes[: None if listing else _OF_EACH] for each in found))
        quotes = {(q.document, q.page, q.start): q for turn in turns for q in turn if q is not None}
        ranked = zip_longest(*(each.passages for each in (whole, *found)))
        passages = {(p.document, p.page, p.start): p for turn in ranked for p in turn if p is not None}
        return replace(
            whole,
            passages=tuple(passages.values()),
            quotes=tuple(quotes.values()),
            gate=max(whole.gate, min(each.gate for each in found)),
            pages=pages,
            seconds={
                stage: whole.seconds[stage] + sum(each.seconds[stage] for each in found) for stage in whole.seconds
            },
        )

    def _find(
        self, query: str, context: CallContext, asked: str, previous: Sequence[str], started: float, listing: bool
    ) -> Evidence:
        depth = max(_LIST_PASSAGES, self._passages) if listing else self._passages
        found = self._search.search(query, context, previous=previous, k=depth)
        searched = time.perf_counter()
        own, pages = set(terms(asked, language_of(found.query))), cut_pages(found.pages)
        passages = [_with_line(one, found.pages[one.document, one.page]) for one in found.passages]
        quotes = find_quotes(
            found.query,
            passages,
            self._embedder,
            pages=pages,
            weights={term: weight * (_LAST_QUESTION if term in own else 1.0) for term, weight in found.weights.items()},
            k=max(_LIST_QUOTES, self._quotes) if listing else self._quotes,
            reader=self._reader,
            listing=listing,
        )
        quotes = tuple(_in_section(quote, found.pages[quote.document, quote.page]) for quote in quotes)
        seconds = {"search": searched - started, "quotes": time.perf_counter() - searched}
        ordered = _quoted_first(quotes, passages)
        return Evidence(
            found.query,
            ordered,
            quotes,
            found.gate,
            found.threshold,
            found.weights,
            pages,
            found.words_only,
            found.missing,
            seconds,
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
    listing: bool = False
    parts: tuple[Part, ...] = ()
    """The sides of the question, where it has several."""
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
        find = self.finder.find if not self.parts else partial(self.finder.find_parts, parts=self.parts)
        evidence = find(query, self.context, asked=self.asked, previous=self.previous, listing=self.listing)
        quotes = evidence.quotes if evidence.answers or self.anyway else ()
        return Sources(documents_of(quotes, narrow=self.narrow), evidence)


def _narrowed(context: CallContext, documents: Sequence[str]) -> CallContext:
    """The context for one side; what the chat is narrowed to stays left out."""
    meant = tuple(d for d in documents if not context.documents or d in context.documents)
    return replace(context, documents=meant) if meant else context


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
    return replace(
        passage,
        line=line_of(passage.kind, page.line(0), page.text[: passage.start]),
        cells=page.cells_at(passage.start, passage.end),
    )


def _in_section(quote: Quote, page: Page) -> Quote:
    """The quote with the nearest heading above it as its section."""
    above = [heading.title for heading in page.headings if heading.start <= quote.start]
    return replace(quote, section=" ".join(above[-1].split())) if above else quote


def _quoted_first(quotes: Sequence[Quote], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages, those on the quotes' pages first: a table of contents matches every term and answers nothing."""
    pages = list(dict.fromkeys((quote.document, quote.page) for quote in quotes))
    ranks = {page: rank for rank, page in enumerate(pages)}
    return tuple(sorted(passages, key=lambda passage: ranks.get((passage.document, passage.page), len(pages))))
