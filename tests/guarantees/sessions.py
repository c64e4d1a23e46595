"""Browser sessions without a browser: clients that speak the pages' own protocol over a websocket."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0


class Session:
    """One tab. `run` has a page's script run, as opening or clicking does, and waits for its end."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._chat_input = ""
        # What the page wants to have drawn again by itself: the fragment, and every how many seconds.
        self._repeated: dict[str, float] = {}
        self._wanted: dict[str, float] = {}

    def run(self, page: str = "") -> float:
        """Seconds until the page was there in full.

        Raises:
            RuntimeError: the script ended with an exception, or the page shows an error.
        """
        message = BackMsg()
        message.rerun_script.page_name = page
        began = time.monotonic()
        self._send(message)
        while _ended(self._next(PATIENCE)) != ForwardMsg.FINISHED_SUCCESSFULLY:
            pass
        return time.monotonic() - began

    def ask(self, question: str, mark: str = "") -> tuple[float, float | None]:
        """Send a question from the chat box; seconds until its answer was whole, and until the page said `mark`.

        Raises:
            RuntimeError: as `run`.
        """
        message = BackMsg()
        asked = message.rerun_script.widget_states.widgets.add()
        asked.id, asked.chat_input_value.data = self._chat_input, question
        began, marked = time.monotonic(), None
        self._send(message)
        running, due = True, 0.0
        while True:
            said = self._next(PATIENCE if running else max(0.0, due - time.monotonic()))
            if marked is None and mark and mark.encode() in said.SerializeToString():
                marked = time.monotonic() - began
            if (ended := _ended(said)) is not None:
                running = ended == ForwardMsg.FINISHED_EARLY_FOR_RERUN
                if not running and not self._repeated:
                    return time.monotonic() - began, marked
                due = time.monotonic() + min(self._repeated.values(), default=0.0)
            elif not running and said.WhichOneof("type") is None:
                running = True
                for fragment in self._repeated:
                    again = BackMsg()
                    again.rerun_script.fragment_id, again.rerun_script.is_auto_rerun = fragment, True
                    self._send(again)

    def _send(self, message: BackMsg) -> None:
        self._socket.send(message.SerializeToString())

    def _next(self, patience: float) -> ForwardMsg:
        """What the server says next; an empty message when it says nothing for so long."""
        said = ForwardMsg()
        try:
            said.ParseFromString(self._socket.recv(timeout=patience))
        except TimeoutError:
            if patience == PATIENCE:
                raise
            return said
        match said.WhichOneof("type"):
            case "new_session":
                self._wanted = {}
            case "auto_rerun":
                self._wanted[said.auto_rerun.fragment_id] = said.auto_rerun.interval
            case "script_finished" if said.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                # Only a whole page says anew what is repeated; a fragment does not.
                self._repeated = self._wanted
            case "delta":
                self._look_at(said)
        return said

    def _look_at(self, said: ForwardMsg) -> None:
        element = said.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR):
            raise RuntimeError(str(element)[:300])
        if kind == "chat_input":
            self._chat_input = element.chat_input.id


def _ended(said: ForwardMsg) -> int | None:
    """How a run of the script ended, if that is what was said."""
    if said.WhichOneof("type") != "script_finished":
        return None
    if said.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
        raise RuntimeError("the script cannot be run")
    return said.script_finished


@contextmanager
def session(address: str) -> Iterator[Session]:
    """A tab on the app at `address`, closed at the end of the block."""
    place = address.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(place, subprotocols=["streamlit"], max_size=None, open_timeout=PATIENCE) as socket:  # type: ignore[list-item]
        yield Session(socket)


@dataclass
class Times:
    """Seconds that something took, and what failed."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def of(self, work: Callable[[], float]) -> None:
        """Note how long `work` says it took, or how it failed."""
        try:
            self.seconds.append(work())
        except Exception as error:  # noqa: BLE001 - to be counted
            self.failures.append(f"{type(error).__name__}: {error}")

    def percentile(self, share: int) -> float:
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[share - 1]

    def within(self, most: float) -> str:
        """Beside what nineteen of twenty are to take at most, in the words that bench/guarantees.py judges by."""
        return f"{self}, P95 {self.percentile(95):.2f} of at most {most:g} s"

    def __str__(self) -> str:
        said = " ".join(f"P{share} {self.percentile(share):.2f} s" for share in (50, 95, 99))
        return f"{said} ({len(self.seconds)} times, {len(self.failures)} failed)"


def at_once(count: int, work: Callable[[int], None]) -> None:
    """`work(number)` in as many threads, to its end."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
