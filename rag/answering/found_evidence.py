"""What was found for a question: passages, quotes, and where its documents do not say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from langchain_core.documents import Document

from rag.answering.evidence import (
    CutPage,
    decisive,
    denies,
    disagreements,
    newest_first,
    of_age,
    of_version,
    of_years,
    sentences_of,
)
from rag.answering.retrieval import Missing, Part
from rag.core.text import coverage, file_words, is_empty, language_of, script_of, terms
from rag.core.types import Disagreement, PageKey, Passage, Quote

# A sentence with so much of what was looked for says it.
_SAYS_SO: Final = 0.8
# Sentences of two documents with so many of their words in common are about the same. By hand.
_SAME_MATTER: Final = 0.5
# Quotes of what two documents say differently.
_MOST: Final = 12
# Quotes of each document that does not say what was looked for.
_OF_EACH: Final = 2

# Of what day documents are, by their ids.
Dates = Callable[[Sequence[str]], Mapping[str, str]]


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
    disagreements: tuple[Disagreement, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def answers(self) -> bool:
        """Whether the documents answer the question."""
        return self.gate >= self.threshold

    def sentences(self) -> list[Quote]:
        """All that an answer could stand on: the units of the passages, and those of the quotes' whole pages."""
        quoted = {(quote.document, quote.page) for quote in self.quotes}
        return sentences_of([self._wide(p) if (p.document, p.page) in quoted else p for p in self.passages], self.pages)

    def _wide(self, passage: Passage) -> Passage:
        """The whole of a passage's page."""
        return replace(passage, start=0, end=len(self.pages[passage.document, passage.page].text))


class Sources(list[Document]):
    """The documents for the prompt, with the evidence they come from."""

    def __init__(self, documents: Sequence[Document], evidence: Evidence) -> None:
        super().__init__(documents)
        self.evidence = evidence


def undated(_: Sequence[str]) -> Mapping[str, str]:
    return {}


def dated(evidence: Evidence, dates: Dates, age: Literal["newest", "oldest"] | None) -> Evidence:
    """The evidence with what its documents say differently, the newest first, or those of the age that is asked for."""
    documents = list(dict.fromkeys(quote.document for quote in evidence.quotes))
    if len(documents) < 2:
        return evidence
    around: dict[str, str] = {}
    for passage in evidence.passages:
        around[passage.document] = f"{around.get(passage.document, '')} {passage.text}"
    known, quotes = dates(documents), tuple(of_version(evidence.query, evidence.quotes))
    if of_it := of_years(evidence.query, quotes, known):
        # What another year's document says is no dispute.
        return replace(evidence, quotes=(*of_it, *(quote for quote in quotes if quote not in of_it)))
    if age is not None:
        quotes = tuple(of_age(quotes, known, oldest=age == "oldest"))
    found = disagreements(evidence.query, quotes, known, around)
    if found and age is None and quotes == evidence.quotes:
        quotes = tuple(newest_first(quotes, found, known))
        found = disagreements(evidence.query, quotes, known, around)
    return replace(evidence, quotes=quotes, disagreements=found)


def where_it_lacks(found: Sequence[Evidence]) -> list[Evidence]:
    """The documents that do not say what was looked for in each: what they say instead, or that it is not so."""
    said = [[set(terms(quote.text, language_of(each.query))) for quote in each.quotes] for each in found]
    # A word that none of them uses tells nothing: one says "a penalty of 2 percent", and no "penalty clause".
    used = set[str]().union(*(words for each in said for words in each))
    lacking = []
    for each, quoted in zip(found, said, strict=True):
        wanted = {term: weight for term, weight in each.weights.items() if term in used}
        saying = [q for q, words in zip(each.quotes, quoted, strict=True) if coverage(wanted, words) >= _SAYS_SO]
        denying = tuple(quote for quote in saying if denies(quote.text))
        if not saying or denying:
            lacking.append(replace(each, quotes=denying or each.quotes[:_OF_EACH]))
    return lacking


def sides_missing(parts: Sequence[Part], found: Sequence[Evidence]) -> dict[int, Missing]:
    """The sides that no document names, by their places: of "Compare Oak and Elm" the one whose words are nowhere."""
    missing: dict[int, Missing] = {}
    for place, (part, each) in enumerate(zip(parts, found, strict=False)):
        language = language_of(part.query)
        besides = {term for other in parts if other is not part for term in terms(other.query, language)}
        said = (word.strip("?!.,;:()'\"“”") for word in part.query.split() if script_of(word) != "cjk")
        named = [word for word in said if not is_empty(word) and not besides.issuperset(terms(word, language))]
        own = {term for word in named for term in terms(word, language)}
        read = (
            f"{file_words(passage.name)} {passage.title} {passage.section} {passage.text}" for passage in each.passages
        )
        if not part.documents and own and all(own.isdisjoint(terms(text, language)) for text in read):
            missing[place] = Missing(" ".join(named))
    return missing


def differing(parts: Sequence[Part], found: Sequence[Evidence]) -> list[Quote]:
    """What two documents say differently of the same, sentence beside sentence; nothing where more is asked for."""
    if len(found) != 2 or any(_asks_more(part, each) for part, each in zip(parts, found, strict=True)):
        return []
    there = [(quote, set(terms(quote.text))) for quote in found[1].sentences()]
    pairs = list[Quote]()
    for quote in found[0].sentences():
        own = set(terms(quote.text))
        if own <= set(terms(quote.title)):
            continue
        shared, other = max(
            ((len(own & its) / max(1, len(own), len(its)), beside) for beside, its in there),
            key=lambda one: one[0],
            default=(0.0, quote),
        )
        if shared >= _SAME_MATTER and decisive(quote.text) != decisive(other.text):
            pairs += [quote, other]
    return pairs[:_MOST]


def _asks_more(part: Part, found: Evidence) -> bool:
    """Whether a side asks for more than for its document."""
    called = " ".join(f"{file_words(passage.name)} {passage.title}" for passage in found.passages[:1])
    language = language_of(part.query)
    return len(part.documents) != 1 or not set(terms(part.query, language)) <= set(terms(called, language))
