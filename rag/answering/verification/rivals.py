"""What a figure, day or name is said of: a claim takes it from one sentence, and another sentence or clause says the
claim's other words of another figure, day or name. Of "adults pay 14 euros and students 9" that adults pay 9.

Such a value has a rival, and is a doubt: the words stand in the documents, and not together."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.answering.evidence.ranges import in_range
from rag.answering.verification.amounts import IN
from rag.answering.verification.claims import PRONOUN, subject_of
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.answering.verification.little_words import PERIODS
from rag.answering.verification.names import NAME_LIKE, names
from rag.core.text import Language, is_empty, measure, months, numbers, script_of, terms, without_figures
from rag.core.types import Span

# How much more of a claim's other words the rival's sentence must hold than any that has the value, and how much of
# them at least. These, and those below, were set on folders a to c of `bench/everyday_claims.py`; its folder d and a
# kept third of what a model wrote, on which they were not set, are in `bench/verdicts.md`.
_MORE, _LEAST = 0.25, 0.5
# ... and from which on its figure is surely that of something else.
_FAR: Final = 0.6
# ... and that of somebody else who does a thing, than any about whom the claim has do it; and the fewest such words.
_MUCH_MORE, _FEWEST = 0.8, 2
# Numbers without a unit count or name a thing; those below mostly name one, as in "year 5".
_COUNTS: Final = 10
# Seconds of a month, by which it is no number of weeks.
_MONTH: Final = 2_629_746
# Words for what is measured, beside those that tell of what: "notice period", "probation period".
_MEASURES: Final = frozenset(terms("period time length duration number amount"))
_MONEY: Final = frozenset("$€£¥")
_CLAUSE: Final = re.compile(
    r"[.:;!?,]\s(?:(?:and|but|while|whereas|und|aber|während)\s)?|\s(?:and|but|while|whereas|und|aber|während)\s",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"1[5-9]\d\d|20\d\d")
_VALUES: Final[dict[str, tuple[str, float]]] = {
    **dict.fromkeys(("free", "kostenlos", "gratis", "umsonst"), ("money", 0.0)),
    **dict.fromkeys(("noon", "midday", "mittag", "mittags"), ("clock", 12.0)),
    **dict.fromkeys(("midnight", "mitternacht"), ("clock", 0.0)),
}
_NAMED: Final = re.compile(rf"\b(?:{'|'.join(_VALUES)})\b", re.IGNORECASE)
_WEEKDAY: Final = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)
_AGENT: Final = re.compile(
    r"\bby ((?:[^\s,.;]++ ){0,4}?[^\s,.;]++)(?=[,.;]| (?:within|in|on|at|for|with|after|if)\b|$)"
)
_CLOCK: Final = re.compile(r"(?:[:.]\d\d)?\s?(?:[ap]\.?m\b|uhr\b|o['’]clock)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Value:
    """A figure, day or name: what rivals have in common, and what tells it from them."""

    kind: str
    key: float | str
    span: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, a row or a clause of one."""

    terms: frozenset[str]
    values: frozenset[tuple[str, float | str]]
    clause: bool
    source: Source


def rivals(claim: str, everything: Sequence[Source], language: Language) -> Iterator[Difference]:
    """The values of a claim that the documents have beside other words only, where they say its words of another; and
    who does a thing that is said of somebody else."""
    if script_of(claim) == "cjk" or not everything:
        return
    said = frozenset(term for term in terms(claim, language) if not term[0].isdigit())
    nearest = max(everything, key=lambda source: _held(said, source))
    units = [unit for source in everything for unit in _units(source, language)]
    # What another document says so is said of another matter.
    beside = [unit for unit in units if unit.source.quote.document == nearest.quote.document]
    values = list(values_of(claim))
    told = frozenset((value.kind, value.key) for value in values)
    for value in values:
        own = frozenset(terms(claim[slice(*value.span)], language))
        homes = [unit for unit in units if _has(unit, value, own)]
        called = frozenset(terms(str(value.key), language))
        others = [
            unit for unit in beside if not _has(unit, value, called) and _rival(unit, value, told, said, language)
        ]
        rest = said - own - _MEASURES or said - own
        apart = _apart(rest, homes, others, said | own) if homes and others and rest else 0.0
        if apart >= _MORE:
            kind = "name" if value.kind == "name" else "figure"
            yield Difference(kind, value.span, check="adrift" if apart >= _FAR else "")
    yield from _done_by_another(claim, said, [unit for unit in beside if not unit.clause], language)


def _apart(rest: frozenset[str], homes: Sequence[_Unit], others: Sequence[_Unit], said: frozenset[str]) -> float:
    """How much more of what a claim says of a value is said of another one."""
    rival = max(others, key=lambda unit: _held(rest, unit))
    if rival.clause and (its := [unit for unit in homes if unit.source is rival.source]):
        # Their sentence has both; it is the clauses that are compared.
        homes = [unit for unit in its if unit.clause]
    home = max(homes, key=lambda unit: _held(rest, unit), default=None)
    # It is another thing that the value is said of.
    of_another = home and any(not term[0].isdigit() for term in home.terms - home.source.above - said)
    most = _held(rest, rival)
    # ... or less is said of it than the claim says, all of which is said of the other one.
    sure = of_another or (most == 1.0 and not rival.source.row)
    return most - _held(rest, home) if home and sure and most >= _LEAST else 0.0


def _done_by_another(
    claim: str, said: frozenset[str], beside: Sequence[_Unit], language: Language
) -> Iterator[Difference]:
    """A subject, or who something is done by, that stands only in sentences about other things, where a sentence says
    all the rest of somebody else."""
    for start, end in _doers(claim):
        own = frozenset(terms(without_figures(claim[start:end]), language))
        rest, homes = said - own, [unit for unit in beside if own <= unit.terms]
        if not own or not homes or len(rest) < _FEWEST:
            continue
        rival = max(beside, key=lambda unit: _held(rest, unit))
        other = subject_of(rival.source.text)
        apart = _held(rest, rival) - max(_held(rest, unit) for unit in homes)
        if apart >= _MUCH_MORE and own.isdisjoint(rival.terms) and terms(other, language) and not PRONOUN.search(other):
            yield Difference("name", (start, end))


def _doers(claim: str) -> Iterator[Span]:
    """Where the subject of a claim stands, and who something is done by."""
    subject = subject_of(claim)
    if subject and (at := claim.find(subject)) >= 0:
        yield at, at + len(subject)
    yield from (match.span(1) for match in _AGENT.finditer(claim))


def values_of(text: str) -> Iterator[Value]:
    """The figures, weekdays and names of a text.

    >>> [(value.kind, value.key) for value in values_of("On Mondays Ann Lee opens at 6 pm for £4.")]
    [('clock', 18.0), ('money', 4.0), ('weekday', 'mon'), ('name', 'Ann Lee')]
    """
    for number in numbers(text):
        kind, factor = IN.get(number.unit, (number.unit, 1))
        if kind == "month":
            # Two weeks are a rival of six months.
            kind, factor = "second", factor * _MONTH
        elif number.unit in _MONEY:
            kind = "money"
        elif kind == "pound":
            # Sterling much more often than weight.
            kind, factor = "money", 1
        elif not kind and _CLOCK.match(text, number.end):
            kind = "clock"
        elif not kind:
            kind = "year" if _YEAR.fullmatch(text, number.start, number.end) else "number"
        if kind not in ("number", "") or (number.plain and number.value >= _COUNTS):
            yield Value(kind, number.value * factor, (number.start, number.end))
    yield from _words(text)
    yield from _names(text)


def _words(text: str) -> Iterator[Value]:
    """The values that are words."""
    for match in _NAMED.finditer(text):
        yield Value(*_VALUES[match[0].lower()], match.span())
    for match in _WEEKDAY.finditer(text):
        yield Value("weekday", match[0].lower()[:3], match.span())
    for name in sorted(months(text)):
        start = max(text.lower().find(name[:3]), 0)
        yield Value("in month", name, (start, start + len(name)))
    for place, period in enumerate(PERIODS):
        if found := period.search(text):
            yield Value("period", float(place), found.span())


def _names(text: str) -> Iterator[Value]:
    inside = set(names(text))
    for match in NAME_LIKE.finditer(text):
        words = [word for word in match[0].split() if not (is_empty(word) or months(word) or _WEEKDAY.match(word))]
        if not inside.isdisjoint(words) and not any(map(measure, words)):
            start = match.start() + match[0].index(words[0])
            yield Value("name", " ".join(words), (start, match.end()))


def _units(source: Source, language: Language) -> Iterator[_Unit]:
    text = f"{source.quote.head} {source.text}" if source.row else source.in_one_line
    for i, (held, values) in enumerate(_parts(text, source.row, language)):
        yield _Unit(held | source.above, values, i > 0, source)


@functools.lru_cache(maxsize=16384)
def _parts(
    text: str, row: bool, language: Language
) -> tuple[tuple[frozenset[str], frozenset[tuple[str, float | str]]], ...]:
    """The terms and values of a text, and of its clauses."""
    clauses = [] if row else [part for part in _CLAUSE.split(text) if part.strip()]
    return tuple(
        (frozenset(terms(part, language)), frozenset((value.kind, value.key) for value in values_of(part)))
        for part in (text, *(clauses if len(clauses) > 1 else ()))
    )


def _has(unit: _Unit, value: Value, own: frozenset[str]) -> bool:
    if value.kind == "name":
        return own <= unit.terms
    # What stands below "Accounts of 2023" is said of that year.
    if (value.kind, value.key) in unit.values or (value.kind == "year" and f"{value.key:.0f}" in unit.terms):
        return True
    return unit.source.row and isinstance(value.key, float) and in_range(f"{value.key:g}", unit.source.quote.text)


def _rival(
    unit: _Unit, value: Value, told: frozenset[tuple[str, float | str]], said: frozenset[str], language: Language
) -> bool:
    """Whether it has a value of the kind of which the claim says nothing."""
    found = [key for kind, key in unit.values - told if kind == value.kind]
    return any(value.kind != "name" or not said.issuperset(terms(str(key), language)) for key in found)


def _held(wanted: frozenset[str], of: Source | _Unit) -> float:
    return len(wanted & of.terms) / len(wanted) if wanted else 0.0
