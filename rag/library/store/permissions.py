"""Access control: which person has which right in which collection. Every query goes through `reach` or `owned`.

A person can access their own collections, and those shared with them, with one of their groups, or with everybody.
The local user, who never signs in, can access their own. A disabled person can access none.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import sqlalchemy as sa

from rag.core.errors import NotAllowed, NotFound
from rag.core.types import Collection, Right
from rag.library.store import schema

Hold = Literal["no", "stays", "alone"]

# Each right includes those before it.
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)

_collections, _shares = schema.collections, schema.shares
_people, _members = schema.people, schema.group_members


def reach(person: str | sa.BindParameter[str], right: Right = "reader") -> sa.Select[tuple[str]]:
    """A subquery of the ids of the collections in which a person has that right or a larger one.

    Queries that every search makes are built once, with `PERSON`: building one takes longer than running it.
    """
    groups = sa.select(_members.c.group_id).where(_members.c.person == person)
    meant = sa.or_(
        _shares.c.kind == "everybody",
        sa.and_(_shares.c.kind == "person", _shares.c.target == person),
        sa.and_(_shares.c.kind == "group", _shares.c.target.in_(groups)),
    )
    enough = _shares.c.role.in_(RIGHTS[RIGHTS.index(right) :])
    exists = sa.exists().where(_people.c.id == person)
    shared = sa.select(_shares.c.collection).where(enough, meant, exists)
    disabled = sa.exists().where(_people.c.id == person, _people.c.disabled.is_not(None))
    mine = sa.or_(_collections.c.owner == person, _collections.c.id.in_(shared))
    return sa.select(_collections.c.id).where(mine, ~disabled)


PERSON: Final = sa.bindparam("person", type_=sa.Text)
_READABLE: Final = sa.select(_collections).where(
    _collections.c.id == sa.bindparam("collection", type_=sa.Text), _collections.c.id.in_(reach(PERSON))
)


def owned(
    connection: sa.Connection, person: str, collection_id: str, right: Right = "reader", *, hold: Hold = "no"
) -> Collection:
    """A collection in which the person has that right, read inside the caller's transaction.

    Args:
        hold: the row lock taken on PostgreSQL until the transaction ends: none, against removal of the collection
            (`stays`), or against any change of it and its contents (`alone`). On SQLite writers wait in any case.

    Raises:
        NotFound: it does not exist, or the person may not know of it.
        NotAllowed: the person has only a smaller right.
    """
    query = _READABLE
    if hold != "no":
        query = query.with_for_update(read=hold == "stays", key_share=True, of=_collections)
    row = connection.execute(query, {"person": person, "collection": collection_id}).first()
    if row is None:
        raise NotFound(what="collection")
    if right != "reader":
        enough = reach(person, right).where(_collections.c.id == collection_id)
        if connection.execute(enough).first() is None:
            raise NotAllowed(collection=row.name)
    return Collection(**row._mapping)


def admin(connection: sa.Connection, person: str) -> None:
    """Raises NotFound unless the person is an enabled admin: to others, admin functions do not exist."""
    is_admin = sa.select(_people.c.id).where(
        _people.c.id == person, _people.c.role == "admin", _people.c.disabled.is_(None)
    )
    if connection.execute(is_admin).first() is None:
        raise NotFound(what="page")
