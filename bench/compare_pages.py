"""Which page does an answer come from? Our search against the baseline, on the same PDFs in one run.

    python bench/compare_pages.py [SET] [--limit N]

SET holds PDFs and `questions.jsonl` in the shape of data/samples/questions.jsonl.
A question is a hit at k when one of the first k passages lies on a page that answers it; passages of one
page count as they come, for both. Prints one JSON object and renews the table in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.folder import SAMPLES, pdfs, questions_of  # noqa: E402
from bench.report import renew  # noqa: E402
from rag.answering.retrieval import Retriever  # noqa: E402
from rag.core.call_context import CallContext  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.ingestion.pipeline import read_file  # noqa: E402
from rag.services import open_services  # noqa: E402

OWNER = "bench"
DEPTHS = (1, 4, 10)
BASELINE_PYTHON = BENCH / "var" / "venv" / "bin" / "python"
QUIET = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
Places = Sequence[tuple[str, int]]


def ours(folder: Path, questions: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Places], dict[str, float]]:
    """The pages our search finds for each question, nearest first, and seconds of reading and searching."""
    with tempfile.TemporaryDirectory() as data:
        services = open_services(Settings(data_dir=Path(data), samples=False, model="none"))
        collection = services.store.collections.create(OWNER, "bench")
        services.embedder.embed_query("ready")
        started = time.perf_counter()
        for file in pdfs(folder):
            read_file(services.ingest, OWNER, collection.id, file.read_bytes(), file.name)
        read = time.perf_counter()
        retriever = Retriever(services.index, services.store.documents, services.embedder)
        retriever.search("ready", CallContext(OWNER, collection.id), k=max(DEPTHS))
        searching = time.perf_counter()
        found: dict[str, Places] = {}
        for record in questions:
            result = retriever.search(record["question"], CallContext(OWNER, collection.id), k=max(DEPTHS))
            found[record["id"]] = [(passage.name, passage.page) for passage in result.passages]
        seconds = {"read_s": read - started, "search_s": (time.perf_counter() - searching) / len(questions)}
        return found, {name: round(value, 4) for name, value in seconds.items()}


def baseline(folder: Path) -> tuple[dict[str, Places], dict[str, float]]:
    """The same of the baseline, which runs in its own environment."""
    command = [str(BASELINE_PYTHON), str(BENCH / "baseline.py"), str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **QUIET})
    result = json.loads(done.stdout)
    found: dict[str, Places] = {
        name: [(place[0], place[1]) for place in places] for name, places in result["found"].items()
    }
    return found, {"read_s": round(result["parse_s"] + result["embed_s"], 4), "search_s": result["search_s"]}


def hits(questions: Sequence[Mapping[str, Any]], found: Mapping[str, Places], k: int) -> list[int]:
    """1 for each question whose page is among the first k places, otherwise 0."""
    return [
        int(any((record["file"], page) in found[record["id"]][:k] for page in record["gold_pages_best"]))
        for record in questions
    ]


def bootstrap_interval(values: Sequence[float]) -> list[float]:
    """95 % of the means of a thousand resamples."""
    chance = random.Random(1)
    means = sorted(sum(chance.choices(values, k=len(values))) / len(values) for _ in range(1000))
    return [round(means[25], 3), round(means[975], 3)]


def compare(folder: Path, limit: int | None) -> dict[str, Any]:
    """Recall of both, and of ours less the baseline's with its interval, question by question."""
    questions = questions_of(folder, limit)
    sources = sorted({record["source"] for record in questions})
    found = {"ours": ours(folder, questions), "baseline": baseline(folder)}
    result: dict[str, Any] = {"questions": len(questions), "pdfs": len(pdfs(folder))}
    for name, (places, seconds) in found.items():
        scores = {f"recall@{k}": hits(questions, places, k) for k in DEPTHS}
        result[name] = {key: round(sum(values) / len(values), 3) for key, values in scores.items()}
        result[name].update(seconds, **{"recall@4_interval": bootstrap_interval(scores["recall@4"])})
        for source in sources:
            part = [
                hit for hit, record in zip(scores["recall@4"], questions, strict=True) if record["source"] == source
            ]
            result[name][f"recall@4_{source}"] = round(sum(part) / len(part), 3)
    pairs = zip(*(hits(questions, found[name][0], 4) for name in ("ours", "baseline")), strict=True)
    differences = [first - second for first, second in pairs]
    result["difference@4"] = round(sum(differences) / len(differences), 3)
    result["difference@4_interval"] = bootstrap_interval(differences)
    return result


def table(result: Mapping[str, Any]) -> str:
    """The result as a Markdown table."""
    # The seconds stay in the JSON: the two sides run one after the other here; bench/run.py takes turns.
    keys = [key for key in result["ours"] if key.startswith("recall") and not key.endswith("_interval")]
    lines = [
        f"{result['pdfs']} PDFs, {result['questions']} answerable questions, one run.",
        "",
        "| | ours | baseline |",
        "|---|---|---|",
        *(f"| {key} | {result['ours'][key]} | {result['baseline'][key]} |" for key in keys),
        "",
        f"Ours less the baseline at 4: {result['difference@4']} (95 % interval {result['difference@4_interval']}).",
    ]
    return "\n".join(lines)


def main() -> None:
    shared = BENCH.parents[1] / "shared" / "evaldata" / "pdf_pages"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = shared if shared.is_dir() else SAMPLES
    parser.add_argument("set", type=Path, nargs="?", default=default)
    parser.add_argument("--limit", type=int, help="the first N answerable questions")
    given = parser.parse_args()
    result = compare(given.set, given.limit)
    renew(
        "The right page among the first passages",
        f"python bench/compare_pages.py, {given.set.name}",
        table(result),
        result,
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
