"""Negations: what a text denies, held against what the documents deny and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Final

from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source, Sources
from rag.answering.verification.little_words import CONTRADICTORY
from rag.core.text import STOP_WORDS, Language, coverage, script_of, stem, terms
from rag.core.types import Span

_WORD: Final = re.compile(r"[^\W_][\w'’&.,-]*\w|[^\W_]")
# The "No" of a title denies nothing, nor does one in quotation marks.
_NEGATIONS: Final = re.compile(
    r"(?<!or )(?<!['‘“\"])\b(?!(?-i:No [A-Z]))"
    r"(?:not|no|never|none|nor|neither|nobody|nothing|cannot|\w+n['’]t|nicht|kein\w*|nie)\b"
    # "Not only" and "not always" deny nothing, or not the whole; "not more than" is a bound.
    r"(?! (?:only|but|just|merely|simply|always|necessarily|hesitate|worry|forget"
    r"|(?:more|less|fewer|later|longer) than)\b)",
    re.IGNORECASE,
)
# What is plainly denied; a "no" or "neither" is often said in other words.
_PLAINLY: Final = re.compile(r"not|cannot|\w+n['’]t|nicht", re.IGNORECASE)
# What makes a clause a condition or a part of another thing's name: what it denies is not what the sentence says.
_SUBORDINATE: Final = re.compile(r"\b(?:if|unless|whether|that|than|wenn|dass)\b", re.IGNORECASE)
# Words that deny without a "not": where one stands, a "not" elsewhere may say the same.
_DENIALS: Final = re.compile(
    r"\b(?:until|without|outside|hardly|barely|unable|lack\w*|fail(?:s|ed|ure)?|refus\w*|den(?:y|ies|ied)|prohibit\w*|forbid\w*|"
    r"exclud\w*|prevent\w*|absen\w*|avoid\w*|difficult\w*|impossible|instead|rather than|except|unless|exempt|differ\w*"
    r"|remov\w*|abolish\w*|discontinu\w*"
    r"|few|in(?:complete|ability|valid|eligible|correct|sufficient|capable)|dis(?!c|t)[a-z]{4,}|un(?!der|til|ion|it|iq|iv|install|lock|load|pack|do)[a-z]{4,})\b",
    re.IGNORECASE,
)
_NEGATIONS_CHINESE: Final = re.compile(
    "不(?!仅|但|只|断|同|久|少|过|得不|超过)|没有?|未(?!来|满)|无(?!论|数)|非(?!常|洲)|否|别(?!的|人)|禁止|拒绝|免(?=收|交|缴|除|于)"
)
_CLAUSE: Final = re.compile(r"[.;:!?]\s|\n|,\s|[()]")
_OTHER_CLAUSE: Final = re.compile(r"[.;:!?,，。；]\s?|\s(?:and|but|though|although|while|und|aber)\s")
_CLAUSE_CHINESE: Final = re.compile("[，。；：！？、,.;:!?\\s]")
# Characters on each side of a Chinese negation that it is about.
_REACH_CHINESE: Final = 6
# Characters on each side of a negation among which its words are looked for.
_REACH: Final = 150
# Words before and after a negation that it is about; in the documents, where the same is said otherwise, more.
_CLAIMED: Final = (2, 4)
_SAID: Final = (6, 6)
# What a negation of the documents is about when a claim is looked through for it.
_DENIED: Final = (1, 3)
# How nearly a claim must say what the documents deny, to be taken for its opposite; more where they also say it.
_OPPOSITE: Final = 0.25
_OPPOSITE_SAID: Final = 0.3
# How nearly what the claim denies must be said to be shown as what speaks against it.
_PLAIN: Final = 0.4
# Words that follow a negation and stand so in the documents bear it out.
_FOLLOWING: Final = 2
# How much of a claim another clause of the sentence that denies it must say to say it; set by hand.
_SAID_BESIDE: Final = 0.9
# How much of what follows a denial of the documents a claim must say to say its opposite.
_FOLLOWED: Final = 0.6


@dataclass(frozen=True, slots=True)
class Negation:
    """A negation of a text: the stems of what it denies, before and behind it in its clause."""

    start: int
    end: int
    behind: tuple[str, ...]
    ahead: tuple[str, ...]

    def about(self, before: int, after: int) -> frozenset[str]:
        return frozenset((*(self.behind[-before:] if before else ()), *self.ahead[:after]))


def negations(text: str, language: Language) -> Iterator[Negation]:
    """The negations of a text.

    >>> [(found.behind, found.ahead) for found in negations("Visitors do not pay for parking.", "en")]
    [(('visitor',), ('pay', 'park'))]
    """
    for match in _NEGATIONS.finditer(text):
        ahead = _CLAUSE.split(text[match.end() : match.end() + _REACH], maxsplit=1)[0]
        behind = _CLAUSE.split(text[max(0, match.start() - _REACH) : match.start()])[-1]
        yield Negation(*match.span(), tuple(_stems(behind, language)), tuple(_stems(ahead, language)))
    for match in _NEGATIONS_CHINESE.finditer(text):
        ahead = _CLAUSE_CHINESE.split(text[match.end() : match.end() + _REACH_CHINESE], maxsplit=1)[0]
        behind = _CLAUSE_CHINESE.split(text[max(0, match.start() - _REACH_CHINESE) : match.start()])[-1]
        yield Negation(*match.span(), _bigrams(behind), _bigrams(ahead))


def denials(text: str) -> frozenset[str]:
    """The words that deny something in a text without a "not"."""
    return frozenset(match[0].lower() for match in _DENIALS.finditer(text))


def denies(text: str) -> bool:
    """Whether a text has a "not"."""
    return any(pattern.search(text) for pattern in (_NEGATIONS, _NEGATIONS_CHINESE))


def denies_outright(claim: str, span: Span) -> bool:
    """Whether the negation at a place denies what the sentence as such says, not a condition or an aside of it."""
    begin = [match.end() for match in _CLAUSE.finditer(claim, 0, span[0])]
    aside = _SUBORDINATE.search(claim, begin[-1] if begin else 0, span[0])
    return aside is None and (script_of(claim) == "cjk" or _PLAINLY.fullmatch(claim, *span) is not None)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A sentence of the documents: its stems, and what it denies."""

    source: Source
    stems: Set[str]
    denies: tuple[Negation, ...]
    denials: Set[str]


class Negations:
    """What the evidence denies. Made once for an answer, asked about each of its claims."""

    def __init__(self, sources: Sources) -> None:
        self._sources, self._language = sources, sources.language
        self._heard = [self._hear(source) for source in sources.all]

    def differences(self, claim: str, near: Sequence[Source], question: str = "") -> Iterator[Difference]:
        """Negations of the claim that the evidence speaks against, and those of the evidence that it leaves away.

        Args:
            near: of the evidence the nearest, rows with the columns that the claim names.
        """
        narrow = {source.place: self._hear(source) for source in near}
        places = {source.place for source in self._sources.meant(claim, question)}
        heard = [narrow.get(one.source.place, one) for one in self._heard if one.source.place in places]
        mine, own = list(negations(claim, self._language)), denials(claim)
        for found in mine:
            meant = found.about(*_CLAIMED)
            if meant and not self._denied(found, heard, own):
                end = found.end + (2 if script_of(claim) == "cjk" else 0)
                # What says otherwise says the thing itself that is denied, not only where or of whom.
                act = set(found.ahead[:1]) if script_of(claim) != "cjk" else set[str]()
                about = [one for one in heard if self._share(meant, one.stems) >= _PLAIN]
                if act and not any(act <= one.stems for one in heard) and any(one.denies for one in about):
                    # "You cannot eat" beside "food is not allowed": in words that this does not compare.
                    continue
                plain = [one for one in about if not one.denies and act <= one.stems]
                source = max(plain, key=lambda one: self._share(meant, one.stems)).source if plain else None
                if source or denies_outright(claim, (found.start, found.end)):
                    text = source.text if source else ""
                    yield Difference("negation", (found.start, min(end, len(claim))), text, source)
        if not own:
            yield from self._left_away(claim, mine, heard)

    def _denied(self, found: Negation, heard: Sequence[_Heard], own: Set[str]) -> bool:
        """Whether the documents deny what the claim denies, more nearly than they say it.

        Args:
            own: what the claim denies in other words, which says nothing of its "not" where it stands in both.
        """
        meant, follows, denied, plain = found.about(*_CLAIMED), found.ahead[:_FOLLOWING], 0.0, 0.0
        shut_out = {other for term in meant for other in CONTRADICTORY[self._language].get(term, ())}
        for one in heard:
            if len(follows) == _FOLLOWING and any(other.ahead[:_FOLLOWING] == follows for other in one.denies):
                return True
            said = self._share(meant, one.stems)
            denied = max([denied, *(self._share(meant, other.about(*_SAID)) for other in one.denies)])
            if shut_out & one.stems and not one.denies:
                denied = max(denied, self._share(meant, one.stems | meant & CONTRADICTORY[self._language].keys()))
            elif one.denials - own:
                denied = max(denied, said / 2)
            elif not one.denies:
                plain = max(plain, said)
        return denied > plain

    def _left_away(self, claim: str, mine: Sequence[Negation], heard: Sequence[_Heard]) -> Iterator[Difference]:
        claimed = frozenset(terms(claim, self._language)) | _pairs(claim)
        denied = [found.about(*_SAID) for found in mine]
        for one in heard:
            if one.source.text.rstrip(' "”」)').endswith(("?", "？")):
                continue
            close = self._share(claimed, one.stems)
            for found in one.denies:
                meant, follows = found.about(*_DENIED), found.about(0, _DENIED[1])
                shared, share = meant & claimed, self._share(meant, claimed)
                if self._share(follows, claimed) < _FOLLOWED or any(shared & other for other in denied):
                    continue
                if self._said_beside(claimed, one.source.text, found):
                    continue
                also_said = any(shared <= other.stems for other in heard if not other.denies)
                if close * share >= _OPPOSITE + _OPPOSITE_SAID * also_said:
                    yield Difference("negation", self._first(claim, follows), one.source.text, one.source)

    def _said_beside(self, claimed: Set[str], text: str, denied: Negation) -> bool:
        """Whether another clause of a sentence says the claim: "insured in the first tariff, and not in the second"."""
        clauses = (text[: denied.start], *_OTHER_CLAUSE.split(text[denied.end :])[1:])
        return any(self._share(claimed, frozenset(terms(clause, self._language))) >= _SAID_BESIDE for clause in clauses)

    def _first(self, claim: str, wanted: Set[str]) -> Span:
        """Where the first of some stems stands in a claim; the whole of it where that cannot be told."""
        spans = (
            match.span() for match in _WORD.finditer(claim) if not wanted.isdisjoint(_stems(match[0], self._language))
        )
        return next(spans, (0, len(claim)))

    def _hear(self, source: Source) -> _Heard:
        stems = source.terms | _pairs(source.text)
        return _Heard(source, stems, tuple(negations(source.text, self._language)), denials(source.text))

    def _share(self, wanted: Set[str], present: Set[str]) -> float:
        """The share of the wanted stems that are present, a rare one counting more than a common one."""
        return coverage(self._sources.weights(wanted), present)


def _pairs(text: str) -> frozenset[str]:
    """Each two characters that stand side by side in a Chinese text, as negations are told there."""
    return frozenset(_bigrams(text)) if script_of(text) == "cjk" else frozenset()


def _bigrams(text: str) -> tuple[str, ...]:
    return tuple(text[i : i + 2] for i in range(len(text) - 1))


def _stems(text: str, language: Language) -> list[str]:
    found = (word.lower() for word in _WORD.findall(text))
    return [stem(word, language) for word in found if word not in STOP_WORDS[language]]
