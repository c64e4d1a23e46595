"""How well does the gate refuse in libraries of a few passages? As a table in Markdown.

python bench/small_libraries.py ../shared/evaldata > table.md
python bench/small_libraries.py ../shared/evaldata --sets chinese_cmrc2018 --cache FOLDER

Of each set libraries of 6 and of 40 passages; asked are questions of theirs, questions of the same set about passages
that were left out, and questions of another set. Libraries fall into two halves in turns, to see
whether what was chosen holds on both.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.cached_embedding import CachedEmbedder
from rag.answering.evidence_retriever import EvidenceFinder
from rag.answering.retrieval import Retriever
from rag.core.call_context import CallContext
from rag.evaluation import open_corpus, read_set
from rag.evaluation.corpus import OWNER
from rag.evaluation.question_sets import Case, QuestionSet
from rag.ingestion.context import IngestContext
from rag.library.index import Index
from rag.models.catalogue import BUNDLED
from rag.models.embedding import open_embedder

# Each set, and that whose questions it cannot answer.
SETS = {"squad": "squad", "chinese_cmrc2018": "chinese_xquad", "chinese_drcd": "chinese_xquad"}
# Passages in a library, libraries, and questions asked of each that it answers; as many that it does not.
SIZES = ((6, 20, 8), (40, 5, 25))
SEED = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--cache", type=Path)
    chosen = parser.parse_args()
    embedder: Any = open_embedder(BUNDLED)
    if chosen.cache:
        embedder = CachedEmbedder(embedder, chosen.cache)
    print("| set | passages | half | answerable, wrongly refused | foreign, refused |\n|---|---|---|---|---|")
    for name in chosen.sets:
        own, other = read_set(chosen.folder / name), read_set(chosen.folder / SETS[name])
        kind = "out_of_corpus" if SETS[name] == name else "answerable"
        outside = [case for case in other.cases if case.kind == kind]
        for size, libraries, asked in SIZES:
            refused: dict[tuple[int, bool], list[bool]] = {
                (half, right): [] for half in (0, 1) for right in (True, False)
            }
            for place, (library, mine, foreign) in enumerate(parts(own, outside, size, libraries, asked)):
                for right, cases in ((True, mine), (False, foreign)):
                    refused[place % 2, right] += refusals(library, cases, embedder)
            for half in (0, 1):
                shares = [sum(refused[half, right]) / max(1, len(refused[half, right])) for right in (True, False)]
                counts = [len(refused[half, right]) for right in (True, False)]
                told = " | ".join(f"{share:.3f} of {count}" for share, count in zip(shares, counts, strict=True))
                print(f"| {name} | {size} | {half + 1} | {told} |", flush=True)


def parts(
    questions: QuestionSet, outside: list[Case], size: int, libraries: int, asked: int
) -> Iterator[tuple[QuestionSet, list[Case], list[Case]]]:
    """Libraries of a set's passages, by the hash of their keys; questions that each answers, and that it does not."""
    chance = random.Random(SEED)
    passages = sorted(questions.passages, key=lambda one: hashlib.sha256(one[0].encode()).digest())
    answerable = [case for case in questions.cases if case.kind == "answerable" and case.gold]
    for start in range(0, min(len(passages) - size + 1, size * libraries), size):
        some = passages[start : start + size]
        keys = {key for key, _, _ in some}
        mine = [case for case in answerable if case.gold <= keys]
        mine = chance.sample(mine, min(asked, len(mine)))
        rest = chance.sample([case for case in answerable if not case.gold & keys], asked // 2)
        yield replace(questions, passages=tuple(some)), mine, chance.sample(outside, asked // 2) + rest


def refusals(library: QuestionSet, cases: list[Case], embedder: Any) -> list[bool]:
    """Whether each question is refused."""
    with open_corpus(library, lambda store: IngestContext(store, embedder)) as corpus:
        finder = EvidenceFinder(Retriever(Index(corpus.store), corpus.store.documents, embedder), embedder)
        context = CallContext(OWNER, corpus.collection.id)
        return [not finder.find(case.question, context).answers for case in cases]


if __name__ == "__main__":
    main()
