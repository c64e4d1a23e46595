"""Web pages saved as one file (MHTML), which some programs call .doc."""

from __future__ import annotations

import email
import email.policy
import re
from typing import Final

_LINE: Final = re.compile(rb"([\w-]{1,60}):|[ \t]")
_HEAD_LINES: Final = 60
_KINDS: Final = (b"multipart/related", b"text/html", b"application/xhtml+xml")
# What a letter has, and a page has not.
_LETTER: Final = {b"to", b"received", b"message-id", b"return-path", b"delivered-to"}
_PARTS: Final = 200


def is_page(data: bytes) -> bool:
    """Whether it begins as such a file does."""
    names: set[bytes] = set()
    head, _, _ = data[:16384].lstrip().replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = head.split(b"\n")
    for line in lines[:_HEAD_LINES]:
        found = _LINE.match(line)
        if found is None:
            return False
        names.add((found[1] or b"").lower())
    named = b"content-type" in names and b"mime-version" in names
    return named and not names & _LETTER and any(kind in head.lower() for kind in _KINDS)


def page_of(data: bytes) -> tuple[bytes, str | None] | None:
    """The page in such a file and what it calls its characters; None where it is no such file."""
    if not is_page(data):
        return None
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.compat32)
    for number, part in enumerate(message.walk()):
        if number > _PARTS:
            break
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return content, part.get_content_charset()
    return None
