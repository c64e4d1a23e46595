"""What people say of the answers in their own chats, and which questions were missed. It is gone with its chat."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import sqlalchemy as sa

from rag.core.types import Miss, Rating
from rag.library.store import schema
from rag.library.store.answers import answer_field
from rag.library.store.chats import turn_of
from rag.library.store.database import Database, alone_with, found
from rag.library.store.permissions import reach

_ratings, _turns, _chats = schema.ratings, schema.turns, schema.chats
_BEFORE: Final = "rating_"


class Ratings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, owner: str, rating: Rating) -> Rating:
        """Keep it in place of what was said of that turn before. Raises NotFound where the turn is another's."""
        kept = replace(rating, created=schema.now())
        mine = sa.select(_turns.c.id).where(_turns.c.id == rating.turn, _turns.c.owner == owner)
        with self._database.write() as connection:
            found(connection.execute(mine).first(), "turn")
            alone_with(connection, rating.turn)
            connection.execute(sa.delete(_ratings).where(_ratings.c.turn == rating.turn))
            connection.execute(sa.insert(_ratings), asdict(kept) | {"owner": owner})
        return kept

    def of(self, owner: str, turns: Sequence[str]) -> dict[str, Rating]:
        """What the owner said of these turns, by their ids."""
        query = sa.select(_ratings).where(_ratings.c.owner == owner, _ratings.c.turn.in_(turns))
        return {row.turn: _rating(row._mapping) for row in self._database.rows(query)}

    def misses(self, owner: str, collection_id: str) -> builtins.list[Miss]:
        """The owner's questions to a collection that were refused, unless they say that this was right, or whose
        answer has a thumb down; newest first."""
        said = [column.label(f"{_BEFORE}{column.name}") for column in _ratings.columns]
        with self._database.read() as connection:
            thumb = sa.func.coalesce(_ratings.c.thumb, "")
            refused = answer_field(connection, _turns.c.answer, "outcome") == "refused"
            query = (
                sa.select(_turns, *said)
                .join(_chats, _chats.c.id == _turns.c.chat)
                .outerjoin(_ratings, _ratings.c.turn == _turns.c.id)
                .where(_chats.c.owner == owner, _turns.c.owner == owner, _chats.c.collection == collection_id)
                .where(_chats.c.collection.in_(reach(owner)))
                .where(sa.or_(thumb == "down", sa.and_(refused, thumb != "up")))
                .order_by(_turns.c.created.desc(), _turns.c.id)
            )
            rows = connection.execute(query).all()
        return [Miss(turn_of(row), row.chat, _joined(row)) for row in rows]


def _joined(row: sa.Row[Any]) -> Rating:
    if row.rating_turn is None:
        return Rating(row.id)
    return _rating({name.removeprefix(_BEFORE): row._mapping[name] for name in row._mapping if _BEFORE in str(name)})


def _rating(values: Any) -> Rating:
    return Rating(**{name: value for name, value in dict(values).items() if name != "owner"})
