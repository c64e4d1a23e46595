"""Small mails for tests: as files, in boxes, as Outlook keeps them; and archives."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from itertools import pairwise

_SECTOR, _FREE, _END, _FAT = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

ANSWER = """Hello Bo,

the lock closes at nine from May on.

Ada

On Tue, 12 Mar 2024 at 08:00, Bo <bo@example.com> wrote:
> Ada, when does the lock close?
> It closed at eight last year.
"""


def mail(
    body: str = ANSWER, subject: str = "Opening hours", *, page: str = "", files: Mapping[str, bytes] = {}
) -> bytes:
    """A mail as a file."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ada <ada@example.com>", "bo@example.com", subject
    message["Date"] = "Wed, 13 Mar 2024 09:30:00 +0100"
    message.set_content(body)
    if page:
        message.add_alternative(page, subtype="html")
    for name, data in files.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def box(*mails: bytes) -> bytes:
    """An mbox file."""
    return b"".join(b"From ada@example.com Wed Mar 13 09:30:00 2024\n" + one + b"\n\n" for one in mails)


def packed(files: dict[str, bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def outlook(subject: str, body: str, file: tuple[str, bytes]) -> bytes:
    """A message of Outlook with one attached file."""
    sent = struct.pack("<HHIQ", 0x40, 0x39, 6, 133548066000000000)
    streams = {
        ("__properties_version1.0",): bytes(32) + sent,
        ("__substg1.0_0037001F",): subject.encode("utf-16-le"),
        ("__substg1.0_1000001F",): body.encode("utf-16-le"),
        ("__substg1.0_0C1A001F",): "Ada".encode("utf-16-le"),
        ("__substg1.0_5D01001F",): "ada@example.com".encode("utf-16-le"),
        ("__substg1.0_0E04001F",): "Bo".encode("utf-16-le"),
        ("__attach_version1.0_#00000000", "__substg1.0_3707001F"): file[0].encode("utf-16-le"),
        ("__attach_version1.0_#00000000", "__substg1.0_37010102"): file[1],
    }
    return compound(streams)


def compound(streams: dict[tuple[str, ...], bytes]) -> bytes:
    """A compound file (OLE). Streams are padded to the size from which they lie in sectors of their own."""
    entries: list[tuple[str, int, bytes]] = [("Root Entry", 5, b"")]
    children: dict[tuple[str, ...], list[int]] = {}
    for path, data in streams.items():
        for length in range(1, len(path)):
            if path[:length] not in children:
                children.setdefault(path[: length - 1], []).append(len(entries))
                children[path[:length]] = []
                entries.append((path[length - 1], 1, path[:length].__repr__().encode()))
        children.setdefault(path[:-1], []).append(len(entries))
        entries.append((path[-1], 2, data + bytes(max(0, 4096 - len(data)))))
    return _written(entries, children)


def _written(entries: list[tuple[str, int, bytes]], children: dict[tuple[str, ...], list[int]]) -> bytes:
    chains: list[int] = [_FAT]
    body: list[bytes] = []
    starts = []
    for _, kind, data in entries:
        starts.append(len(chains) if kind == 2 else 0)
        if kind == 2:
            body.append(data + bytes(-len(data) % _SECTOR))
            count = len(body[-1]) // _SECTOR
            chains += [*range(len(chains) + 1, len(chains) + count), _END]
    follows = {one: after for among in children.values() for one, after in pairwise(among)}
    first = {path: among[0] for path, among in children.items() if among}
    listing = b""
    for number, (name, kind, data) in enumerate(entries):
        inside = first.get((), _FREE) if kind == 5 else first.get((name,), _FREE) if kind == 1 else _FREE
        encoded = name.encode("utf-16-le") + b"\0\0"
        size = len(data) if kind == 2 else 0
        listing += encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
        listing += struct.pack("<III", _FREE, follows.get(number, _FREE), inside) + bytes(36)
        listing += struct.pack("<IQ", starts[number] if kind == 2 else _END, size)
    listing += bytes(-len(listing) % _SECTOR)
    start = len(chains)
    chains += [*range(start + 1, start + len(listing) // _SECTOR), _END]
    assert len(chains) <= 128
    table = struct.pack("<128I", *chains, *[_FREE] * (128 - len(chains)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, start, 0, 4096, _END, 0, _END, 0)
    head += struct.pack("<109I", 0, *[_FREE] * 108)
    return head + table + b"".join(body) + listing
