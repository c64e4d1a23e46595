"""A collection's documents as a table: filtered and sorted by the database, a page at a time; acts on many at once."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from rag.core.errors import NothingSelected
from rag.core.formats import FORMATS
from rag.core.types import Document, Selection
from rag.library.store import schema
from rag.library.store.audit_log import note
from rag.library.store.collections import next_generation
from rag.library.store.columns import clean_folder, clean_tag
from rag.library.store.database import Database
from rag.library.store.files import Files
from rag.library.store.permissions import owned
from rag.library.store.relocating import relocate
from rag.library.store.rows import delete_documents, read_document
from rag.library.store.wanted import ALL, GAPS, Wanted, here

Sort = Literal["name", "folder", "kind", "date", "added", "size"]

_table, _tags = schema.documents, schema.document_tags
# One statement takes 32,766 parameters at most.
_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A document in the table. `gaps`: something in it was not read, or there is something to be known about it."""

    document: Document
    tags: tuple[str, ...]
    gaps: bool


@dataclass(frozen=True, slots=True)
class Facets:
    """What the documents of a collection can be limited to, each with how many there are; and their languages."""

    folders: dict[str, int]
    tags: dict[str, int]
    kinds: dict[str, int]
    languages: dict[str, int]


class Listing:
    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def page(
        self,
        owner: str,
        collection_id: str,
        wanted: Wanted,
        *,
        sort: Sort = "name",
        descending: bool = False,
        start: int = 0,
        count: int = 50,
    ) -> tuple[builtins.list[Listed], int]:
        """A stretch of the table, and how many documents the whole of it has."""
        meant = here(owner, collection_id, wanted)
        key = _SORTS[sort].desc() if descending else _SORTS[sort]
        query = sa.select(_table, GAPS.label("gaps")).where(*meant).order_by(key, _table.c.id)
        with self._database.read() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(_table).where(*meant)).scalar_one()
            rows = connection.execute(query.limit(count).offset(max(0, start))).all()
            tags = _tags_of(connection, [row.id for row in rows])
        return [_listed(row, tags.get(row.id, ())) for row in rows], int(total)

    def ids(self, owner: str, collection_id: str, wanted: Wanted) -> builtins.list[str]:
        """The ids of all documents that are wanted, oldest first."""
        query = sa.select(_table.c.id).where(*here(owner, collection_id, wanted))
        with self._database.read() as connection:
            return builtins.list(connection.execute(query.order_by(_table.c.added, _table.c.id)).scalars())

    def asked(self, owner: str, collection_id: str, documents: Sequence[str], selection: Selection) -> tuple[str, ...]:
        """The ids of the documents that a question is asked of: these, as far as they are selected; none for all.

        Raises:
            NothingSelected: no document is.
        """
        if not selection:
            return tuple(documents)
        found = self.ids(owner, collection_id, Wanted(selection=selection))
        among = frozenset(documents or found)
        meant = [each for each in found if each in among]
        if not meant:
            raise NothingSelected
        return tuple(meant)

    def addresses(self, owner: str, collection_id: str, documents: Sequence[str]) -> dict[str, str]:
        """Those of the documents that came from an address, with it."""
        query = sa.select(_table.c.id, _table.c.address).where(*here(owner, collection_id, ALL))
        with self._database.read() as connection:
            asked = query.where(_table.c.address.is_not(None), _table.c.id.in_(documents))
            return dict(map(tuple, connection.execute(asked).all()))

    def count(self, owner: str, collection_id: str, wanted: Wanted = ALL) -> int:
        """How many documents are wanted."""
        query = sa.select(sa.func.count()).select_from(_table).where(*here(owner, collection_id, wanted))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def facets(self, owner: str, collection_id: str) -> Facets:
        """The folders, tags and kinds of the collection's documents."""
        meant = here(owner, collection_id, ALL)
        with self._database.read() as connection:

            def counted(column: sa.Column[Any], source: sa.FromClause) -> dict[str, int]:
                query = sa.select(column, sa.func.count()).select_from(source).where(*meant)
                return dict(sorted(map(tuple, connection.execute(query.group_by(column)).all())))

            folders, kinds = counted(_table.c.folder, _table), counted(_table.c.kind, _table)
            languages = counted(_table.c.language, _table)
            tags = counted(_tags.c.tag, _tags.join(_table, _table.c.id == _tags.c.document))
        return Facets(_with_parents(folders), tags, kinds, languages)

    def put(self, owner: str, collection_id: str, documents: Sequence[str], folder: str) -> int:
        """Put documents of the collection into a folder; how many. Raises NotFound or NotAllowed."""
        with self._database.write() as connection:
            owned(connection, owner, collection_id, "editor", hold="stays")
            there = _there(connection, collection_id, documents)
            for some in _batches(there):
                connection.execute(sa.update(_table).where(_table.c.id.in_(some)).values(folder=clean_folder(folder)))
        return len(there)

    def tag(
        self, owner: str, collection_id: str, documents: Sequence[str], *, add: Sequence[str], remove: Sequence[str]
    ) -> int:
        """Give tags to documents of the collection and take others; how many. Raises NotFound or NotAllowed."""
        given = {tag for tag in map(clean_tag, add) if tag}
        with self._database.write() as connection:
            owned(connection, owner, collection_id, "editor", hold="alone")
            there = _there(connection, collection_id, documents)
            for some in _batches(there):
                gone = sa.and_(_tags.c.document.in_(some), _tags.c.tag.in_([*given, *remove]))
                connection.execute(sa.delete(_tags).where(gone))
                if rows := [{"document": document, "tag": tag} for document in some for tag in sorted(given)]:
                    connection.execute(sa.insert(_tags), rows)
        return len(there)

    def move(self, owner: str, collection_id: str, documents: Sequence[str], target_id: str) -> int:
        """Move documents into another collection; how many, without those that are there already.

        Raises:
            NotFound, NotAllowed: of either collection.
            EmbeddersDiffer: the two were embedded with different models.
        """
        with self._database.write() as connection:
            moved = sum(relocate(connection, owner, collection_id, some, target_id) for some in _batches(documents))
        if moved:
            for changed in (collection_id, target_id):
                self._files.drop_copies(changed)
        return moved

    def remove(self, owner: str, collection_id: str, documents: Sequence[str]) -> int:
        """Remove documents of the collection with their files; how many. Raises NotFound or NotAllowed."""
        with self._database.write() as connection:
            collection = owned(connection, owner, collection_id, "editor", hold="alone")
            gone = [row for some in _batches(documents) for row in delete_documents(connection, collection_id, some)]
            for row in gone:
                note(connection, owner, "removed", collection, document=row.name)
            if gone:
                next_generation(connection, collection_id)
        if gone:
            self._files.release([row.sha256 for row in gone])
            self._files.drop_copies(collection_id)
        return len(gone)


def _there(connection: sa.Connection, collection_id: str, documents: Sequence[str]) -> builtins.list[str]:
    """Those of the documents that are in the collection."""
    found: builtins.list[str] = []
    for some in _batches(documents):
        query = sa.select(_table.c.id).where(_table.c.collection == collection_id, _table.c.id.in_(some))
        found += connection.execute(query).scalars()
    return found


def _batches(ids: Sequence[str]) -> builtins.list[Sequence[str]]:
    return [ids[first : first + _BATCH] for first in range(0, len(ids), _BATCH)]


def _tags_of(connection: sa.Connection, documents: Sequence[str]) -> dict[str, tuple[str, ...]]:
    query = sa.select(_tags).where(_tags.c.document.in_(documents)).order_by(_tags.c.tag)
    tags: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(query).all():
        tags[row.document] = (*tags.get(row.document, ()), row.tag)
    return tags


def _listed(row: sa.Row[Any], tags: tuple[str, ...]) -> Listed:
    return Listed(read_document(row), tags, bool(row.gaps))


def _with_parents(folders: dict[str, int]) -> dict[str, int]:
    """With the folders that only hold others, each with all that is below it."""
    counts: dict[str, int] = {}
    for folder, count in folders.items():
        parts = folder.split("/") if folder else []
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            counts[path] = counts.get(path, 0) + count
    return dict(sorted(counts.items()))


_SHOWN_BY_TITLE: Final = sa.and_(
    _table.c.kind.in_([each.kind for each in FORMATS if each.titled]), _table.c.title != ""
)
# The last part of a path, on both engines: what is left when all up to the last slash is taken away.
_BASE_NAME: Final = sa.func.replace(
    _table.c.name, sa.func.rtrim(_table.c.name, sa.func.replace(_table.c.name, "/", "")), ""
)
_SORTS: Final[dict[Sort, sa.ColumnElement[Any]]] = {
    "name": sa.func.lower(sa.case((_SHOWN_BY_TITLE, _table.c.title), else_=_BASE_NAME)),
    "folder": sa.func.lower(_table.c.folder),
    "kind": _table.c.kind,
    "date": _table.c.date,
    "added": _table.c.added,
    "size": _table.c.size,
}
