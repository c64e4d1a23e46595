"""Bytes become pages. Nothing here opens a path; addresses are fetched by `rag.network` alone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from rag.core.errors import EmptyFile, TooLarge
from rag.core.formats import format_of
from rag.core.types import LoadedDocument, OcrChoice
from rag.ingestion.loading.recognising import FORGOTTEN, KeptPages, pages_to_see, recognise
from rag.ingestion.loading.sandbox import Limits, read_isolated

__all__ = ["Limits", "Ocr", "load_address", "load_bytes", "load_kept"]

_DEFAULT = Limits()

# Hears of pages read: (done, in all). It may raise to stop the reading.
ProgressCallback = Callable[[int, int], None]


def _silent(_done: int, _total: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Ocr:
    """How pages without text are read: whether by recognition, who keeps what it saw, who hears of it."""

    choice: OcrChoice = "auto"
    kept: Callable[[bytes], KeptPages] = lambda data: FORGOTTEN
    on_progress: ProgressCallback = _silent


_AUTO: Final = Ocr()


def load_bytes(
    data: bytes,
    name: str,
    *,
    password: str | None = None,
    limits: Limits = _DEFAULT,
    on_progress: ProgressCallback = _silent,
    ocr: Ocr = _AUTO,
) -> LoadedDocument:
    """Read a file in the parsing child; its content decides its kind, its name only helps.

    Raises:
        UnreadableDocument: as the leaf that says what is wrong with it.
    """
    return _load(data, name, limits, password=password, on_progress=on_progress, ocr=ocr)


def load_address(
    address: str,
    *,
    intranet: Collection[str] = (),
    limits: Limits = _DEFAULT,
    on_progress: ProgressCallback = _silent,
    ocr: Ocr = _AUTO,
) -> tuple[LoadedDocument, bytes]:
    """Fetch an address and read what it gives: the document, and the bytes to keep.

    The document's `address` is the final one, after redirects. `intranet` holds the
    host:port of private servers that may be read.

    Raises:
        AddressError: it gives nothing that can be read.
        UnreadableDocument: what it gives is damaged, empty or too large.
    """
    from rag.network import fetch

    fetched = fetch(address, intranet=intranet, max_bytes=min(limits.file_megabytes, 10) * 2**20)
    name = _name(fetched.address, fetched.type)
    document = _load(fetched.content, name, limits, charset=fetched.charset, on_progress=on_progress, ocr=ocr)
    return _from_address(document, fetched.address), fetched.content


def load_kept(
    data: bytes,
    name: str,
    address: str | None,
    *,
    password: str | None = None,
    limits: Limits = _DEFAULT,
    on_progress: ProgressCallback = _silent,
    ocr: Ocr = _AUTO,
) -> LoadedDocument:
    """Read again what was kept of a file, or of what an address gave. Nothing is fetched.

    Raises:
        UnreadableDocument: as `load_bytes`.
    """
    document = load_bytes(data, name, password=password, limits=limits, on_progress=on_progress, ocr=ocr)
    return _from_address(document, address) if address else document


def _from_address(document: LoadedDocument, address: str) -> LoadedDocument:
    return replace(document, kind=format_of(document.kind).fetched or document.kind, address=address)


def _load(
    data: bytes,
    name: str,
    limits: Limits,
    *,
    password: str | None = None,
    charset: str | None = None,
    on_progress: ProgressCallback,
    ocr: Ocr,
) -> LoadedDocument:
    if not data:
        raise EmptyFile(name=name)
    if len(data) > limits.file_megabytes * 2**20:
        raise TooLarge(name=name, limit=f"{limits.file_megabytes} MB")
    read = partial(read_isolated, data, name, password=password, charset=charset, limits=limits)
    document = read(on_progress=on_progress, seen_later=ocr.choice != "never")
    numbers = pages_to_see(document, ocr.choice)
    if numbers or (document.pages and all(not page.text or page.unread for page in document.pages)):
        seen = recognise(data, document.kind, numbers, password, ocr.kept(data), ocr.on_progress)
        document = read(recognised=seen)
    return replace(document, ocr=ocr.choice)


def _name(address: str, type_: str) -> str:
    """The file's name in the address where it is a file, else the address itself."""
    last = PurePosixPath(unquote(urlsplit(address).path)).name
    return last if last and type_ not in ("text/html", "application/xhtml+xml") else address
