"""Judges: does the evidence say the claim? A calibrated probability, and the claim's words that nothing carries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.core.errors import ModelUnknown
from rag.models.catalogue import choose, judge_calibration, known
from rag.models.judges.bundled import BUNDLED_JUDGE, BundledJudge
from rag.models.judges.chat import chat_judge
from rag.models.judges.hub import FAMILIES
from rag.models.judges.protocol import Judge, Judgement
from rag.models.judges.selection import select_evidence

__all__ = ["BUNDLED_JUDGE", "BundledJudge", "Judge", "Judgement", "chat_judge", "open_judge", "select_evidence"]


def open_judge(name: str = BUNDLED_JUDGE, folders: Sequence[Path] = (), *, device: str = "auto") -> Judge:
    """The judge of that name: the bundled one, or an installed one of the catalogue. No network access.

    Args:
        folders: models folders to search.
        device: auto, cpu, cuda or mps, of those of the catalogue.

    Raises:
        ModelUnknown: no judge has that name.
        ModelNotOnDisk: it is not installed.
    """
    if name == BUNDLED_JUDGE:
        return BundledJudge()
    row = known(name)
    if row is None or row.kind != "judge":
        raise ModelUnknown(model=name)
    choice = choose(row.name, folders, kind="judge")
    return FAMILIES[row.family](choice.path, row.name, row.languages, judge_calibration(row.name), device)
