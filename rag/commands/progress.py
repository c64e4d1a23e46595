"""Progress of long work, drawn on standard error where that is a terminal, and nowhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.commands.output import is_quiet
from rag.core.errors import Cancelled

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

# Told of (done, total); a total of 0 is not known yet.
Step = Callable[[int, int], None]


class Bars:
    """Bars of one piece of work. What is told to them after `stop` raises Cancelled: so the work ends."""

    def __init__(self, drawn: Progress | None) -> None:
        self._drawn = drawn
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    @contextmanager
    def bar(self, name: str) -> Iterator[Step]:
        """A bar that is there until the block ends; what it is told may come from any thread."""
        task = self._drawn.add_task(name, total=None) if self._drawn else None

        def step(done: int, total: int) -> None:
            if self._stopping.is_set():
                raise Cancelled
            if self._drawn and task is not None:
                self._drawn.update(task, completed=done, total=total or None)

        try:
            yield step
        finally:
            if self._drawn and task is not None:
                self._drawn.remove_task(task)


@contextmanager
def bars(*, in_bytes: bool = False) -> Iterator[Bars]:
    """Bars to draw in until the block ends. Where it ends with Ctrl-C, work in other threads is told to end too."""
    if is_quiet() or not sys.stderr.isatty():
        yield from _ended(Bars(None))
        return
    from rich.console import Console
    from rich.progress import Progress

    # Names of files can hold what rich takes for its own marks.
    columns = _columns(in_bytes=in_bytes)
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as drawn:
        yield from _ended(Bars(drawn))


def _ended(shown: Bars) -> Iterator[Bars]:
    try:
        yield shown
    except KeyboardInterrupt:
        shown.stop()
        raise


def _columns(*, in_bytes: bool) -> tuple[ProgressColumn, ...]:
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    amount: ProgressColumn = DownloadColumn() if in_bytes else MofNCompleteColumn()
    return TextColumn("{task.description}", markup=False), BarColumn(), amount, TimeRemainingColumn()
