"""Are changed figures and negations found in Chinese, and true sentences left alone?

    python bench/planted_chinese.py ../shared/evaldata [--seed 1] [--show]

Three sentences of each of cmrc's passages are held against their passage: less their first clause (true), with a clause
left away (shorter), with their clauses in the opposite order (turned), and with one figure changed, a 不 put in or a
negation taken away. No human wrote these; what people say in other words is harder. Accused means: unsupported.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.planted_errors import HEAD, VERDICTS, row
from rag.answering.evidence import CutPage, sentences_of
from rag.answering.verification import verify
from rag.core.text import sentences
from rag.core.types import Passage
from rag.models.judges import open_judge

JUDGE = open_judge()
TRUE = ("true", "shorter", "turned")


def claims(sentence: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """The sentence in each of the ways that it has: (what was done, text)."""
    clauses = sentence.split("，")
    text = "，".join(clauses[1:]) if len(clauses) > 2 else sentence
    yield "true", text
    yield "shorter", "，".join(clauses[:1] + clauses[2:])
    yield "turned", "，".join(reversed(sentence.rstrip("。").split("，"))) + "。"
    if found := list(re.finditer(r"\d+", text)):
        figure = chance.choice(found)
        yield "figure", f"{text[: figure.start()]}{int(figure[0]) + chance.choice([1, 2, 3, 10])}{text[figure.end() :]}"
    if found := list(re.finditer("不|没有|未", text)):
        negation = chance.choice(found)
        yield "negation left away", text[: negation.start()] + text[negation.end() :]
    if found := list(re.finditer("是|为|会|能|可以", text)):
        place = chance.choice(found).start()
        yield "negation put in", f"{text[:place]}不{text[place:]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the missed and the accused")
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for record in map(json.loads, (chosen.folder / "chinese_cmrc2018" / "passages.jsonl").open(encoding="utf-8")):
        name, text = record["id"], record["text"]
        passage = Passage(0, name, name, record["title"], "text", None, 1, "1", "", text, 0, len(text))
        beside = sentences_of([passage], {(name, 1): CutPage.of(text)})
        long = [text[start:end] for start, end in sentences(text) if 20 < end - start < 90]
        for sentence in chance.sample(long, min(3, len(long))):
            for kind, claim in claims(sentence, chance):
                found = {judged.verdict for judged in verify(claim, record["title"], [], beside, judge=JUDGE)[0]}
                verdict = next(v for v in VERDICTS if v in found)
                counts[kind][verdict] += 1
                if chosen.show and (kind in TRUE) == (verdict == "unsupported"):
                    print(kind, "|", claim)
    print(HEAD)
    for kind, count in counts.items():
        print(row(kind, count))


if __name__ == "__main__":
    main()
