"""What waits to be read into a collection, what is being read, and what could not be: counted, and the first of each.

The jobs themselves are in `jobs.py`. Here no more of them are read than a page shows, however many wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from rag.library.store import schema
from rag.library.store.database import Database
from rag.library.store.deliveries import deliver
from rag.library.store.files import Files
from rag.library.store.job_rows import Job, job_of
from rag.library.store.jobs import AGAIN
from rag.library.store.permissions import owned, reach

_jobs = schema.jobs
_WAITING, _RUNNING, _FAILED = (_jobs.c.state == state for state in ("waiting", "running", "failed"))
# Where a document is read again and that was stopped, the document is as it was: nothing to be told.
_ENDED: Final = sa.or_(_FAILED, sa.and_(_jobs.c.state == "cancelled", _jobs.c.kind != "document"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue of a collection. `first` are the jobs at work and those next in line, `ended` those that ended without
    a document, the latest first; `open` and `failed` count all of them."""

    open: int
    failed: int
    first: tuple[Job, ...]
    ended: tuple[Job, ...]

    @property
    def left(self) -> float:
        """How many documents are to go, those in part by what is left of them."""
        begun = sum(job.done / job.total for job in self.first if job.state == "running" and job.total)
        return self.open - begun


class Queue:
    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def look(self, owner: str, collection_id: str, most: int = 20) -> Waiting:
        """The queue as it is, with up to `most` of its jobs."""
        here = sa.and_(_jobs.c.collection == collection_id, _jobs.c.collection.in_(reach(owner)))
        first = sa.select(_jobs).where(here, sa.or_(_WAITING, _RUNNING))
        first = first.order_by(sa.case((_RUNNING, 0), else_=1), _jobs.c.created, _jobs.c.id).limit(most)
        ended = sa.select(_jobs).where(here, _ENDED).order_by(_jobs.c.updated.desc(), _jobs.c.id).limit(most)
        counted = sa.select(sa.func.count().filter(sa.or_(_WAITING, _RUNNING)), sa.func.count().filter(_ENDED)).where(
            here
        )
        with self._database.read() as connection:
            waiting, failed = connection.execute(counted).one()
            jobs = [tuple(map(job_of, connection.execute(query).all())) for query in (first, ended)]
        return Waiting(int(waiting), int(failed), *jobs)

    def embeds(self, owner: str, collection_id: str) -> bool:
        """Whether the collection is being embedded anew, or waits to be."""
        here = sa.and_(_jobs.c.collection == collection_id, _jobs.c.collection.in_(reach(owner)))
        query = sa.select(_jobs.c.id).where(here, _jobs.c.kind == "embedder", sa.or_(_WAITING, _RUNNING))
        return self._database.row(query.limit(1)) is not None

    def cancel_all(self, owner: str, collection_id: str) -> None:
        """Read nothing more that waits or is being read. Raises NotFound or NotAllowed."""
        here = _jobs.c.collection == collection_id
        with self._database.write() as connection:
            owned(connection, owner, collection_id, "editor")
            gone = sa.delete(_jobs).where(here, _WAITING).returning(_jobs.c.kind, _jobs.c.source)
            files = [row.source for row in connection.execute(gone).all() if row.kind == "file"]
            running = sa.update(_jobs).where(here, _RUNNING).values(cancelling=1, updated=schema.now())
            connection.execute(running)
        self._files.release(files)

    def dismiss_all(self, owner: str, collection_id: str) -> None:
        """Forget what ended without a document. Raises NotFound or NotAllowed."""
        with self._database.write() as connection:
            owned(connection, owner, collection_id, "editor")
            gone = sa.delete(_jobs).where(_jobs.c.collection == collection_id, _ENDED)
            rows = connection.execute(gone.returning(_jobs.c.kind, _jobs.c.source)).all()
        self._files.release([row.source for row in rows if row.kind == "file"])

    def retry_all(self, owner: str, collection_id: str, *, but: tuple[str, ...] = ()) -> None:
        """Let what failed wait again, but for failures with these keys. Raises NotFound or NotAllowed."""
        failed = sa.select(_jobs).where(_jobs.c.collection == collection_id, _FAILED)
        with self._database.write() as connection:
            owned(connection, owner, collection_id, "editor")
            jobs = [job_of(row) for row in connection.execute(failed).all()]
            again = [job.id for job in jobs if job.failure is None or job.failure.key not in but]
            change = sa.update(_jobs).where(_jobs.c.id.in_(again), _FAILED)
            connection.execute(change.values(**AGAIN, updated=schema.now()))
            if again:
                deliver(connection, again)
