"""A chat model that is loaded anyway, as a judge: does the text say it, yes or no?

The log-odds of its first word are no probability until they are calibrated, as those of other judges: by a table
`[judge]` in `rag/models/catalogue/facts/NAME.toml`, which `bench/calibrate_chat_judge.py` writes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from langchain_core.messages import HumanMessage, SystemMessage

from rag.core.call_context import CallContext
from rag.core.text import reads
from rag.models.catalogue import JudgeCalibration, judge_calibration
from rag.models.judges.protocol import Judgement, Pair
from rag.models.llms.queued import QueuedChatModel

_RULES: Final = "You check statements against text. Answer only Yes or No."
# The text comes first: what is shown before each claim is read once.
_ASKED: Final = (
    "Text:\n{text}\n\nStatement: {claim}\n\nAccording to the text, is the statement correct? Answer Yes or No."
)
_OPTIONS: Final = ("Yes", "No")


class ChatJudge:
    """Asks the model in its queue, in the name of `context`, which cancels as it does an answer. It marks no words."""

    def __init__(self, model: QueuedChatModel, calibration: JudgeCalibration, context: CallContext) -> None:
        self.name = model.model
        self._model, self._calibration, self._context = model, calibration, context

    @property
    def supported(self) -> float:
        return self._calibration.supported

    def reads(self, text: str) -> bool:
        return reads(self._calibration.languages, text)

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        """Raises ModelError, or Cancelled."""
        return [self._one(claim, evidence) if any(evidence) else Judgement(0.0, ()) for claim, evidence in pairs]

    def _one(self, claim: str, evidence: Sequence[str]) -> Judgement:
        text = "\n".join(" ".join(sentence.split()) for sentence in evidence)
        asked = HumanMessage(_ASKED.format(text=text, claim=claim))
        yes, no = self._model.score([SystemMessage(_RULES), asked], _OPTIONS, self._context)
        return Judgement(self._calibration.probability(yes - no), ())


def chat_judge(model: object, context: CallContext) -> ChatJudge | None:
    """The chat model as a judge; None where it does not tell how likely a word is, or was not calibrated."""
    if not isinstance(model, QueuedChatModel) or not model.scores_options:
        return None
    calibration = judge_calibration(model.model)
    return ChatJudge(model, calibration, context) if math.isfinite(calibration.supported) else None
