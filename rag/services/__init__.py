"""The only place that turns settings into objects. Heavy imports happen inside its functions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rag.core.call_context import ANONYMOUS
from rag.core.errors import ModelError, SettingsInvalid
from rag.core.settings import Settings
from rag.services.background import ReaderProcess, stop
from rag.services.chat_models import NO_MODEL, ChatModels
from rag.services.embedders import Conversations
from rag.services.lazy import once
from rag.services.library_parts import LibraryParts
from rag.services.warming import warm_up

if TYPE_CHECKING:
    from rag.answering.background_runs import AnswerRuns
    from rag.answering.conversation import Conversation
    from rag.answering.generation import AnswerWriter
    from rag.models.catalogue import Choice
    from rag.models.embedding import Embedder
    from rag.models.installed import Entry, InstalledModels
    from rag.models.judges import Judge
    from rag.operations.background_tasks import Tasks
    from rag.operations.metrics import Metrics

__all__ = ["NO_MODEL", "Services", "open_services", "stop"]

_NO_PROMETHEUS = "it needs the package prometheus-client: pip install -r requirements-team.txt"


def open_services(settings: Settings, *, switchable: bool = False) -> Services:
    """The parts that pages and commands work with, each created at its first use.

    Args:
        switchable: whether the model chosen on the Models page takes precedence over the one that is set.
    """
    return Services(settings, switchable)


class Services(LibraryParts):
    """One for all sessions and threads of a process."""

    def __init__(self, settings: Settings, switchable: bool = False) -> None:
        super().__init__(settings)
        self._switchable, self._reader = switchable, ReaderProcess()

    @once
    def judge(self) -> Judge:
        """What reads written claims beside their evidence."""
        from rag.models.judges import open_judge

        return open_judge()

    @once
    def installed_models(self) -> InstalledModels:
        from rag.models.installed import InstalledModels

        chosen, offered = self.settings, (self.settings.model, NO_MODEL)
        folders, source = (chosen.models_folder, chosen.data_dir), chosen.model_source
        return InstalledModels(*folders, source, chosen.intranet, chosen.context_tokens, offered=offered)

    @once
    def model_name(self) -> str:
        """The model that writes: the one chosen on the Models page, otherwise the one that is set."""
        return (self._switchable and self.installed_models.chosen) or self.settings.model

    def switch(self, name: str) -> None:
        """Choose the model that writes from the next question on. Raises ModelUnknown where it cannot be chosen."""
        self.installed_models.choose(name)
        self.refresh()

    def refresh(self) -> None:
        """Determine again which model writes, after one was installed or chosen. Answers in progress are finished."""
        # Each is made from the next one.
        parts = ("writer", "choice", "model_name")
        with ExitStack() as locks:
            for part in parts:
                locks.enter_context(self.lock(part))
            old = self.__dict__.get("writer")
            for part in parts:
                self.__dict__.pop(part, None)
        if old is not None and hasattr(old.model, "retire"):
            old.model.retire()

    @once
    def _chat_models(self) -> ChatModels:
        return ChatModels(self.settings, self.installed_models)

    @once
    def choice(self) -> Choice | None:
        """The catalogue's model that writes, as `ChatModels.choose`. Raises ModelError."""
        return self._chat_models.choose(self.model_name)

    @once
    def writer(self) -> AnswerWriter | None:
        """The model that writes; None for quotes only. Raises ModelError as `choice`."""
        name = self.model_name
        return None if name == NO_MODEL else self._chat_models.writer(name, self.choice)

    @property
    def second_judge(self) -> Judge | None:
        """The model that writes as a judge of any text, where that is wanted and it is able. Raises ModelError."""
        writer = self.writer if self.settings.second_look else None
        return writer.as_judge(ANONYMOUS) if writer else None

    def writing_entry(self) -> Entry | None:
        """The model that writes as an entry of the installed ones; None where none can write here."""
        try:
            choice = self.choice
        except ModelError:
            return None
        return self.installed_models.entry(choice.name if choice else self.model_name)

    def try_out(self, name: str, question: str, stopping: Callable[[], None]) -> Iterator[str]:
        """An installed model's answer to one line, in pieces; its speed is recorded. Raises ModelError.

        Args:
            stopping: called between pieces; may raise to stop.
        """
        writer = self.writer if name == self.model_name else None
        yield from self._chat_models.try_out(name, question, stopping, writer)

    @once
    def tasks(self) -> Tasks:
        from rag.operations.background_tasks import Tasks

        return Tasks()

    @once
    def conversation(self) -> Conversations:
        return self.conversations_with(lambda: self.writer)

    def conversations_with(self, writer: Callable[[], AnswerWriter | None]) -> Conversations:
        """Those with another model, or none."""
        return Conversations(self.store, self.embedders, lambda embedder: self._conversation(writer, embedder))

    def _conversation(self, writer: Callable[[], AnswerWriter | None], embedder: Embedder) -> Conversation:
        from rag.answering.conversation import Conversation

        return Conversation(
            self.store,
            self.retriever(embedder),
            embedder,
            writer,
            passages=self.settings.passages,
            quotes=self.settings.quotes,
            condense=self.settings.condense,
            rewrite=self.settings.rewrite,
            second_look=self.settings.second_look,
            reader=self.answer_scorer,
            judge=self.judge,
        )

    @once
    def runs(self) -> AnswerRuns:
        from rag.answering.background_runs import AnswerRuns

        return AnswerRuns(self.metrics.answered) if self.metrics else AnswerRuns()

    @once
    def metrics(self) -> Metrics | None:
        """Prometheus metrics, where they are switched on. Raises SettingsInvalid where the package is missing."""
        if not self.settings.metrics:
            return None
        if find_spec("prometheus_client") is None:
            raise SettingsInvalid(setting="RAG_METRICS", problem=_NO_PROMETHEUS)
        from rag.operations.metrics import Metrics

        return Metrics(lambda: self.store.counts(), lambda: self.runs)

    def start(self) -> None:
        """Start the reader process and the warm-up, after opening what may fail, so that errors show at once."""
        _ = self.store, self.metrics
        if self.settings.reader == "here":
            self._reader.start()
        if self.settings.warm_up:
            threading.Thread(target=self.warm_up, name="warm-up", daemon=True).start()

    def warm_up(self) -> None:
        """Do what the first question would wait for."""
        warm_up(
            self.store,
            self.embedders,
            lambda: self.conversations_with(lambda: None),
            lambda: self.index.read_ahead(),
            self._load_model,
        )

    def _load_model(self) -> None:
        if self.writer is not None:
            self.writer.load()

    def reader_runs(self) -> bool:
        """Whether the reader process is alive; one that runs elsewhere cannot be seen, and is taken to be."""
        return self.settings.reader == "elsewhere" or self._reader.runs()
