"""Parsing in a child process, so that a hostile file can cost no more than one error.

The child has little memory, no network and nothing to write to. It is started once and
reused, since starting costs more than reading most files; it is replaced when it dies, is too
slow, or has read many files. Frames over its pipes are a length, a JSON object and, on the
way in, the bytes of the file: nothing that comes back is ever executed.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from rag.core import child_processes
from rag.core.errors import DamagedFile, RagError, TooLarge, TooSlow
from rag.core.types import (
    Failure,
    InnerFile,
    LoadedDocument,
    Notice,
    Recognitions,
    page_fields,
    page_of,
    recognition_fields,
)

_LENGTH = struct.Struct(">QQ")
_FILES_PER_CHILD = 100
_ANSWER_LIMIT = 256 * 2**20
# The child knows nothing of the app's keys and settings.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on reading one document: its size, and what the child may use for it."""

    pages: int = 2000
    seconds: int = 30
    megabytes: int = 1024
    file_megabytes: int = 100
    characters: int = 20_000_000


def limited() -> dict[str, Any]:
    """Options of `child_processes.start` for a process that is spoken to over its pipes and knows no settings."""
    return {
        "python": ["-B"],
        "env": {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"OMP_NUM_THREADS": "1"},
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.DEVNULL,
    }


class Child:
    """One limited process and its two pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.files = 0
        self._process = process

    def ask(
        self, header: dict[str, Any], data: bytes, seconds: float, on_progress: Callable[[int, int], None]
    ) -> tuple[dict[str, Any], bytes] | None:
        """The child's answer, or None when it died of the question or did not answer in time.

        `on_progress` hears of pages read meanwhile; what it raises ends the child.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.files += 1
        self.late = threading.Event()
        timer = threading.Timer(seconds, self._end_late)
        timer.start()
        try:
            send(self._process.stdin, header, data)
            while (answer := receive(self._process.stdout)) and "pages" in answer[0]:
                on_progress(*answer[0]["pages"])
        except OSError:
            answer = None
        except BaseException:
            self.end()
            raise
        finally:
            timer.cancel()
        return answer

    def lives(self) -> bool:
        return self._process.poll() is None

    def _end_late(self) -> None:
        self.late.set()
        self._process.kill()

    def end(self) -> int:
        """Make sure that the process is gone; its exit status, negative for a signal."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        return self._process.wait()


_idle: list[Child] = []
_idle_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # a forked copy of this process must not speak with the same child
    os.register_at_fork(after_in_child=_idle.clear)


def read_isolated(
    data: bytes,
    name: str,
    *,
    password: str | None = None,
    charset: str | None = None,
    limits: Limits,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    recognised: Recognitions | None = None,
    seen_later: bool = False,
) -> LoadedDocument:
    """Read a document in the child; `on_progress` hears of pages read (done, in all), and may raise to stop.

    `recognised` and `seen_later` are as in `ReadingOptions`.

    Raises:
        UnreadableDocument: whatever leaf the child came to; DamagedFile when it died of the
            file, TooSlow when it took longer than `limits.seconds`.
    """
    header: dict[str, Any] = {"name": name, "password": password, "charset": charset, "limits": asdict(limits)}
    seen = {str(number): recognition_fields(one) for number, one in (recognised or {}).items()}
    header |= {"recognised": seen, "seen_later": seen_later}
    child = _take()
    answer = child.ask(header, data, limits.seconds + 1, on_progress)
    if answer is None:
        status = child.end()
        if child.late.is_set() or status == -getattr(signal, "SIGXCPU", 24):
            raise TooSlow(name=name, seconds=limits.seconds)
        raise DamagedFile(name=name, expected=Path(name).suffix.lstrip(".").lower() or "?")
    _give_back(child)
    said, inside = answer
    if "failure" in said:
        raise RagError.revive(Failure(**said["failure"]))
    return replace(_document(said["document"], name, limits), inside=tuple(_inner_files(said["inside"], inside)))


def _take() -> Child:
    with _idle_lock:
        child = _idle.pop() if _idle else None
    if child is None or not child.lives():
        return Child(child_processes.start("rag.ingestion.loading.sandbox_child", **limited()))
    return child


def _give_back(child: Child) -> None:
    with _idle_lock:
        if child.files < _FILES_PER_CHILD and not _idle:
            _idle.append(child)
            return
    child.end()


@atexit.register
def close() -> None:
    """End the waiting child, if there is one."""
    with _idle_lock:
        while _idle:
            _idle.pop().end()


def _document(fields: dict[str, Any], name: str, limits: Limits) -> LoadedDocument:
    pages = tuple(page_of(page) for page in fields["pages"])
    if sum(len(page.text) for page in pages) > limits.characters:
        raise TooLarge(name=name, limit=f"{limits.characters:,}")
    return LoadedDocument(
        name,
        fields["title"],
        fields["kind"],
        pages,
        empty_pages=tuple(fields["empty_pages"]),
        warnings=tuple(Notice(*warning) for warning in fields["warnings"]),
        date=fields["date"],
        pictures=tuple(fields["pictures"]),
    )


def _inner_files(listed: Sequence[tuple[str, int]], data: bytes) -> Iterator[InnerFile]:
    start = 0
    for name, size in listed:
        yield InnerFile(name, data[start : start + size])
        start += size


def document_fields(document: LoadedDocument) -> dict[str, Any]:
    """A document as plain JSON values; `read_isolated` turns them back."""
    return {
        "title": document.title,
        "kind": document.kind,
        "pages": [page_fields(page) for page in document.pages],
        "empty_pages": document.empty_pages,
        "warnings": [[warning.key, warning.fields] for warning in document.warnings],
        "date": document.date,
        "pictures": document.pictures,
    }


def send(pipe: IO[bytes], header: dict[str, Any], data: bytes = b"") -> None:
    """Write one frame."""
    packed = json.dumps(header).encode("ascii")
    pipe.write(_LENGTH.pack(len(packed), len(data)) + packed)
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Read one frame; None at the end of the pipe, or where it breaks off."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    sizes = _LENGTH.unpack(head)
    if sum(sizes) > _ANSWER_LIMIT + 2**31:
        return None
    header, data = pipe.read(sizes[0]), pipe.read(sizes[1])
    return (json.loads(header), data) if len(header) == sizes[0] and len(data) == sizes[1] else None
