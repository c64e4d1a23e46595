"""Documents, pages and chunks as table rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from rag.core.types import READING_VERSION, Chunk, Document, LoadedDocument, Notice, Page, folder_of, page_fields
from rag.library.store import schema
from rag.library.store.passages import Vectors
from rag.library.store.words import cut, insert_words

_table, _pages, _chunks = schema.documents, schema.pages, schema.chunks
_tags, _jobs = schema.document_tags, schema.jobs


def check(chunks: Sequence[Chunk], vectors: Vectors) -> None:
    """Raises ValueError unless there is one vector for each chunk."""
    if vectors.ndim != 2 or len(vectors) != len(chunks):
        raise ValueError(f"{len(chunks)} chunks need as many vectors, got an array of shape {vectors.shape}")


def new_document(
    owner: str,
    collection_id: str,
    loaded: LoadedDocument,
    chunks: Sequence[Chunk],
    sha256: str,
    size: int,
    language: str,
) -> Document:
    return Document(
        id=schema.new_id(),
        owner=owner,
        collection=collection_id,
        name=loaded.name,
        title=loaded.title,
        kind=loaded.kind,
        address=loaded.address,
        sha256=sha256,
        size=size,
        pages=len(loaded.pages),
        chunks=len(chunks),
        empty_pages=loaded.empty_pages,
        language=language,
        added=schema.now(),
        warnings=loaded.warnings,
        reading=READING_VERSION,
        date=loaded.date,
        folder="" if loaded.address else folder_of(loaded.name),
        ocr=loaded.ocr,
    )


def document_values(document: Document) -> dict[str, Any]:
    """A document as its row; `read_document` turns it back."""
    row = {column.name: getattr(document, column.name) for column in _table.columns}
    return row | {"warnings": [(warning.key, warning.fields) for warning in document.warnings]}


def read_document(row: sa.Row[Any]) -> Document:
    values = {column.name: row._mapping[column.name] for column in _table.columns}
    kept = {"empty_pages": tuple(values["empty_pages"])}
    return Document(**values | kept | {"warnings": tuple(Notice(*warning) for warning in values["warnings"])})


def delete_documents(connection: sa.Connection, collection_id: str, documents: Sequence[str]) -> Sequence[Any]:
    """Delete these documents of the collection, and by cascade all that belongs to them.

    Returns:
        `sha256` and `name` of each that existed.
    """
    read_again = sa.and_(_jobs.c.kind == "document", _jobs.c.source.in_(documents), _jobs.c.state != "running")
    connection.execute(sa.delete(_jobs).where(_jobs.c.collection == collection_id, read_again))
    gone = sa.delete(_table).where(_table.c.collection == collection_id, _table.c.id.in_(documents))
    return connection.execute(gone.returning(_table.c.sha256, _table.c.name)).all()


def insert_document(
    connection: sa.Connection, document: Document, pages: Sequence[Page], chunks: Sequence[Chunk], vectors: Vectors
) -> None:
    connection.execute(sa.insert(_table), document_values(document))
    insert_parts(connection, document, pages, chunks, vectors)


def insert_parts(
    connection: sa.Connection, document: Document, pages: Sequence[Page], chunks: Sequence[Chunk], vectors: Vectors
) -> None:
    """Write the pages and the chunks of a document that is there."""
    rows = [{**page_fields(page), "document": document.id, "owner": document.owner} for page in pages]
    if rows:
        connection.execute(sa.insert(_pages), rows)
    insert_chunks(connection, document.owner, document.collection, document.id, chunks, vectors)


def insert_chunks(
    connection: sa.Connection,
    owner: str,
    collection_id: str,
    document_id: str,
    chunks: Sequence[Chunk],
    vectors: Vectors,
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "owner": owner,
            "collection": collection_id,
            "document": document_id,
            "page": chunk.page,
            "label": chunk.label,
            "section": chunk.section,
            "context": chunk.context,
            "text": chunk.text,
            "start": chunk.start,
            "end": chunk.end,
            "vector": vector.tobytes(),
        }
        for chunk, vector in zip(chunks, np.ascontiguousarray(vectors, "<f4"), strict=True)
    ]
    insert_chunk_rows(connection, rows)


def insert_chunk_rows(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert chunks given as rows, and their terms into the full-text index."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        terms = [{"context_terms": cut(row["context"]), "text_terms": cut(row["text"])} for row in rows]
        connection.execute(sa.insert(_chunks), [{**row, **term} for row, term in zip(rows, terms, strict=True)])
        return
    inserted = sa.insert(_chunks).returning(_chunks.c.id, sort_by_parameter_order=True)
    ids = connection.execute(inserted, [dict(row) for row in rows]).scalars()
    insert_words(connection, [{**row, "chunk": chunk} for row, chunk in zip(rows, ids, strict=True)])


@dataclass(frozen=True, slots=True)
class Kept:
    """What a new version of a document takes over from the old one."""

    folder: str
    tags: tuple[str, ...]


def kept_of(connection: sa.Connection, collection_id: str, document_id: str | None) -> Kept | None:
    """What there is to take over from a document of the collection; None where it is not there."""
    row = sa.select(_table.c.folder).where(_table.c.id == document_id, _table.c.collection == collection_id)
    folder = connection.execute(row).scalar_one_or_none()
    if folder is None:
        return None
    tags = sa.select(_tags.c.tag).where(_tags.c.document == document_id)
    return Kept(folder, tuple(connection.execute(tags).scalars()))


def give(connection: sa.Connection, document_id: str, kept: Kept | None) -> None:
    """Let a document have the tags of the one it replaces."""
    if kept and kept.tags:
        connection.execute(sa.insert(_tags), [{"document": document_id, "tag": tag} for tag in kept.tags])
