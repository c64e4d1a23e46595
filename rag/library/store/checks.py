"""Checks: a user's own questions with their right source, and the results of each time they were asked."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from rag.core.types import Check, CheckResult, CheckRun, Collection
from rag.library.store import schema
from rag.library.store.database import Database, alone_with, found
from rag.library.store.permissions import owned, reach

_checks, _runs = schema.checks, schema.check_runs


class Checks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, owner: str, collection_id: str, question: str, *, document: str = "", page: int = 0, quote: str = ""
    ) -> Check:
        """Save a question with its right source, replacing the one saved for the same question.

        Args:
            document: the name of the document that answers; empty where the question is to be refused.

        Raises:
            NotFound: the collection does not exist or is another's.
            NotAllowed: the person may only read it.
        """
        check = Check(schema.new_id(), owner, collection_id, question, document, page, quote, schema.now())
        same = sa.and_(_checks.c.collection == collection_id, _checks.c.question == question)
        with self._database.write() as connection:
            owned(connection, owner, collection_id, "editor", hold="stays")
            alone_with(connection, collection_id, question)
            connection.execute(sa.delete(_checks).where(same))
            connection.execute(sa.insert(_checks), asdict(check))
        return check

    def list(self, owner: str, collection_id: str) -> builtins.list[Check]:
        """The collection's checks, oldest first."""
        mine = _checks.c.collection.in_(reach(owner))
        query = sa.select(_checks).where(_checks.c.collection == collection_id, mine)
        query = query.order_by(_checks.c.created, _checks.c.id)
        return [Check(**row._mapping) for row in self._database.rows(query)]

    def remove(self, owner: str, check_id: str) -> None:
        """Raises NotFound when it does not exist or is another's, NotAllowed where the person may only read it."""
        meant = _checks.c.id == check_id
        with self._database.write() as connection:
            readable = sa.select(_checks.c.collection).where(meant, _checks.c.collection.in_(reach(owner)))
            row = found(connection.execute(readable).first(), "check")
            owned(connection, owner, row.collection, "editor")
            connection.execute(sa.delete(_checks).where(meant))

    def save_run(self, owner: str, collection: Collection, embedder: str, results: Sequence[CheckResult]) -> CheckRun:
        """Save the results of all checks, with the collection's generation. Raises NotFound or NotAllowed."""
        run = CheckRun(
            schema.new_id(), owner, collection.id, embedder, collection.generation, tuple(results), schema.now()
        )
        with self._database.write() as connection:
            owned(connection, owner, collection.id, "editor", hold="stays")
            connection.execute(sa.insert(_runs), asdict(run))
        return run

    def runs(self, owner: str, collection_id: str) -> builtins.list[CheckRun]:
        """The collection's runs, oldest first."""
        query = sa.select(_runs).where(_runs.c.collection == collection_id, _runs.c.collection.in_(reach(owner)))
        return [_run(row) for row in self._database.rows(query.order_by(_runs.c.created, _runs.c.id))]


def _run(row: Any) -> CheckRun:
    values = dict(row._mapping)
    return CheckRun(**values | {"results": tuple(CheckResult(**result) for result in values["results"])})
