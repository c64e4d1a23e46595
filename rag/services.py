"""The only place that turns settings into objects. Heavy imports happen inside its functions."""

from __future__ import annotations

import atexit
import gc
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rag.core import child_processes
from rag.core.call_context import CallContext
from rag.core.errors import ModelError, ModelPackageMissing, ModelUnknown, RagError, SettingsInvalid
from rag.core.settings import Settings
from rag.library.store import Store

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from rag.answering.background_runs import Runs
    from rag.answering.conversation import Conversation
    from rag.answering.generation import Writer
    from rag.ingestion.loading import Limits
    from rag.ingestion.pipeline import Desk
    from rag.library.index import Index, SharedIndex
    from rag.models.catalogue import Choice
    from rag.models.embedding import Embedder
    from rag.models.installed import Entry, Stock
    from rag.models.reranking import AnswerReader, CrossEncoder
    from rag.operations.background_tasks import Tasks
    from rag.operations.metrics import Metrics

    once = cached_property
else:

    class once(cached_property):  # noqa: N801 - used as a decorator
        """A cached property that two threads do not make twice; nobody waits for another one that takes long."""

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            with instance.making(self.attrname):
                return super().__get__(instance, owner)


NO_MODEL = "none"
_NO_PROMETHEUS = "it needs the package prometheus-client: pip install -r requirements-team.txt"
_FREEZE_SECONDS = 0.1
_READER_ENDS_WITHIN = 5.0
_REHEARSED = "How many years does the period last, and when does it end?"
# Bytes of a model below which it reads the best quote alone.
_SMALL_MODEL = 500_000_000


def open_services(settings: Settings, *, switchable: bool = False) -> Services:
    """Everything a page or a command works with; costs nothing until it is used.

    `switchable` lets the model that was chosen on the Models page write, instead of the one that is set.
    """
    return Services(settings, switchable)


class Services:
    """The parts, each made when it is first asked for. One for all sessions and threads of a process."""

    def __init__(self, settings: Settings, switchable: bool = False) -> None:
        self.settings, self._switchable = settings, switchable
        self._making: dict[str, AbstractContextManager[bool]] = {}
        self._reader: subprocess.Popen[bytes] | None = None

    def making(self, part: str) -> AbstractContextManager[bool]:
        """Held while a part is made: a page that needs the one does not wait until another one is loaded."""
        return self._making.setdefault(part, threading.RLock())

    @once
    def store(self) -> Store:
        chosen = self.settings
        graphs = not chosen.vectors.get_secret_value()
        return Store.open(chosen.data_dir, chosen.database_url.get_secret_value(), graphs=graphs)

    @once
    def index(self) -> Index | SharedIndex:
        from rag.library.index import open_index

        return open_index(self.store, self.settings.vectors.get_secret_value())

    @once
    def embedder(self) -> Embedder:
        from rag.models.catalogue import served_embedder
        from rag.models.embedding import open_embedder

        if served_embedder(self.settings.embedder):
            from rag.models.served_embedding import open_served

            return open_served(self.settings.embedder, seconds=self.settings.server_seconds)

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
        from rag.models.catalogue import NOWHERE, Choice, choose, served_embedder

        wanted = self.settings.embedder
        if remembered := served_embedder(wanted):
            return Choice(remembered, NOWHERE, None)
        return choose(wanted, [self.settings.models_folder], kind="embedder")

    @once
    def reranker(self) -> CrossEncoder | None:
        """What puts passages in order where such a model lies on the disk."""
        from rag.models.reranking import open_reranker

        return open_reranker([self.settings.models_folder], device=self.settings.device)

    @once
    def answer_reader(self) -> AnswerReader | None:
        """What looks for the words that answer where such a model lies on the disk."""
        from rag.models.reranking import open_reader

        return open_reader([self.settings.models_folder], device=self.settings.device)

    @once
    def limits(self) -> Limits:
        """What reading one document may take."""
        from rag.ingestion.loading import Limits

        chosen = self.settings
        return Limits(
            pages=chosen.max_pages,
            seconds=chosen.parse_seconds,
            megabytes=chosen.parse_megabytes,
            file_megabytes=chosen.upload_megabytes,
            characters=chosen.max_characters,
        )

    @once
    def desk(self) -> Desk:
        """What reading a document takes."""
        from rag.ingestion.pipeline import Desk

        chosen = self.settings
        return Desk(
            self.store,
            self.embedder,
            self.limits,
            chosen.intranet,
            chosen.chunk_unit,
            chosen.chunk_size,
            chosen.chunk_overlap,
        )

    @once
    def stock(self) -> Stock:
        """The models of this machine."""
        from rag.models.installed import Stock

        chosen = self.settings
        return Stock(
            chosen.models_folder,
            chosen.data_dir,
            chosen.model_source,
            chosen.intranet,
            chosen.context_tokens,
            offered=(chosen.model, NO_MODEL),
        )

    @once
    def model_name(self) -> str:
        """The model that is to write: the one chosen on the Models page, otherwise the one that is set."""
        return (self._switchable and self.stock.chosen) or self.settings.model

    def switch(self, name: str) -> None:
        """Let another model write from the next question on; what is being written is finished.

        Raises:
            ModelUnknown: it may not be chosen.
        """
        self.stock.choose(name)
        self.refresh()

    def refresh(self) -> None:
        """Look anew which model writes: one has come, or another was chosen."""
        # In the order in which one is made with the help of the next.
        parts = ("writer", "choice", "model_name")
        with ExitStack() as held:
            for part in parts:
                held.enter_context(self.making(part))
            old = self.__dict__.get("writer")
            for part in parts:
                self.__dict__.pop(part, None)
        if old is not None and hasattr(old.model, "retire"):
            old.model.retire()

    @once
    def choice(self) -> Choice | None:
        """Which model of the catalogue writes, and what it stands in for; None where another one or none does.

        Raises:
            ModelError: none can be had here; the error says what is missing.
        """
        return self._choice_of(self.model_name)

    def _choice_of(self, name: str) -> Choice | None:
        from rag.models.catalogue import choose, known

        # Named by its way of running (`hf:`, `openai:` …) and not by the catalogue.
        elsewhere = ":" in name and not name.endswith(".gguf") and known(name) is None
        if name == NO_MODEL or elsewhere:
            return None
        if find_spec("llama_cpp") is None:
            raise ModelPackageMissing(model=name, package="llama-cpp-python")
        return choose(name, [self.settings.models_folder])

    @once
    def writer(self) -> Writer | None:
        """The model that writes. Nothing is loaded before it is asked.

        Raises:
            ModelError: as `choice`.
        """
        from rag.answering.generation import Writer

        if self.model_name == NO_MODEL:
            return None
        choice = self.choice
        row = choice.model if choice else None
        small = row is not None and row.size is not None and row.size < _SMALL_MODEL
        tokens = self.settings.hf_answer_tokens if self.model_name.startswith("hf:") else self.settings.answer_tokens
        name = choice.name if choice else self.model_name
        languages = row.languages if row else ()
        return Writer(name, self._open(self.model_name, choice), tokens, narrow=small, languages=languages)

    def _open(self, name: str, choice: Choice | None) -> BaseChatModel:
        from rag.models.catalogue import locate
        from rag.models.llms import ServerRow, TransformersRow, open_model

        chosen, row = self.settings, choice.model if choice else None
        # The file by which apps take turns lies there, also where no library was opened yet.
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
            model.tell_speed(lambda speed: self.stock.note(choice.name if choice else plain, speed))
        return model

    def writing_entry(self) -> Entry | None:
        """The model that writes as it stands in the stock, with how it runs here; None where none writes here."""
        try:
            choice = self.choice
        except ModelError:
            return None
        return self.stock.entry(choice.name if choice else self.model_name)

    def try_out(self, name: str, question: str, stopping: Callable[[], None]) -> Iterator[str]:
        """What a model on this disk answers to one line, in pieces; how fast it was is remembered.

        Raises:
            ModelUnknown: it may not be chosen.
            ModelError: it does not run here.
        """
        from rag.models.llms.llama_cpp import ChatLlamaCpp
        from rag.models.llms.speed_probe import timed

        if name not in self.stock.choices():
            raise ModelUnknown(model=name)
        writer = self.writer if name == self.model_name else None
        choice = self._choice_of(name)
        model = writer.model if writer else self._open(name, choice)
        if not isinstance(model, ChatLlamaCpp):
            for chunk in model.stream(question):
                stopping()
                yield chunk.text
            return
        try:
            yield from timed(
                model.process,
                [{"role": "user", "content": question}],
                max_tokens=64,
                note=lambda speed: self.stock.note(name.removeprefix("hf:"), speed),
                context=CallContext(on_progress=lambda _: stopping()),
            )
        finally:
            if writer is None:
                model.close()

    @once
    def tasks(self) -> Tasks:
        """What the Models page has started: downloads, imports, trials."""
        from rag.operations.background_tasks import Tasks

        return Tasks()

    @once
    def conversation(self) -> Conversation:
        return self._conversation(lambda: self.writer)

    def _conversation(self, writer: Callable[[], Writer | None]) -> Conversation:
        from rag.answering.conversation import Conversation
        from rag.answering.retrieval import Retriever

        retriever = Retriever(self.index, self.store.documents, self.embedder, self.reranker)
        return Conversation(
            self.store,
            retriever,
            self.embedder,
            writer,
            passages=self.settings.passages,
            quotes=self.settings.quotes,
            condense=self.settings.condense,
            reader=self.answer_reader,
        )

    @once
    def runs(self) -> Runs:
        from rag.answering.background_runs import Runs

        return Runs(self.metrics.answered) if self.metrics else Runs()

    @once
    def metrics(self) -> Metrics | None:
        """The numbers for Prometheus; None where nobody wants them."""
        if not self.settings.metrics:
            return None
        if find_spec("prometheus_client") is None:
            raise SettingsInvalid(setting="RAG_METRICS", problem=_NO_PROMETHEUS)
        from rag.operations.metrics import Metrics

        return Metrics(lambda: self.store.counts(), lambda: self.runs)

    def start(self) -> None:
        """Start what works beside the pages: the reader, and the loading of what the first question needs."""
        self.store  # noqa: B018 - a library that does not open is said at once
        self.metrics  # noqa: B018 - and a package that is missing
        if self._reader is None and self.settings.reader == "here":
            self._reader = child_processes.start("rag", "reader", stdin=subprocess.PIPE)
            _started.append(self)
        threading.Thread(target=self.warm_up, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """End the reader in good order: it gives back what it reads. One that takes too long is killed."""
        reader, self._reader = self._reader, None
        if reader is not None:
            child_processes.end(reader, _READER_ENDS_WITHIN)

    def reader_runs(self) -> bool:
        """Whether the reader that was started here is there; one that runs elsewhere is not seen from here."""
        return self.settings.reader == "elsewhere" or (self._reader is not None and self._reader.poll() is None)

    def warm_up(self) -> None:
        """Do what the first question would wait for: load, ask the largest collection, read ahead."""
        try:
            with _kept_from_collection():
                self.conversation  # noqa: B018 - its imports take a second
                self.embedder.embed_query("ready")
                largest = self.store.collections.largest()
                if largest is not None:
                    # Nobody's question: no model hears of it, and nobody waits behind it.
                    context = CallContext(largest.owner, largest.id)
                    next(self._conversation(lambda: None).ask(_REHEARSED, context, anyway=True))
            self.index.read_ahead()
        except RagError:
            # The first question meets the same error and says it.
            return


_started: list[Services] = []


@atexit.register
def stop() -> None:
    """End in good order what this process has started; where it just ends, what is left of it is killed.

    For those whose process ends without what is registered to happen then.
    """
    while _started:
        _started.pop().stop()


@contextmanager
def _kept_from_collection() -> Iterator[None]:
    """Keep what is loaded meanwhile out of the search for garbage, for good.

    Pages collect garbage after every run, with the interpreter's lock held; a hundred thousand import steps that
    need the lock would wait for one collection each, and the first question for a minute.
    """
    done = threading.Event()

    def keep() -> None:
        while not done.wait(_FREEZE_SECONDS):
            gc.freeze()

    keeper = threading.Thread(target=keep, name="keep-from-collection", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        gc.collect()
        gc.freeze()
