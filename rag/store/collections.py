"""Collections: sets of documents that are asked together."""

from __future__ import annotations

import builtins

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rag.errors import EmbedderMismatch, NameTaken, NotFound
from rag.store import schema
from rag.store.database import Database
from rag.store.files import Files
from rag.types import Collection

_table = schema.collections


class Collections:
    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def create(self, owner: str, name: str, *, samples: bool = False) -> Collection:
        """A new, empty collection.

        Raises:
            NameTaken: the owner has one of that name.
        """
        collection = Collection(schema.new_id(), owner, name, None, None, 0, samples, schema.now())
        values = {column.name: getattr(collection, column.name) for column in _table.columns}
        self._named(name, sa.insert(_table).values(values))
        return collection

    def list(self, owner: str) -> builtins.list[Collection]:
        """The owner's collections, oldest first."""
        query = sa.select(_table).where(_table.c.owner == owner).order_by(_table.c.created)
        with self._database.read() as connection:
            return [Collection(**row._mapping) for row in connection.execute(query)]

    def get(self, owner: str, collection_id: str) -> Collection:
        """Raises NotFound when it is not there or another's."""
        with self._database.read() as connection:
            return owned(connection, owner, collection_id)

    def by_name(self, owner: str, name: str) -> Collection | None:
        query = sa.select(_table).where(_table.c.owner == owner, _table.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return Collection(**row._mapping) if row else None

    def rename(self, owner: str, collection_id: str, name: str) -> Collection:
        """Raises NotFound or NameTaken."""
        self._named(name, sa.update(_table).where(_mine(owner, collection_id)).values(name=name))
        return self.get(owner, collection_id)

    def remove(self, owner: str, collection_id: str) -> None:
        """Remove it with all that is in it: documents, their files, chats and jobs.

        Raises:
            NotFound: it is not there or another's.
        """
        documents, jobs = schema.documents, schema.jobs
        hashes = sa.select(documents.c.sha256).where(documents.c.collection == collection_id)
        sources = sa.select(jobs.c.source).where(jobs.c.collection == collection_id, jobs.c.kind == "file")
        with self._database.write() as connection:
            owned(connection, owner, collection_id)
            freed = connection.execute(sa.union(hashes, sources)).scalars().all()
            connection.execute(sa.delete(_table).where(_mine(owner, collection_id)))
        self._files.release(freed)
        self._files.drop_copies(collection_id)

    def set_embedder(self, owner: str, collection_id: str, embedder: str, dimension: int) -> Collection:
        """Record the embedder of an empty collection. With documents in it, see `documents.rechunk`.

        Raises:
            NotFound: it is not there or another's.
            EmbedderMismatch: it holds documents of another embedder.
        """
        with self._database.write() as connection:
            claim_embedder(connection, owned(connection, owner, collection_id), embedder, dimension)
        return self.get(owner, collection_id)

    def _named(self, name: str, statement: sa.Insert | sa.Update) -> None:
        try:
            with self._database.write() as connection:
                if not connection.execute(statement).rowcount:
                    raise NotFound(what="collection")
        except IntegrityError as error:
            raise NameTaken(name=name) from error


def owned(connection: sa.Connection, owner: str, collection_id: str) -> Collection:
    """The owner's collection, read inside the caller's transaction. Raises NotFound."""
    row = connection.execute(sa.select(_table).where(_mine(owner, collection_id))).first()
    if row is None:
        raise NotFound(what="collection")
    return Collection(**row._mapping)


def claim_embedder(connection: sa.Connection, collection: Collection, embedder: str, dimension: int) -> None:
    """Make sure that the collection's vectors all come from this embedder; an empty collection takes it on.

    Raises:
        EmbedderMismatch: it holds documents of another one.
    """
    if (collection.embedder, collection.dimension) == (embedder, dimension):
        return
    documents = schema.documents
    held = sa.select(documents.c.id).where(documents.c.collection == collection.id).limit(1)
    if connection.execute(held).first() is not None:
        raise EmbedderMismatch(collection=collection.name, recorded=collection.embedder or "", current=embedder)
    values = {"embedder": embedder, "dimension": dimension}
    connection.execute(sa.update(_table).where(_table.c.id == collection.id).values(values))


def next_generation(connection: sa.Connection, collection_id: str) -> None:
    """Tell every index, in every process, that the collection's chunks have changed."""
    raised = _table.c.generation + 1
    connection.execute(sa.update(_table).where(_table.c.id == collection_id).values(generation=raised))


def _mine(owner: str, collection_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(_table.c.id == collection_id, _table.c.owner == owner)
