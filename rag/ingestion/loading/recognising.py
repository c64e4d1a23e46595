"""Text recognition (OCR) of the pages that have no text of their own, one after the other, in a child of its own.

Each page is handed to whoever keeps it as soon as it is done: a reading that is killed goes on with the next page, and
one that is stopped keeps what it has.
"""

from __future__ import annotations

import atexit
import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final, Protocol

from rag.core import child_processes
from rag.core.errors import Cancelled
from rag.core.formats import Kind, format_of
from rag.core.types import LoadedDocument, OcrChoice, Recognition, recognition_of
from rag.ingestion.loading.sandbox import Child, Limits, limited

# A page may use so much; a magazine's full one took 13 s of one processor, and 0.9 GB.
PAGE_LIMITS: Final = Limits(seconds=120, megabytes=4096)
_PAGES_PER_CHILD: Final = 200
# A child waits so long for another page: it holds half a gigabyte.
_IDLE_SECONDS: Final = 60.0


class KeptPages(Protocol):
    """Remembers the pages of one file that were recognised."""

    def get(self) -> dict[int, Recognition]: ...

    def put(self, number: int, seen: Recognition) -> None: ...


class _Forgotten:
    """Nothing is remembered."""

    def get(self) -> dict[int, Recognition]:
        return {}

    def put(self, number: int, seen: Recognition) -> None:
        pass


FORGOTTEN: Final[KeptPages] = _Forgotten()


def pages_to_see(document: LoadedDocument, ocr: OcrChoice) -> list[int]:
    """The pages of a document that recognition is to read, or the pictures in it."""
    if ocr != "never" and document.pictures:
        return list(document.pictures)
    if ocr == "never" or not format_of(document.kind).recognisable:
        return []
    return [page.number for page in document.pages if ocr == "always" or page.unread in ("picture", "letters")]


def recognise(
    data: bytes,
    kind: Kind,
    numbers: Sequence[int],
    password: str | None,
    kept: KeptPages,
    on_progress: Callable[[int, int], None],
) -> dict[int, Recognition]:
    """What is seen on these pages; those that cannot be read are not there, nor those after a stop.

    `on_progress` hears of pages done (done, in all); where it raises Cancelled, what is done is given, if anything is.
    """
    known = kept.get()
    found = {number: known[number] for number in numbers if number in known}
    key = hashlib.sha256(data).hexdigest()
    try:
        for done, number in enumerate(numbers):
            on_progress(done, len(numbers))
            if number in found:
                continue
            seen = _reader.see(key, data, {"kind": kind, "number": number, "password": password})
            if seen is not None:
                found[number] = seen
                kept.put(number, seen)
        on_progress(len(numbers), len(numbers))
    except Cancelled:
        if not found:
            raise
    return found


class _Reader:
    """One child for all that is read in this process, page by page; it ends when nothing was to do for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._file = ""
        self._timer: threading.Timer | None = None

    def see(self, key: str, data: bytes, asked: dict[str, object]) -> Recognition | None:
        """What is seen on a page; None where it takes too much, or cannot be drawn."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._child is None or not self._child.lives() or self._child.files >= _PAGES_PER_CHILD:
                self._end()
                self._child = Child(child_processes.start("rag.ingestion.loading.ocr_child", **limited()))
                self._file = ""
            header = asked | {"limits": asdict(PAGE_LIMITS)}
            sent = b"" if self._file == key else data
            answer = self._child.ask(header, sent, PAGE_LIMITS.seconds + 1, lambda done, total: None)
            self._file = key
            if answer is None:
                self._end()
            self._timer = threading.Timer(_IDLE_SECONDS, self.close)
            self._timer.daemon = True
            self._timer.start()
        return recognition_of(answer[0]["seen"]) if answer and "seen" in answer[0] else None

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
        self._child = None


_reader = _Reader()
atexit.register(_reader.close)
