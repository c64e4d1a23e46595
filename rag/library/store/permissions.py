"""Who reaches which collection: the one place that decides, and what every query goes through.

A person reaches what is theirs, and what is shared with them, with a group they are in, or with
everybody. The local user, who never signed in, reaches what is theirs. Whoever is shut out reaches nothing.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import sqlalchemy as sa

from rag.core.errors import NotAllowed, NotFound
from rag.core.types import Collection, Right
from rag.library.store import schema

Hold = Literal["no", "stays", "alone"]

# Each holds all before it.
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)

_collections, _shares = schema.collections, schema.shares
_people, _members = schema.people, schema.group_members


def reach(person: str | sa.BindParameter[str], right: Right = "reader") -> sa.Select[tuple[str]]:
    """The ids of the collections in which a person has that right or a larger one, as a subquery.

    What every search asks is written out once, with `PERSON`: putting it together takes longer than running it.
    """
    groups = sa.select(_members.c.group_id).where(_members.c.person == person)
    meant = sa.or_(
        _shares.c.kind == "everybody",
        sa.and_(_shares.c.kind == "person", _shares.c.target == person),
        sa.and_(_shares.c.kind == "group", _shares.c.target.in_(groups)),
    )
    enough = _shares.c.role.in_(RIGHTS[RIGHTS.index(right) :])
    known = sa.exists().where(_people.c.id == person)
    shared = sa.select(_shares.c.collection).where(enough, meant, known)
    shut_out = sa.exists().where(_people.c.id == person, _people.c.disabled.is_not(None))
    mine = sa.or_(_collections.c.owner == person, _collections.c.id.in_(shared))
    return sa.select(_collections.c.id).where(mine, ~shut_out)


PERSON: Final = sa.bindparam("person", type_=sa.Text)
_KNOWN: Final = sa.select(_collections).where(
    _collections.c.id == sa.bindparam("collection", type_=sa.Text), _collections.c.id.in_(reach(PERSON))
)


def owned(
    connection: sa.Connection, person: str, collection_id: str, right: Right = "reader", *, hold: Hold = "no"
) -> Collection:
    """A collection in which the person has that right, read inside the caller's transaction.

    Args:
        hold: what others may not do on PostgreSQL before the caller's write transaction ends: nothing, remove the
            collection (`stays`), or change it and what is in it (`alone`). On SQLite they wait in any case.

    Raises:
        NotFound: it is not there, or the person may not know of it.
        NotAllowed: the person may read it, and no more than that.
    """
    known = _KNOWN
    if hold != "no":
        known = known.with_for_update(read=hold == "stays", key_share=True, of=_collections)
    row = connection.execute(known, {"person": person, "collection": collection_id}).first()
    if row is None:
        raise NotFound(what="collection")
    if right != "reader":
        enough = reach(person, right).where(_collections.c.id == collection_id)
        if connection.execute(enough).first() is None:
            raise NotAllowed(collection=row.name)
    return Collection(**row._mapping)


def admin(connection: sa.Connection, person: str) -> None:
    """Raises NotFound unless the person is an admin who is not shut out: to others these doors are not there."""
    is_admin = sa.select(_people.c.id).where(
        _people.c.id == person, _people.c.role == "admin", _people.c.disabled.is_(None)
    )
    if connection.execute(is_admin).first() is None:
        raise NotFound(what="page")
