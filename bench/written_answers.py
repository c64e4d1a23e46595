"""Verdicts on what a real model wrote, beside what a reader says of each sentence; renews a section of verdicts.md.

    python bench/written_answers.py [--kept] [--show] [--judge NAME --models FOLDER] [--write]

`bench/written_answers/` holds seven invented documents and what a model of 1.5 billion parameters answered to questions
about them and about the sample documents. Each sentence was read twice beside its document (`first`, `second`): *true*
(the document says it, as an answer to the question), *mixed* (a part of it is not so or not said), *false*. A third, by
documents, is kept: nothing was chosen on it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.report import renew
from rag.answering.text_evidence import said_in_documents
from rag.answering.verification import verify
from rag.core import settings
from rag.core.types import Quote, Sentence
from rag.ingestion.loading import load_bytes
from rag.models.judges import BUNDLED_JUDGE, Judge, open_judge
from rag.services import open_services

FOLDER: Final = Path(__file__).with_name("written_answers")
SAMPLES: Final = Path(__file__).resolve().parents[1] / "data" / "samples"
REPORT: Final = Path(__file__).with_name("verdicts.md")
LABELS: Final = ("true", "mixed", "false")
VERDICTS: Final = ("supported", "partly", "unsupported", "unchecked", "no_claim")


@dataclass(frozen=True)
class Read:
    """A sentence as it was judged, and what a reader says of it."""

    question: str
    sentence: Sentence
    label: str
    kept: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", action="store_true", help="the kept third alone; otherwise the rest")
    parser.add_argument("--show", action="store_true", help="print the wrong verdicts")
    parser.add_argument("--judge", default=BUNDLED_JUDGE)
    parser.add_argument("--models", type=Path, nargs="*", default=[])
    parser.add_argument("--write", action="store_true", help="both parts into bench/verdicts.md")
    chosen = parser.parse_args()
    found = list(judged(open_judge(chosen.judge, chosen.models)))
    part = [one for one in found if one.kept == chosen.kept]
    if chosen.show:
        show(part)
    if chosen.write:
        parts = {"Two thirds": [r for r in found if not r.kept], "The kept third": [r for r in found if r.kept]}
        body = "\n\n".join(f"{name}: {report(rows)}" for name, rows in parts.items())
        renew("What a real model wrote", "python bench/written_answers.py --write", body, file=REPORT)
    print(report(part))


def judged(judge: Judge) -> Iterator[Read]:
    for record, said in answers():
        sentences, _ = verify(record["answer"], record["question"], [], said, judge=judge)
        for sentence, label in zip(sentences, labels(record), strict=True):
            yield Read(record["question"], sentence, label, record["kept"])


def answers() -> Iterator[tuple[dict[str, Any], list[Quote]]]:
    """What was written, and what its document says."""
    said: dict[str, list[Quote]] = {}
    limits = open_services(settings.load()).limits
    for record in map(json.loads, (FOLDER / "answers.jsonl").open(encoding="utf-8")):
        name = record["document"]
        if name not in said:
            file = next(folder / name for folder in (FOLDER, SAMPLES) if (folder / name).is_file())
            said[name] = said_in_documents([load_bytes(file.read_bytes(), name, limits=limits)])
        yield record, said[name]


def labels(record: Mapping[str, Any]) -> list[str]:
    return [sentence["label"] for sentence in record["sentences"]]


def report(rows: Sequence[Read]) -> str:
    counts = Counter((row.label, row.sentence.verdict) for row in rows)
    total = {label: sum(counts[label, verdict] for verdict in VERDICTS) for label in LABELS}
    shown = sum(counts[label, "supported"] for label in LABELS)
    wrong = total["mixed"] + total["false"]
    accused = [row for row in rows if row.sentence.contradicted]
    lines = [f"| read as | {' | '.join(VERDICTS)} |", f"|---|{'---|' * len(VERDICTS)}"]
    lines += [f"| {label} | {' | '.join(str(counts[label, verdict]) for verdict in VERDICTS)} |" for label in LABELS]
    figures = [
        f"true supported {share(counts['true', 'supported'], total['true'])}",
        f"right among supported {share(counts['true', 'supported'], shown)}",
        f"false unmarked {share(counts['mixed', 'supported'] + counts['false', 'supported'], wrong)}",
        f"right among contradicted {share(sum(row.label != 'true' for row in accused), len(accused))}",
    ]
    return f"{len(rows)} sentences; {', '.join(figures)}.\n\n" + "\n".join(lines)


def share(number: int, of: int) -> str:
    return f"{number / of:.2f} ({number} of {of})" if of else "–"


def show(rows: Sequence[Read]) -> None:
    for row in rows:
        verdict = row.sentence.verdict
        if (row.label == "true") != (verdict == "supported") and (row.label, verdict) != ("false", "unsupported"):
            reasons = [(reason.key, reason.fields.get("said")) for reason in row.sentence.reasons]
            print(f"{row.label} → {verdict} | {row.question} | {row.sentence.text.strip()} | {reasons}")


if __name__ == "__main__":
    main()
