"""Libraries as versions of the program before left them. This is SQL of its own: what was released never changes."""

from __future__ import annotations

from contextlib import closing

import sqlalchemy as sa

from rag.library.store import DATABASE
from rag.library.store.database import Database
from rag.library.store.migrations import upgrade
from rag.library.store.postgresql import PostgreSQL
from rag.library.store.sqlite import SQLite
from tests.support.postgres import Place


def database(place: Place) -> Database:
    """The database at a place, and nothing made in it."""
    place.folder.mkdir(exist_ok=True)
    return PostgreSQL(place.url) if place.url else SQLite(place.folder / DATABASE)


def make(place: Place, number: int, owner: str = "ann", dimension: int = 4) -> None:
    """The library that the version with this number left; of 0, an empty database.

    In it is a collection `c` named "old" with a document `d`, which has one page with one chunk.
    """
    with closing(database(place)) as opened, opened.write_alone() as connection:
        if number:
            _make_tables(connection)
            _fill(connection, owner, dimension)
            upgrade(connection, 1, number)


def _make_tables(connection: sa.Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    for statement in (*_DOCUMENTS, *(_SQLITE if sqlite else _POSTGRESQL)):
        connection.exec_driver_sql(statement if sqlite else statement.replace("INTEGER", "BIGINT"))


def _fill(connection: sa.Connection, owner: str, dimension: int) -> None:
    sqlite = connection.dialect.name == "sqlite"
    values = {"owner": owner, "dimension": dimension}
    values["vector"] = bytes(4 * dimension) if sqlite else str([0.0] * dimension)
    for statement in (*_ROWS, *(_CHUNK_OF_SQLITE if sqlite else _CHUNK_OF_POSTGRESQL)):
        connection.execute(sa.text(statement), values)


_ROWS = (
    "INSERT INTO collections VALUES ('c', :owner, 'old', 'toy', :dimension, 1, 0, '2026')",
    "INSERT INTO documents (id, owner, collection, name, title, kind, sha256, size, pages, chunks, empty_pages, lead,"
    " language, added) VALUES ('d', :owner, 'c', 'n', 't', 'text', 'x', 1, 1, 1, '[]', '', 'en', '2026')",
    "INSERT INTO pages (document, number, owner, label, text, headings) VALUES ('d', 1, :owner, '1', 'old text', '[]')",
)
_CHUNK_OF_SQLITE = (
    "INSERT INTO chunks VALUES (1, :owner, 'c', 'd', 1, '1', '', '', 'old text', 0, 8, '', 'old text', :vector)",
)
_CHUNK_OF_POSTGRESQL = (
    "INSERT INTO chunks VALUES (DEFAULT, :owner, 'c', 'd', 1, '1', '', '', 'old text', 0, 8, :vector)",
    "INSERT INTO words SELECT id, collection, document, 2, to_tsvector('footnote', text) FROM chunks",
)

_DOCUMENTS = (
    """
    CREATE TABLE collections (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, embedder TEXT, dimension INTEGER,
        generation INTEGER NOT NULL, samples INTEGER NOT NULL, created TEXT NOT NULL, UNIQUE (owner, name)
    )""",
    """
    CREATE TABLE documents (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL,
        collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
        name TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL, address TEXT, sha256 TEXT NOT NULL,
        size INTEGER NOT NULL, pages INTEGER NOT NULL, chunks INTEGER NOT NULL, empty_pages TEXT NOT NULL,
        lead TEXT NOT NULL, language TEXT NOT NULL, added TEXT NOT NULL, UNIQUE (collection, sha256)
    )""",
    "CREATE INDEX documents_by_name ON documents (collection, name)",
    "CREATE INDEX documents_by_sha256 ON documents (sha256)",
    """
    CREATE TABLE pages (
        document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE, number INTEGER NOT NULL,
        owner TEXT NOT NULL, label TEXT NOT NULL, text TEXT NOT NULL, headings TEXT NOT NULL,
        PRIMARY KEY (document, number)
    )""",
)

_CHUNKS_BY = (
    "CREATE INDEX chunks_by_collection ON chunks (collection, document)",
    "CREATE INDEX chunks_by_document ON chunks (document)",
)

_SQLITE = (
    """
    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, collection TEXT NOT NULL,
        document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE, page INTEGER NOT NULL,
        label TEXT NOT NULL, section TEXT NOT NULL, context TEXT NOT NULL, text TEXT NOT NULL,
        start INTEGER NOT NULL, "end" INTEGER NOT NULL,
        context_terms TEXT NOT NULL, text_terms TEXT NOT NULL, vector BLOB NOT NULL
    )""",
    *_CHUNKS_BY,
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        context_terms, text_terms, content = 'chunks', content_rowid = 'id',
        tokenize = 'porter unicode61 remove_diacritics 2'
    )""",
    """
    CREATE TRIGGER words_added AFTER INSERT ON chunks BEGIN
        INSERT INTO words (rowid, context_terms, text_terms) VALUES (new.id, new.context_terms, new.text_terms);
    END""",
    """
    CREATE TRIGGER words_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO words (words, rowid, context_terms, text_terms)
        VALUES ('delete', old.id, old.context_terms, old.text_terms);
    END""",
)

_POSTGRESQL = (
    """
    CREATE TABLE chunks (
        id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, owner TEXT NOT NULL, collection TEXT NOT NULL,
        document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE, page BIGINT NOT NULL,
        label TEXT NOT NULL, section TEXT NOT NULL, context TEXT NOT NULL, text TEXT NOT NULL,
        start BIGINT NOT NULL, "end" BIGINT NOT NULL, vector VECTOR NOT NULL
    )""",
    "ALTER TABLE chunks ALTER COLUMN vector SET STORAGE MAIN",
    *_CHUNKS_BY,
    "CREATE TEXT SEARCH DICTIONARY footnote_stem (TEMPLATE = snowball, LANGUAGE = porter)",
    "CREATE TEXT SEARCH CONFIGURATION footnote (PARSER = default)",
    "ALTER TEXT SEARCH CONFIGURATION footnote ADD MAPPING FOR"
    " asciiword, word, numword, int, uint, float, sfloat, version WITH footnote_stem",
    """
    CREATE TABLE words (
        chunk BIGINT PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, collection TEXT NOT NULL,
        document TEXT NOT NULL, tokens BIGINT NOT NULL, terms TSVECTOR NOT NULL
    ) WITH (toast_tuple_target = 8160)""",
    "ALTER TABLE words ALTER COLUMN terms SET STORAGE MAIN",
    "CREATE INDEX words_by_collection ON words (collection, document)",
    "CREATE INDEX words_by_term ON words USING gin (terms)",
    """
    CREATE TABLE originals (
        sha256 TEXT NOT NULL, part BIGINT NOT NULL, data BYTEA NOT NULL, PRIMARY KEY (sha256, part)
    )""",
    "ALTER TABLE originals ALTER COLUMN data SET STORAGE EXTERNAL",
)
