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

    def run(self, page: str = "") -> float:
        """Seconds until the page was there in full.

        Raises:
            RuntimeError: the script ended with an exception, or the page shows an error.
        """
        message = BackMsg()
        message.rerun_script.page_name = page
        began = time.monotonic()
        self._socket.send(message.SerializeToString())
        while True:
            said = ForwardMsg()
            said.ParseFromString(self._socket.recv(timeout=PATIENCE))
            if said.WhichOneof("type") == "delta" and _is_error(said):
                raise RuntimeError(str(said.delta.new_element)[:300])
            if said.WhichOneof("type") == "script_finished":
                if said.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                    raise RuntimeError(f"the script ended with {said.script_finished}")
                return time.monotonic() - began


def _is_error(said: ForwardMsg) -> bool:
    element = said.delta.new_element
    kind = element.WhichOneof("type")
    return kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR)


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
