"""Child processes that never outlive this one, however it ends.

    python -m rag.core.child_processes PARENT LIFELINE MODULE [ARGUMENT …]

is what `start` runs. Before any heavy import, the child arranges to be killed with its parent, checks whether that has
died already, and then becomes `python -m MODULE`. On Linux the kernel kills it (PR_SET_PDEATHSIG). Elsewhere, and where
the kernel refuses, a thread of the child waits for the end of a pipe that the parent holds open; native code that
holds the interpreter lock delays that. Windows does not inherit pipes: there a child ends with its standard input.

One thread, which lives as long as the process, starts all children: the kernel's signal is tied to the thread that
forked, and threads of pages or requests end early.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import IO, Any, Final
from weakref import WeakSet

from rag.core.installation import CODE, INSTALLED

_PR_SET_PDEATHSIG: Final = 1
# In a checkout children find the package in their folder; installed they find it anywhere, and a user's `.env` and
# relative paths in the folder that the program was started in.
_FOLDER: Final = None if INSTALLED else CODE
_NO_LIFELINE: Final = "-"
_children: WeakSet[subprocess.Popen[Any]] = WeakSet()
# Whether a child can inherit a pipe, and query its parent's process id.
_HANDS_ON: Final = os.name == "posix"


def start(module: str, *arguments: str, python: Sequence[str] = (), **options: Any) -> subprocess.Popen[Any]:
    """Start `python -m module arguments…`, which ends with this process.

    Args:
        python: options of the interpreter.
        options: arguments of Popen.
    """
    starter = _starter_of_this_process()
    lifeline = starter.ends[0]
    arming = [str(os.getpid()), str(lifeline) if _HANDS_ON else _NO_LIFELINE]
    command = [sys.executable, *python, "-m", "rag.core.child_processes", *arming, module, *arguments]
    if _HANDS_ON:
        options["pass_fds"] = (lifeline,)
    child = starter.start(partial(subprocess.Popen, command, cwd=_FOLDER, **options))
    _children.add(child)
    return child


def end(process: subprocess.Popen[Any], seconds: float) -> int:
    """Ask a child to end by closing its standard input, and kill it after so long; returns its exit status."""
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def begin_anew() -> None:
    """Become a fresh process of the same command, with the same id and pipes: what was imported takes no memory.

    Does nothing where a process cannot do so (Windows).
    """
    if not _HANDS_ON:
        return
    # Their ends would be known to nobody here.
    for child in list(_children):
        if child.poll() is None:
            child.kill()
        child.wait()
    os.execv(sys.executable, sys.orig_argv)


def stop_at_end_of(stream: IO[bytes], stopping: threading.Event) -> None:
    """Set `stopping` when the stream ends: a pipe from the process that started this one ends with it."""

    def watch() -> None:
        try:
            # Past the stream's buffer, whose lock a waiting thread would take along into the end of the process.
            while os.read(stream.fileno(), 1024):
                pass
        finally:
            stopping.set()

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


class _Starter:
    """The thread that starts children, and the pipe that is closed when this process ends."""

    def __init__(self) -> None:
        self._orders: SimpleQueue[tuple[Callable[[], subprocess.Popen[Any]], Future[subprocess.Popen[Any]]]]
        self._orders = SimpleQueue()
        # No child inherits the write end, so that it closes with this process.
        self.ends = os.pipe()
        threading.Thread(target=self._work, name="starts-children", daemon=True).start()

    def start(self, order: Callable[[], subprocess.Popen[Any]]) -> subprocess.Popen[Any]:
        started: Future[subprocess.Popen[Any]] = Future()
        self._orders.put((order, started))
        return started.result()

    def _work(self) -> None:
        while True:
            order, started = self._orders.get()
            try:
                started.set_result(order())
            except Exception as error:  # noqa: BLE001 - raised where it was asked for
                started.set_exception(error)


_starter: _Starter | None = None
_lock = threading.Lock()


def _starter_of_this_process() -> _Starter:
    global _starter
    with _lock:
        if _starter is None:
            _starter = _Starter()
        return _starter


def _forget() -> None:
    """In a forked copy of this process: the thread does not exist, and the pipe belongs to the original."""
    global _starter, _lock
    _lock = threading.Lock()
    if _starter is not None:
        for end in _starter.ends:
            os.close(end)
        _starter = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def arm(parent: int, lifeline: int | None) -> None:
    """Have this process killed when its parent ends, or at once if it has ended already."""
    # The lifeline stays open where the kernel kills: `begin_anew` passes it on.
    if not _killed_by_kernel() and lifeline is not None:
        threading.Thread(target=_end_at_end_of, args=(lifeline,), name="watch-parent", daemon=True).start()
    # Orphans need not be adopted by process 1, so their parent is compared with the expected one.
    if _HANDS_ON and os.getppid() != parent:
        os._exit(1)


def _killed_by_kernel() -> bool:
    """Whether the kernel has agreed to kill this process when its parent thread ends."""
    if sys.platform != "linux":
        return False
    kill = (ctypes.c_ulong(signal.SIGKILL), *[ctypes.c_ulong(0)] * 3)
    return bool(ctypes.CDLL(None).prctl(ctypes.c_int(_PR_SET_PDEATHSIG), *kill) == 0)


def _end_at_end_of(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    os._exit(1)


def main() -> None:
    """Arm this process, then run the module."""
    parent, lifeline, module, *arguments = sys.argv[1:]
    arm(int(parent), None if lifeline == _NO_LIFELINE else int(lifeline))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
