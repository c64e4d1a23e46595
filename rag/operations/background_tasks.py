"""Background tasks that outlive the page that started them: downloads, imports, trials. One thread each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from rag.core.errors import Cancelled, RagError, Unexpected
from rag.core.types import Failure
from rag.models.catalogue.transfers import Progress


@dataclass(slots=True)
class Task:
    """A task's progress, output and outcome, as pages read it. Fields are only ever reassigned."""

    progress: Progress | None = None
    text: str = ""
    done: bool = False
    error: Failure | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def tell(self, progress: Progress) -> None:
        self.progress = progress

    def stop(self) -> None:
        """Ask it to end."""
        self._stop.set()

    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def look(self) -> None:
        """Raises Cancelled once it was asked to end."""
        if self._stop.is_set():
            raise Cancelled


class Tasks:
    """The tasks of this process by name: running ones, and ended ones until they are put away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[str, Task] = {}

    def get(self, name: str) -> Task | None:
        with self._lock:
            return self._tasks.get(name)

    def start(self, name: str, work: Callable[[Task], None]) -> Task:
        """Run `work` in the background; a running task of that name is returned instead."""
        with self._lock:
            running = self._tasks.get(name)
            if running and not running.done:
                return running
            task = self._tasks[name] = Task()
        threading.Thread(target=_work, args=(task, work), name=name, daemon=True).start()
        return task

    def put_away(self, name: str) -> None:
        """Forget a task that has ended."""
        with self._lock:
            if name in self._tasks and self._tasks[name].done:
                del self._tasks[name]

    def running(self) -> bool:
        """Whether any task is running."""
        with self._lock:
            return any(not task.done for task in self._tasks.values())


def _work(task: Task, work: Callable[[Task], None]) -> None:
    try:
        work(task)
    except RagError as error:
        task.error = error.failure()
    except OSError as error:
        # For instance a models folder that cannot be written to.
        task.error = Unexpected.of(error).failure()
    finally:
        task.done = True
