"""The parsing process: `python -m rag.ingestion.loading.sandbox_child`, spoken to over its standard input and output.

It reads one frame, parses, writes one frame, and waits for the next. An error that it does not
know ends it, and that is meant: the file is then reported as damaged, and a new child starts.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import IO, Any

from rag.core.errors import RagError, TooLarge
from rag.core.types import LoadedDocument, recognition_of
from rag.ingestion.loading.file_types import kind_of
from rag.ingestion.loading.loaders import ReadingOptions, load
from rag.ingestion.loading.sandbox import Limits, document_fields, receive, send

_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.startfile")
_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.truncate")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


# Of how many pages the other side hears at most: each word of it is a frame.
_TOLD_OF = 200


def parse(data: bytes, header: dict[str, Any], on_progress: Callable[[int, int], None]) -> LoadedDocument:
    """Decide the kind and read it."""
    options = ReadingOptions(
        kind_of(data, header["name"]),
        header["password"],
        header["charset"],
        header["limits"]["pages"],
        on_progress,
        {int(number): recognition_of(seen) for number, seen in header["recognised"].items()},
        header["seen_later"],
    )
    return load(data, header["name"], options)


def answer(
    header: dict[str, Any], data: bytes, on_progress: Callable[[int, int], None]
) -> tuple[dict[str, Any], bytes]:
    """The document as plain values with the files in it, or the failure to read it; `on_progress` hears of pages."""
    limits = Limits(**header["limits"])
    name = header["name"]
    bound(limits)
    try:
        document = parse(data, header, on_progress)
        inside = [(file.name, len(file.data)) for file in document.inside]
        return {"document": document_fields(document), "inside": inside}, b"".join(f.data for f in document.inside)
    except RagError as error:
        failure = error.failure()
    except MemoryError:
        failure = TooLarge(name=name, limit=f"{limits.megabytes} MB").failure()
    return {"failure": {"key": failure.key, "fields": failure.fields}}, b""


def bound(limits: Limits) -> None:
    """Let this process use so much memory and so much more time, where the system knows such bounds."""
    if sys.platform == "win32":
        return
    import resource

    def at_most(what: int, value: int) -> None:
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))

    used = resource.getrusage(resource.RUSAGE_SELF)
    at_most(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + limits.seconds + 1)
    if sys.platform == "linux":  # elsewhere the bound counts what is merely mapped
        at_most(resource.RLIMIT_AS, limits.megabytes * 2**20)
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        at_most(what, 0)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook: no network, no other programs, no files written."""
    if event.startswith(_REFUSED) or event in _CHANGES:
        raise PermissionError(f"{event} is not for parsers")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
        raise PermissionError("writing is not for parsers")


def closed_off() -> IO[bytes]:
    """The pipe to answer on; from here on this process reaches nothing else."""
    logging.disable()
    # Whatever a library prints must not fall between the frames.
    writing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.addaudithook(_refuse)
    return writing


def serve() -> None:
    """Answer frames until the input ends."""
    writing = closed_off()

    def on_progress(done: int, total: int) -> None:
        if done % max(1, total // _TOLD_OF) == 0:
            send(writing, {"pages": [done, total]})

    while frame := receive(sys.stdin.buffer):
        send(writing, *answer(*frame, on_progress))


if __name__ == "__main__":
    serve()
