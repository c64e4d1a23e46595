"""Two passages that say nearly the same and differ in what counts: a figure, a date, a name, a "not", a "may"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from itertools import combinations, pairwise
from typing import Final

from rag.answering.evidence.answer_types import answer_kind, answer_things
from rag.answering.retrieval.questioned_figures import asks_yes_or_no
from rag.core.text import file_words, language_of, numbers, terms, words, years
from rag.core.text.numbers import ORDINALS
from rag.core.types import Disagreement, Quote, Statement

# A quote that says something else than the best ones is shown besides where it scores this share of the best; where a
# question has several answers, less is enough. Chosen on one half of RAMDocs beside squad, see bench/quality.md.
BESIDE: Final = 0.65
# Two units with more of their words in common than this say the same, but for what `decisive` finds in them. It is what
# quotes were told apart by before; squad's figures with it are in bench/quality.md.
ALIKE: Final = 0.8
# Less is enough where what differs is of the kind that is asked for. By hand; of 91 RAMDocs questions 7 are said to be
# in dispute so, and none of 68 of squad; with 0.5 it is 8 and 1.
_COMPARABLE: Final = 0.6
# A row of one word is compared with units of so many at most.
_TINY: Final = 2

_NEGATIONS: Final = re.compile(
    r"\b(?:not?|never|none|neither|nor|without|cannot|\w+n['’]t|nicht|kein\w*|nie|ohne)\b|不|没|未|无|非|禁止",
    re.IGNORECASE,
)
_WITHOUT: Final = re.compile("without|ohne", re.IGNORECASE)
_VERSION: Final = re.compile(
    r"(?:(?<![^\W\d_])(?:version|v|revision|rev|edition|fassung|ausgabe)[ ._-]?(?P<number>\d{1,3})(?!\d)"
    r"|第 ?(?P<chinese>\d{1,3}) ?版)",
    re.IGNORECASE,
)
_MODALS: Final = re.compile(
    r"\b(?:may|must|shall|should|can|could|might|need|only|all|at least|at most|up to|less than|more than"
    r"|darf|muss|soll|kann|nur|alle|mindestens|höchstens)\b|必须|可以|应当|只|全部|至少|最多",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(r"(?<=[\w,;] )[A-Z][\w'’-]*\w")


def decisive(text: str) -> tuple[frozenset[str], ...]:
    """What a text may not differ in without saying something else: figures, negation, modality, names.

    >>> decisive("Visitors may not pay 5 euros.") == decisive("Visitors may pay 5 euros.")
    False
    """
    return (
        frozenset(f"{number.value:g} {number.unit}" for number in numbers(text)),
        frozenset("without" if _WITHOUT.fullmatch(word) else "not" for word in _NEGATIONS.findall(text)),
        frozenset(match.lower() for match in _MODALS.findall(text)),
        frozenset(_NAMES.findall(text)),
    )


def denies(text: str) -> bool:
    """Whether a text says "not" of something."""
    return _NEGATIONS.search(text) is not None


def says_not(text: str) -> bool:
    """As `denies`, without the "without": it is said of another thing."""
    return any(not _WITHOUT.fullmatch(word) for word in _NEGATIONS.findall(text))


def same_said(one: str, other: str, overlap: float) -> bool:
    """Whether two units of a given share of words in common say the same: figures, negations and names agree too."""
    return overlap >= ALIKE and decisive(one) == decisive(other)


def disagreements(
    question: str,
    quotes: Sequence[Quote],
    dates: Mapping[str, str] | None = None,
    around: Mapping[str, str] | None = None,
) -> tuple[Disagreement, ...]:
    """Where quotes of different documents say the same but for what is asked, or but for a figure, a "not" or a "may".

    Args:
        quotes: those shown, best first.
        dates: of the documents, by their ids, where they are known; the newest is named first.
        around: what was found in each document. One that holds a name of the question that another lacks is about
            something else: the rents of two leases are in no dispute.
    """
    told = _named_in(question, quotes, around or {})
    language = language_of(question)
    asked = frozenset(terms(question, language))
    about = [
        place
        for place, quote in enumerate(quotes)
        if len(asked & set(terms(f"{quote.text} {quote.head} {quote.section}", language))) >= _few(asked)
    ]
    # Best first, and each document once: what else it says is of another matter.
    about.sort(key=lambda place: -quotes[place].score)
    speaks: dict[str, int] = {}
    values: dict[int, str] = {}
    for a, b in combinations(about, 2):
        one, other = quotes[a], quotes[b]
        apart = told[one.document] != told[other.document] or any(told[one.document] < more for more in told.values())
        others = speaks.get(one.document, a) != a or speaks.get(other.document, b) != b
        if one.document == other.document or apart or others:
            continue
        if differing := _values(question, one.text, other.text):
            speaks |= {one.document: a, other.document: b}
            values |= {place: value for place, value in zip((a, b), differing, strict=True) if place not in values}
    if not values:
        return ()
    known = dates or {}
    statements = [Statement(place, value, known.get(quotes[place].document, "")) for place, value in values.items()]
    statements.sort(key=lambda statement: statement.quote)
    return (Disagreement(tuple(sorted(statements, key=lambda statement: statement.date, reverse=True))),)


def newest_first(quotes: Sequence[Quote], found: Sequence[Disagreement], dates: Mapping[str, str]) -> list[Quote]:
    """The quotes, those that disagree in the order of their documents' dates; where one has none, as they are."""
    ordered = list(quotes)
    for each in found:
        places = sorted(statement.quote for statement in each.statements)
        if all(dates.get(quotes[place].document) for place in places):
            by_date = sorted(places, key=lambda place: dates[quotes[place].document], reverse=True)
            for place, taken in zip(places, by_date, strict=True):
                ordered[place] = quotes[taken]
    return ordered


def of_age(quotes: Sequence[Quote], dates: Mapping[str, str], *, oldest: bool) -> list[Quote]:
    """The quotes, those first that are nearly as good as the best and of the newest document, or of the oldest."""
    near = [quote for quote in quotes if quote.score >= BESIDE * quotes[0].score and dates.get(quote.document)]
    if len({dates[quote.document] for quote in near}) < 2:
        return list(quotes)
    wanted = (min if oldest else max)(dates[quote.document] for quote in near)
    first = [quote for quote in near if dates[quote.document] == wanted]
    return [*first, *(quote for quote in quotes if quote not in first)]


def of_years(question: str, quotes: Sequence[Quote], dates: Mapping[str, str]) -> list[Quote]:
    """The quotes that say what the best does in documents of the year that is asked for, where the best does not name
    the year itself: "How much leave was there in 2021?"."""
    asked = set(years(question))
    if not asked or not quotes or asked & set(years(quotes[0].text)):
        return []

    def of_it(quote: Quote) -> bool:
        called = years(f"{file_words(quote.name)} {quote.title}")
        return bool(asked & {*called, dates.get(quote.document, "")[:4]})

    best = set(terms(quotes[0].text))
    return [quote for quote in quotes if of_it(quote) and _shared(best, set(terms(quote.text))) >= _COMPARABLE]


def of_version(question: str, quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes, those first whose document bears the version in its name or title that the question names."""
    asked = _version(question)
    near = [quote for quote in quotes if quote.score >= BESIDE * quotes[0].score]
    first = [quote for quote in near if asked and _version(f"{quote.name} {quote.title}") == asked]
    return [*first, *(quote for quote in quotes if quote not in first)]


def _version(text: str) -> str:
    match = _VERSION.search(text.replace("_", " "))
    return (match["number"] or match["chinese"]) if match else ""


def _few(asked: frozenset[str]) -> int:
    return max(1, round(0.5 * len(asked)))


def _named_in(question: str, quotes: Sequence[Quote], around: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """For each document the names and years of the question, and words of documents' titles, that it holds."""
    language = language_of(question)
    titles: dict[str, frozenset[str]] = {}
    said: dict[str, set[str]] = {}
    for quote in quotes:
        titles[quote.document] = frozenset(terms(f"{file_words(quote.name)} {quote.title}", language))
        said.setdefault(quote.document, set()).update(terms(f"{quote.section} {quote.text}", language))
    names = set(terms(" ".join([*_NAMES.findall(question), *years(question)]), language))
    names |= set(terms(question, language)) & frozenset[str]().union(*titles.values())
    return {
        document: frozenset(names & (title | said[document] | set(terms(around.get(document, ""), language))))
        for document, title in titles.items()
    }


def _values(question: str, one: str, other: str) -> tuple[str, str] | None:
    """What two sentences say differently that say the same besides; None where they do not."""
    mine, theirs = (_counted(question, text) for text in (one, other))
    if _of_others(question, one, other, {*mine, *theirs}):
        return None
    own = [[thing for thing in a if not _held(thing, b)] for a, b in ((mine, theirs), (theirs, mine))]
    if all(own):
        things = set(terms(" ".join([*mine, *theirs])))
        asked, said = set(terms(question)), [set(terms(text)) for text in (one, other)]
        # With figures: sentences that hold the same of what is asked, all but a word, are about it, whatever else.
        figures = all(numbers(thing) for thing in (*own[0], *own[1]))
        whole = figures and asked & said[0] == asked & said[1] and len(asked & said[0]) >= max(2, len(asked) - 1)
        besides = [each - things for each in said]
        # A row of one word is in many a sentence.
        tiny = min(map(len, besides)) == 1 and max(map(len, besides)) > _TINY
        if whole or (not tiny and _shared(*besides) >= _COMPARABLE):
            return ", ".join(own[0]), ", ".join(own[1])
    sums, *rest = zip(decisive(one), decisive(other), strict=True)
    opposed = sums[0] != sums[1] if all(sums) else any(a != b for a, b in rest[:2])
    ordered = [set(words(text)) & ORDINALS.keys() for text in (one, other)]
    if all(ordered) and ordered[0] != ordered[1]:
        besides = [
            set(terms(text)) - set(terms(" ".join(each))) for text, each in zip((one, other), ordered, strict=True)
        ]
        return (one, other) if _shared(*besides) >= ALIKE else None
    if asks_yes_or_no(question) and says_not(one) != says_not(other):
        return (one, other) if _shared(set(terms(one)), set(terms(other))) >= _COMPARABLE else None
    if answer_kind(question) is None and opposed and _shared(set(terms(one)), set(terms(other))) >= ALIKE:
        return one, other
    return None


def _counted(question: str, text: str) -> list[str]:
    """The things of the kind asked for; only those that are counted of what is asked, where some are: of "6 days and
    three keys" for "How many days?" the six."""
    things, asked, said = answer_things(question, text), set(terms(question)), words(text)
    followers = {one: set(terms(other)) for one, other in pairwise(said)}
    return [thing for thing in things if asked & followers.get(thing.lower(), set())] or things


def _of_others(question: str, one: str, other: str, things: Set[str]) -> bool:
    """Whether two sentences name different ones of which they speak: "The Basic plan …", "The Business plan …"."""
    besides = {*words(question), *(word for thing in things for word in words(thing))}
    mine, theirs = ({name.lower() for name in _NAMES.findall(text)} - besides for text in (one, other))
    return bool(mine and theirs) and mine.isdisjoint(theirs) and answer_kind(question) is not None


def _held(thing: str, others: Sequence[str]) -> bool:
    mine = {number.value for number in numbers(thing)}
    for other in others:
        theirs = {number.value for number in numbers(other)}
        if mine <= theirs or theirs <= mine if mine and theirs else set(words(thing)) & set(words(other)):
            return True
    return False


def _shared(one: Set[str], other: Set[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))
