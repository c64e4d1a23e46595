"""Are plain true sentences about everyday documents supported, and plain false ones not?

    python bench/everyday_claims.py [a b c d e f] [--show]

`bench/everyday_claims/` holds invented documents (rules, contracts, minutes, manuals, sheets, notices; English, Chinese
and German) with claims about them that were written down before any was judged. `a`, `b` and `c` were looked at while
verdicts were mended, `d` and `e` once their first figures were in bench/verdicts.md, `f` not. Those of `e` and `f` are
harder: whoever wrote them avoided the documents' words. Each claim is held against all documents of its folder.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.answering.text_evidence import said_in_documents
from rag.answering.verification import verify
from rag.core.types import Quote, Sentence
from rag.ingestion.loading import load_bytes
from rag.models.judges import open_judge

FOLDER: Final = Path(__file__).with_name("everyday_claims")
CLAIMS: Final = "claims.tsv"
VERDICTS: Final = ("supported", "partly", "unsupported")


@dataclass(frozen=True)
class Judged:
    """A claim, whether it is true, its verdict, and the quotes that it was held against."""

    true: bool
    sentence: Sentence
    quotes: tuple[Quote, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=sorted(each.name for each in FOLDER.iterdir() if each.is_dir()))
    parser.add_argument("--show", action="store_true", help="print the wrong verdicts")
    chosen = parser.parse_args()
    print(f"| folder | claims | number | {' | '.join(VERDICTS)} |\n|---|---|---|{'---|' * len(VERDICTS)}")
    for name in chosen.folders:
        found = list(judged(FOLDER / name))
        report(name, found)
        if chosen.show:
            show(found)


def judged(folder: Path) -> Iterator[Judged]:
    judge, said = open_judge(), said_in(folder)
    for label, claim in labelled(folder):
        sentences, quotes = verify(claim, "", [], said, judge=judge)
        yield Judged(label == "true", sentences[0], tuple(quotes[place] for place in sentences[0].quotes))


def said_in(folder: Path) -> list[Quote]:
    """What the documents of a folder say."""
    files = sorted(file for file in folder.iterdir() if file.name != CLAIMS)
    return said_in_documents([load_bytes(file.read_bytes(), file.name) for file in files])


def labelled(folder: Path) -> Iterator[tuple[str, str]]:
    """Its claims, each behind "true" or "false"."""
    for line in (folder / CLAIMS).read_text(encoding="utf-8").splitlines():
        label, claim = line.split("\t")
        yield label, claim


def report(name: str, found: Sequence[Judged]) -> None:
    for true in (True, False):
        counts = Counter(one.sentence.verdict for one in found if one.true == true)
        figures = " | ".join(str(counts[verdict]) for verdict in VERDICTS)
        print(f"| {name} | {'true' if true else 'false'} | {counts.total()} | {figures} |")


def show(found: Sequence[Judged]) -> None:
    for one in found:
        if one.sentence.verdict != ("supported" if one.true else "unsupported"):
            print(f"{'true' if one.true else 'false'} → {one.sentence.verdict}: {one.sentence.text}")


if __name__ == "__main__":
    main()
