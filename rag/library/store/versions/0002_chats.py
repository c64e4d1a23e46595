"""Chats and their turns."""

from rag.library.store.versions import execute

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    execute(
        """
        CREATE TABLE chats (
            id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL,
            collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
            documents TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL
        )""",
        "CREATE INDEX chats_by_owner ON chats (owner, updated)",
        "CREATE INDEX chats_by_collection ON chats (collection)",
        """
        CREATE TABLE turns (
            id TEXT PRIMARY KEY, owner TEXT NOT NULL, chat TEXT NOT NULL REFERENCES chats ON DELETE CASCADE,
            position INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT, created TEXT NOT NULL,
            UNIQUE (chat, position)
        )""",
    )
