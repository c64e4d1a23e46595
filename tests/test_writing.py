"""What the writing model is given to read."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from rag import build
from rag.settings import Settings
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


def test_the_writer_can_take_turns_where_no_library_was_opened_yet(tmp_path: Path) -> None:
    services = build.services(Settings(data_dir=tmp_path / "new", model="smollm2-135m-instruct", samples=False))
    writer = services.writer
    assert writer is not None
    assert (tmp_path / "new").is_dir()
    assert writer.narrow
