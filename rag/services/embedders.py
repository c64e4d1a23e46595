"""Which embedder a collection has: the one it was embedded with, or for an empty one that which reads its language."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.core.call_context import CallContext
from rag.core.types import Answer, Turn
from rag.library.store import Store

if TYPE_CHECKING:
    from rag.answering.conversation import Conversation
    from rag.models.catalogue import Choice
    from rag.models.embedding import Embedder


class Embedders:
    """The configured embedder, and others that collections were embedded with. Thread-safe."""

    def __init__(
        self, choice: Callable[[], Choice], configured: Callable[[], Embedder], folder: Path, device: str
    ) -> None:
        """Build it; nothing is loaded.

        Args:
            choice: gives the configured embedder without loading it; may raise ModelError.
            configured: loads it.
            folder: the models folder.
        """
        self._choice, self._configured, self._folder, self._device = choice, configured, folder, device
        self._others: dict[str, Embedder] = {}
        self._lock = threading.Lock()

    def name_for(self, recorded: str | None, languages: Iterable[str] = ()) -> str:
        """The name of a collection's embedder.

        Args:
            recorded: what it was embedded with; of one that is not on this disk the configured one takes the place.
            languages: of the documents or the interface, for an empty collection.
        """
        if recorded is None:
            return self.best_for(languages)
        return recorded if self._is_other(recorded) else self._choice().name

    def open(self, name: str | None) -> Embedder:
        """The embedder with which a collection is searched that was embedded with this one."""
        if name is None or not self._is_other(name):
            return self._configured()
        from rag.models.embedding import open_embedder

        with self._lock:
            if name not in self._others:
                self._others[name] = open_embedder(name, device=self._device, folders=[self._folder])
            return self._others[name]

    def open_for(self, recorded: str | None, language: str = "") -> Embedder:
        """As `name_for`, loaded."""
        return self.open(self.name_for(recorded, [language] if language else []) if recorded is None else recorded)

    def best_for(self, languages: Iterable[str]) -> str:
        """The embedder for documents of these languages: the configured one where it reads them, otherwise the
        multilingual one where its package is there."""
        from rag.models.catalogue import MULTILINGUAL, at_hand, known

        current = self._choice().name
        row = known(current)
        if row is None or "many" in row.languages or set(languages) <= set(row.languages):
            return current
        return MULTILINGUAL if at_hand(MULTILINGUAL, [self._folder]) else current

    def better_for(self, recorded: str | None, languages: Iterable[str]) -> str | None:
        """What a collection had better be embedded with anew; None where its own is right."""
        from rag.models.catalogue import MULTILINGUAL

        best = self.best_for(languages)
        # The multilingual one reads whatever the configured one does.
        right = recorded == MULTILINGUAL and self._is_other(MULTILINGUAL)
        return None if recorded in (None, best) or right else best

    def _is_other(self, name: str) -> bool:
        """Whether it is another one than the configured, and on this disk."""
        from rag.models.catalogue import at_hand, served_embedder

        if served_embedder(name) or name == self._choice().name:
            return False
        return at_hand(name, [self._folder])


class Conversations:
    """Answers questions about a library, each collection by its own embedder. Thread-safe."""

    def __init__(self, store: Store, embedders: Embedders, make: Callable[[Embedder], Conversation]) -> None:
        self._store, self._embedders, self._make = store, embedders, make
        self._made: dict[str, Conversation] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        question: str,
        context: CallContext,
        *,
        history: Sequence[Turn] = (),
        anyway: bool = False,
        so_far: str = "",
    ) -> Iterator[Answer]:
        """As `Conversation.ask`."""
        yield from self.of(context).ask(question, context, history=history, anyway=anyway, so_far=so_far)

    def retriever(self, context: CallContext, **options: Any) -> Any:
        """As `Conversation.retriever`."""
        return self.of(context).retriever(context, **options)

    def of(self, context: CallContext) -> Conversation:
        """The conversation with the embedder of the context's collection."""
        collection = self._store.collections.get(context.owner, context.collection)
        embedder = self._embedders.open(collection.embedder)
        with self._lock:
            if embedder.name not in self._made:
                self._made[embedder.name] = self._make(embedder)
            return self._made[embedder.name]
