"""The exact checks of one claim: copies, figures, names, negations and the words that must agree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source, Sources
from rag.answering.verification.figures import HOLE, wrong_figures
from rag.answering.verification.names import unknown_names
from rag.answering.verification.negations import DENIALS, Negations
from rag.answering.verification.wording import exchanges, lower, tokens
from rag.core.text import coverage, letters, script_of, terms, without_figures

# How much of a claim's words a sentence must hold for the claim's figures to be looked for in it alone.
_ALIGNED: Final = 0.5
# Letters of the shortest copy.
_COPIED, _COPIED_CHINESE = 16, 6
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
        self._counted = _HOW_MANY.search(question) is not None

    @cached_property
    def _negations(self) -> Negations:
        return Negations(self._sources)

    @cached_property
    def _said(self) -> list[list[str]]:
        return [lower(tokens(source.text)) for source in self._sources.all]

    @cached_property
    def _letters(self) -> list[tuple[str, Source]]:
        return [(letters(source.quote.text)[0], source) for source in self._sources.all]

    def copied(self, claim: str) -> Source | None:
        """What a claim repeats word for word: a whole sentence of the documents, or a part that stands for itself."""
        said = letters(claim)[0]
        if len(said) < (_COPIED_CHINESE if script_of(claim) == "cjk" else _COPIED):
            return None
        for heard, source in self._letters:
            at = heard.find(said)
            if at < 0:
                continue
            _, origin = letters(source.quote.text)
            first, last, text = origin[at], origin[at + len(said) - 1], source.quote.text
            if _JOINED.search(text[max(0, first - 1) : first + 1]) or _JOINED.search(text[last : last + 2]):
                continue
            if not _CHANGES.search(f"{text[:first]} {text[last + 1 :]}"):
                return source
        return None

    def differences(self, claim: str, near: Sequence[Source]) -> list[Difference]:
        """What a claim says otherwise than the documents, each place once; what is said there before what is not."""
        kept: list[Difference] = []
        for one in sorted(self._found(claim, near), key=lambda difference: difference.source is None):
            if not any(one.span[0] < other.span[1] and other.span[0] < one.span[1] for other in kept):
                kept.append(one)
        return kept

    def _found(self, claim: str, near: Sequence[Source]) -> Iterator[Difference]:
        # What nothing says nearly the same as may stand anywhere; what a sentence says nearly the same as stands there.
        wanted = dict.fromkeys(terms(without_figures(claim), self._sources.language), 1.0)
        aligned = [source for source in near if coverage(wanted, source.terms) >= _ALIGNED]
        # Where a text has lost its figures, nothing tells which they were.
        if not any(HOLE.search(source.text) for source in near[:2]):
            elsewhere = "" if aligned else self._sources.around
            yield from wrong_figures(claim, near, aligned, elsewhere, counted=self._counted)
        yield from unknown_names(claim, self._sources.around)
        # "Failure to release" is "do not release".
        denial = DENIALS.search(claim) is not None
        found = exchanges(claim, near, self._said)
        yield from (difference for difference in found if not (denial and difference.kind == "negation"))
        yield from self._negations.differences(claim, near)
