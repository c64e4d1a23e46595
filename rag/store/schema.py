"""The tables as the queries name them. `migrations.py` is what makes them; a test holds the two together."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa

from rag.store.columns import Flag, Json, Vector, Words

metadata = sa.MetaData()

collections = sa.Table(
    "collections",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("name", Words),
    sa.Column("embedder", sa.Text),
    sa.Column("dimension", sa.BigInteger),
    sa.Column("generation", sa.BigInteger),
    sa.Column("samples", Flag),
    sa.Column("created", sa.Text),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("collection", sa.Text),
    sa.Column("name", Words),
    sa.Column("title", Words),
    sa.Column("kind", sa.Text),
    sa.Column("address", Words),
    sa.Column("sha256", sa.Text),
    sa.Column("size", sa.BigInteger),
    sa.Column("pages", sa.BigInteger),
    sa.Column("chunks", sa.BigInteger),
    sa.Column("empty_pages", Json),
    sa.Column("lead", Words),
    sa.Column("language", sa.Text),
    sa.Column("added", sa.Text),
    sa.Column("warnings", Json),
)

pages = sa.Table(
    "pages",
    metadata,
    sa.Column("document", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("label", Words),
    sa.Column("text", Words),
    sa.Column("headings", Json),
)

# What only one of the engines has.
_SQLITE_ONLY: dict[str, str] = {"only": "sqlite"}
_POSTGRESQL_ONLY: dict[str, str] = {"only": "postgresql"}

# `text_terms` and `context_terms` are what the words index of SQLite reads.
chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("collection", sa.Text),
    sa.Column("document", sa.Text),
    sa.Column("page", sa.BigInteger),
    sa.Column("label", Words),
    sa.Column("section", Words),
    sa.Column("context", Words),
    sa.Column("text", Words),
    sa.Column("start", sa.BigInteger),
    sa.Column("end", sa.BigInteger),
    sa.Column("context_terms", Words, info=_SQLITE_ONLY),
    sa.Column("text_terms", Words, info=_SQLITE_ONLY),
    sa.Column("vector", Vector),
)

# The words index of PostgreSQL; that of SQLite is a table of FTS5, and no query names its columns.
words = sa.Table(
    "words",
    metadata,
    sa.Column("chunk", sa.BigInteger, primary_key=True),
    sa.Column("collection", sa.Text),
    sa.Column("document", sa.Text),
    sa.Column("tokens", sa.BigInteger),
    sa.Column("terms", sa.Text),
    info=_POSTGRESQL_ONLY,
)

# On SQLite the originals are files beside the database.
originals = sa.Table(
    "originals",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("part", sa.BigInteger, primary_key=True),
    sa.Column("data", sa.LargeBinary),
    info=_POSTGRESQL_ONLY,
)

chats = sa.Table(
    "chats",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("title", Words),
    sa.Column("collection", sa.Text),
    sa.Column("documents", Json),
    sa.Column("created", sa.Text),
    sa.Column("updated", sa.Text),
)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("chat", sa.Text),
    sa.Column("position", sa.BigInteger),
    sa.Column("question", Words),
    sa.Column("answer", Json),
    sa.Column("created", sa.Text),
)

# `lease` is the second (since 1970) until which the job belongs to `worker`.
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("collection", sa.Text),
    sa.Column("name", Words),
    sa.Column("kind", sa.Text),
    sa.Column("source", Words),
    sa.Column("replace", Flag),
    sa.Column("state", sa.Text),
    sa.Column("stage", sa.Text),
    sa.Column("done", sa.BigInteger),
    sa.Column("total", sa.BigInteger),
    sa.Column("document", sa.Text),
    sa.Column("failure", Json),
    sa.Column("worker", sa.Text),
    sa.Column("lease", sa.Float),
    sa.Column("attempts", sa.BigInteger),
    sa.Column("cancelling", Flag),
    sa.Column("created", sa.Text),
    sa.Column("updated", sa.Text),
)

checks = sa.Table(
    "checks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("collection", sa.Text),
    sa.Column("question", Words),
    sa.Column("document", Words),
    sa.Column("page", sa.BigInteger),
    sa.Column("quote", Words),
    sa.Column("created", sa.Text),
)

check_runs = sa.Table(
    "check_runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("collection", sa.Text),
    sa.Column("embedder", sa.Text),
    sa.Column("generation", sa.BigInteger),
    sa.Column("results", Json),
    sa.Column("created", sa.Text),
)

# `disabled` is since when, or nothing. A person's id is made from issuer and subject.
people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("issuer", Words),
    sa.Column("subject", Words),
    sa.Column("email", Words),
    sa.Column("name", Words),
    sa.Column("role", sa.Text),
    sa.Column("disabled", sa.Text),
    sa.Column("created", sa.Text),
    sa.Column("seen", sa.Text),
)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text),
    sa.Column("began", sa.Float),
    sa.Column("ended", sa.Text),
)

groups = sa.Table(
    "person_groups",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", Words),
    sa.Column("created", sa.Text),
)

group_members = sa.Table(
    "group_members",
    metadata,
    sa.Column("group_id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
)

shares = sa.Table(
    "shares",
    metadata,
    sa.Column("collection", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("role", sa.Text),
    sa.Column("created", sa.Text),
)

activity = sa.Table(
    "activity",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text),
    sa.Column("action", sa.Text),
    sa.Column("collection", sa.Text),
    sa.Column("name", Words),
    sa.Column("what", Words),
    sa.Column("document", Words),
    sa.Column("created", sa.Text),
)


def new_id() -> str:
    """128 random bits in hex: no id can be guessed from another."""
    return secrets.token_hex(16)


def now() -> str:
    """This moment in UTC, ISO 8601 to the microsecond, so that text order is time order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
