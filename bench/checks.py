"""Which exact checks accuse rightly, and which does nothing that another would not? One row for each check.

    python bench/checks.py ../shared/evaldata [--kept] [--limit N] [--sentences FILE.jsonl]

Each claim is held against the whole of its source: planted errors, claims that people judged, what a real model wrote,
and sentences of one's own (lines with `text`, `question`, `documents` (texts) and `true`). *Said* is how often a check
finds a difference in claims that are false, and in true ones. Then each check is turned off alone: *accuses* counts the
claims that only it calls unsupported, *doubts* those that only it keeps from being supported. Halves by the hash of the
source; `--kept` is the one that no check was read off.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Final
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.judge_data import part_of
from bench.planted_errors import MONTHS, PLANTS, VERDICTS, changed, true_sentences
from bench.short_answers import said_in
from bench.written_answers import answers
from rag.answering.evidence import CutPage, sentences_of
from rag.answering.verification import verify
from rag.answering.verification.checks import Checks
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.core.types import Passage, Quote
from rag.models.judges import Judge, Judgement, open_judge
from rag.models.judges.protocol import Pair

SETS: Final = (
    "claims_begin_wow",
    "claims_ragtruth_qa",
    "claims_ragtruth_summary",
    "claims_summedits",
    "claims_wice",
)
_NAME: Final = re.compile(r"(?<=[a-z] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*")
Claimed = tuple[str, str, list[Quote], bool]
# A check, and what it says.
Key = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--limit", type=int, default=None, help="claims of each set")
    parser.add_argument("--sentences", type=Path, help="sentences of one's own")
    chosen = parser.parse_args()
    part = "kept" if chosen.kept else "fit"
    sets = [planted(chosen.folder, part), *(of_set(chosen.folder / name, part) for name in SETS), written(chosen.kept)]
    sets += [own(chosen.sentences)] if chosen.sentences else []
    counts: dict[Key, Counter[str]] = defaultdict(Counter)
    for claims in sets:
        for _, claim in zip(range(chosen.limit or sys.maxsize), claims, strict=False):
            for key, done in effects(claim).items():
                counts[key][f"{done} {claim[3]}"] += 1
                counts[key][f"said {claim[3]}"] += 1
    columns = [f"{done} {label}" for done in ("said", "accuses", "doubts") for label in (False, True)]
    print("| check | says | said of false | of true | alone accuses false | true | alone doubts false | true |")
    print(f"|---|---|{'---|' * len(columns)}")
    for (check, says), found in sorted(counts.items()):
        print(f"| {check} | {says} | {' | '.join(str(found[column]) for column in columns)} |")


def effects(claim: Claimed) -> dict[Key, str]:
    """The checks that find a difference in a claim, and what each does that no other does."""
    said: set[Key] = set()
    plain, all_found = verdict_without(claim, frozenset(), said), frozenset(said)
    found = {}
    for key in all_found:
        other = verdict_without(claim, frozenset({key}), set())
        found[key] = "" if other == plain else "accuses" if plain == "unsupported" else "doubts"
    return found


def verdict_without(claim: Claimed, off: Set[Key], said: set[Key]) -> str:
    """The worst verdict of a claim's sentences with some checks turned off; what the others say comes into `said`."""
    text, question, beside, _ = claim

    def found(self: Checks, claim: str, near: Sequence[Source]) -> Iterator[Difference]:
        for one in FOUND(self, claim, near):
            key = (one.check, f"{one.kind} {'differs' if one.source else 'missing'}")
            said.add(key)
            if key not in off:
                yield one

    with patch.object(Checks, "_found", found):
        judged = {sentence.verdict for sentence in verify(text, question, [], beside, judge=JUDGE)[0]}
    return next((each for each in VERDICTS if each in judged), "supported")


class Remembering:
    """The bundled judge, which reads no claim beside the same evidence twice."""

    name = "remembering"

    def __init__(self, judge: Judge) -> None:
        self._judge, self.supported = judge, judge.supported
        self._read: dict[tuple[str, tuple[str, ...]], Judgement] = {}

    def reads(self, text: str) -> bool:
        return self._judge.reads(text)

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        new = [pair for pair in pairs if (pair[0], tuple(pair[1])) not in self._read]
        for (claim, evidence), judgement in zip(new, self._judge.judge(new), strict=True):
            self._read[claim, tuple(evidence)] = judgement
        return [self._read[claim, tuple(evidence)] for claim, evidence in pairs]


JUDGE: Final = Remembering(open_judge())
FOUND: Final = Checks._found


def planted(folder: Path, part: str) -> Iterator[Claimed]:
    chance = random.Random(0)
    cases = list(true_sentences(folder))
    others = sorted({name for case in cases for name in _NAME.findall(case.text)} - set(MONTHS))
    for case in cases:
        texts = {kind: changed(case.text, kind, chance, others) for kind in PLANTS}
        if part_of(case.beside[0].document) != part:
            continue
        yield case.text, case.question, case.beside, True
        for text in texts.values():
            if text and text != case.text:
                yield text, case.question, case.beside, False


def of_set(folder: Path, part: str) -> Iterator[Claimed]:
    contexts = {r["id"]: r["text"] for r in map(json.loads, (folder / "contexts.jsonl").open(encoding="utf-8"))}
    for record in map(json.loads, (folder / "claims.jsonl").open(encoding="utf-8")):
        text = contexts[record["context"]]
        if part_of(text) == part:
            passage = Passage(0, "d", "d", "", "text", None, 1, "1", "", text, 0, len(text))
            beside = sentences_of([passage], {("d", 1): CutPage.of(text)})
            yield record["claim"], record.get("question") or "", beside, bool(record["label"])


def written(kept: bool) -> Iterator[Claimed]:
    for record, beside in answers():
        labels = {sentence["label"] for sentence in record["sentences"]}
        if record["kept"] == kept:
            yield record["answer"], record["question"], beside, labels == {"true"}


def own(file: Path) -> Iterator[Claimed]:
    for record in map(json.loads, file.open(encoding="utf-8")):
        yield record["text"], record["question"], said_in(record["documents"]), record["true"]


if __name__ == "__main__":
    main()
