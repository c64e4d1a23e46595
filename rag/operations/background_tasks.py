"""What takes a while and must not end with the page that started it: downloads, imports, trials. One thread each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from rag.core.errors import Cancelled, RagError, Unexpected
from rag.core.types import Failure
from rag.models.catalogue.transfers import Progress


@dataclass(slots=True)
class Task:
    """What a page sees of it: how far it is, what it has said, how it ended. Fields are replaced whole."""

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
    """The tasks of this process by name: those that run, and those that ended until they are put away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[str, Task] = {}

    def get(self, name: str) -> Task | None:
        with self._lock:
            return self._tasks.get(name)

    def start(self, name: str, work: Callable[[Task], None]) -> Task:
        """Work in the background; a task of that name that still runs is given back instead."""
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
        """Whether any is at work."""
        with self._lock:
            return any(not task.done for task in self._tasks.values())


def _work(task: Task, work: Callable[[Task], None]) -> None:
    try:
        work(task)
    except RagError as error:
        task.error = error.failure()
    except OSError as error:
        # A models folder that cannot be written, for instance: the page has to say something.
        task.error = Unexpected.of(error).failure()
    finally:
        task.done = True
