"""What a judge is asked and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# A claim, and the sentences it is held against, in the order of the documents.
Pair = tuple[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`probability` that the evidence says the whole claim, calibrated; `unsupported` are the character spans of the
    claim's words that nothing in the evidence carries."""

    probability: float
    unsupported: tuple[tuple[int, int], ...]


class Judge(Protocol):
    """Does the evidence say the claim?

    `supported` is the probability from which a claim judged supported was so 95 of 100 times on the calibration set.
    """

    @property
    def name(self) -> str: ...
    @property
    def supported(self) -> float: ...

    def reads(self, text: str) -> bool:
        """Whether it is calibrated for the language of a text."""

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]: ...
