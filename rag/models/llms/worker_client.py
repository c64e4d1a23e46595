"""The parent's end of one worker process: orders out, messages in, never a zombie."""

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
    """A started worker. `settled` is set once it is ready, has refused its file, or is dead.

    `reason` is the code of a refusal, `context` the tokens of its context once it is ready.
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
        """Ended by a signal, as an illegal instruction or a segmentation fault does it."""
        return (self._process.poll() or 0) < 0

    def ask(self, **order: object) -> Inbox:
        """Send an order under a number of its own; its answers come into the returned inbox."""
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
        """End the process at once and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process; it goes by itself when its input is closed."""
        child_processes.end(self._process, 2)

    def _send(self, order: Message) -> None:
        assert self._process.stdin
        line = json.dumps(order) + "\n"
        try:
            with self._lock:
                self._process.stdin.write(line)
                self._process.stdin.flush()
        except (OSError, ValueError):
            # It is gone or closed: the receiving thread tells all who wait.
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
    """The answers to one order, in order."""

    def __init__(self, child: Child, number: int, messages: queue.SimpleQueue[Message | None]) -> None:
        self._child, self._number, self._messages = child, number, messages

    def next(self, seconds: float) -> Message | None:
        """The next message, or None once the worker is dead.

        Raises:
            queue.Empty: nothing came within that time.
        """
        return self._messages.get(timeout=seconds)

    def end(self, seconds: float) -> None:
        """Ask the worker to stop and wait until it has; a worker that does not obey is killed."""
        self._child.stop(self._number)
        try:
            while (message := self.next(seconds)) is not None and message["is"] != "done":
                pass
        except queue.Empty:
            self._child.kill()

    def close(self) -> None:
        self._child.forget(self._number)
