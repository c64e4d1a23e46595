"""What the first question would wait for, done before anybody asks."""

from __future__ import annotations

from collections.abc import Callable

from rag.core.call_context import CallContext
from rag.core.errors import RagError
from rag.library.store import Store
from rag.services.background import excluded_from_collection
from rag.services.embedders import Conversations, Embedders

_QUESTION = "How many years does the period last, and when does it end?"


def warm_up(
    store: Store,
    embedders: Embedders,
    conversations: Callable[[], Conversations],
    read_ahead: Callable[[], object],
    load: Callable[[], object],
) -> None:
    """Load the models, search the largest collection, read ahead.

    Args:
        conversations: those without a writer, so that nobody queues behind the question asked here.
        load: loads the model that writes; last, since quotes come before its words.
    """
    try:
        with excluded_from_collection():
            asking = conversations()  # its imports take a second
            largest = store.collections.largest()
            embedders.open(largest.embedder if largest else None).embed_query("ready")
            if largest:
                next(asking.ask(_QUESTION, CallContext(largest.owner, largest.id), anyway=True))
        read_ahead()
        load()
    except RagError:
        # The first question meets the same error and shows it.
        return
