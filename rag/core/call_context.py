"""The context of a question on its way to the model: who asks, which documents, progress and cancellation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from rag.core.errors import Cancelled
from rag.core.types import GenerationProgress


def _ignore(_progress: GenerationProgress) -> None:
    """No-op callback."""


def _ignore_end(_reason: str) -> None:
    """No-op callback."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class CallContext:
    """The context of one question.

    Attributes:
        owner: the person who asks.
        collection: id of the collection that is searched.
        documents: ids of the documents to answer from; none means all.
        on_progress: progress callback; may raise to cancel.
        cancelled: whether the question was cancelled; polled several times a second.
        on_end: told why the model ended where its answer is not at its end: `length`, `content_filter`, or `reasoning`
            where it only reasoned.
        id: identifies the question in a queue.
    """

    owner: str = ""
    collection: str = ""
    documents: tuple[str, ...] = ()
    on_progress: Callable[[GenerationProgress], None] = _ignore
    cancelled: Callable[[], bool] = _never
    on_end: Callable[[str], None] = _ignore_end
    id: str = field(default_factory=lambda: uuid4().hex)

    def report(self, progress: GenerationProgress) -> None:
        """Report progress. Raises Cancelled where the question was cancelled."""
        self.on_progress(progress)
        self.check()

    def check(self) -> None:
        """Raises Cancelled where the question was cancelled."""
        if self.cancelled():
            raise Cancelled


# Of a call without an owner, progress reports or cancellation.
ANONYMOUS = CallContext()
