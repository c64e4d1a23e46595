"""Negations: what a text denies, held against what the documents deny and what they say."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Final

from rag.answering.verification.antonyms import opposites
from rag.core.text import STOP_WORDS, Language, language_of, script_of, stem, terms

_WORD: Final = re.compile(r"[^\W_][\w'’&.,-]*\w|[^\W_]")
_NEGATIONS: Final = re.compile(
    r"(?<!or )\b(?:not|no|never|none|nor|neither|nobody|nothing|cannot|\w+n['’]t)\b", re.IGNORECASE
)
# Words that deny without a "not": where one stands, a "not" elsewhere may say the same.
DENIALS: Final = re.compile(
    r"\b(?:without|outside|hardly|barely|unable|lack\w*|fail(?:s|ed|ure)?|refus\w*|den(?:y|ies|ied)|prohibit\w*|forbid\w*|"
    r"exclud\w*|prevent\w*|absen\w*|avoid\w*|difficult\w*|impossible|instead|rather than|except|unless|exempt|"
    r"in(?:complete|ability|valid|eligible|correct|sufficient|capable)|un(?!der|til|ion|it|iq|iv)[a-z]{4,})\b",
    re.IGNORECASE,
)
_NEGATIONS_CHINESE: Final = re.compile(
    "不(?!仅|但|只|断|同|久|少|过|得不)|没有?|未(?!来)|无(?!论|数)|非(?!常|洲)|否|别(?!的|人)|禁止|拒绝"
)
_REPLY: Final = re.compile(r"^\W*(?:no|yes)\b[,.]?\s*", re.IGNORECASE)
_STEADY: Final = frozenset({"only", "but", "just", "merely", "simply", "hesitate", "worry", "forget", "doubt"})
# "I can't find": a remark on the search, not on what the documents say.
_REMARK: Final = re.compile(r"\bI(?: \w+)?\W*$")
_SEEKS: Final = frozenset({"find", "see", "locate"})
# Little words that are meant where they are denied.
_MEANT: Final = frozenset({"same"})
_ALONE: Final = frozenset(map(stem, _MEANT))
# "It's not like they have no options."
_TWICE: Final = re.compile(r"(?:\bnot|\bnever|n['’]t)\b[^.;,]{1,40}\b(?:no|none|nothing|never)\b", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"[.;:!?]\s|\n|,\s|[()]")
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


def negated(
    text: str, before: int = 0, after: int = 3, language: Language | None = None
) -> list[tuple[str, frozenset[str]]]:
    """Each negation of a text with the stems of what it denies: meaningful words around it, in its clause.

    >>> [(sign, sorted(stems)) for sign, stems in negated("Visitors do not pay for parking.", 1)]
    [('not', ['park', 'pay', 'visitor'])]
    """
    text, language = _REPLY.sub("", text), language or language_of(text)
    found = []
    for match in _NEGATIONS.finditer(text):
        ahead = _CLAUSE.split(text[match.end() : match.end() + _REACH], maxsplit=1)[0]
        behind = _CLAUSE.split(text[max(0, match.start() - _REACH) : match.start()])[-1]
        following = _WORD.findall(ahead)
        first = following[0].lower() if following else ""
        if first not in _STEADY and not (first in _SEEKS and _REMARK.search(behind)):
            meant = [*(_stems(behind, language)[-before:] if before else ()), *_stems(ahead, language)[:after]]
            found.append((match.group().lower(), frozenset(meant)))
    for match in _NEGATIONS_CHINESE.finditer(text):
        after_it = text[match.end() : match.end() + 3]
        found.append((match.group(), frozenset(after_it[i : i + 2] for i in range(2))))
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence of the documents: its stems, what it denies widely, and narrowly with what follows alone."""

    stems: Set[str]
    denies: tuple[frozenset[str], ...]
    denied: tuple[tuple[frozenset[str], frozenset[str]], ...]
    opposed: tuple[tuple[frozenset[str], frozenset[str]], ...]
    """What single words say the opposite of, and what stands around them."""


class Negations:
    """What the evidence denies. Made once for an answer, asked about each of its sentences."""

    def __init__(self, evidence: Sequence[str], language: Language) -> None:
        self._language: Language = language
        self._said = [_said(text, language) for text in evidence]
        self._counts = Counter(stem_ for said in self._said for stem_ in said.stems)

    def spoken_against(self, claim: str) -> Iterator[str]:
        """Negations of the claim that the evidence speaks against."""
        for sign, meant in negated(claim, *_CLAIMED, self._language):
            if meant - _ALONE and self._speaks_against(meant):
                yield f"negation {sign} {'/'.join(sorted(meant))}"

    def _speaks_against(self, meant: Set[str]) -> bool:
        """Whether what the claim denies is said as nearly as it is denied, or denied nowhere."""
        denied = plain = 0.0
        for said in self._said:
            held = [self._share(meant, other) for other in said.denies]
            held += [self._share(meant, other | word) for word, other in said.opposed if not word.isdisjoint(meant)]
            denied = max(denied, *held, 0.0)
            if not said.denies:
                plain = max(plain, self._share(meant, said.stems))
        return denied <= plain

    def left_away(self, claim: str) -> Iterator[str]:
        """Negations of the evidence whose words the claim holds without denying them."""
        claimed = frozenset(terms(claim, self._language)) | _pairs(claim)
        mine = [other for _, other in negated(claim, *_SAID, self._language)]
        if DENIALS.search(claim):
            return
        for said in self._said:
            near = self._share(claimed, said.stems) if said.denied else 0.0
            for meant, follows in said.denied:
                shared = meant & claimed
                share = self._share(meant, claimed)
                if not follows & claimed or near * share < _OPPOSITE or any(shared & other for other in mine):
                    continue
                also_said = any(shared <= other.stems for other in self._said if not other.denies)
                if near * share >= _OPPOSITE + _OPPOSITE_SAID * also_said:
                    yield f"negation missing {'/'.join(sorted(meant))}"

    def _share(self, wanted: Set[str], present: Set[str]) -> float:
        """The share of the wanted stems that are present, a rare one counting more than a common one."""
        total = sum(map(self._weight, wanted))
        return sum(map(self._weight, wanted & present)) / total if total else 0.0

    def _weight(self, stem_: str) -> float:
        return math.log(1 + (len(self._said) + 1) / (self._counts[stem_] + 0.5))


def _said(text: str, language: Language) -> _Said:
    stems = frozenset(terms(text, language)) | _pairs(text)
    return _Said(
        stems,
        tuple(meant for _, meant in negated(text, *_SAID, language)),
        ()
        if _TWICE.search(text)
        else tuple(
            (meant, follows)
            for (_, meant), (_, follows) in zip(
                negated(text, *_DENIED, language), negated(text, 0, _DENIED[1], language), strict=True
            )
        ),
        tuple((word, _around(text, start, end, language)) for word, start, end in opposites(text)),
    )


def _around(text: str, start: int, end: int, language: Language) -> frozenset[str]:
    """The stems around a place of a text, in its clause."""
    ahead = _CLAUSE.split(text[end : end + _REACH], maxsplit=1)[0]
    behind = _CLAUSE.split(text[max(0, start - _REACH) : start])[-1]
    return frozenset([*_stems(behind, language)[-_SAID[0] :], *_stems(ahead, language)[: _SAID[1]]])


def _pairs(text: str) -> frozenset[str]:
    """Each two characters that stand side by side in a Chinese text, as negations are told there."""
    return frozenset(text[i : i + 2] for i in range(len(text) - 1)) if script_of(text) == "cjk" else frozenset()


def _stems(text: str, language: Language) -> list[str]:
    found = (word.lower() for word in _WORD.findall(text))
    return [stem(word, language) for word in found if word not in STOP_WORDS[language] or word in _MEANT]
