"""A user's own test questions, and their results."""

from rag.library.store.versions import execute

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    execute(
        """
        CREATE TABLE checks (
            id TEXT PRIMARY KEY, owner TEXT NOT NULL,
            collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
            question TEXT NOT NULL, document TEXT NOT NULL, page INTEGER NOT NULL, quote TEXT NOT NULL,
            created TEXT NOT NULL, UNIQUE (collection, question)
        )""",
        """
        CREATE TABLE check_runs (
            id TEXT PRIMARY KEY, owner TEXT NOT NULL,
            collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
            embedder TEXT NOT NULL, generation INTEGER NOT NULL, results TEXT NOT NULL, created TEXT NOT NULL
        )""",
        "CREATE INDEX check_runs_by_collection ON check_runs (collection, created)",
    )
