"""What text recognition saw on pages, kept from the moment a page is done: a reading that is killed goes on with the
next page, and one that is done anew need not look again. It goes with the file that it was seen in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from rag.core.types import OCR_VERSION, Recognition, recognition_fields, recognition_of
from rag.library.store import schema
from rag.library.store.database import Database

_recognised, _documents, _jobs = schema.recognised, schema.documents, schema.jobs
# Younger ones may be of a file that is being read, and is no document yet.
_ABANDONED: Final = timedelta(hours=1)


class Recognised:
    def __init__(self, database: Database) -> None:
        self._database = database

    def pages(self, owner: str, sha256: str) -> dict[int, Recognition]:
        """The pages of a file of the person's that were recognised, by their numbers."""
        query = sa.select(_recognised.c.number, _recognised.c.seen).where(*_of(owner, sha256))
        rows = self._database.rows(query)
        return {row.number: recognition_of(row.seen) for row in rows if row.seen["version"] == OCR_VERSION}

    def keep(self, owner: str, sha256: str, number: int, seen: Recognition) -> None:
        """Write down a page, in place of what was seen on it before. Raises DiskFull."""
        row = {"owner": owner, "sha256": sha256, "number": number, "created": schema.now()}
        with self._database.write() as connection:
            connection.execute(sa.delete(_recognised).where(*_of(owner, sha256), _recognised.c.number == number))
            connection.execute(sa.insert(_recognised), row | {"seen": recognition_fields(seen)})

    def sweep(self) -> None:
        """Forget the pages of files that came to nothing."""
        before = (datetime.now(UTC) - _ABANDONED).isoformat(timespec="microseconds")
        with self._database.write() as connection:
            forget(connection, _recognised.c.created < before)


def forget(connection: sa.Connection, *those: sa.ColumnElement[bool]) -> None:
    """Forget the pages of files that no document and no job has."""
    by_document = sa.exists().where(_documents.c.sha256 == _recognised.c.sha256)
    by_job = sa.exists().where(_jobs.c.source == _recognised.c.sha256)
    connection.execute(sa.delete(_recognised).where(~by_document, ~by_job, *those))


def _of(owner: str, sha256: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _recognised.c.owner == owner, _recognised.c.sha256 == sha256
