"""The queue before a model: bounded, fair between owners, and left by whoever gives up."""

from __future__ import annotations

import threading

import pytest

from rag.core.call_context import CallContext
from rag.core.errors import Cancelled, ModelBusy
from rag.core.types import GenerationProgress
from rag.models.llms.fair_queue import FairQueue
from tests.support.waiting import PATIENCE, until


def test_the_queue_is_bounded_and_a_closed_tab_frees_its_place() -> None:
    turns, waiting, gone = FairQueue(limit=2), threading.Semaphore(0), threading.Event()

    def wait() -> None:
        context = CallContext("someone", on_progress=lambda _: waiting.release(), cancelled=gone.is_set)
        with pytest.raises(Cancelled), turns.take(context):
            pass

    with turns.take(CallContext("first")):
        threads = [threading.Thread(target=wait) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(2):
            waiting.acquire(timeout=PATIENCE)
        assert until(lambda: len(turns._waiting) == 2)
        places: list[GenerationProgress] = []
        with pytest.raises(ModelBusy) as busy, turns.take(CallContext("ninth", on_progress=places.append)):
            pass
        assert places == [], "who comes too late does not wait"
        assert busy.value.fields == {"waiting": 2}
        gone.set()
        for thread in threads:
            thread.join(PATIENCE)
        assert turns._waiting == []
    with turns.take(CallContext("after")):
        pass


def test_nobody_starts_twice_while_another_waits() -> None:
    turns, order = FairQueue(limit=8), list[str]()

    def one(owner: str, waits: threading.Event) -> None:
        with turns.take(CallContext(owner, on_progress=lambda _: waits.set())):
            order.append(owner)

    threads = []
    with turns.take(CallContext("ann")):
        for owner in ("ann", "ann", "ben", "cem", "ben"):
            # Its own: those who wait already are told their places too.
            seen = threading.Event()
            threads.append(threading.Thread(target=one, args=(owner, seen)))
            threads[-1].start()
            assert seen.wait(PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
    assert order == ["ben", "cem", "ann", "ben", "ann"]


def test_who_stands_in_line_before_being_ready_keeps_the_place_and_holds_nobody_up() -> None:
    turns, order, waiting = FairQueue(limit=3), [], threading.Semaphore(0)

    def person(owner: str) -> CallContext:
        def tell(told: GenerationProgress) -> None:
            places[owner] = told.at
            waiting.release()

        return CallContext(owner, on_progress=tell)

    def one(context: CallContext) -> None:
        with turns.take(context):
            order.append(context.owner)

    places: dict[str, int] = {}
    ann, dan, fay = person("ann"), person("dan"), person("fay")
    with turns.stand(ann), turns.stand(dan):
        assert places == {"dan": 1}
        waiting.acquire(timeout=PATIENCE)
        one(person("ben"))  # who is ready while ann and dan are not
        with turns.take(CallContext("cem")):
            threads = []
            for context in (person("eve"), dan, ann):
                threads.append(threading.Thread(target=one, args=(context,)))
                threads[-1].start()
                waiting.acquire(timeout=PATIENCE)
            with turns.stand(fay):
                assert "fay" not in places  # as many wait as may
            assert until(lambda: all(ticket.ready for ticket in turns._waiting))
        for thread in threads:
            thread.join(PATIENCE)
    assert order == ["ben", "ann", "dan", "eve"]
    assert turns.idle
