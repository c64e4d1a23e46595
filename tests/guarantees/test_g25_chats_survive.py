"""G25. kill -9 at 100 points of a conversation: every question that was shown is there, no answer twice."""

from __future__ import annotations

import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

from rag.core.types import Answer, Chat
from rag.library.store import Store
from tests.guarantees.library import OWNER, child, kill, said, size

KILLS = size(20, 100)


def _converse(pipe: Connection, folder: Path, chat: Chat) -> None:
    store = Store.open(folder)
    for number in range(100_000):
        question = f"question {number}"
        turn = store.chats.ask(OWNER, chat.id, question)
        pipe.send(("shown", turn.id, question))
        answer = Answer(question, question, f"answer {number} " * 200, "answered", "toy")
        store.chats.answer(OWNER, turn.id, answer)
        pipe.send(("answered", turn.id, answer.text))


def test_g25_chats_survive_a_kill(tmp_path: Path) -> None:
    missing = altered = twice = shown = 0
    for trial in range(KILLS):
        folder = tmp_path / str(trial)
        first = Store.open(folder)
        chat = first.chats.create(OWNER, first.collections.create(OWNER, "mine").id)
        first.close()
        with child(_converse, folder, chat) as (process, pipe):
            assert pipe.poll(30), "the child did not begin"
            time.sleep(random.Random(trial).uniform(0, 0.2))
            kill(process)
            words = said(pipe)
        store = Store.open(folder)
        turns = store.chats.turns(OWNER, chat.id)
        there = {turn.id: turn for turn in turns}
        for kind, turn_id, text in words:
            turn = there.get(turn_id)
            missing += turn is None
            if turn is not None:
                kept = turn.question if kind == "shown" else turn.answer and turn.answer.text
                altered += kept != text
        answers = [turn.answer.text for turn in turns if turn.answer]
        twice += len(answers) - len(set(answers)) + len(turns) - len({turn.question for turn in turns})
        # No answer stands in part: it is the whole text or none.
        altered += sum(turn.answer.text.count("answer") != 200 for turn in turns if turn.answer)
        shown += sum(kind == "shown" for kind, *_ in words)
        # The chat goes on where it was.
        store.chats.ask(OWNER, chat.id, "and now?")
        assert store.chats.turns(OWNER, chat.id)[-1].question == "and now?"
        store.close()
    print(f"G25: {KILLS} kills, {shown} questions shown, {missing} missing, {altered} altered, {twice} twice")
    assert (missing, altered, twice) == (0, 0, 0)
    assert shown >= KILLS
