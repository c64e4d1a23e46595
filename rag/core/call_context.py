"""What a question carries on its way: who asks, what of which documents, how it is reported on and stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from rag.core.errors import Cancelled
from rag.core.types import GenerationProgress


def _ignore(_progress: GenerationProgress) -> None:
    """No-op callback."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class CallContext:
    """The context of one question, handed from the page to the model. Each question has one of its own.

    Attributes:
        owner: who asks.
        collection: the id of the collection that is asked.
        documents: ids of its documents to answer from; none means all.
        on_progress: told how far the model is; it may raise to give the question up.
        cancelled: whether the question was given up; asked several times a second.
        id: of this question; its place in a queue is known by it.
    """

    owner: str = ""
    collection: str = ""
    documents: tuple[str, ...] = ()
    on_progress: Callable[[GenerationProgress], None] = _ignore
    cancelled: Callable[[], bool] = _never
    id: str = field(default_factory=lambda: uuid4().hex)

    def report(self, progress: GenerationProgress) -> None:
        """Tell how far the model is.

        Raises:
            Cancelled: the question was given up.
        """
        self.on_progress(progress)
        self.check()

    def check(self) -> None:
        """Raises Cancelled where the question was given up."""
        if self.cancelled():
            raise Cancelled


# Of a call that is nobody's: no owner, nothing reported, never given up.
ANONYMOUS = CallContext()
