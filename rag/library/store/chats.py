"""Chats and their turns. A question is committed before a model begins to answer it.

A chat is private to its owner, even in a shared collection. Once the collection is no longer shared with them, the
chat can still be read, but nothing more can be asked in it.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from rag.core.errors import NotFound
from rag.core.types import EVERYTHING, Answer, Chat, Selection, Turn
from rag.library.store import schema
from rag.library.store.answers import answer_field, answer_from_json, answer_to_json
from rag.library.store.columns import clean
from rag.library.store.database import Database, found
from rag.library.store.permissions import owned, reach

_chats, _turns, _ratings = schema.chats, schema.turns, schema.ratings

# An untitled chat takes the beginning of its first question as its title.
_TITLE_CHARACTERS = 80
# A search says of so many chats that the words stand in them.
_MOST_FOUND = 200


@dataclass(frozen=True, slots=True)
class RemovedChat:
    """A chat that was removed, with its turns and what was said of them, for as long as its owner may want it back."""

    chat: Chat
    turns: tuple[dict[str, Any], ...]
    ratings: tuple[dict[str, Any], ...]


class Chats:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        owner: str,
        collection_id: str,
        documents: Sequence[str] = (),
        title: str = "",
        selection: Selection = EVERYTHING,
    ) -> Chat:
        """A new chat with a collection, or with only these documents of it. Raises NotFound."""
        moment = schema.now()
        chat = Chat(schema.new_id(), owner, title, collection_id, tuple(documents), moment, moment, selection=selection)
        with self._database.write() as connection:
            owned(connection, owner, collection_id, hold="stays")
            connection.execute(sa.insert(_chats), _row(chat))
        return chat

    def list(self, owner: str) -> builtins.list[Chat]:
        """The owner's chats, most recently used first."""
        query = sa.select(_chats).where(_chats.c.owner == owner).order_by(_chats.c.updated.desc())
        return [_chat(row) for row in self._database.rows(query)]

    def get(self, owner: str, chat_id: str) -> Chat:
        """Raises NotFound when it does not exist or is another's."""
        return _chat(found(self._database.row(sa.select(_chats).where(_mine(owner, chat_id))), "chat"))

    def rename(self, owner: str, chat_id: str, title: str) -> Chat:
        """Raises NotFound."""
        return self._change(owner, chat_id, title=title)

    def pin(self, owner: str, chat_id: str, *, pinned: bool) -> Chat:
        """Let it stand first in the list, or no more. Raises NotFound."""
        return self._change(owner, chat_id, pinned=pinned)

    def archive(self, owner: str, chat_id: str, *, archived: bool) -> Chat:
        """Put it away, or back into the list. Raises NotFound."""
        return self._change(owner, chat_id, archived=archived)

    def scope(
        self,
        owner: str,
        chat_id: str,
        documents: Sequence[str],
        selection: Selection = EVERYTHING,
    ) -> Chat:
        """Restrict the chat to these documents, none means all, and to a selection. Raises NotFound."""
        return self._change(owner, chat_id, documents=builtins.list(documents), selection=asdict(selection))

    def remove(self, owner: str, chat_id: str) -> RemovedChat:
        """Remove it with its turns; what was removed, to be brought back. Raises NotFound."""
        with self._database.write() as connection:
            chat = _chat(found(connection.execute(sa.select(_chats).where(_mine(owner, chat_id))).first(), "chat"))
            own = _turns.c.chat == chat_id, _turns.c.owner == owner
            rated = sa.select(_ratings).where(_ratings.c.turn.in_(sa.select(_turns.c.id).where(*own)))
            turns, ratings = (
                tuple(dict(row._mapping) for row in connection.execute(query))
                for query in (sa.select(_turns).where(*own), rated)
            )
            connection.execute(sa.delete(_chats).where(_mine(owner, chat_id)))
        return RemovedChat(chat, turns, ratings)

    def bring_back(self, owner: str, removed: RemovedChat) -> Chat:
        """A chat that was removed. Raises NotFound where it is another's, or its collection is gone."""
        if removed.chat.owner != owner:
            raise NotFound(what="chat")
        with self._database.write() as connection:
            owned(connection, owner, removed.chat.collection, hold="stays")
            if connection.execute(sa.select(_chats.c.id).where(_chats.c.id == removed.chat.id)).first() is None:
                connection.execute(sa.insert(_chats), _row(removed.chat))
                for turn in removed.turns:
                    # The JSON type would turn None into the word null.
                    connection.execute(sa.insert(_turns).values(turn | {"answer": turn["answer"] or sa.null()}))
                if removed.ratings:
                    connection.execute(sa.insert(_ratings), list(removed.ratings))
        return removed.chat

    def search(self, owner: str, words: str) -> builtins.list[str]:
        """The ids of the owner's chats in whose title, questions or answers all of these words stand."""
        with self._database.read() as connection:
            told = (_turns.c.question, answer_field(connection, _turns.c.answer, "text"))
            query = sa.select(_chats.c.id).where(_chats.c.owner == owner)
            for word in clean(words).split():
                inside = sa.or_(*(text.icontains(word, autoescape=True) for text in told))
                turns = sa.select(_turns.c.chat).where(_turns.c.owner == owner, inside)
                query = query.where(sa.or_(_chats.c.title.icontains(word, autoescape=True), _chats.c.id.in_(turns)))
            newest = query.order_by(_chats.c.updated.desc()).limit(_MOST_FOUND)
            return builtins.list(connection.execute(newest).scalars())

    def ask(self, owner: str, chat_id: str, question: str) -> Turn:
        """Save a question as the chat's next turn; it is committed when this returns.

        Raises:
            NotFound: the chat does not exist or is another's, or its collection is no longer readable.
        """
        turn = Turn(schema.new_id(), question, None, schema.now())
        position = sa.select(sa.func.coalesce(sa.func.max(_turns.c.position), 0) + 1).where(_turns.c.chat == chat_id)
        named = sa.case((_chats.c.title == "", question.strip()[:_TITLE_CHARACTERS]), else_=_chats.c.title)
        touch = sa.update(_chats).where(_mine(owner, chat_id)).values(updated=turn.created, title=named)
        with self._database.write() as connection:
            if not connection.execute(touch).rowcount:
                raise NotFound(what="chat")
            _askable(connection, owner, chat_id)
            row = {"id": turn.id, "owner": owner, "chat": chat_id, "question": question, "created": turn.created}
            place = connection.execute(position).scalar_one()
            connection.execute(sa.insert(_turns), row | {"position": place, "answer": None})
        return turn

    def answer(self, owner: str, turn_id: str, answer: Answer) -> None:
        """Save the answer of a turn, in place of an earlier one. Raises NotFound where the turn was removed."""
        self._write_answer(owner, turn_id, answer_to_json(answer))

    def unanswer(self, owner: str, turn_id: str) -> None:
        """Remove the answer, to ask the same question again, and a thumb up, which was for that answer; a thumb down
        stays until its owner takes it back. Raises NotFound, as `ask` does."""
        chat = sa.select(_turns.c.chat).where(_turns.c.id == turn_id, _turns.c.owner == owner)
        with self._database.read() as connection:
            _askable(connection, owner, connection.execute(chat).scalar_one_or_none() or "")
        self._write_answer(owner, turn_id, None)
        liked = sa.delete(_ratings).where(_ratings.c.turn == turn_id, _ratings.c.thumb == "up")
        with self._database.write() as connection:
            connection.execute(liked)

    def turns(self, owner: str, chat_id: str, *, last: int | None = None) -> builtins.list[Turn]:
        """The chat's turns in order, or the last ones; none when the chat does not exist."""
        query = sa.select(_turns).where(_turns.c.chat == chat_id, _turns.c.owner == owner)
        newest = self._database.rows(query.order_by(_turns.c.position.desc()).limit(last))
        return [turn_of(row) for row in reversed(newest)]

    def turn_ids(self, owner: str, chat_id: str) -> builtins.list[str]:
        """The ids of the chat's turns in order; none when the chat does not exist."""
        query = sa.select(_turns.c.id).where(_turns.c.chat == chat_id, _turns.c.owner == owner)
        with self._database.read() as connection:
            return builtins.list(connection.execute(query.order_by(_turns.c.position)).scalars())

    def turn(self, owner: str, turn_id: str) -> Turn:
        """Raises NotFound when it does not exist or is another's."""
        query = sa.select(_turns).where(_turns.c.id == turn_id, _turns.c.owner == owner)
        return turn_of(found(self._database.row(query), "turn"))

    def collection_of(self, owner: str, turn_id: str) -> str:
        """The collection that the question of a turn was asked of. Raises NotFound as `turn` does."""
        query = sa.select(_chats.c.collection).join(_turns, _turns.c.chat == _chats.c.id)
        row = self._database.row(query.where(_turns.c.id == turn_id, _turns.c.owner == owner))
        return str(found(row, "turn").collection)

    def _write_answer(self, owner: str, turn_id: str, answer: dict[str, Any] | None) -> None:
        # The JSON type would turn None into the word null; an absent answer is SQL NULL.
        value = sa.null() if answer is None else answer
        change = sa.update(_turns).where(_turns.c.id == turn_id, _turns.c.owner == owner).values(answer=value)
        with self._database.write() as connection:
            if not connection.execute(change).rowcount:
                raise NotFound(what="turn")

    def _change(self, owner: str, chat_id: str, **values: Any) -> Chat:
        with self._database.write() as connection:
            connection.execute(sa.update(_chats).where(_mine(owner, chat_id)).values(**values))
        return self.get(owner, chat_id)


def _askable(connection: sa.Connection, owner: str, chat_id: str) -> None:
    """Raises NotFound unless the person can still read the chat's collection."""
    reached = sa.select(_chats.c.id).where(_mine(owner, chat_id), _chats.c.collection.in_(reach(owner)))
    if connection.execute(reached).first() is None:
        raise NotFound(what="collection")


def _mine(owner: str, chat_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(_chats.c.id == chat_id, _chats.c.owner == owner)


def _chat(row: Any) -> Chat:
    values = dict(row._mapping)
    selection: dict[str, Any] = values["selection"]
    listed = {name: tuple(each) for name, each in selection.items() if isinstance(each, builtins.list)}
    values |= {"documents": tuple(values["documents"]), "selection": Selection(**selection | listed)}
    return Chat(**values)


def _row(chat: Chat) -> dict[str, Any]:
    row = {column.name: getattr(chat, column.name) for column in _chats.columns}
    return row | {"selection": asdict(chat.selection)}


def turn_of(row: Any) -> Turn:
    """A row of the turns."""
    answer = None if row.answer is None else answer_from_json(row.answer)
    return Turn(row.id, row.question, answer, row.created)
