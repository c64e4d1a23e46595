"""The only place that turns settings into objects. Heavy imports happen inside its functions."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.settings import PROJECT, Settings
from rag.store import Store

if TYPE_CHECKING:
    from rag.catalogue import Choice
    from rag.conversation import Conversation
    from rag.embedding import Embedder
    from rag.index import Index
    from rag.ingest import Desk
    from rag.runs import Runs
    from rag.writing import Writer

    once = cached_property
else:

    class once(cached_property):  # noqa: N801 - used as a decorator
        """A cached property that two threads do not make twice."""

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            with instance.making:
                return super().__get__(instance, owner)


NO_MODEL = "none"


def services(settings: Settings) -> Services:
    """Everything a page or a command works with; costs nothing until it is used."""
    return Services(settings)


class Services:
    """The parts, each made when it is first asked for. One for all sessions and threads of a process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.making = threading.RLock()
        self._reader: subprocess.Popen[bytes] | None = None

    @once
    def store(self) -> Store:
        return Store.open(self.settings.data_dir)

    @once
    def index(self) -> Index:
        from rag.index import Index

        return Index(self.store)

    @once
    def embedder(self) -> Embedder:
        from rag.embedding import open_embedder

        # Threads that wait without sleeping take the processor from the model's: ten times slower in company.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        folders = [self.settings.models_folder]
        return open_embedder(self.settings.embedder, device=self.settings.device, folders=folders)

    @once
    def embedder_choice(self) -> Choice:
        """Which embedder searches, and what it stands in for. Nothing is loaded, as it is for `embedder`.

        Raises:
            ModelUnknown: nothing has the name that is set.
        """
        from rag.catalogue import choose

        return choose(self.settings.embedder, [self.settings.models_folder], kind="embedder")

    @once
    def reranker(self) -> CrossEncoder | None:
        """What puts passages in order where such a model lies on the disk."""
        from rag.judging import open_reranker

        return open_reranker([self.settings.models_folder], device=self.settings.device)

    @once
    def answer_reader(self) -> AnswerReader | None:
        """What looks for the words that answer where such a model lies on the disk."""
        from rag.judging import open_reader

        return open_reader([self.settings.models_folder], device=self.settings.device)

    @once
    def desk(self) -> Desk:
        """What reading a document takes."""
        from rag.ingest import Desk
        from rag.loading import Limits

        chosen = self.settings
        limits = Limits(
            pages=chosen.max_pages,
            seconds=chosen.parse_seconds,
            megabytes=chosen.parse_megabytes,
            file_megabytes=chosen.upload_megabytes,
        )
        return Desk(
            self.store,
            self.embedder,
            limits,
            chosen.intranet,
            chosen.chunk_unit,
            chosen.chunk_size,
            chosen.chunk_overlap,
        )

    @once
    def choice(self) -> Choice | None:
        """Which model of the catalogue writes, and what it stands in for; None where another one or none does.

        Raises:
            ModelError: none can be had here; the error says what is missing.
        """
        from rag.catalogue import choose

        if self.settings.model == NO_MODEL or self._runs_elsewhere:
            return None
        return choose(self.settings.model, [self.settings.models_folder])

    @property
    def _runs_elsewhere(self) -> bool:
        """Whether the model is named by its way of running (`hf:`, `openai:` …) and not by the catalogue."""
        from rag.catalogue import known

        name = self.settings.model
        return ":" in name and not name.endswith(".gguf") and known(name) is None

    @once
    def writer(self) -> Writer | None:
        """The model that writes. Nothing is loaded before it is asked.

        Raises:
            ModelError: as `choice`.
        """
        from rag.llms import open_model
        from rag.writing import Writer

        chosen, choice = self.settings, self.choice
        if chosen.model == NO_MODEL:
            return None
        name, row = (choice.name, choice.model) if choice else (chosen.model, None)
        model = open_model(
            name,
            file=choice.path if choice else None,
            family=row.family if row else "",
            sha256=choice.sha256 if choice else None,
            context_tokens=chosen.context_tokens,
            answer_tokens=chosen.answer_tokens,
            temperature=chosen.temperature,
            threads=chosen.threads,
            gpu_layers=chosen.gpu_layers,
            queue_limit=chosen.queue_limit,
            turn_file=chosen.data_dir / "model.turn",
        )
        return Writer(name, model, chosen.answer_tokens)

    @once
    def conversation(self) -> Conversation:
        from rag.conversation import Conversation
        from rag.retrieval import Retriever

        retriever = Retriever(self.index, self.store.documents, self.embedder)
        return Conversation(
            self.store,
            retriever,
            self.embedder,
            lambda: self.writer,
            passages=self.settings.passages,
            quotes=self.settings.quotes,
            condense=self.settings.condense,
        )

    @once
    def runs(self) -> Runs:
        from rag.runs import Runs

        return Runs()

    def start(self) -> None:
        """Start what works beside the pages: the reader, and the loading of the embedder."""
        self.store  # noqa: B018 - a library that does not open is said at once
        if self._reader is None:
            # Its standard input is a pipe from here: when this process is gone, however it went, the reader ends.
            self._reader = subprocess.Popen([sys.executable, "-m", "rag", "reader"], cwd=PROJECT, stdin=subprocess.PIPE)
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            self.embedder.embed_query("ready")
        except RagError:
            # The first question meets the same error and says it.
            return
