"""People, groups and shares in the store: who reaches what, who is let in, and what is written down of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from rag.core.errors import NameTaken, NotAllowed, NotFound, PersonDisabled, PersonUnknown, SignInEnded
from rag.core.types import Answer, Chunk, Collection, Document, LoadedDocument, Page, Person, SignIn
from rag.library.index import open_index
from rag.library.store import Store
from tests.support.postgres import Place

HOURS = 12.0
TEXT = "The gate is painted green."


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An empty library, on each of the two engines."""
    with closing(place.open()) as made:
        yield made


def sign_in(store: Store, name: str, *, key: str = "", began: float | None = None, verified: bool = True) -> Person:
    email = f"{name}@example.org" if verified else ""
    given = SignIn("https://id.example.org", name, email, name.title(), key or f"first of {name}", began)
    return store.people.admit(given, hours=HOURS, admins=["Ada@Example.org"])


@pytest.fixture
def ada(store: Store) -> Person:
    """The admin."""
    return sign_in(store, "ada")


@pytest.fixture
def ann(store: Store) -> Person:
    return sign_in(store, "ann")


@pytest.fixture
def bob(store: Store) -> Person:
    return sign_in(store, "bob")


@pytest.fixture
def plans(store: Store, ann: Person) -> Collection:
    return store.collections.create(ann.id, "Plans")


def add(store: Store, person: Person, collection: Collection, data: bytes = b"bytes") -> Document:
    chunk = Chunk(1, "1", "", "", TEXT, 0, len(TEXT))
    return store.documents.add(
        person.id,
        collection.id,
        LoadedDocument("gate.txt", "The gate", "text", (Page(1, "1", TEXT),)),
        [chunk],
        np.ones((1, 4), np.float32),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        language="en",
        embedder="toy",
        original=data,
    )


def test_a_person_is_known_by_issuer_and_subject_whatever_their_address(store: Store, ann: Person) -> None:
    married = SignIn("https://id.example.org", "ann", "ann.lee@example.org", "Ann Lee", "second", None)
    elsewhere = SignIn("https://other.example.org", "ann", "ann@example.org", "Ann", "third", None)
    assert store.people.admit(married, hours=HOURS).id == ann.id
    assert store.people.admit(elsewhere, hours=HOURS).id != ann.id
    assert store.people.names([ann.id]) == {ann.id: "Ann Lee"}


def test_admins_are_those_who_are_named_and_whose_address_is_verified(store: Store) -> None:
    assert sign_in(store, "ada").role == "admin"
    assert sign_in(store, "ann").role == "member"
    assert store.people.any()


def test_an_unverified_address_makes_nobody_an_admin(store: Store) -> None:
    assert sign_in(store, "ada", verified=False).role == "member"


def test_a_sign_in_holds_for_its_hours(store: Store) -> None:
    sign_in(store, "ann", key="fresh", began=time.time() - 3600 * (HOURS - 1))
    with pytest.raises(SignInEnded):
        sign_in(store, "ann", key="stale", began=time.time() - 3600 * (HOURS + 1))
    # Where the provider does not say when it was, its first use counts, and using it again does not renew it.
    sign_in(store, "ann", key="untold")
    with store.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE sign_ins SET began = {time.time() - 3600 * (HOURS + 1)}")
    with pytest.raises(SignInEnded):
        sign_in(store, "ann", key="untold")


def test_signing_out_ends_the_sign_in_in_every_window_and_no_other(store: Store, ann: Person) -> None:
    sign_in(store, "ann", key="another browser")
    store.people.sign_out(ann.id, "first of ann")
    with pytest.raises(SignInEnded):
        sign_in(store, "ann")
    assert sign_in(store, "ann", key="another browser").id == ann.id


def test_a_sign_in_of_one_is_not_the_other_s(store: Store, ann: Person, bob: Person) -> None:
    with pytest.raises(SignInEnded):
        store.people.check(bob.id, "first of ann", hours=HOURS)
    store.people.sign_out(bob.id, "first of ann")
    assert sign_in(store, "ann") == ann


def test_whoever_is_shut_out_reaches_nothing_not_even_their_own(
    store: Store, ada: Person, ann: Person, plans: Collection
) -> None:
    document = add(store, ann, plans)
    store.people.disable(ada.id, ann.id)
    with pytest.raises(PersonDisabled):
        sign_in(store, "ann", key="a new one")
    assert store.collections.list(ann.id) == []
    with pytest.raises(NotFound):
        store.documents.original(ann.id, document.id)
    store.people.enable(ada.id, ann.id)
    assert sign_in(store, "ann").id == ann.id
    assert store.documents.original(ann.id, document.id) == b"bytes"


def test_admins_neither_shut_themselves_out_nor_step_down(store: Store, ada: Person, ann: Person) -> None:
    for change in (store.people.disable, lambda admin, person: store.people.set_role(admin, person, "member")):
        with pytest.raises(NotFound):
            change(ada.id, ada.id)
    store.people.set_role(ada.id, ann.id, "admin")
    store.people.set_role(ann.id, ada.id, "member")
    with pytest.raises(NotFound):
        store.people.list(ada.id)


def test_the_admins_doors_are_not_there_for_others(store: Store, ada: Person, ann: Person, plans: Collection) -> None:
    people, group = store.people, store.people.make_group(ada.id, "Team")
    for door in (
        lambda: people.list(ann.id),
        lambda: people.disable(ann.id, ada.id),
        lambda: people.enable(ann.id, ada.id),
        lambda: people.set_role(ann.id, ann.id, "admin"),
        lambda: people.make_group(ann.id, "Mine"),
        lambda: people.set_members(ann.id, group.id, [ann.id]),
        lambda: people.remove_group(ann.id, group.id),
        lambda: people.collection_summaries(ann.id),
        lambda: people.hand_over(ann.id, plans.id, ann.id),
        lambda: store.activity.list(ann.id),
    ):
        with pytest.raises(NotFound):
            door()
    assert people.groups("nobody") == []


def test_a_reader_reads_an_editor_adds_and_an_owner_shares(
    store: Store, ann: Person, bob: Person, plans: Collection
) -> None:
    document, shares, index = add(store, ann, plans), store.shares, open_index(store)
    with pytest.raises(NotFound):
        store.documents.get(bob.id, document.id)
    assert index.search_words(bob.id, plans.id, "gate", 5) == []

    shares.give(ann.id, plans.id, "person", "BOB@example.org ", "reader")
    assert shares.right(bob.id, plans.id) == "reader"
    assert [item.id for item in store.collections.list(bob.id)] == [plans.id]
    assert store.documents.original(bob.id, document.id) == b"bytes"
    assert store.documents.page(bob.id, document.id, 1).text == TEXT
    chunks = [chunk for chunk, _ in index.search_words(bob.id, plans.id, "gate", 5)]
    assert [passage.text for passage in store.documents.passages(bob.id, chunks).values()] == [TEXT]
    for change in (
        lambda: add(store, bob, plans, b"more"),
        lambda: store.documents.remove(bob.id, document.id),
        lambda: store.jobs.enqueue(bob.id, plans.id, "more.txt", "file", b"more"),
        lambda: store.checks.add(bob.id, plans.id, "What colour?"),
        lambda: store.collections.rename(bob.id, plans.id, "Bob's"),
        lambda: store.collections.remove(bob.id, plans.id),
        lambda: shares.list(bob.id, plans.id),
    ):
        with pytest.raises(NotAllowed):
            change()

    shares.give(ann.id, plans.id, "person", bob.email, "editor")
    bobs = add(store, bob, plans, b"more")
    assert (bobs.owner, shares.right(bob.id, plans.id)) == (bob.id, "editor")
    with pytest.raises(NotAllowed):
        shares.give(bob.id, plans.id, "everybody", "", "reader")
    with pytest.raises(NotAllowed):
        shares.withdraw(bob.id, plans.id, "person", bob.id)

    shares.give(ann.id, plans.id, "person", bob.email, "owner")
    shares.give(bob.id, plans.id, "everybody", "", "reader")
    assert [(share.kind, share.name, share.role) for share in shares.list(ann.id, plans.id)] == [
        ("person", "Bob", "owner"),
        ("everybody", "", "reader"),
    ]
    assert shares.right(ann.id, plans.id) == "owner"


def test_a_share_reaches_a_group_and_everybody_who_has_signed_in(
    store: Store, ada: Person, ann: Person, bob: Person, plans: Collection
) -> None:
    group = store.people.make_group(ada.id, "Team")
    with pytest.raises(NameTaken):
        store.people.make_group(ada.id, "Team")
    store.people.set_members(ada.id, group.id, [bob.id, ada.id])
    assert [item.members for item in store.people.groups(ada.id)] == [tuple(sorted((ada.id, bob.id)))]
    assert [(item.name, item.members) for item in store.people.groups(ann.id)] == [("Team", ())]

    store.shares.give(ann.id, plans.id, "group", group.id, "editor")
    assert store.shares.right(bob.id, plans.id) == "editor"
    store.people.set_members(ada.id, group.id, [ada.id])
    assert store.shares.right(bob.id, plans.id) is None
    store.people.remove_group(ada.id, group.id)
    assert store.shares.list(ann.id, plans.id) == []

    store.shares.give(ann.id, plans.id, "everybody", "", "reader")
    assert store.shares.right(bob.id, plans.id) == "reader"
    assert store.shares.right("local", plans.id) is None
    with pytest.raises(ValueError, match="everybody"):
        store.shares.give(ann.id, plans.id, "everybody", "", "owner")


def test_nothing_is_shared_with_nobody(store: Store, ann: Person, plans: Collection) -> None:
    sign_in(store, "eve", verified=False)
    for address in ("eve@example.org", "", "stranger@example.org"):
        with pytest.raises(PersonUnknown):
            store.shares.give(ann.id, plans.id, "person", address, "reader")
    with pytest.raises(NotFound):
        store.shares.give(ann.id, plans.id, "group", "0" * 32, "reader")
    with pytest.raises(NotFound):
        store.shares.withdraw(ann.id, plans.id, "everybody", "")


def test_two_people_with_one_address_are_not_confused(store: Store, ann: Person, plans: Collection) -> None:
    for issuer in ("https://id.example.org", "https://other.example.org"):
        store.people.admit(SignIn(issuer, "bob", "bob@example.org", "Bob", issuer, None), hours=HOURS)
    with pytest.raises(PersonUnknown):
        store.shares.give(ann.id, plans.id, "person", "bob@example.org", "reader")


def test_a_chat_outlives_the_sharing_and_is_asked_no_more(
    store: Store, ann: Person, bob: Person, plans: Collection
) -> None:
    store.shares.give(ann.id, plans.id, "person", bob.email, "reader")
    chat = store.chats.create(bob.id, plans.id)
    turn = store.chats.ask(bob.id, chat.id, "What colour is the gate?")
    store.chats.answer(bob.id, turn.id, Answer(turn.question, turn.question, TEXT, "answered", None))
    assert store.chats.list(ann.id) == []

    store.shares.withdraw(ann.id, plans.id, "person", bob.id)
    kept = store.chats.turns(bob.id, chat.id)[0].answer
    assert kept is not None
    assert kept.text == TEXT
    for more in (
        lambda: store.chats.ask(bob.id, chat.id, "And the fence?"),
        lambda: store.chats.unanswer(bob.id, turn.id),
        lambda: store.chats.create(bob.id, plans.id),
    ):
        with pytest.raises(NotFound):
            more()
    assert store.chats.turns(bob.id, chat.id)[0].answer == kept
    store.chats.remove(bob.id, chat.id)


def test_a_collection_is_handed_over_when_its_owner_is_gone(
    store: Store, ada: Person, ann: Person, bob: Person, plans: Collection
) -> None:
    document = add(store, ann, plans)
    with pytest.raises(NotFound):
        store.people.hand_over(ada.id, plans.id, ada.id)
    store.people.disable(ada.id, ann.id)
    store.people.hand_over(ada.id, plans.id, bob.id)
    assert store.documents.get(bob.id, document.id) == document
    store.people.enable(ada.id, ann.id)
    with pytest.raises(NotFound):
        store.documents.get(ann.id, document.id)
    assert [(held.owner, held.documents, held.shares) for held in store.people.collection_summaries(ada.id)] == [
        (bob.id, 1, 0)
    ]


def test_the_record_says_who_did_what_and_not_what_an_admin_may_not_read(
    store: Store, ada: Person, ann: Person, bob: Person, plans: Collection
) -> None:
    document = add(store, ann, plans)
    store.documents.remove(ann.id, document.id)
    store.shares.give(ann.id, plans.id, "person", bob.email, "editor")
    store.shares.withdraw(ann.id, plans.id, "person", bob.id)

    def record() -> list[tuple[str, str, str, str]]:
        events = store.activity.list(ada.id)
        return [(deed.action, deed.name, deed.what, deed.document) for deed in events if deed.person == ann.id]

    said = [
        ("withdrew", "Plans", "Bob", ""),
        ("shared_editor", "Plans", "Bob", ""),
        ("removed", "Plans", "", ""),
        ("added", "Plans", "", ""),
        ("created", "Plans", "", ""),
        ("signed_in", "", "", ""),
    ]
    assert record() == said
    store.shares.give(ann.id, plans.id, "person", ada.email, "reader")
    assert ("added", "Plans", "", "gate.txt") in record()
    # Nobody's questions are in it, unless they are put there.
    chat = store.chats.create(ann.id, plans.id)
    store.chats.ask(ann.id, chat.id, "What colour?")
    assert not any("colour" in str(deed) for deed in record())
    store.activity.asked(ann.id, plans.id, "What colour?")
    assert record()[0] == ("asked", "Plans", "What colour?", "")


def test_of_the_local_user_nothing_is_written_down(store: Store, ada: Person) -> None:
    store.collections.create("local", "Mine")
    assert [deed.person for deed in store.activity.list(ada.id)] == [ada.id]
