"""What claims are held against: the sentences and table rows of the documents, and the nearest of them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from rag.answering.evidence.ranges import holds_for, in_range
from rag.answering.verification.list_leads import as_sentence, denying_lead
from rag.answering.verification.little_words import INSTEAD
from rag.core.tables import CELL_BORDER
from rag.core.text import Language, coverage, file_words, language_of, terms, without_figures
from rag.core.types import Quote

# Characters before a sentence that tell what it is about.
_BEFORE: Final = 250
# Sentences that a claim is held against at most: AttributionBench, WiCE and RAGTruth need one to three.
_SENTENCES: Final = 5
# The number of an article, by which no sentence names it.
_ARTICLE: Final = re.compile(r"(?=[^\s\d]*+\d)\S{1,20}")
# A cell that says that there is nothing of what its column names, and how a sentence says it.
_NONE: Final = re.compile(r"none|no|nil|keine?[nrs]?|nein|无|没有", re.IGNORECASE)
_NO: Final[Mapping[Language, str]] = {"en": "no ", "de": "kein ", "zh": "无"}


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence or table row of the documents, at its `place` in the evidence; the quotes come first.

    `about` holds what it is about: its own terms, those of title and section (`above`), and of the words before it.
    """

    text: str
    terms: frozenset[str]
    above: frozenset[str]
    about: frozenset[str]
    place: int
    quote: Quote
    cell: bool = False
    """Whether it is the very cell that a claim names, by its row and its column."""

    @property
    def row(self) -> bool:
        return bool(self.quote.head)

    @property
    def in_one_line(self) -> str:
        """The text without the ends of its lines, where no clause ends."""
        return self.text.replace("\n", " ")

    @property
    def heading(self) -> bool:
        return self.quote.text.strip("# \n") == self.quote.section.strip("# \n")


class Sources:
    """All that the claims of an answer are held against. Made once for an answer."""

    def __init__(self, quotes: Sequence[Quote], others: Sequence[Quote], language: Language | None = None) -> None:
        """`language`: whose stems claims and evidence are compared by; that of the evidence where not given."""
        quoted = {(quote.document, quote.page, quote.start) for quote in quotes}
        self.quotes = [*quotes, *(one for one in others if (one.document, one.page, one.start) not in quoted)]
        self.language = language or language_of(" ".join(quote.text for quote in self.quotes[:_SENTENCES]))
        told: dict[str, str] = {}
        for quote in self.quotes:
            told[quote.document] = f"{told.get(quote.document, '')} {quote.text}"
        self.languages = {language_of(text) for text in told.values()}
        self.all = [self._source(place, quote, quote.text) for place, quote in enumerate(self.quotes)]
        counts = Counter(term for source in self.all for term in source.terms)
        self._weights = {term: math.log1p(len(self.all) / count) for term, count in counts.items()}
        self.rare = math.log1p(len(self.all) or 1)
        self._everything = _joined(self.all)
        self._meant_by: dict[tuple[str, str], list[Source]] = {}
        self._elsewhere_by: dict[str, frozenset[int]] = {}
        self._called = {
            quote.document: frozenset(terms(f"{file_words(quote.name)} {quote.title}", self.language))
            for quote in self.quotes
        }

    def around(self, claim: str = "", question: str = "") -> str:
        """All that is said, and the titles above it; only of what is meant, where a claim names a document."""
        meant = self.meant(claim, question)
        return self._everything if len(meant) == len(self.all) else _joined(meant)

    def weights(self, wanted: Iterable[str]) -> Mapping[str, float]:
        """What terms are worth: one that few sentences hold more than one that many hold."""
        return {term: self._weights.get(term, self.rare) for term in wanted}

    def meant(self, claim: str, question: str) -> list[Source]:
        """The evidence without that of other documents of the kind, where one of them is named: of two leases the one
        with Acorn, of yearly reports that on 2021. What names it as well is meant too."""
        if len(self._called) < 2:
            return self.all
        if (claim, question) not in self._meant_by:
            self._meant_by[claim, question] = self._of_named(claim) or self._of_named(question) or self.all
        return self._meant_by[claim, question]

    def _of_named(self, said: str) -> list[Source]:
        """... by what a text names; nothing where it names none.

        Documents of a kind have more words of their names in common than not; that one is named is sure only where all
        is said that tells it from the other.
        """
        spoken = set(terms(said, self.language))
        left_out: dict[str, frozenset[str]] = {}
        for called in self._called.values():
            for other, its in self._called.items():
                names, others = called - its, its - called
                of_a_kind = len(called & its) >= max(len(names), len(others), 1)
                if names and of_a_kind and names <= spoken and not others & spoken:
                    left_out[other] = left_out.get(other, frozenset()) | names
        if not left_out:
            return []
        return [s for s in self.all if not (lacking := left_out.get(s.quote.document)) or lacking & s.terms]

    def nearest(self, claim: str, question: str = "") -> list[Source]:
        """The evidence nearest to a claim, nearest first; of a table's row the columns that the claim names.

        Of table rows only those that the claim names, or of a table of which it names none those that it is about, its
        figures aside: what stands in the others is true of something else.
        """
        wanted = self.weights(terms(claim, self.language))
        about = {term: weight for term, weight in wanted.items() if not term[0].isdigit()}
        rows = {source.place: self._fits(about, source, f"{question} {claim}") for source in self.all if source.row}
        best = max(rows.values(), default=(0.0, False))
        named = {source.place: source.quote.head for source in self.all if source.row and self._named(source, wanted)}
        tables = set(named.values())
        near = [
            source
            for source in self.meant(claim, question)
            if source.place in named or (rows.get(source.place, best) >= best and source.quote.head not in tables)
        ]
        near.sort(key=lambda source: -coverage(wanted, source.terms))
        plain = frozenset(terms(without_figures(claim), self.language))
        return [self.narrowed(source, wanted, plain) for source in near[:_SENTENCES]]

    def of_another_range(self, question: str) -> frozenset[int]:
        """The places of table rows that hold for other cases than the one asked about: "10 to 14 years" where somebody
        asks after six, and another row of the table says what holds for six."""
        if question not in self._elsewhere_by:
            self._elsewhere_by[question] = frozenset(self._of_another_range(question))
        return self._elsewhere_by[question]

    def _of_another_range(self, question: str) -> Iterator[int]:
        rows = [source for source in self.all if source.row]
        # Most questions name no number that could lie in a range, and no row is looked at for them.
        near = (source for source in rows if in_range(question, source.quote.text))
        fitting = {source.place: source.quote for source in near if holds_for(source.quote.text)}
        tables = {(quote.document, quote.head) for quote in fitting.values()}
        for source in rows if tables else ():
            of_table = (source.quote.document, source.quote.head) in tables and source.place not in fitting
            if of_table and holds_for(source.quote.text):
                yield source.place

    def narrowed(self, source: Source, wanted: Mapping[str, float], plain: Set[str] = frozenset()) -> Source:
        """A row with only the columns that a claim names, where it names some and not others.

        Args:
            plain: what is wanted without figures and their units, which name a column less than other words do.
        """
        heads, cells = source.quote.head.split(CELL_BORDER), source.quote.text.split(CELL_BORDER)
        if len(heads) != len(cells) or len(cells) < 3:
            return source
        named = [frozenset(terms(head, self.language)) for head in heads]
        common, sought = frozenset.intersection(*named[1:]), frozenset(wanted)
        shares = [len((one - common) & sought) / len(one - common) if one - common else 0.0 for one in named]
        best = max(shares[1:])
        # Beside a column that is named in full one of which only "fee" is named is not meant.
        least = best if best == 1.0 else best / 2
        kept = [i for i in range(1, len(cells)) if best and shares[i] >= least] or list(range(1, len(cells)))
        if best == 1.0 and (by_words := [i for i in kept if named[i] - common <= plain]):
            kept = by_words
        labels = [0, 1] if _ARTICLE.fullmatch(cells[0].strip()) and 1 not in kept else [0]
        shown = [f"{heads[i]}: {cells[i]}" for i in labels]
        # What a claim says of another column belongs to the one that it names in full: the limit, during fairs.
        beside = [heads[i] for i in range(1, len(cells)) if i not in kept and i not in labels and shares[i]]
        shown += [", ".join(beside)] if beside else []
        text = "; ".join([*shown, *(self._cell(heads[i], cells[i]) for i in kept)])
        found = self._source(source.place, source.quote, text, whole=True)
        return replace(found, cell=best == 1.0 and len(kept) == 1 and self._named(source, wanted))

    def _cell(self, head: str, cell: str) -> str:
        """A cell with its head; one that says that there is none as a sentence would: "no joining fee"."""
        return f"{_NO[self.language]}{head}" if _NONE.fullmatch(cell.strip()) else f"{head}: {cell}"

    def asserted(self, source: Source) -> Source:
        """A sentence without what it puts aside: of "2 euros instead of 4" the 4 is not said."""
        text = INSTEAD.sub(" ", source.text)
        return source if text == source.text else self._source(source.place, source.quote, text, whole=True)

    def _named(self, row: Source, wanted: Mapping[str, float]) -> bool:
        """Whether a claim says all that a row begins with: of "the P20 and the P40" both rows are meant. What stands
        behind the number of an article names it as well."""
        first, *rest = row.quote.text.split(CELL_BORDER)
        numbered = _ARTICLE.fullmatch(first.strip())
        names = [first, *(cell for cell in rest[:1] if numbered and not any(map(str.isdigit, cell)))]
        said = (terms(name, self.language) for name in names)
        return any(one and all(term in wanted for term in one) for one in said)

    def _fits(self, about: Mapping[str, float], row: Source, asked: str) -> tuple[float, bool]:
        return coverage(about, row.terms), in_range(asked, row.quote.text)

    def _source(self, place: int, quote: Quote, text: str, *, whole: bool = False) -> Source:
        said = f"{quote.head} {text}" if quote.head and not whole else as_sentence(denying_lead(quote), text)
        held = frozenset(terms(said, self.language))
        above = frozenset(terms(f"{quote.title} {quote.section}", self.language))
        about = held.union(terms(f"{quote.title} {quote.section} {quote.before[-_BEFORE:]}", self.language))
        return Source(said.strip(), held, above, about, place, quote)


def chosen(claim: Mapping[str, float], near: Sequence[Source], most: int = _SENTENCES) -> list[Source]:
    """Of the nearest the fewest that together hold what they all hold of a claim, the best first."""
    found: list[Source] = []
    held: Set[str] = frozenset()
    while len(found) < most:
        rest = [source for source in near if source not in found and _may_stand(source, found)]
        # What belongs together stands in one document: of two that are as good, the one beside the first.
        best = max(rest, key=lambda one: (coverage(claim, held | one.terms), _beside(one, found)), default=None)
        if best is None or (found and coverage(claim, held | best.terms) <= coverage(claim, held)):
            break
        found.append(best)
        held = held | best.terms
    return found


def _may_stand(source: Source, found: Sequence[Source]) -> bool:
    """Whether a source says something by itself: a heading does only above what stands under it."""
    quote = source.quote
    return not source.heading or any(
        (quote.document, quote.section) == (f.quote.document, f.quote.section) for f in found
    )


def _beside(source: Source, found: Sequence[Source]) -> int:
    """Whether a source stands in the document, and in the section, of the first one found."""
    quote, first = source.quote, found[0].quote if found else source.quote
    return (quote.document == first.document) * (1 + (quote.section == first.section))


def _joined(sources: Sequence[Source]) -> str:
    titles = dict.fromkeys(f"{source.quote.title} {source.quote.section}" for source in sources)
    return " ".join([*(source.text for source in sources), *titles])
