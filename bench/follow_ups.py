"""How well does the gate tell a true follow-up from a question about something else? As a table in Markdown.

python bench/follow_ups.py ../shared/evaldata > tables.md
python bench/follow_ups.py ../shared/evaldata --limit 100 --sets conversational_inscit

In each set's own library: its answerable follow-ups after their own histories, and questions about articles that are in
no library after the same histories. `leaning` of the embedder's facts was chosen by these two rates.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.answering.retrieval import Retriever
from rag.core.call_context import CallContext
from rag.core.settings import load
from rag.evaluation.corpus import OWNER, open_corpus
from rag.evaluation.question_sets import Case, read_set
from rag.library.index import Index
from rag.services import open_services

SETS = ("squad", "conversational_mtrag_human", "conversational_mtrag_un", "conversational_inscit")
SEED = 5


def histories(cases: Sequence[Case], chance: random.Random) -> list[tuple[str, list[str]]]:
    """Each answerable question with the questions before it; three others of the set where it has none."""
    answerable = [case for case in cases if case.kind == "answerable"]
    own = [(case.question, [asked for asked, _ in case.history]) for case in answerable if case.history]
    return own or [(case.question, [other.question for other in chance.sample(answerable, 3)]) for case in answerable]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=150)
    parser.add_argument("--sets", nargs="+", default=SETS)
    chosen = parser.parse_args()
    lines = (chosen.folder / "squad" / "questions_out_of_corpus.jsonl").read_text("utf-8").splitlines()
    outside = [json.loads(line)["question"] for line in lines]
    services = open_services(load().model_copy(update={"model": "none"}))
    print("| set | off-topic refused | true follow-ups wrongly refused | of |\n|---|---|---|---|")
    for name in chosen.sets:
        chance = random.Random(SEED)
        questions = read_set(chosen.folder / name)
        with open_corpus(questions, services.ingest_into) as corpus:
            retriever = Retriever(Index(corpus.store), corpus.store.documents, corpus.embedder)
            context = CallContext(OWNER, corpus.collection.id)
            true = histories(questions.cases, chance)
            true = chance.sample(true, min(chosen.limit, len(true)))
            false = [
                (asked, history) for asked, (_, history) in zip(chance.sample(outside, len(true)), true, strict=True)
            ]
            refused = [
                sum(
                    found.gate < found.threshold
                    for asked, history in group
                    for found in [retriever.search(asked, context, previous=history)]
                )
                / len(group)
                for group in (false, true)
            ]
        print(f"| {name} | {refused[0]:.3f} | {refused[1]:.3f} | {len(true)} |", flush=True)


if __name__ == "__main__":
    main()
