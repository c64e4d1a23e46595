"""Written sentences held against the documents: what is said there is supported, what was changed is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.evidence import CutPage, sentences_of
from rag.answering.verification import names, negated, numbers, pieces, verify
from rag.core.types import Passage, Quote

SENTENCES = [
    "The hotel limit in Lisbon is 135 euros a night.",
    "Larkfield Instruments was founded in 1998 by Ada Brandt in Penmarrow.",
    "Receipts must reach the finance team within 30 days.",
    "Employees do not pay for the shuttle bus.",
    "In March 2024 the company employed 4,250 people in twelve countries.",
    "The warranty covers 5 years or 60,000 km.",
    "Revenue grew by 7.5% to $3.2 billion.",
]
FERRY = "The ferry sails on Sundays. The bus does not run at night."
CHINESE = "公司每个工作日开设一班班车，早上8时10分从龙溪站出发。午餐补贴标准为每个工作日35元。出差期间不发放午餐补贴。"


def quote(text: str) -> Quote:
    return Quote("d", "n", "t", "pdf", None, 1, "1", "", text, 0, len(text), 1.0)


def passage(text: str) -> Passage:
    return Passage(1, "d", "n", "t", "pdf", None, 1, "1", "", text, 0, len(text))


def said_in(text: str) -> list[Quote]:
    """What a passage says, sentence by sentence."""
    return sentences_of([passage(text)], {("d", 1): CutPage.of(text)})


def verdict(text: str, evidence: str, question: str = "What is said?") -> str:
    (sentence,), _ = verify(text, question, [quote(evidence)], [])
    return sentence.verdict


@given(st.sampled_from(SENTENCES), st.lists(st.sampled_from(SENTENCES), max_size=3))
def test_a_sentence_copied_from_a_quote_is_supported_by_it(text: str, others: list[str]) -> None:
    quotes = [quote(other) for other in [*others, text]]
    (sentence,), _ = verify(text, "What is said?", quotes, [])
    assert sentence.verdict == "supported"
    assert any(quotes[place].text == text for place in sentence.quotes)


@given(st.integers(2, 99_999), st.integers(2, 99_999))
def test_a_changed_number_is_unsupported(right: int, wrong: int) -> None:
    evidence = f"The plant in Lisbon made {right} instruments for the customers."
    said = f"The plant in Lisbon made {wrong} instruments for the customers."
    assert verdict(said, evidence) == ("supported" if right == wrong else "unsupported")


@pytest.mark.parametrize(
    ("said", "evidence"),
    [
        ("The hotel limit in Oslo is 135 euros a night.", SENTENCES[0]),
        ("The hotel limit in Lisbon is 135 dollars a night.", SENTENCES[0]),
        ("Larkfield Instruments was founded in 1997 by Ada Brandt in Penmarrow.", SENTENCES[1]),
        ("Larkfield Instruments was founded in 1998 by Eva Keller in Penmarrow.", SENTENCES[1]),
        ("Receipts must reach the finance team within 30 weeks.", SENTENCES[2]),
        ("Receipts must not reach the finance team within 30 days.", SENTENCES[2]),
        ("Employees do pay for the shuttle bus.", SENTENCES[3]),
        ("In May 2024 the company employed 4,250 people in twelve countries.", SENTENCES[4]),
        ("In March 2024 the company employed 4,250 people in fourteen countries.", SENTENCES[4]),
        ("The warranty covers 5 months or 60,000 km.", SENTENCES[5]),
        ("The warranty covers 5 years or 60,000 miles.", SENTENCES[5]),
        ("Revenue grew by 7.5% to $3.2 million.", SENTENCES[6]),
        ("Revenue grew by 8.5% to $3.2 billion.", SENTENCES[6]),
    ],
)
def test_a_changed_name_date_unit_or_negation_is_unsupported(said: str, evidence: str) -> None:
    assert verdict(evidence, evidence) == "supported"
    assert verdict(said, evidence) != "supported"


@pytest.mark.parametrize(
    ("said", "evidence"),
    [
        ("In Lisbon, the limit for a hotel is 135 euros per night.", SENTENCES[0]),
        ("Ada Brandt founded Larkfield Instruments in Penmarrow in 1998.", SENTENCES[1]),
        ("The finance team must get receipts within thirty days.", SENTENCES[2]),
        ("Employees don't have to pay for the shuttle bus.", SENTENCES[3]),
        ("The company employed 4250 people in 12 countries in March 2024.", SENTENCES[4]),
        ("Revenue grew by 7.5 percent to 3.2 billion dollars.", SENTENCES[6]),
    ],
)
def test_the_same_in_other_words_is_supported(said: str, evidence: str) -> None:
    assert verdict(said, evidence) == "supported"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("班车早上8时10分从龙溪站出发。", "supported"),
        ("班车早上9时10分从龙溪站出发。", "unsupported"),
        ("午餐补贴为每个工作日35元。", "supported"),
        ("午餐补贴为每个工作日45元。", "unsupported"),
        ("出差期间发放午餐补贴。", "unsupported"),
        ("出差期间不发放午餐补贴。", "supported"),
    ],
)
def test_chinese_is_checked_by_words_numbers_and_negation(said: str, expected: str) -> None:
    assert verdict(said, CHINESE) == expected


def test_what_is_found_nowhere_is_unsupported() -> None:
    assert verdict("Bananas ripen faster beside apples.", SENTENCES[0]) == "unsupported"


def test_without_any_evidence_nothing_is_supported() -> None:
    assert [s.verdict for s in verify("The sky is blue.", "Why?", [], [])[0]] == ["unsupported"]


@pytest.mark.parametrize(
    ("question", "said", "expected"),
    [
        ("How long is the trial period of an engineer?", "The trial period of an engineer is six months.", "supported"),
        ("How long is the trial period of an engineer?", "It is six months.", "supported"),
        # True, and beside the question.
        ("How long is the trial period of an engineer?", "An engineer has a trial period.", "partly"),
        ("How long is the trial period of an engineer?", "Notice is given in writing to Ada Brandt.", "partly"),
        # Another rule's figure.
        ("How long is the trial period of an engineer?", "It is three months.", "unsupported"),
        ("Who is notice given to in writing?", "Notice is given to Ada Brandt in writing.", "supported"),
    ],
)
def test_supported_is_only_what_answers_the_question(question: str, said: str, expected: str) -> None:
    evidence = "The trial period of an engineer is six months."
    others = "For a sailor three months are enough. Notice is given in writing to Ada Brandt."
    (sentence,), _ = verify(said, question, [quote(evidence)], said_in(others))
    assert sentence.verdict == expected


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("When is the kettle descaled?", "The kettle is descaled on the first Monday of a month."),
        ("On which day is the gate locked?", "The gate is locked on Sunday."),
        (
            "In which century was the mill built?",
            "The mill was built in two centuries, the sixteenth and the seventeenth.",
        ),
    ],
)
def test_a_day_of_the_week_and_a_century_answer_a_question_for_a_time(question: str, said: str) -> None:
    assert verdict(said, said, question) == "supported"


@pytest.mark.parametrize(
    ("second", "score", "expected"),
    [
        ("The mill was opened in 1904.", 0.9, "partly"),
        # Not nearly as good as the first.
        ("The mill was opened in 1904.", 0.7, "supported"),
        # Holds no year that could be meant.
        ("The mill was opened by the mayor.", 0.9, "supported"),
        # Says the same.
        ("In 1903 the old mill was opened.", 0.9, "supported"),
    ],
)
def test_where_a_quote_as_good_gives_another_answer_neither_is_supported(
    second: str, score: float, expected: str
) -> None:
    quotes = [
        replace(quote("The mill was opened in 1903."), score=0.9),
        replace(quote(second), score=score, document="e"),
    ]
    (sentence,), _ = verify("The mill was opened in 1903.", "When was the mill opened?", quotes, [])
    assert sentence.verdict == expected


def test_a_claim_that_says_most_of_the_best_quote_holds_what_was_asked_for() -> None:
    best = "In April 1970 Parliament passed the Canal Act, which banned steam barges from all canals."
    said = "The Canal Act banned steam barges from all canals."
    (sentence,), _ = verify(said, "What did the Canal Act ban?", [quote(best)], [])
    assert sentence.verdict == "supported"


@pytest.mark.parametrize(
    ("question", "said", "expected"),
    [
        ("What is the opening date of the mill?", "The opening date of the mill is May 3, 1903.", "supported"),
        ("What is the opening date of the mill?", "The mill has its opening date on a Sunday.", "partly"),
        ("Who is the president of the Canal Board?", "The president of the Canal Board is Ada Brandt.", "supported"),
        ("Who is the president of the Canal Board?", "The Canal Board has three Vice-Presidents.", "partly"),
        (
            "Who won the prize for the best bridge?",
            "The prize for the best bridge went to the Austrian team.",
            "partly",
        ),
        ("What century was the mill built in?", "The mill was built in the 16th century.", "supported"),
    ],
)
def test_what_is_supported_is_of_the_kind_that_is_asked_for(question: str, said: str, expected: str) -> None:
    assert verdict(said, said, question) == expected


def test_where_the_best_quote_hardly_answers_nothing_is_supported() -> None:
    unsure = replace(quote(SENTENCES[0]), score=0.3)
    (sentence,), _ = verify(SENTENCES[0], "What is the hotel limit in Lisbon?", [unsure], [])
    assert sentence.verdict == "partly"


@pytest.mark.parametrize(
    ("said", "evidence", "verdict_"),
    [
        (
            "The ferry does not sail on Sundays.",
            "The ferry sails on Sundays. The bus does not run at night.",
            "against",
        ),
        ("The bus does run at night.", "The ferry sails on Sundays. The bus does not run at night.", "against"),
        ("The bus does not run at night.", "The ferry sails on Sundays. The bus does not run at night.", "borne out"),
        ("Dogs are not allowed on the ferry.", "The ferry sails on Sundays. Tickets cost 12 euros.", "against"),
    ],
)
def test_a_negation_is_compared_with_what_is_denied_of_the_same(said: str, evidence: str, verdict_: str) -> None:
    found = verdict(said, evidence, "What is said of ferry and bus?")
    assert (found == "unsupported") == (verdict_ == "against")


def test_a_mark_taken_along_from_an_encyclopedia_is_no_figure() -> None:
    assert verdict("The hotel limit in Lisbon is 135 euros a night.[12]", SENTENCES[0]) == "supported"


def test_a_question_back_makes_no_claim() -> None:
    assert verdict("Would you like to know more about hotels?", SENTENCES[0]) == "partly"


def test_the_number_of_a_list_item_is_no_figure() -> None:
    text = "1. Receipts must reach the finance team within 30 days."
    assert verdict(text, SENTENCES[2]) == "supported"


def test_each_sentence_has_a_verdict_of_its_own() -> None:
    text = f"{SENTENCES[0]} The hotel limit in Oslo is 180 euros."
    found, _ = verify(text, "What are the limits?", [quote(SENTENCES[0])], [])
    assert [sentence.verdict for sentence in found] == ["supported", "unsupported"]


def test_a_passage_around_the_quotes_supports_too() -> None:
    (sentence,), _ = verify(
        SENTENCES[2],
        "When must receipts reach the finance team?",
        [quote(SENTENCES[0])],
        said_in(" ".join(SENTENCES)),
    )
    assert sentence.verdict == "supported"


@given(st.text(alphabet=st.sampled_from(list("Ab. !?\n1,。年•-")), max_size=200))
def test_the_sentences_joined_are_the_answer_again(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert "".join(sentence.text for sentence in verify(text, "?", [quote("Ab 1.")], [])[0]) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1.5 million", [(1_500_000.0, "$")]),
        ("1,234.5 kg", [(1234.5, "kg")]),
        ("twenty-five percent", [(25.0, "%")]),
        ("a 5-day week", [(5.0, "day")]),
        ("三百二十元", [(320.0, "¥")]),
        ("25万人", [(250_000.0, "")]),
        ("a 401(k) or 401k plan", [(401.0, ""), (401.0, "")]),
    ],
)
def test_figures_are_read_with_their_units(text: str, expected: list[tuple[float, str]]) -> None:
    assert [(number.value, number.unit) for number in numbers(text)] == expected


def test_names_are_told_from_words_that_begin_a_sentence() -> None:
    assert names("However, the office in Zurich is led by Ada Brandt. Receipts go to Oslo.") == [
        "Zurich",
        "Ada",
        "Brandt",
        "Oslo",
    ]


def test_a_negation_knows_what_it_denies() -> None:
    assert negated("The bank does not charge fees.") == [("not", frozenset({"bank", "charg", "fee"} - {"bank"}))]
    assert negated("Not only the bank charges fees.") == []


def test_what_only_a_passage_bears_out_is_footnoted_with_a_quote_of_its_own() -> None:
    said = "The greenhouse is watered at six. Tools hang in shed B."
    written = "The tools hang in shed B."
    sentences, quotes = verify(
        written, "Where are the tools?", [quote("The greenhouse is watered at six.")], said_in(said)
    )
    assert [(sentence.verdict, sentence.quotes) for sentence in sentences] == [("supported", (1,))]
    assert [cited.text for cited in quotes] == ["The greenhouse is watered at six.", "Tools hang in shed B."]
    assert said[quotes[1].start : quotes[1].end] == quotes[1].text


@pytest.mark.parametrize(
    ("said", "evidence", "expected"),
    [
        # Figures and names that stand in the documents, but not there.
        (
            "The plant in Lisbon opened on 22 June 1937 and closed in 1988.",
            "The plant in Lisbon opened on 20 June 1937 and closed in 1988. The archive holds 22 maps.",
            "unsupported",
        ),
        (
            "The staff canteen follows the guidelines of Brandt for every meal served.",
            "The staff canteen follows the guidelines of Harlow for every meal served. Ada Brandt is retired.",
            "unsupported",
        ),
        (
            "The weather of that day is said to foretell that of the next seven months.",
            "The weather of that day is said to foretell that of the next seven weeks. Winter lasts seven months.",
            "unsupported",
        ),
        (
            "The film was voted best at the third Harlow Choice Party in June.",
            "The film was voted best at the third Harlow Choice Television Awards on 3 June. A party was held.",
            "unsupported",
        ),
        # Denied in the middle of the same words.
        (
            "In about ten cases of a hundred no cause is not found by the doctors.",
            "In about ten cases of a hundred no cause is found by the doctors.",
            "unsupported",
        ),
        # The same denial, though the words denied stand plainly elsewhere.
        (
            "You never share your badge number with visitors or callers.",
            "Remember to never share your badge number with anyone. Visitors share the badge desk.",
            "supported",
        ),
        ("The cinemas closed in the 1920s and 30s.", "The cinemas closed in the 1920s and 1930s.", "supported"),
    ],
)
def test_a_claim_in_a_sentences_own_words_is_held_against_what_it_exchanges(
    said: str, evidence: str, expected: str
) -> None:
    (sentence,), _ = verify(said, "What is said?", [], said_in(evidence))
    assert sentence.verdict == expected


@pytest.mark.parametrize(
    ("said", "evidence"),
    [
        ("The roof of the hall was not complete in May.", "In May the roof of the hall was still incomplete."),
        ("A late claim may not qualify for a refund.", "Sent late, the claim is disqualified from any refund."),
        ("It is not easy to park near the harbour.", "Around the harbour it is difficult to find where to park."),
        ("Both cards are alike but not the same.", "Both cards are alike, yet their colours differ slightly."),
        ("Failure of pumps to start and release water", "Floods occur where pumps do not start and release water."),
        ("Guests can make themselves heard there.", "It's not like guests have no way to make themselves heard there."),
    ],
)
def test_a_denial_in_another_word_bears_a_negation_out(said: str, evidence: str) -> None:
    assert verdict(said, evidence) != "unsupported"


@pytest.mark.parametrize(
    "said",
    [
        "While I can't find the price of the ferry, the ferry sails on Sundays.",
        "The ferry sails on Sundays, so don't hesitate to take it.",
    ],
)
def test_a_remark_to_the_reader_denies_nothing(said: str) -> None:
    assert verdict(said, FERRY) != "unsupported"


@pytest.mark.parametrize(
    ("said", "evidence", "expected"),
    [
        # The page lost its date on the way to text: nothing tells which one it was.
        ("The film was released on 28 May 2021.", "After a year the film was released on , 2021.", "partly"),
        ("The can holds 54 mg (152 mg/L).", "The can holds 54 mg (equivalent to ).", "partly"),
        ("The film was released on 28 May 2021.", "After a year the film was released in 2021.", "unsupported"),
    ],
)
def test_where_a_text_has_lost_its_figures_none_is_held_against_it(said: str, evidence: str, expected: str) -> None:
    assert verdict(said, evidence) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Two ways to save:\n1. Take the ferry on Sundays.", "supported"),
        ("Two ways to save:\n21. Take the ferry on Sundays.", "unsupported"),
    ],
)
def test_a_list_begins_with_one(said: str, expected: str) -> None:
    (sentence, *_), _ = verify(said, "What is said?", [quote("The ferry sails on Sundays. Save in two ways.")], [])
    assert sentence.verdict == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The Harbour Safety Board (HSB) closed the quay.", True),
        ("The Harlow Sea Bank (HSB) closed the quay.", True),
        ("The Ministry of Fish (HSB) closed the quay.", False),
    ],
)
def test_the_long_form_of_letters_that_the_documents_hold_is_known(said: str, expected: bool) -> None:
    assert (verdict(said, "The HSB closed the quay.", "Who closed the quay?") != "unsupported") is expected


def test_a_question_back_that_names_what_is_nowhere_is_unsupported() -> None:
    assert verdict("Would you like to know more about Oslo?", SENTENCES[0]) == "unsupported"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The meals follow the strict rules of War.", "unsupported"),
        ("The meals follow the strict rules of the Department of Brandt.", "supported"),
        ("The meals follow the strict rules of Brandt, Publication.", "unsupported"),
    ],
)
def test_a_kind_of_thing_that_stands_alone_is_a_name(said: str, expected: str) -> None:
    assert verdict(said, "The meals follow the strict rules of Brandt.", "Which rules do the meals follow?") == expected


def test_a_name_that_begins_like_another_word_is_not_known() -> None:
    assert verdict("Calls from Victoria are common.", "Calls from victims are common.", "Which calls?") == "unsupported"
    assert verdict("Scams on Israelis are common.", "Scams are common in Israel.", "Which scams?") != "unsupported"


def test_an_address_that_an_answer_names_says_nothing_in_words() -> None:
    said = (
        "It came with version 1.4; read more at <https://docs.example.org/hooks?topic=client-actions-and-9-more#top>."
    )
    evidence = "Support for client actions and more came with version 1.4. Hooks have a topic of their own."
    assert verdict(said, evidence, "Which version?") != "unsupported"


def test_what_lies_outside_is_denied_to_be_a_part() -> None:
    said = "Records are hidden from machines outside of the office network."
    evidence = "Records are hidden from machines outside of and not part of the office network."
    assert verdict(said, evidence, "From what are records hidden?") != "unsupported"


def test_an_ordinal_is_one_word_of_a_wording() -> None:
    said = "Cheese was seldom eaten in the 19th century by sailors."
    evidence = (
        "Cheese was seldom eaten; even in the early 20th century it was rare. Sailors of the 19th century starved."
    )
    (sentence,), _ = verify(said, "What is said?", [], said_in(evidence))
    assert sentence.verdict == "partly"


def test_what_an_answer_copies_beside_the_answer_is_supported_too() -> None:
    question = "Who founded Larkfield Instruments?"
    answer = "Larkfield Instruments was founded by Ada Brandt."
    beside = "Visitors of the canteen get warm soup from noon until 2 pm."
    source = [quote(SENTENCES[1]), quote("Visitors to the canteen get warm soup from noon until 2 pm every day.")]

    def verdicts(text: str) -> list[tuple[str, tuple[int, ...]]]:
        return [(sentence.verdict, sentence.quotes) for sentence in verify(text, question, source, [])[0]]

    assert verdicts(f"{answer} {beside}") == [("supported", (0,)), ("supported", (1,))]
    assert verdicts(beside)[0][0] == "partly"
    assert verdicts(f"{answer} {beside.replace('2 pm', '3 pm')}")[1][0] == "unsupported"
    assert verdicts(f"{answer} Soup at the canteen is warm, tasty, cheap and praised.")[1][0] == "partly"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2017年2月，渠成正式转会四川队。", "ok"),
        # March is said of something else.
        ("2017年3月，渠成正式转会四川队。", "unsupported"),
        ("渠成于2017年2月正式转会四川队。", "ok"),
        ("2017年3月，Dairy Queen的总公司迁往明尼苏达州。", "ok"),
    ],
)
def test_a_chinese_figure_is_held_against_the_sentence_in_the_same_words(said: str, expected: str) -> None:
    evidence = "2017年2月，渠成正式转会四川队。2017年3月，Dairy Queen的总公司迁往明尼苏达州。"
    (sentence,), _ = verify(said, "发生了什么？", [], said_in(evidence))
    assert (sentence.verdict == "unsupported") is (expected == "unsupported")


def test_a_latin_name_ends_where_chinese_goes_on() -> None:
    assert names("1985年,Dairy Queen的总公司在Bloomington市。") == ["Dairy", "Bloomington"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("You can carry over 5 to 9 years of service.", "partly"),
        ("You can carry over 5 days.", "supported"),
        ("After 5 to 9 years of service you have 28 days of annual leave.", "supported"),
    ],
)
def test_for_whom_a_row_holds_is_no_answer_alone(said: str, expected: str) -> None:
    row = replace(
        quote("5 to 9 years 28 days 5 days"), head="Years of service Annual leave Of which may be carried over"
    )
    (sentence,), _ = verify(said, "How many days of annual leave can I carry over?", [row], [])
    assert sentence.verdict == expected
