"""Answers in background threads, independent of the page that started them.

Streamlit reruns a page's script at every click and ends it with its tab. So the page only starts a run and polls it;
the run saves its answer itself.
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
    """On whose behalf a run works: person, sign-in ("" without sign-in) and collection."""

    person: str
    sign_in: str
    collection: str


@dataclass(slots=True)
class AnswerRun:
    """The state of a running answer, for pages to read. Fields are replaced, never mutated."""

    draft: Answer
    progress: GenerationProgress | None = None
    owner: RunOwner | None = None
    _version: int = 0
    _ended: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _condition: threading.Condition = field(default_factory=threading.Condition)

    def stop(self) -> None:
        """Cancel the run; the text so far is kept."""
        self._stop.set()

    def stopping(self) -> bool:
        """Whether it was cancelled."""
        return self._stop.is_set()

    @property
    def waits(self) -> bool:
        """Whether it waits in the model's queue."""
        return bool(self.progress and self.progress.stage == "waiting" and not self.draft.text)

    def on_progress(self, progress: GenerationProgress) -> None:
        """Publish progress before the first token; after that the text shows it."""
        if progress != self.progress and progress.stage != "writing":
            self.progress = progress
            self._changed()

    def show(self, draft: Answer) -> None:
        """Publish the answer so far."""
        self.draft = draft
        self._changed()

    def end(self) -> None:
        """Mark the run as ended."""
        self._ended = True
        self._changed()

    def wait(self, seen: int, seconds: float) -> int:
        """Wait up to `seconds` for a version other than `seen`; the current version."""
        with self._condition:
            self._condition.wait_for(lambda: self._version != seen or self._ended, seconds)
            return self._version

    def _changed(self) -> None:
        with self._condition:
            self._version += 1
            self._condition.notify_all()


class AnswerRuns:
    """The runs of this process, by turn. `on_saved` is called with each saved answer."""

    def __init__(self, on_saved: Callable[[Answer], None] = lambda answer: None) -> None:
        self._on_saved = on_saved
        self._lock = threading.Lock()
        self._runs: dict[str, AnswerRun] = {}

    def get(self, turn: str) -> AnswerRun | None:
        """The run of a turn, while it goes on."""
        with self._lock:
            return self._runs.get(turn)

    def running(self) -> list[AnswerRun]:
        """The current runs."""
        with self._lock:
            return list(self._runs.values())

    def count(self, *, waiting: bool = False) -> int:
        """The number of current runs, or of those in the model's queue."""
        return sum(not waiting or run.waits for run in self.running())

    def start(
        self,
        turn: str,
        empty: Answer,
        ask: Callable[[AnswerRun], Iterator[Answer]],
        save: Callable[[Answer], None],
        owner: RunOwner | None = None,
    ) -> AnswerRun:
        """Answer a turn in the background.

        Args:
            ask: yields growing drafts of the answer.
            save: called once with the last draft; `get` finds the run until it has returned.
        """
        run = AnswerRun(empty, owner=owner)
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
        except Exception as error:  # noqa: BLE001 - a bug is shown under the answer instead of ending the thread
            run.show(replace(run.draft, error=Unexpected.logged(error, f"answer {turn}", _log).failure()))
        self._end(turn, run, save)

    def _end(self, turn: str, run: AnswerRun, save: Callable[[Answer], None]) -> None:
        try:
            save(run.draft)
            self._on_saved(run.draft)
        except NotFound:
            # The chat was deleted meanwhile.
            _log.info("answer %s has no chat any more", turn)
        finally:
            with self._lock:
                del self._runs[turn]
            run.end()
