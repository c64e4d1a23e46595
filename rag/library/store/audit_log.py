"""The audit log, for admins: who signed in, added, removed, shared. Questions are recorded only where set so."""

from __future__ import annotations

import builtins

import sqlalchemy as sa

from rag.core.types import AuditEvent, Collection
from rag.library.store import schema
from rag.library.store.database import Database
from rag.library.store.permissions import admin, owned, reach

_activity, _people = schema.activity, schema.people


class Activity:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, owner: str, limit: int = 200) -> builtins.list[AuditEvent]:
        """The latest events, newest first; document names only of collections that the admin may read.

        Raises:
            NotFound: the person is no admin.
        """
        readable = sa.or_(_activity.c.collection == "", _activity.c.collection.in_(reach(owner)))
        document = sa.case((readable, _activity.c.document), else_="").label("document")
        columns = [document if column.name == "document" else column for column in _activity.columns]
        newest = sa.select(*columns).order_by(_activity.c.created.desc(), _activity.c.id).limit(limit)
        with self._database.read() as connection:
            admin(connection, owner)
            return [AuditEvent(**row._mapping) for row in connection.execute(newest)]

    def asked(self, owner: str, collection_id: str, question: str) -> None:
        """Record a question; called only where that is switched on. Raises NotFound."""
        with self._database.write() as connection:
            note(connection, owner, "asked", owned(connection, owner, collection_id), what=question)


def note(
    connection: sa.Connection,
    person: str,
    action: str,
    collection: Collection | None = None,
    *,
    what: str = "",
    document: str = "",
) -> None:
    """Record an event in the transaction that causes it. Nothing is recorded of the local user, who is alone."""
    values = {
        "id": schema.new_id(),
        "person": person,
        "action": action,
        "collection": collection.id if collection else "",
        "name": collection.name if collection else "",
        "what": what,
        "document": document,
        "created": schema.now(),
    }
    columns = [sa.literal(value, _activity.c[key].type) for key, value in values.items()]
    row = sa.select(*columns).where(sa.exists().where(_people.c.id == person))
    connection.execute(sa.insert(_activity).from_select(list(values), row))
