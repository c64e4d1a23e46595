"""The queue of documents to read. A job survives the page that created it and the process that reads it.

A reader claims a job with a lease and renews it as it works. When the reader dies, the lease expires and another one
starts the job over; a document is committed only at the end of its job. On SQLite readers poll for jobs, on PostgreSQL
they are delivered (`deliveries.py`). Passwords are not stored: an encrypted file is read while its user waits.
"""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Sequence
from typing import Any, Final, Literal

import sqlalchemy as sa

from rag.core.errors import NotFound, ReaderDied
from rag.core.types import Failure
from rag.library.store import schema
from rag.library.store.answers import failure_to_json
from rag.library.store.database import Database, alone_with, found
from rag.library.store.deliveries import deliver
from rag.library.store.files import Files
from rag.library.store.job_rows import Job, Stage, job_of
from rag.library.store.permissions import owned, reach

# A file that kills its reader this often would kill every reader.
MAX_ATTEMPTS = 3
_RESET: Final[dict[str, Any]] = {"stage": "", "done": 0, "total": 0}
_jobs = schema.jobs
# A job that failed, as it waits once more.
AGAIN: Final[dict[str, Any]] = {"state": "waiting", "failure": sa.null(), "attempts": 0, "cancelling": False}


class Jobs:
    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def enqueue(
        self,
        owner: str,
        collection_id: str,
        name: str,
        kind: Literal["file", "address", "embedder"],
        source: str | bytes,
        *,
        replace: bool = False,
    ) -> Job:
        """Queue a file (its bytes), an address or an embedder. One that is queued already gives the existing job.

        Args:
            replace: whether it replaces the document of the same name (or address).

        Raises: NotFound or NotAllowed, of the collection; DiskFull.
        """
        data, text = (None, source) if isinstance(source, str) else (source, hashlib.sha256(source).hexdigest())
        with self._files.saved(data), self._database.write() as connection:
            owned(connection, owner, collection_id, "editor", hold="stays")
            alone_with(connection, collection_id, text)
            same = sa.and_(_jobs.c.collection == collection_id, _jobs.c.source == text, _jobs.c.kind == kind)
            unfinished = sa.select(_jobs).where(same, _jobs.c.state.in_(["waiting", "running"]))
            if existing := connection.execute(unfinished).first():
                return job_of(existing)
            moment = schema.now()
            job = Job(schema.new_id(), owner, collection_id, name, kind, text, replace, moment, moment)
            row = {column.name: getattr(job, column.name) for column in _jobs.columns}
            connection.execute(sa.insert(_jobs), row)
            if data is not None:
                self._files.keep(connection, data)
            deliver(connection, [job.id])
        return job

    def claim(self, worker: str, lease_seconds: float, job_id: str | None = None) -> Job | None:
        """Claim this job, or the oldest one that is due, for `worker`; None where there is none.

        Jobs of dead readers are due again, up to MAX_ATTEMPTS times. Jobs of one name are read in order: the next one
        may be a new version of the document.
        """
        # First without a lock: readers poll often, mostly in vain, and must not block writers.
        with self._database.read() as connection:
            if connection.execute(_due(self._database.seconds(connection), job_id)).first() is None:
                return None
        with self._database.write() as connection:
            now = self._database.seconds(connection)
            row = connection.execute(_due(now, job_id).with_for_update()).first()
            if row is None:
                return None
            values = _settled(row) or {
                **_RESET,
                "state": "running",
                "failure": None,
                "worker": worker,
                "lease": now + lease_seconds,
                "attempts": row.attempts + 1,
            }
            values["updated"] = schema.now()
            connection.execute(sa.update(_jobs).where(_jobs.c.id == row.id).values(values))
        return job_of(row, **values) if values["state"] == "running" else self.claim(worker, lease_seconds, job_id)

    def waits(self, job_id: str) -> bool:
        """Whether the job is still waiting to be claimed."""
        return self._any(_jobs.c.id == job_id, _jobs.c.state == "waiting")

    def unfinished(self, job_ids: Sequence[str] | None = None) -> bool:
        """Whether any job, or one of these, waits or runs."""
        one_of = sa.true() if job_ids is None else _jobs.c.id.in_(job_ids)
        return self._any(_jobs.c.state.in_(["waiting", "running"]), one_of)

    def progress(self, job: Job, stage: Stage, done: int, total: int, lease_seconds: float) -> bool:
        """Record progress and renew the lease. False: stop, the job was cancelled or another reader has it."""
        change = self._claimed(job).values(stage=stage, done=done, total=total, updated=schema.now())
        with self._database.write() as connection:
            lease = self._database.seconds(connection) + lease_seconds
            return connection.execute(change.where(_jobs.c.cancelling == 0).values(lease=lease)).rowcount > 0

    def finish(self, job: Job, document_id: str | None) -> None:
        self._end(job, state="done", document=document_id)

    def fail(self, job: Job, failure: Failure) -> None:
        self._end(job, state="failed", failure=failure_to_json(failure))

    def stop(self, job: Job) -> None:
        """Mark a cancelled job as ended, after its reader has stopped."""
        self._end(job, state="cancelled")
        self._release(job)

    def give_back(self, job: Job, failure: Failure | None = None) -> None:
        """Make it wait again: its reader ends, or a temporary `failure` prevents it and whoever retries brings it."""
        json = failure_to_json(failure) if failure else None
        back = {**_RESET, "state": "waiting", "failure": json, "attempts": max(0, job.attempts - 1)}
        with self._database.write() as connection:
            connection.execute(self._claimed(job).values(**back, updated=schema.now()))
            if failure is None:
                deliver(connection, [job.id])

    def cancel(self, owner: str, job_id: str) -> None:
        """Cancel it: at once if it waits, at its reader's next step if it runs. Raises NotFound or NotAllowed."""
        job = self.get(owner, job_id)
        with self._database.write() as connection:
            owned(connection, owner, job.collection, "editor")
            waits, runs = _jobs.c.state == "waiting", _jobs.c.state == "running"
            # In one statement: a reader may be claiming it, or giving it back, concurrently.
            state = sa.case((waits, "cancelled"), else_=_jobs.c.state)
            cancelling = sa.case((runs, 1), else_=_jobs.c.cancelling)
            change = sa.update(_jobs).where(_jobs.c.id == job_id, sa.or_(waits, runs))
            connection.execute(change.values(state=state, cancelling=cancelling, updated=schema.now()))
        self._release(job)

    def retry(self, owner: str, job_id: str, *, name: str | None = None, replace: bool | None = None) -> None:
        """Queue a failed job again, with another name or replacing its namesake. Raises NotFound or NotAllowed."""
        job = self.get(owner, job_id)
        again = sa.update(_jobs).where(_jobs.c.id == job_id, _jobs.c.state == "failed")
        values = AGAIN | {"updated": schema.now()}
        values |= {key: value for key, value in (("name", name), ("replace", replace)) if value is not None}
        with self._database.write() as connection:
            owned(connection, owner, job.collection, "editor")
            if not connection.execute(again.values(values)).rowcount:
                raise NotFound(what="job")
            deliver(connection, [job_id])

    def dismiss(self, owner: str, job_id: str) -> None:
        """Delete a finished job; a waiting or running one stays. Raises NotFound or NotAllowed."""
        job = self.get(owner, job_id)
        ended = _jobs.c.state.in_(["done", "failed", "cancelled"])
        with self._database.write() as connection:
            owned(connection, owner, job.collection, "editor")
            connection.execute(sa.delete(_jobs).where(_jobs.c.id == job_id, ended))
        self._release(job)

    def get(self, owner: str, job_id: str) -> Job:
        """Raises NotFound when it does not exist or is another's."""
        query = sa.select(_jobs).where(_jobs.c.id == job_id, _jobs.c.collection.in_(reach(owner)))
        return job_of(found(self._database.row(query), "job"))

    def list(self, owner: str, collection_id: str) -> builtins.list[Job]:
        """The collection's jobs, oldest first."""
        query = sa.select(_jobs).where(_jobs.c.collection == collection_id, _jobs.c.collection.in_(reach(owner)))
        return [job_of(row) for row in self._database.rows(query.order_by(_jobs.c.created, _jobs.c.id))]

    def _any(self, *conditions: sa.ColumnElement[bool]) -> bool:
        return self._database.row(sa.select(_jobs.c.id).where(*conditions).limit(1)) is not None

    def _claimed(self, job: Job) -> sa.Update:
        """An update of the job, as long as its reader still holds it."""
        mine = sa.update(_jobs).where(_jobs.c.id == job.id, _jobs.c.owner == job.owner)
        return mine.where(_jobs.c.state == "running", _jobs.c.worker == job.worker)

    def _end(self, job: Job, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(self._claimed(job).values(**values, updated=schema.now()))

    def _release(self, job: Job) -> None:
        if job.kind == "file":
            self._files.release([job.source])


def _due(now: float, job_id: str | None) -> sa.Select[Any]:
    """This job, or the oldest, if due; not while one of the same name is read into the same collection."""
    other = _jobs.alias()
    same = (other.c.collection == _jobs.c.collection, other.c.name == _jobs.c.name, other.c.id != _jobs.c.id)
    namesake_read = sa.exists().where(*same, other.c.state == "running", other.c.lease >= now)
    due = sa.or_(_jobs.c.state == "waiting", sa.and_(_jobs.c.state == "running", _jobs.c.lease < now))
    query = sa.select(_jobs).where(due, ~namesake_read).order_by(_jobs.c.created, _jobs.c.id).limit(1)
    return query if job_id is None else query.where(_jobs.c.id == job_id)


def _settled(row: sa.Row[Any]) -> dict[str, Any] | None:
    """The end of a job that lost its reader and must not be read again: it was cancelled, or it kills readers."""
    if row.state == "running" and row.cancelling:
        return {"state": "cancelled"}
    if row.state == "running" and row.attempts >= MAX_ATTEMPTS:
        return {"state": "failed", "failure": failure_to_json(ReaderDied(name=row.name).failure())}
    return None
