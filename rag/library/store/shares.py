"""Sharing of collections, by their owners: with people, groups, or everybody who signs in."""

from __future__ import annotations

import builtins
from typing import Literal

import sqlalchemy as sa

from rag.core.errors import NotFound, PersonUnknown
from rag.core.types import Right, Share
from rag.library.store import schema
from rag.library.store.audit_log import note
from rag.library.store.database import Database
from rag.library.store.permissions import RIGHTS, owned, reach

Kind = Literal["person", "group", "everybody"]

_shares, _people, _groups = schema.shares, schema.people, schema.groups


class Shares:
    def __init__(self, database: Database) -> None:
        self._database = database

    def right(self, owner: str, collection_id: str) -> Right | None:
        """The largest right that the person has in a collection; None where they may not know of it."""
        has = [reach(owner, right).where(schema.collections.c.id == collection_id) for right in RIGHTS]
        with self._database.read() as connection:
            row = connection.execute(sa.select(*(sa.exists(query) for query in has))).one()
        return next((right for right, granted in zip(reversed(RIGHTS), reversed(row), strict=True) if granted), None)

    def list(self, owner: str, collection_id: str) -> builtins.list[Share]:
        """The shares of a collection, oldest first. Raises NotFound, or NotAllowed where the person is no owner."""
        person = sa.select(sa.func.coalesce(sa.func.nullif(_people.c.name, ""), _people.c.email))
        person = person.where(_people.c.id == _shares.c.target)
        group = sa.select(_groups.c.name).where(_groups.c.id == _shares.c.target)
        name = sa.func.coalesce(person.scalar_subquery(), group.scalar_subquery(), "").label("name")
        query = sa.select(_shares, name).where(_shares.c.collection == collection_id).order_by(_shares.c.created)
        with self._database.read() as connection:
            owned(connection, owner, collection_id, "owner")
            return [Share(**row._mapping) for row in connection.execute(query)]

    def give(self, owner: str, collection_id: str, kind: Kind, whom: str, role: Right) -> None:
        """Share it, or change the right of an existing share.

        Args:
            whom: a person's email address, a group's id, or empty for everybody, who cannot become owners.

        Raises:
            NotFound: the collection does not exist or is another's, or there is no such group.
            NotAllowed: the person does not own it.
            PersonUnknown: not exactly one person with that address has signed in.
        """
        if role not in RIGHTS or (kind == "everybody" and (role == "owner" or whom)):
            raise ValueError(f"{kind} cannot become {role}")
        with self._database.write() as connection:
            collection = owned(connection, owner, collection_id, "owner", hold="alone")
            target, name = self._resolve(connection, kind, whom)
            if kind == "person" and target == collection.owner:
                return
            values = {"collection": collection_id, "kind": kind, "target": target}
            connection.execute(sa.delete(_shares).where(*(_shares.c[key] == value for key, value in values.items())))
            connection.execute(sa.insert(_shares).values(values | {"role": role, "created": schema.now()}))
            note(connection, owner, f"shared_{role}", collection, what=name)

    def withdraw(self, owner: str, collection_id: str, kind: Kind, target: str) -> None:
        """Remove a share. Raises NotFound or NotAllowed."""
        share = sa.and_(_shares.c.collection == collection_id, _shares.c.kind == kind, _shares.c.target == target)
        with self._database.write() as connection:
            collection = owned(connection, owner, collection_id, "owner", hold="alone")
            if not connection.execute(sa.delete(_shares).where(share)).rowcount:
                raise NotFound(what="share")
            note(connection, owner, "withdrew", collection, what=self._name(connection, kind, target))

    def _resolve(self, connection: sa.Connection, kind: Kind, whom: str) -> tuple[str, str]:
        """Id and name of the person or group; empty for everybody."""
        if kind == "everybody":
            return "", ""
        if kind == "group":
            name = self._name(connection, kind, whom)
            if not name:
                raise NotFound(what="group")
            return whom, name
        address = whom.strip()
        same = sa.func.lower(_people.c.email) == address.lower()
        people = connection.execute(sa.select(_people).where(same, _people.c.email != "")).all()
        if len(people) != 1:
            raise PersonUnknown(email=address)
        return people[0].id, people[0].name or people[0].email

    @staticmethod
    def _name(connection: sa.Connection, kind: Kind, target: str) -> str:
        table = _people if kind == "person" else _groups
        return str(connection.execute(sa.select(table.c.name).where(table.c.id == target)).scalar_one_or_none() or "")
