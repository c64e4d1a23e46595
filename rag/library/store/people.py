"""The people who sign in, their groups, and how admins manage them.

A person is identified by issuer and subject, which a provider never reassigns, as it may an email address.
"""

from __future__ import annotations

import builtins
import hashlib
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rag.core.errors import NameTaken, NotFound, PersonDisabled, SignInEnded
from rag.core.types import CollectionSummary, Group, Person, Role, SignIn
from rag.library.store import schema
from rag.library.store.audit_log import note
from rag.library.store.database import Database, alone_with, found
from rag.library.store.permissions import admin

_people, _sign_ins = schema.people, schema.sign_ins
_groups, _members = schema.groups, schema.group_members
_enabled = _people.c.disabled.is_(None)

# Longer than any browser keeps a sign-in (Streamlit's cookie: 30 days), so that an ended one cannot be used again.
_KEEP_SECONDS = 60 * 86400.0


def person_id(issuer: str, subject: str) -> str:
    """The id of a person: 128 bits in hex, derived from issuer and subject."""
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()[:32]


class People:
    def __init__(self, database: Database) -> None:
        self._database = database

    def admit(self, given: SignIn, *, hours: float, admins: Sequence[str] = ()) -> Person:
        """The person that a sign-in identifies; at its first use both are recorded.

        Args:
            hours: how long a sign-in is valid.
            admins: email addresses, verified by the provider, of those who become admins by signing in.

        Raises:
            SignInEnded: it has expired or was ended.
            PersonDisabled: an admin has disabled the person.
        """
        key = person_id(given.issuer, given.subject)
        recorded = sa.select(_sign_ins.c.id).where(_sign_ins.c.id == given.key, _sign_ins.c.person == key)
        if self._database.row(recorded) is None:
            # Of two windows that sign in at once, one records it.
            with suppress(IntegrityError):
                self._record(key, given, admins)
        return self.check(key, given.key, hours=hours)

    def check(self, person: str, sign_in: str, *, hours: float) -> Person:
        """The person as of now. Raises as `admit`."""
        query = sa.select(_people, _sign_ins.c.began, _sign_ins.c.ended).join_from(
            _people, _sign_ins, _sign_ins.c.person == _people.c.id
        )
        row = self._database.row(query.where(_people.c.id == person, _sign_ins.c.id == sign_in))
        if row is None or row.ended is not None or row.began + hours * 3600 < time.time():
            raise SignInEnded
        if row.disabled is not None:
            raise PersonDisabled
        return _person(row)

    def sign_out(self, person: str, sign_in: str) -> None:
        """End a sign-in in every window that uses it."""
        open_one = sa.and_(_sign_ins.c.id == sign_in, _sign_ins.c.person == person, _sign_ins.c.ended.is_(None))
        with self._database.write() as connection:
            if connection.execute(sa.update(_sign_ins).where(open_one).values(ended=schema.now())).rowcount:
                note(connection, person, "signed_out")

    def any(self) -> bool:
        """Whether anybody has ever signed in: then this is a team's library."""
        return self._database.row(sa.select(_people.c.id).limit(1)) is not None

    def names(self, ids: Sequence[str]) -> dict[str, str]:
        """Display names of these people, by id: name, or else email address."""
        query = sa.select(_people.c.id, _people.c.name, _people.c.email).where(_people.c.id.in_(list(ids)))
        return {row.id: row.name or row.email for row in self._database.rows(query)}

    def list(self, owner: str) -> builtins.list[Person]:
        """Everybody, in the order of their first sign-in. For admins; others get NotFound, here and below."""
        with self._database.read() as connection:
            admin(connection, owner)
            rows = connection.execute(sa.select(_people).order_by(_people.c.created, _people.c.id))
            return [_person(row) for row in rows]

    def disable(self, owner: str, person: str) -> None:
        """Lock a person out from now on. Admins cannot disable themselves."""
        self._change(owner, person, "disabled", disabled=schema.now())

    def enable(self, owner: str, person: str) -> None:
        """Undo `disable`."""
        self._change(owner, person, "enabled", disabled=None)

    def set_role(self, owner: str, person: str, role: Role) -> None:
        """Make a person an admin or a member. Admins cannot change their own role, so that one always remains."""
        self._change(owner, person, f"made_{role}", role=role)

    def groups(self, owner: str) -> builtins.list[Group]:
        """All groups by name; their members only for admins."""
        with self._database.read() as connection:
            members: dict[str, builtins.list[str]] = {}
            role = connection.execute(sa.select(_people.c.role).where(_people.c.id == owner, _enabled)).scalar()
            if role is None:
                return []
            if role == "admin":
                for row in connection.execute(sa.select(_members).order_by(_members.c.person)):
                    members.setdefault(row.group_id, []).append(row.person)
            rows = connection.execute(sa.select(_groups).order_by(_groups.c.name)).all()
        return [Group(row.id, row.name, tuple(members.get(row.id, ()))) for row in rows]

    def make_group(self, owner: str, name: str) -> Group:
        """Raises NameTaken where there is one of that name."""
        group = Group(schema.new_id(), name)
        try:
            with self._database.write() as connection:
                admin(connection, owner)
                connection.execute(sa.insert(_groups).values(id=group.id, name=name, created=schema.now()))
                note(connection, owner, "made_group", what=name)
        except IntegrityError as error:
            raise NameTaken(name=name) from error
        return group

    def set_members(self, owner: str, group_id: str, people: Sequence[str]) -> None:
        """Replace the members of the group."""
        with self._database.write() as connection:
            alone_with(connection, "group", group_id)
            admin(connection, owner)
            name = _group_name(connection, group_id)
            existing = set(connection.execute(sa.select(_people.c.id)).scalars())
            if not existing.issuperset(people):
                raise NotFound(what="person")
            connection.execute(sa.delete(_members).where(_members.c.group_id == group_id))
            rows = [{"group_id": group_id, "person": person} for person in dict.fromkeys(people)]
            if rows:
                connection.execute(sa.insert(_members), rows)
            note(connection, owner, "set_members", what=name)

    def remove_group(self, owner: str, group_id: str) -> None:
        """Remove a group, and the shares given to it."""
        shares = schema.shares
        with self._database.write() as connection:
            admin(connection, owner)
            name = _group_name(connection, group_id)
            connection.execute(sa.delete(_groups).where(_groups.c.id == group_id))
            connection.execute(sa.delete(shares).where(shares.c.kind == "group", shares.c.target == group_id))
            note(connection, owner, "removed_group", what=name)

    def collection_summaries(self, owner: str) -> builtins.list[CollectionSummary]:
        """Every collection with its sizes, and nothing of its contents. For admins."""
        collections, documents, shares = schema.collections, schema.documents, schema.shares
        inside = sa.select(sa.func.count()).where(documents.c.collection == collections.c.id).scalar_subquery()
        given = sa.select(sa.func.count()).where(shares.c.collection == collections.c.id).scalar_subquery()
        columns = [collections.c.id, collections.c.owner, collections.c.name, inside, given, collections.c.created]
        with self._database.read() as connection:
            admin(connection, owner)
            rows = connection.execute(sa.select(*columns).order_by(collections.c.created)).all()
        return [CollectionSummary(*row) for row in rows]

    def hand_over(self, owner: str, collection_id: str, person: str) -> None:
        """Give a collection whose owner is disabled, or never signed in, to somebody else.

        Raises:
            NotFound: there is no such collection or person, or its owner is active.
            NameTaken: the new owner has one of that name.
        """
        collections = schema.collections
        active = sa.select(_people.c.id).where(_enabled)
        orphaned = sa.and_(collections.c.id == collection_id, collections.c.owner.not_in(active))
        name = None
        try:
            with self._database.write() as connection:
                admin(connection, owner)
                name = connection.execute(sa.select(collections.c.name).where(orphaned)).scalar_one_or_none()
                new = connection.execute(sa.select(_people).where(_people.c.id == person)).first()
                if name is None or new is None:
                    raise NotFound(what="collection" if name is None else "person")
                change = sa.update(collections).where(collections.c.id == collection_id)
                connection.execute(change.values(owner=person, samples=False))
                note(connection, owner, "handed_over", what=f"{name}: {new.name or new.email}")
        except IntegrityError as error:
            raise NameTaken(name=str(name)) from error

    def _record(self, key: str, given: SignIn, admins: Sequence[str]) -> None:
        moment, now = schema.now(), time.time()
        named = bool(given.email) and given.email.lower() in {address.lower() for address in admins}
        facts: dict[str, Any] = {"email": given.email, "name": given.name, "seen": moment}
        facts |= {"role": "admin"} if named else {}
        first = {"id": key, "issuer": given.issuer, "subject": given.subject, "role": "member", "created": moment}
        with self._database.write() as connection:
            if not connection.execute(sa.update(_people).where(_people.c.id == key).values(facts)).rowcount:
                connection.execute(sa.insert(_people).values(first | facts))
            connection.execute(sa.delete(_sign_ins).where(_sign_ins.c.began < now - _KEEP_SECONDS))
            began = now if given.began is None else given.began
            connection.execute(sa.insert(_sign_ins).values(id=given.key, person=key, began=began))
            note(connection, key, "signed_in")

    def _change(self, owner: str, person: str, action: str, **values: Any) -> None:
        with self._database.write() as connection:
            # So that two admins cannot disable each other at once, leaving none.
            alone_with(connection, "people")
            admin(connection, owner)
            row = connection.execute(sa.select(_people).where(_people.c.id == person, _people.c.id != owner)).first()
            row = found(row, "person")
            connection.execute(sa.update(_people).where(_people.c.id == person).values(values))
            note(connection, owner, action, what=row.name or row.email)


def _group_name(connection: sa.Connection, group_id: str) -> str:
    row = connection.execute(sa.select(_groups.c.name).where(_groups.c.id == group_id)).first()
    return str(found(row, "group").name)


def _person(row: Any) -> Person:
    return Person(**{column.name: getattr(row, column.name) for column in _people.columns})
