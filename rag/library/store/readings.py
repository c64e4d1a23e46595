"""What reading made of the documents, and reading them again: each in its place, all of it in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from rag.core.errors import NotFound
from rag.core.reports import PageReport, ReadingCounts, by_reason
from rag.core.types import READING_VERSION, Chunk, Document, LeftOut, LoadedDocument, OcrChoice
from rag.library.store import schema
from rag.library.store.anchoring import anchor_answers
from rag.library.store.collections import claim_embedder, next_generation
from rag.library.store.database import Database, alone_with
from rag.library.store.deliveries import deliver
from rag.library.store.files import Files
from rag.library.store.job_rows import Job
from rag.library.store.passages import Vectors
from rag.library.store.permissions import owned, reach
from rag.library.store.rows import check, document_values, insert_parts, new_document, read_document

_documents, _pages, _chunks, _jobs = schema.documents, schema.pages, schema.chunks, schema.jobs

# The kind of a job that reads a document of the library again; its source is the document's id.
AGAIN: Final = "document"
_OPEN: Final = _jobs.c.state.in_(["waiting", "running"])
# What a document keeps when it is read again.
_KEPT: Final = ("id", "name", "address", "added", "folder")


class Readings:
    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def reports(self, owner: str, document_id: str) -> list[PageReport]:
        """What became of each page, in order; none when the document is not there."""
        mine = sa.select(_documents.c.id).where(
            _documents.c.id == document_id, _documents.c.collection.in_(reach(owner))
        )
        with self._database.read() as connection:
            columns = sa.select(
                _pages.c.number,
                _pages.c.label,
                sa.func.length(_pages.c.text).label("characters"),
                _length(connection, _pages.c.headings).label("headings"),
                _length(connection, _pages.c.tables).label("tables"),
                _pages.c.left_out,
                _pages.c.unread,
                _pages.c.certainty,
            )
            rows = connection.execute(columns.where(_pages.c.document.in_(mine)).order_by(_pages.c.number)).all()
        return [
            PageReport(**{**row._mapping, "left_out": by_reason(tuple(LeftOut(*part) for part in row.left_out))})
            for row in rows
        ]

    def counts(self, owner: str, collection_id: str) -> dict[str, ReadingCounts]:
        """What there is to know of each document of a collection, by its id; those without pages are left out."""
        mine = sa.select(_documents.c.id).where(
            _documents.c.collection == collection_id, _documents.c.collection.in_(reach(owner))
        )
        with self._database.read() as connection:
            columns = sa.select(
                _pages.c.document,
                sa.func.count(_pages.c.unread),
                sa.func.sum(sa.case((_length(connection, _pages.c.left_out) > 0, 1), else_=0)),
                sa.func.sum(_length(connection, _pages.c.tables)),
            )
            rows = connection.execute(columns.where(_pages.c.document.in_(mine)).group_by(_pages.c.document)).all()
        return {row[0]: ReadingCounts(row[1], int(row[2]), int(row[3])) for row in rows}

    def ask_again(self, owner: str, collection_id: str, documents: Sequence[str] | None = None) -> list[str]:
        """Let documents of the collection wait to be read again: these, or those read by an earlier version of reading.

        Returns the ids of the jobs that wait or run after it, those that were there before among them.

        Raises:
            NotFound: the collection is gone or another's.
            NotAllowed: the person may only read it.
        """
        here = sa.and_(_jobs.c.collection == collection_id, _jobs.c.kind == AGAIN)
        meant = _documents.c.reading < READING_VERSION if documents is None else _documents.c.id.in_(documents)
        older = sa.select(_documents.c.id, _documents.c.name).where(_documents.c.collection == collection_id, meant)
        with self._database.write() as connection:
            owned(connection, owner, collection_id, "editor", hold="stays")
            alone_with(connection, collection_id, AGAIN)
            open_ones = connection.execute(sa.select(_jobs).where(here, _OPEN)).all()
            # What failed or was stopped before is tried anew.
            connection.execute(sa.delete(_jobs).where(here, ~_OPEN))
            known = {row.source for row in open_ones}
            moment = schema.now()
            rows = connection.execute(older.order_by(_documents.c.added, _documents.c.id)).all()
            new = [
                Job(schema.new_id(), owner, collection_id, row.name, AGAIN, row.id, True, moment, moment)
                for row in rows
                if row.id not in known
            ]
            if new:
                names = [column.name for column in _jobs.columns]
                connection.execute(sa.insert(_jobs), [{name: getattr(job, name) for name in names} for job in new])
                deliver(connection, [job.id for job in new])
        return [*(row.id for row in open_ones), *(job.id for job in new)]

    def choose_ocr(self, owner: str, document_id: str, choice: OcrChoice) -> str:
        """Have a document read by text recognition from now on, or not; returns the id of the job that reads it again.

        Raises:
            NotFound, NotAllowed: of the document.
        """
        with self._database.write() as connection:
            row = connection.execute(sa.select(_documents).where(_documents.c.id == document_id)).first()
            if row is None:
                raise NotFound(what="document")
            owned(connection, owner, row.collection, "editor", hold="stays")
            connection.execute(sa.update(_documents).where(_documents.c.id == document_id).values(ocr=choice))
            earlier = sa.and_(_jobs.c.kind == AGAIN, _jobs.c.source == document_id, _jobs.c.state != "running")
            connection.execute(sa.delete(_jobs).where(earlier))
            moment = schema.now()
            job = Job(schema.new_id(), owner, row.collection, row.name, AGAIN, document_id, True, moment, moment)
            columns = [column.name for column in _jobs.columns]
            connection.execute(sa.insert(_jobs), {name: getattr(job, name) for name in columns})
            deliver(connection, [job.id])
        return job.id

    def stop(self, owner: str, collection_id: str) -> None:
        """Read no more of them again; what is being read at this moment stays as it is. Raises as `ask_again`."""
        here = sa.and_(_jobs.c.collection == collection_id, _jobs.c.kind == AGAIN)
        with self._database.write() as connection:
            owned(connection, owner, collection_id, "editor")
            connection.execute(sa.delete(_jobs).where(here, _jobs.c.state == "waiting"))
            running = sa.update(_jobs).where(here, _jobs.c.state == "running")
            connection.execute(running.values(cancelling=1, updated=schema.now()))

    def replace(
        self,
        owner: str,
        document_id: str,
        loaded: LoadedDocument,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        *,
        language: str,
        embedder: str,
    ) -> Document:
        """Put what was read of a document's file in place of what was read before, in one transaction.

        The document stays the same one: its id, its name, its file. Quotes of saved answers are found again where their
        words still stand.

        Raises:
            NotFound: the document is gone or another's.
            NotAllowed: the person may only read it.
            EmbedderMismatch: the collection was embedded with another model.
        """
        check(chunks, vectors)
        meant = _documents.c.id == document_id
        with self._database.write() as connection:
            row = connection.execute(sa.select(_documents).where(meant)).first()
            if row is None:
                raise NotFound(what="document")
            collection = owned(connection, owner, row.collection, "editor", hold="alone")
            claim_embedder(connection, collection, embedder, vectors.shape[1])
            old = read_document(row)
            made = new_document(old.owner, old.collection, loaded, chunks, old.sha256, old.size, language)
            values = document_values(made) | {name: getattr(old, name) for name in _KEPT}
            if not connection.execute(sa.update(_documents).where(meant).values(values)).rowcount:
                raise NotFound(what="document")
            connection.execute(sa.delete(_chunks).where(_chunks.c.document == document_id))
            connection.execute(sa.delete(_pages).where(_pages.c.document == document_id))
            document = read_document(connection.execute(sa.select(_documents).where(meant)).one())
            insert_parts(connection, document, loaded.pages, chunks, vectors)
            anchor_answers(connection, document, loaded.pages)
            next_generation(connection, document.collection)
        self._files.drop_copies(document.collection)
        return document


def _length(connection: sa.Connection, column: sa.Column[Any]) -> sa.ColumnElement[int]:
    """How many values a column of JSON lists."""
    text = sa.type_coerce(column, sa.Text)
    if connection.dialect.name == "postgresql":
        return sa.func.json_array_length(sa.cast(text, postgresql.JSON), type_=sa.Integer)
    return sa.func.json_array_length(text, type_=sa.Integer)
