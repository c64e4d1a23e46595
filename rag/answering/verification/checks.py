"""The exact checks of one claim: copies, figures, names, negations and the words that must agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from rag.answering.verification.around_figures import changed_by, miscounted, other_end, unbounded
from rag.answering.verification.chinese import Aligned, nearest_clauses
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.crossing import crossed
from rag.answering.verification.deputies import stands_in
from rag.answering.verification.evidence import Source, Sources
from rag.answering.verification.figures import wrong_figures
from rag.answering.verification.little_words import INSTEAD
from rag.answering.verification.names import turned, unknown_names
from rag.answering.verification.oppositions import oppositions
from rag.answering.verification.polarity import Polarity
from rag.answering.verification.rivals import rivals
from rag.answering.verification.wording import exchanges, lower, tokens
from rag.core.text import coverage, letters, numbers, script_of, terms, without_figures
from rag.core.types import Span

# How much of a claim's words a sentence must hold for the claim's figures to be looked for in it alone.
_ALIGNED: Final = 0.5
# The share of a claim's other words that a sentence must hold for a check to say that it contradicts the claim.
_ABOUT: Final = {"figures": 0.5, "wording": 0.5, "negations": 0.4, "miscounted": 0.5}
# What is too weak a sign to accuse a claim.
_DOUBTS: Final = frozenset(
    {"changed by", "unbounded", "unconditioned", "denied only", "said and denied", "rival", "adrift"}
)
# Letters of the shortest copy.
_COPIED, _COPIED_CHINESE = 16, 6
_CLAUSE: Final = 0.6
# What stands beside a copied part of a sentence and changes what it says.
_CHANGES: Final = re.compile(
    r"\b(?:not?|never|none|nor|neither|without|cannot|\w+n['’]t|unless|if|except|only|false|untrue|former\w*|until|nicht|kein\w*"
    r"|nur|wenn|außer)\b|不|没|未|无|非|除|只|仅|如果|若",
    re.IGNORECASE,
)
# Two letters or digits that belong to one word or figure.
_JOINED: Final = re.compile(r"[^\W_\u3400-\u9fff]{2}")
_HOW_MANY: Final = re.compile(r"\bhow many\b|\bwie ?viele\b|几|多少", re.IGNORECASE)


class Checks:
    """What the documents say exactly. Made once for an answer, asked about each of its claims."""

    def __init__(self, sources: Sources, question: str) -> None:
        self._sources, self._question = sources, question
        self._asked = _figures(question)
        self._counted = _HOW_MANY.search(question) is not None
        self._clauses: dict[str, Aligned | None] = {}

    @cached_property
    def _polarity(self) -> Polarity:
        return Polarity(self._sources)

    @cached_property
    def _said(self) -> list[list[str]]:
        return [lower(tokens(source.text)) for source in self._sources.all]

    @cached_property
    def _letters(self) -> list[tuple[str, Source]]:
        return [(letters(source.quote.text)[0], source) for source in self._sources.all]

    def copied(self, claim: str, *, alone: bool = False) -> Source | None:
        """What a claim repeats word for word: a whole sentence of the documents, or a part that stands for itself.

        Args:
            alone: only a sentence or a clause between its marks, no words out of one.
        """
        said = letters(claim)[0]
        # A clause of its own may be shorter.
        least = _COPIED_CHINESE if script_of(claim) == "cjk" else _COPIED
        if len(said) < _CLAUSE * least:
            return None
        meant = {source.place for source in self._sources.meant(claim, self._question)}
        meant -= self._sources.of_another_range(self._question)
        for heard, source in self._letters:
            if source.place not in meant:
                continue
            at = heard.find(said)
            if at < 0:
                continue
            _, origin = letters(source.quote.text)
            first, last, text = origin[at], origin[at + len(said) - 1], source.quote.text
            if _JOINED.search(text[max(0, first - 1) : first + 1]) or _JOINED.search(text[last : last + 2]):
                continue
            beside = text[:first].rstrip()[-1:] + text[last + 1 :].lstrip()[:1]
            if (alone or len(said) < least) and any(map(str.isalnum, beside)):
                continue
            if not _CHANGES.search(f"{text[:first]} {text[last + 1 :]}"):
                return source
        return None

    def clauses(self, claim: str) -> Aligned | None:
        """The clauses that say most nearly what a claim in Chinese says; found once for each claim."""
        if claim not in self._clauses:
            chinese = script_of(claim) == "cjk"
            near = self._sources.nearest(claim, self._question) if chinese else ()
            self._clauses[claim] = nearest_clauses(claim, near)
        return self._clauses[claim]

    def denied(self, claim: str, near: Sequence[Source]) -> bool:
        return self._polarity.denied(claim, near, self._question)

    def crossed(self, claim: str) -> bool:
        """Whether a claim is put together from two clauses that are made alike."""
        near = self._sources.nearest(claim, self._question)
        return any(crossed(claim, near, self._sources.language))

    def differences(self, claim: str, near: Sequence[Source]) -> tuple[list[Difference], list[Difference]]:
        """What a claim says otherwise than the documents, each place once; what is said there before what is not.
        And what is too weak a sign for that, and enough for a doubt."""
        kept: list[Difference] = []
        doubts: list[Difference] = []
        whole = {source.place: source for source in near}
        found = list(self._found(claim, self._asserted(claim, near)))
        lost = [one.span for one in found if one.check == "adrift"]
        weighed = (self._weighed(claim, one, lost) for one in found)
        for sure, one in sorted(weighed, key=lambda each: not each[1].source):
            if not sure:
                doubts.append(one)
            elif not _touches(one.span, [other.span for other in kept]):
                kept.append(one)
        return [_shown(one, whole) for one in kept], doubts

    def _asserted(self, claim: str, near: Sequence[Source]) -> Sequence[Source]:
        return near if INSTEAD.search(claim) else [self._sources.asserted(source) for source in near]

    def _weighed(self, claim: str, found: Difference, lost: Sequence[Span]) -> tuple[bool, Difference]:
        """Whether a difference accuses the claim; without its source where that is about something else.

        Args:
            lost: figures that stand only beside other words. Only such are exchanged for sure: of others, the
                documents may say both.
        """
        if found.check in _DOUBTS:
            return False, found
        if (found.check, found.kind) == ("wording", "figure") and script_of(claim) != "cjk":
            return _touches(found.span, lost), found
        start, end = found.span
        rest = self._sources.weights(terms(f"{claim[:start]} {claim[end:]}", self._sources.language))
        # "No, a 14-year-old may not": whoever asks has said so, and no document need.
        asked = found.kind in ("figure", "unit") and not self._asked.isdisjoint(_figures(claim[start:end]))
        if found.source is None:
            return not asked, found
        if not rest or coverage(rest, found.source.terms) >= _ABOUT.get(found.check, 0.0):
            return True, found
        return not asked and found.check in ("figures", "negations"), replace(found, source=None, document="")

    def _found(self, claim: str, near: Sequence[Source]) -> Iterator[Difference]:
        # What nothing says nearly the same as may stand anywhere; what a sentence says nearly the same as stands there.
        language, everything = self._sources.language, self._sources.meant(claim, self._question)
        wanted = dict.fromkeys(terms(without_figures(claim), language), 1.0)
        aligned = [source for source in near if coverage(wanted, source.terms) >= _ALIGNED]
        # Of the cell that a claim names the figure stands in it.
        cells = [source for source in near if source.cell and numbers(source.text)]
        elsewhere = "" if aligned or cells else self._sources.around(claim, self._question)
        yield from _by("figures", wrong_figures(claim, cells or near, aligned, elsewhere, counted=self._counted))
        yield from _by("names", unknown_names(claim, self._sources.around()))
        yield from _by("names", turned(claim, near))
        yield from _by("wording", exchanges(claim, near, self._said))
        yield from oppositions(claim, near, language)
        yield from _by("stands in", stands_in(claim, everything, language))
        yield from _by("rival", rivals(claim, everything, language))
        yield from _by("changed by", changed_by(claim, near))
        yield from _by("unbounded", unbounded(claim, near))
        yield from _by("other end", other_end(claim, aligned))
        yield from _by("miscounted", miscounted(claim, near, language))
        yield from _by("crossed", crossed(claim, near, language))
        yield from _by("negations", self._polarity.differences(claim, near, self._question))
        yield from _by("denied only", self._polarity.denied_only(claim, near))
        if nearest := self.clauses(claim):
            if nearest.exchanged:
                span, heard = nearest.exchanged
                yield Difference("figure", span, heard, nearest.source, "figures")
            if nearest.turned:
                yield Difference("negation", nearest.turned, nearest.source.text, nearest.source, "negations")


def _figures(text: str) -> frozenset[tuple[float, str]]:
    return frozenset((number.value, number.unit) for number in numbers(text))


def _touches(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _shown(found: Difference, whole: Mapping[int, Source]) -> Difference:
    """With the whole sentence as it stands in the document."""
    source = whole.get(found.source.place) if found.source else None
    if source is None or found.source is None:
        return found
    return replace(
        found, source=source, document=source.text if found.document == found.source.text else found.document
    )


def _by(check: str, found: Iterable[Difference]) -> Iterator[Difference]:
    return (replace(one, check=one.check or check) for one in found)
