"""The files in a file: attached to a mail, or in an archive. Each is read as a document of its own, under its path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from rag.core.errors import PartlyRead, RagError, TooLarge, UnreadableDocument
from rag.core.types import Document, LoadedDocument, Notice

UNREAD: Final = "inside_unread"
# Files in files in files: deeper there are only bombs. The number counts all files of one that is read.
_DEEPEST: Final = 3
_FILES: Final = 2000
_NAMED: Final = 10


@dataclass
class InnerFiles:
    """What came of the files in one that is read: the documents in order, and which could not be read, with why."""

    documents: list[Document] = field(default_factory=list)
    failed: list[tuple[str, RagError]] = field(default_factory=list)
    _left: int = _FILES
    _depth: int = 0

    def read(self, loaded: LoadedDocument, read: Callable[[bytes, str], Document]) -> LoadedDocument:
        """Read the files in a document by `read`, which gets their bytes and names; the document says which failed.

        Raises:
            PartlyRead: it has no pages itself, and not all of its files could be read.
            TooLarge: it holds files in files beyond the limits.
        """
        if not loaded.inside:
            return loaded
        self._left -= len(loaded.inside)
        if self._depth >= _DEEPEST or self._left < 0:
            raise TooLarge(name=loaded.name, limit=f"{_FILES:,}")
        failed: list[str] = []
        self._depth += 1
        for file in loaded.inside:
            name = f"{loaded.name}/{file.name}"
            try:
                read(file.data, name)
            except UnreadableDocument as error:
                failed.append(file.name)
                if not isinstance(error, PartlyRead):
                    self.failed.append((name, error))
        self._depth -= 1
        if not failed:
            return loaded
        said: dict[str, str | int] = {"count": len(failed), "names": ", ".join(failed[:_NAMED])}
        if not loaded.pages:
            raise PartlyRead(name=loaded.name, **said)
        return replace(loaded, warnings=(*loaded.warnings, Notice(UNREAD, said)))
