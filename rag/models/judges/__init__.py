"""Judges: does the evidence say the claim? A calibrated probability, and the claim's words that nothing carries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.core.errors import ModelUnknown
from rag.models.judges.bundled import BUNDLED_JUDGE, BundledJudge
from rag.models.judges.protocol import Judge, Judgement
from rag.models.judges.selection import select_evidence

__all__ = ["BUNDLED_JUDGE", "BundledJudge", "Judge", "Judgement", "open_judge", "select_evidence"]


def open_judge(name: str = BUNDLED_JUDGE, folders: Sequence[Path] = ()) -> Judge:
    """The judge of that name. No network access.

    Args:
        folders: models folders to search.

    Raises:
        ModelUnknown: no judge has that name.
    """
    if name != BUNDLED_JUDGE:
        raise ModelUnknown(model=name)
    return BundledJudge()
