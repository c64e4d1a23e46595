"""Sizes of the whole library, over all owners: for metrics."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from rag.library.store import schema
from rag.library.store.database import Database

_documents, _jobs = schema.documents, schema.jobs


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents and chunks of the whole library, and its jobs by their state."""

    documents: int
    chunks: int
    jobs: dict[str, int]

    @staticmethod
    def of(database: Database) -> Counts:
        """As of now. Raises LibraryError where the library cannot be read."""
        size = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_documents.c.chunks), 0)).select_from(_documents)
        states = sa.select(_jobs.c.state, sa.func.count()).group_by(_jobs.c.state)
        with database.read() as connection:
            documents, chunks = connection.execute(size).one()
            return Counts(documents, int(chunks), {row[0]: row[1] for row in connection.execute(states)})
