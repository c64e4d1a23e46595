"""What llama.cpp's own settings are worth here: batch, flash attention, threads, and what drafting could give.

    python bench/engine.py [MODEL.gguf] [--tokens 256] [--rounds 3] [--plain]

Tokens of a prompt read in a second, under each setting, by turns; and the seconds that one, two, four and eight tokens
take together after it. Drafting pays where eight together cost little more than one: a draft is read like a prompt, and
what the model would have written is kept. Medians over the rounds. Renews its section in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp as lib

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.report import renew  # noqa: E402
from rag.models.catalogue import choose  # noqa: E402

DRAFTS = (1, 2, 4, 8)
_TOKEN = 1000


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
    given = parser.parse_args()
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
