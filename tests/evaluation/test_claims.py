"""Sets of judged claims: their measures by the door of `evaluate`, with judges whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rag.core.errors import DamagedFile
from rag.evaluation import evaluate
from rag.models.judges import BUNDLED_JUDGE, Judgement
from rag.models.judges.protocol import Pair

CONTEXT = "Leave is 25 days.\nIt lapses on 31 March. Claims are sent to the finance team within 30 days."
CLAIMS = (
    ("Leave is 25 days.", 1, ()),
    ("Claims are sent to the finance team.", 1, ()),
    ("Leave is 25 days in Hamburg.", 0, ("Hamburg",)),
    ("Laptops are replaced every other summer.", 0, ("Laptops", "replaced", "every", "other", "summer")),
)


class Known:
    """Gives the probabilities it was told, and marks the claim's last word."""

    name = "known"
    supported = 0.8

    def __init__(self, *probabilities: float) -> None:
        self._left = list(probabilities)
        self.evidence: list[Sequence[str]] = []

    def reads(self, text: str) -> bool:
        return bool(text)

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        self.evidence += [evidence for _, evidence in pairs]
        return [
            Judgement(self._left.pop(0), ((claim.rindex(" ") + 1, len(claim) - 1),) if not claim[-2].isdigit() else ())
            for claim, _ in pairs
        ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path, [claim(text, label, wrong) for text, label, wrong in CLAIMS])
    return tmp_path


def written(folder: Path, records: list[dict[str, Any]]) -> None:
    (folder / "contexts.jsonl").write_text(json.dumps({"id": 7, "text": CONTEXT}) + "\n", encoding="utf-8")
    (folder / "claims.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


def claim(text: str, label: int, wrong: tuple[str, ...]) -> dict[str, Any]:
    tokens = text.rstrip(".").split()
    return {
        "claim": text,
        "context": 7,
        "label": label,
        "tokens": tokens,
        "unsupported": [token in wrong for token in tokens],
    }


def measured(folder: Path, judge: Known, limit: int | None = None) -> dict[str, Any]:
    return evaluate(folder, lambda store: pytest.fail("nothing is ingested"), limit=limit, judge=lambda: judge)


def test_measures_of_a_judge(folder: Path) -> None:
    judge = Known(0.9, 0.4, 0.85, 0.1)
    report = measured(folder, judge)
    assert report["claims"] == 4
    assert report["judge"] == "known"
    assert report["auc"] == 0.75
    assert report["balanced_accuracy"] == 0.5
    assert report["supported"] == 0.5
    assert report["supported_right"] == 0.5
    assert report["true_supported"] == 0.5
    assert report["false_unmarked"] == 0.5
    assert report["auc_interval"][0] <= 0.75 <= report["auc_interval"][1]
    # Marked: days, team, Hamburg, summer; wrong: Hamburg and five others.
    assert report["words_f1"] == round(2 * 2 / (4 + 6), 4)
    assert report["seconds_a_claim"] >= 0
    assert judge.evidence[0] == (
        "Leave is 25 days.",
        "It lapses on 31 March.",
        "Claims are sent to the finance team within 30 days.",
    )


def test_measures_without_data_are_none(folder: Path) -> None:
    report = measured(folder, Known(0.9, 0.4), limit=2)
    assert report["claims"] == 2
    assert report["auc"] is None
    assert report["balanced_accuracy"] is None
    assert report["false_unmarked"] is None
    assert report["words_f1"] is None
    assert report["true_supported"] == 0.5


def test_the_bundled_judge_tells_these_apart(folder: Path) -> None:
    report = evaluate(folder, lambda store: pytest.fail("nothing is ingested"))
    assert report["judge"] == BUNDLED_JUDGE
    assert report["auc"] == 1
    assert report["words_f1"] >= 0.8


@pytest.mark.parametrize(
    "damage", [{"context": 8}, {"tokens": ["Leave"], "unsupported": []}, {"claim": None, "context": [7]}]
)
def test_a_damaged_set_is_refused(tmp_path: Path, damage: dict[str, Any]) -> None:
    written(tmp_path, [claim("Leave is 25 days.", 1, ()) | damage])
    with pytest.raises(DamagedFile):
        measured(tmp_path, Known())
