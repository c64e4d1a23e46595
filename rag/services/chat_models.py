"""Choosing and opening the model that writes answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rag.core.call_context import CallContext
from rag.core.errors import ModelPackageMissing, ModelUnknown
from rag.core.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from rag.answering.generation import AnswerWriter
    from rag.models.catalogue import Choice
    from rag.models.installed import InstalledModels

NO_MODEL = "none"


class ChatModels:
    def __init__(self, settings: Settings, installed: InstalledModels) -> None:
        self._settings, self._installed = settings, installed

    def choose(self, name: str) -> Choice | None:
        """The catalogue's model to run; None for no model, or for one from elsewhere (`hf:`, `openai:` …).

        Raises:
            ModelError: it cannot run here; the error says what is missing.
        """
        from rag.models.catalogue import choose, known

        elsewhere = ":" in name and not name.endswith(".gguf") and known(name) is None
        if name == NO_MODEL or elsewhere:
            return None
        if find_spec("llama_cpp") is None:
            raise ModelPackageMissing(model=name, package="llama-cpp-python")
        return choose(name, [self._settings.models_folder])

    def writer(self, name: str, choice: Choice | None) -> AnswerWriter:
        """The writer of answers. The model is loaded at its first question."""
        from rag.answering.generation import AnswerWriter

        row, chosen = choice.model if choice else None, self._settings
        tokens = chosen.hf_answer_tokens if name.startswith("hf:") else chosen.answer_tokens
        languages = row.languages if row else ()
        model, small = self._open(name, choice), row is not None and row.small
        return AnswerWriter(choice.name if choice else name, model, tokens, narrow=small, languages=languages)

    def try_out(
        self, name: str, question: str, check: Callable[[], None], writer: AnswerWriter | None
    ) -> Iterator[str]:
        """As `Services.try_out`; `writer` is the one in use, if it has this model."""
        from rag.models.llms.llama_cpp import ChatLlamaCpp
        from rag.models.llms.speed_probe import timed

        if name not in self._installed.choices():
            raise ModelUnknown(model=name)
        choice = self.choose(name)
        model = writer.model if writer else self._open(name, choice)
        if not isinstance(model, ChatLlamaCpp):
            for chunk in model.stream(question):
                check()
                yield chunk.text
            return
        try:
            yield from timed(
                model.process,
                [{"role": "user", "content": question}],
                max_tokens=64,
                note=lambda speed: self._installed.note(name.removeprefix("hf:"), speed),
                context=CallContext(on_progress=lambda _: check()),
            )
        finally:
            if writer is None:
                model.close()

    def _open(self, name: str, choice: Choice | None) -> BaseChatModel:
        from rag.models.catalogue import locate
        from rag.models.llms import ServerRow, TransformersRow, open_model

        chosen, row = self._settings, choice.model if choice else None
        # For the lock file by which app processes take turns; the library may not have been opened yet.
        chosen.data_dir.mkdir(parents=True, exist_ok=True)
        plain = name.removeprefix("hf:").removesuffix(":4bit").removesuffix(":8bit")
        own = locate(plain, [chosen.models_folder]) if name.startswith("hf:") else None
        model = open_model(
            choice.name if choice else name,
            file=choice.path if choice else own,
            family=row.family if row else "",
            sha256=choice.sha256 if choice else None,
            context_tokens=chosen.context_tokens,
            answer_tokens=chosen.answer_tokens,
            temperature=chosen.temperature,
            threads=chosen.threads,
            gpu_layers=chosen.gpu_layers,
            queue_limit=chosen.queue_limit,
            turn_file=chosen.data_dir / "model.turn",
            row=TransformersRow(
                chosen.hf_answer_tokens,
                chosen.hf_temperature,
                chosen.hf_repeat_penalty,
                chosen.hf_stops,
                chosen.hf_return_prompt,
            ),
            server=ServerRow(chosen.server_at_once, chosen.server_seconds),
        )
        if hasattr(model, "tell_speed"):
            model.tell_speed(lambda speed: self._installed.note(choice.name if choice else plain, speed))
        return model
