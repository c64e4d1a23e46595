"""The parent's end of a worker process: sends orders, dispatches messages, reaps the process."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

from rag.core import child_processes

Message = dict[str, Any]


class Child:
    """A started worker. `settled` is set once it is ready, has refused its file, or has ended.

    `reason` is the code of a refusal; `context` the context size in tokens, once ready.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.settled = threading.Event()
        self.reason = ""
        self.context = 0
        self._inboxes: dict[int, queue.SimpleQueue[Message | None]] = {}
        self._lock = threading.Lock()
        self._last = 0
        self._process: subprocess.Popen[str] = child_processes.start(
            "rag.models.llms.worker",
            *arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._receive, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def dead(self) -> bool:
        return self._process.poll() is not None

    @property
    def crashed(self) -> bool:
        """Ended by a signal, such as SIGILL or SIGSEGV."""
        return (self._process.poll() or 0) < 0

    def ask(self, **order: object) -> Inbox:
        """Send an order with a new id; its replies arrive in the returned inbox."""
        inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        with self._lock:
            self._last += 1
            number = self._last
            self._inboxes[number] = inbox
            if self.dead:
                inbox.put(None)
        self._send({**order, "id": number})
        return Inbox(self, number, inbox)

    def stop(self, number: int) -> None:
        self._send({"do": "stop", "id": number})

    def forget(self, number: int) -> None:
        with self._lock:
            self._inboxes.pop(number, None)

    def kill(self) -> None:
        """Kill the process and reap it."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process by closing its standard input."""
        child_processes.end(self._process, 2)

    def _send(self, order: Message) -> None:
        assert self._process.stdin
        line = json.dumps(order) + "\n"
        try:
            with self._lock:
                self._process.stdin.write(line)
                self._process.stdin.flush()
        except (OSError, ValueError):
            # It has ended: the receiving thread notifies all inboxes.
            return

    def _receive(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._take(json.loads(line))
        self._process.wait()
        with self._lock:
            for inbox in self._inboxes.values():
                inbox.put(None)
        self.settled.set()

    def _take(self, message: Message) -> None:
        if message["is"] == "ready":
            self.context = message["context"]
            self.settled.set()
        elif message["is"] == "refused":
            self.reason = message["reason"]
        elif inbox := self._inboxes.get(message["id"]):
            inbox.put(message)


class Inbox:
    """The replies to one order."""

    def __init__(self, child: Child, number: int, messages: queue.SimpleQueue[Message | None]) -> None:
        self._child, self._number, self._messages = child, number, messages

    def next(self, seconds: float) -> Message | None:
        """The next message; None once the worker has ended.

        Raises:
            queue.Empty: no message within that time.
        """
        return self._messages.get(timeout=seconds)

    def end(self, seconds: float) -> None:
        """Cancel the order and wait for its end; a worker that does not react is killed."""
        self._child.stop(self._number)
        try:
            while (message := self.next(seconds)) is not None and message["is"] != "done":
                pass
        except queue.Empty:
            self._child.kill()

    def close(self) -> None:
        self._child.forget(self._number)
