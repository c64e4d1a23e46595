"""Planted errors for training a judge: human answers changed by one thing, or parted from what they rest on.

True: sentences of the human answers of mtrag and clapnq (Apache-2.0) against their passages, and sentences of squad's
passages (CC BY-SA 4.0) against theirs. False: the same with one figure, date, name, unit, negation or quantifier
changed; with a clause of another text added; without the sentence that they rest on.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.judge_data import Labelled, part_of
from bench.planted_errors import PLANTS
from rag.core.text import sentences
from rag.evaluation.claims import cut
from rag.models.judges.selection import select_evidence
from rag.models.judges.wording import wording

ANSWERED: Final = ("conversational_mtrag_human", "conversational_mtrag_un", "clapnq")
COPIED: Final = "squad"
_OTHER_WORDS: Final = {
    "all": "some", "some": "all", "most": "all", "every": "hardly any", "always": "sometimes", "only": "also",
    "often": "always", "many": "few", "several": "all", "may": "must", "can": "must", "must": "may",
    "could": "did", "at least": "at most", "more than": "less than", "less than": "more than", "before": "after",
    "after": "before", "first": "last", "increased": "decreased", "largest": "smallest", "highest": "lowest",
    "usually": "never", "up to": "at least", "both": "neither", "during": "after", "until": "from",
}  # fmt: skip
_OTHER_WORD: Final = re.compile(rf"\b(?:{'|'.join(_OTHER_WORDS)})\b")
_NAME: Final = re.compile(r"(?<=[a-z] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*")
_LIST_MARK: Final = re.compile(r"^\s*\d{1,2}[.)]\s+|\s\d{1,2}\.\s*$|\[\d{1,3}\]")
_SHORTEST: Final = 25
# The share of a claim's terms that must be lost with a sentence for the claim to rest on it.
_RESTS: Final = 0.25


def planted(folder: Path, copies: int, chance: random.Random) -> Iterator[Labelled]:
    """True and false claims of the parts that train, with the place of the change in `gold`."""
    true = [*_answers(folder), *_copies(folder / COPIED, copies, chance)]
    names = sorted({name for _, text, _ in true for name in _NAME.findall(text)})
    clauses = [clause for _, text, _ in true for clause in text.rstrip(".").split(", ")[1:] if len(clause.split()) > 3]
    for set_, text, evidence in true:
        yield Labelled(set_, "fit", text, evidence, True)
        for kind, changed in _changes(text, names, clauses, chance):
            yield Labelled(set_, "fit", changed, evidence, False, (_difference(text, changed),), kind)
        if parted := _parted(text, evidence):
            yield Labelled(set_, "fit", text, parted, False, (), "parted")


def _changes(text: str, names: list[str], clauses: list[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    kinds = [*PLANTS, "quantifier", "clause"]
    chance.shuffle(kinds)
    made = 0
    for kind in kinds:
        if kind == "quantifier":
            found = list(_OTHER_WORD.finditer(text))
            place = chance.choice(found) if found else None
            changed = text[: place.start()] + _OTHER_WORDS[place[0]] + text[place.end() :] if place else None
        elif kind == "clause":
            changed = f"{text.rstrip('. ')}, {chance.choice(clauses)}."
        else:
            changed = PLANTS[kind](text, chance, names)
        if changed and changed != text:
            yield kind, changed
            made += 1
        if made == 2:
            return


def _difference(text: str, changed: str) -> str:
    """What of the changed text the other lacks: all between the equal beginning and the equal end."""
    first = next(
        (i for i, (a, b) in enumerate(zip(text, changed, strict=False)) if a != b), min(len(text), len(changed))
    )
    rest = zip(reversed(text[first:]), reversed(changed[first:]), strict=False)
    shorter = min(len(text), len(changed)) - first
    last = next((i for i, (a, b) in enumerate(rest) if a != b), shorter)
    return changed[first : len(changed) - last]


def _parted(claim: str, evidence: tuple[str, ...]) -> tuple[str, ...]:
    """The evidence without the sentences that alone hold a good part of the claim; () where none does."""
    wanted = wording(claim).held
    if not wanted:
        return ()
    chosen = select_evidence(claim, evidence, 2)
    best = max(chosen, key=lambda i: len(wording(evidence[i]).held & wanted))
    left = tuple(sentence for i, sentence in enumerate(evidence) if i != best)
    held = frozenset[str]().union(*(wording(sentence).held for sentence in left))
    lost = (wanted & wording(evidence[best]).held) - held
    return left if len(lost) >= _RESTS * len(wanted) else ()


def _answers(folder: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for name in ANSWERED:
        passages = {record["id"]: record["text"] for record in _records(folder / name / "passages.jsonl")}
        for asked in _records(folder / name / "questions.jsonl"):
            ids = asked.get("gold_passage_ids") or [asked.get("paragraph_id")]
            texts = [passages[i] for i in ids if i in passages]
            answerable = asked.get("answerability", "ANSWERABLE") == "ANSWERABLE" and asked.get("answerable", True)
            if not texts or not answerable or part_of(texts[0]) == "kept":
                continue
            evidence = tuple(sentence for text in texts for sentence in cut(text))
            for answer in asked["answers"]:
                for start, end in sentences(answer):
                    text = _LIST_MARK.sub("", answer[start:end])
                    if len(text) >= _SHORTEST and len(wording(text).terms) >= 3:
                        yield name, text, evidence


def _copies(folder: Path, number: int, chance: random.Random) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    texts = [record["text"] for record in _records(folder / "passages.jsonl")]
    texts = [text for text in texts if part_of(text) != "kept"]
    for text in chance.sample(texts, min(number, len(texts))):
        evidence = cut(text)
        long = [sentence for sentence in evidence if 30 < len(sentence) < 250]
        if len(long) > 2:
            yield folder.name, chance.choice(long), evidence


def _records(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
