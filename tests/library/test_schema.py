"""The tables as they are described, and as the revisions make them, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from rag.library.store import schema
from rag.library.store.ddl import is_on
from rag.library.store.migrations import LATEST, migrate, version
from tests.support.catalogue import catalogue
from tests.support.old_library import database, make
from tests.support.postgres import Place

# What stands in a database and is not described in `schema.py`: see `tests/support/catalogue.py`.
BESIDE = {
    "sqlite": {"schema_version", "words", "words_data", "words_idx", "words_docsize", "words_config"},
    "postgresql": {"schema_version", "words_by_term"},
}


def differences(connection: sa.Connection) -> list[Any]:
    """What Alembic would change to come from the tables that are there to those of `schema.py`."""
    engine = connection.dialect.name

    def compared(item: Any, name: str, kind: str, reflected: bool, _other: Any) -> bool:
        if kind == "foreign_key_constraint" and engine == "sqlite":
            # SQLAlchemy does not read ON DELETE where the first versions wrote it. `tests/support/catalogue.py` does.
            return False
        return name not in BESIDE[engine] if reflected else kind not in ("table", "column") or is_on(item, engine)

    options = {"include_object": compared, "compare_type": True, "compare_server_default": True}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata)
    return [one for one in found if engine == "postgresql" or not _only_said_otherwise(one)]


def _only_said_otherwise(difference: Any) -> bool:
    """On SQLite an identity is AUTOINCREMENT, and the first versions do not say of a key that it is never NULL."""
    changes = {(part[0], part[3]) for part in difference} if isinstance(difference, list) else {difference[0]}
    return changes <= {("modify_default", "id"), ("modify_nullable", "id")}


def test_all_revisions_lead_to_the_tables_of_the_schema(new_place: Callable[[], Place]) -> None:
    said = []
    for number in (0, 1):
        place = new_place()
        make(place, number)
        with closing(database(place)) as opened:
            with opened.write_alone() as connection:
                migrate(connection)
            with opened.read() as connection:
                assert version(connection) == LATEST
                said.append(catalogue(connection))
                assert differences(connection) == []
    assert said[0] == said[1]
    assert sum(map(len, said[0].values())) > 50


def test_a_missing_revision_is_seen(place: Place) -> None:
    """That the test above can fail."""
    with closing(database(place)) as opened, opened.write_alone() as connection:
        migrate(connection)
        before = catalogue(connection)
        connection.exec_driver_sql("ALTER TABLE chats ADD COLUMN note TEXT")
        connection.exec_driver_sql("DROP INDEX jobs_by_state")
        assert sorted(item[0] for item in differences(connection)) == ["add_index", "remove_column"]
        between = catalogue(connection)
        connection.exec_driver_sql("DROP INDEX words_by_term" if place.url else "DROP TRIGGER words_removed")
        assert before != between != catalogue(connection)


def test_who_owns_a_row_stands_in_it() -> None:
    # The same bytes are one file, whoever's document they are; who people are is nobody's own.
    ownerless = {
        "words",
        "originals",
        "document_tags",
        "people",
        "sign_ins",
        "person_groups",
        "group_members",
        "shares",
        "activity",
    }
    assert {name for name, table in schema.metadata.tables.items() if "owner" not in table.columns} == ownerless
