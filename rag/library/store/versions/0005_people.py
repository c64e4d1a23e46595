"""People, groups, shares and the audit log."""

from rag.library.store.versions import execute

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    execute(
        """
        CREATE TABLE people (
            id TEXT PRIMARY KEY, issuer TEXT NOT NULL, subject TEXT NOT NULL, email TEXT NOT NULL,
            name TEXT NOT NULL, role TEXT NOT NULL, disabled TEXT, created TEXT NOT NULL, seen TEXT NOT NULL,
            UNIQUE (issuer, subject)
        )""",
        """
        CREATE TABLE sign_ins (
            id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people ON DELETE CASCADE,
            began REAL NOT NULL, ended TEXT
        )""",
        "CREATE TABLE person_groups (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created TEXT NOT NULL)",
        """
        CREATE TABLE group_members (
            group_id TEXT NOT NULL REFERENCES person_groups ON DELETE CASCADE,
            person TEXT NOT NULL REFERENCES people ON DELETE CASCADE,
            PRIMARY KEY (group_id, person)
        )""",
        "CREATE INDEX group_members_by_person ON group_members (person)",
        """
        CREATE TABLE shares (
            collection TEXT NOT NULL REFERENCES collections ON DELETE CASCADE, kind TEXT NOT NULL,
            target TEXT NOT NULL, role TEXT NOT NULL, created TEXT NOT NULL,
            PRIMARY KEY (collection, kind, target)
        )""",
        "CREATE INDEX shares_by_target ON shares (target, kind)",
        """
        CREATE TABLE activity (
            id TEXT PRIMARY KEY, person TEXT NOT NULL, action TEXT NOT NULL, collection TEXT NOT NULL,
            name TEXT NOT NULL, what TEXT NOT NULL, document TEXT NOT NULL, created TEXT NOT NULL
        )""",
        "CREATE INDEX activity_by_time ON activity (created)",
    )
