"""Are right answers of a few words supported, and wrong ones not? SQuAD and counterfactual documents.

    python bench/short_answers.py ../shared/evaldata [--kept] [--limit N] [--show 5]

Each answer is held against the passages that the question was asked about. Of SQuAD, *wrong* is the answer to another
question about the same paragraph that has no word in common with the right one: the hardest kind, for the documents
say it of something else. Of the counterfactual documents it is what the world knows and they do not say. *Borne out* is
what is shown as supported and as answering what was asked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.judge_data import part_of
from rag.answering.evidence import CutPage, sentences_of
from rag.answering.verification import verify
from rag.core.types import Passage, Quote
from rag.models.judges import open_judge

JUDGE = open_judge()
HOW = ("supported", "borne out")
# A question, its right answer, a wrong one, and the sentences that they are held against.
Asked = tuple[str, str, str, list[Quote]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--limit", type=int, default=None, help="questions of each set")
    parser.add_argument("--show", type=int, default=0, help="wrong verdicts to print")
    chosen = parser.parse_args()
    part = "kept" if chosen.kept else "fit"
    print("| set | questions | right supported | right borne out | wrong supported | wrong borne out |")
    print("|---|---|---|---|---|---|")
    for name, asked in (("squad", squad(chosen.folder, part)), ("counterfactual", counterfactual(chosen.folder, part))):
        counts: Counter[str] = Counter()
        odd = []
        for question, right, wrong, beside in islice(asked, chosen.limit):
            counts["questions"] += 1
            for kind, answer in (("right", right), ("wrong", wrong)):
                sentence = verify(answer, question, [], beside, judge=JUDGE)[0][0]
                supported = sentence.verdict == "supported"
                counts[f"{kind} supported"] += supported
                counts[f"{kind} borne out"] += supported and sentence.answers is not False
                if supported != (kind == "right"):
                    odd.append(f"{kind} → {sentence.verdict} | {question} | {answer}")
        total = counts.pop("questions")
        shares = [f"{counts[f'{kind} {how}'] / total:.3f}" for kind in ("right", "wrong") for how in HOW]
        print("| " + " | ".join([name, str(total), *shares]) + " |", *odd[: chosen.show], sep="\n")


def squad(folder: Path, part: str) -> Iterator[Asked]:
    texts = {record["id"]: record["text"] for record in records(folder / "squad" / "passages.jsonl")}
    questions = [asked for asked in records(folder / "squad" / "questions.jsonl") if asked["answers"]]
    beside: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for asked in questions:
        beside[asked["paragraph_id"]].append(asked)
    for asked in questions:
        text = texts[asked["paragraph_id"]]
        said = words(" ".join(asked["answers"]))
        wrong = [o["answers"][0] for o in beside[asked["paragraph_id"]] if said.isdisjoint(words(o["answers"][0]))]
        if wrong and part_of(text) == part:
            other = wrong[len(asked["question"]) % len(wrong)]
            yield asked["question"], asked["answers"][0], other, said_in([text])


def counterfactual(folder: Path, part: str) -> Iterator[Asked]:
    texts = {record["id"]: record["text"] for record in records(folder / "counterfactual" / "passages.jsonl")}
    for asked in records(folder / "counterfactual" / "questions.jsonl"):
        if part_of(asked["id"]) == part:
            beside = said_in([texts[passage] for passage in asked["gold_passage_ids"][:5]])
            yield asked["question"], asked["answers"][0], asked["world_knowledge_answers"][0], beside


def said_in(texts: list[str]) -> list[Quote]:
    found = []
    for name, text in enumerate(texts):
        passage = Passage(0, str(name), str(name), "", "text", None, 1, "1", "", text, 0, len(text))
        found += sentences_of([passage], {(str(name), 1): CutPage.of(text)})
    return found


def words(text: str) -> set[str]:
    return set(text.lower().split())


def records(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
