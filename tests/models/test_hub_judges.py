"""Judges of the catalogue: used by name where they lie on the disk. The models here are small and random."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rag.core.errors import ModelNotOnDisk, ModelRefused
from rag.models.catalogue import JudgeCalibration
from rag.models.judges import open_judge
from rag.models.judges.hub import PairJudge, TokenJudge
from tests.models.test_reranking import TEXTS, random_model

CLAIM = "Tools hang in shed B, two metres deep."
PAIR, TOKEN = "nli-deberta-v3-xsmall", "tinylettuce-17m"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    random_model(folder / PAIR, "BertForSequenceClassification", num_labels=3)
    random_model(folder / TOKEN, "BertForTokenClassification", num_labels=2)
    return folder


@pytest.mark.parametrize("name", [PAIR, TOKEN])
def test_a_judge_of_the_catalogue_is_opened_by_its_name(models: Path, name: str) -> None:
    judge = open_judge(name, [models], device="cpu")
    alone, none, others = judge.judge([(CLAIM, TEXTS), (CLAIM, ()), ("The pond is watered.", TEXTS)])
    assert judge.name == name
    assert 0 < alone.probability < 1
    assert alone.probability != others.probability
    assert none.probability == 0
    assert judge.judge([(CLAIM, TEXTS)]) == [alone]
    assert judge.reads(CLAIM)
    assert not judge.reads("工具挂在棚里。")


@pytest.mark.parametrize("name", [PAIR, TOKEN])
def test_without_calibration_nothing_is_supported(models: Path, name: str) -> None:
    assert open_judge(name, [models]).supported == math.inf


def test_calibration_turns_logits_into_probabilities(models: Path) -> None:
    plain = PairJudge(models / PAIR, PAIR, ("en",), JudgeCalibration(), "cpu").judge([(CLAIM, TEXTS)])[0].probability
    logit = math.log(plain / (1 - plain))
    judge = PairJudge(models / PAIR, PAIR, ("en",), JudgeCalibration(2.0, -1.0, 0.9), "cpu")
    (judged,) = judge.judge([(CLAIM, TEXTS)])
    assert judged.probability == pytest.approx(1 / (1 + math.exp(1 - 2 * logit)))
    assert judge.supported == 0.9


def test_a_judge_of_tokens_marks_words_of_the_claim(models: Path) -> None:
    judge = TokenJudge(models / TOKEN, TOKEN, ("en",), JudgeCalibration(), "cpu")
    judged = judge.judge([(text, TEXTS) for text in (CLAIM, *TEXTS)])
    spans = [(text, span) for text, one in zip((CLAIM, *TEXTS), judged, strict=True) for span in one.unsupported]
    assert spans
    assert all(text[start:end].strip() == text[start:end] != "" for text, (start, end) in spans)
    # As good as its worst token: marked where the probability is below one half, and only there.
    assert [bool(one.unsupported) for one in judged] == [one.probability < 0.5 for one in judged]


def test_one_that_is_not_installed_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelNotOnDisk):
        open_judge(PAIR, [tmp_path])


def test_weights_that_could_carry_code_are_refused(tmp_path: Path) -> None:
    random_model(tmp_path / PAIR, "BertForSequenceClassification", num_labels=2)
    (tmp_path / PAIR / "model.safetensors").rename(tmp_path / PAIR / "pytorch_model.bin")
    with pytest.raises(ModelRefused):
        PairJudge(tmp_path / PAIR, PAIR, ("en",), JudgeCalibration(), "cpu").judge([(CLAIM, TEXTS)])
