"""Documents with their pages, chunks and vectors: there as a whole, or not at all."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from rag.core.errors import NotFound
from rag.core.types import Chunk, Collection, Document, LoadedDocument, Page, page_of
from rag.library.store import schema
from rag.library.store.audit_log import note
from rag.library.store.collections import claim_embedder, next_generation
from rag.library.store.database import Database
from rag.library.store.files import Files
from rag.library.store.hnsw import make_graph
from rag.library.store.passages import Passages, Vectors
from rag.library.store.permissions import PERSON, owned, reach
from rag.library.store.rows import check, insert_chunks, insert_document, new_document, read_document

# Gives the bytes of a file from a place up to another.
Pieces = Callable[[int, int], Iterator[bytes]]

_table, _pages, _chunks, _jobs = schema.documents, schema.pages, schema.chunks, schema.jobs

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
        lead: str,
        language: str,
        embedder: str,
        replaces: str | None = None,
        original: bytes | None = None,
    ) -> Document:
        """Write a document, its pages, its chunks and their vectors (n, dimension) in one transaction.

        The same bytes twice give the document that is there. `replaces` names an older version that
        goes in the same moment. `original` is kept as the file to open.

        Raises:
            NotFound: the collection is gone.
            NotAllowed: the person may only read it.
            EmbedderMismatch: the collection was embedded with another model.
            DiskFull: nothing was written.
        """
        check(chunks, vectors)
        with self._files.saved(original), self._database.write() as connection:
            collection = owned(connection, owner, collection_id, "editor", hold="alone")
            there = _same_bytes(connection, collection_id, sha256)
            old = replaces if there is None or there.id != replaces else None
            freed = _remove(connection, collection_id, old)
            if there is None:
                claim_embedder(connection, collection, embedder, vectors.shape[1])
                document = new_document(owner, collection_id, loaded, chunks, sha256, size, lead, language)
                insert_document(connection, document, loaded.pages, chunks, vectors)
                note(connection, owner, "added", collection, document=loaded.name)
                # As it can be written down, which for half characters is not quite as it came.
                document = _same_bytes(connection, collection_id, sha256) or document
            else:
                document = there
            if freed or there is None:
                next_generation(connection, collection_id)
            if original is not None:
                self._files.keep(connection, original)
        self._forget(collection_id, freed)
        return document

    def rechunk(
        self, owner: str, collection_id: str, parts: Mapping[str, tuple[Sequence[Chunk], Vectors]], *, embedder: str
    ) -> frozenset[str]:
        """Give the whole collection new chunks and vectors of another embedder, all in one transaction.

        Args:
            parts: document id → its chunks and their vectors (n, dimension).

        Returns:
            The documents that are missing in `parts` (they came meanwhile). Nothing changes unless it is empty.
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
        """The newest document of the collection with all that is given."""
        given = {"sha256": sha256, "name": name, "address": address}
        query = sa.select(_table).where(_table.c.collection == collection_id, _table.c.collection.in_(reach(owner)))
        query = query.where(*(_table.c[key] == value for key, value in given.items() if value is not None))
        with self._database.read() as connection:
            row = connection.execute(query.order_by(_table.c.added.desc()).limit(1)).first()
        return read_document(row) if row else None

    def get(self, owner: str, document_id: str) -> Document:
        """Raises NotFound when it is not there or another's."""
        query = sa.select(_table).where(_table.c.id == document_id, _table.c.collection.in_(reach(owner)))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(what="document")
        return read_document(row)

    def list(self, owner: str, collection_id: str) -> builtins.list[Document]:
        """The collection's documents, oldest first."""
        query = sa.select(_table).where(_table.c.collection == collection_id, _table.c.collection.in_(reach(owner)))
        with self._database.read() as connection:
            return [read_document(row) for row in connection.execute(query.order_by(_table.c.added, _table.c.id))]

    def remove(self, owner: str, document_id: str) -> None:
        """Remove it from every later answer, with its file unless another document has the same one.

        Raises:
            NotFound: it is not there or another's.
            NotAllowed: the person may only read it.
        """
        document = self.get(owner, document_id)
        with self._database.write() as connection:
            collection = owned(connection, owner, document.collection, "editor", hold="alone")
            freed = _remove(connection, document.collection, document_id)
            next_generation(connection, document.collection)
            note(connection, owner, "removed", collection, document=document.name)
        self._forget(document.collection, freed)

    def _forget(self, collection_id: str, freed: builtins.list[str]) -> None:
        """After documents with these hashes went: what else the disk holds of them goes too."""
        if freed:
            self._files.release(freed)
            self._files.drop_copies(collection_id)

    def original(self, owner: str, document_id: str) -> bytes:
        """The file as it was added. Raises NotFound when it is missing or altered, or the document another's."""
        return self._files.read(self.get(owner, document_id).sha256)

    def stream(self, owner: str, document_id: str) -> tuple[Document, int, Pieces]:
        """A document, the size of its file, and what gives the file's bytes from a place up to another, in pieces.

        Raises as `original`, and before a byte is given.
        """
        document = self.get(owner, document_id)
        return document, self._files.measured(document.sha256), partial(self._files.pieces, document.sha256)

    def page(self, owner: str, document_id: str, number: int) -> Page:
        """Raises NotFound."""
        found = self._page_rows(owner, document_id, _pages.c.number == number)
        if not found:
            raise NotFound(what="page")
        return found[0]

    def pages_at(self, owner: str, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Page]:
        """The pages at these places (document, number), without those removed or not the person's to read."""
        wanted = list(dict.fromkeys(places))
        with self._database.read() as connection:
            rows = connection.execute(_AT, {"person": owner, "places": wanted}).all() if wanted else []
        return {(row.document, row.number): _page(row) for row in rows}

    def pages(self, owner: str, document_id: str) -> builtins.list[Page]:
        """All pages in order; none when the document is not there."""
        return self._page_rows(owner, document_id)

    def _page_rows(self, owner: str, document_id: str, *conditions: sa.ColumnElement[bool]) -> builtins.list[Page]:
        mine = sa.select(_table.c.id).where(_table.c.id == document_id, _table.c.collection.in_(reach(owner)))
        query = sa.select(_pages).where(_pages.c.document.in_(mine), *conditions)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_pages.c.number)).all()
        return [_page(row) for row in rows]


def _same_bytes(connection: sa.Connection, collection_id: str, sha256: str) -> Document | None:
    query = sa.select(_table).where(_table.c.collection == collection_id, _table.c.sha256 == sha256)
    row = connection.execute(query).first()
    return read_document(row) if row else None


def _remove(connection: sa.Connection, collection_id: str, document_id: str | None) -> list[str]:
    """Delete the row and, by the tables' own rules, all that hangs on it; returns its file's hash, if it was there."""
    meant = sa.and_(_table.c.id == document_id, _table.c.collection == collection_id)
    hashes = list(connection.execute(sa.select(_table.c.sha256).where(meant)).scalars())
    reads_it_again = sa.and_(_jobs.c.kind == "document", _jobs.c.source == document_id, _jobs.c.state != "running")
    connection.execute(sa.delete(_jobs).where(_jobs.c.collection == collection_id, reads_it_again))
    connection.execute(sa.delete(_table).where(meant))
    return hashes


def _set_embedder(connection: sa.Connection, collection: Collection, embedder: str, dimension: int) -> None:
    collections = schema.collections
    make_graph(connection, dimension)
    values = {"embedder": embedder, "dimension": dimension or None}
    connection.execute(sa.update(collections).where(collections.c.id == collection.id).values(values))
    next_generation(connection, collection.id)


def _page(row: Any) -> Page:
    return page_of(row._mapping)
