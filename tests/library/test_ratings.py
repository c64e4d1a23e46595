"""Thumbs, reasons and right places, and the questions that were missed: each person's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.core.errors import NotFound
from rag.core.types import Answer, Chat, Collection, Outcome, Rating, Turn
from rag.library.store import Store
from tests.support.small_library import ANN, BOB, rows


def answered(store: Store, chat: Chat, question: str, outcome: Outcome = "answered", owner: str = ANN) -> Turn:
    turn = store.chats.ask(owner, chat.id, question)
    store.chats.answer(owner, turn.id, Answer(question, question, "", outcome, None))
    return turn


def missed(store: Store, collection: Collection, owner: str = ANN) -> list[str]:
    return [miss.question for miss in store.ratings.misses(owner, collection.id)]


def test_a_rating_is_kept_in_place_of_the_one_before(store: Store, collection: Collection) -> None:
    turn = answered(store, store.chats.create(ANN, collection.id), "How long?")
    assert store.ratings.of(ANN, [turn.id]) == {}
    store.ratings.save(ANN, Rating(turn.id, "up"))
    said = store.ratings.save(ANN, Rating(turn.id, "down", "wrong", "It is 25.", "rules.pdf", 3, "25 days"))
    assert store.ratings.of(ANN, [turn.id, "0" * 32]) == {turn.id: said}
    assert rows(store, "ratings") == 1


def test_missed_are_refusals_and_thumbs_down_newest_first(store: Store, collection: Collection) -> None:
    chat, other = (store.chats.create(ANN, each) for each in (collection.id, store.collections.create(ANN, "other").id))
    turns = [answered(store, chat, "good"), answered(store, chat, "refused", "refused"), answered(store, chat, "bad")]
    answered(store, other, "elsewhere", "refused")
    store.chats.ask(ANN, chat.id, "not answered yet")
    store.ratings.save(ANN, Rating(turns[0].id, "up"))
    said = store.ratings.save(ANN, Rating(turns[2].id, "down", "incomplete", "", "rules.pdf", 2))
    bad, refused = store.ratings.misses(ANN, collection.id)
    assert (bad.question, bad.refused, bad.rating, bad.chat) == ("bad", False, said, chat.id)
    assert (refused.question, refused.refused, refused.rating) == ("refused", True, Rating(turns[1].id))
    assert (bad.rating.placed, refused.rating.placed, Rating("", reason="not_said").placed) == (True, False, True)
    # It was right to refuse this one.
    store.ratings.save(ANN, Rating(turns[1].id, "up"))
    assert missed(store, collection) == ["bad"]


def test_what_is_said_is_each_persons_own(store: Store, collection: Collection) -> None:
    store.shares.give(ANN, collection.id, "everybody", "", "reader")
    turn = answered(store, store.chats.create(ANN, collection.id), "ann's", "refused")
    store.ratings.save(ANN, Rating(turn.id, "down"))
    with pytest.raises(NotFound):
        store.ratings.save(BOB, Rating(turn.id, "up"))
    assert store.ratings.of(BOB, [turn.id]) == {}
    assert (missed(store, collection), missed(store, collection, BOB)) == (["ann's"], [])


def test_asked_again_a_thumb_up_is_gone_and_a_thumb_down_stays(store: Store, collection: Collection) -> None:
    chat = store.chats.create(ANN, collection.id)
    up, down = answered(store, chat, "up"), answered(store, chat, "down")
    store.ratings.save(ANN, Rating(up.id, "up"))
    kept = store.ratings.save(ANN, Rating(down.id, "down"))
    for turn in (up, down):
        store.chats.unanswer(ANN, turn.id)
    assert store.ratings.of(ANN, [up.id, down.id]) == {down.id: kept}


def test_it_goes_with_its_chat_and_comes_back_with_it(store: Store, collection: Collection) -> None:
    chat = store.chats.create(ANN, collection.id)
    turn = answered(store, chat, "bad")
    kept = store.ratings.save(ANN, replace(Rating(turn.id, "down"), note="年假"))
    removed = store.chats.remove(ANN, chat.id)
    assert (rows(store, "ratings"), missed(store, collection)) == (0, [])
    store.chats.bring_back(ANN, removed)
    assert store.ratings.of(ANN, [turn.id]) == {turn.id: kept}
