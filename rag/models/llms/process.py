"""The app's handle on a model worker process: generate, cancel, count tokens, close."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rag.core.call_context import ANONYMOUS, CallContext
from rag.core.errors import ModelDied, ModelNeedsGguf, ModelPackageMissing, ModelRefused
from rag.core.types import GenerationProgress
from rag.models.catalogue.files import check_gguf, folder_problem
from rag.models.catalogue.known_models import gguf_instead
from rag.models.llms.chat_format import Message
from rag.models.llms.fair_queue import TICK, FairQueue
from rag.models.llms.worker_client import Child, Inbox

# A worker that does not stop within this time hangs, in a hostile chat template for instance, and is killed.
_STOP_SECONDS = 5.0


class ModelProcess:
    """One model, a GGUF file or a folder in Hugging Face layout, in a worker that is started with the first question
    and again after a crash.

    Thread-safe: one call at a time, the others wait in a FairQueue. `threads` 0 uses idle cores; `gpu_layers` -1
    offloads all layers of a GGUF model; `bits` (4, 8, 16) is the precision of a folder's weights; `turn_file` is a
    lock file shared by several apps on one machine.
    """

    # Set for the machine once its matrix extensions have faulted, see Engine.
    _plain = False

    def __init__(
        self,
        file: Path,
        name: str,
        *,
        context_tokens: int = 4096,
        threads: int = 0,
        gpu_layers: int = 0,
        bits: int = 16,
        family: str = "",
        sha256: str | None = None,
        queue_limit: int = 8,
        turn_file: Path | None = None,
    ) -> None:
        self.name, self._file = name, file
        options = {
            "--file": str(file.resolve()),
            "--context": str(context_tokens),
            "--threads": str(threads),
            "--gpu-layers": str(gpu_layers),
            "--bits": str(bits),
            "--family": family,
            "--sha256": sha256 or "",
            "--turn": str(turn_file) if turn_file else "",
        }
        self._arguments = [f"{option}={value}" for option, value in options.items() if value]
        self.queue = FairQueue(queue_limit)
        self._child: Child | None = None
        self._retired = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The worker's process id; None where it does not run."""
        child = self._child
        return child.pid if child and not child.dead else None

    @property
    def size(self) -> int:
        """Bytes of the model's file, or of its folder."""
        files = self._file.iterdir() if self._file.is_dir() else [self._file]
        return sum(file.stat().st_size for file in files)

    def context_tokens(self) -> int:
        """Maximum of prompt and answer tokens together. Starts the worker if needed."""
        return self._ready(ANONYMOUS).context

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text; works during generation."""
        inbox = self._ready(ANONYMOUS).ask(do="count", texts=list(texts))
        try:
            while True:
                try:
                    message = inbox.next(TICK)
                except queue.Empty:
                    continue
                if message is None:
                    raise ModelDied(model=self.name)
                return list(message["counts"])
        finally:
            inbox.close()

    def write(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        repeat_penalty: float = 1.0,
        stop: Sequence[str] = (),
        seed: int = 0,
        context: CallContext = ANONYMOUS,
    ) -> Generator[str, None, None]:
        """Stream the answer.

        Closing the iterator, or cancelling the call, stops the model within half a second. Progress is reported at
        least four times a second.

        Raises:
            ModelBusy: the queue is full.
            ModelDied: the worker crashed; the next call starts a new one.
            ModelRefused, ModelNeedsGguf, ModelNotOnDisk, ModelPackageMissing: it cannot be loaded.
        """
        order = {
            "do": "write",
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "repeat_penalty": repeat_penalty,
            "stop": list(stop),
            "seed": seed,
        }
        yield from self._run(order, max_tokens, context)

    def score(
        self, messages: Sequence[Message], options: Sequence[str], *, context: CallContext = ANONYMOUS
    ) -> list[float]:
        """The log-probability that the reply begins with each option; told apart by their first tokens.

        Nothing is written: the prompt is evaluated once. Raises as `write`.
        """
        run = self._run({"do": "score", "messages": list(messages), "options": list(options)}, 1, context)
        while True:
            try:
                next(run)
            except StopIteration as end:
                return list(end.value["scores"])

    def retire(self) -> None:
        """Close once the queue is empty: now, or after the last answer."""
        self._retired = True
        if self.queue.idle:
            self.close()

    def close(self) -> None:
        """End the worker. A later call starts a new one."""
        with self._lock:
            child, self._child = self._child, None
        if child:
            child.close()

    def _run(
        self, order: Mapping[str, object], max_tokens: int, context: CallContext
    ) -> Generator[str, None, Mapping[str, Any]]:
        """The pieces that an order is answered with, and the message that ends them."""
        try:
            with self.queue.take(context):
                inbox = self._ready(context).ask(**order)
                try:
                    return (yield from self._pieces(inbox, max_tokens, context))
                finally:
                    inbox.close()
        finally:
            if self._retired:
                self.retire()

    def _pieces(self, inbox: Inbox, max_tokens: int, context: CallContext) -> Generator[str, None, Mapping[str, Any]]:
        ended, latest = False, GenerationProgress("reading")
        try:
            while True:
                try:
                    message = inbox.next(TICK)
                except queue.Empty:
                    context.report(latest)
                    continue
                ended = message is None or message["is"] == "done"
                if message is None:
                    raise ModelDied(model=self.name)
                if message["is"] == "done":
                    if message["why"] == "template":
                        raise ModelRefused(model=self.name, reason="template")
                    if message["why"] == "length":
                        context.on_end("length")
                    return message
                if message["is"] == "reading":
                    latest = GenerationProgress("reading", message["read"], message["total"])
                else:
                    written = latest.at + 1 if latest.stage == "writing" else 1
                    latest = GenerationProgress("writing", written, max_tokens)
                context.report(latest)
                if message["is"] == "piece":
                    yield message["text"]
        finally:
            if not ended:
                inbox.end(_STOP_SECONDS)

    def _ready(self, context: CallContext) -> Child:
        """The worker, started if needed, once its model is loaded."""
        child = self._started()
        while not child.settled.wait(TICK):
            context.report(GenerationProgress("loading"))
        if child.reason in ("gptq", "awq"):
            raise ModelNeedsGguf(model=self.name, reason=child.reason, instead=gguf_instead(self._file.name))
        if child.reason:
            raise ModelRefused(model=self.name, reason=child.reason)
        if not child.dead:
            return child
        if child.crashed and not child.context and not ModelProcess._plain:
            ModelProcess._plain = True
            return self._ready(context)
        raise ModelDied(model=self.name)

    def _started(self) -> Child:
        with self._lock:
            if self._child is None or self._child.dead:
                self._check()
                self._child = Child([*self._arguments, *(["--plain"] if ModelProcess._plain else [])])
            return self._child

    def _check(self) -> None:
        folder = self._file.is_dir()
        problem = folder_problem(self._file) if folder else None
        if problem in ("pickle", "not_a_model"):
            raise ModelRefused(model=self.name, reason=problem)
        if not folder:
            check_gguf(self._file, self.name)
        module, package = ("transformers", "transformers") if folder else ("llama_cpp", "llama-cpp-python")
        if find_spec(module) is None:
            raise ModelPackageMissing(model=self.name, package=package)
