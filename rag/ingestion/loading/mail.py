"""Mails become text: who wrote to whom, when and about what, then what is new in them.

What a mail repeats of those before it is left out: it is not its sender's. Attached files become documents of their
own. Nothing that a mail links to is fetched.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final

from rag.core.errors import DamagedFile, NoWords
from rag.core.types import InnerFile, LeftOut, LoadedDocument, Page, UnreadReason
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.mail_history import cut_at, new_text, unfolded, without_quotes
from rag.ingestion.loading.text_flow import TextFlow, Written
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

HEADERS: Final = ("From", "To", "Cc", "Date")
_FORWARDED: Final = re.compile(r"\s{0,9}(?:fwd?|wg|tr|rv|转发|轉寄)\s?[:：]", re.IGNORECASE)
_BLANKS: Final = re.compile(r"\s++")
_DEEPEST: Final = 20
_PARTS: Final = 500
# Bytes of a picture in a mail that is more than a sign beside the sender's name.
_LARGE: Final = 40_000


@dataclass
class Parts:
    """What a mail is made of."""

    bodies: list[Written] = field(default_factory=list)
    files: list[InnerFile] = field(default_factory=list)
    pictures: bool = False


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A mail as a file (.eml).

    Raises:
        DamagedFile: it is no mail.
        NoWords: nothing is written in it.
    """
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.compat32)
    if not any(said(message, header) for header in (*HEADERS, "Subject", "Received", "Content-Type")):
        raise DamagedFile(name=name, expected="eml")
    return document_of(message, name, options)


def document_of(message: Message, name: str, options: ReadingOptions) -> LoadedDocument:
    """The document of a mail, with the files that are attached to it."""
    written, parts = written_of(message)
    if not written.text.strip():
        raise NoWords(name=name)
    document = in_parts(name, title_of(said(message, "Subject"), name), options.kind, written)
    if parts.pictures:
        document = replace(document, pages=tuple(map(_with_picture, document.pages)))
    return replace(document, date=day_of(message), inside=tuple(parts.files))


def _with_picture(page: Page) -> Page:
    unread: UnreadReason = "picture"
    return replace(page, unread=unread)


def written_of(message: Message) -> tuple[Written, Parts]:
    """The text of a mail below its headers, and what else is in it."""
    flow = TextFlow()
    subject = said(message, "Subject")
    flow.put(subject)
    flow.end("\n\n", level=1)
    for header in HEADERS:
        if stated := said(message, header):
            flow.block(f"{header}: {stated}")
    parts = Parts()
    _collect(message, parts, bool(_FORWARDED.match(subject)), 0)
    for body in parts.bodies:
        flow.written(body)
    return flow.finish(), parts


def said(message: Message, header: str) -> str:
    """A header in readable letters, on one line."""
    try:
        pieces = decode_header(message.get(header, "") or "")
    except (MessageError, ValueError, UnicodeError, AttributeError, IndexError):
        return ""
    words = "".join(
        piece if isinstance(piece, str) else decode(piece, charset if charset != "unknown-8bit" else None) or ""
        for piece, charset in pieces
    )
    return _BLANKS.sub(" ", words).strip()


def day_of(message: Message) -> str:
    """The day on which it was sent."""
    try:
        return parsedate_to_datetime(said(message, "Date")).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _collect(part: Message, parts: Parts, forwarded: bool, depth: int) -> None:
    kind = part.get_content_type()
    if depth > _DEEPEST or len(parts.files) > _PARTS:
        return
    if kind == "multipart/alternative":
        _choose(part, parts, forwarded, depth)
    elif kind == "message/rfc822" and part.is_multipart():
        inner = part.get_payload(0)
        if isinstance(inner, Message):
            parts.files.append(InnerFile(f"{said(inner, 'Subject') or 'mail'}.eml".replace("/", "_"), inner.as_bytes()))
    elif part.is_multipart():
        for child in _children(part):
            _collect(child, parts, forwarded, depth + 1)
    elif kind in ("text/plain", "text/html") and not _is_file(part):
        if body := _body(part, forwarded):
            parts.bodies.append(body)
    else:
        _attach(part, parts, kind)


def _attach(part: Message, parts: Parts, kind: str) -> None:
    data = _payload(part)
    name = _file_name(part)
    if kind.startswith("image/") and (part.get("Content-ID") or part.get_content_disposition() != "attachment"):
        parts.pictures = parts.pictures or len(data) > _LARGE
    elif data and name:
        parts.files.append(InnerFile(name, data))


def _choose(part: Message, parts: Parts, forwarded: bool, depth: int) -> None:
    """Of the forms of one text the plain one, but where the other has tables or there is no plain one."""
    forms: list[Parts] = []
    for child in _children(part):
        form = Parts()
        _collect(child, form, forwarded, depth + 1)
        parts.files += form.files
        parts.pictures = parts.pictures or form.pictures
        if form.bodies:
            forms.append(form)
    tabled = [form for form in forms if any(body.tables for body in form.bodies)]
    if forms:
        parts.bodies += (tabled or forms)[0].bodies


def _children(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (child for child in payload[:_PARTS] if isinstance(child, Message))


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _file_name(part: Message) -> str:
    try:
        stated = part.get_filename() or ""
        pieces = decode_header(stated)
    except (MessageError, ValueError, UnicodeError, AttributeError, IndexError, TypeError):
        return ""
    name = "".join(piece if isinstance(piece, str) else decode(piece, charset) or "" for piece, charset in pieces)
    return _BLANKS.sub(" ", name.replace("\\", "/").rpartition("/")[2]).strip()


def _payload(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, AttributeError, AssertionError):
        return b""
    return data if isinstance(data, bytes) else b""


def _body(part: Message, forwarded: bool) -> Written | None:
    """What is new in a text; what it repeats of earlier mails is left out."""
    try:
        charset = part.get_content_charset()
    except (ValueError, UnicodeError, LookupError):
        charset = None
    if part.get_content_type() == "text/plain":
        text = decode(_payload(part), charset) or ""
        flowed = str(part.get_param("format", "")).lower() == "flowed"
        return new_text(unfolded(text) if flowed else text, forwarded=forwarded)
    from rag.ingestion.loading.web import soup_of
    from rag.ingestion.loading.web_styles import Styles
    from rag.ingestion.loading.web_text import render

    soup = soup_of(decode(_payload(part), charset, markup=True) or "")
    quoted = "" if forwarded else without_quotes(soup)
    written = render(soup.body or soup, Styles(soup))
    written = written if forwarded else cut_at(written)
    if quoted:
        written.left_out.append(LeftOut("history", quoted, len(written.text)))
    return written if written.text.strip() or written.left_out else None
