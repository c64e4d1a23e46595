"""How reading and asking grow with one plain file: a text that is one line, one without blanks, one in Chinese.

    python bench/growth.py --shapes 1 4 16 [--without-embedding]

Each file is read and asked about in a library of its own, through the doors that the app uses, without a model.
Counted are seconds of processor time, of the parsing child too, so that other work on the machine is left out. With
`--without-embedding` passages get vectors of random numbers in place of the embedder's, whose time for some of
them is measured beside it: it is the same for each chunk, and most of all the time. Renews its section in
bench/results.md.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count, pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.library.store.job_rows import Stage
from rag.models.embedding import Embedder, Vectors
from rag.services import Services, open_services

BENCH = Path(__file__).resolve().parent
OWNER: Final = "bench"
# A step to four times the text may cost so many times as much.
MOST: Final = 4.4
_TIMED: Final = 16  # chunks embedded for real where the others are not
_WORKS: Final = ["harbour", "office", "school", "bank", "mill", "library", "bakery", "theatre", "museum", "station"]
_QUESTIONS: Final = {
    "line": [
        f"How many days of leave does employee {number:06} of the {_WORKS[number % 10]} have?" for number in range(5)
    ],
    "no blanks": [
        f"How many days of leave does employee{number:06}ofthe{_WORKS[number % 10]} have?" for number in range(5)
    ],
    "Chinese": [f"第{number:06}号员工每年享有多少天年假？" for number in range(5)],
}


# Numbers have as many digits in a large file as in a small one, so that each byte is the same work.
def _english() -> Iterator[str]:
    for number in count():
        where = f"the {_WORKS[number % 10]} in branch {number % 97}"
        yield f"Employee {number:06} of {where} has {number % 40} days of leave and asks for them two weeks ahead. "


def _without_blanks() -> Iterator[str]:
    return (sentence.replace(" ", "").replace(".", "") for sentence in _english())


def _chinese() -> Iterator[str]:
    for number in count():
        yield f"第{number:06}号员工在第{number % 97}分部工作，每年有{number % 40}天年假，须提前两周申请，由主管批准。"


SHAPES: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "line": _english,
    "no blanks": _without_blanks,
    "Chinese": _chinese,
}


def written(shape: str, megabytes: int) -> bytes:
    """A file of so many million bytes, its last sentence whole."""
    parts, held = [], 0
    for sentence in SHAPES[shape]():
        parts.append(sentence.encode())
        held += len(parts[-1])
        if held >= megabytes * 10**6:
            return b"".join(parts)
    raise AssertionError("sentences are made without end")


class _Random:
    """The embedder with random vectors for passages: the time of everything else is to be seen."""

    def __init__(self, real: Embedder) -> None:
        self.real = real
        self.name, self.dimension, self.max_tokens = real.name, real.dimension, real.max_tokens
        self.fallback_for = real.fallback_for
        self.embed_query, self.count_tokens = real.embed_query, real.count_tokens
        self._numbers = np.random.default_rng(7)
        self.seen: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.seen = [*texts, *self.seen][:_TIMED]
        made = self._numbers.standard_normal((len(texts), self.dimension)).astype(np.float32)
        unit: Vectors = made / np.linalg.norm(made, axis=1, keepdims=True)
        return unit


def measure(shape: str, megabytes: int, *, embedding: bool) -> dict[str, Any]:
    """What one file costs in this process, in seconds of processor time."""
    from dataclasses import replace

    from rag.ingestion.loading.sandbox import close
    from rag.ingestion.pipeline import read_file

    with tempfile.TemporaryDirectory() as folder:
        services = open_services(Settings(data_dir=Path(folder), samples=False, model="none"))
        collection = services.store.collections.create(OWNER, "bench").id
        ingest = services.ingest
        random = _Random(ingest.embedder)
        if not embedding:
            ingest = replace(ingest, embedder=random, embedder_for=None)
        data, marks = written(shape, megabytes), {"loading": spent()}

        def mark(stage: Stage, _done: int, _all: int) -> None:
            marks.setdefault(stage, spent())

        document = read_file(ingest, OWNER, collection, data, "plain.txt", on_progress=mark)
        close()
        reading = spent() - marks["loading"]
        shares = {"embedding": marks["saving"] - marks["embedding"]}
        if not embedding:
            began = spent()
            ingest.embedder.real.embed_passages(random.seen)  # type: ignore[attr-defined]
            shares["embedding"] = (spent() - began) / len(random.seen) * document.chunks
        asked = [asking(services, collection, question) for question in _QUESTIONS[shape]]
        return {
            "shape": shape, "megabytes": megabytes, "parts": document.pages, "chunks": document.chunks,
            "reading": round(reading, 2), "embedding": round(shares["embedding"], 2),
            "first": round(asked[0], 3), "asking": round(median(asked[1:]), 3),
        }  # fmt: skip


def asking(services: Services, collection: str, question: str) -> float:
    began = spent()
    next(services.conversation.ask(question, CallContext(OWNER, collection), anyway=True))
    return spent() - began


def spent() -> float:
    """Seconds of processor time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def run(sizes: Sequence[int], *, embedding: bool) -> list[dict[str, Any]]:
    """The small files of all shapes first."""
    measure("line", 0, embedding=embedding)  # what is loaded once is no part of any file
    found = []
    for size in sizes:
        for shape in SHAPES:
            found.append(measure(shape, size, embedding=embedding))
            print(found[-1], file=sys.stderr, flush=True)
    return with_embedding(sorted(found, key=lambda one: list(SHAPES).index(one["shape"])), counted=embedding)


def with_embedding(results: Sequence[dict[str, Any]], *, counted: bool) -> list[dict[str, Any]]:
    """The results with all that reading costs (`whole`): where embedding was left out, a chunk of a shape costs as much
    in a large file as in a small one."""
    if counted:
        return [one | {"whole": one["reading"]} for one in results]
    each = {
        shape: median(one["embedding"] / one["chunks"] for one in results if one["shape"] == shape)
        for shape in dict.fromkeys(one["shape"] for one in results)
    }
    costs = [round(each[one["shape"]] * one["chunks"], 2) for one in results]
    return [
        one | {"embedding": cost, "whole": round(one["reading"] + cost, 2)}
        for one, cost in zip(results, costs, strict=True)
    ]


def steps(results: Sequence[dict[str, Any]]) -> list[tuple[str, str, int, int, float]]:
    """How many times as much each size costs as the one before: (shape, what, size before, size, times)."""
    found = []
    for shape in SHAPES:
        for small, large in pairwise(one for one in results if one["shape"] == shape):
            for what in ("reading", "whole", "first", "asking"):
                found.append((shape, what, small["megabytes"], large["megabytes"], large[what] / small[what]))
    return found


def largest_step(results: Sequence[dict[str, Any]]) -> float:
    """... of which reading counts with its embedding."""
    return max((value for _, what, *_, value in steps(results) if what != "reading"), default=0.0)


def table(results: Sequence[dict[str, Any]], *, embedding: bool) -> str:
    """What each file cost, and each step beside the one before, in Markdown."""
    times = {(shape, what, large): f"{value:.2f}" for shape, what, _, large, value in steps(results)}
    rows = [
        f"| {r['shape']} | {r['megabytes']} | {r['parts']:,} | {r['chunks']:,} "
        + "".join(
            f"| {r[what]} | {times.get((r['shape'], what, r['megabytes']), '–')} "
            for what in ("reading", "whole", "first", "asking")
        )
        + f"| {r['embedding'] / r['whole']:.0%} |"
        for r in results
    ]
    head = "| shape | MB | parts | chunks | reading, s | times | with embedding, s | times "
    head += "| first question, s | times | a question, s | times "
    held = "" if embedding else " Of reading, embedding is reckoned from some chunks."
    worst = f"The largest step is {largest_step(results):.2f} times; {MOST} are allowed."
    said = f"Seconds of processor time, no model.{held} {worst}"
    return "\n".join([said, "", head + "| embedding's share of reading |", "|---" * 13 + "|", *rows])


def main(sizes: Sequence[int], *, embedding: bool) -> None:
    from bench.report import renew

    results = run(sizes, embedding=embedding)
    command = (
        f"python bench/growth.py --shapes {' '.join(map(str, sizes))}{'' if embedding else ' --without-embedding'}"
    )
    renew("Plain files", command, table(results, embedding=embedding), results)
    print(json.dumps(results, indent=1))
    if largest_step(results) > MOST:
        raise SystemExit("a step costs more than it may")
