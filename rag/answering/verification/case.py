"""A claim on its way to its verdict: what it says, its evidence, and what was found of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.answering.verification.claims import Said
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.core.types import Notice, Span, Verdict


@dataclass(slots=True)
class Case:
    """A claim, with `most` the best verdict that a judge may give it, and `doubted` what speaks against that."""

    said: Said
    near: list[Source] = field(default_factory=list)
    evidence: list[Source] = field(default_factory=list)
    verdict: Verdict | None = None
    differences: list[Difference] = field(default_factory=list)
    reasons: list[Notice] = field(default_factory=list)
    words: list[Span] = field(default_factory=list)
    probability: float | None = None
    most: Verdict = "supported"
    doubted: list[Span] = field(default_factory=list)
    judged: bool = False
    """Whether its verdict is a judgement: no exact check has decided it."""

    @property
    def contradicted(self) -> bool:
        return any(difference.source is not None for difference in self.differences)

    def accuse(self) -> None:
        """Call the claim unsupported for its differences."""
        self.verdict = "unsupported"
        # Of one "not" of the documents two checks may speak: it is told once.
        told = [one.notice(self.said.text) for one in self.differences]
        fields = {"negation_differs": "document"}
        self.reasons = list({(one.key, one.fields[fields.get(one.key, "said")]): one for one in told}.values())
        self.words = [span for one in self.differences if (span := self.said.place(*one.span))]
        self.evidence = [one.source for one in self.differences if one.source] or self.evidence

    def turn(self) -> None:
        """Make it the case of a "no" to what was asked: right where the documents speak against that, wrong where they
        say it."""
        if self.differences:
            self.verdict, self.differences, self.words, self.reasons = "supported", [], [], []
        elif self.verdict == "supported":
            source = self.evidence[0]
            self.verdict = "unsupported"
            self.reasons = [Notice("negation_differs", {"said": "", "document": source.text})]
            self.differences = [Difference("negation", (0, 0), source.text, source)]
