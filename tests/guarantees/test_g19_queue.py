"""G19. The queue is bounded and fair: who comes too late is told so at once, a closed tab frees its
place, and nobody starts twice while another waits."""

from __future__ import annotations

import threading

import pytest

from rag.core.call_context import CallContext
from rag.core.errors import Cancelled, ModelBusy
from rag.core.types import GenerationProgress
from rag.models.llms.process import ModelProcess
from tests.guarantees.models import STORY, about, bundled
from tests.support.waiting import PATIENCE

LIMIT = 8


class Tab(threading.Thread):
    """A browser tab with one question; closing it makes its next sign of life fail."""

    def __init__(self, model: ModelProcess, owner: str, log: list[str]) -> None:
        super().__init__(daemon=True)
        self.closed, self.waits, self.gone = False, threading.Event(), threading.Event()
        self._model, self._owner, self._log = model, owner, log

    def run(self) -> None:
        try:
            for _ in self._model.write(
                about(1), max_tokens=2, context=CallContext(self._owner, on_progress=self._hear)
            ):
                pass
            self._log.append(self._owner)
        except Cancelled:
            self.gone.set()

    def _hear(self, told: GenerationProgress) -> None:
        if told.stage == "waiting":
            self.waits.set()
        if self.closed:
            raise Cancelled


def test_the_queue_is_bounded_and_fair() -> None:
    model = bundled(queue_limit=LIMIT)
    log: list[str] = []
    busy = model.write(STORY, max_tokens=900, context=CallContext("ann"))
    next(busy)
    owners = ["ann", "ann", "ben", "cem", "ben", "dan", "ann", "eve"]
    tabs = [Tab(model, owner, log) for owner in owners]
    for tab in tabs:
        tab.start()
        assert tab.waits.wait(PATIENCE)

    places: list[GenerationProgress] = []
    with pytest.raises(ModelBusy):
        next(model.write(STORY, context=CallContext("late", on_progress=places.append)))
    assert places == [], "who comes too late does not wait"

    tabs[-1].closed = True
    assert tabs[-1].gone.wait(PATIENCE)
    assert log == [], "the place is free before anybody else's turn"
    late = Tab(model, "late", log)
    late.start()
    assert late.waits.wait(PATIENCE), "the place is free again"

    busy.close()
    for tab in [*tabs, late]:
        tab.join(120)
    model.close()
    assert log == ["ben", "cem", "dan", "late", "ann", "ben", "ann", "ann"]
    print(f"G19: {LIMIT} wait, the next is refused without waiting, a closed tab's place is free before the next turn")
