"""How fast ours writes, beside llama.cpp alone: the same prompt, the same number of tokens, by turns.

    python bench/writing.py [MODEL.gguf] [--rounds 5] [--tokens 64] [--threads 1] [--plain]

Ours is the whole way of a written word: sampling, stop texts, the worker's process and its messages. Llama.cpp alone
decodes one likeliest token after the other in a process of its own. Tokens a second, medians over the rounds.
Prints one JSON object and renews its section in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.report import renew  # noqa: E402
from rag.models.catalogue import choose  # noqa: E402

TEXT = "The sea is wide and the ship is small. " * 12


def ours(model: Path, tokens: int, threads: int) -> float:
    """Tokens a second after the first, as a reader of the answer sees them."""
    from rag.models.llms.process import ModelProcess

    process = ModelProcess(model, "bench", threads=threads)
    try:
        times = [time.perf_counter() for _ in process.write([{"role": "user", "content": TEXT}], max_tokens=tokens)]
    finally:
        process.close()
    return (len(times) - 1) / (times[-1] - times[0])


def alone(model: Path, tokens: int, threads: int, plain: bool) -> float:
    """Tokens a second after the first, of `llama_decode` and the likeliest token."""
    import llama_cpp as lib

    logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)
    given = lib.llama_model_default_params()
    given.use_extra_bufts = not plain
    loaded = lib.llama_model_load_from_file(str(model).encode(), given)
    params = lib.llama_context_default_params()
    params.n_ctx, params.n_threads, params.n_threads_batch = 4096, threads, threads
    context, vocab = lib.llama_init_from_model(loaded, params), lib.llama_model_get_vocab(loaded)
    data, room = TEXT.encode(), (lib.llama_token * 4096)()
    count = lib.llama_tokenize(vocab, data, len(data), room, 4096, True, False)
    lib.llama_decode(context, lib.llama_batch_get_one(room, count))
    sampler = lib.llama_sampler_init_greedy()
    times = []
    for _ in range(tokens):
        token = (lib.llama_token * 1)(lib.llama_sampler_sample(sampler, context, -1))
        times.append(time.perf_counter())
        lib.llama_decode(context, lib.llama_batch_get_one(token, 1))
    return (len(times) - 1) / (times[-1] - times[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", help="a GGUF file; default: the bundled one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="as of bench/run.py")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    model = given.model or choose("smollm2-135m-instruct", []).path
    if given.alone:
        print(json.dumps(alone(model, given.tokens, given.threads, given.plain)))
        return
    shared = ["--tokens", str(given.tokens), "--threads", str(given.threads), *(["--plain"] if given.plain else [])]
    command = [sys.executable, __file__, str(model), *shared, "--alone"]
    pairs = []
    for _ in range(given.rounds):
        mine = ours(model, given.tokens, given.threads)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=BENCH.parent)
        pairs.append((mine, float(json.loads(done.stdout))))
    result = {
        "ours": round(statistics.median(mine for mine, _ in pairs), 2),
        "alone": round(statistics.median(other for _, other in pairs), 2),
        "ratio": round(statistics.median(mine / other for mine, other in pairs), 3),
        "rounds": [[round(mine, 2), round(other, 2)] for mine, other in pairs],
    }
    head = "| tokens written in a second, median | ours | llama.cpp alone | ratio, median of the rounds |"
    body = f"{head}\n|---|---|---|---|\n| {model.stem} | {result['ours']} | {result['alone']} | {result['ratio']} |"
    renew(f"Writing, {model.stem}", f"python bench/writing.py --rounds {given.rounds} {' '.join(shared)}", body, result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
