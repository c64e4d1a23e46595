"""Are planted errors found, and true sentences left alone? Human answers held against their own passages.

    python bench/planted_errors.py ../shared/evaldata [--half fit] [--seed 0] [--show 5]

True sentences: those of the human answers of mtrag and inscit that do not stand verbatim in a passage. In each, in
turn, one number, date, name, unit or negation is changed where there is one. Accused means: verdict unsupported.
`--half` by the hash of the passage's name: nothing was read off, or trained on, `kept`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.judge_data import part_of
from rag.answering.evidence import CutPage, sentences_of
from rag.answering.verification import verify
from rag.core.text import sentences
from rag.core.types import Passage, Quote
from rag.models.judges import open_judge

JUDGE = open_judge()
SETS = ("conversational_mtrag_human", "conversational_mtrag_un", "conversational_inscit")
MONTH_LINE = "January February March April May June July August September October November December"
MONTHS = MONTH_LINE.split()
UNITS = {
    "million": "billion", "billion": "million", "thousand": "million", "percent": "degrees", "%": " dollars",
    "days": "weeks", "weeks": "months", "months": "years", "years": "months", "hours": "minutes", "minutes": "hours",
    "day": "week", "week": "month", "month": "year", "year": "month", "hour": "minute", "seconds": "hours",
    "km": "miles", "miles": "feet", "feet": "miles", "inches": "feet", "kg": "grams", "pounds": "tons",
    "meters": "kilometers", "acres": "hectares", "degrees": "percent", "dollars": "euros", "century": "decade",
}  # fmt: skip
# The worst first; "unchecked" and "no_claim" neither accuse nor vouch.
VERDICTS = ("unsupported", "partly", "unchecked", "no_claim", "supported")
HEAD = f"| sentences | number | {' | '.join(VERDICTS)} |\n|---|---|{'---|' * len(VERDICTS)}"
AUXILIARY = r"\b(is|are|was|were|can|could|will|would|should|must|may)\b"


@dataclass(frozen=True)
class Case:
    question: str
    text: str
    beside: list[Quote]


def true_sentences(folder: Path) -> Iterator[Case]:
    for name in SETS:
        records = {r["id"]: r for r in map(json.loads, (folder / name / "passages.jsonl").open(encoding="utf-8"))}
        for asked in map(json.loads, (folder / name / "questions.jsonl").open(encoding="utf-8")):
            gold = [records[i] for i in asked.get("gold_passage_ids", []) if i in records]
            if not gold or asked.get("answerability", "ANSWERABLE") != "ANSWERABLE":
                continue
            titled = name != "conversational_mtrag_un"
            pages = {(record["id"], 1): CutPage.of(record["text"]) for record in gold}
            beside = sentences_of([as_passage(record, titled) for record in gold], pages)
            said = squeezed(" ".join(record["text"] for record in gold))
            before = [turn["text"] for turn in asked["history"] if turn["role"] == "user"][-1:]
            for answer in asked["answers"]:
                for start, end in sentences(answer):
                    # A list's own numbers are no figures, and without the list nothing shows what they are.
                    # Neither are marks of citation, such as [7].
                    text = re.sub(r"^\s*\d{1,2}[.)]\s+|\s\d{1,2}\.\s*$|\[\d{1,3}\]", "", answer[start:end])
                    if len(text) >= 25 and squeezed(text) not in said:
                        yield Case(" ".join([*before, asked["question"]]), text, beside)


def as_passage(record: dict[str, str], titled: bool) -> Passage:
    title = record["title"] if titled else ""
    return Passage(
        0, record["id"], record["id"], title, "text", None, 1, "1", "", record["text"], 0, len(record["text"])
    )


def squeezed(text: str) -> str:
    return re.sub(r"\W+", " ", text).lower().strip()


def changed(text: str, kind: str, chance: random.Random, others: list[str]) -> str | None:
    """The text with one thing of a kind changed; None when it has none."""
    return PLANTS[kind](text, chance, others)


def other_number(text: str, chance: random.Random, _: list[str]) -> str | None:
    found = [
        m
        for m in re.finditer(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w*\d)", text)
        if not re.fullmatch(r"(1[5-9]|20)\d\d", m[0])
    ]
    if not found:
        return None
    match = chance.choice(found)
    old = match[0].rstrip(",")
    value = float(old.replace(",", ""))
    new = (
        value + chance.choice([1, 2, 3, 5, 7, 10, 20])
        if chance.random() < 0.6
        else value * chance.choice([2, 3, 10]) or 1
    )
    shown = f"{new:g}" if "." in old else f"{int(new):,}" if "," in old else str(int(new))
    return text[: match.start()] + shown + text[match.start() + len(old) :]


def other_date(text: str, chance: random.Random, _: list[str]) -> str | None:
    found = list(re.finditer(rf"\b(?:(?:1[5-9]|20)\d\d|{'|'.join(MONTHS)})\b", text))
    if not found:
        return None
    match = chance.choice(found)
    if match[0].isdigit():
        new = str(int(match[0]) + chance.choice([-10, -3, -2, -1, 1, 2, 3, 5, 10]))
    else:
        new = chance.choice([month for month in MONTHS if month != match[0]])
    return text[: match.start()] + new + text[match.end() :]


def other_name(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = [m for m in re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*", text) if m[0] not in MONTHS]
    if not found:
        return None
    match = chance.choice(found)
    return text[: match.start()] + chance.choice([name for name in others if name != match[0]]) + text[match.end() :]


def other_unit(text: str, chance: random.Random, _: list[str]) -> str | None:
    units = "|".join(map(re.escape, UNITS))
    counted = r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|several|hundred)"
    found = list(re.finditer(rf"(?:{counted})[\s-]?({units})(?![a-z])", text))
    if not found:
        return None
    match = chance.choice(found)
    return text[: match.start(1)] + UNITS[match[1]] + text[match.end(1) :]


def other_negation(text: str, _: random.Random, __: list[str]) -> str | None:
    there = re.search(r"\b(\w+) not\b|\b(can)(?:not|'t)\b|\b(is|are|was|were|does|do|did)n't\b", text)
    if there:
        return text[: there.start()] + (there[1] or there[2] or there[3]) + text[there.end() :]
    verb = re.search(AUXILIARY, text)
    return text[: verb.end()] + " not" + text[verb.end() :] if verb else None


PLANTS: dict[str, Callable[[str, random.Random, list[str]], str | None]] = {
    "number": other_number,
    "date": other_date,
    "name": other_name,
    "unit": other_unit,
    "negation": other_negation,
}


def verdict(case: Case, text: str) -> str:
    """The worst verdict of the text's sentences."""
    found = {sentence.verdict for sentence in verify(text, case.question, [], case.beside, judge=JUDGE)[0]}
    return next((v for v in VERDICTS if v in found), "supported")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=("fit", "kept"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=0, help="missed and accused sentences to print")
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)
    cases = list(true_sentences(chosen.folder))
    found_names = (re.findall(r"(?<=[a-z] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*", case.text) for case in cases)
    others = sorted({name for found in found_names for name in found} - set(MONTHS))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        # Made of all, so that each half has the same in any run.
        texts = {kind: changed(case.text, kind, chance, others) for kind in PLANTS}
        if chosen.half and part_of(case.beside[0].document) != chosen.half:
            continue
        counts["true"][verdict(case, case.text)] += 1
        if verdict(case, case.text) == "unsupported":
            wrong["accused"].append(case.text)
        for kind, text in texts.items():
            if text and text != case.text:
                counts[kind][verdict(case, text)] += 1
                if verdict(case, text) != "unsupported":
                    wrong[f"missed {kind}"].append(f"{case.text} => {text}")
    report(counts)
    for kind, found in wrong.items():
        for shown in found[: chosen.show]:
            print(kind, "|", shown)


def report(counts: dict[str, Counter[str]]) -> None:
    print(HEAD)
    planted: Counter[str] = Counter()
    for kind, count in counts.items():
        print(row(kind, count))
        planted += count if kind != "true" else Counter()
    print(row("all planted", planted))


def row(kind: str, count: Counter[str]) -> str:
    total = count.total()
    shares = " | ".join(f"{count[verdict] / total:.3f}" for verdict in VERDICTS)
    return f"| {kind} | {total} | {shares} |"


if __name__ == "__main__":
    main()
