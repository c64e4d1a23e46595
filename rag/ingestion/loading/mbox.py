"""A box of mails as one file (mbox): each mail is a page of its own, under its subject."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rag.core.errors import DamagedFile, NoWords
from rag.core.types import InnerFile, LoadedDocument, Page
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.mail import said, written_of
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

# The line before each mail; one in a text is written with a mark before it, but not by all programs.
_BORDER: Final = re.compile(rb"^From (?:\S{1,200} {1,4})?[^\n]{0,60}\d\d:\d\d[^\n]{0,60}\r?\n", re.MULTILINE)
_MASKED: Final = re.compile(rb"^>(?=>{0,9}From )", re.MULTILINE)
_MAILS: Final = 20_000


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A box of mails.

    Raises:
        DamagedFile: it is no such box.
        NoWords: nothing is written in its mails.
    """
    pages: list[Page] = []
    files: list[InnerFile] = []
    mails = list(_mails(data))
    if not mails:
        raise DamagedFile(name=name, expected="mbox")
    for number, mail in enumerate(mails, 1):
        message = email.message_from_bytes(mail, policy=email.policy.compat32)
        written, parts = written_of(message)
        if written.text.strip():
            for page in in_parts(name, "", options.kind, written).pages:
                pages.append(replace(page, number=len(pages) + 1, label=str(number)))
        folder = f"{number} {said(message, 'Subject')}".replace("/", "_").strip()
        files += [InnerFile(f"{folder}/{file.name}", file.data) for file in parts.files]
        options.on_progress(number, len(mails))
    if not pages:
        raise NoWords(name=name)
    return LoadedDocument(name, title_of("", name), options.kind, tuple(pages), inside=tuple(files))


def _mails(data: bytes) -> Iterator[bytes]:
    borders = list(_BORDER.finditer(data))[:_MAILS]
    ends = [border.start() for border in borders[1:]] + [len(data)]
    for border, end in zip(borders, ends, strict=True):
        yield _MASKED.sub(b"", data[border.end() : end])
