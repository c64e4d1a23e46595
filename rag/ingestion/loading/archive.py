"""ZIP archives: the files in them, with their paths. Each becomes a document of its own.

Paths are names and nothing else: no file is written. Links and what systems put beside files are left out.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from rag.core.errors import DamagedFile, NoWords, ProtectedFile
from rag.core.types import InnerFile, LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.office_package import check_sizes
from rag.ingestion.loading.titles import title_of

_BESIDE: Final = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """The files of an archive; it has no pages itself.

    Raises:
        DamagedFile: it cannot be unpacked.
        TooLarge: it holds more files or bytes than the limits for archives allow.
        ProtectedFile: only its password opens it.
        NoWords: it holds no file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_link(entry)]
            check_sizes(entries, name)
            if any(entry.flag_bits & _ENCRYPTED for entry in entries):
                raise ProtectedFile(name=name)
            inside = tuple(_files(archive, entries))
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise DamagedFile(name=name, expected="zip") from error
    if not inside:
        raise NoWords(name=name)
    return LoadedDocument(name, title_of("", name), options.kind, (), inside=inside)


def _files(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[InnerFile]:
    for entry in entries:
        path = _path(entry)
        if path:
            yield InnerFile(path, archive.read(entry))


def _path(entry: zipfile.ZipInfo) -> str:
    """The path as a name, without steps that lead elsewhere; empty for what nobody put there."""
    written = entry.filename
    if not entry.flag_bits & _UTF8:
        written = decode(written.encode("cp437", "replace")) or written
    steps = [step for step in written.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    hidden = not steps or steps[-1].startswith(".") or any(step in _BESIDE for step in steps)
    return "" if hidden else "/".join(steps)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)
