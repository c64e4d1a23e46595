"""Documents with their pages, chunks and vectors, written and removed atomically."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from rag.core.errors import NotFound
from rag.core.types import Chunk, Collection, Document, LoadedDocument, Page, page_of
from rag.library.store import schema
from rag.library.store.audit_log import note
from rag.library.store.collections import claim_embedder, next_generation
from rag.library.store.database import Database, found
from rag.library.store.files import Files
from rag.library.store.hnsw import make_graph
from rag.library.store.passages import Passages, Vectors
from rag.library.store.permissions import PERSON, owned, reach
from rag.library.store.rows import (
    check,
    delete_documents,
    give,
    insert_chunks,
    insert_document,
    kept_of,
    new_document,
    read_document,
)

# The bytes of a file from `start` up to `stop`.
Pieces = Callable[[int, int], Iterator[bytes]]

_table, _pages, _chunks = schema.documents, schema.pages, schema.chunks

_AT: Final = (
    sa.select(_pages)
    .join(_table, _table.c.id == _pages.c.document)
    .where(
        sa.tuple_(_pages.c.document, _pages.c.number).in_(sa.bindparam("places", expanding=True)),
        _table.c.collection.in_(reach(PERSON)),
    )
)


class Documents(Passages):
    def __init__(self, database: Database, files: Files) -> None:
        super().__init__(database)
        self._files = files

    def add(
        self,
        owner: str,
        collection_id: str,
        loaded: LoadedDocument,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        *,
        sha256: str,
        size: int,
        language: str,
        embedder: str,
        replaces: str | None = None,
        original: bytes | None = None,
    ) -> Document:
        """Write a document, its pages, chunks and their vectors (n, dimension) in one transaction.

        Bytes that are there already give the existing document.

        Args:
            replaces: id of an older version, removed in the same transaction.
            original: the file itself, kept to be opened.

        Raises:
            NotFound, NotAllowed: of the collection.
            EmbedderMismatch: the collection was embedded with another model.
            DiskFull: nothing was written.
        """
        check(chunks, vectors)
        with self._files.saved(original), self._database.write() as connection:
            collection = owned(connection, owner, collection_id, "editor", hold="alone")
            existing = _same_bytes(connection, collection_id, sha256)
            old = replaces if existing is None or existing.id != replaces else None
            kept = kept_of(connection, collection_id, old)
            freed = [row.sha256 for row in delete_documents(connection, collection_id, [old] if old else [])]
            if existing is None:
                claim_embedder(connection, collection, embedder, vectors.shape[1])
                document = new_document(owner, collection_id, loaded, chunks, sha256, size, language)
                document = replace(document, folder=document.folder if kept is None else kept.folder)
                insert_document(connection, document, loaded.pages, chunks, vectors)
                give(connection, document.id, kept)
                note(connection, owner, "added", collection, document=loaded.name)
                # Read back as stored: `columns.clean` may have changed it.
                document = _same_bytes(connection, collection_id, sha256) or document
            else:
                document = existing
            if freed or existing is None:
                next_generation(connection, collection_id)
            if original is not None:
                self._files.keep(connection, original)
        self._forget(collection_id, freed)
        return document

    def rechunk(
        self, owner: str, collection_id: str, parts: Mapping[str, tuple[Sequence[Chunk], Vectors]], *, embedder: str
    ) -> frozenset[str]:
        """Replace all chunks and vectors of a collection by those of another embedder, in one transaction.

        Args:
            parts: document id → its chunks and their vectors (n, dimension).

        Returns:
            Documents missing in `parts`, added meanwhile. Unless it is empty, nothing was changed.
        """
        with self._database.write() as connection:
            collection = owned(connection, owner, collection_id, "editor", hold="alone")
            ids = sa.select(_table.c.id, _table.c.owner).where(_table.c.collection == collection_id)
            inside = {row.id: row.owner for row in connection.execute(ids)}
            if inside.keys() - parts.keys():
                return frozenset(inside.keys() - parts.keys())
            connection.execute(sa.delete(_chunks).where(_chunks.c.collection == collection_id))
            dimension = 0
            for document_id in sorted(inside):
                chunks, vectors = parts[document_id]
                check(chunks, vectors)
                dimension = vectors.shape[1]
                insert_chunks(connection, inside[document_id], collection_id, document_id, chunks, vectors)
                count = sa.update(_table).where(_table.c.id == document_id).values(chunks=len(chunks))
                connection.execute(count)
            _set_embedder(connection, collection, embedder, dimension)
        self._files.drop_copies(collection_id)
        return frozenset()

    def find(
        self,
        owner: str,
        collection_id: str,
        *,
        sha256: str | None = None,
        name: str | None = None,
        address: str | None = None,
    ) -> Document | None:
        """The newest document of the collection that matches all given values."""
        given = {"sha256": sha256, "name": name, "address": address}
        query = sa.select(_table).where(_table.c.collection == collection_id, _table.c.collection.in_(reach(owner)))
        query = query.where(*(_table.c[key] == value for key, value in given.items() if value is not None))
        row = self._database.row(query.order_by(_table.c.added.desc()).limit(1))
        return read_document(row) if row else None

    def get(self, owner: str, document_id: str) -> Document:
        """Raises NotFound when it does not exist or is another's."""
        query = sa.select(_table).where(_table.c.id == document_id, _table.c.collection.in_(reach(owner)))
        return read_document(found(self._database.row(query), "document"))

    def list(self, owner: str, collection_id: str) -> builtins.list[Document]:
        """The collection's documents, oldest first."""
        query = sa.select(_table).where(_table.c.collection == collection_id, _table.c.collection.in_(reach(owner)))
        return [read_document(row) for row in self._database.rows(query.order_by(_table.c.added, _table.c.id))]

    def remove(self, owner: str, document_id: str) -> None:
        """Remove it with its file, unless another document has the same bytes. Raises NotFound or NotAllowed."""
        document = self.get(owner, document_id)
        with self._database.write() as connection:
            collection = owned(connection, owner, document.collection, "editor", hold="alone")
            freed = [row.sha256 for row in delete_documents(connection, document.collection, [document_id])]
            next_generation(connection, document.collection)
            note(connection, owner, "removed", collection, document=document.name)
        self._forget(document.collection, freed)

    def _forget(self, collection_id: str, freed: builtins.list[str]) -> None:
        """Release what the disk holds of removed documents with these hashes."""
        if freed:
            self._files.release(freed)
            self._files.drop_copies(collection_id)

    def original(self, owner: str, document_id: str) -> bytes:
        """The file as it was added. Raises NotFound when it is missing or altered, or the document is another's."""
        return self._files.read(self.get(owner, document_id).sha256)

    def stream(self, owner: str, document_id: str) -> tuple[Document, int, Pieces]:
        """A document, the size of its file in bytes, and a function that reads a range of the file in pieces.

        Raises NotFound as `original`, before any byte is read.
        """
        document = self.get(owner, document_id)
        return document, self._files.measured(document.sha256), partial(self._files.pieces, document.sha256)

    def page(self, owner: str, document_id: str, number: int) -> Page:
        """Raises NotFound."""
        pages = self._page_rows(owner, document_id, _pages.c.number == number)
        if not pages:
            raise NotFound(what="page")
        return pages[0]

    def pages_at(self, owner: str, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Page]:
        """The pages at these (document, number), without those that were removed or that the person may not read."""
        wanted = list(dict.fromkeys(places))
        rows = self._database.rows(_AT, {"person": owner, "places": wanted}) if wanted else []
        return {(row.document, row.number): _page(row) for row in rows}

    def pages(self, owner: str, document_id: str) -> builtins.list[Page]:
        """All pages in order; none when the document does not exist."""
        return self._page_rows(owner, document_id)

    def _page_rows(self, owner: str, document_id: str, *conditions: sa.ColumnElement[bool]) -> builtins.list[Page]:
        mine = sa.select(_table.c.id).where(_table.c.id == document_id, _table.c.collection.in_(reach(owner)))
        query = sa.select(_pages).where(_pages.c.document.in_(mine), *conditions)
        return [_page(row) for row in self._database.rows(query.order_by(_pages.c.number))]


def _same_bytes(connection: sa.Connection, collection_id: str, sha256: str) -> Document | None:
    query = sa.select(_table).where(_table.c.collection == collection_id, _table.c.sha256 == sha256)
    row = connection.execute(query).first()
    return read_document(row) if row else None


def _set_embedder(connection: sa.Connection, collection: Collection, embedder: str, dimension: int) -> None:
    collections = schema.collections
    make_graph(connection, dimension)
    values = {"embedder": embedder, "dimension": dimension or None}
    connection.execute(sa.update(collections).where(collections.c.id == collection.id).values(values))
    next_generation(connection, collection.id)


def _page(row: Any) -> Page:
    return page_of(row._mapping)
