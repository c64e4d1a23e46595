"""Outlook's messages (.msg) become mails: their properties lie in streams that bear numbers of MAPI as names."""

from __future__ import annotations

import io
import re
import struct
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from rag.core.errors import DamagedFile
from rag.core.types import LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.mail import document_of

_SUBJECT, _BODY, _HTML, _TO, _CC = "0037", "1000", "1013", "0E04", "0E03"
_SENDER, _ADDRESS, _SMTP = "0C1A", "0C1F", "5D01"
_FILE, _LONG_FILE, _DATA = "3704", "3707", "3701"
_SENT, _DELIVERED = 0x0039, 0x0E06
_CODE_PAGE: Final = 0x3FFD
_FIXED: Final = struct.Struct("<HHIQ")
_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f]+")
_DEEPEST: Final = 5


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A message.

    Raises:
        DamagedFile: it is no message inside.
        NoWords: nothing is written in it.
    """
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as opened:
            if not opened.exists("__properties_version1.0"):  # its listing is damaged: what is in it is not known
                raise DamagedFile(name=name, expected="msg")
            message = _Storage(opened, [], 32).message()
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error, OverflowError) as error:
        raise DamagedFile(name=name, expected="msg") from error
    return document_of(message, name, options)


class _Storage:
    """A message, or one inside another. `head` is the length of what stands before the fixed properties."""

    def __init__(self, opened: Any, path: list[str], head: int) -> None:
        self._opened, self._path = opened, path
        self._fixed = self._numbers(path, head)
        self._code_page = f"cp{self._fixed.get(_CODE_PAGE, 1252)}"

    def message(self, depth: int = 0) -> EmailMessage:
        message = EmailMessage()
        sender, address = self._text(_SENDER), self._text(_SMTP) or self._text(_ADDRESS)
        sender = f"{sender} <{address}>" if "@" in address and address != sender else sender or address
        for header, value in (("Subject", self._text(_SUBJECT)), ("To", self._text(_TO)), ("Cc", self._text(_CC))):
            _set(message, header, value)
        _set(message, "From", sender)
        sent = self._fixed.get(_SENT) or self._fixed.get(_DELIVERED)
        if sent:
            _set(message, "Date", format_datetime(_EPOCH + timedelta(microseconds=sent // 10)))
        body, page = self._text(_BODY), self._bytes(f"{_HTML}0102") or self._text(_HTML).encode()
        if body.strip():
            message.set_content(body)
            if page:
                message.add_alternative(decode(page, self._code_page, markup=True) or "", subtype="html")
        elif page:
            message.set_content(decode(page, self._code_page, markup=True) or "", subtype="html")
        self._attach(message, depth)
        return message

    def _attach(self, message: EmailMessage, depth: int) -> None:
        depths = len(self._path)
        found = {
            entry[depths]
            for entry in self._opened.listdir()
            if entry[:depths] == self._path and len(entry) > depths + 1
        }
        for storage in sorted(name for name in found if name.startswith("__attach_version1.0")):
            path = [*self._path, storage]
            part = _Storage(self._opened, path, 8)
            inner = [*path, f"__substg1.0_{_DATA}000D"]
            if self._opened.exists([*inner, "__properties_version1.0"]) and depth < _DEEPEST:
                message.add_attachment(_Storage(self._opened, inner, 24).message(depth + 1))
            elif data := part._bytes(f"{_DATA}0102"):
                name = _UNFIT.sub(" ", part._text(_LONG_FILE) or part._text(_FILE) or "attachment")
                message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)

    def _bytes(self, property_: str) -> bytes:
        path = [*self._path, f"__substg1.0_{property_}"]
        return bytes(self._opened.openstream(path).read()) if self._opened.exists(path) else b""

    def _text(self, number: str) -> str:
        wide = self._bytes(f"{number}001F")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return (decode(self._bytes(f"{number}001E"), self._code_page) or "").rstrip("\0")

    def _numbers(self, path: list[str], head: int) -> dict[int, int]:
        where = [*path, "__properties_version1.0"]
        data = self._opened.openstream(where).read() if self._opened.exists(where) else b""
        data = data[head : len(data) - (len(data) - head) % _FIXED.size]
        return {number: value for _, number, _, value in _FIXED.iter_unpack(data)}


def _set(message: EmailMessage, header: str, value: str) -> None:
    value = _UNFIT.sub(" ", value).strip()
    if value:
        # As plain letters: whether they are addresses is not asked.
        message._headers.append((header, value))  # type: ignore[attr-defined]
