"""The files of a library that lies in a folder."""

from __future__ import annotations

from rag.library.store import Store
from rag.library.store.files import Folder


def folder_of(store: Store) -> Folder:
    """Where its originals and its index lie."""
    assert isinstance(store.files, Folder), "a library in a folder"
    return store.files
