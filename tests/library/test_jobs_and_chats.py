"""Chats with their turns and answers, and jobs that readers claim."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.core.errors import (
    NotFound,
)
from rag.core.types import (
    Answer,
    Collection,
    Failure,
    Passage,
    Quote,
    Selection,
    Sentence,
)
from rag.library.store import Store
from rag.library.store.answers import answer_from_json, answer_to_json
from tests.support.originals import has_original
from tests.support.small_library import ANN, BOB, rows

# --- chats -------------------------------------------------------------------------------------------

PASSAGE = Passage(1, "d", "n", "t", "pdf", None, 2, "ii", "s", "text", 3, 7, 0.5)
QUOTE = Quote("d", "n", "t", "pdf", None, 2, "ii", "s", "文字", 3, 7, 0.5, "before", "after", "head")
ANSWER = Answer(
    "q", "q2", "text", "answered", "model", (PASSAGE,), (QUOTE,), (Sentence("text", "supported", (0,)),), 0.7, True,
    Failure("model_died", {"model": "m"}), {"search": 0.1},
)  # fmt: skip


def test_a_chat_keeps_its_turns_in_order(store: Store, collection: Collection) -> None:
    chat = store.chats.create(ANN, collection.id, ["d1"])
    assert (chat.title, chat.documents) == ("", ("d1",))
    first = store.chats.ask(ANN, chat.id, "  How many days?  ")
    second = store.chats.ask(ANN, chat.id, "And in China?")
    assert [turn.answer for turn in store.chats.turns(ANN, chat.id)] == [None, None]
    store.chats.answer(ANN, first.id, ANSWER)
    store.chats.answer(ANN, second.id, ANSWER)
    store.chats.unanswer(ANN, second.id)
    turns = store.chats.turns(ANN, chat.id)
    assert [(turn.id, turn.answer) for turn in turns] == [(first.id, ANSWER), (second.id, None)]
    assert store.chats.get(ANN, chat.id).title == "How many days?"


def test_chats_are_listed_renamed_narrowed_and_removed(store: Store, collection: Collection) -> None:
    one, two = store.chats.create(ANN, collection.id), store.chats.create(ANN, collection.id)
    store.chats.ask(ANN, one.id, "?")
    assert [chat.id for chat in store.chats.list(ANN)] == [one.id, two.id]
    assert store.chats.rename(ANN, one.id, "Leave").title == "Leave"
    assert store.chats.scope(ANN, one.id, ("d1", "d2")).documents == ("d1", "d2")
    store.chats.remove(ANN, one.id)
    assert store.chats.turns(ANN, one.id) == []
    assert rows(store, "turns") == 0
    store.collections.remove(ANN, collection.id)
    assert store.chats.list(ANN) == []
    with pytest.raises(NotFound):
        store.chats.ask(ANN, two.id, "?")


def test_a_removed_chat_comes_back_whole_to_its_owner(store: Store, collection: Collection) -> None:
    chat = store.chats.create(ANN, collection.id, ["d"], selection=Selection(("Law",), until="2025-01-01"))
    assert store.chats.get(ANN, chat.id) == chat
    turn = store.chats.ask(ANN, chat.id, "?")
    store.chats.ask(ANN, chat.id, "??")
    store.chats.answer(ANN, turn.id, ANSWER)
    chat, turns = store.chats.get(ANN, chat.id), store.chats.turns(ANN, chat.id)
    removed = store.chats.remove(ANN, chat.id)
    assert rows(store, "turns") == 0
    with pytest.raises(NotFound):
        store.chats.bring_back(BOB, removed)
    for _ in range(2):
        store.chats.bring_back(ANN, removed)
    assert (store.chats.get(ANN, chat.id), store.chats.turns(ANN, chat.id)) == (chat, turns)
    assert store.chats.turns(ANN, chat.id, last=1) == turns[1:]
    assert store.chats.turn_ids(ANN, chat.id) == [each.id for each in turns]


def test_chats_are_pinned_archived_and_found_by_what_is_in_them(store: Store, collection: Collection) -> None:
    one, two = store.chats.create(ANN, collection.id), store.chats.create(ANN, collection.id)
    assert store.chats.pin(ANN, one.id, pinned=True).pinned
    assert store.chats.archive(ANN, two.id, archived=True).archived
    assert not store.chats.pin(ANN, one.id, pinned=False).pinned
    store.chats.ask(ANN, one.id, "Über wie viele Tage?")
    answered = store.chats.ask(ANN, two.id, "What of Paris?")
    store.chats.answer(ANN, answered.id, replace(ANSWER, text="It is 100 % green."))
    assert store.chats.search(ANN, "über TAGE") == [one.id]
    assert store.chats.search(ANN, "0 % green") == [two.id]
    # A word of the record that keeps the answer is none of the answer.
    assert store.chats.search(ANN, "generated_question") == []
    assert store.chats.search(BOB, "green") == []


def test_an_answer_survives_fields_that_are_missing_or_new() -> None:
    data = json.loads(json.dumps(answer_to_json(ANSWER)))
    assert answer_from_json(data) == ANSWER
    for record in (data, data["passages"][0], data["quotes"][0], data["sentences"][0]):
        record["from_the_future"] = {"x": 1}
    assert answer_from_json(data) == ANSWER
    for field in fields(Answer):
        older = {key: value for key, value in data.items() if key != field.name}
        assert answer_from_json(older).question == ("" if field.name == "question" else "q")
    for field in fields(Quote):
        older = data | {"quotes": [{key: value for key, value in data["quotes"][0].items() if key != field.name}]}
        assert len(answer_from_json(older).quotes) == 1
    del data["sentences"][0]["verdict"]
    assert answer_from_json(data).sentences[0].verdict == "unsupported"


@settings(max_examples=50, deadline=None)
@given(st.text(), st.lists(st.text(), max_size=3), st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=3))
def test_any_text_in_an_answer_survives_json(text: str, quotes: list[str], seconds: dict[str, float]) -> None:
    answer = replace(ANSWER, text=text, quotes=tuple(replace(QUOTE, text=quote) for quote in quotes), seconds=seconds)
    assert answer_from_json(json.loads(json.dumps(answer_to_json(answer)))) == answer


# --- jobs --------------------------------------------------------------------------------------------


def test_jobs_are_claimed_in_order_and_by_one_reader_each(store: Store, collection: Collection) -> None:
    one = store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    two = store.jobs.enqueue(ANN, collection.id, "http://example.com/", "address", "http://example.com/", replace=True)
    assert store.jobs.enqueue(ANN, collection.id, "again.txt", "file", b"one") == one
    first, second = store.jobs.claim("r1", 10), store.jobs.claim("r2", 10)
    assert first is not None
    assert second is not None
    assert (first.id, second.id, second.replace, first.state, first.attempts) == (one.id, two.id, True, "running", 1)
    assert store.jobs.claim("r3", 10) is None
    assert store.jobs.progress(first, "embedding", 3, 7, 10)
    seen = store.jobs.get(ANN, one.id)
    assert (seen.stage, seen.done, seen.total) == ("embedding", 3, 7)
    store.jobs.finish(first, "d1")
    assert store.jobs.get(ANN, one.id).document == "d1"


def test_a_lease_that_ran_out_passes_the_job_on(store: Store, collection: Collection) -> None:
    store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    lost = store.jobs.claim("r1", -1)
    taken = store.jobs.claim("r2", 10)
    assert lost is not None
    assert taken is not None
    assert (taken.worker, taken.attempts) == ("r2", 2)
    assert not store.jobs.progress(lost, "embedding", 1, 2, 10)
    store.jobs.finish(lost, "wrong")
    assert store.jobs.get(ANN, taken.id).state == "running"


def test_failed_jobs_are_tried_again_and_cancelled_ones_let_their_file_go(store: Store, collection: Collection) -> None:
    job = store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    claimed = store.jobs.claim("r1", 10)
    assert claimed is not None
    store.jobs.fail(claimed, Failure("no_text", {"name": "one.txt", "pages": "1"}))
    failed = store.jobs.get(ANN, job.id)
    assert failed.failure == Failure("no_text", {"name": "one.txt", "pages": "1"})
    assert store.files.read(job.source) == b"one"
    store.jobs.retry(ANN, job.id)
    again = store.jobs.get(ANN, job.id)
    assert (again.state, again.failure, again.attempts) == ("waiting", None, 0)
    store.jobs.dismiss(ANN, job.id)
    assert store.jobs.get(ANN, job.id).state == "waiting"
    store.jobs.cancel(ANN, job.id)
    assert store.jobs.get(ANN, job.id).state == "cancelled"
    assert not has_original(store, job.source)
    store.jobs.dismiss(ANN, job.id)
    assert store.jobs.list(ANN, collection.id) == []


def test_a_running_job_hears_that_it_is_cancelled(store: Store, collection: Collection) -> None:
    job = store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    claimed = store.jobs.claim("r1", 10)
    assert claimed is not None
    store.jobs.cancel(ANN, job.id)
    assert not store.jobs.progress(claimed, "embedding", 1, 2, 10)
    store.jobs.stop(claimed)
    assert store.jobs.get(ANN, job.id).state == "cancelled"
    assert not has_original(store, job.source)


def test_a_job_cancelled_when_its_reader_died_is_not_begun_again(store: Store, collection: Collection) -> None:
    job = store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    store.jobs.claim("r1", -1)
    store.jobs.cancel(ANN, job.id)
    assert store.jobs.claim("r2", 10) is None
    assert store.jobs.get(ANN, job.id).state == "cancelled"


def test_the_queue_is_counted_cancelled_and_tried_again_as_a_whole(store: Store, collection: Collection) -> None:
    jobs = [store.jobs.enqueue(ANN, collection.id, f"{n}.txt", "file", b"%d" % n) for n in range(5)]
    running, failing, locked = (store.jobs.claim(f"r{n}", 10) for n in range(3))
    assert running is not None
    assert failing is not None
    assert locked is not None
    store.jobs.progress(running, "embedding", 1, 4, 10)
    store.jobs.fail(failing, Failure("too_large", {"name": "1.txt", "limit": "1"}))
    store.jobs.fail(locked, Failure("password_needed", {"name": "2.txt"}))
    seen = store.queue.look(ANN, collection.id, most=2)
    assert (seen.open, seen.failed, seen.left) == (3, 2, 2.75)
    assert [job.name for job in seen.first] == ["0.txt", "3.txt"]
    assert {job.id for job in seen.ended} == {failing.id, locked.id}
    assert store.queue.look(BOB, collection.id).first == ()
    store.queue.retry_all(ANN, collection.id, but=("password_needed",))
    assert (store.queue.look(ANN, collection.id).open, store.jobs.get(ANN, locked.id).state) == (4, "failed")
    store.queue.cancel_all(ANN, collection.id)
    left = store.queue.look(ANN, collection.id)
    assert [(job.id, job.cancelling) for job in left.first] == [(running.id, True)]
    store.jobs.stop(running)
    store.queue.dismiss_all(ANN, collection.id)
    left = store.queue.look(ANN, collection.id)
    assert (left.open, left.failed, store.jobs.list(ANN, collection.id)) == (0, 0, [])
    assert not any(has_original(store, each.source) for each in jobs)
