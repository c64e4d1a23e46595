"""What an answer is drawn from: which quotes stand open, which are folded, how many sentences are supported."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from rag.core.types import Answer, Computed, Disagreement, Quote, Sentence, Statement, Verdict
from rag.library.store.answers import answer_from_json, answer_to_json
from rag.ui.answer_view import answer_data
from rag.ui.texts import Texts
from rag.viewing.export import as_markdown

QUOTES = tuple(Quote("d", "a.md", "", "md", None, 1, "1", "", f"Sentence {i}.", 0, 11, 1.0) for i in range(1, 7))
ANSWER = Answer("Why?", "Why?", "", "answered", "model", quotes=QUOTES)


def drawn(answer: Answer) -> dict[str, Any]:
    return answer_data(answer, Texts("en"), "", {})


def test_places_behind_the_first_three_are_folded_where_nothing_refers_to_them() -> None:
    data = drawn(ANSWER)
    assert (data["more"], data["labels"]["more"]) == ([4, 5, 6], "3 more quotes")
    written = replace(
        ANSWER, sentences=(Sentence("So it is.", "supported", (4,)), Sentence("Or so.", "unsupported", (5,)))
    )
    assert drawn(written)["more"] == [4, 6]
    # Below a written answer that holds stand those that it cites.
    held = replace(written, text="So it is.", sentences=written.sentences[:1])
    assert (drawn(held)["leads"], drawn(held)["more"]) == (True, [1, 2, 3, 4, 6])
    disputed = replace(ANSWER, disagreements=(Disagreement((Statement(0, "14"), Statement(5, "10"))),))
    assert drawn(disputed)["more"] == [4, 5]


def test_a_list_shows_all_its_members() -> None:
    assert drawn(replace(ANSWER, kind="list"))["more"] == []
    assert drawn(replace(ANSWER, outcome="overview"))["more"] == []


def test_what_was_computed_stands_above_its_rows() -> None:
    computed = Computed("sum", "Fee", ("Berth = North",), 530.0, "530 €", "€", 14, ("A2:C15",), "boats.xlsx", "Fees")
    sentence = Sentence("Sum of Fee: 530 €.", "supported", (0,))
    many = tuple(replace(QUOTES[0], start=n) for n in range(14))
    said = replace(ANSWER, text=sentence.text, sentences=(sentence,), quotes=many, computed=computed, model=None)
    data = drawn(said)
    assert (data["leads"], data["more"]) == (True, [13, 14])
    assert (data["labels"]["written"], data["labels"]["quotes"]) == (
        "Calculated from the rows below",
        "The rows it was calculated from",
    )
    assert answer_from_json(json.loads(json.dumps(answer_to_json(said)))) == said
    assert "*Calculated from the rows below*" in as_markdown(said, Texts("en"))


def test_the_verdicts_of_several_sentences_are_counted() -> None:
    verdicts: tuple[Verdict, ...] = ("supported", "supported", "unsupported", "no_claim")
    sentences = tuple(Sentence("So.", verdict) for verdict in verdicts)
    assert (
        drawn(replace(ANSWER, sentences=sentences))["labels"]["counted"] == "3 statements: 2 supported, 1 not supported"
    )
    assert drawn(replace(ANSWER, sentences=sentences[:1]))["labels"]["counted"] == ""


@pytest.mark.parametrize(
    ("leads", "changes"),
    [
        (True, {}),
        (True, {"sentences": ()}),
        (True, {"kind": "summary"}),
        (False, {"kind": "list"}),
        (False, {"model": "smollm2-135m-instruct"}),
        (False, {"model": None, "text": ""}),
        (False, {"outcome": "refused"}),
        (False, {"sentences": (Sentence("So.", "unsupported"), Sentence("Or so.", "partly", (1,)))}),
        (False, {"sentences": (Sentence("So.", "supported", (1,)), *[Sentence("Or so.", "unsupported")] * 2)}),
    ],
)
def test_what_an_able_model_wrote_leads_where_most_of_it_holds(leads: bool, changes: dict[str, Any]) -> None:
    written = replace(
        ANSWER, text="So. Or so.", sentences=(Sentence("So.", "supported", (0,)), Sentence("?", "partly"))
    )
    assert drawn(replace(written, **changes))["leads"] is leads


def test_the_words_of_a_weak_model_are_folded_and_said_to_be_weak() -> None:
    data = drawn(replace(ANSWER, model="smollm2-135m-instruct", text="So it is."))
    assert data["weak"]
    assert "very small model that often gets things wrong" in data["labels"]["written"]
    assert not drawn(replace(ANSWER, model="qwen2.5-1.5b-instruct", text="So it is."))["weak"]
    # And with them the places they cite.
    cites = (Sentence("So it is.", "supported", (4,)),)
    assert drawn(replace(ANSWER, model="smollm2-135m-instruct", sentences=cites))["more"] == [4, 5, 6]


def test_what_is_copied_is_rich_text_with_numbered_sources() -> None:
    sentences = (Sentence("So <b>it</b> is.", "supported", (1,)), Sentence("No.", "unsupported"))
    copied = drawn(replace(ANSWER, text="So it is.", sentences=sentences))["copy"]
    assert copied["html"].startswith("<p>So &lt;b&gt;it&lt;/b&gt; is.[2]</p><ol><li>“Sentence 1.” – a.md")
    assert copied["text"].splitlines()[:3] == [
        "So <b>it</b> is.[2]",
        "[1] “Sentence 1.” – a.md",
        "[2] “Sentence 2.” – a.md",
    ]
    assert answer_data(ANSWER, Texts("en"), "Writing …", {})["copy"] is None


def test_a_quote_from_markdown_is_drawn_without_its_signs() -> None:
    words = "Every colleague gets a **mentor**; see [the plan](/plan.md)."
    quotes = (replace(QUOTES[0], kind="markdown", text=words), replace(QUOTES[0], kind="text", text=words))
    drawn_words = [quote["text"] for quote in drawn(replace(ANSWER, quotes=quotes))["quotes"]]
    assert drawn_words == ["Every colleague gets a mentor; see the plan.", words]


def test_the_row_of_a_table_is_drawn_below_its_heads() -> None:
    row = replace(QUOTES[0], head="Plan | Deductible", text="Basic | $500")
    torn = replace(row, text="Basic")
    drawn_quotes = drawn(replace(ANSWER, quotes=(row, torn, QUOTES[0])))["quotes"]
    assert [quote["row"] for quote in drawn_quotes] == [[["Plan", "Deductible"], ["Basic", "$500"]], None, None]
    # Those of one table are drawn together.
    assert [quote["table"] for quote in drawn_quotes] == [f"{row.document} Plan | Deductible", "", ""]
