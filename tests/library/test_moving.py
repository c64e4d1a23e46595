"""A library moves from one engine to the other and back, and is proved to be the same."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.core.errors import DiskFull, LibraryNotEmpty, MoveUnequal, StoreUnreachable
from rag.core.types import Answer, CheckResult, Chunk, Collection, LoadedDocument, Page, Rating, Recognition, SignIn
from rag.library.index import open_index, words_fit
from rag.library.store import Store
from rag.library.store.backup import backup, restore
from rag.library.store.moving import move
from tests.commands.test_cli import footnote
from tests.guarantees.library import OWNER, add, faults, numbers
from tests.support import postgres


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Store]:
    """A library in a folder with something in every table, odd things among them."""
    with closing(Store.open(tmp_path / "local")) as store:
        collection = store.collections.create(OWNER, "mine")
        documents = [add(store, collection, number) for number in range(4)]
        store.listing.tag(OWNER, collection.id, [documents[0].id], add=["年假"], remove=[])
        store.recognised.keep(OWNER, documents[1].sha256, 1, Recognition(595.0, 842.0))
        # The last chunks that were made are gone: their ids must not come back.
        store.documents.remove(OWNER, add(store, collection, 9).id)
        chat = store.chats.create(OWNER, collection.id, title="年假")
        turn = store.chats.ask(OWNER, chat.id, "How many days?")
        store.chats.answer(OWNER, turn.id, Answer("q", "q", "25 days \ud83d", "answered", "model"))
        store.ratings.save(OWNER, Rating(turn.id, "down", "wrong", "25, not 28", "0.txt", 1, "number0"))
        store.chats.ask(OWNER, chat.id, "And then?")
        store.jobs.enqueue(OWNER, collection.id, "waits.txt", "file", b"a file that waits to be read", replace=True)
        check = store.checks.add(OWNER, collection.id, "How many?", document="0.txt", page=1, quote="number0")
        fields: dict[str, Any] = {field.name: _some(field, check) for field in dataclasses.fields(CheckResult)}
        result = CheckResult(**fields)
        store.checks.save_run(OWNER, store.collections.get(OWNER, collection.id), "toy", [result])
        _add_odd(store, store.collections.create("bob", "odd"))
        _add_people(store)
        yield store


def _some(field: dataclasses.Field[object], check: object) -> object:
    """A value of the field's type."""
    return {"str": "text", "int": 1, "bool": True, "float": 0.5}.get(str(field.type), getattr(check, "id", None))


def _add_people(store: Store) -> None:
    """Two who signed in, a group of them, and a collection shared with it."""
    ada, ben = (
        store.people.admit(
            SignIn("https://id", name, f"{name}@x.org", name, f"key {name}", None), hours=1, admins=["ada@x.org"]
        )
        for name in ("ada", "ben")
    )
    group = store.people.make_group(ada.id, "house")
    store.people.set_members(ada.id, group.id, [ben.id])
    store.shares.give(ben.id, store.collections.create(ben.id, "plans").id, "group", group.id, "reader")


def _add_odd(store: Store, collection: Collection) -> None:
    """A document of another embedder, with numbers and characters that are easily altered on the way."""
    text = "Half \ud83d a character, NUL \0, “quotes”; 'it''s' \\ %s {x} \n\t 年假"
    vectors = np.array([[1 / 3, -0.0, 1e-38, 0.1], [3e38, -1e-45, 2.0000002, 7e-10]], np.float32)
    chunks = [Chunk(1, "", "", text, text, 0, len(text)), Chunk(1, "", "", "", "25 days", 0, 7)]
    store.documents.add(
        "bob", collection.id, LoadedDocument("odd.txt", text, "text", (Page(1, "1", text),)), chunks, vectors,
        sha256=hashlib.sha256(b"odd").hexdigest(), size=2**33, language="en", embedder="odd", original=b"odd",
    )  # fmt: skip


def test_a_library_moves_to_postgresql_and_back_and_is_the_same(
    local: Store, postgres_url: str, tmp_path: Path
) -> None:
    with closing(Store.open(tmp_path, postgres_url)) as shared, closing(Store.open(tmp_path / "back")) as back:
        there = move(local, shared)
        assert {name: proof.rows for name, proof in there.tables.items() if proof.rows} == {
            "collections": 3,
            "documents": 5,
            "document_tags": 1,
            "pages": 9,
            "recognised": 1,
            "chunks": 82,
            "chats": 1,
            "turns": 2,
            "ratings": 1,
            "jobs": 1,
            "checks": 1,
            "check_runs": 1,
            "people": 2,
            "sign_ins": 2,
            "person_groups": 1,
            "group_members": 1,
            "shares": 1,
            "activity": 6,
        }
        # Nothing was left out of this test.
        assert all(proof.rows for proof in there.tables.values())
        assert (there.originals, there.missing) == (6, ())
        assert move(shared, back) == there
        (mine,) = shared.collections.list(OWNER)
        (odd,) = shared.collections.list("bob")
        for store in (shared, back):
            assert store.collections.list(OWNER) == local.collections.list(OWNER)
            assert store.documents.list(OWNER, mine.id) == local.documents.list(OWNER, mine.id)
            assert faults(store, mine) == []
            assert words_fit(store)
            assert store.jobs.list(OWNER, mine.id) == local.jobs.list(OWNER, mine.id)
            assert store.checks.runs(OWNER, mine.id) == local.checks.runs(OWNER, mine.id)
            (chat,) = store.chats.list(OWNER)
            assert store.chats.turns(OWNER, chat.id) == local.chats.turns(OWNER, chat.id)
            for collection in (mine, odd):
                ids, vectors = store.documents.vectors(collection.id)
                assert ids.tolist() == local.documents.vectors(collection.id)[0].tolist()
                assert vectors.tobytes() == local.documents.vectors(collection.id)[1].tobytes()
            added = add(store, mine, 5)
            assert store.documents.chunk_ids(mine.id, [added.id]).min() > 102
            found = open_index(store).search_words(OWNER, mine.id, "number2", 5)
            assert {p.name for p in store.documents.passages(OWNER, [i for i, _ in found]).values()} == {"2.txt"}


def test_a_library_that_is_not_empty_is_left_alone(local: Store, postgres_url: str, tmp_path: Path) -> None:
    with closing(Store.open(tmp_path, postgres_url)) as shared:
        kept = shared.collections.create("bob", "was here")
        with pytest.raises(LibraryNotEmpty):
            move(local, shared)
        with pytest.raises(LibraryNotEmpty):
            move(shared, local)
        assert shared.collections.list("bob") == [kept]
        assert shared.collections.list(OWNER) == []


def test_what_arrives_altered_is_not_kept(local: Store, postgres_url: str, tmp_path: Path) -> None:
    with closing(Store.open(tmp_path, postgres_url)) as shared:
        with shared.database.write() as connection:
            connection.exec_driver_sql(
                "CREATE FUNCTION alter_one() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN IF new.position = 2 THEN new.question = 'another'; END IF; RETURN new; END $$"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER altering BEFORE INSERT ON turns FOR EACH ROW EXECUTE FUNCTION alter_one()"
            )
        with pytest.raises(MoveUnequal) as refused:
            move(local, shared)
        assert refused.value.fields == {"table": "turns"}
        assert shared.collections.list(OWNER) == []


def test_where_the_server_has_no_room_nothing_is_kept(local: Store, postgres_url: str, tmp_path: Path) -> None:
    with closing(Store.open(tmp_path, postgres_url)) as shared:
        before = _indexes(shared)
        with shared.database.write() as connection:
            connection.exec_driver_sql(
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER filling BEFORE INSERT ON words FOR EACH ROW WHEN (new.chunk = 80)"
                " EXECUTE FUNCTION no_room()"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER filling BEFORE INSERT ON pages FOR EACH ROW WHEN (new.owner = 'bob')"
                " EXECUTE FUNCTION no_room()"
            )
        for table in ("pages", "words"):
            with pytest.raises(DiskFull):
                move(local, shared)
            assert (shared.collections.list(OWNER), _indexes(shared)) == ([], before)
            with shared.database.write() as connection:
                connection.exec_driver_sql(f"DROP TRIGGER filling ON {table}")
        move(local, shared)
        # Those that were taken away for the time of the move are there again, with the graphs of both dimensions.
        assert _indexes(shared) - before == {"chunks_near_4", "chunks_near_384"}
        assert before <= _indexes(shared)


def _indexes(store: Store) -> set[str]:
    with store.database.read() as connection:
        query = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = ANY('{chunks, words}'::regclass[])"
        return set(connection.exec_driver_sql(query).scalars())


def test_a_backup_goes_from_either_engine_into_either(local: Store, postgres_server: str, tmp_path: Path) -> None:
    """Folder → PostgreSQL → another PostgreSQL → folder."""
    collection = local.collections.list(OWNER)[0]
    assert backup(local, tmp_path / "1.zip") == []
    with postgres.database(postgres_server) as first, postgres.database(postgres_server) as second:
        assert restore(tmp_path / "1.zip", tmp_path / "data", first) is None
        with closing(Store.open(tmp_path / "data", first)) as shared:
            assert backup(shared, tmp_path / "2.zip") == []
            assert numbers(shared, collection) == [0, 1, 2, 3]
        with pytest.raises(LibraryNotEmpty):
            restore(tmp_path / "2.zip", tmp_path / "data", first)
        restore(tmp_path / "2.zip", tmp_path / "data", second)
        with closing(Store.open(tmp_path / "data", second)) as shared:
            backup(shared, tmp_path / "3.zip")
    restore(tmp_path / "3.zip", tmp_path / "end")
    with closing(Store.open(tmp_path / "end")) as end:
        assert faults(end, collection) == []
        assert end.documents.list(OWNER, collection.id) == local.documents.list(OWNER, collection.id)
        assert end.files.read(hashlib.sha256(b"odd").hexdigest()) == b"odd"
        # Jobs stay behind: their readers are not there after a restore.
        assert end.jobs.list(OWNER, collection.id) == []
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.endswith(".zip")) == [
        "data",
        "end",
        "local",
    ]


def test_the_command_moves_the_library_in_use_and_the_doctor_finds_it_well(
    local: Store, postgres_url: str, tmp_path: Path
) -> None:
    data, secret = tmp_path / "local", "s3cret-pass"
    url = postgres_url.replace("postgres:@", f"postgres:{secret}@")
    assert secret in url
    code, told = footnote(data, "move", "--to", url)
    assert code == 0, told
    assert (told["equal"], told["tables"]["documents"]["rows"], told["originals"]) == (True, 5, 6)
    code, again = footnote(data, "move", "--to", url)
    assert code == 1
    code, found = footnote(data, "doctor", RAG_DATABASE_URL=url)
    assert code == 0, found
    assert "5 documents have all their pages and all their 82 chunks" in str(found)
    code, back = footnote(tmp_path / "new", "move", "--from", url)
    assert code == 0, back
    assert back["tables"] == told["tables"]
    assert not re.search(secret, f"{told} {again} {found} {back}")


def test_a_server_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://ann:s3cret-pass@127.0.0.1:9/library"
    with pytest.raises(StoreUnreachable) as refused:
        Store.open(tmp_path, url)
    assert refused.value.fields == {"server": "127.0.0.1/library"}
    code, told = footnote(tmp_path, "doctor", RAG_DATABASE_URL=url)
    assert code == 1
    assert "The database server 127.0.0.1/library does not answer" in str(told)
    assert "s3cret" not in str(told)
    code, told = footnote(tmp_path, "doctor", RAG_DATABASE_URL="mysql://ann:s3cret-pass@127.0.0.1/library")
    assert code != 0
    assert "RAG_DATABASE_URL" in str(told)
    assert "s3cret" not in str(told)
