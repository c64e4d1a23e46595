"""Which model is brought first: the best that suits this machine, never one too small or in the wrong language."""

from __future__ import annotations

import pytest

from rag.models.catalogue import MODELS
from rag.models.catalogue.hardware_fit import Fit, FitRating
from rag.models.installed import Entry
from rag.models.recommendation import recommended

SMALL, LARGE = "qwen2.5-1.5b-instruct", "qwen2.5-7b-instruct"


def entries(**marks: FitRating) -> list[Entry]:
    """The whole catalogue, rated: `small` and `large` as given, all else as running well."""
    rated = {SMALL: marks["small"], LARGE: marks["large"]}
    return [
        Entry(model.name, model.kind, model, None, Fit(rated.get(model.name, "well")), model.size, model.size)
        for model in MODELS
    ]


@pytest.mark.parametrize(
    ("small", "large", "wanted"),
    [
        ("well", "well", LARGE),
        ("well", "slow", SMALL),
        ("slow", "slow", SMALL),
        ("unknown", "unknown", SMALL),
        ("slow", "no", SMALL),
        ("no", "no", None),
    ],
)
@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_the_largest_that_runs_well_or_else_the_smallest(
    small: FitRating, large: FitRating, wanted: str | None, language: str
) -> None:
    found = recommended(entries(small=small, large=large), language)
    assert (found.name if found else None) == wanted
