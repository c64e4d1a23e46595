"""Rerankers and readers: used where one lies on the disk, never needed. The models here are small and random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.core.call_context import CallContext
from rag.core.errors import ModelRefused
from rag.core.settings import Settings
from rag.ingestion.pipeline import read_file
from rag.models.reranking import AnswerScorer, CrossEncoder, open_answer_scorer, open_reranker
from rag.services import open_services

TEXTS = ["The greenhouse is watered at six.", "Tools hang in shed B.", "The pond is two metres deep."]
QUESTION = "Where do the tools hang?"
RERANKER, READER = "ms-marco-minilm-l6-v2", "minilm-uncased-squad2"


def random_model(folder: Path, head: str, **options: int) -> Path:
    """A model of one layer with random weights, and a tokenizer that knows the words of these tests."""
    import torch
    import transformers

    folder.mkdir(parents=True)
    known = sorted({word for text in [*TEXTS, QUESTION] for word in text.lower().strip(".?").split()})
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *known]))
    tokenizer = transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=64)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        initializer_range=0.6,
        **options,
    )
    getattr(transformers, head)(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    random_model(folder / RERANKER, "BertForSequenceClassification", num_labels=1)
    random_model(folder / READER, "BertForQuestionAnswering")
    return folder


def test_without_such_a_model_there_is_none(tmp_path: Path) -> None:
    assert open_reranker([tmp_path]) is None
    assert open_answer_scorer([tmp_path]) is None


def test_each_text_has_the_same_score_alone_and_in_company(models: Path) -> None:
    for model in (open_reranker([models], device="cpu"), open_answer_scorer([models], device="cpu")):
        assert model is not None
        together = model.scores(QUESTION, TEXTS)
        alone = [model.scores(QUESTION, [text])[0] for text in TEXTS]
        assert len(set(together)) == 3
        assert np.allclose(together, alone, atol=1e-5)


def test_a_reader_says_how_sure_it_is(models: Path) -> None:
    found = AnswerScorer(models / READER, READER, device="cpu").scores(QUESTION, TEXTS)
    assert all(0.0 < chance < 1.0 for chance in found)


def test_a_question_that_a_model_does_not_read_is_left_to_the_search(models: Path) -> None:
    assert CrossEncoder(models / RERANKER, RERANKER, device="cpu").scores("工具在哪里？", TEXTS) == [0, 0, 0]


def test_no_texts_have_no_scores(models: Path) -> None:
    assert CrossEncoder(models / RERANKER, RERANKER, device="cpu").scores(QUESTION, []) == []


def test_weights_that_can_carry_code_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02")
    with pytest.raises(ModelRefused):
        CrossEncoder(tmp_path, "own").scores(QUESTION, TEXTS)


def test_an_answer_is_found_with_both_where_they_lie_in_the_models_folder(models: Path, tmp_path: Path) -> None:
    services = open_services(Settings(data_dir=tmp_path, models_dir=models, model="none", samples=False, device="cpu"))
    collection = services.store.collections.create("ann", "garden")
    for number, text in enumerate(TEXTS):
        read_file(services.ingest, "ann", collection.id, text.encode(), f"{number}.txt")
    *_, answer = services.conversation.ask(QUESTION, CallContext("ann", collection.id))
    reranker, reader = services.reranker, services.answer_scorer
    assert reranker is not None
    assert reader is not None
    scores = dict(zip(TEXTS, reranker.scores(QUESTION, TEXTS), strict=True))
    assert {passage.text: passage.score for passage in answer.passages} == pytest.approx(scores, abs=1e-5)
    # What the reader says is added to a score that lies between 0 and 1 without it.
    said = dict(zip(TEXTS, reader.scores(QUESTION, TEXTS), strict=True))
    assert all(said[quote.text] <= quote.score <= said[quote.text] + 1.2 for quote in answer.quotes)
