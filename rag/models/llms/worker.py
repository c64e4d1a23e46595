"""The model worker: a process that owns the one loaded model.

    python -m rag.models.llms.worker --file MODEL.gguf [--context 4096] [--threads 0] …

Protocol: JSON lines. On standard input:

    {"do": "write", "id": 1, "messages": [{"role", "content"}…], "max_tokens", "temperature",
     "repeat_penalty", "seed", "stop": [text…]}
    {"do": "score", "id": 3, "messages": [{"role", "content"}…], "options": [text…]}
    {"do": "count", "id": 2, "texts": [text…]}
    {"do": "stop", "id": 1}

On standard output:

    {"is": "ready", "context": tokens}  or  {"is": "refused", "reason": code}, then the end
    {"is": "reading", "id": 1, "read": tokens, "total": tokens}
    {"is": "piece", "id": 1, "text": text}
    {"is": "done", "id": 1, "why": "end" | "length" | "stopped" | "template", "prompt": tokens, "written": tokens}
    {"is": "done", "id": 3, "why": "end" | "stopped" | "template", "scores": [log-probability of each option…]}
    {"is": "counts", "id": 2, "counts": [tokens…]}

One `write` or `score` at a time; counting works meanwhile. The worker ends with its standard input and logs to standard
error.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from rag.models.catalogue.files import sha256
from rag.models.llms.chat_format import BadTemplate
from rag.models.llms.generator import CannotLoad, Stopped, TextGenerator
from rag.models.llms.stop_sequences import until_stop
from rag.network import connection_log

log = logging.getLogger("rag.models.llms.worker")


class Worker:
    """Runs orders on a generator, one `write` or `score` at a time."""

    def __init__(self, writer: TextGenerator, sink: IO[str], turn: Path | None) -> None:
        self._writer, self._turn = writer, turn
        self._sink, self._sink_lock = sink, threading.Lock()
        self._questions: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._writing = 0

    def send(self, **message: object) -> None:
        with self._sink_lock:
            self._sink.write(json.dumps(message) + "\n")
            self._sink.flush()

    def listen(self, source: IO[str]) -> None:
        """Receive orders until standard input ends; runs in a thread beside `work`."""
        for line in source:
            order = json.loads(line)
            if order["do"] in ("write", "score"):
                self._questions.put(order)
            elif order["do"] == "stop":
                self._stopped.add(order["id"])
                if order["id"] == self._writing:
                    self._writer.stop.set()
            else:
                self.send(**{"is": "counts", "id": order["id"], "counts": self._writer.count(order["texts"])})
        # The parent has ended or closed the pipe; nothing needs to be cleaned up.
        os._exit(0)

    def work(self) -> None:
        """Run `write` and `score` orders, for ever."""
        while True:
            order = self._questions.get()
            self._writing = order["id"]
            self._writer.stop.clear()
            if order["id"] in self._stopped:
                self._writer.stop.set()
            run = self._answer if order["do"] == "write" else self._scores
            self.send(**{"is": "done", "id": order["id"], **run(order)})
            self._writing = 0

    def _scores(self, order: dict[str, Any]) -> dict[str, object]:
        def report(read: int, of: int) -> None:
            self.send(**{"is": "reading", "id": order["id"], "read": read, "total": of})

        try:
            with _machine_lock(self._turn, self._writer.stop):
                return {"why": "end", "scores": self._writer.score(order, report)}
        except Stopped:
            return {"why": "stopped"}
        except BadTemplate as error:
            return _template(error)

    def _answer(self, order: dict[str, Any]) -> dict[str, object]:
        total = written = 0

        def report(read: int, of: int) -> None:
            nonlocal total
            total = of
            self.send(**{"is": "reading", "id": order["id"], "read": read, "total": of})

        def counted(pieces: Iterator[str]) -> Iterator[str]:
            nonlocal written
            for piece in pieces:
                written += 1
                yield piece

        try:
            with _machine_lock(self._turn, self._writer.stop):
                for text in until_stop(counted(self._writer.answer(order, report)), order["stop"]):
                    self.send(**{"is": "piece", "id": order["id"], "text": text})
            # The context may be full before the answer has so many tokens.
            why = "length" if written >= min(order["max_tokens"], self._writer.context - total) else "end"
        except Stopped:
            why = "stopped"
        except BadTemplate as error:
            return _template(error)
        return {"why": why, "prompt": total, "written": written}


def _template(error: BadTemplate) -> dict[str, object]:
    log.error("chat template: %s", error)
    return {"why": "template"}


@contextmanager
def _machine_lock(file: Path | None, stop: threading.Event) -> Iterator[None]:
    """Hold the lock file, so that two apps on one machine do not compete for its cores."""
    if file is None:
        yield
        return
    import fcntl

    with file.open("a") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if stop.wait(0.05):
                    raise Stopped from None
        yield


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--gpu-layers", type=int, default=0)
    parser.add_argument("--bits", type=int, choices=(4, 8, 16), default=16)
    parser.add_argument("--family", default="")
    parser.add_argument("--sha256", default="")
    parser.add_argument("--turn", type=Path)
    parser.add_argument("--plain", action="store_true")
    return parser.parse_args(arguments)


def _own_stdout() -> IO[str]:
    """Reserve standard output for messages: other output is redirected to standard error."""
    sys.stdout.flush()
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return sink


def _refuse(sink: IO[str], reason: str) -> int:
    sink.write(json.dumps({"is": "refused", "reason": reason}) + "\n")
    sink.flush()
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Load the model and run orders until standard input ends."""
    options = _arguments(arguments)
    connection_log.join("model")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
    # Ctrl-C is for the app, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sink = _own_stdout()
    if options.sha256 and options.file.is_file() and sha256(options.file) != options.sha256:
        return _refuse(sink, "changed")
    try:
        writer = _open(options)
    except CannotLoad as error:
        return _refuse(sink, error.reason)
    except BadTemplate:
        return _refuse(sink, "template")
    worker = Worker(writer, sink, options.turn)
    worker.send(**{"is": "ready", "context": writer.context})
    threading.Thread(target=worker.listen, args=(sys.stdin,), daemon=True).start()
    worker.work()
    return 0


def _open(options: argparse.Namespace) -> TextGenerator:
    if options.file.is_dir():
        from rag.models.llms.transformers import TransformersGenerator

        return TransformersGenerator(options.file, context=options.context, threads=options.threads, bits=options.bits)
    from rag.models.llms.gguf import GgufGenerator

    return GgufGenerator(
        options.file,
        family=options.family,
        context=options.context,
        threads=options.threads,
        gpu_layers=options.gpu_layers,
        plain=options.plain,
    )


if __name__ == "__main__":
    sys.exit(main())
