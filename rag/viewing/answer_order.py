"""What of an answer is read first: the model's words where they hold, the documents' words otherwise."""

from __future__ import annotations

from typing import Final

from rag.core.types import Answer, Sentence
from rag.models.catalogue import known

# Quotes that are shown where no written answer leads; those behind them are folded.
_FIRST_QUOTES: Final = 3
# Rows of a computation that are shown at once.
_FIRST_ROWS: Final = 12


def is_weak(answer: Answer) -> bool:
    """Whether it was written by a model too small to be believed."""
    row = known(answer.model or "")
    return row is not None and row.small


def written_leads(answer: Answer) -> bool:
    """Whether the written answer is read before the quotes: an able model wrote it, and most of it holds.

    What was computed stands above its rows. A list is its quotes, since all its members are among them. What is being
    written leads until it is checked.
    """
    if answer.computed:
        return True
    if not answer.text or not answer.model or is_weak(answer):
        return False
    if answer.outcome not in ("answered", "asked_anyway") or answer.kind == "list":
        return False
    if answer.outcome == "asked_anyway" or not answer.sentences:
        return True
    checked = [sentence for sentence in answer.sentences if sentence.verdict != "no_claim"]
    supported = sum(sentence.verdict == "supported" for sentence in checked)
    return supported > 0 and 2 * supported >= len(checked)


def kept(answer: Answer) -> list[Sentence]:
    """The sentences that stand."""
    return [sentence for sentence in answer.sentences if sentence.verdict != "unsupported"]


def folded(answer: Answer) -> list[Sentence]:
    """The sentences that the documents do not support: one click away."""
    return [sentence for sentence in answer.sentences if sentence.verdict == "unsupported"]


def folded_quotes(answer: Answer) -> list[int]:
    """The numbers of the quotes that are one click away.

    Below a written answer these are all that it does not cite; without one, those behind the first that nothing refers
    to. A list, a comparison or a summary is its quotes.
    """
    if answer.computed:
        return list(range(_FIRST_ROWS + 1, len(answer.quotes) + 1))
    if answer.kind != "question" or answer.outcome == "overview":
        return []
    # What a weak model cites stands where its words do: folded.
    cited = {place for sentence in kept(answer) for place in sentence.quotes if not is_weak(answer)}
    disputed = {each.quote for disagreement in answer.disagreements for each in disagreement.statements}
    first = 0 if cited and written_leads(answer) else _FIRST_QUOTES
    return [i + 1 for i in range(first, len(answer.quotes)) if i not in cited | disputed]
