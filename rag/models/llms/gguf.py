"""GGUF models in the worker: chat format plus llama.cpp engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.models.llms.chat_format import formatter
from rag.models.llms.engine import Engine
from rag.models.llms.generator import fitted


class GgufGenerator:
    """A TextGenerator on llama.cpp."""

    def __init__(self, file: Path, *, family: str, context: int, threads: int, gpu_layers: int, plain: bool) -> None:
        self._engine = Engine(file, context=context, threads=threads, gpu_layers=gpu_layers, plain=plain)
        self._format = formatter(self._engine, family)
        self.context, self.stop = self._engine.context, self._engine.stop

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(self._engine.tokens(text)) for text in texts]

    def score(self, order: dict[str, Any], progress: Callable[[int, int], None]) -> list[float]:
        prompt = fitted(self._format.prompt(order["messages"]), self.context, 1)
        self._engine.read(prompt, progress, aside=True)
        return self._engine.log_probabilities([self._engine.tokens(option)[0] for option in order["options"]])

    def answer(self, order: dict[str, Any], progress: Callable[[int, int], None]) -> Iterator[str]:
        prompt = fitted(self._format.prompt(order["messages"]), self.context, order["max_tokens"])
        self._engine.read(prompt, progress)
        if self._format.opening:
            yield self._format.opening
        yield from self._engine.write(
            order["max_tokens"],
            temperature=order["temperature"],
            repeat_penalty=order["repeat_penalty"],
            seed=order["seed"],
        )
