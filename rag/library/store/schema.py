"""The tables, for both engines: new libraries are created from them, and all queries name them.
Those of people stand in `people_schema.py`.

A new column also needs a revision in `versions/`, for existing libraries.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from rag.library.store.columns import Flag, Json, Real, TextSearch, Vector, Whole, Words
from rag.library.store.ddl import WORDS_FTS5, WORDS_TRIGGERS, WORDS_TSVECTOR, also, part_of, required, table
from rag.library.store.ddl import metadata as metadata
from rag.library.store.people_schema import activity as activity
from rag.library.store.people_schema import group_members as group_members
from rag.library.store.people_schema import groups as groups
from rag.library.store.people_schema import people as people
from rag.library.store.people_schema import shares as shares
from rag.library.store.people_schema import sign_ins as sign_ins
from rag.library.store.stamps import new_id as new_id
from rag.library.store.stamps import now as now

# In the `info` of tables and columns that only one engine has.
_SQLITE_ONLY: Final[dict[str, str]] = {"only": "sqlite"}
_POSTGRESQL_ONLY: Final[dict[str, str]] = {"only": "postgresql"}

collections = table(
    "collections",
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "owner"),
    *required(Words, "name"),
    sa.Column("embedder", sa.Text),
    sa.Column("dimension", Whole),
    *required(Whole, "generation"),
    *required(Flag, "samples"),
    *required(sa.Text, "created"),
    sa.UniqueConstraint("owner", "name"),
)

documents = table(
    "documents",
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "owner"),
    part_of("collections", "collection"),
    *required(Words, "name", "title"),
    *required(sa.Text, "kind"),
    sa.Column("address", Words),
    *required(sa.Text, "sha256"),
    *required(Whole, "size", "pages", "chunks"),
    *required(Json, "empty_pages"),
    *required(sa.Text, "language", "added"),
    sa.Column("warnings", Json, nullable=False, server_default="[]"),
    sa.Column("reading", Whole, nullable=False, server_default="0"),
    sa.Column("date", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("folder", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("ocr", sa.Text, nullable=False, server_default="auto"),
    sa.UniqueConstraint("collection", "sha256"),
    sa.Index("documents_by_name", "collection", "name"),
    sa.Index("documents_by_sha256", "sha256"),
)

document_tags = table(
    "document_tags",
    part_of("documents", "document", primary_key=True),
    sa.Column("tag", Words, primary_key=True),
    sa.Index("document_tags_by_tag", "tag"),
)

pages = table(
    "pages",
    part_of("documents", "document", primary_key=True),
    sa.Column("number", Whole, primary_key=True),
    *required(sa.Text, "owner"),
    *required(Words, "label", "text"),
    *required(Json, "headings"),
    *required(Json, "tables", "left_out", server_default="[]"),
    sa.Column("unread", sa.Text),
    *required(Json, "cells", "words", server_default="[]"),
    sa.Column("certainty", Whole),
)

# What text recognition saw on the pages of a file, whose document may come later.
recognised = table(
    "recognised",
    *required(sa.Text, "owner", "sha256", primary_key=True),
    sa.Column("number", Whole, primary_key=True, autoincrement=False),
    *required(Json, "seen"),
    *required(sa.Text, "created"),
)

# AUTOINCREMENT: the id of a removed chunk is never given again. `text_terms` and `context_terms` are read by the
# full-text index of SQLite.
chunks = table(
    "chunks",
    sa.Column("id", Whole, sa.Identity(), primary_key=True),
    *required(sa.Text, "owner", "collection"),
    part_of("documents", "document"),
    *required(Whole, "page"),
    *required(Words, "label", "section", "context", "text"),
    *required(Whole, "start", "end"),
    *required(Words, "context_terms", "text_terms", info=_SQLITE_ONLY),
    *required(Vector, "vector"),
    sa.Index("chunks_by_collection", "collection", "document"),
    sa.Index("chunks_by_document", "document"),
    sqlite_autoincrement=True,
)
also(chunks, "sqlite", WORDS_FTS5, *WORDS_TRIGGERS)
# Stored inline where it fits, so that a scan of all vectors does not look each one up in the TOAST table.
also(chunks, "postgresql", "ALTER TABLE chunks ALTER COLUMN vector SET STORAGE MAIN")

# The full-text index of PostgreSQL; that of SQLite is an FTS5 table, whose columns no query names.
words = table(
    "words",
    part_of("chunks", "chunk", primary_key=True),
    *required(sa.Text, "collection", "document"),
    *required(Whole, "tokens"),
    *required(TextSearch, "terms"),
    sa.Index("words_by_collection", "collection", "document"),
    info=_POSTGRESQL_ONLY,
)
also(words, "postgresql", *WORDS_TSVECTOR)

# The original files, in parts, for all app processes. With SQLite they are files beside the database.
originals = table(
    "originals",
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("part", Whole, primary_key=True),
    *required(sa.LargeBinary, "data"),
    info=_POSTGRESQL_ONLY,
)
also(originals, "postgresql", "ALTER TABLE originals ALTER COLUMN data SET STORAGE EXTERNAL")

chats = table(
    "chats",
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "owner"),
    *required(Words, "title"),
    part_of("collections", "collection"),
    *required(Json, "documents"),
    *required(sa.Text, "created", "updated"),
    *required(Flag, "pinned", "archived", server_default="0"),
    sa.Column("selection", Json, nullable=False, server_default="{}"),
    sa.Index("chats_by_owner", "owner", "updated"),
    sa.Index("chats_by_collection", "collection"),
)

turns = table(
    "turns",
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "owner"),
    part_of("chats", "chat"),
    *required(Whole, "position"),
    *required(Words, "question"),
    sa.Column("answer", Json),
    *required(sa.Text, "created"),
    sa.UniqueConstraint("chat", "position"),
)

# What the owner of a turn says of its answer. The right place names its document as a check does.
ratings = table(
    "ratings",
    part_of("turns", "turn", primary_key=True),
    *required(sa.Text, "owner", "thumb", "reason"),
    *required(Words, "note", "document"),
    *required(Whole, "page"),
    *required(Words, "quote"),
    *required(sa.Text, "created"),
)

# `lease` is when the claim of `worker` expires, in seconds since 1970.
jobs = table(
    "jobs",
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "owner"),
    part_of("collections", "collection"),
    *required(Words, "name"),
    *required(sa.Text, "kind"),
    *required(Words, "source"),
    *required(Flag, "replace"),
    *required(sa.Text, "state", "stage"),
    *required(Whole, "done", "total"),
    sa.Column("document", sa.Text),
    sa.Column("failure", Json),
    sa.Column("worker", sa.Text),
    *required(Real, "lease"),
    *required(Whole, "attempts"),
    *required(Flag, "cancelling"),
    *required(sa.Text, "created", "updated"),
    sa.Index("jobs_by_state", "state", "created"),
    sa.Index("jobs_by_collection", "collection", "created"),
)

# A check refers to its document by name, and so survives that the document is read again.
checks = table(
    "checks",
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "owner"),
    part_of("collections", "collection"),
    *required(Words, "question", "document"),
    *required(Whole, "page"),
    *required(Words, "quote"),
    *required(sa.Text, "created"),
    sa.UniqueConstraint("collection", "question"),
)

check_runs = table(
    "check_runs",
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "owner"),
    part_of("collections", "collection"),
    *required(sa.Text, "embedder"),
    *required(Whole, "generation"),
    *required(Json, "results"),
    *required(sa.Text, "created"),
    sa.Index("check_runs_by_collection", "collection", "created"),
)
