"""What somebody who is signed in may see at this moment, and whether anything has been written since.

For pages that are open: a right that is taken away takes away what was drawn by it.
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

_ENTERED: Final = (
    sa.select(_people.c.role, _people.c.disabled, _sign_ins.c.began, _sign_ins.c.ended)
    .join_from(_people, _sign_ins, _sign_ins.c.person == _people.c.id)
    .where(_people.c.id == PERSON, _sign_ins.c.id == sa.bindparam("sign_in", type_=sa.Text))
)
# A collection stands there once for each right that is held in it, the largest last.
_HELD: Final = sa.union_all(
    *(
        sa.select(sa.literal(place).label("place"), schema.collections.c.id).where(
            schema.collections.c.id.in_(reach(PERSON, right))
        )
        for place, right in enumerate(RIGHTS)
    )
).order_by("place")


@dataclass(frozen=True, slots=True)
class AccessState:
    """Role, the right in each collection that is reached, and when the sign-in is over, in seconds since 1970."""

    role: Role
    rights: Mapping[str, Right]
    until: float

    def lost(self, now: AccessState) -> bool:
        """Whether something may be on a page drawn before that must not be there now. What was gained can wait."""
        return now.role != self.role or any(
            key not in now.rights or RIGHTS.index(now.rights[key]) < RIGHTS.index(right)
            for key, right in self.rights.items()
        )


class AccessStates:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: str, sign_in: str, *, hours: float) -> AccessState:
        """Of somebody who came in with that sign-in.

        Raises:
            SignInEnded: it was ended, or is not known. One that is over by the clock is for the caller to see.
            PersonDisabled: an admin has shut the person out.
        """
        with self._database.read() as connection:
            row = connection.execute(_ENTERED, {"person": person, "sign_in": sign_in}).first()
            if row is None or row.ended is not None:
                raise SignInEnded
            if row.disabled is not None:
                raise PersonDisabled
            held = connection.execute(_HELD, {"person": person})
            return AccessState(row.role, {key: RIGHTS[place] for place, key in held}, row.began + hours * 3600)

    def writes(self) -> AbstractContextManager[Callable[[], object]]:
        """Gives what says a mark that is another one after each write to the library, whoever writes.

        For one thread. It asks the database one small question, whatever the size of the library.
        """
        return self._database.writes()
