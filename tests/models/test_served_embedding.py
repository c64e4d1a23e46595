"""Embeddings from servers: a real llama.cpp server, text-embeddings-inference as it answers, and what goes wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from rag.core.call_context import CallContext
from rag.core.errors import EmbedderRefused, EmbedderUnreachable, ModelUnknown, RagError
from rag.core.settings import Settings
from rag.ingestion.pipeline import read_file
from rag.ingestion.worker import run_jobs
from rag.ingestion.worker.outages import when_it_answers
from rag.library.store import Store
from rag.models.served_embedding import BATCH, MAX_TOKENS, open_served
from rag.services import NO_MODEL, Services, open_services
from tests.support.llama import llama_server
from tests.support.serving import Reply, Served, serving
from tests.support.tei import DIMENSION, tei, vector_of, vectors_of
from tests.support.waiting import until

OWNER = "ann"
RULES = b"Annual leave is 28 days after six years.\n\nThe canteen is open until two o'clock.\n"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "TEI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_a_real_llama_cpp_server_gives_unit_vectors_in_the_order_of_the_texts() -> None:
    with llama_server(embeds=True) as server:
        embedder = open_served(f"openai:smollm2@{server.address}")
        assert (embedder.name, embedder.dimension, embedder.fallback_for) == ("openai:smollm2", 576, None)
        texts = [f"Room {number} is free." for number in range(BATCH + 3)]
        found = embedder.embed_passages(texts)
        assert (found.shape, found.dtype) == ((BATCH + 3, 576), np.dtype(np.float32))
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
        for place in (0, BATCH, BATCH + 2):
            # Which texts go together moves a vector a little.
            assert np.argmax(found @ embedder.embed_query(texts[place])) == place
        assert embedder.embed_passages([]).shape == (0, 576)
        with pytest.raises(EmbedderRefused):
            embedder.embed_passages(["word " * 3000])


def test_text_embeddings_inference_says_what_it_runs_and_is_remembered_by_it() -> None:
    with tei() as server:
        embedder = open_served(f"tei:BAAI/bge-m3@{server.at('')}")
        assert (embedder.name, embedder.dimension, embedder.max_tokens) == ("tei:BAAI/bge-m3", DIMENSION, 300)
        plain = np.array(vector_of("annual leave"))
        assert np.allclose(embedder.embed_query("annual leave"), plain / np.linalg.norm(plain))
        assert open_served(f"tei:{server.at('/')}").name == f"tei:{server.at('')}"
        with pytest.raises(EmbedderRefused) as other:
            open_served(f"tei:intfloat/e5-small@{server.at('')}")
        assert other.value.fields["reason"] == "no_such"


def test_a_question_is_embedded_once_for_search_and_quotes() -> None:
    with tei() as server:
        embedder = open_served(f"tei:{server.at('')}")
        before = len(server.requests)
        first, second = embedder.embed_query("How long?"), embedder.embed_query("How long?")
        assert first is second
        assert not first.flags.writeable
        assert len(server.requests) == before + 1


def openai_server(rows: Callable[[list[str]], object]) -> AbstractContextManager[Served]:
    """An OpenAI-compatible server, vLLM for instance, that says how long its model reads."""
    listed = {"data": [{"id": "bge", "max_model_len": 8192}]}

    def post(_: str, body: bytes) -> Reply:
        return Reply(json.dumps({"data": rows(json.loads(body)["input"])}).encode())

    return serving(lambda path: Reply(json.dumps(listed).encode()), posted=post)


def test_vectors_are_put_in_the_order_they_are_numbered_in() -> None:
    def backwards(texts: list[str]) -> object:
        return [{"index": i, "embedding": vector_of(text)} for i, text in enumerate(texts)][::-1]

    with openai_server(backwards) as server:
        embedder = open_served(f"openai:bge@{server.at('/v1')}")
        # A long context is no reason for long chunks.
        assert embedder.max_tokens == MAX_TOKENS
        found = embedder.embed_passages(["one", "three"])
        assert np.allclose(found, [embedder.embed_query("one"), embedder.embed_query("three")])


@pytest.mark.parametrize(
    "said",
    [
        {"error": "tired"},
        [],
        [[1.0] * DIMENSION] * 5,
        [[None] * DIMENSION],
        [[0.0] * DIMENSION],
        [["a"] * DIMENSION],
        [[[1.0]]],
        [[float("nan")] + [1.0] * (DIMENSION - 1)],
        [[1.0, 2.0], [1.0]],
        Reply(b"<html>"),
    ],
    ids=["an error", "none", "too many", "nulls", "zeros", "words", "too deep", "nan", "ragged", "a page"],
)
def test_what_is_no_list_of_vectors_is_refused(said: object) -> None:
    replies = iter([[vector_of("dimension")], said])
    with tei(lambda _: next(replies)) as server:
        embedder = open_served(f"tei:{server.at('')}")
        with pytest.raises(EmbedderRefused):
            embedder.embed_query("Hello?")


def test_another_length_than_before_means_another_model_and_is_refused() -> None:
    replies = iter([[[1.0, 2.0, 3.0]], [[1.0, 2.0]]])
    with tei(lambda _: next(replies)) as server:
        embedder = open_served(f"tei:{server.at('')}")
        with pytest.raises(EmbedderRefused) as refused:
            embedder.embed_query("Hello?")
        assert refused.value.fields["reason"] == "dimension"


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (401, EmbedderRefused, "denied"),
        (404, EmbedderRefused, "no_such"),
        (413, EmbedderRefused, "too_long"),
        (500, EmbedderRefused, "server"),
        (502, EmbedderUnreachable, None),
    ],
)
def test_a_refusal_becomes_the_error_that_tells_what_to_do(
    status: int, error: type[RagError], reason: str | None
) -> None:
    with tei(lambda _: Reply(b"{}", status)) as server, pytest.raises(error) as told:
        open_served(f"tei:{server.at('')}")
    assert told.value.fields.get("reason") == reason


def test_a_server_without_room_is_asked_again() -> None:
    replies = iter([Reply(b"{}", 429, {"Retry-After": "0"}), [vector_of("dimension")]])
    with tei(lambda _: next(replies)) as server:
        assert open_served(f"tei:{server.at('')}").dimension == DIMENSION


def test_the_key_goes_to_the_server_in_a_header_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEI_API_KEY", "very-secret")
    with tei() as server:
        embedder = open_served(f"tei:{server.at('')}")
    assert {headers["Authorization"] for _, headers in server.requests} == {"Bearer very-secret"}
    with pytest.raises(EmbedderUnreachable) as gone:
        embedder.embed_query("Hello?")
    assert "very-secret" not in f"{gone.value} {gone.value.fields} {vars(embedder)}"


@pytest.mark.parametrize(
    "name", ["tei:", "tei:example", "openai:bge", "openai:@http://h", "tei:ftp://h", "tei:http://:0"]
)
def test_what_names_no_server_is_unknown(name: str) -> None:
    with pytest.raises(ModelUnknown):
        open_served(name)


def test_an_address_at_which_a_machine_gives_away_its_keys_stays_closed() -> None:
    with pytest.raises(EmbedderUnreachable):
        open_served("tei:http://169.254.169.254")


# In the library


@contextmanager
def library(folder: Path, server: Served) -> Iterator[Services]:
    settings = Settings(data_dir=folder, embedder=f"tei:{server.at('')}", model=NO_MODEL)
    services = open_services(settings)
    yield services
    services.store.close()


def test_documents_are_read_and_asked_with_vectors_of_a_server(tmp_path: Path) -> None:
    with tei() as server, library(tmp_path, server) as services:
        collection = services.store.collections.create(OWNER, "Rules")
        document = read_file(services.ingest, OWNER, collection.id, RULES, "rules.txt")
        assert document.chunks > 0
        assert services.store.collections.get(OWNER, collection.id).embedder == f"tei:{server.at('')}"
        assert services.embedder_choice.name == services.embedder.name
        *_, answer = services.conversation.ask(
            "How many days of annual leave after six years?", CallContext(OWNER, collection.id)
        )
        assert "28 days" in answer.quotes[0].text


def test_a_document_waits_while_the_server_is_away_and_is_read_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader starts before the server does, and loses it once in between."""
    monkeypatch.setattr("rag.ingestion.worker.outages.POLL_SECONDS", 0.02)
    away, seen, lost, stopping = (threading.Event() for _ in range(4))
    away.set()

    def embed(texts: list[str]) -> object:
        if away.is_set():
            seen.set()
            return Reply(b"{}", 502)
        return vectors_of(texts)

    with tei(embed) as server, library(tmp_path, server) as services:
        store: Store = services.store
        collection = store.collections.create(OWNER, "Rules")
        job = store.jobs.enqueue(OWNER, collection.id, "rules.txt", "file", RULES)

        def read() -> None:
            ingest = when_it_answers(lambda: services.ingest, stopping)
            assert ingest is not None
            away.set()
            seen.clear()
            lost.set()
            run_jobs(ingest, stopping)

        reader = threading.Thread(target=read)
        reader.start()
        assert seen.wait(20), "the reader asks what the server runs, and waits"
        away.clear()
        assert lost.wait(20)
        assert seen.wait(20), "it asks for vectors, and waits"
        assert store.jobs.get(OWNER, job.id).state in ("waiting", "running")
        assert store.documents.list(OWNER, collection.id) == []
        away.clear()
        assert until(lambda: store.jobs.get(OWNER, job.id).state == "done")
        assert [document.name for document in store.documents.list(OWNER, collection.id)] == ["rules.txt"]
        stopping.set()
        reader.join(20)


def test_a_question_while_the_server_is_away_says_so(tmp_path: Path) -> None:
    with tei() as server, library(tmp_path, server) as services:
        collection = services.store.collections.create(OWNER, "Rules")
        read_file(services.ingest, OWNER, collection.id, RULES, "rules.txt")
        conversation = services.conversation
    with pytest.raises(RagError) as away:
        list(conversation.ask("How long is the canteen open?", CallContext(OWNER, collection.id)))
    assert away.value.key() == "embedder_unreachable"
