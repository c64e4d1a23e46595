"""Documents go from one collection into another, with their pages, vectors and tags; nothing is embedded anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from rag.core.errors import EmbedderMismatch, EmbeddersDiffer
from rag.core.types import Collection
from rag.library.store import schema
from rag.library.store.audit_log import note
from rag.library.store.collections import claim_embedder, next_generation
from rag.library.store.permissions import owned
from rag.library.store.rows import insert_chunk_rows

_documents, _chunks, _jobs = schema.documents, schema.chunks, schema.jobs
_COLUMNS: Final = [column for column in _chunks.columns if column.name != "id" and "only" not in column.info]


def relocate(connection: sa.Connection, owner: str, source_id: str, documents: Sequence[str], target_id: str) -> int:
    """Take documents from a collection into another one, in the caller's transaction; how many. Those whose bytes are
    there already stay where they are.

    Raises:
        NotFound, NotAllowed: of either collection.
        EmbeddersDiffer: the two were embedded with different models.
    """
    # In one order, so that two who move in opposite directions do not wait for each other.
    held = {key: owned(connection, owner, key, "editor", hold="alone") for key in sorted({source_id, target_id})}
    source, target = held[source_id], held[target_id]
    if source_id == target_id:
        return 0
    there = sa.select(_documents.c.sha256).where(_documents.c.collection == target_id)
    meant = _documents.c.collection == source_id, _documents.c.id.in_(documents), _documents.c.sha256.not_in(there)
    moved = {
        row.id: row.name for row in connection.execute(sa.select(_documents.c.id, _documents.c.name).where(*meant))
    }
    if not moved:
        return 0
    _same_embedder(connection, source, target)
    connection.execute(sa.update(_documents).where(_documents.c.id.in_(moved)).values(collection=target_id))
    waiting = _jobs.c.kind == "document", _jobs.c.source.in_(moved), _jobs.c.state != "running"
    connection.execute(sa.update(_jobs).where(_jobs.c.collection == source_id, *waiting).values(collection=target_id))
    for document in moved:
        _renumber(connection, document, target_id)
    _tell(connection, owner, source, target, moved.values())
    return len(moved)


def _same_embedder(connection: sa.Connection, source: Collection, target: Collection) -> None:
    if source.embedder is None:
        return
    try:
        claim_embedder(connection, target, source.embedder, source.dimension or 0)
    except EmbedderMismatch as error:
        raise EmbeddersDiffer(collection=target.name, there=target.embedder or "", here=source.embedder) from error


def _renumber(connection: sa.Connection, document: str, target_id: str) -> None:
    """Give a document's chunks new numbers in their new collection: an index is brought up to date by what is above
    the last number it knows."""
    rows = connection.execute(sa.select(*_COLUMNS).where(_chunks.c.document == document).order_by(_chunks.c.id)).all()
    connection.execute(sa.delete(_chunks).where(_chunks.c.document == document))
    insert_chunk_rows(connection, [dict(row._mapping) | {"collection": target_id} for row in rows])


def _tell(connection: sa.Connection, owner: str, source: Collection, target: Collection, names: Any) -> None:
    for name in names:
        note(connection, owner, "removed", source, document=name)
        note(connection, owner, "added", target, document=name)
    next_generation(connection, source.id)
    next_generation(connection, target.id)
