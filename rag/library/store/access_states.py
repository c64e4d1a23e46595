"""A signed-in person's current rights, and whether the library was written to since.

Open pages watch them: where a right is withdrawn, what it allowed to be drawn is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from rag.core.errors import PersonDisabled, SignInEnded
from rag.core.types import Right, Role
from rag.library.store import schema
from rag.library.store.database import Database
from rag.library.store.permissions import PERSON, RIGHTS, reach

_people, _sign_ins = schema.people, schema.sign_ins

_SIGNED_IN: Final = (
    sa.select(_people.c.role, _people.c.disabled, _sign_ins.c.began, _sign_ins.c.ended)
    .join_from(_people, _sign_ins, _sign_ins.c.person == _people.c.id)
    .where(_people.c.id == PERSON, _sign_ins.c.id == sa.bindparam("sign_in", type_=sa.Text))
)
# One row for each right in a collection, the largest last.
_RIGHTS_HELD: Final = sa.union_all(
    *(
        sa.select(sa.literal(place).label("place"), schema.collections.c.id).where(
            schema.collections.c.id.in_(reach(PERSON, right))
        )
        for place, right in enumerate(RIGHTS)
    )
).order_by("place")


@dataclass(frozen=True, slots=True)
class AccessState:
    """Role, right by collection id, and when the sign-in expires, in seconds since 1970."""

    role: Role
    rights: Mapping[str, Right]
    until: float

    def lost(self, now: AccessState) -> bool:
        """Whether a page drawn in this state may show what it must not in the state `now`. Gains do not count."""
        return now.role != self.role or any(
            key not in now.rights or RIGHTS.index(now.rights[key]) < RIGHTS.index(right)
            for key, right in self.rights.items()
        )


class AccessStates:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: str, sign_in: str, *, hours: float) -> AccessState:
        """The state of a person with that sign-in.

        Raises:
            SignInEnded: it was ended, or does not exist. Its expiry is for the caller to check.
            PersonDisabled: an admin has disabled the person.
        """
        with self._database.read() as connection:
            row = connection.execute(_SIGNED_IN, {"person": person, "sign_in": sign_in}).first()
            if row is None or row.ended is not None:
                raise SignInEnded
            if row.disabled is not None:
                raise PersonDisabled
            rights = connection.execute(_RIGHTS_HELD, {"person": person})
            return AccessState(row.role, {key: RIGHTS[place] for place, key in rights}, row.began + hours * 3600)

    def writes(self) -> AbstractContextManager[Callable[[], object]]:
        """As `Database.writes`: its function runs one small query, whatever the size of the library."""
        return self._database.writes()
