"""What is known of a model is data; what is done without such data is said, and works."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rag.answering.evidence import CutPage, find_quotes
from rag.answering.retrieval import Retriever, Signals, gate
from rag.core.call_context import CallContext
from rag.core.types import Passage
from rag.ingestion.context import IngestContext
from rag.ingestion.pipeline import read_file
from rag.library.index import open_index
from rag.library.store import Store
from rag.models import catalogue
from rag.models.catalogue import BUNDLED, MODELS, embedder_facts, judge_facts, known
from rag.models.embedding import Embedder, open_embedder

FACTS = Path(catalogue.__file__).with_name("facts")
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder(BUNDLED, device="cpu", threads=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path)) as made:
        yield made


class Renamed:
    """The bundled embedder under a name that nobody knows, its similarities squeezed together near to 1."""

    def __init__(self, embedder: Embedder, name: str = "custom:mine") -> None:
        self._embedder, self.name = embedder, name
        self.dimension, self.max_tokens, self.fallback_for = embedder.dimension + 1, embedder.max_tokens, None

    def embed_passages(self, texts: list[str]) -> np.ndarray:
        return np.array([self._squeezed(vector) for vector in self._embedder.embed_passages(texts)])

    def embed_query(self, text: str) -> np.ndarray:
        return self._squeezed(self._embedder.embed_query(text))

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)

    @staticmethod
    def _squeezed(vector: np.ndarray) -> np.ndarray:
        return np.append(np.sqrt(0.1) * vector, np.sqrt(0.9)).astype(np.float32)


@pytest.mark.parametrize("file", sorted(FACTS.glob("*.toml")), ids=lambda file: file.stem)
def test_each_file_is_a_models_and_names_what_it_was_made_from(file: Path) -> None:
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    # Of a chat model that people bring as a file only what it is worth as a judge is known.
    assert known(file.stem) in MODELS or set(told) == {"command", "sets", "judge"}
    assert (PROJECT / told["command"].split()[1]).is_file()
    assert told["sets"]


def test_the_bundled_embedder_decides_by_the_numbers_it_was_measured_with() -> None:
    facts = embedder_facts(BUNDLED)
    assert facts.calibrated
    # A similarity of 0.5, all words held by the best sentence, five of them, in a large library.
    assert gate(Signals(0.5, 1.0, 1.0, 5), facts.gate) == pytest.approx(
        1 / (1 + np.exp(-(6.9 + 5.7 + 7.5 + 2.75 - 13.34)))
    )
    assert facts.unrelated is not None
    assert facts.unrelated == (0.027, 0.082)


def test_a_question_is_weighed_by_its_language_and_by_that_of_the_passages() -> None:
    facts = embedder_facts("multilingual-e5-small")
    same = [Signals(similarity, 0.5, 0.4, 5) for similarity in (0.80, 0.86)]
    by_language = {
        question: [gate(one, facts.gate_for(question, False)) > 0.5 for one in same]
        for question in ("How many days of leave?", "Wie viele Tage Urlaub habe ich?")
    }
    assert by_language == {"How many days of leave?": [False, True], "Wie viele Tage Urlaub habe ich?": [False, True]}
    assert facts.gate_for("年假有多少天？", False) != facts.gate_for("年假有多少天？", True) != facts.gate
    # Across two languages the words that agree say nothing.
    across = facts.gate_for("Wie viele Tage Urlaub habe ich?", True)
    assert across == facts.gates["across"]
    assert gate(Signals(0.80, 0.0, 0.0, 5), across) == gate(Signals(0.80, 1.0, 1.0, 5), across) > 0.5
    assert gate(Signals(0.70, 1.0, 1.0, 5), across) < 0.5
    assert facts.scaled(np.array([0.733, 1.0], np.float32)).tolist() == pytest.approx([0.0, 1.0], abs=1e-6)


def test_by_words_alone_every_embedder_decides_alike() -> None:
    bundled, mpnet = embedder_facts(BUNDLED), embedder_facts("all-mpnet-base-v2")
    assert mpnet.gate_for("年假有多少天？", False) == bundled.gate_for("年假有多少天？", False)
    assert mpnet.gate_for("How many days of leave?", False) != bundled.gate_for("How many days of leave?", False)


@pytest.mark.parametrize(
    ("name", "question", "reads"),
    [
        (BUNDLED, "How many days?", True),
        (BUNDLED, "年假有多少天？", False),
        (BUNDLED, "What is 年假?", False),
        (BUNDLED, "Wie viele Tage Urlaub habe ich?", False),
        ("bge-m3", "年假有多少天？", True),
        ("bge-m3", "Wie viele Tage Urlaub habe ich?", True),
        ("custom:mine", "How many days?", True),
        ("custom:mine", "年假有多少天？", False),
    ],
)
def test_an_embedder_reads_the_languages_that_are_known_of_it(name: str, question: str, reads: bool) -> None:
    assert embedder_facts(name).reads(question) is reads


def test_no_name_leads_out_of_the_folder() -> None:
    assert not embedder_facts(f"../facts/{BUNDLED}").calibrated
    assert judge_facts("../facts/minilm-uncased-squad2").weight == 0


def test_an_embedder_without_data_refuses_by_words_alone(embedder: Embedder, store: Store) -> None:
    """Its similarities lie near to 1 for any question: with the bundled one's weights nothing would be refused."""
    mine = Renamed(embedder)
    collection = store.collections.create("me", "one").id
    text = b"The gate of the garden is green. Tools hang in shed B. The pond is two metres deep."
    read_file(IngestContext(store, mine), "me", collection, text, "garden.txt")  # type: ignore[arg-type]
    retriever = Retriever(open_index(store), store.documents, mine)  # type: ignore[arg-type]
    found = [
        retriever.search(question, CallContext("me", collection))
        for question in ("What colour is the gate of the garden?", "What is the price of copper in Chile?")
    ]
    assert [one.gate >= one.threshold for one in found] == [True, False]
    assert all(one.signals.by_words and one.signals.similarity > 0.9 for one in found)
    assert gate(found[1].signals, embedder_facts("custom:mine").gate) == found[1].gate


def test_without_data_similarities_put_quotes_in_order_and_are_no_part_of_their_scores(embedder: Embedder) -> None:
    text = "The premises are closed at ten. Automobiles may be left in the yard."
    passage = Passage(1, "d", "n.txt", "", "text", None, 1, "1", "", text, 0, len(text), 1.0)
    question = "Where can I park my car?"
    scores = {}
    for one in (embedder, Renamed(embedder)):
        quotes = find_quotes(question, [passage], one, pages={("d", 1): CutPage.of(text)}, k=2)  # type: ignore[arg-type]
        assert quotes[0].text == "Automobiles may be left in the yard."
        scores[one.name] = quotes[0].score
    assert scores["custom:mine"] < scores[BUNDLED]


def test_chinese_words_alone_have_to_cover_the_question() -> None:
    weights = embedder_facts(BUNDLED).gate_for("年假有多少天？", False)
    covered, half = (Signals(0.0, share, share, 8, 800, by_words=True) for share in (0.9, 0.1))
    assert gate(covered, weights) > 0.9
    assert gate(half, weights) < 0.5
    # A German question is weighed as before.
    assert embedder_facts(BUNDLED).gate_for("Wie viele Tage Urlaub?", False) == embedder_facts(BUNDLED).gate
