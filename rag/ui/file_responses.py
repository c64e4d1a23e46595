"""How bytes are sent: named, typed, in ranges, and such that they do nothing but lie there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from rag.core.formats import promised
from rag.core.types import Document

# Of everything that is sent, refusals too. Nothing is kept by a browser: the next look asks for the right anew.
HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Would be packed on its way otherwise, and a range of what is packed is none of the file.
    "Content-Encoding": "identity",
}

# As many digits as a file has bytes; what is longer is no range.
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_NOT_PLAIN: Final = re.compile(r"[^ -~]")
# What turns or hides the letters around it, ends a line, or leads into another folder.
_UNFIT: Final = re.compile(
    r'[\x00-\x1f\x7f-\x9f"*/:<>?\\|\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]'
)
_LONGEST_NAME: Final = 120


def send(
    request: Request, size: int, pieces: Callable[[int, int], Iterator[bytes]], *, type: str, name: str, tag: str
) -> Response:
    """The bytes that `pieces(start, stop)` gives, or those of them that are asked for.

    Args:
        name: what a browser saves it as; empty where it is shown in a page.
        tag: another one for other bytes.
    """
    headers = {**HEADERS, "Content-Type": type, "Accept-Ranges": "bytes", "ETag": f'"{tag}"'}
    headers["Content-Disposition"] = disposition(name) if name else "inline"
    wanted = _wanted(request, size, headers["ETag"])
    if wanted is None:
        return Response(status_code=416, headers={**HEADERS, "Content-Range": f"bytes */{size}"})
    start, stop, status = wanted
    headers["Content-Length"] = str(stop - start)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    given = iter(()) if request.method == "HEAD" else pieces(start, stop)
    return StreamingResponse(given, status, headers)


def _wanted(request: Request, size: int, tag: str) -> tuple[int, int, int] | None:
    """The first byte, the one after the last, and the status; None where there are no such bytes. What is not one range
    gets all."""
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    # A range of what has become another file is of no use.
    if found is None or found[0] == "bytes=-" or request.headers.get("if-range", tag) != tag:
        return 0, size, 200
    first, last = found[1], found[2]
    if not first:
        return (max(0, size - int(last)), size, 206) if int(last) and size else None
    if last and int(last) < int(first):
        return 0, size, 200
    return (int(first), min(size, int(last) + 1) if last else size, 206) if int(first) < size else None


def disposition(name: str) -> str:
    """The head that has a browser save a file under this name, whatever letters it has (RFC 6266, RFC 8187)."""
    plain = _NOT_PLAIN.sub("_", name).replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def file_name(document: Document) -> str:
    """What to save a document's file as: its own name, of a page from the web the end of its address."""
    name = document.name
    if name == document.address:
        parts = urlsplit(name)
        name = PurePosixPath(unquote(parts.path)).name or parts.netloc
    name = _UNFIT.sub("_", name).strip(". ") or "document"
    ending = PurePosixPath(name).suffix
    ending = ending if 0 < len(ending) <= 10 else ""
    stem = name.removesuffix(ending)[: _LONGEST_NAME - len(ending)]
    # Without its ending a computer would not know what to open it with.
    wanted, meant = document.format, promised(name)
    known = meant is not None and meant.media_type == wanted.media_type
    return f"{stem}{ending}" if known else f"{stem}{ending}{wanted.saved}"
