"""Claims with labels, and their halves by the hash of the source: one fits, one is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rag.evaluation.claims import read_claims as read_set

SETS: Final = (
    "claims_begin_wow",
    "claims_ragtruth_qa",
    "claims_ragtruth_summary",
    "claims_summedits",
    "claims_wice",
    "claims_attributionbench",
)
# Claims that people judged, whose texts may be trained on.
TRAINED: Final = ("claims_begin_wow", "claims_ragtruth_summary", "claims_summedits", "claims_wice")
# Sets whose texts must be passed on under the same terms.
SHARE_ALIKE: Final = ("claims_wice", "squad")


@dataclass(frozen=True)
class Labelled:
    """A claim with its evidence and what people say of it. `part` is fit or kept; `gold` is what a planted claim says
    falsely; `words` are places in the claim, and whether people marked them as not borne out."""

    set: str
    part: str
    claim: str
    evidence: tuple[str, ...]
    right: bool
    gold: tuple[str, ...] = ()
    kind: str = ""
    words: tuple[tuple[int, int, bool], ...] = ()


def part_of(source: str) -> str:
    """The half of a source text: one is kept, the other fits weights and calibration."""
    return "kept" if int(hashlib.sha256(source.encode()).hexdigest()[:8], 16) < 16**8 // 2 else "fit"


def read_claims(folder: Path) -> Iterator[Labelled]:
    for claim in read_set(folder):
        yield Labelled(folder.name, part_of(claim.source), claim.text, claim.evidence, claim.right)


def read_marked(folder: Path) -> Iterator[Labelled]:
    """Claims of which people marked the words."""
    for claim in read_set(folder):
        words, at = [], 0
        for token, flag in zip(claim.tokens, claim.flags, strict=True):
            place = claim.text.find(token, at)
            if place >= 0:
                at = place + len(token)
                words.append((place, at, flag))
        part = part_of(claim.source)
        yield Labelled(folder.name, part, claim.text, claim.evidence, claim.right, words=tuple(words))
