"""Documents that an earlier version read are read again in their place: from the kept file, whole or not at all."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from rag.core.errors import EmbedderMismatch, NotAllowed, NotFound
from rag.core.reports import ReadingCounts
from rag.core.tables import Cell, Table
from rag.core.types import (
    READING_VERSION,
    Answer,
    Chunk,
    Document,
    Heading,
    LeftOut,
    LoadedDocument,
    Page,
    Passage,
    Quote,
)
from rag.ingestion.context import IngestContext
from rag.ingestion.pipeline import read_address, read_again, read_file
from rag.library.index import open_index
from rag.library.store import Store, schema
from tests.ingestion.test_pipeline import LIMITS, OWNER, ToyEmbedder, wait_for
from tests.ingestion.test_worker import readers
from tests.library.test_sharing import sign_in
from tests.support.postgres import Place
from tests.support.reading import reading
from tests.support.serving import Reply, serving

TEXT = b"# Leave\n\nEvery employee has 25 days of annual leave.\n\n# Pay\n\nPlan | Price\nBasic | $320 [1]\n"


@pytest.fixture
def ingest(place: Place) -> Iterator[IngestContext]:
    with closing(place.open()) as store:
        yield IngestContext(store, ToyEmbedder(), LIMITS)


def older(ingest: IngestContext, data: bytes, name: str, *pages: str) -> Document:
    """A document of that file as an earlier version would have read it."""
    collection = ingest.store.collections.named(OWNER, "mine")
    document = read_file(ingest, OWNER, collection.id, data, name)
    loaded = LoadedDocument(
        name, "Old", document.kind, tuple(Page(number, "1", text) for number, text in enumerate(pages, 1))
    )
    chunks = [Chunk(page.number, "1", "", "Old", page.text, 0, len(page.text)) for page in loaded.pages]
    vectors = np.stack([ingest.embedder.embed_query(chunk.text) for chunk in chunks])
    ingest.store.readings.replace(
        OWNER, document.id, loaded, chunks, vectors, language="en", embedder=ingest.embedder.name
    )
    with ingest.store.database.write() as connection:
        connection.execute(sa.update(schema.documents).where(schema.documents.c.id == document.id).values(reading=0))
    return ingest.store.documents.get(OWNER, document.id)


def quoted(document: Document, page: int, text: str, wanted: str) -> Quote:
    start = text.index(wanted)
    return Quote(
        document.id, document.name, "Old", document.kind, None, page, "1", "", wanted, start, start + len(wanted), 1.0
    )


def chunks_written(store: Store, document: Document) -> int:
    chunks = schema.chunks.c
    with store.database.read() as connection:
        count = sa.select(sa.func.count()).where(chunks.document == document.id)
        return int(connection.execute(count).scalar_one())


def texts(store: Store, document: Document) -> list[str]:
    return [page.text for page in store.documents.pages(OWNER, document.id)]


def test_a_document_stays_the_same_one_with_what_is_read_today(ingest: IngestContext) -> None:
    store = ingest.store
    before = older(ingest, TEXT, "rules.md", "Everything in one line.")
    assert before.outdated
    index = open_index(store)
    assert [hit.text for hit in _found(store, before.collection, "everything line")] == ["Everything in one line."]
    after = read_again(ingest, OWNER, before.id)
    kept = {name: getattr(before, name) for name in ("id", "owner", "collection", "name", "sha256", "size", "added")}
    assert {name: getattr(after, name) for name in kept} == kept
    assert (after.title, after.reading, after.outdated) == ("Leave", READING_VERSION, False)
    assert texts(store, after) == [TEXT.decode()]
    assert [heading.title for heading in store.documents.page(OWNER, after.id, 1).headings] == ["Leave", "Pay"]
    assert _found(store, before.collection, "everything line") == []
    assert _found(store, before.collection, "annual leave")
    assert index.search_vectors(before.collection, ingest.embedder.embed_query("annual leave"), 5)


def _found(store: Store, collection: str, words: str) -> list[Passage]:
    hits = open_index(store).search_words(OWNER, collection, words, 5)
    return list(store.documents.passages(OWNER, [chunk for chunk, _ in hits]).values())


def test_saved_quotes_are_found_again_where_their_words_still_stand(ingest: IngestContext) -> None:
    store = ingest.store
    pages = ("Rules. Pay Plan Price Basic $3201", "Every  employee has 25 days of\nannual leave. Gone words.")
    document = older(ingest, TEXT, "rules.md", *pages)
    quotes = (
        quoted(document, 2, pages[1], "Every  employee has 25 days of\nannual leave."),
        quoted(document, 1, pages[0], "Basic $3201"),
        quoted(document, 2, pages[1], "Gone words."),
        replace(quoted(document, 2, pages[1], "Gone words."), document="another"),
    )
    chat = store.chats.create(OWNER, document.collection, [document.id])
    turn = store.chats.ask(OWNER, chat.id, "How many days?")
    store.chats.answer(OWNER, turn.id, Answer("?", "?", "Words.", "answered", None, quotes=quotes))
    read_again(ingest, OWNER, document.id)
    answer = store.chats.turn(OWNER, turn.id).answer
    assert answer is not None
    leave, price, gone, foreign = answer.quotes
    page = store.documents.page(OWNER, document.id, 1)
    assert [quote.text for quote in answer.quotes] == [quote.text for quote in quotes]
    assert page.text[leave.start : leave.end] == "Every employee has 25 days of annual leave."
    assert (leave.page, leave.section, leave.line) == (1, "Leave", 3)
    # Its letters are the same, what stands between them is not.
    assert page.text[price.start : price.end] == "Basic | $320 [1"
    assert (price.section, price.line) == ("Pay", 8)
    assert (gone.page, gone.start, gone.end) == (1, 0, 0)
    assert foreign == quotes[3]
    # The chat goes on with the document it was narrowed to.
    assert store.chats.get(OWNER, chat.id).documents == (document.id,)


def test_all_older_documents_are_read_in_the_background_and_no_others(ingest: IngestContext) -> None:
    store = ingest.store
    documents = [older(ingest, TEXT + str(number).encode(), f"{number}.md", "Old.") for number in range(3)]
    collection = documents[0].collection
    newer = read_file(ingest, OWNER, collection, b"New text.", "new.txt")
    asked = store.readings.ask_again(OWNER, collection)
    # Asked twice, they are read once.
    assert store.readings.ask_again(OWNER, collection) == asked
    assert {job.source for job in store.jobs.list(OWNER, collection)} == {document.id for document in documents}
    with reading(ingest):
        wait_for(lambda: not store.jobs.unfinished(asked))
    assert [document.outdated for document in store.documents.list(OWNER, collection)] == [False] * 4
    assert store.documents.get(OWNER, newer.id) == newer
    assert store.readings.ask_again(OWNER, collection) == []


def test_what_fails_is_named_and_stays_as_it_was(ingest: IngestContext) -> None:
    store = ingest.store
    document = older(ingest, TEXT, "rules.md", "Old.")
    with store.database.write() as connection:
        connection.execute(sa.update(schema.documents).values(sha256="0" * 64))
    store.readings.ask_again(OWNER, document.collection)
    with reading(ingest):
        wait_for(lambda: store.jobs.list(OWNER, document.collection)[0].state == "failed")
    assert texts(store, document) == ["Old."]
    assert store.documents.get(OWNER, document.id).outdated


def test_reading_again_can_be_stopped(ingest: IngestContext) -> None:
    store = ingest.store
    documents = [older(ingest, TEXT + str(number).encode(), f"{number}.md", "Old.") for number in range(3)]
    collection = documents[0].collection
    store.readings.ask_again(OWNER, collection)
    running = store.jobs.claim("reader", 20.0)
    assert running is not None
    store.readings.stop(OWNER, collection)
    (left,) = store.jobs.list(OWNER, collection)
    assert (left.id, left.cancelling) == (running.id, True)
    assert not store.jobs.progress(running, "embedding", 1, 2, 20.0)
    assert all(document.outdated for document in store.documents.list(OWNER, collection))


def test_a_removed_document_waits_no_more(ingest: IngestContext) -> None:
    document = older(ingest, TEXT, "rules.md", "Old.")
    ingest.store.readings.ask_again(OWNER, document.collection)
    ingest.store.documents.remove(OWNER, document.id)
    assert ingest.store.jobs.list(OWNER, document.collection) == []


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known on Windows")
def test_a_killed_reader_leaves_each_document_whole_and_the_next_one_goes_on(place: Place) -> None:
    with closing(place.open()) as store:
        ingest = IngestContext(store, ToyEmbedder(), LIMITS)
        documents = [older(ingest, TEXT + str(number).encode(), f"{number}.md", "Old.") for number in range(6)]
        collection = documents[0].collection
        asked = store.readings.ask_again(OWNER, collection)
        with readers(place, 1) as (process,):
            wait_for(lambda: any(not document.outdated for document in store.documents.list(OWNER, collection)))
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        for document in store.documents.list(OWNER, collection):
            whole = texts(store, document) == ["Old."] if document.outdated else "25 days" in texts(store, document)[0]
            assert whole
            assert chunks_written(store, document) == document.chunks
        with readers(place, 1):
            wait_for(lambda: not store.jobs.unfinished(asked))
        assert [document.outdated for document in store.documents.list(OWNER, collection)] == [False] * 6


def test_a_web_page_is_read_from_what_was_kept_of_it(ingest: IngestContext) -> None:
    page = b"<html><head><title>Leave</title></head><body><main><p>25 days of leave.</p></main></body></html>"
    collection = ingest.store.collections.named(OWNER, "mine")
    with serving(lambda path: Reply(page)) as served:
        ingest = replace(ingest, intranet=(served.place,))
        document = read_address(ingest, OWNER, collection.id, served.at("/leave"))
    with ingest.store.database.write() as connection:
        connection.execute(sa.update(schema.documents).values(reading=0))
    again = read_again(ingest, OWNER, document.id)
    assert again == document
    assert (again.kind, again.title) == ("web", "Leave")


def test_adding_a_file_again_reads_it_anew_where_it_is_older(ingest: IngestContext) -> None:
    document = older(ingest, TEXT, "rules.md", "Old.")
    again = read_file(ingest, OWNER, document.collection, TEXT, "rules.md")
    assert (again.id, again.outdated) == (document.id, False)
    assert "25 days" in texts(ingest.store, again)[0]


def test_another_embedder_does_not_read_again(ingest: IngestContext) -> None:
    document = older(ingest, TEXT, "rules.md", "Old.")
    with pytest.raises(EmbedderMismatch):
        read_again(replace(ingest, embedder=ToyEmbedder("other", 8)), OWNER, document.id)
    assert texts(ingest.store, document) == ["Old."]


def test_readers_and_strangers_have_nothing_read_again(ingest: IngestContext) -> None:
    store = ingest.store
    document = older(ingest, TEXT, "rules.md", "Old.")
    bob, eve = (sign_in(store, name) for name in ("bob", "eve"))
    store.shares.give(OWNER, document.collection, "person", bob.email, "reader")
    for act in (store.readings.ask_again, store.readings.stop):
        with pytest.raises(NotAllowed):
            act(bob.id, document.collection)
        with pytest.raises(NotFound):
            act(eve.id, document.collection)
    assert len(store.readings.reports(bob.id, document.id)) == 1
    assert store.readings.reports(eve.id, document.id) == []
    assert store.readings.counts(eve.id, document.collection) == {}


def test_the_library_says_what_became_of_each_page(ingest: IngestContext) -> None:
    store = ingest.store
    document = older(ingest, TEXT, "rules.md", "Old.")
    table = Table((Cell(0, 0, "Plan"), Cell(1, 0, "Basic")), ((0, 4), (5, 10)), head_rows=1)
    loaded = LoadedDocument(
        "rules.pdf",
        "Rules",
        "pdf",
        (
            Page(1, "i", "Plan\nBasic", (Heading(0, "Plan"),), (table, table), (LeftOut("struck", "four"),)),
            Page(2, "ii", "", unread="picture"),
            Page(3, "iii", ""),
        ),
    )
    vectors = ingest.embedder.embed_query("x")[None]
    chunk = Chunk(1, "i", "", "", "Plan", 0, 4)
    store.readings.replace(OWNER, document.id, loaded, [chunk], vectors, language="en", embedder="toy")
    assert [report.fields() for report in store.readings.reports(OWNER, document.id)] == [
        {
            "number": 1,
            "label": "i",
            "state": "read",
            "characters": 10,
            "headings": 1,
            "tables": 2,
            "left_out": [{"why": "struck", "characters": 4}],
            "unread": None,
            "certainty": None,
        },
        {
            "number": 2,
            "label": "ii",
            "state": "unread",
            "characters": 0,
            "headings": 0,
            "tables": 0,
            "left_out": [],
            "unread": "picture",
            "certainty": None,
        },
        {
            "number": 3,
            "label": "iii",
            "state": "empty",
            "characters": 0,
            "headings": 0,
            "tables": 0,
            "left_out": [],
            "unread": None,
            "certainty": None,
        },
    ]
    assert store.readings.counts(OWNER, document.collection) == {document.id: ReadingCounts(1, 1, 2)}
