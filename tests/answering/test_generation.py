"""What the writing model is given to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableLambda

from rag.answering.generation import AnswerWriter
from rag.answering.prompt_documents import documents_of
from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.core.types import Quote
from rag.services import open_services


class Remembers(BaseChatModel):
    """Answers nothing and keeps what it was given."""

    seen: list[str]

    @property
    def _llm_type(self) -> str:
        return "remembers"

    def _generate(self, messages: list[BaseMessage], *_: object, **__: object) -> ChatResult:
        self.seen.append("\n".join(message.text for message in messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessage("Six."))])


def written(model: BaseChatModel, question: str, quotes: Sequence[Quote], *, narrow: bool = False) -> str:
    """What a model writes from these quotes."""
    found: RunnableLambda[str, list[Document]] = RunnableLambda(lambda _: documents_of(quotes, narrow=narrow))
    parts = AnswerWriter("m", model).chain(question, found, CallContext()).stream({"question": question})
    return "".join(part.get("answer", "") for part in parts)


def quote(text: str, before: str, after: str) -> Quote:
    return Quote("d", "n", "t", "pdf", None, 1, "1", "", text, 0, len(text), 1.0, before, after, "City Limit")


@pytest.mark.parametrize("narrow", [True, False])
def test_a_narrow_model_reads_the_best_quote_alone(narrow: bool) -> None:
    model = Remembers(seen=[])
    pond = replace(quote("The pond is deep.", "", ""), page=2)
    gate = quote("The gate opens at six.", "Keys lie there. ", " Dogs wait.")
    quotes = (gate if narrow else replace(gate, head=""), pond)
    assert written(model, "When does the gate open?", quotes, narrow=narrow) == "Six."
    (read,) = model.seen
    assert ("City Limit The gate opens at six." in read) is narrow
    for beside in ("Keys lie there.", "Dogs wait.", "The pond is deep."):
        assert (beside in read) is not narrow


PAGE = (
    "Leave grows with the years. Less than two years 25 days. Five years 28 days. Ten years 30 days. "
    "Public holidays come on top. Ask in the calendar. Your manager answers within five days."
)


def standing(text: str, around: int, page: int = 1) -> Quote:
    """A quote of PAGE with so many characters of its surroundings."""
    start, end = PAGE.index(text), PAGE.index(text) + len(text)
    before, after = PAGE[max(0, start - around) : start], PAGE[end : end + around]
    return Quote("d", "n", "t", "pdf", None, page, "1", "", text, start, end, 1.0, before, after)


def read_by_a_model(*quotes: Quote) -> list[str]:
    """The lines of text that the model is given."""
    model = Remembers(seen=[])
    written(model, "How many days?", quotes)
    return model.seen[0].split("Text:\n")[1].split("\n\n")[0].splitlines()


def test_what_quotes_have_around_them_in_common_is_read_once() -> None:
    near = standing("Five years 28 days.", 30), standing("Less than two years 25 days.", 30)
    assert read_by_a_model(*near) == [PAGE[: PAGE.index("Ten") + 29]]
    whole = [
        standing(text, 500) for text in ("Ten years 30 days.", "Ask in the calendar.", "Leave grows with the years.")
    ]
    assert read_by_a_model(*whole) == [PAGE]


def test_a_text_bears_the_numbers_of_all_quotes_in_it() -> None:
    near = standing("Five years 28 days.", 5), standing("Less than two years 25 days.", 0, page=2)
    whole = (*near, standing("Ten years 30 days.", 5))
    assert [found.metadata["numbers"] for found in documents_of(whole)] == [(1, 3), (2,)]


def test_quotes_that_stand_apart_are_read_nearest_first() -> None:
    apart = standing("Ask in the calendar.", 5), standing("Leave grows with the years.", 0)
    assert read_by_a_model(*apart) == ["top. Ask in the calendar. Your", "Leave grows with the years."]
    other_page = standing("Ask in the calendar.", 0), standing("Ask in the calendar.", 0, page=2)
    assert read_by_a_model(*other_page) == ["Ask in the calendar.", "Ask in the calendar."]


TABLE = "Fees, in dollars\nPlan | Year | Fee\nBasic | 2021 | 30\nBasic | 2022 | 35\nPremium | 2021 | 80"


def row(text: str) -> Quote:
    """A row of TABLE with its surroundings and its heads."""
    start, end = TABLE.index(text), TABLE.index(text) + len(text)
    around = TABLE[:start], TABLE[end:]
    return Quote("d", "n", "t", "pdf", None, 1, "1", "", text, start, end, 1.0, *around, "Plan | Year | Fee")


def test_rows_of_a_table_are_read_below_their_heads_and_without_their_neighbours() -> None:
    assert read_by_a_model(row("Basic | 2022 | 35")) == ["Plan | Year | Fee Basic | 2022 | 35"]
    rows = row("Premium | 2021 | 80"), standing("Ask in the calendar.", 0, page=2), row("Basic | 2021 | 30")
    assert read_by_a_model(*rows) == [
        "Plan | Year | Fee",
        "Basic | 2021 | 30",
        "Premium | 2021 | 80",
        "Ask in the calendar.",
    ]
    assert [found.metadata["numbers"] for found in documents_of(rows)] == [(1, 3), (2,)]
    # Between the two rows, but not among what is read.
    (between,) = documents_of([row("Basic | 2022 | 35")], earlier=[rows])
    assert between.page_content == "Plan | Year | Fee Basic | 2022 | 35"


def test_a_sentence_beside_a_table_is_read_without_its_rows() -> None:
    page = f"{TABLE}\nNotes\nFees rise each year.\nAsk us.\n{TABLE}"
    start, end = page.index("Fees rise"), page.index("Ask us.") - 1
    beside = Quote("d", "n", "t", "pdf", None, 1, "1", "", page[start:end], start, end, 1.0, page[:start], page[end:])
    assert read_by_a_model(beside) == ["Notes Fees rise each year. Ask us. Fees, in dollars"]


def test_what_a_follow_up_is_also_about_stays_in_front_as_it_was_read() -> None:
    years, top = standing("Five years 28 days.", 9), standing("Public holidays come on top.", 0)
    ask, new = standing("Ask in the calendar.", 0, page=2), standing("Your manager answers within five days.", 0)

    def texts(*quotes: Quote, earlier: Sequence[Sequence[Quote]] = ()) -> list[str]:
        return [found.page_content for found in documents_of(quotes, earlier=earlier)]

    first = texts(years, top, ask)
    # The text before the last one that is quoted stays too; what is new stands behind.
    assert texts(new, top, earlier=[(years, top, ask)]) == [*first[:2], new.text]
    assert texts(top, earlier=[(years, top, ask), (new, top)]) == first[:2]
    assert texts(new, earlier=[(years, top, ask)]) == [new.text]
    numbers = [found.metadata["numbers"] for found in documents_of((new, top), earlier=[(years, top, ask)])]
    assert numbers == [(), (2,), (1,)]
    # Not without an end: after some questions the text begins anew.
    many = [standing("Ask in the calendar.", 0, page=page) for page in range(2, 12)]
    turns = [many[number : number + 3] for number in range(0, 8, 2)]
    assert max(len(texts(*turns[n], earlier=turns[:n])) for n in range(4)) == 7
    assert len(texts(*turns[3], earlier=turns[:3])) == 3


def test_the_writer_can_take_turns_where_no_library_was_opened_yet(tmp_path: Path) -> None:
    services = open_services(Settings(data_dir=tmp_path / "new", model="smollm2-135m-instruct", samples=False))
    writer = services.writer
    assert writer is not None
    assert (tmp_path / "new").is_dir()
    assert writer.narrow
