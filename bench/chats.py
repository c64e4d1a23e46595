"""Chats of a question and its follow-up in one process: what the model reads, and when its first word stands there.

    python bench/chats.py [FOLDER] [--chats FILE.json] [--model FILE.gguf] [--embedder NAME] [--rounds 5]
                          [--threads 0] [--tokens 96] [--before CHECKOUT] [--keep FOLDER]

FILE holds a list of [question, follow-up]; by default those to the sample documents. Read are the tokens that the
model has to evaluate: those of the prompt behind what it remembers of the one before. `--before` asks an earlier
version, a checkout of its own, by turns; its library is read once by each side, and kept where `--keep` says. Ratios
are of the medians over all rounds. Prints one JSON object and renews its section in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
OWNER, COLLECTION = "bench", "bench"
KINDS = ("question", "follow_up")
MEASURES = {
    "prompt": "tokens of the prompt",
    "read": "of them read",
    "evidence": "evidence, s",
    "first_word": "first word, s",
    "end": "end, s",
    "processor": "processor time of the model, s",
    "written": "tokens written",
}


def measure(given: argparse.Namespace) -> list[dict[str, Any]]:
    """The turns of all chats, asked of the checkout that stands first in `sys.path`."""
    from rag.core.settings import Settings
    from rag.services import open_services

    options: dict[str, Any] = {"data_dir": given.keep, "samples": False, "threads": given.threads}
    options |= {"answer_tokens": given.tokens, "model": str(given.model)}
    services = open_services(Settings(**options | ({"embedder": given.embedder} if given.embedder else {})))
    if not any(one.name == COLLECTION for one in services.store.collections.list(OWNER)):
        read_documents(services, given.folder)
    if given.only_read:
        return []
    services.warm_up()
    heard = overhear()
    chats = json.loads(given.chats.read_text("utf-8"))
    return [turn for _ in range(given.rounds) for chat in chats for turn in asked(services, chat, heard)]


def read_documents(services: Any, folder: Path) -> None:
    from rag.ingestion.pipeline import read_file

    collection = services.store.collections.create(OWNER, COLLECTION).id
    for file in sorted(folder.rglob("*.pdf")):
        read_file(services.ingest, OWNER, collection, file.read_bytes(), file.name)


def overhear() -> list[dict[str, Any]]:
    """A list that what the model's worker says is put into."""
    from rag.models.llms.worker_client import Child

    heard: list[dict[str, Any]] = []
    take = Child._take

    def listening(self: Child, message: dict[str, Any]) -> None:
        heard.append(message)
        take(self, message)

    Child._take = listening  # type: ignore[method-assign]
    return heard


def asked(services: Any, chat: Sequence[str], heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A new chat."""
    from rag.core.call_context import CallContext
    from rag.core.types import Turn

    collection = next(one.id for one in services.store.collections.list(OWNER) if one.name == COLLECTION)
    turns, history = [], list[Turn]()
    for kind, question in zip(KINDS, chat, strict=True):
        heard.clear()
        at, began, used = time.time(), time.perf_counter(), processor_time(services)
        times: dict[str, float] = {}
        answer = None
        for answer in services.conversation.ask(question, CallContext(OWNER, collection), history=history, anyway=True):
            now = time.perf_counter() - began
            times.setdefault("evidence", now)
            if answer.text:
                times.setdefault("first_word", now)
        times["end"] = time.perf_counter() - began
        reading = [message for message in heard if message["is"] == "reading"]
        done = [message for message in heard if message["is"] == "done"]
        assert answer is not None
        turn = {"kind": kind, "question": question, "text": answer.text, "at": at, **times}
        if reading and done:
            total = reading[-1]["total"]
            turn |= {"prompt": total, "read": total - reading[0]["read"], "written": done[-1]["written"]}
            turn["processor"] = processor_time(services) - used
        turns.append(turn)
        history.append(Turn("t", question, answer, ""))
    return turns


def processor_time(services: Any) -> float:
    """Seconds that the model's worker has computed, which other work on the machine changes little."""
    worker = getattr(services.writer.model, "process", None)
    if worker is None or worker.pid is None:
        return 0.0
    times = psutil.Process(worker.pid).cpu_times()
    return float(times.user + times.system)


def child(given: argparse.Namespace, checkout: Path, library: Path, *more: str) -> list[dict[str, Any]]:
    """A round of a checkout in a process of its own."""
    command = [sys.executable, __file__, str(given.folder), "--measure", str(checkout), "--keep", str(library)]
    command += ["--chats", str(given.chats), "--threads", str(given.threads), "--tokens", str(given.tokens)]
    command += ["--model", str(given.model), "--rounds", "1", *more]
    command += ["--embedder", given.embedder] if given.embedder else []
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=env, cwd=checkout)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def summary(sides: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Least, median and most of each measure of each side, and ours as a share of the version before."""
    result: dict[str, Any] = {}
    for kind in KINDS:
        for measure_ in MEASURES:
            spans = {}
            for side, turns in sides.items():
                values = sorted(turn[measure_] for turn in turns if turn["kind"] == kind and measure_ in turn)
                if values:
                    spans[side] = [round(v, 3) for v in (values[0], statistics.median(values), values[-1])]
            found: dict[str, Any] = {**spans}
            if len(spans) > 1:
                found["ratio"] = round(spans["ours"][1] / spans["before"][1], 3)
            result[f"{kind} {measure_}"] = found
    return result


def table(result: dict[str, Any], sides: Sequence[str]) -> str:
    lines = [f"| least / median / most | {' | '.join(sides)} | ratio |", f"|---|{'---|' * len(sides)}---|"]
    for kind in KINDS:
        for measure_, name in MEASURES.items():
            found = result[f"{kind} {measure_}"]
            spans = [" / ".join(f"{v:.3g}" for v in found[side]) if side in found else "–" for side in sides]
            lines.append(f"| {kind.replace('_', '-')}: {name} | {' | '.join(spans)} | {found.get('ratio', '–')} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "data" / "samples")
    parser.add_argument("--chats", type=Path, default=BENCH / "chats.json")
    parser.add_argument("--model", default="smollm2-135m-instruct", help="a GGUF file or a name")
    parser.add_argument("--embedder", help="a name or a folder; default: the bundled one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=96, help="the most that is written for one answer")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT")
    parser.add_argument("--keep", type=Path, help="where the libraries stay")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--only-read", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        sys.path.insert(0, str(given.measure))
        print(json.dumps(measure(given)))
        return
    sys.path.insert(0, str(ROOT))
    from bench.report import renew

    given.folder, given.chats = given.folder.resolve(), given.chats.resolve()
    given.model = str(Path(given.model).resolve()) if Path(given.model).is_file() else given.model
    checkouts = {"ours": ROOT} | ({"before": given.before.resolve()} if given.before else {})
    sides: dict[str, list[dict[str, Any]]] = {side: [] for side in checkouts}
    with tempfile.TemporaryDirectory() as made:
        libraries = {side: (given.keep or Path(made)).resolve() / side for side in checkouts}
        for side, checkout in checkouts.items():
            child(given, checkout, libraries[side], "--only-read")
        for _ in range(given.rounds):
            for side, checkout in checkouts.items():
                sides[side] += child(given, checkout, libraries[side])
    result = summary(sides)
    model = Path(given.model).stem
    command = f"python bench/chats.py {given.folder.name} --model {model} --rounds {given.rounds}"
    command += f" --threads {given.threads} --tokens {given.tokens}"
    command += f" --before {given.before.name}" if given.before else ""
    title = f"Chats, {given.folder.name}, {model}" + (", beside the version before" if given.before else "")
    renew(title, command, table(result, list(sides)), result)
    print(json.dumps({"result": result, "turns": sides}, indent=1))


if __name__ == "__main__":
    main()
