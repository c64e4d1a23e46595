"""The steps from an empty file to today's tables, numbered from 1.

A step that was released is never changed; a new wish is a new step at the end. All missing steps and
the new number are one transaction: after a crash the file is at the old number or at the new one.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

_LIBRARY = (
    """
    CREATE TABLE collections (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        embedder TEXT,
        dimension INTEGER,
        generation INTEGER NOT NULL,
        samples INTEGER NOT NULL,
        created TEXT NOT NULL,
        UNIQUE (owner, name)
    )""",
    """
    CREATE TABLE documents (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
        name TEXT NOT NULL,
        title TEXT NOT NULL,
        kind TEXT NOT NULL,
        address TEXT,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        pages INTEGER NOT NULL,
        chunks INTEGER NOT NULL,
        empty_pages TEXT NOT NULL,
        lead TEXT NOT NULL,
        language TEXT NOT NULL,
        added TEXT NOT NULL,
        UNIQUE (collection, sha256)
    )""",
    "CREATE INDEX documents_by_name ON documents (collection, name)",
    "CREATE INDEX documents_by_sha256 ON documents (sha256)",
    """
    CREATE TABLE pages (
        document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
        number INTEGER NOT NULL,
        owner TEXT NOT NULL,
        label TEXT NOT NULL,
        text TEXT NOT NULL,
        headings TEXT NOT NULL,
        PRIMARY KEY (document, number)
    )""",
    # AUTOINCREMENT: the id of a removed chunk never comes back for another one.
    """
    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        collection TEXT NOT NULL,
        document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
        page INTEGER NOT NULL,
        label TEXT NOT NULL,
        section TEXT NOT NULL,
        context TEXT NOT NULL,
        text TEXT NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        context_terms TEXT NOT NULL,
        text_terms TEXT NOT NULL,
        vector BLOB NOT NULL
    )""",
    "CREATE INDEX chunks_by_collection ON chunks (collection, document)",
    "CREATE INDEX chunks_by_document ON chunks (document)",
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        context_terms, text_terms,
        content = 'chunks', content_rowid = 'id',
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

_CHATS = (
    """
    CREATE TABLE chats (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        title TEXT NOT NULL,
        collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
        documents TEXT NOT NULL,
        created TEXT NOT NULL,
        updated TEXT NOT NULL
    )""",
    "CREATE INDEX chats_by_owner ON chats (owner, updated)",
    "CREATE INDEX chats_by_collection ON chats (collection)",
    """
    CREATE TABLE turns (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        chat TEXT NOT NULL REFERENCES chats ON DELETE CASCADE,
        position INTEGER NOT NULL,
        question TEXT NOT NULL,
        answer TEXT,
        created TEXT NOT NULL,
        UNIQUE (chat, position)
    )""",
)

_JOBS = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        "replace" INTEGER NOT NULL,
        state TEXT NOT NULL,
        stage TEXT NOT NULL,
        done INTEGER NOT NULL,
        total INTEGER NOT NULL,
        document TEXT,
        failure TEXT,
        worker TEXT,
        lease REAL NOT NULL,
        attempts INTEGER NOT NULL,
        cancelling INTEGER NOT NULL,
        created TEXT NOT NULL,
        updated TEXT NOT NULL
    )""",
    "CREATE INDEX jobs_by_state ON jobs (state, created)",
    "CREATE INDEX jobs_by_collection ON jobs (collection, created)",
)

# A check names its document by name: it outlives reading the document again.
_CHECKS = (
    """
    CREATE TABLE checks (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
        question TEXT NOT NULL,
        document TEXT NOT NULL,
        page INTEGER NOT NULL,
        quote TEXT NOT NULL,
        created TEXT NOT NULL,
        UNIQUE (collection, question)
    )""",
    """
    CREATE TABLE check_runs (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
        embedder TEXT NOT NULL,
        generation INTEGER NOT NULL,
        results TEXT NOT NULL,
        created TEXT NOT NULL
    )""",
    "CREATE INDEX check_runs_by_collection ON check_runs (collection, created)",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_LIBRARY, _CHATS, _JOBS, _CHECKS)


def version(connection: sa.Connection) -> int:
    """The number of the last step taken; 0 for an empty file."""
    if not sa.inspect(connection).has_table("schema_version"):
        return 0
    return int(connection.execute(sa.text("SELECT version FROM schema_version")).scalar_one())


def migrate(connection: sa.Connection) -> None:
    """Take the missing steps inside the caller's write transaction."""
    reached = version(connection)
    if reached >= len(MIGRATIONS):
        return
    for step in MIGRATIONS[reached:]:
        for statement in step:
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    connection.exec_driver_sql("DELETE FROM schema_version")
    connection.exec_driver_sql(f"INSERT INTO schema_version VALUES ({len(MIGRATIONS)})")
