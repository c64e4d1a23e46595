"""G3. Users are separate: whatever three users do, none sees a chat, document, source, file or job of another.

A seeded random walk over the doors that take an owner. Users learn ids the way attackers do: every id
that was ever made is tried by everyone. What a user puts in carries the user's name, so that anything
foreign shows in whatever comes back. The control asks without an owner, and must see foreign things.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa

from rag.conversation import Conversation
from rag.errors import NameTaken, NotFound
from rag.index import open_index
from rag.retrieval import Retriever
from rag.store import Store, schema
from rag.types import Answer, Chunk, LoadedDocument, Page, Quote
from tests.guarantees.library import size
from tests.postgres import Place

OPERATIONS = size(200, 2000)
USERS = ("ann", "bob", "eve")
DIMENSION = 8
NAMES = ("Plans", "Rules", "Letters")


class ToyEmbedder:
    """Vectors by chance, the same for the same text."""

    name, dimension, max_tokens, fallback_for = "toy", DIMENSION, 100, None

    def embed_query(self, text: str) -> np.ndarray:
        vector = np.random.default_rng(len(text)).standard_normal(DIMENSION).astype(np.float32)
        return vector / np.linalg.norm(vector)

    def embed_passages(self, texts: list[str]) -> np.ndarray:
        return np.array([self.embed_query(text) for text in texts], np.float32).reshape(len(texts), DIMENSION)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


@dataclass
class Walk:
    """Three users at one library. `leaks` says what was seen that is another's."""

    store: Store
    random: random.Random
    ids: dict[str, list[str]] = field(default_factory=lambda: {kind: ["0" * 32] for kind in KINDS})
    done: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    leaks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        embedder = ToyEmbedder()
        self.index = open_index(self.store)
        retriever = Retriever(self.index, self.store.documents, embedder)
        self.conversation = Conversation(self.store, retriever, embedder, lambda: None)

    def step(self) -> None:
        user, operation = self.random.choice(USERS), self.random.choice(STEPS)
        self.done[operation.__name__] += 1
        try:
            seen = operation(self, user)
        except (NotFound, NameTaken):
            self.unknown += 1
            return
        words = repr(seen)
        self.leaks += [
            f"{operation.__name__}: {user} sees {other}" for other in USERS if other != user and other in words
        ]

    def any(self, kind: str) -> str:
        # Mostly something new, which is still there.
        return self.random.choice(self.ids[kind][-12:] if self.random.random() < 0.7 else self.ids[kind])

    def made(self, kind: str, key: str) -> str:
        self.ids[kind].append(key)
        return key


KINDS = ("collection", "document", "chat", "turn", "job", "chunk")


def make_collection(walk: Walk, user: str) -> object:
    made = walk.store.collections.create(user, f"{walk.random.choice(NAMES)} of {user}")
    walk.made("collection", made.id)
    return made


def add_document(walk: Walk, user: str) -> object:
    number = walk.random.randrange(5)
    # The same bytes for all users: only what is read of them carries the name.
    data = f"file {number}".encode()
    text = f"The secret plan {number} of {user} stands on this page. It says that the gate is painted green."
    loaded = LoadedDocument(f"{user}-{number}.txt", f"Plan of {user}", "text", (Page(1, "1", text),))
    chunk = Chunk(1, "1", f"Section of {user}", "", text, 0, len(text))
    sha256 = hashlib.sha256(data).hexdigest()
    vectors = ToyEmbedder().embed_passages([text])
    facts = {"sha256": sha256, "size": len(data), "lead": text, "language": "en", "embedder": "toy", "original": data}
    replaces = walk.any("document") if walk.random.random() < 0.3 else None
    made = walk.store.documents.add(user, walk.any("collection"), loaded, [chunk], vectors, **facts, replaces=replaces)
    walk.made("document", made.id)
    for chunk_id in walk.store.documents.chunk_ids(made.collection):
        walk.made("chunk", str(chunk_id))
    return made


def enqueue(walk: Walk, user: str) -> object:
    source = f"the file of {user}".encode()
    return walk.made("job", walk.store.jobs.enqueue(user, walk.any("collection"), f"{user}.txt", "file", source).id)


def open_chat(walk: Walk, user: str) -> object:
    made = walk.store.chats.create(user, walk.any("collection"), [walk.any("document")], f"Chat of {user}")
    return walk.made("chat", made.id)


def save_turn(walk: Walk, user: str) -> object:
    turn = walk.store.chats.ask(user, walk.any("chat"), f"What does {user} ask?")
    walk.made("turn", turn.id)
    walk.store.chats.answer(user, walk.any("turn"), Answer("q", "q", f"An answer for {user}", "answered", None))
    return turn


def ask(walk: Walk, user: str) -> object:
    """The whole story of a question, in a collection and among documents that may be another's."""
    documents = [walk.any("document")] if walk.random.random() < 0.5 else []
    question = walk.random.choice(["What does the secret plan say about the gate?", "What is in these documents?"])
    return list(walk.conversation.ask(question, owner=user, collection=walk.any("collection"), documents=documents))


def search(walk: Walk, user: str) -> object:
    collection, store = walk.any("collection"), walk.store.documents
    words = walk.index.search_words(user, collection, "secret plan gate", 50)
    vectors = walk.index.search_vectors(collection, ToyEmbedder().embed_query("plan"), 50)
    ids = [chunk for chunk, _ in (*words, *vectors)]
    # Words are the owner's already; vectors are numbers, and become passages for their owner only.
    mine = store.passages(user, [chunk for chunk, _ in words])
    assert len(mine) == len(words)
    return store.passages(user, ids), walk.index.count_words(user, collection, ["secret"])[0] and mine


def read(walk: Walk, user: str) -> object:
    store = walk.store
    doors: list[Callable[[], object]] = [
        lambda: store.collections.list(user),
        lambda: store.collections.get(user, walk.any("collection")),
        lambda: [store.collections.by_name(user, f"{name} of {other}") for name in NAMES for other in (user,)],
        lambda: store.documents.list(user, walk.any("collection")),
        lambda: store.documents.get(user, walk.any("document")),
        lambda: store.documents.find(user, walk.any("collection"), name=f"{user}-1.txt"),
        lambda: store.documents.find(user, walk.any("collection")),
        lambda: store.documents.page(user, walk.any("document"), 1),
        lambda: store.documents.pages(user, walk.any("document")),
        lambda: store.documents.passages(user, [int(chunk) for chunk in walk.ids["chunk"]]),
        lambda: store.documents.neighbours(user, int(walk.any("chunk")), 3, 3),
        lambda: store.documents.chunks_of_page(user, walk.any("document"), 1),
        lambda: store.chats.list(user),
        lambda: store.chats.get(user, walk.any("chat")),
        lambda: store.chats.turns(user, walk.any("chat")),
        lambda: store.jobs.get(user, walk.any("job")),
        lambda: store.jobs.list(user, walk.any("collection")),
    ]
    return walk.random.choice(doors)()


def change(walk: Walk, user: str) -> object:
    store = walk.store
    doors: list[Callable[[], object]] = [
        lambda: store.chats.rename(user, walk.any("chat"), f"Renamed by {user}"),
        lambda: store.chats.scope(user, walk.any("chat"), [walk.any("document")]),
        lambda: store.chats.unanswer(user, walk.any("turn")),
        lambda: store.collections.rename(user, walk.any("collection"), f"{walk.random.choice(NAMES)} of {user}"),
        lambda: store.jobs.cancel(user, walk.any("job")),
        lambda: store.jobs.retry(user, walk.any("job")),
        lambda: store.jobs.dismiss(user, walk.any("job")),
    ]
    return walk.random.choice(doors)()


def remove(walk: Walk, user: str) -> object:
    """Rarely, so that there is something to see; what goes must have been the user's own."""
    if walk.random.random() < 0.7:
        return None
    tables = {"document": walk.store.documents, "chat": walk.store.chats, "collection": walk.store.collections}
    kind = walk.random.choice(list(tables))
    key = walk.any(kind)
    owner = owner_of(walk.store, kind, key)
    tables[kind].remove(user, key)
    return f"removed what was {owner}'s"


def owner_of(store: Store, kind: str, key: str) -> str | None:
    table = {"document": schema.documents, "chat": schema.chats, "collection": schema.collections}[kind]
    with store.database.read() as connection:
        return connection.execute(sa.select(table.c.owner).where(table.c.id == key)).scalar_one_or_none()


STEPS = [make_collection, add_document, add_document, enqueue, open_chat, save_turn, ask, search, read, read, change]
STEPS.append(remove)


def strays(store: Store) -> list[str]:
    """Rows that hang on another user's row, and texts under a name that is not their owner's."""
    found = []
    pairs = [("documents", "collection", "collections"), ("chunks", "document", "documents")]
    pairs += [("pages", "document", "documents"), ("chats", "collection", "collections"), ("turns", "chat", "chats")]
    pairs += [("jobs", "collection", "collections")]
    with store.database.read() as connection:
        for table, column, parent in pairs:
            query = f"SELECT count(*) FROM {table} a JOIN {parent} b ON a.{column} = b.id WHERE a.owner <> b.owner"
            if count := connection.exec_driver_sql(query).scalar_one():
                found.append(f"{count} {table} hang on another's {parent}")
        for table, column in (("documents", "name"), ("pages", "text"), ("chats", "title"), ("jobs", "name")):
            rows = connection.exec_driver_sql(f"SELECT owner, {column} FROM {table}").all()
            found += [f"{table}: {text!r} of {owner}" for owner, text in rows if text and owner not in text]
        rows = connection.exec_driver_sql("SELECT owner, answer FROM turns WHERE answer <> 'null'").all()
        found += [f"turns: {text!r} of {owner}" for owner, text in rows if text and f"for {owner}" not in text]
    return found


def walked(place: Place, operations: int) -> Walk:
    walk = Walk(place.open(), random.Random(3))
    for user in USERS:
        make_collection(walk, user)
    for _ in range(operations):
        walk.step()
    return walk


def test_g03_nobody_sees_anything_of_another(place: Place) -> None:
    walk = walked(place, OPERATIONS)
    wrong = strays(walk.store)
    print(
        f"G3: {OPERATIONS} operations by {len(USERS)} users, {walk.unknown} refused as unknown, "
        f"{len(walk.leaks)} foreign things seen, {len(wrong)} rows astray"
    )
    assert (walk.leaks, wrong) == ([], [])
    assert len(walk.done) == len(set(STEPS))
    assert walk.unknown >= OPERATIONS // 20


def test_g03_control_without_an_owner_foreign_things_are_seen(place: Place) -> None:
    walk = walked(place, 100)
    with walk.store.database.read() as connection:
        for user in USERS:
            rows = connection.execute(sa.select(schema.documents.c.name, schema.documents.c.title)).all()
            walk.leaks += [str(row) for row in rows if user not in str(row)]
    print(f"G3 control: {len(walk.leaks)} foreign things seen without an owner")
    assert walk.leaks


def test_g03_a_quote_of_another_is_not_opened(place: Place) -> None:
    """A quote is a record that anyone could forge; its page is read for its reader only."""
    walk = walked(place, 100)
    refused = 0
    for key in walk.ids["document"][1:]:
        owner = owner_of(walk.store, "document", key)
        for user in USERS:
            quote = Quote(key, "n", "t", "text", None, 1, "1", "", "x", 0, 1, 1.0)
            try:
                walk.store.documents.page(user, quote.document, quote.page)
                assert user == owner
            except NotFound:
                refused += 1
                assert user != owner
    print(f"G3: {refused} forged quotes refused")
    assert refused
