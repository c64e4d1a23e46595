"""Delivery of waiting jobs to the readers on PostgreSQL, by procrastinate, whose tables are beside the library's.

A delivery is a row of procrastinate's that names a job, inserted in the transaction that makes the job wait. The job's
own row is the truth about who holds it and what became of it: a lost delivery is made again from there, and a
duplicate one finds nothing to do.
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

# A job is due when it waits, or when its reader's lease has expired.
_DUE: Final = "(state = 'waiting' OR (state = 'running' AND lease < extract(epoch FROM clock_timestamp())))"

# The queueing lock is the job's id, so that procrastinate keeps at most one waiting delivery of it.
_UNDELIVERED: Final = "NOT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = jobs.id AND status = 'todo')"

# A reader that has fetched a delivery is about to claim its job, or to postpone it.
_UNTAKEN: Final = """NOT EXISTS (
        SELECT FROM procrastinate_jobs JOIN procrastinate_workers ON procrastinate_workers.id = worker_id
        WHERE queueing_lock = jobs.id AND status = 'doing' AND worker_id IS NOT NULL
            AND last_heartbeat > now() - make_interval(secs => :silent))"""

# A job that had a reader before has priority, as it would by its age.
_DELIVER: Final = f"""
    SELECT procrastinate_defer_jobs_v1(array_agg(
        CAST(ROW('{QUEUE}', '{TASK}', CASE WHEN worker IS NULL THEN 0 ELSE 1 END, NULL, id,
            jsonb_build_object('job', id), NULL) AS procrastinate_job_to_defer_v1) ORDER BY created, id))
    FROM jobs WHERE {_DUE} AND {_UNDELIVERED}"""
_DELIVER_NAMED: Final = f"{_DELIVER} AND id = ANY(CAST(:ids AS TEXT[]))"
_DELIVER_LOST: Final = f"{_DELIVER} AND {_UNTAKEN} AND (state = 'running' OR CAST(:waiting AS BOOLEAN))"

# Jobs that no living reader holds, removed ones included.
_FREE: Final = f"""
    SELECT named FROM unnest(CAST(:ids AS TEXT[])) AS named
    WHERE NOT EXISTS (SELECT FROM jobs WHERE id = named AND state = 'running' AND NOT {_DUE})"""

_LOOK: Final = f"""
    SELECT (SELECT count(*) FROM jobs WHERE state = 'waiting'),
        (SELECT count(*) FROM jobs WHERE {_DUE} AND {_UNDELIVERED} AND {_UNTAKEN}),
        (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :silent))"""

# The version of the package that made the tables, kept as a comment on one of them.
_MADE_BY: Final = "SELECT obj_description(to_regclass('procrastinate_jobs')::oid, 'pg_class')"


def deliver(connection: sa.Connection, job_ids: Sequence[str]) -> None:
    """Enqueue a delivery for each of these jobs that is due and has none waiting. On SQLite readers poll instead."""
    if connection.dialect.name == "postgresql":
        _deliver(connection, _DELIVER_NAMED, {"ids": list(job_ids)})


def deliver_lost(database: Database, silent_seconds: float, *, waiting: bool = True) -> None:
    """Deliver all due jobs that are on the way to no reader with a heartbeat in the last `silent_seconds`.

    Args:
        waiting: whether to check waiting jobs as well, of which there may be many, and not only expired leases.
    """
    with database.write() as connection:
        _deliver(connection, _DELIVER_LOST, {"silent": silent_seconds, "waiting": waiting})


def hand_on(database: Database, job_ids: Sequence[str]) -> set[str]:
    """Deliver again those of these jobs that are due; returns the ids of all that no living reader holds."""
    with database.write() as connection:
        free = set(connection.execute(sa.text(_FREE), {"ids": list(job_ids)}).scalars())
        deliver(connection, sorted(free))
    return free


def _deliver(connection: sa.Connection, statement: str, values: dict[str, Any]) -> None:
    try:
        with connection.begin_nested():
            connection.execute(sa.text(statement), values)
    except IntegrityError:
        # A concurrent transaction delivered one of them; the next call delivers the rest.
        return


def look(connection: sa.Connection, silent_seconds: float) -> tuple[int, int, int]:
    """Counts of jobs that wait, of due jobs on the way to no reader, and of readers with a heartbeat."""
    waiting, lost, readers = connection.execute(sa.text(_LOOK), {"silent": silent_seconds}).one()
    return waiting, lost, readers


def prepare(database: PostgreSQL) -> None:
    """Create procrastinate's tables, or migrate them to the installed version by the package's own scripts.

    Raises:
        StorePackageMissing: the package is not installed.
        StoreTooNew: a later version of it made the tables.
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
            # Its percent signs are no placeholders.
            connection.exec_driver_sql(script, execution_options={"no_parameters": True})
        connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{installed}'")


def _scripts(made_by: str | None) -> list[str]:
    """The package's migrations for tables of that version; its whole schema where there are none."""
    from procrastinate.schema import SchemaManager

    if made_by is None:
        return [SchemaManager.get_schema()]
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [file.read_text(encoding="utf-8") for file in files if _number(file.name) > _number(made_by)]


def _number(version: str) -> tuple[int, ...]:
    """(3, 10, 0) of `3.10.0`, and of `03.10.00_01_what_it_does.sql`."""
    return tuple(int(part) for part in _FIGURE.findall(version)[:3])
