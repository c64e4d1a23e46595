"""G35. Who is shut out is out: an open page of somebody whose right is gone is emptied within 5 s without a click.

Every way to lose a right, one after the other: signed out elsewhere, shut out by an admin, no longer an admin, a share
taken back, lowered, or given to a group they have left or that is gone, a collection removed or handed over. Each time
many tabs are open: those of whoever lost it run again by themselves, an answer that is being written for them ends, and
nobody else's tab is drawn anew. The control is the same app with nothing that looks after its pages.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from rag.core.types import Answer
from tests.guarantees.apps import PROJECT, Running, running, wait_until_warm
from tests.guarantees.library import size
from tests.guarantees.losses import LOSSES, NAME, Loss, Scene, begin, scene
from tests.guarantees.strangers import Tab, tab, texts_of

SECONDS = 5.0
ROUNDS = size(1, 5)
TABS = size(3, 25)
WORDS = 400


def _environment(**more: str) -> dict[str, str]:
    environment = {**os.environ, "RAG_MODEL": "none", "RAG_SAMPLES": "false", "RAG_ADMINS": "ada@example.org"}
    return environment | more


@contextmanager
def _open(app: Running, count: int) -> Iterator[tuple[list[Tab], list[Tab]]]:
    """So many tabs of Bob's, and as many of Eve's."""
    with ExitStack() as tabs:
        both = [[tabs.enter_context(tab(app.address, who)) for _ in range(count)] for who in ("bob", "eve")]
        yield both[0], both[1]


def _emptied(theirs: Tab, loss: Loss, collection: str, seconds: float) -> float | None:
    """Seconds until the tab was drawn anew without what is gone; None when it was not in time."""
    began = time.monotonic()
    while (left := began + seconds - time.monotonic()) > 0:
        try:
            said = texts_of(theirs.until_done(left))
        except TimeoutError:
            return None
        gone = loss.before not in said if loss.before != NAME else collection not in said
        if gone and loss.after in said.replace("\\", ""):
            return time.monotonic() - began
    return None


def _lose(app: Running, made: Scene, name: str, loss: Loss) -> tuple[list[float | None], int]:
    """Until when each of Bob's tabs was emptied, and how often one of Eve's was drawn meanwhile."""
    begin(made)
    loss.give(made)
    with _open(app, TABS) as (his, hers):
        for each in (*his, *hers):
            shown = texts_of(each.open(loss.page, f"lang=en&collection={made.at_hand}"))
            assert each in hers or loss.before in shown, f"{name}: {loss.before!r} is not shown at first"
        assert made.collection is not None
        loss.take(made)
        emptied = [_emptied(each, loss, made.collection.name, SECONDS) for each in his]
        # Whoever has lost nothing is not disturbed.
        drawn = sum(message.WhichOneof("type") == "new_session" for each in hers for message in each.rest(0.3))
    # What was shared with everybody is Eve's loss as well.
    return emptied, 0 if name == "share with all taken back" else drawn


@pytest.mark.slow
def test_g35_an_open_page_is_emptied_when_the_right_is_gone(tmp_path: Path) -> None:
    made = scene(tmp_path / "data")
    emptied: dict[str, list[float | None]] = {name: [] for name in LOSSES}
    disturbed = 0
    with running(tmp_path, _environment(), people=True) as app:
        for number in range(ROUNDS):
            for name, loss in LOSSES.items():
                if name != "signed out elsewhere" or number == ROUNDS - 1:
                    found, drawn = _lose(app, made, name, loss)
                    emptied[name] += found
                    disturbed += drawn
    times = [each for found in emptied.values() for each in found]
    late = [name for name, found in emptied.items() if None in found]
    slowest = max((each for each in times if each is not None), default=0.0)
    print(
        f"G35: {len(LOSSES)} ways to lose a right, {len(times)} open tabs, {times.count(None)} not emptied within "
        f"{SECONDS:.0f} s without a click, the slowest after {slowest:.1f} s; {disturbed} tabs of others drawn anew"
    )
    assert late == []
    assert disturbed == 0


def _ask(his: Tab, question: str, said: list[ForwardMsg]) -> None:
    """From the chat box that stands on the page."""
    boxes = [
        message.delta.new_element.chat_input.id for message in said if message.delta.new_element.HasField("chat_input")
    ]
    asked = BackMsg()
    value = asked.rerun_script.widget_states.widgets.add()
    value.id, value.chat_input_value.data = boxes[-1], question
    his.run(asked)


def _wait(what: Callable[[], object], seconds: float) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.1)
    return False


def _written(made: Scene) -> Answer | None:
    """The answer to Bob's last question, once it is saved."""
    bob, chats = made.people["bob"], made.store.chats
    return chats.turns(bob, chats.list(bob)[0].id)[-1].answer if chats.list(bob) else None


def _words_written(app: Running, made: Scene, name: str) -> int:
    """Bob asks, loses the right while he is answered, and the answer ends: how many words it has."""
    begin(made)
    LOSSES[name].give(made)
    jobs, ann, chats = made.store.jobs, made.people["ann"], _chats(made)
    jobs.enqueue(ann, made.at_hand, "gate.txt", "file", b"The gate of the museum is painted green in spring.")
    assert _wait(lambda: [job.state for job in jobs.list(ann, made.at_hand)] == ["done"], 200)
    with tab(app.address, "bob") as his:
        _ask(his, "What colour is the gate of the museum painted?", his.open("", f"lang=en&collection={made.at_hand}"))
        assert _wait(lambda: _chats(made) > chats, 60)
        time.sleep(2)
        assert _written(made) is None, "the answer was over before the right was"
        LOSSES[name].take(made)
        assert _wait(lambda: _written(made) is not None, SECONDS), f"{name}: it is still being written"
    answer = _written(made)
    assert answer is not None
    return len(answer.text.split())


@pytest.mark.slow
def test_g35_the_answer_that_is_being_written_ends(tmp_path: Path) -> None:
    made = scene(tmp_path / "data")
    typist = {"RAG_MODEL": "custom:tests.guarantees.typist:Typist", "TYPIST_WORDS": str(WORDS)}
    with running(tmp_path, _environment(**typist, PYTHONPATH=str(PROJECT)), people=True) as app:
        with tab(app.address, "eve") as hers:
            # The first page of a process starts its reader.
            hers.open()
        ended = [_words_written(app, made, name) for name in ("share taken back", "shut out", "signed out elsewhere")]
    print(f"G35: {len(ended)} answers being written ended with the right, after {ended} of {WORDS} words")
    assert max(ended) < WORDS / 2


def _chats(made: Scene) -> int:
    return len(made.store.chats.list(made.people["bob"]))


@pytest.mark.nightly
def test_g35_looking_after_them_costs_next_to_nothing(tmp_path: Path) -> None:
    made = scene(tmp_path / "data")
    spent: dict[int, float] = {}
    with running(tmp_path, _environment(), people=True) as app:
        process = psutil.Process(app.pid)
        for count in (1, TABS):
            with _open(app, count) as (his, hers):
                for each in (*his, *hers):
                    each.open("documents")
                wait_until_warm(app.pid)
                began = process.cpu_times()
                time.sleep(10)
                now = process.cpu_times()
                spent[2 * count] = 100 * (now.user + now.system - began.user - began.system) / 10
    made.store.close()
    print(f"G35: share of a processor that the app takes with so many idle tabs open, in %: {spent}")


# Read by Python when it starts: the thread that looks after open pages does not run.
_WITHOUT = """import threading

_start = threading.Thread.start
threading.Thread.start = lambda self: None if self.name == "presence" else _start(self)
"""


@pytest.mark.nightly
def test_g35_control_a_page_that_nobody_looks_after_stands(tmp_path: Path) -> None:
    made = scene(tmp_path / "data")
    (tmp_path / "sitecustomize.py").write_text(_WITHOUT, encoding="utf-8")
    with running(tmp_path, _environment(PYTHONPATH=str(tmp_path)), people=True) as app:
        emptied, _ = _lose(app, made, "shut out", LOSSES["shut out"])
    print(f"G35 control: {emptied.count(None)} of {len(emptied)} tabs still stood after {SECONDS:.0f} s")
    assert emptied.count(None) == len(emptied)
