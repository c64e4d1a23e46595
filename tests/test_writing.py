"""What the writing model is given to read."""

from __future__ import annotations

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from rag.types import Quote
from rag.writing import Writer


class Remembers(BaseChatModel):
    """Answers nothing and keeps what it was given."""

    seen: list[str]

    @property
    def _llm_type(self) -> str:
        return "remembers"

    def _generate(self, messages: list[BaseMessage], *_: object, **__: object) -> ChatResult:
        self.seen.append("\n".join(message.text for message in messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessage("Six."))])


def quote(text: str, before: str, after: str) -> Quote:
    return Quote("d", "n", "t", "pdf", None, 1, "1", "", text, 0, len(text), 1.0, before, after, "City Limit")


@pytest.mark.parametrize("narrow", [True, False])
def test_a_narrow_model_reads_the_best_quote_alone(narrow: bool) -> None:
    model = Remembers(seen=[])
    quotes = (quote("The gate opens at six.", "Keys lie there.", "Dogs wait."), quote("The pond is deep.", "", ""))
    assert list(Writer("m", model, narrow=narrow).write("When does the gate open?", quotes, [], {})) == ["Six."]
    (read,) = model.seen
    assert "City Limit The gate opens at six." in read or not narrow
    for beside in ("Keys lie there.", "Dogs wait.", "The pond is deep."):
        assert (beside in read) is not narrow
