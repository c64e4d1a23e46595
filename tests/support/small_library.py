"""Small documents in a library."""

from __future__ import annotations

import hashlib

import numpy as np

from rag.core.types import (
    Chunk,
    Collection,
    Document,
    Heading,
    LoadedDocument,
    Page,
)
from rag.library.store import Store

ANN, BOB = "ann", "bob"
PAGES = (
    Page(1, "i", "Leave\nEveryone has 25 days.", (Heading(0, "Leave"),)),
    Page(2, "1", "自行车停放在地下室。\ud83d", ()),
)


def add(
    store: Store,
    collection: Collection,
    data: bytes = b"bytes",
    name: str = "rules.pdf",
    *,
    dimension: int = 4,
    embedder: str = "toy",
    replaces: str | None = None,
    chunks: int = 2,
) -> Document:
    loaded = LoadedDocument(name, "Rules", "pdf", PAGES, None, (3,))
    page = PAGES[0]
    pieces = [Chunk(1, "i", "Leave", "Rules", page.text[i : i + 10], i, i + 10) for i in range(chunks)]
    vectors = np.eye(chunks, dimension, dtype=np.float32)
    return store.documents.add(
        collection.owner, collection.id, loaded, pieces, vectors, sha256=hashlib.sha256(data).hexdigest(),
        size=len(data), language="en", embedder=embedder, replaces=replaces,
        original=data,
    )  # fmt: skip


def rows(store: Store, table: str) -> int:
    with store.database.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())
