"""Collections: sets of documents that are searched together."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rag.core.errors import EmbedderMismatch, NameTaken
from rag.core.types import Collection
from rag.library.store import schema
from rag.library.store.audit_log import note
from rag.library.store.database import Database
from rag.library.store.files import Files
from rag.library.store.hnsw import make_graph
from rag.library.store.permissions import PERSON, owned, reach

_table, _documents = schema.collections, schema.documents
_REACHED: Final = reach(PERSON).where(_table.c.id == sa.bindparam("collection", type_=sa.Text))


class Collections:
    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def create(self, owner: str, name: str, *, samples: bool = False) -> Collection:
        """A new, empty collection. Raises NameTaken where the owner has one of that name."""
        collection = Collection(schema.new_id(), owner, name, None, None, 0, samples, schema.now())
        values = {column.name: getattr(collection, column.name) for column in _table.columns}
        with self._naming(name) as connection:
            connection.execute(sa.insert(_table).values(values))
            note(connection, owner, "created", collection)
        return collection

    def list(self, owner: str) -> builtins.list[Collection]:
        """The collections that the person can read, their own or shared with them, oldest first."""
        query = sa.select(_table).where(_table.c.id.in_(reach(owner))).order_by(_table.c.created)
        return [Collection(**row._mapping) for row in self._database.rows(query)]

    def get(self, owner: str, collection_id: str) -> Collection:
        """Raises NotFound when it does not exist or is another's."""
        with self._database.read() as connection:
            return owned(connection, owner, collection_id)

    def reaches(self, owner: str, collection_id: str) -> bool:
        """Whether the person may read it."""
        return self._database.row(_REACHED, {"person": owner, "collection": collection_id}) is not None

    def by_name(self, owner: str, name: str) -> Collection | None:
        """The person's own collection of that name: names of shared ones need not be unique."""
        query = sa.select(_table).where(_table.c.owner == owner, _table.c.name == name, _table.c.id.in_(reach(owner)))
        row = self._database.row(query)
        return Collection(**row._mapping) if row else None

    def named(self, owner: str, name: str) -> Collection:
        """The person's own collection of that name, created where there is none; concurrent calls get the same one."""
        existing = self.by_name(owner, name)
        if existing is None:
            try:
                return self.create(owner, name)
            except NameTaken:
                # A concurrent call created it, and may have removed it again.
                existing = self.by_name(owner, name)
                if existing is None:
                    raise
        return existing

    def largest(self) -> Collection | None:
        """The collection with the most chunks, of any owner: the one that is warmed up."""
        grouped = sa.select(_documents.c.collection).group_by(_documents.c.collection)
        most = grouped.order_by(sa.func.sum(_documents.c.chunks).desc()).limit(1)
        row = self._database.row(sa.select(_table).where(_table.c.id == most.scalar_subquery()))
        return Collection(**row._mapping) if row else None

    def rename(self, owner: str, collection_id: str, name: str) -> Collection:
        """Raises NotFound, NotAllowed or NameTaken."""
        with self._naming(name) as connection:
            collection = owned(connection, owner, collection_id, "owner")
            connection.execute(sa.update(_table).where(_table.c.id == collection_id).values(name=name))
            note(connection, owner, "renamed", collection, what=name)
        return self.get(owner, collection_id)

    def remove(self, owner: str, collection_id: str) -> None:
        """Remove it with its documents, their files, all chats with it, and its jobs.

        Raises:
            NotFound: it does not exist or is another's.
            NotAllowed: it is shared with the person, who does not own it.
        """
        jobs = schema.jobs
        hashes = sa.select(_documents.c.sha256).where(_documents.c.collection == collection_id)
        sources = sa.select(jobs.c.source).where(jobs.c.collection == collection_id, jobs.c.kind == "file")
        with self._database.write() as connection:
            collection = owned(connection, owner, collection_id, "owner", hold="alone")
            note(connection, owner, "removed_collection", collection)
            freed = connection.execute(sa.union(hashes, sources)).scalars().all()
            connection.execute(sa.delete(_table).where(_table.c.id == collection_id))
        self._files.release(freed)
        self._files.drop_copies(collection_id)

    def set_embedder(self, owner: str, collection_id: str, embedder: str, dimension: int) -> Collection:
        """Record the embedder of an empty collection. With documents in it, see `Documents.rechunk`.

        Raises:
            NotFound, NotAllowed
            EmbedderMismatch: it holds documents of another embedder.
        """
        with self._database.write() as connection:
            collection = owned(connection, owner, collection_id, "editor", hold="alone")
            claim_embedder(connection, collection, embedder, dimension)
        return self.get(owner, collection_id)

    @contextmanager
    def _naming(self, name: str) -> Iterator[sa.Connection]:
        """A write transaction that names a collection. Raises NameTaken where its owner has one of that name."""
        try:
            with self._database.write() as connection:
                yield connection
        except IntegrityError as error:
            raise NameTaken(name=name) from error


def claim_embedder(connection: sa.Connection, collection: Collection, embedder: str, dimension: int) -> None:
    """Check that the collection's vectors come from this embedder, or record it in an empty collection.

    Raises:
        EmbedderMismatch: it holds documents of another one.
    """
    if (collection.embedder, collection.dimension) == (embedder, dimension):
        return
    documents = sa.select(_documents.c.id).where(_documents.c.collection == collection.id).limit(1)
    if connection.execute(documents).first() is not None:
        raise EmbedderMismatch(collection=collection.name, recorded=collection.embedder or "", current=embedder)
    make_graph(connection, dimension)
    values = {"embedder": embedder, "dimension": dimension}
    connection.execute(sa.update(_table).where(_table.c.id == collection.id).values(values))


def next_generation(connection: sa.Connection, collection_id: str) -> None:
    """Invalidate every index of the collection, in every process: its chunks have changed."""
    raised = _table.c.generation + 1
    connection.execute(sa.update(_table).where(_table.c.id == collection_id).values(generation=raised))
