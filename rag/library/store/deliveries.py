"""On PostgreSQL a job that waits is delivered to the readers by procrastinate, whose tables stand beside the library's.

A delivery is a row of procrastinate's that names a job. It is made in the transaction that lets the job wait, so that
there is one exactly where there is something to read. Who holds the job, and what becomes of it, the job's own row
says: a delivery that is lost is made anew from there, and one too many finds nothing to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rag.core.errors import StorePackageMissing, StoreTooNew
from rag.library.store.database import Database

if TYPE_CHECKING:
    from rag.library.store.postgresql import PostgreSQL

QUEUE: Final = "footnote"
TASK: Final = "read"
_FIGURE: Final = re.compile(r"\d+")

# A job is due when it waits, and when its reader has let the lease run out.
_DUE: Final = "(state = 'waiting' OR (state = 'running' AND lease < extract(epoch FROM clock_timestamp())))"

# The queueing lock is the job: procrastinate lets one delivery of it wait, and no second one.
_UNDELIVERED: Final = "NOT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = jobs.id AND status = 'todo')"

# A reader that has taken a delivery is about to take its job, or to put it off.
_UNTAKEN: Final = """NOT EXISTS (
        SELECT FROM procrastinate_jobs JOIN procrastinate_workers ON procrastinate_workers.id = worker_id
        WHERE queueing_lock = jobs.id AND status = 'doing' AND worker_id IS NOT NULL
            AND last_heartbeat > now() - make_interval(secs => :silent))"""

# What had a reader before comes first, as it would have by its age.
_DELIVER: Final = f"""
    SELECT procrastinate_defer_jobs_v1(array_agg(
        CAST(ROW('{QUEUE}', '{TASK}', CASE WHEN worker IS NULL THEN 0 ELSE 1 END, NULL, id,
            jsonb_build_object('job', id), NULL) AS procrastinate_job_to_defer_v1) ORDER BY created, id))
    FROM jobs WHERE {_DUE} AND {_UNDELIVERED}"""
_DELIVER_NAMED: Final = f"{_DELIVER} AND id = ANY(CAST(:ids AS TEXT[]))"
_DELIVER_LOST: Final = f"{_DELIVER} AND {_UNTAKEN} AND (state = 'running' OR CAST(:waiting AS BOOLEAN))"

# A job that was removed is nobody's either.
_FREE: Final = f"""
    SELECT named FROM unnest(CAST(:ids AS TEXT[])) AS named
    WHERE NOT EXISTS (SELECT FROM jobs WHERE id = named AND state = 'running' AND NOT {_DUE})"""

_LOOK: Final = f"""
    SELECT (SELECT count(*) FROM jobs WHERE state = 'waiting'),
        (SELECT count(*) FROM jobs WHERE {_DUE} AND {_UNDELIVERED} AND {_UNTAKEN}),
        (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :silent))"""

# Which version of the package made the tables stands as a comment on one of them.
_MADE_BY: Final = "SELECT obj_description(to_regclass('procrastinate_jobs')::oid, 'pg_class')"


def deliver(connection: sa.Connection, job_ids: Sequence[str]) -> None:
    """Have a reader called for each of these jobs that is due, where no delivery of it waits already.

    On SQLite readers look for themselves.
    """
    if connection.dialect.name == "postgresql":
        _deliver(connection, _DELIVER_NAMED, {"ids": list(job_ids)})


def deliver_lost(database: Database, silent_seconds: float, *, waiting: bool = True) -> None:
    """Deliver all that is due and on its way to no reader that gave a sign of life in the last seconds.

    Args:
        waiting: whether to look at jobs that wait as well, of which there may be many, and not only at leases.
    """
    with database.write() as connection:
        _deliver(connection, _DELIVER_LOST, {"silent": silent_seconds, "waiting": waiting})


def hand_on(database: Database, job_ids: Sequence[str]) -> set[str]:
    """Deliver those of these jobs anew that are due; returns all that no living reader holds."""
    with database.write() as connection:
        free = set(connection.execute(sa.text(_FREE), {"ids": list(job_ids)}).scalars())
        deliver(connection, sorted(free))
    return free


def _deliver(connection: sa.Connection, statement: str, values: dict[str, Any]) -> None:
    try:
        with connection.begin_nested():
            connection.execute(sa.text(statement), values)
    except IntegrityError:
        # Somebody else delivered one of them in this moment; the next look finds which of them not.
        return


def look(connection: sa.Connection, silent_seconds: float) -> tuple[int, int, int]:
    """How many jobs wait, how many are due and on their way to nobody, and how many readers gave a sign of life."""
    waiting, lost, readers = connection.execute(sa.text(_LOOK), {"silent": silent_seconds}).one()
    return waiting, lost, readers


def prepare(database: PostgreSQL) -> None:
    """Make procrastinate's tables, or bring them to the version that is installed, by its own scripts.

    Raises:
        StorePackageMissing: it is not installed.
        StoreTooNew: a later version of it made them.
    """
    try:
        installed = installed_version("procrastinate")
    except PackageNotFoundError as error:
        raise StorePackageMissing(package="procrastinate") from error
    with database.read() as connection:
        made_by = connection.exec_driver_sql(_MADE_BY).scalar_one()
    if made_by == installed:
        return
    with database.write_alone() as connection:
        made_by = connection.exec_driver_sql(_MADE_BY).scalar_one()
        if made_by and _number(made_by) > _number(installed):
            raise StoreTooNew(file=database.name)
        for script in _scripts(made_by):
            # As it stands: its percent signs hold no place for values.
            connection.exec_driver_sql(script, execution_options={"no_parameters": True})
        connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{installed}'")


def _scripts(made_by: str | None) -> list[str]:
    """What the package brings along for tables of that version; for none at all, its whole schema."""
    from procrastinate.schema import SchemaManager

    if made_by is None:
        return [SchemaManager.get_schema()]
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [file.read_text(encoding="utf-8") for file in files if _number(file.name) > _number(made_by)]


def _number(version: str) -> tuple[int, ...]:
    """3.10.0 of `3.10.0`, and of `03.10.00_01_what_it_does.sql`."""
    return tuple(int(part) for part in _FIGURE.findall(version)[:3])
