"""Milvus where there is none: which addresses are taken, what is missing is said, and a question is answered anyway.

What a real server does is tried in tests/scale/test_milvus.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from rag.answering.retrieval import Retriever
from rag.core import settings
from rag.core.call_context import CallContext
from rag.core.errors import SettingsInvalid, VectorsLacking
from rag.core.settings import Settings
from rag.core.types import Answer
from rag.library.index import Milvus, MilvusIndex, SharedIndex, open_index
from rag.library.store import Store
from rag.services import open_services
from rag.ui.answer_view import _notice
from rag.ui.texts import Texts
from tests.library.test_index import OWNER, exact, put, unit
from tests.support.serving import free_port

DATABASE = "postgresql+psycopg://db.example.com/footnote"
SECRET = "s3cret-word"


@pytest.mark.parametrize(
    ("address", "host", "problem"),
    [
        ("milvus://vectors.example.com:19530", "vectors.example.com:19530", ""),
        ("milvus://vectors.example.com", "vectors.example.com:19530", ""),
        (f"milvus+tls://ann:{SECRET}@vectors.example.com:443/footnote", "vectors.example.com:443", ""),
        ("http://vectors.example.com:19530", "", "milvus://host:port"),
        (f"milvus://ann:{SECRET}@", "", "milvus://host:port"),
        (f"milvus://host:19530/one/two?token={SECRET}", "", "milvus://host:port"),
    ],
)
def test_an_address_is_checked_at_the_start_and_its_password_stands_nowhere(
    address: str, host: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_DATABASE_URL", DATABASE)
    monkeypatch.setenv("RAG_VECTORS", address)
    if not problem:
        current = settings.load()
        assert SECRET not in repr(current)
        assert Milvus(current.vectors.get_secret_value()).name == host
        return
    with pytest.raises(SettingsInvalid) as refused:
        settings.load()
    assert refused.value.fields["setting"] == "RAG_VECTORS"
    assert problem in str(refused.value)
    assert SECRET not in str(refused.value)


def test_it_takes_a_library_in_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_VECTORS", "milvus://127.0.0.1:19530")
    with pytest.raises(SettingsInvalid, match="RAG_DATABASE_URL"):
        settings.load()


@pytest.fixture
def store(tmp_path: Path, postgres_url: str) -> Iterator[Store]:
    with closing(Store.open(tmp_path, postgres_url, graphs=False)) as made:
        yield made


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server that does not answer."""
    monkeypatch.setattr("rag.library.index.milvus_client._SEARCH_SECONDS", 0.2)
    return f"milvus://127.0.0.1:{free_port()}"


def test_the_setting_chooses_the_engine(tmp_path: Path, postgres_url: str, away: str) -> None:
    for vectors, kind in (("", SharedIndex), (away, MilvusIndex)):
        chosen = Settings(data_dir=tmp_path, database_url=SecretStr(postgres_url), vectors=SecretStr(vectors))
        services = open_services(chosen)
        assert type(services.index) is kind
        services.store.close()


def test_a_missing_package_is_a_sentence(store: Store, away: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.library.index.find_spec", lambda name: None)
    with pytest.raises(SettingsInvalid, match=r"requirements-team\.txt") as missing:
        open_index(store, away)
    assert missing.value.fields["setting"] == "RAG_VECTORS"


def test_postgresql_keeps_no_graph_of_vectors_that_are_searched_elsewhere(store: Store, postgres_url: str) -> None:
    def graphs() -> list[str]:
        with store.database.read() as connection:
            found = connection.exec_driver_sql("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'chunks_near%%'")
            return list(found.scalars())

    collection = store.collections.create(OWNER, "one")
    put(store, collection, "a", ["words"], unit(1))
    assert graphs() == []
    # Without Milvus again, doctor has it made.
    with closing(Store.open(store.folder, postgres_url)) as again:
        assert open_index(again).rebuild(collection.id) == 1
    assert graphs() == ["chunks_near_16"]


class Toy:
    """An embedder that gives a question the vector it is told to."""

    name, dimension = "toy", 16

    def __init__(self, vector: np.ndarray) -> None:
        self._vector = vector

    def embed_query(self, _text: str) -> np.ndarray:
        return self._vector


def test_without_a_server_few_vectors_are_searched_all_the_same(store: Store, away: str) -> None:
    collection = store.collections.create(OWNER, "all")
    vectors = unit(40)
    chosen = put(store, collection, "a", ["whales sing"] * 40, vectors)
    put(store, collection, "b", ["sharks are silent"] * 5, unit(5, seed=3))
    index = MilvusIndex(store, Milvus(away), exact_up_to=40)
    found = index.search_vectors(collection.id, vectors[7], 10, [chosen.id])
    assert [chunk for chunk, _ in found] == exact(np.arange(1, 41), vectors, vectors[7], 10)
    with pytest.raises(VectorsLacking):
        index.search_vectors(collection.id, vectors[7], 10)


def test_without_a_server_many_are_found_by_their_words_and_the_answer_says_so(store: Store, away: str) -> None:
    collection = store.collections.create(OWNER, "all")
    vectors = unit(40)
    put(store, collection, "whales", ["whales sing at night"] * 2, vectors[:2])
    put(store, collection, "others", ["sharks are silent"] * 38, vectors[2:])
    for most, words_only in ((40, False), (39, True)):
        index = MilvusIndex(store, Milvus(away), exact_up_to=most)
        retriever = Retriever(index, store.documents, Toy(vectors[1]))  # type: ignore[arg-type]
        found = retriever.search("When do whales sing?", CallContext(OWNER, collection.id))
        assert found.words_only is words_only
        # What the words found is held against the question's vector: the gate is none the worse.
        assert found.signals.similarity == pytest.approx(1.0, abs=1e-5)
        assert found.passages[0].name == "whales"


@pytest.mark.parametrize(("language", "said"), [("en", "by their words alone"), ("zh", "只按字词")])
def test_readers_are_told(language: str, said: str) -> None:
    texts = Texts(language)
    answer = Answer("Who?", "Who?", "", "refused", None, words_only=True)
    notice = _notice(answer, texts)
    assert notice is not None
    assert notice["title"] == texts("answer.refused")
    assert notice["text"].startswith(texts("answer.refused_why"))
    assert said in notice["text"]
    assert _notice(Answer("Who?", "Who?", "", "answered", None), texts) is None
