"""How time and memory grow with the library: 1,000, 10,000 and 100,000 chunks, and 1 to 8 people asking.

    python bench/growth.py [FOLDER of PDFs and questions.jsonl] [--sizes 1000 10000 100000] [--keep FOLDER]
    python bench/growth.py --shapes 1 4 16 [--without-embedding]      how one plain file grows, see bench/shapes.py

The first `--base` chunks are real ones; the others are seeded perturbations of them. One word in five is
another word of the same length from the same documents, so that no two texts are the same and the words
index is filled as by real documents; their vectors are the real ones turned a little. Each size is
measured in a process of its own, without a model, once what the app loads beside its pages after a start is there. With
`--keep` the libraries stay and are used again. Prints one JSON object, renews its section in
bench/results.md and draws bench/growth.svg.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import multiprocessing
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench import shapes  # noqa: E402
from bench.charts import Chart, drawn  # noqa: E402
from bench.report import renew  # noqa: E402
from rag.core.call_context import CallContext  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.core.types import Chunk, LoadedDocument  # noqa: E402
from rag.ingestion.chunk_vectors import embedded_text  # noqa: E402
from rag.ingestion.loading import load_bytes  # noqa: E402
from rag.ingestion.splitting import split  # noqa: E402
from rag.services import Services, open_services  # noqa: E402

OWNER = "bench"
PEOPLE = (1, 2, 4, 8)
_WORD = re.compile(r"[A-Za-z]{3,}")
_CHANGED = 0.2  # share of the words that are others
_TURNED = 0.25  # length of the random vector that is added to a vector of length 1
_CHUNKS_A_DOCUMENT = 100
_AHEAD = 20  # documents made before they are written


@dataclass(frozen=True)
class Real:
    """A stretch of a real document: its pages, their chunks, the chunks' vectors (n, dimension)."""

    loaded: LoadedDocument
    chunks: list[Chunk]
    vectors: np.ndarray


def read_base(folder: Path, services: Services, most: int) -> list[Real]:
    """Real documents until there are enough chunks, cut into stretches of about a hundred chunks."""
    found: list[Real] = []
    held = 0
    for file in sorted(folder.rglob("*.pdf")):
        if held >= most:
            break
        loaded = load_bytes(file.read_bytes(), file.name)
        pages = list(loaded.pages)
        while pages and held < most:
            part, chunks = [pages.pop(0)], []
            while True:
                stretch = replace(loaded, pages=tuple(part))
                chunks = split(
                    stretch, count=services.embedder.count_tokens, size=services.embedder.max_tokens, overlap=20
                )
                if len(chunks) >= _CHUNKS_A_DOCUMENT or not pages:
                    break
                part.append(pages.pop(0))
            vectors = services.embedder.embed_passages([embedded_text(chunk) for chunk in chunks])
            found.append(Real(stretch, chunks, vectors))
            held += len(chunks)
    return found


def words_by_length(base: Sequence[Real]) -> dict[int, list[str]]:
    """All words of the documents, as often as they occur, by their length."""
    words: dict[int, list[str]] = defaultdict(list)
    for real in base:
        for page in real.loaded.pages:
            for word in _WORD.findall(page.text):
                words[len(word)].append(word)
    return words


def copies(base: Sequence[Real]) -> Iterator[Real]:
    """The real stretches, then perturbations of them without end; the same ones every time."""
    yield from base
    words, chance, noise = words_by_length(base), random.Random(7), np.random.default_rng(7)

    def other(match: re.Match[str]) -> str:
        return chance.choice(words[len(match[0])]) if chance.random() < _CHANGED else match[0]

    while True:
        for real in base:
            pages = tuple(replace(page, text=_WORD.sub(other, page.text)) for page in real.loaded.pages)
            texts = {page.number: page.text for page in pages}
            chunks = [replace(chunk, text=texts[chunk.page][chunk.start : chunk.end]) for chunk in real.chunks]
            step = noise.standard_normal(real.vectors.shape) * (_TURNED / np.sqrt(real.vectors.shape[1]))
            turned = real.vectors + step
            turned = (turned / np.linalg.norm(turned, axis=1, keepdims=True)).astype(np.float32)
            yield Real(replace(real.loaded, pages=pages), chunks, turned)


def made_ahead(base: Sequence[Real]) -> Iterator[Real]:
    """What `copies` gives, made in a process of its own while what came before is written."""
    context = multiprocessing.get_context("spawn")
    ready = context.Queue(_AHEAD)
    maker = context.Process(target=_make, args=(base, ready), daemon=True)
    maker.start()
    try:
        while True:
            yield ready.get()
    finally:
        maker.kill()


def _make(base: Sequence[Real], ready: Any) -> None:
    for real in copies(base):
        ready.put(real)


def add(services: Services, collection: str, number: int, real: Real) -> str:
    """Put one stretch into the library as a document; its id."""
    name = f"{number:05}-{real.loaded.name}"
    return services.store.documents.add(
        OWNER,
        collection,
        replace(real.loaded, name=name),
        real.chunks,
        real.vectors,
        sha256=hashlib.sha256(f"{number} {real.chunks[0].text}".encode()).hexdigest(),
        size=1,
        language="en",
        embedder=services.embedder.name,
    ).id


def fill(folder: Path, base: Sequence[Real], size: int) -> None:
    """A library of at least so many chunks."""
    services = open_services(Settings(data_dir=folder, samples=False, model="none"))
    collection = services.store.collections.create(OWNER, "bench")
    held = 0
    for number, real in enumerate(made_ahead(base)):
        if held >= size:
            break
        add(services, collection.id, number, real)
        held += len(real.chunks)
    (folder / "filled").write_text(str(held), "utf-8")


def measure(folder: Path, questions: Sequence[str], rounds: int) -> dict[str, Any]:
    """What one library costs, in this process: memory in MB, all times in milliseconds."""
    import psutil

    services = open_services(Settings(data_dir=folder, samples=False, model="none"))
    collection = services.store.collections.list(OWNER)[0].id
    services.embedder.embed_query("ready")
    process = psutil.Process()
    empty = process.memory_info().rss
    began = time.perf_counter()
    services.warm_up()
    ready = (time.perf_counter() - began) * 1000
    first = ask(services, collection, questions[-1])
    gc.collect()
    held = process.memory_info().rss
    asked = [stages(services, collection, question) for _ in range(rounds) for question in questions]
    result: dict[str, Any] = {
        "chunks": int((folder / "filled").read_text("utf-8")),
        "ready": round(ready, 1),
        "first_question": round(first, 1),
        "memory_empty": round(empty / 1e6),
        "memory": round(held / 1e6),
        "adding": adding(services, collection),
        "people": {people: at_once(services, collection, questions, people) for people in PEOPLE},
        "recall": recall(services, collection, questions),
    }
    result["new_words"] = spread([one["new_words"] for one in asked[: len(questions)]])
    return result | {stage: spread([one[stage] for one in asked]) for stage in ("embedding", "search", "quotes")}


def ask(services: Services, collection: str, question: str) -> float:
    """Milliseconds from the question to its quotes."""
    began = time.perf_counter()
    next(services.conversation.ask(question, CallContext(OWNER, collection), anyway=True))
    return (time.perf_counter() - began) * 1000


def stages(services: Services, collection: str, question: str) -> dict[str, float]:
    """Milliseconds to embed the question; to search for it then, the first time and when its words were asked for
    before; and from the question to its quotes, the first time. The app looks words up while it embeds."""
    began = time.perf_counter()
    services.embedder.embed_query(question)
    embedding = (time.perf_counter() - began) * 1000
    first = next(services.conversation.ask(question, CallContext(OWNER, collection), anyway=True))
    quotes = (time.perf_counter() - began) * 1000
    again = next(services.conversation.ask(question, CallContext(OWNER, collection), anyway=True))
    searched = {"search": again.seconds["search"] * 1000, "new_words": first.seconds["search"] * 1000}
    return {"embedding": embedding, "quotes": quotes} | searched


def recall(services: Services, collection: str, questions: Sequence[str]) -> float:
    """The share of each question's ten nearest vectors that the index finds."""
    ids, vectors = services.store.documents.vectors(collection)
    shares = []
    for question in questions:
        asked = services.embedder.embed_query(question)
        nearest = ids[np.argsort(-(vectors @ asked))[:10]].tolist()
        found = dict(services.index.search_vectors(collection, asked, 10))
        shares.append(len(found.keys() & set(nearest)) / 10)
    return round(float(np.mean(shares)), 3)


def at_once(services: Services, collection: str, questions: Sequence[str], people: int) -> dict[str, float]:
    """Question to quotes while so many people ask without a pause, each ten questions."""

    def person(number: int) -> list[float]:
        mine = [questions[(number * 7 + i) % len(questions)] for i in range(10)]
        return [ask(services, collection, question) for question in mine]

    with ThreadPoolExecutor(people) as pool:
        return spread([value for values in pool.map(person, range(people)) for value in values])


def adding(services: Services, collection: str) -> dict[str, float]:
    """Adding a document of one chunk: the transaction, and the first look-up that finds it; medians of five."""
    documents = services.store.documents
    some = documents.list(OWNER, collection)[0]
    page = documents.pages(OWNER, some.id)[0]
    vector = np.zeros((1, services.embedder.dimension), np.float32)
    vector[0, 0] = 1.0
    writing, finding = [], []
    for number in range(5):
        text = f"Added {number}. {page.text[:200]}"
        chunk = Chunk(1, "1", "", "", text, 0, len(text))
        loaded = LoadedDocument("added.pdf", "Added", "pdf", (replace(page, number=1, text=text, headings=()),))
        began = time.perf_counter()
        added = add(services, collection, 10**6 + number, Real(loaded, [chunk], vector))
        written = time.perf_counter()
        services.index.search_vectors(collection, vector[0], 1)
        found = time.perf_counter()
        writing.append((written - began) * 1000)
        finding.append((found - written) * 1000)
        documents.remove(OWNER, added)
        services.index.search_vectors(collection, vector[0], 1)
    return {"writing": round(float(np.median(writing)), 1), "finding": round(float(np.median(finding)), 1)}


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(float(np.percentile(values, 50)), 1), "p95": round(float(np.percentile(values, 95)), 1)}


def table(results: Sequence[dict[str, Any]]) -> str:
    """Both tables in Markdown."""
    head = (
        "| chunks | embedding the question p95 | search alone p50 / p95 | with words never asked before "
        "| recall at 10 | question to quotes p50 / p95 "
    )
    head += "| made ready beside the pages after the embedder | first question then "
    head += "| adding one document: written / found | memory: empty / with the library |"
    rows = [
        f"| {r['chunks']:,} | {r['embedding']['p95']} | {r['search']['p50']} / {r['search']['p95']} "
        f"| {r['new_words']['p50']} / {r['new_words']['p95']} | {r['recall']} "
        f"| {r['quotes']['p50']} / {r['quotes']['p95']} | {r['ready']} | {r['first_question']} "
        f"| {r['adding']['writing']} / {r['adding']['finding']} | {r['memory_empty']} / {r['memory']} MB |"
        for r in results
    ]
    people = [
        f"| {r['chunks']:,} | "
        + " | ".join(f"{r['people'][str(p)]['p50']} / {r['people'][str(p)]['p95']}" for p in PEOPLE)
        + " |"
        for r in results
    ]
    asking = f"| chunks | {' | '.join(f'{p} asking' for p in PEOPLE)} |"
    parts = ["Milliseconds, no model.", "", head, "|---" * 10 + "|", *rows, ""]
    parts += ["Question to quotes, p50 / p95, people asking at once:", "", asking, "|---" * 5 + "|", *people, ""]
    return "\n".join([*parts, "![time and memory over chunks, time over people](growth.svg)"])


def picture(results: Sequence[dict[str, Any]]) -> str:
    """Milliseconds (p95) and memory over chunks, and milliseconds over the people who ask at once."""
    chunks = [r["chunks"] for r in results]
    times = {
        "question to quotes": [r["quotes"]["p95"] for r in results],
        "search": [r["search"]["p95"] for r in results],
        "adding a document": [r["adding"]["writing"] + r["adding"]["finding"] for r in results],
    }
    memory = {"with the library": [r["memory"] for r in results], "empty": [r["memory_empty"] for r in results]}
    asking = {f"{r['chunks']:,} chunks": [r["people"][str(p)]["p95"] for p in PEOPLE] for r in results}
    return drawn(
        [
            Chart("Time, 95 of 100", "chunks", "ms", chunks, times),
            Chart("Memory without a model", "chunks", "MB", chunks, memory),
            Chart("Question to quotes, 95 of 100", "people asking at once", "ms", PEOPLE, asking),
        ]
    )


def measured(given: argparse.Namespace, libraries: Path) -> list[dict[str, Any]]:
    """Fill what is missing, then measure each size in a process of its own."""
    base: list[Real] = []
    results = []
    for size in given.sizes:
        folder = libraries / str(size)
        if not (folder / "filled").is_file():
            if not base:
                services = open_services(Settings(data_dir=libraries / "base", samples=False, model="none"))
                base = read_base(given.folder, services, given.base)
            fill(folder, base, size)
        command = [sys.executable, __file__, str(given.folder), "--measure", str(folder)]
        command += ["--rounds", str(given.rounds), "--questions", str(given.questions)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=BENCH.parent)
        results.append(json.loads(done.stdout))
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=BENCH.parent / "data" / "samples")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--base", type=int, default=1000, help="real chunks to begin with")
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="where the libraries stay")
    parser.add_argument("--shapes", type=int, nargs="+", help="megabytes of plain files, in place of libraries")
    parser.add_argument("--without-embedding", action="store_true", help="of plain files")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.shapes:
        shapes.main(given.shapes, embedding=not given.without_embedding)
        return
    if given.measure:
        lines = (given.folder / "questions.jsonl").read_text("utf-8").splitlines()
        records = [record for record in map(json.loads, lines) if record["answerable"]]
        print(json.dumps(measure(given.measure, [r["question"] for r in records[: given.questions]], given.rounds)))
        return
    with tempfile.TemporaryDirectory() as made:
        results = measured(given, given.keep or Path(made))
    (BENCH / "growth.svg").write_text(picture(results), "utf-8")
    sizes = " ".join(map(str, given.sizes))
    command = f"python bench/growth.py {given.folder.name} --sizes {sizes} --base {given.base} --rounds {given.rounds}"
    renew("Growth", command, table(results), results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
