"""Who may see what, looked at in place of the browsers: what is noticed, and what it costs when there is nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from rag.answering.background_runs import AnswerRuns, RunOwner
from rag.core.errors import PersonDisabled, SignInEnded
from rag.core.types import Answer, SignIn
from rag.library.store import Store
from rag.library.store.access_states import AccessState
from rag.ui.presence import Presence
from tests.support.postgres import Place

ADMIN = "ada@example.org"


def came_in(store: Store, who: str) -> str:
    given = SignIn("https://id.example.org", who, f"{who}@example.org", who, f"key of {who}", None)
    return store.people.admit(given, hours=12, admins=[ADMIN]).id


def standing(store: Store, person: str, who: str) -> AccessState:
    return store.access_states.of(person, f"key of {who}", hours=12)


def test_a_standing_is_the_role_and_the_right_in_each_collection(place: Place) -> None:
    store = place.open()
    ada, ann, bob = (came_in(store, who) for who in ("ada", "ann", "bob"))
    mine = store.collections.create(bob, "Mine")
    shared = store.collections.create(ann, "Shared")
    store.shares.give(ann, shared.id, "everybody", "", "reader")
    store.shares.give(ann, shared.id, "person", "bob@example.org", "editor")
    first = standing(store, bob, "bob")
    assert (first.role, dict(first.rights)) == ("member", {mine.id: "owner", shared.id: "editor"})

    store.collections.create(bob, "One more")
    more = standing(store, bob, "bob")
    assert not first.lost(more)
    store.shares.withdraw(ann, shared.id, "person", bob)
    less = standing(store, bob, "bob")
    assert less.rights[shared.id] == "reader"
    assert more.lost(less)
    store.shares.withdraw(ann, shared.id, "everybody", "")
    assert less.lost(standing(store, bob, "bob"))
    store.people.set_role(ada, bob, "admin")
    assert less.lost(standing(store, bob, "bob"))
    store.people.disable(ada, bob)
    with pytest.raises(PersonDisabled):
        standing(store, bob, "bob")
    store.people.sign_out(ann, "key of ann")
    with pytest.raises(SignInEnded):
        standing(store, ann, "ann")


def test_a_mark_changes_with_each_write_of_anybody_and_with_nothing_else(place: Place) -> None:
    store, other = place.open(), place.open()
    ann = came_in(store, "ann")
    with store.access_states.writes() as mark:
        for writer in (store, other, store):
            before = mark()
            assert writer.collections.list(ann) is not None
            assert mark() == before
            writer.collections.create(ann, f"{writer is other} {before}")
            assert mark() != before


class Noted(Presence):
    """Notes what it would have the server do."""

    def __init__(self, store: Store, runs: AnswerRuns) -> None:
        super().__init__(store, runs, hours=12)
        self.out: set[str] = set()

    def _settle_on_server(self, tabs: object) -> None:
        assert isinstance(tabs, dict)
        self.out |= {key for key, tab in tabs.items() if tab.revoked}


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    engine = store.database._engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(engine, "before_cursor_execute", note)


def test_nothing_is_asked_while_nothing_is_written_and_people_are_asked_for_once(place: Place) -> None:
    store = place.open()
    ada, ann, bob = (came_in(store, who) for who in ("ada", "ann", "bob"))
    presence = Noted(store, AnswerRuns())
    for number in range(50):
        who = ("ann", "bob")[number % 2]
        presence.remember(str(number), {"ann": ann, "bob": bob}[who], f"key of {who}", "page", "")
    with store.access_states.writes() as mark:
        last = presence.look(mark(), None)
        with statements(store) as said:
            for _ in range(10):
                assert presence.look(last, last) == last
        assert said == []
        store.people.disable(ada, bob)
        now = mark()
        with statements(store) as said:
            presence.look(now, last)
        # One transaction a person: who they are, and what they reach; of the tabs nothing.
        assert len([statement for statement in said if statement.startswith("SELECT")]) <= 4
    assert presence.out == {str(number) for number in range(50) if number % 2}


def test_who_signs_out_is_sent_away_and_not_drawn_anew(place: Place) -> None:
    """A rerun would throw away the order to leave, while it has not reached the browser."""
    store = place.open()
    ann = came_in(store, "ann")
    presence = Noted(store, AnswerRuns())
    for tab in ("leaving", "other"):
        presence.remember(tab, ann, "key of ann", "page", "")
    presence.forget("leaving")
    store.people.sign_out(ann, "key of ann")
    presence.look(1, None)
    assert presence.out == {"other"}


def test_an_answer_ends_with_the_right_that_it_was_asked_by(place: Place) -> None:
    store, runs = place.open(), AnswerRuns()
    ann, bob = came_in(store, "ann"), came_in(store, "bob")
    shared = store.collections.create(ann, "Shared")
    store.shares.give(ann, shared.id, "everybody", "", "reader")

    def ask(run: object) -> Iterator[Answer]:
        while not getattr(run, "stopping")():  # noqa: B009 - any run
            yield Answer("q", "q", "", "answered", None)

    saved: list[str] = []
    started = {
        who: runs.start(
            who,
            Answer("q", "q", "", "answered", None),
            ask,
            lambda _, who=who: saved.append(who),  # type: ignore[misc]
            RunOwner(person, f"key of {who}", shared.id),
        )
        for who, person in (("ann", ann), ("bob", bob))
    }
    presence = Noted(store, runs)
    presence.look(1, None)
    assert not any(run.stopping() for run in started.values())
    store.shares.withdraw(ann, shared.id, "everybody", "")
    presence.look(2, 1)
    assert {who for who, run in started.items() if run.stopping()} == {"bob"}
    started["ann"].stop()


def test_a_sign_in_that_is_over_by_the_clock_is_noticed_with_nothing_written(place: Place) -> None:
    store = place.open()
    ann = came_in(store, "ann")
    presence = Noted(store, AnswerRuns())
    presence.remember("1", ann, "key of ann", "page", "")
    assert presence.look(1, 1) == 1
    assert presence.out == set()
    presence._hours = -1.0
    presence._tabs["1"].access = store.access_states.of(ann, "key of ann", hours=-1.0)
    presence.look(1, 1)
    assert presence.out == {"1"}
