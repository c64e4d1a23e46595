"""Libraries of versions before are brought up to date, and how the next version adds a column, on both engines."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from rag.core.errors import StoreDamaged, StoreTooNew
from rag.library.store import DATABASE, Store, schema
from rag.library.store.migrations import LATEST, version
from tests.support.catalogue import catalogue
from tests.support.old_library import database, make
from tests.support.postgres import Place

ANN = "ann"
PROJECT = Path(__file__).resolve().parents[2]


# --- libraries of versions before --------------------------------------------------------------------

# Of the tables that each version left behind in SQLite.
RELEASED = {
    1: "4fd64416dc3e9f49",
    2: "85931dc47d31fbd2",
    3: "b426fa4dd2da7db0",
    4: "eecc4eacb3e05dca",
    5: "2a1963ea865ee9e5",
    6: "b750f0c666bd41a3",
}


@pytest.mark.parametrize(("number", "released"), RELEASED.items())
def test_what_was_released_is_never_changed(tmp_path: Path, number: int, released: str) -> None:
    place = Place(tmp_path)
    make(place, number)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        said = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL AND name != 'schema_version'")
        digest = hashlib.sha256("\n".join(sorted("".join(sql.split()) for (sql,) in said)).encode()).hexdigest()
    assert digest[:16] == released


def test_the_revisions_are_one_line_and_numbered() -> None:
    scripts = ScriptDirectory(Path(schema.__file__).parent)
    said = [(script.revision, Path(script.path).name[:5]) for script in scripts.walk_revisions()]
    assert said == [(f"{number:04}", f"{number:04}_") for number in range(LATEST, 0, -1)]


@pytest.mark.parametrize("number", range(LATEST + 1))
def test_every_old_library_is_brought_up_to_date_with_its_data(place: Place, number: int) -> None:
    make(place, number)
    with closing(place.open()) as store:
        assert [item.name for item in store.collections.list(ANN)] == (["old"] if number else [])
        collection = store.collections.by_name(ANN, "old") or store.collections.create(ANN, "old")
        if number:
            assert store.documents.passages(ANN, [1])[1].text == "old text"
        chat = store.chats.create(ANN, collection.id)
        store.chats.ask(ANN, chat.id, "?")
        store.jobs.enqueue(ANN, collection.id, "n", "address", "http://example.com/")
        with store.database.read() as connection:
            assert version(connection) == LATEST
        store.collections.remove(ANN, collection.id)
        assert store.counts().chunks == 0
    # And once more, as it is now.
    with closing(place.open()) as store:
        assert store.collections.list(ANN) == []


def test_two_programs_that_open_an_old_library_at_once_bring_it_up_to_date_once(place: Place) -> None:
    make(place, 1)
    with ThreadPoolExecutor(2) as pool:
        opened = list(pool.map(lambda _: place.open(), range(2)))
    for store in opened:
        assert [item.name for item in store.collections.list(ANN)] == ["old"]
        store.close()


def test_a_start_with_nothing_to_bring_up_to_date_does_not_load_alembic(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.library.store import Store\n"
        "for _ in range(2): Store.open(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )

    def said(folder: Path) -> str:
        command = [sys.executable, "-c", code, str(folder)]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout

    assert said(tmp_path / "new") == "False\nFalse\n"
    make(Place(tmp_path / "old"), 1)
    assert said(tmp_path / "old") == "True\nTrue\n"


# --- changes to come ---------------------------------------------------------------------------------

REVISION = f"""
import sqlalchemy as sa
from alembic import op

revision = "{LATEST + 1:04}"
down_revision = "{LATEST:04}"


def upgrade() -> None:
    op.add_column("documents", sa.Column("note", sa.Text))
"""


def open_with_the_next_version(folder: Path, revision: str, *places: Place) -> bool:
    """Open libraries with the program as it will be when a column and its revision were added to it."""
    store = Path(schema.__file__).relative_to(PROJECT).parent
    shutil.copytree(PROJECT / "rag", folder / "rag", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / store / "versions" / f"{LATEST + 1:04}_notes.py").write_text(revision)
    with (folder / store / "schema.py").open("a") as file:
        file.write('documents.append_column(sa.Column("note", sa.Text))\n')
    code = f"from pathlib import Path; from {Store.__module__} import Store; "
    code += "; ".join(f"Store.open(Path({str(place.folder)!r}), {place.url!r}).close()" for place in places)
    return not subprocess.run([sys.executable, "-c", code], cwd=folder, check=False).returncode


def test_a_column_is_added_by_one_line_and_one_revision(tmp_path: Path, new_place: Callable[[], Place]) -> None:
    old, new = new_place(), new_place()
    make(old, LATEST)
    assert open_with_the_next_version(tmp_path / "next", REVISION, old, new)
    said = []
    for place in (old, new):
        with closing(database(place)) as opened, opened.read() as connection:
            assert version(connection) == LATEST + 1
            notes = connection.exec_driver_sql("SELECT note FROM documents").scalars().all()
            assert notes == ([None] if place is old else [])
            said.append(catalogue(connection))
    assert said[0] == said[1]
    # The program as it is now leaves it alone, in words.
    with pytest.raises(StoreTooNew):
        old.open()


def test_a_revision_that_fails_leaves_the_library_as_it_was(tmp_path: Path, place: Place) -> None:
    make(place, 1)
    assert not open_with_the_next_version(tmp_path / "next", f"{REVISION}    raise OSError\n", place)
    with closing(database(place)) as opened, opened.read() as connection:
        assert version(connection) == 1
        assert "chats" not in sa.inspect(connection).get_table_names()
    with closing(place.open()) as store:
        assert store.documents.passages(ANN, [1])[1].text == "old text"


def test_a_table_that_is_made_anew_keeps_what_hangs_on_it(tmp_path: Path) -> None:
    """What SQLite cannot change in place, Alembic copies into a new table before it drops the old one."""
    place = Place(tmp_path)
    make(place, LATEST)
    with closing(database(place)) as opened, opened.write_alone() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context), op.batch_alter_table("collections", recreate="always") as changed:
            changed.add_column(sa.Column("note", sa.Text))
    with closing(place.open()) as store:
        assert store.documents.passages(ANN, [1])[1].text == "old text"
        # And from then on what hangs on a row goes with it again.
        store.collections.remove(ANN, "c")
        assert (store.counts().documents, store.counts().chunks) == (0, 0)


def test_a_row_that_hangs_on_nothing_undoes_the_change(tmp_path: Path) -> None:
    place = Place(tmp_path)
    make(place, LATEST)

    def lose() -> None:
        with opened.write_alone() as connection:
            connection.exec_driver_sql("DELETE FROM documents")

    with closing(database(place)) as opened:
        with pytest.raises(StoreDamaged):
            lose()
        with opened.read() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    with closing(place.open()) as store:
        assert [document.name for document in store.documents.list(ANN, "c")] == ["n"]
