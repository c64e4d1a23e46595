"""Which exact checks accuse rightly? One row for each check, over claims that people judged and planted errors.

    python bench/checks.py ../shared/evaldata [--kept] [--limit N]

Each claim is held against the whole of its source. *Wrong* is a check that says that a claim differs from the documents
where people call it borne out; *right* where they do not. What is only a doubt (the judge may not call it supported)
accuses nobody. Halves by the hash of the source; `--kept` is the one that no check was read off.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.judge_data import part_of
from bench.planted_errors import MONTHS, PLANTS, changed, true_sentences
from rag.answering.evidence import CutPage, sentences_of
from rag.answering.verification.assessment import Assessor
from rag.answering.verification.claims import pieces
from rag.answering.verification.evidence import Sources
from rag.core.text import language_of
from rag.core.types import Passage, Quote

SETS: Final = (
    "claims_begin_wow",
    "claims_ragtruth_qa",
    "claims_ragtruth_summary",
    "claims_summedits",
    "claims_wice",
)
_NAME: Final = re.compile(r"(?<=[a-z] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*")
Claimed = tuple[str, str, list[Quote], bool]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--limit", type=int, default=None, help="claims of each set")
    chosen = parser.parse_args()
    part = "kept" if chosen.kept else "fit"
    counts: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    for claims in (planted(chosen.folder, part), *(of_set(chosen.folder / name, part) for name in SETS)):
        for _, claim in zip(range(chosen.limit or sys.maxsize), claims, strict=False):
            for one in fired(*claim[:3]):
                counts[one][claim[3]] += 1
    print("| check | says | fired | right | wrong | share wrong |\n|---|---|---|---|---|---|")
    for (check, kind), found in sorted(counts.items()):
        total = found.total()
        print(f"| {check} | {kind} | {total} | {found[False]} | {found[True]} | {found[True] / total:.2f} |")


def fired(text: str, question: str, beside: list[Quote]) -> set[tuple[str, str]]:
    """The checks that accuse a text, each with what it says."""
    assessor, found = Assessor(Sources([], beside, language_of(text)), question, None), set()
    for piece in pieces(text):
        for case in assessor.cases(piece, ""):
            found |= {(one.check, one.notice("").key) for one in case.differences}
    return found


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


if __name__ == "__main__":
    main()
