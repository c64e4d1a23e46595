"""On PostgreSQL procrastinate brings readers what waits; what counts is what the job's own row says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import sqlalchemy as sa
import streamlit as st
from procrastinate.schema import SchemaManager
from streamlit.testing.v1 import AppTest

from rag.core.errors import AddressStatus, StorePackageMissing, StoreTooNew
from rag.core.installation import CODE as PROJECT
from rag.core.types import Collection
from rag.ingestion.context import IngestContext
from rag.ingestion.worker import READ_AT_ONCE
from rag.library.store import Job, Store
from rag.library.store.deliveries import deliver_lost, hand_on
from rag.models.catalogue import NOWHERE, Choice
from rag.operations.doctor import examine
from rag.services import Services
from tests.ingestion.test_pipeline import LIMITS, OWNER, TEXT, ToyEmbedder, long_text, wait_for
from tests.support import postgres
from tests.support.originals import has_original
from tests.support.postgres import Place
from tests.support.reading import reading
from tests.support.serving import Reply, serving

# Short enough to wait until it has run out.
LEASE = 2.0


@pytest.fixture
def place(postgres_url: str, tmp_path: Path) -> Place:
    """A database whose owner has no right beyond it."""
    return Place(tmp_path, postgres.given_to_a_plain_user(postgres_url))


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with closing(place.open()) as store:
        yield store


@pytest.fixture
def collection(store: Store) -> Collection:
    return store.collections.create(OWNER, "mine")


@contextmanager
def reader(place: Place, wait: float = 0.0, intranet: tuple[str, ...] = ()) -> Iterator[None]:
    """A reader at work, in a thread, until the end of the block."""
    with (
        closing(place.open()) as own,
        reading(IngestContext(own, ToyEmbedder(wait=wait), LIMITS, intranet=intranet), LEASE),
    ):
        yield


def enqueue(store: Store, collection: Collection, name: str, data: bytes = TEXT) -> Job:
    return store.jobs.enqueue(OWNER, collection.id, name, "file", data + name.encode())


def in_state(store: Store, job: Job, state: str) -> Job:
    wait_for(lambda: store.jobs.get(OWNER, job.id).state == state, 40)
    return store.jobs.get(OWNER, job.id)


def all_deliveries(store: Store) -> list[tuple[str, str]]:
    """The job and the state of each, oldest first."""
    with store.database.read() as connection:
        query = "SELECT args ->> 'job', status FROM procrastinate_jobs ORDER BY id"
        return [(row[0], row[1]) for row in connection.exec_driver_sql(query)]


def change(store: Store, statement: str) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql(statement)


def test_what_is_kept_is_delivered_and_what_is_rolled_back_is_not(store: Store, collection: Collection) -> None:
    kept = enqueue(store, collection, "kept.txt")
    failing = sa.event.listens_for(store.database._engine, "commit")(_fail)
    with pytest.raises(ConnectionAbortedError):
        enqueue(store, collection, "lost.txt")
    sa.event.remove(store.database._engine, "commit", failing)
    assert [job.name for job in store.jobs.list(OWNER, collection.id)] == ["kept.txt"]
    assert all_deliveries(store) == [(kept.id, "todo")]


def _fail(_connection: sa.Connection) -> None:
    raise ConnectionAbortedError


def test_what_came_while_no_reader_ran_is_read_once_and_nothing_piles_up(
    place: Place, store: Store, collection: Collection
) -> None:
    first, second, third = (enqueue(store, collection, f"{number}.txt") for number in "123")
    store.jobs.cancel(OWNER, second.id)
    with reader(place):
        in_state(store, third, "done")
        assert store.jobs.get(OWNER, first.id).attempts == 1
        assert store.jobs.get(OWNER, second.id).state == "cancelled"
        # It is called, and need not look.
        in_state(store, enqueue(store, collection, "4.txt"), "done")
        wait_for(lambda: all_deliveries(store) == [])
    assert sorted(each.name for each in store.documents.list(OWNER, collection.id)) == ["1.txt", "3.txt", "4.txt"]


def test_what_is_cancelled_while_it_is_read_ends_and_another_is_read_beside_it(
    place: Place, store: Store, collection: Collection
) -> None:
    long = enqueue(store, collection, "long.txt", long_text(30_000))
    with reader(place, wait=0.1):
        wait_for(lambda: store.jobs.get(OWNER, long.id).done > 0, 60)
        short = enqueue(store, collection, "short.txt")
        store.jobs.cancel(OWNER, long.id)
        in_state(store, short, "done")
        in_state(store, long, "cancelled")
        wait_for(lambda: all_deliveries(store) == [])
    assert not has_original(store, long.source)


def test_a_reader_that_ends_in_good_order_leaves_its_jobs_to_the_next_before_all_others(
    place: Place, store: Store, collection: Collection
) -> None:
    begun = [enqueue(store, collection, f"{n}.txt", long_text(6000 + n)) for n in range(READ_AT_ONCE)]
    with reader(place, wait=0.5):
        wait_for(lambda: all(store.jobs.get(OWNER, job.id).done > 0 for job in begun), 60)
        later = enqueue(store, collection, "later.txt")
    left = [store.jobs.get(OWNER, job.id) for job in begun]
    assert [(job.state, job.attempts) for job in left] == [("waiting", 0)] * READ_AT_ONCE
    assert sorted(all_deliveries(store)) == sorted((job.id, "todo") for job in [*begun, later])
    with reader(place):
        in_state(store, later, "done")
        assert "waiting" not in [store.jobs.get(OWNER, job.id).state for job in begun]


def test_a_server_that_does_not_answer_is_asked_again_and_the_page_says_why(
    place: Place, store: Store, collection: Collection
) -> None:
    answers = {"/away": [503, 502, 200], "/gone": [404, 200]}

    def get(path: str) -> Reply:
        return Reply(b"<p>Every employee has 25 days of leave.</p>", answers[path].pop(0))

    with serving(get) as server, reader(place, intranet=(server.place,)):
        away, gone = (server.at(path) for path in answers)
        job = store.jobs.enqueue(OWNER, collection.id, away, "address", away)
        lost = store.jobs.enqueue(OWNER, collection.id, gone, "address", gone)
        wait_for(lambda: store.jobs.get(OWNER, job.id).failure is not None, 60)
        waiting = store.jobs.get(OWNER, job.id)
        assert waiting.failure == AddressStatus(address=away, status=503).failure()
        assert in_state(store, lost, "failed").failure == AddressStatus(address=gone, status=404).failure()
        done = in_state(store, job, "done")
    assert (done.failure, done.attempts, answers) == (None, 1, {"/away": [], "/gone": [200]})


def test_the_page_of_documents_says_what_a_document_waits_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RAG_SAMPLES", "false")
    monkeypatch.setattr(Services, "start", lambda _: None)
    with closing(Store.open(tmp_path)) as store:
        store.jobs.enqueue("local", store.collections.create("local", "mine").id, "one.txt", "file", TEXT)
        claimed = store.jobs.claim("r1", 60)
        assert claimed is not None
        store.jobs.give_back(claimed, AddressStatus(address="http://site.example/", status=503).failure())
    page = AppTest.from_file(str(PROJECT / "chat.py")).switch_page("pages/documents.py")
    page.query_params["lang"] = "en"
    page.run(timeout=60)
    st.cache_resource.clear()
    assert not page.exception
    drawn = " ".join(str(getattr(element, "proto", "")) for element in page.main)
    assert "one.txt · Queued" in drawn
    assert (
        "http://site.example/ answered with error 503. Nothing was added. It will be tried again automatically."
        in drawn
    )


def test_a_server_that_never_answers_fails_the_job_in_words(
    place: Place, store: Store, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.ingestion.worker.outages.TRIES", 1)
    with serving(lambda _: Reply(status=503)) as server, reader(place, intranet=(server.place,)):
        address = server.at("/")
        job = store.jobs.enqueue(OWNER, collection.id, address, "address", address)
        failed = in_state(store, job, "failed")
        wait_for(lambda: all_deliveries(store) == [])
    assert failed.failure == AddressStatus(address=address, status=503).failure()
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "lost", ["never made", "taken along by a reader that died", "taken by one that ended and forgot"]
)
def test_a_lost_delivery_is_made_anew(place: Place, store: Store, collection: Collection, lost: str) -> None:
    """As after a move, a restored backup, or an upgrade from a version that did not deliver."""
    job = enqueue(store, collection, "one.txt")
    if lost == "never made":
        change(store, "DELETE FROM procrastinate_jobs")
    else:
        change(store, "SELECT procrastinate_register_worker_v1()")
        change(store, "SELECT procrastinate_fetch_job_v2(NULL, (SELECT max(id) FROM procrastinate_workers))")
    if lost == "taken along by a reader that died":
        change(store, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    if lost == "taken by one that ended and forgot":
        change(store, "DELETE FROM procrastinate_workers")
    with reader(place):
        in_state(store, job, "done")
        wait_for(lambda: all_deliveries(store) == [])
    assert len(store.documents.list(OWNER, collection.id)) == 1


def test_a_lease_that_runs_out_without_a_delivery_is_seen_at_once(
    place: Place, store: Store, collection: Collection
) -> None:
    """As where the database was away when its reader wanted to let go, and its delivery found it held."""
    job = enqueue(store, collection, "one.txt")
    assert store.jobs.claim("r1", 3, job.id) is not None
    with reader(place):
        wait_for(lambda: all_deliveries(store) == [])
        assert store.jobs.get(OWNER, job.id).worker == "r1"
        assert in_state(store, job, "done").attempts == 2


def test_a_reader_that_cannot_end_a_delivery_goes_on_with_the_next(
    place: Place, store: Store, collection: Collection
) -> None:
    """It was given to another one meanwhile, or the database was away in that moment."""
    job = enqueue(store, collection, "one.txt", long_text(1000))
    with reader(place, wait=0.3):
        wait_for(lambda: store.jobs.get(OWNER, job.id).done > 0, 60)
        change(store, "DELETE FROM procrastinate_jobs")
        in_state(store, job, "done")
        in_state(store, enqueue(store, collection, "two.txt"), "done")
        wait_for(lambda: all_deliveries(store) == [])


def test_what_a_living_reader_holds_is_not_handed_on(store: Store, collection: Collection) -> None:
    held, free = enqueue(store, collection, "held.txt"), enqueue(store, collection, "free.txt")
    claimed = store.jobs.claim("r1", 60, held.id)
    assert claimed is not None
    change(store, "DELETE FROM procrastinate_jobs")
    gone = "0" * 32
    assert hand_on(store.database, [held.id, free.id, gone]) == {free.id, gone}
    deliver_lost(store.database, 10)
    # One of each is enough, and none is made of what another reader holds.
    assert all_deliveries(store) == [(free.id, "todo")]
    assert store.jobs.claim("r2", 60, held.id) is None
    assert store.jobs.progress(claimed, "embedding", 1, 2, -1)
    deliver_lost(store.database, 10)
    assert all_deliveries(store) == [(free.id, "todo"), (held.id, "todo")]


def test_the_doctor_counts_what_waits_and_delivers_what_was_lost(place: Place, store: Store) -> None:
    collection = store.collections.create(OWNER, "mine")

    def said() -> tuple[str, bool, dict[str, str | int]]:
        checks = examine(place.folder, place.url, lambda: None, _no_model)
        (found,) = [check for check in checks if check.name in ("deliveries", "readers")]
        return found.name, found.ok, found.fields

    assert said() == ("deliveries", True, {"count": 0, "readers": 0})
    job = enqueue(store, collection, "one.txt")
    change(store, "DELETE FROM procrastinate_jobs")
    assert said() == ("readers", True, {"count": 1})
    assert all_deliveries(store) == [(job.id, "todo")]
    change(store, "SELECT procrastinate_register_worker_v1()")
    assert said() == ("deliveries", True, {"count": 1, "readers": 1})
    change(store, "DELETE FROM procrastinate_jobs")
    assert said() == ("deliveries", False, {"count": 1})
    assert said() == ("deliveries", True, {"count": 1, "readers": 1})


def _no_model() -> Choice:
    return Choice("toy", NOWHERE, None)


def test_tables_of_an_older_procrastinate_are_brought_up_to_date(place: Place, store: Store) -> None:
    """By its own scripts, with what waits in them."""
    collection = store.collections.create(OWNER, "mine")
    job, today = enqueue(store, collection, "one.txt"), _schema(store)
    with store.database.write() as connection:
        for (drop,) in connection.exec_driver_sql(_DROP, execution_options={"no_parameters": True}).all():
            connection.exec_driver_sql(drop)
        for script in sorted(Path(SchemaManager.get_migrations_path()).glob("0[0-2].*.sql")):
            connection.exec_driver_sql(script.read_text(), execution_options={"no_parameters": True})
        connection.exec_driver_sql("COMMENT ON TABLE procrastinate_jobs IS '2.14.1'")
    assert _schema(store) != today
    place.open().close()
    assert _schema(store) == today
    with reader(place):
        in_state(store, job, "done")


_DROP = """
    SELECT format('DROP TABLE IF EXISTS %I CASCADE', relname) FROM pg_class
        WHERE relname ~ '^procrastinate' AND relkind = 'r'
    UNION ALL SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc
        WHERE proname ~ '^procrastinate'
    UNION ALL SELECT format('DROP TYPE IF EXISTS %I CASCADE', typname) FROM pg_type
        WHERE typname ~ '^procrastinate' AND typtype IN ('e', 'c') AND typrelid IN (SELECT oid FROM pg_class
            WHERE relkind = 'c' UNION SELECT 0)"""


def _schema(store: Store) -> list[str]:
    """The columns and functions of procrastinate's."""
    with store.database.read() as connection:
        inspector = sa.inspect(connection)
        tables = [name for name in inspector.get_table_names() if name.startswith("procrastinate")]
        columns = [f"{name}.{column['name']}" for name in tables for column in inspector.get_columns(name)]
        query = "SELECT oid::regprocedure::text FROM pg_proc WHERE proname ~ '^procrastinate'"
        return sorted(columns) + sorted(connection.exec_driver_sql(query).scalars())


def test_a_later_procrastinates_tables_and_a_missing_package_are_said(
    place: Place, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(store, "COMMENT ON TABLE procrastinate_jobs IS '99.0.0'")
    with pytest.raises(StoreTooNew):
        place.open()

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("rag.library.store.deliveries.installed_version", missing)
    with pytest.raises(StorePackageMissing) as said:
        place.open()
    assert said.value.fields == {"package": "procrastinate"}
