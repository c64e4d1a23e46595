"""Claims with labels, and their parts by the hash of the source: train, calibration, and the half that is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rag.evaluation.claims import cut

SETS: Final = (
    "claims_begin_wow",
    "claims_ragtruth_qa",
    "claims_ragtruth_summary",
    "claims_summedits",
    "claims_wice",
    "claims_attributionbench",
)
# Sets whose texts may be trained on; WiCE only where share-alike is accepted (`--without-share-alike`).
TRAINED: Final = ("claims_begin_wow", "claims_ragtruth_summary", "claims_summedits", "claims_wice")


@dataclass(frozen=True)
class Labelled:
    """A claim with its evidence and what people say of it. `part` is train, calibration or kept."""

    set: str
    part: str
    claim: str
    evidence: tuple[str, ...]
    right: bool
    gold: tuple[str, ...] = ()
    kind: str = ""


def part_of(source: str) -> str:
    """The part of a source text: one half is kept, of the other seven tenths train."""
    place = int(hashlib.sha256(source.encode()).hexdigest()[:8], 16) / 16**8
    return "kept" if place < 0.5 else "train" if place < 0.85 else "calibration"


def read_claims(folder: Path) -> Iterator[Labelled]:
    with (folder / "contexts.jsonl").open(encoding="utf-8") as lines:
        contexts = {record["id"]: record["text"] for record in map(json.loads, lines)}
    evidence = {key: cut(text) for key, text in contexts.items()}
    parts = {key: part_of(text) for key, text in contexts.items()}
    with (folder / "claims.jsonl").open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            at = record["context"]
            yield Labelled(
                folder.name,
                parts[at],
                record["claim"],
                evidence[at],
                bool(record["label"]),
                tuple(record.get("gold", ())),
                record.get("kind", ""),
            )
