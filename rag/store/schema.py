"""The tables as the queries name them. `migrations.py` is what makes them; a test holds the two together."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

_SURROGATE = re.compile("[\ud800-\udfff]")


class Words(sa.types.TypeDecorator[str]):
    """Text that can be written down: half characters, which some PDFs hold, become U+FFFD one for one."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else _SURROGATE.sub("\ufffd", value)


class Json(sa.types.TypeDecorator[Any]):
    """A value as JSON text."""

    impl = Words
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else _SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


metadata = sa.MetaData()

collections = sa.Table(
    "collections",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("name", Words),
    sa.Column("embedder", sa.Text),
    sa.Column("dimension", sa.Integer),
    sa.Column("generation", sa.Integer),
    sa.Column("samples", sa.Boolean),
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
    sa.Column("size", sa.Integer),
    sa.Column("pages", sa.Integer),
    sa.Column("chunks", sa.Integer),
    sa.Column("empty_pages", Json),
    sa.Column("lead", Words),
    sa.Column("language", sa.Text),
    sa.Column("added", sa.Text),
)

pages = sa.Table(
    "pages",
    metadata,
    sa.Column("document", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("label", Words),
    sa.Column("text", Words),
    sa.Column("headings", Json),
)

# `text_terms` and `context_terms` are what the words index reads; `vector` is float32, little endian.
chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("collection", sa.Text),
    sa.Column("document", sa.Text),
    sa.Column("page", sa.Integer),
    sa.Column("label", Words),
    sa.Column("section", Words),
    sa.Column("context", Words),
    sa.Column("text", Words),
    sa.Column("start", sa.Integer),
    sa.Column("end", sa.Integer),
    sa.Column("context_terms", Words),
    sa.Column("text_terms", Words),
    sa.Column("vector", sa.LargeBinary),
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
    sa.Column("position", sa.Integer),
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
    sa.Column("replace", sa.Boolean),
    sa.Column("state", sa.Text),
    sa.Column("stage", sa.Text),
    sa.Column("done", sa.Integer),
    sa.Column("total", sa.Integer),
    sa.Column("document", sa.Text),
    sa.Column("failure", Json),
    sa.Column("worker", sa.Text),
    sa.Column("lease", sa.Float),
    sa.Column("attempts", sa.Integer),
    sa.Column("cancelling", sa.Boolean),
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
    sa.Column("page", sa.Integer),
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
    sa.Column("generation", sa.Integer),
    sa.Column("results", Json),
    sa.Column("created", sa.Text),
)


def new_id() -> str:
    """128 random bits in hex: no id can be guessed from another."""
    return secrets.token_hex(16)


def now() -> str:
    """This moment in UTC, ISO 8601 to the microsecond, so that text order is time order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
