"""What the first question would wait for, done before anybody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.core.call_context import CallContext
from rag.core.errors import RagError
from rag.services.background import excluded_from_collection

if TYPE_CHECKING:
    from rag.services import Services

_QUESTION = "How many years does the period last, and when does it end?"


def warm_up(services: Services) -> None:
    """Load the models, search the largest collection, read ahead."""
    try:
        with excluded_from_collection():
            services.conversation  # noqa: B018 - its imports take a second
            services.embedder.embed_query("ready")
            if largest := services.store.collections.largest():
                # Without a writer, so that nobody queues behind it.
                context = CallContext(largest.owner, largest.id)
                next(services.conversation_with(lambda: None).ask(_QUESTION, context, anyway=True))
        services.index.read_ahead()
    except RagError:
        # The first question meets the same error and shows it.
        return
