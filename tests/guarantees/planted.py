"""A library for G34: what Bob has, what he may read, and all that is not his to change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from rag.core.errors import PasswordNeeded, SameName
from rag.core.types import Answer, Chunk, Document, LoadedDocument, Page, Quote, Sentence
from rag.library.store import Store, schema
from tests.guarantees.library import DIMENSION
from tests.guarantees.strangers import signed_in

SECRET_WORD = "heliotrope"
# Who did what grows with everybody's deeds, and originals have no owner.
TABLES = [schema.people, schema.groups, schema.group_members, schema.shares, schema.collections, schema.documents]
TABLES += [schema.pages, schema.chunks, schema.chats, schema.turns, schema.checks, schema.check_runs, schema.jobs]


@dataclass
class Planted:
    """A library in which Bob has some things, and may read some of Ann's; the ids of all that is not his."""

    store: Store
    people: dict[str, str]
    ids: list[str] = field(default_factory=list)


def _document(store: Store, owner: str, collection: str, number: int, text: str) -> Document:
    chunk = Chunk(1, "1", "", "", text, 0, len(text))
    vectors = np.eye(1, DIMENSION, number, dtype=np.float32)
    loaded = LoadedDocument(f"{number}.txt", f"Title {number}", "text", (Page(1, "1", text),))
    return store.documents.add(
        owner, collection, loaded, [chunk], vectors, sha256=f"{number:064x}", size=1, language="en",
        embedder="toy", original=text.encode(),
    )  # fmt: skip


def _plant_for(planted: Planted, who: str, number: int, word: str) -> list[str]:
    """A collection with a document, a chat with an answer, a check, and files that were not read."""
    store, person = planted.store, planted.people[who]
    collection = store.collections.create(person, f"Papers of {who}")
    document = _document(store, person, collection.id, number, f"The {word} plan of {who} says the gate is green.")
    chat = store.chats.create(person, collection.id, title=f"About {word}")
    turn = store.chats.ask(person, chat.id, f"What of the {word} plan?")
    words = "the gate is green"
    quote = Quote(document.id, document.name, document.title, "text", None, 1, "1", "", words, 10, 10 + len(words), 0.9)
    answer = Answer(
        turn.question, turn.question, words, "answered", None, (), (quote,), (Sentence(words, "supported", (0,)),)
    )
    store.chats.answer(person, turn.id, answer)
    check = store.checks.add(person, collection.id, f"Which {word} plan?")
    job = store.jobs.enqueue(person, collection.id, f"{word}.pdf", "file", f"{word} {number}".encode())
    other = store.jobs.enqueue(person, collection.id, f"{word} 2.txt", "file", f"{word} {number} 2".encode())
    for error in (PasswordNeeded(name="x"), SameName(name="x")):
        if claimed := store.jobs.claim("test", 60):
            store.jobs.fail(claimed, error.failure())
    return [collection.id, document.id, chat.id, turn.id, check.id, job.id, other.id]


def plant(data: Path) -> Planted:
    store = Store.open(data)
    people = {
        who: store.people.admit(signed_in(who), hours=12, admins=["ada@example.org"]).id
        for who in ("ada", "ann", "bob")
    }
    planted = Planted(store, people)
    planted.ids += _plant_for(planted, "ann", 1, SECRET_WORD)
    shared = store.collections.create(people["ann"], "Shared by Ann")
    readable = _document(store, people["ann"], shared.id, 2, "What everybody may read of the gate.")
    store.shares.give(people["ann"], shared.id, "everybody", "", "reader")
    group = store.people.make_group(people["ada"], "Team")
    store.people.set_members(people["ada"], group.id, [people["ann"]])
    planted.ids += [shared.id, readable.id, group.id, people["ann"], people["ada"], "local"]
    _plant_for(planted, "bob", 3, "own")
    return planted


def foreign(planted: Planted) -> dict[str, list[tuple[object, ...]]]:
    """All rows that Bob has no right to change, or to add to."""
    bob = planted.people["bob"]
    kept: dict[str, list[tuple[object, ...]]] = {}
    with planted.store.database.read() as connection:
        his = set(
            connection.execute(sa.select(schema.collections.c.id).where(schema.collections.c.owner == bob)).scalars()
        )
        gone = sa.select(schema.activity.c.collection).where(schema.activity.c.person == bob)
        his |= set(connection.execute(gone.where(schema.activity.c.action == "removed_collection")).scalars())
        for table in TABLES:
            rows = [tuple(row) for row in connection.execute(sa.select(table)) if not _his(row, table, bob, his)]
            kept[table.name] = sorted(rows, key=repr)
    return kept


def _his(row: sa.Row[tuple[object, ...]], table: sa.Table, bob: str, his: set[str]) -> bool:
    of = row._mapping
    if table.name in ("chats", "turns", "collections"):
        return bool(of["owner"] == bob)
    if "collection" in of:
        return of["collection"] in his
    if "owner" in of:
        return bool(of["owner"] == bob)
    return False
