"""Answers being worked on, one thread each, whatever happens to the page that asked.

A Streamlit page is run anew at every click and ends with its tab; an answer must not. So the page
only starts a run and looks at it; the run saves its answer by itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from rag.core.errors import NotFound, RagError, Unexpected
from rag.core.types import Answer, GenerationProgress

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunOwner:
    """Who has a question answered, since which sign-in ("" where there is none), and from which collection."""

    owner: str
    sign_in: str
    collection: str


@dataclass(slots=True)
class AnswerRun:
    """What pages see of an answer on its way. Fields are replaced whole, never changed in place."""

    draft: Answer
    progress: GenerationProgress | None = None
    whose: RunOwner | None = None
    _version: int = 0
    _ended: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _condition: threading.Condition = field(default_factory=threading.Condition)

    def stop(self) -> None:
        """Ask the run to end; what was written so far is kept."""
        self._stop.set()

    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    @property
    def waits(self) -> bool:
        """Whether it has a place in the queue before the model."""
        return bool(self.progress and self.progress.stage == "waiting" and not self.draft.text)

    def on_progress(self, progress: GenerationProgress) -> None:
        """Show how far the model is before its first word; from then on the text shows it."""
        if progress != self.progress and progress.stage != "writing":
            self.progress = progress
            self._changed()

    def show(self, draft: Answer) -> None:
        """Let the answer so far be seen."""
        self.draft = draft
        self._changed()

    def end(self) -> None:
        """Nothing more comes."""
        self._ended = True
        self._changed()

    def wait(self, seen: int, seconds: float) -> int:
        """Wait until there is more than the version `seen`, at most so long; the version there is now."""
        with self._condition:
            self._condition.wait_for(lambda: self._version != seen or self._ended, seconds)
            return self._version

    def _changed(self) -> None:
        with self._condition:
            self._version += 1
            self._condition.notify_all()


def _unheard(answer: Answer) -> None:
    """No-op callback."""


class AnswerRuns:
    """The runs of this process, by turn. `heard` is told each answer as it was saved."""

    def __init__(self, heard: Callable[[Answer], None] = _unheard) -> None:
        self._heard = heard
        self._lock = threading.Lock()
        self._runs: dict[str, AnswerRun] = {}

    def get(self, turn: str) -> AnswerRun | None:
        """The run that works on a turn, as long as it does."""
        with self._lock:
            return self._runs.get(turn)

    def running(self) -> list[AnswerRun]:
        """All runs that go on at this moment."""
        with self._lock:
            return list(self._runs.values())

    def count(self, *, waiting: bool = False) -> int:
        """The answers on their way, or those of them that wait for the model."""
        return sum(not waiting or run.waits for run in self.running())

    def start(
        self,
        turn: str,
        empty: Answer,
        ask: Callable[[AnswerRun], Iterator[Answer]],
        save: Callable[[Answer], None],
        whose: RunOwner | None = None,
    ) -> AnswerRun:
        """Work on a turn in the background.

        Args:
            ask: yields the answer as it grows.
            save: called once, with the answer as far as it came; before it returns, `get` finds the run.
        """
        run = AnswerRun(empty, whose=whose)
        with self._lock:
            self._runs[turn] = run
        threading.Thread(target=self._work, args=(turn, run, ask, save), name=f"answer-{turn}", daemon=True).start()
        return run

    def _work(
        self, turn: str, run: AnswerRun, ask: Callable[[AnswerRun], Iterator[Answer]], save: Callable[[Answer], None]
    ) -> None:
        try:
            for draft in ask(run):
                run.show(draft)
        except RagError as error:
            run.show(replace(run.draft, error=error.failure()))
        except Exception as error:  # noqa: BLE001 - a fault of ours becomes a sentence under the answer, as a job's does
            run.show(replace(run.draft, error=Unexpected.logged(error, f"answer {turn}", _log).failure()))
        self._end(turn, run, save)

    def _end(self, turn: str, run: AnswerRun, save: Callable[[Answer], None]) -> None:
        try:
            save(run.draft)
            self._heard(run.draft)
        except NotFound:
            # Its chat was deleted meanwhile, and the answer with it.
            _log.info("answer %s has no chat any more", turn)
        finally:
            with self._lock:
                del self._runs[turn]
            run.end()
