"""Jobs: documents to read."""

from rag.library.store.versions import execute

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    execute(
        """
        CREATE TABLE jobs (
            id TEXT PRIMARY KEY, owner TEXT NOT NULL,
            collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
            name TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, "replace" INTEGER NOT NULL,
            state TEXT NOT NULL, stage TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL,
            document TEXT, failure TEXT, worker TEXT, lease REAL NOT NULL, attempts INTEGER NOT NULL,
            cancelling INTEGER NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL
        )""",
        "CREATE INDEX jobs_by_state ON jobs (state, created)",
        "CREATE INDEX jobs_by_collection ON jobs (collection, created)",
    )
