"""Documents waiting to be read. A job outlives the page that asked for it and the process that reads it.

A reader claims a job for a while (its lease) and renews it as it goes on. When the reader dies, the
lease runs out and another one begins the job anew; nothing of it was in the library before its end.
On SQLite readers look for jobs, on PostgreSQL they are delivered (`deliveries.py`).
Passwords are not kept here: an encrypted file is read by whoever asked, while they wait.
"""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from rag.core.errors import NotFound, ReaderDied
from rag.core.types import Failure
from rag.library.store import schema
from rag.library.store.answers import failure_from_json, failure_to_json
from rag.library.store.database import Database, alone_with
from rag.library.store.deliveries import deliver
from rag.library.store.files import Files
from rag.library.store.permissions import owned, reach

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Stage = Literal["", "loading", "embedding", "saving"]

# A file that ends its reader this often would end every reader.
MAX_ATTEMPTS = 3

_UNREAD: Final[dict[str, Any]] = {"stage": "", "done": 0, "total": 0}

_jobs = schema.jobs


@dataclass(frozen=True, slots=True)
class Job:
    """A document to read: `source` is the SHA-256 of a saved file, an address, or the id of a document to read again.

    `done` of `total` counts chunks in the stage `embedding`. `document` is what came of it.
    """

    id: str
    owner: str
    collection: str
    name: str
    kind: Literal["file", "address", "document"]
    source: str
    replace: bool
    created: str
    updated: str
    state: State = "waiting"
    stage: Stage = ""
    done: int = 0
    total: int = 0
    document: str | None = None
    failure: Failure | None = None
    worker: str | None = None
    lease: float = 0.0
    attempts: int = 0
    cancelling: bool = False


class Jobs:
    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def enqueue(
        self,
        owner: str,
        collection_id: str,
        name: str,
        kind: Literal["file", "address"],
        source: str | bytes,
        *,
        replace: bool = False,
    ) -> Job:
        """Ask for a file (its bytes) or an address to be read. The same one twice is one job.

        Args:
            replace: whether it takes the place of the document of that name (or address) that is there.

        Raises:
            NotFound: the collection is gone or another's.
            NotAllowed: the person may only read it.
            DiskFull: the file could not be kept.
        """
        data = source if isinstance(source, bytes) else None
        text = hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else source
        with self._files.saved(data), self._database.write() as connection:
            owned(connection, owner, collection_id, "editor", hold="stays")
            alone_with(connection, collection_id, text)
            same = sa.and_(_jobs.c.collection == collection_id, _jobs.c.source == text, _jobs.c.kind == kind)
            open_ones = sa.select(_jobs).where(same, _jobs.c.state.in_(["waiting", "running"]))
            already = connection.execute(open_ones).first()
            if already is not None:
                return _job(already)
            moment = schema.now()
            job = Job(schema.new_id(), owner, collection_id, name, kind, text, replace, moment, moment)
            row = {column.name: getattr(job, column.name) for column in _jobs.columns}
            connection.execute(sa.insert(_jobs), row)
            if data is not None:
                self._files.keep(connection, data)
            deliver(connection, [job.id])
        return job

    def claim(self, worker: str, lease_seconds: float, job_id: str | None = None) -> Job | None:
        """This job, or the one that waits longest, now `worker`'s for so long; None where there is none to be had.

        Jobs of readers that died come again, up to MAX_ATTEMPTS times. One of the same name is read before it: then
        it is known whether this one is a new version.
        """
        # Looked for without a lock: those who look often find nothing, and must not keep others from writing.
        with self._database.read() as connection:
            if connection.execute(_due(self._database.seconds(connection), job_id)).first() is None:
                return None
        with self._database.write() as connection:
            now = self._database.seconds(connection)
            row = connection.execute(_due(now, job_id).with_for_update()).first()
            if row is None:
                return None
            values = _settled(row) or {
                **_UNREAD,
                "state": "running",
                "failure": None,
                "worker": worker,
                "lease": now + lease_seconds,
                "attempts": row.attempts + 1,
            }
            values["updated"] = schema.now()
            connection.execute(sa.update(_jobs).where(_jobs.c.id == row.id).values(values))
        return _job(row, **values) if values["state"] == "running" else self.claim(worker, lease_seconds, job_id)

    def waits(self, job_id: str) -> bool:
        """Whether the job is still to be read, and by nobody so far."""
        query = sa.select(_jobs.c.id).where(_jobs.c.id == job_id, _jobs.c.state == "waiting")
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def unfinished(self, job_ids: Sequence[str] | None = None) -> bool:
        """Whether any job, or one of these, waits or runs."""
        query = sa.select(_jobs.c.id).where(_jobs.c.state.in_(["waiting", "running"])).limit(1)
        query = query if job_ids is None else query.where(_jobs.c.id.in_(job_ids))
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def progress(self, job: Job, stage: Stage, done: int, total: int, lease_seconds: float) -> bool:
        """Tell how far the job is and renew its lease. False: stop, it was cancelled or is another's now."""
        change = self._held(job).values(stage=stage, done=done, total=total, updated=schema.now())
        with self._database.write() as connection:
            lease = self._database.seconds(connection) + lease_seconds
            return connection.execute(change.where(_jobs.c.cancelling == 0).values(lease=lease)).rowcount > 0

    def finish(self, job: Job, document_id: str) -> None:
        self._end(job, state="done", document=document_id)

    def fail(self, job: Job, failure: Failure) -> None:
        self._end(job, state="failed", failure=failure_to_json(failure))

    def stop(self, job: Job) -> None:
        """The reader has stopped because the job was cancelled."""
        self._end(job, state="cancelled")
        self._release(job)

    def give_back(self, job: Job, failure: Failure | None = None) -> None:
        """Let it wait: its reader ends, or a failure stands in the way for now, and what brought it brings it again."""
        said = failure_to_json(failure) if failure else None
        with self._database.write() as connection:
            back = {**_UNREAD, "state": "waiting", "failure": said, "attempts": max(0, job.attempts - 1)}
            connection.execute(self._held(job).values(**back, updated=schema.now()))
            if failure is None:
                deliver(connection, [job.id])

    def cancel(self, owner: str, job_id: str) -> None:
        """Stop it: at once if it waits, at its reader's next step if it runs. Raises NotFound or NotAllowed."""
        job = self.get(owner, job_id)
        change = sa.update(_jobs).where(_jobs.c.id == job_id)
        with self._database.write() as connection:
            owned(connection, owner, job.collection, "editor")
            waits, runs = _jobs.c.state == "waiting", _jobs.c.state == "running"
            # In one statement: a reader may be taking it, or giving it back, in this moment.
            state = sa.case((waits, "cancelled"), else_=_jobs.c.state)
            cancelling = sa.case((runs, 1), else_=_jobs.c.cancelling)
            change = change.where(sa.or_(waits, runs))
            connection.execute(change.values(state=state, cancelling=cancelling, updated=schema.now()))
        self._release(job)

    def retry(self, owner: str, job_id: str, *, name: str | None = None, replace: bool | None = None) -> None:
        """Let a failed job wait again, under another name or in place of its namesake where that is given.

        Raises NotFound when there is no such failed job, NotAllowed where the person may only read the collection.
        """
        job = self.get(owner, job_id)
        given = {"name": name, "replace": replace}
        again = sa.update(_jobs).where(_jobs.c.id == job_id, _jobs.c.state == "failed")
        values = {"state": "waiting", "failure": sa.null(), "attempts": 0, "cancelling": False, "updated": schema.now()}
        values |= {key: value for key, value in given.items() if value is not None}
        with self._database.write() as connection:
            owned(connection, owner, job.collection, "editor")
            if not connection.execute(again.values(values)).rowcount:
                raise NotFound(what="job")
            deliver(connection, [job_id])

    def dismiss(self, owner: str, job_id: str) -> None:
        """Forget a job that is done, failed or cancelled; one that is not stays. Raises NotFound or NotAllowed."""
        job = self.get(owner, job_id)
        ended = _jobs.c.state.in_(["done", "failed", "cancelled"])
        with self._database.write() as connection:
            owned(connection, owner, job.collection, "editor")
            connection.execute(sa.delete(_jobs).where(_jobs.c.id == job_id, ended))
        self._release(job)

    def get(self, owner: str, job_id: str) -> Job:
        """Raises NotFound when it is not there or another's."""
        query = sa.select(_jobs).where(_jobs.c.id == job_id, _jobs.c.collection.in_(reach(owner)))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(what="job")
        return _job(row)

    def list(self, owner: str, collection_id: str) -> builtins.list[Job]:
        """The collection's jobs, oldest first."""
        query = sa.select(_jobs).where(_jobs.c.collection == collection_id, _jobs.c.collection.in_(reach(owner)))
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query.order_by(_jobs.c.created, _jobs.c.id))]

    def _held(self, job: Job) -> sa.Update:
        mine = sa.update(_jobs).where(_jobs.c.id == job.id, _jobs.c.owner == job.owner)
        return mine.where(_jobs.c.state == "running", _jobs.c.worker == job.worker)

    def _end(self, job: Job, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(self._held(job).values(**values, updated=schema.now()))

    def _release(self, job: Job) -> None:
        if job.kind == "file":
            self._files.release([job.source])


def _due(now: float, job_id: str | None) -> sa.Select[Any]:
    """The job that waits longest, or this one; none of a name that is being read into the same collection."""
    other = _jobs.alias()
    same = (other.c.collection == _jobs.c.collection, other.c.name == _jobs.c.name, other.c.id != _jobs.c.id)
    namesake_read = sa.exists().where(*same, other.c.state == "running", other.c.lease >= now)
    due = sa.or_(_jobs.c.state == "waiting", sa.and_(_jobs.c.state == "running", _jobs.c.lease < now))
    query = sa.select(_jobs).where(due, ~namesake_read).order_by(_jobs.c.created, _jobs.c.id).limit(1)
    return query if job_id is None else query.where(_jobs.c.id == job_id)


def _settled(row: sa.Row[Any]) -> dict[str, Any] | None:
    """What ends a job that lost its reader and must not be read again: it was cancelled, or it kills readers."""
    if row.state == "running" and row.cancelling:
        return {"state": "cancelled"}
    if row.state == "running" and row.attempts >= MAX_ATTEMPTS:
        return {"state": "failed", "failure": failure_to_json(ReaderDied(name=row.name).failure())}
    return None


def _job(row: Any, **changed: Any) -> Job:
    values = dict(row._mapping) | changed
    return Job(**values | {"failure": failure_from_json(values["failure"])})
