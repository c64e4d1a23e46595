"""What the engines below the app reach: llama.cpp under its settings, the embedder beside the processor's peak.

    python bench/engine.py [MODEL.gguf] [--tokens 256] [--rounds 3] [--plain]
    python bench/engine.py --embedder NAME      of a model at hand, or its folder

Tokens of a prompt read in a second, under each setting, by turns; and the seconds that one, two, four and eight tokens
take together after it. Drafting pays where eight together cost little more than one: a draft is read like a prompt, and
what the model would have written is kept. Medians over the rounds. Renews its section in bench/results.md.

Of an embedder: passages and a question by each way of computing them, by turns, in one thread, in the thread's own
time, so that other work on the machine counts little; the arithmetic of its products in it, beside the best that one
product of large matrices reaches (the roofline).
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import llama_cpp as lib

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.report import renew  # noqa: E402
from rag.core.processors import computes_bfloat16  # noqa: E402
from rag.models.catalogue import choose  # noqa: E402
from rag.models.embedder_loading import LibraryEncoder, SentenceEncoder  # noqa: E402
from rag.models.encoder import Precision  # noqa: E402
from rag.models.mean_encoder import MeanEncoder, read_shape  # noqa: E402

DRAFTS = (1, 2, 4, 8)
_TOKEN = 1000
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16") if computes_bfloat16() else ("float32",)
# Of about 240 and 14 tokens.
PASSAGE = "Net revenue rose by twelve percent to 1,234 million in the year that ended on December 31. " * 10
QUESTION = "How many days of annual leave are there after six years?"


@dataclass(frozen=True)
class Way:
    """One way to set llama.cpp up."""

    batch: int = 64
    flash: bool = False
    threads: int = 1

    def __str__(self) -> str:
        return f"batch {self.batch}, {self.threads} threads" + (", flash attention" if self.flash else "")


WAYS = (Way(), Way(batch=32), Way(batch=128), Way(batch=256), Way(flash=True), Way(threads=os.cpu_count() or 1))


def context_of(model: Any, way: Way) -> Any:
    params = lib.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = 2048, way.batch, way.batch
    params.n_threads = params.n_threads_batch = way.threads
    params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_ENABLED if way.flash else lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return lib.llama_init_from_model(model, params)


def read(context: Any, count: int, batch: int) -> float:
    """Seconds to read so many tokens."""
    began = time.perf_counter()
    for first in range(0, count, batch):
        some = (lib.llama_token * min(batch, count - first))(
            *[_TOKEN + i % 97 for i in range(min(batch, count - first))]
        )
        lib.llama_decode(context, lib.llama_batch_get_one(some, len(some)))
    lib.llama_synchronize(context)
    return time.perf_counter() - began


def measured(model: Any, tokens: int, rounds: int) -> dict[str, Any]:
    speeds: dict[str, list[float]] = {str(way): [] for way in WAYS}
    drafts: dict[int, list[float]] = {count: [] for count in DRAFTS}
    for _ in range(rounds):
        for way in WAYS:
            context = context_of(model, way)
            read(context, 8, 8)
            speeds[str(way)].append(tokens / read(context, tokens, way.batch))
            if way == WAYS[0]:
                for count in DRAFTS:
                    drafts[count].append(read(context, count, count))
            lib.llama_free(context)
    return {
        "read": {way: round(statistics.median(values), 2) for way, values in speeds.items()},
        "together": {count: round(statistics.median(values), 3) for count, values in drafts.items()},
    }


@dataclass(frozen=True)
class Reading:
    """What a way of embedding takes: tokens of passages in a second, milliseconds of a question, GFLOP in a second."""

    tokens: float
    question: float
    flops: float


def peak() -> float:
    """GFLOP in a second of one product of large matrices, the best of several."""
    import torch

    left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return max(2 * 1024**3 / 1e9 / seconds(lambda: left @ right) for _ in range(5))


def seconds(do: Callable[[], object]) -> float:
    """Of this thread's own time."""
    began = time.thread_time()
    do()
    return time.thread_time() - began


def embedding(folder: Path, rounds: int) -> tuple[dict[str, Reading], float]:
    """Each way's medians, and the peak."""
    import torch

    torch.set_num_threads(1)
    shape = read_shape(folder)
    if shape is None:
        raise SystemExit(f"{folder} is computed by sentence-transformers alone")
    ways: dict[str, SentenceEncoder] = {"sentence-transformers": LibraryEncoder(folder, "cpu", {})}
    ways |= {precision: MeanEncoder(folder, shape, {}, precision) for precision in PRECISIONS}
    texts = [f"{PASSAGE} {number}" for number in range(8)]
    tokens = sum(len(ways["float32"].tokenizer.encode(text)) for text in texts)
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    best = 0.0
    for _ in range(rounds):
        best = max(best, peak())
        for way, model in ways.items():
            passages = seconds(partial(model.sentences, texts, "document"))
            taken[way].append((passages, seconds(partial(model.sentences, [QUESTION], "query"))))
    medians = {way: [statistics.median(values) for values in zip(*pairs, strict=True)] for way, pairs in taken.items()}
    work = 2e-9 * tokens * sum(map(math.prod, product_shapes(folder)))
    return {way: Reading(tokens / a, b * 1000, work / a) for way, (a, b) in medians.items()}, best


def product_shapes(folder: Path) -> list[tuple[int, int]]:
    """The matrices that every token is multiplied by."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    states, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    return [(states, 4 * states), (states, 2 * inner)] * int(config["num_hidden_layers"])


def embedding_table(name: str, ways: dict[str, Reading], best: float) -> str:
    first = next(iter(ways.values()))
    head = f"| {name}, one thread | passages, tokens/s | to the first | question, ms | GFLOP/s | of the peak |"
    rows = [
        f"| {way} | {one.tokens:.0f} | {one.tokens / first.tokens:.2f} | {one.question:.1f} | {one.flops:.0f} "
        f"| {one.flops / best:.2f} |"
        for way, one in ways.items()
    ]
    return "\n".join([head, "|---" * 6 + "|", *rows, "", f"The peak in float32: {best:.0f} GFLOP/s."])


def table(name: str, result: dict[str, Any]) -> str:
    first = next(iter(result["read"].values()))
    rows: Sequence[str] = [f"| {way} | {speed} | {speed / first:.2f} |" for way, speed in result["read"].items()]
    one = result["together"][1]
    costs = ", ".join(f"{count} cost {seconds / one:.1f}" for count, seconds in result["together"].items())
    head = f"| {name}: tokens read in a second | | to the first |\n|---|---|---|"
    return "\n".join([head, *rows, "", f"Tokens read together, in the time of one written token ({one} s): {costs}."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", help="a GGUF file; default: the bundled one")
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help="as of bench/run.py")
    parser.add_argument("--embedder", help="a name or a folder")
    given = parser.parse_args()
    if given.embedder:
        choice = choose(given.embedder, [], kind="embedder")
        name, (ways, best) = Path(choice.name).name, embedding(choice.path, given.rounds)
        command = f"python bench/engine.py --embedder {name} --rounds {given.rounds}"
        body = embedding_table(name, ways, best)
        renew(f"Embedding, {name}", command, body, {way: asdict(one) for way, one in ways.items()} | {"peak": best})
        print(body)
        return
    logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)
    file = given.model or choose("smollm2-135m-instruct", []).path
    params = lib.llama_model_default_params()
    params.use_extra_bufts = not given.plain
    model = lib.llama_model_load_from_file(str(file).encode(), params)
    result = measured(model, given.tokens, given.rounds)
    command = f"python bench/engine.py --tokens {given.tokens} --rounds {given.rounds}"
    renew(f"Settings of llama.cpp, {file.stem}", command, table(file.stem, result), result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
