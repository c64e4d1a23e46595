"""Whether the original file of a document or a job is kept."""

from __future__ import annotations

from rag.core.errors import NotFound
from rag.library.store import Store


def has_original(store: Store, sha256: str) -> bool:
    """Whether the bytes of that hash are in the library, and whole."""
    try:
        store.files.read(sha256)
    except NotFound:
        return False
    return True
