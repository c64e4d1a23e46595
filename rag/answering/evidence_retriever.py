"""The chain's retriever: search, abstention and quote selection behind LangChain's BaseRetriever."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import zip_longest
from typing import Final

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.retrievers import BaseRetriever

from rag.answering.evidence import AnswerScorer, CutPage, cut_pages, find_quotes, only_past
from rag.answering.found_evidence import Evidence, Sources, dated, differing, sides_missing, undated, where_it_lacks
from rag.answering.prompt_documents import documents_of
from rag.answering.retrieval import Found, Part, Retriever, asked_age, forms, with_quote
from rag.core.call_context import CallContext
from rag.core.places import line_of
from rag.core.text import language_of, terms
from rag.core.types import Page, PageKey, Passage, Quote
from rag.models.catalogue import embedder_facts
from rag.models.embedding import Embedder

# Weight of the current question's terms: "And in Lisbon?" is searched with the question before it.
_LAST_QUESTION: Final = 3.0
# Minimum of questions processed in parallel: one computes while another waits for I/O.
_AT_ONCE: Final = 2
# Passages looked through and quotes shown, where all members of a list are asked for; quotes of each side of others.
_LIST_PASSAGES: Final = 24
_LIST_QUOTES: Final = 12
_OF_EACH: Final = 2


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
        self._passages, self.best = passages, quotes
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
        comparing: bool = False,
    ) -> Evidence:
        """The evidence for a question of several sides: that of each side, in turns."""
        whole = self.find(query, context, asked=asked, previous=previous, listing=listing)
        lacking = all(part.lacking for part in parts)
        members = listing and not lacking
        found = [self.find(part.query, _narrowed(context, part.documents), listing=members) for part in parts]
        pages: dict[PageKey, CutPage] = {}
        for each in (whole, *found):
            pages |= each.pages
        if lacking:
            found = where_it_lacks(found)
        # Of one or two documents as many of each as of one alone.
        most = self.best if len(parts) <= 2 and all(part.documents for part in parts) else _OF_EACH
        turns = zip_longest(*(each.quotes[: None if listing else most] for each in found))
        quoted = [*([] if listing else differing(parts, found)), *(q for turn in turns for q in turn if q is not None)]
        quotes = {(q.document, q.page, q.start): q for q in quoted}
        ranked = zip_longest(*(each.passages for each in (whole, *found)))
        passages = {(p.document, p.page, p.start): p for turn in ranked for p in turn if p is not None}
        missing = sides_missing(parts, found) if comparing else {}
        # Of a side that is in no document it is said; the other is answered.
        gates = [each.gate for place, each in enumerate(found) if place not in missing]
        return replace(
            whole,
            passages=tuple(passages.values()),
            quotes=tuple(quotes.values()),
            gate=max(whole.gate, min(gates, default=0.0)),
            missing=(*whole.missing, *missing.values()),
            pages=pages,
            seconds={stage: sum(each.seconds[stage] for each in (whole, *found)) for stage in whole.seconds},
        )

    def _find(
        self, query: str, context: CallContext, asked: str, previous: Sequence[str], started: float, listing: bool
    ) -> Evidence:
        depth = max(_LIST_PASSAGES, self._passages) if listing else self._passages
        found = self._search.search(query, context, previous=previous, k=depth)
        searched = time.perf_counter()
        own, pages = set(terms(asked, language_of(found.query))), cut_pages(found.pages)
        passages, further = (
            [_with_line(one, found.pages[one.document, one.page]) for one in some]
            for some in (found.passages, found.further)
        )
        quotes = find_quotes(
            found.query,
            passages,
            self._embedder,
            pages=pages,
            weights={term: weight * (_LAST_QUESTION if term in own else 1.0) for term, weight in found.weights.items()},
            k=max(_LIST_QUOTES, self.best) if listing else self.best,
            reader=self._reader,
            most=_LIST_QUOTES,
            listing=listing,
            further=further,
        )
        seconds = {"search": searched - started, "quotes": time.perf_counter() - searched}
        # Pages of further quotes, which say something else, would push out what the search found first.
        ordered = _quoted_first(quotes[: self.best], passages, further)
        gate, weights, missing = (
            (self._gate(found, quotes), found.threshold),
            found.weights,
            (*found.missing, *found.unheld),
        )
        return Evidence(found.query, ordered, quotes, *gate, weights, pages, found.words_only, missing, seconds=seconds)

    def _gate(self, found: Found, quotes: Sequence[Quote]) -> float:
        """The gate, which the best quote moves. Of a follow-up it may quote what was asked before, and of what is in no
        document, or by words alone, its score says little."""
        seen = found.signals
        if only_past(found.query, quotes, date.today()):
            return 0.0
        if not quotes or found.missing or seen.follow_up or seen.by_words:
            return found.gate
        weights = embedder_facts(self._embedder.name).gate_for(found.query, seen.across)
        return with_quote(found.gate, quotes[0].score, weights)


class EvidenceRetriever(BaseRetriever):
    """The best quotes as documents; none where the abstention gate refuses the question.

    Metadata: source (file name or address), document (id), page (from 1), label, start, end, score, numbers (of the
    quotes in it).
    """

    finder: EvidenceFinder
    context: CallContext
    asked: str = ""
    """The question as it was asked, where the chain condenses it."""
    previous: tuple[str, ...] = ()
    listing: bool = False
    dates: Callable[[Sequence[str]], Mapping[str, str]] = undated
    """Of what day documents are, by their ids."""
    parts: tuple[Part, ...] = ()
    """The sides of the question, where it has several."""
    told: tuple[tuple[Quote, ...], ...] = ()
    """The quotes of the questions before, whose text the model has read."""
    asks_again: bool = False
    """Ask again for what was refused: refuse it again."""
    comparing: bool = False
    """The question compares what differs: that is no disagreement."""
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
        find = (
            self.finder.find
            if not self.parts
            else partial(self.finder.find_parts, parts=self.parts, comparing=self.comparing)
        )
        evidence = find(query, self.context, asked=self.asked, previous=self.previous, listing=self.listing)
        if self.asks_again:
            evidence = replace(evidence, gate=0.0)
        # Sides stay side by side, whatever age one of them is named by.
        evidence = dated(evidence, self.dates, None if self.parts else asked_age(self.asked or query))
        if self.comparing or self.listing:
            # Sides differ, and so do the members of a list.
            evidence = replace(evidence, disagreements=())
        best, pages = self.finder.best, evidence.pages
        # What stands behind the best ones is for the reader: a longer prompt takes a small model its time.
        shown = evidence.quotes if self.listing or self.parts else evidence.quotes[:best]
        quotes = shown if evidence.answers or self.anyway else ()
        # Only what was found again: documents may have changed or been narrowed, and answers are held against these.
        earlier = [[q for q in told[:best] if (q.document, q.page) in pages] for told in self.told]
        return Sources(documents_of(quotes, narrow=self.narrow, earlier=earlier), evidence)


def _narrowed(context: CallContext, documents: Sequence[str]) -> CallContext:
    """The context for one side; what the chat is narrowed to stays left out."""
    meant = tuple(d for d in documents if not context.documents or d in context.documents)
    return replace(context, documents=meant) if meant else context


def _with_line(passage: Passage, page: Page) -> Passage:
    line = line_of(passage.kind, page.line(0), page.text[: passage.start])
    return replace(passage, line=line, cells=page.cells_at(passage.start, passage.end))


def _quoted_first(
    quotes: Sequence[Quote], passages: Sequence[Passage], further: Sequence[Passage]
) -> tuple[Passage, ...]:
    """The passages, those on the quotes' pages first: a table of contents matches every term and answers nothing.
    Behind them the further ones that are quoted."""
    pages = list(dict.fromkeys((quote.document, quote.page) for quote in quotes))
    ranks = {page: rank for rank, page in enumerate(pages)}
    ordered = sorted(passages, key=lambda passage: ranks.get((passage.document, passage.page), len(pages)))
    return (*ordered, *(one for one in further if (one.document, one.page) in ranks))
