"""Written sentences held against the documents: what is said there is supported, what was changed is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rag.answering.evidence import CutPage, sentences_of
from rag.answering.verification import pieces, verify
from rag.answering.verification.names import names
from rag.core.text import numbers
from rag.core.types import Passage, Quote, Sentence
from rag.models.judges import open_judge

SENTENCES = [
    "The hotel limit in Lisbon is 135 euros a night.",
    "Larkfield Instruments was founded in 1998 by Ada Brandt in Penmarrow.",
    "Receipts must reach the finance team within 30 days.",
    "Employees do not pay for the shuttle bus.",
    "In March 2024 the company employed 4,250 people in twelve countries.",
    "The warranty covers 5 years or 60,000 km.",
    "Revenue grew by 7.5% to $3.2 billion.",
]
JUDGE = open_judge()
FERRY = "The ferry sails on Sundays. The bus does not run at night."
CHINESE = "公司每个工作日开设一班班车，早上8时10分从龙溪站出发。午餐补贴标准为每个工作日35元。出差期间不发放午餐补贴。"


def quote(text: str) -> Quote:
    return Quote("d", "n", "t", "pdf", None, 1, "1", "", text, 0, len(text), 1.0)


def passage(text: str) -> Passage:
    return Passage(1, "d", "n", "t", "pdf", None, 1, "1", "", text, 0, len(text))


def said_in(text: str) -> list[Quote]:
    """What a passage says, sentence by sentence."""
    return sentences_of([passage(text)], {("d", 1): CutPage.of(text)})


def judged(text: str, evidence: str, question: str = "What is said?") -> Sentence:
    """The verdict of the bundled judge on one sentence, held against a quote and its sentences."""
    (sentence,), _ = verify(text, question, [], said_in(evidence), judge=JUDGE)
    return sentence


def verdict(text: str, evidence: str, question: str = "What is said?") -> str:
    return judged(text, evidence, question).verdict


def reasons(sentence: Sentence) -> list[tuple[str, object, object]]:
    return [(reason.key, reason.fields.get("said"), reason.fields.get("document")) for reason in sentence.reasons]


@given(st.sampled_from(SENTENCES), st.lists(st.sampled_from(SENTENCES), max_size=3))
def test_a_sentence_copied_from_a_quote_is_supported_by_it(text: str, others: list[str]) -> None:
    quotes = [quote(other) for other in [*others, text]]
    (sentence,), _ = verify(text, "What is said?", quotes, [], judge=JUDGE)
    assert sentence.verdict == "supported"
    assert any(quotes[place].text == text for place in sentence.quotes)


@given(st.integers(2, 99_999), st.integers(2, 99_999))
def test_a_changed_number_is_unsupported(right: int, wrong: int) -> None:
    # 2100 may be 2051, rounded.
    assume(right == wrong or wrong not in {float(f"{right:.{digits}g}") for digits in range(2, 6)})
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


@pytest.mark.parametrize(
    ("said", "evidence", "expected"),
    [
        # Turned round, and the passive that says the same.
        ("Beta acquired Alpha in 2020.", "Alpha acquired Beta in 2020.", "unsupported"),
        ("Beta was acquired by Alpha in 2020.", "Alpha acquired Beta in 2020.", "supported"),
        # The same amount in another unit.
        ("The trial takes two weeks.", "The trial takes 14 days.", "supported"),
        # What need not be done is not what must be.
        ("You must change the password.", "The password need not be changed.", "unsupported"),
        # A figure, a weekday of another sentence; a change by what is only the state.
        ("The museum is closed on Thursdays.", "It is closed on Mondays. On Thursdays it stays open.", "partly"),
        (
            "The museum is closed on Thursdays.",
            "The museum is warm. It is open from Tuesday on. On Thursdays it stays open. It is closed on Mondays.",
            "partly",
        ),
        ("Net debt fell by 38 million euros.", "Net debt was 38 million euros, down from 45 million euros.", "partly"),
        (
            "Net debt fell by 7 million euros.",
            "Net debt was 38 million euros, down from 45 million euros.",
            "supported",
        ),
        # Denied in the same words, though the sentence goes on with another denial.
        ("Mandarins are not smaller and oblate.", "Mandarins are smaller and oblate, unlike oranges.", "unsupported"),
        ("An unquoted name must not be short.", "An unquoted name must be short.", "unsupported"),
        # A denial that nothing says is no contradiction in a condition.
        ("If you are not on the deed, the house is in danger.", "The house is in danger of fire.", "partly"),
        # What another clause denies.
        ("The water may have 90 degrees.", "The water may have 90 degrees; the room must not have 40.", "supported"),
    ],
)
def test_what_reads_alike_and_says_another_thing_is_not_supported(said: str, evidence: str, expected: str) -> None:
    assert verdict(said, evidence) == expected


CLAUSES = (
    "Covered spaces cost 450 euros a month, open spaces 280 euros. Adults pay 14 euros and students 9 euros. "
    "The Basic plan covers glasses, the Premium plan covers dentures."
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Adults pay 14 euros.", "supported"),
        ("Students pay 9 euros.", "supported"),
        ("The Premium plan covers dentures.", "supported"),
        # Half of one clause, and half of the next that is made like it.
        ("Adults pay 9 euros.", "unsupported"),
        ("Students pay 14 euros.", "unsupported"),
        ("Covered spaces cost 280 euros a month.", "unsupported"),
        ("The Basic plan covers dentures.", "unsupported"),
    ],
)
def test_clauses_made_alike_say_each_their_own(said: str, expected: str) -> None:
    assert verdict(said, CLAUSES) == expected


def test_what_is_denied_is_told_by_the_whole_sentence_once() -> None:
    lockers, pump = "Lockers are emptied every night.", "The pump is not suitable for salt water."
    assert reasons(judged("Lockers are not emptied every night.", lockers)) == [("negation_differs", "not", lockers)]
    turned = judged("The pump is suitable for salt water.", pump)
    assert [(key, document) for key, _, document in reasons(turned)] == [("negation_differs", pump)]
    assert [turned.text[start:end] for start, end in turned.words] == ["suitable"]


def test_a_denial_is_contradicted_only_by_what_says_the_thing_itself() -> None:
    evidence = "The reading room seats 48. Food is not allowed in the reading room. Smoking is allowed in the yard."
    no, wrong = (
        judged(said, evidence, "May I eat in the reading room?")
        for said in ("No, you cannot eat in the reading room.", "Smoking is not allowed in the yard.")
    )
    assert not no.contradicted
    assert no.verdict != "unsupported"
    assert (wrong.verdict, wrong.contradicted) == ("unsupported", True)


LEAVE = [
    replace(quote(row), head="Years of service | Annual leave | Of which carried over", start=i)
    for i, row in enumerate(["5 to 9 years | 28 days | 5 days", "10 to 14 years | 30 days | 8 days"])
]


@pytest.mark.parametrize(
    ("said", "asked", "expected"),
    [
        ("28 days", "six years", "supported"),
        ("30 days", "six years", "unsupported"),
        ("30 days.", "twelve years", "supported"),
        ("You have 30 days of annual leave.", "six years", "unsupported"),
        ("You have 30 days of annual leave.", "twelve years", "supported"),
    ],
)
def test_an_answer_from_the_row_of_another_range_is_not_supported(said: str, asked: str, expected: str) -> None:
    question = f"How many days of annual leave do I have after {asked} of service?"
    (sentence,), _ = verify(said, question, LEAVE, [], judge=JUDGE)
    assert sentence.verdict == expected


def test_a_row_is_held_against_a_claim_that_names_it() -> None:
    rows = [
        replace(quote(text), start=place * 100, end=place * 100 + len(text), head="Class | On paper at home")
        for place, text in enumerate(["Internal | Yes, shredded after use", "Confidential | No"])
    ]
    (sentence,), _ = verify("Confidential papers must be shredded after use.", "How?", rows, [], judge=JUDGE)
    assert sentence.verdict != "supported"


def test_a_number_of_a_list_alone_claims_nothing() -> None:
    assert verdict("4.", "There are 5 rules.", "What are the rules?") == "no_claim"
    assert verdict("4.", "There are 5 rules.", "How many rules are there?") == "unsupported"


def test_a_copy_overrides_every_doubt() -> None:
    # A denial elsewhere does not speak against what stands there word for word.
    evidence = "Visitors pay for parking. Members do not pay for parking. Visitors must not pay in cash."
    assert verdict("Visitors pay for parking.", evidence) == "supported"


@pytest.mark.parametrize(
    ("said", "evidence", "expected"),
    [
        (
            "Employees get 30 days of leave.",
            "Employees get 14 days of leave.",
            ("figure_differs", "30 days", "14 days"),
        ),
        ("The ticket is valid for 5 weeks.", "The ticket is valid for 5 days.", ("unit_differs", "5 weeks", "5 days")),
        (
            "Passwords have at most fourteen characters in all.",
            "Passwords have at least fourteen characters in all.",
            ("bound_differs", "most", "least"),
        ),
        (
            "Employees may report a stolen device at once.",
            "Employees must report a stolen device at once.",
            ("modality_differs", "may", "must"),
        ),
        (
            "All offices in Lisbon are closed on Sunday.",
            "Some offices in Lisbon are closed on Sunday.",
            ("quantifier_differs", "All", "Some"),
        ),
        (
            "The receipts are sent before the end of the journey.",
            "The receipts are sent after the end of the journey.",
            ("opposite_differs", "before", "after"),
        ),
        ("The course is led by Eva Keller.", "The course is led by somebody else.", ("name_missing", "Eva", "")),
    ],
)
def test_what_differs_is_named_with_what_the_document_says(
    said: str, evidence: str, expected: tuple[str, str, str]
) -> None:
    sentence = judged(said, evidence)
    assert sentence.verdict == "unsupported"
    assert expected in reasons(sentence)
    assert sentence.contradicted is (expected[0].endswith("differs"))
    assert any(expected[1] in said[start:end] for start, end in sentence.words)


def test_a_contradicted_claim_cites_the_quote_that_says_otherwise() -> None:
    quotes = [quote("Tools hang in shed B."), quote("Employees get 14 days of leave.")]
    quotes[1] = replace(quotes[1], start=100, end=140)
    (sentence,), cited = verify("Employees get 30 days of leave.", "How many days?", quotes, [], judge=JUDGE)
    assert [cited[place].text for place in sentence.claims[0].quotes] == ["Employees get 14 days of leave."]


@pytest.mark.parametrize(
    ("question", "said", "expected"),
    [
        ("Do employees get 14 days of leave?", "Yes.", "supported"),
        ("Do employees get 14 days of leave?", "No.", "unsupported"),
        ("Do employees get 30 days of leave?", "Yes.", "unsupported"),
        ("Do employees get 30 days of leave?", "No.", "supported"),
        ("Employees get 30 days of leave, right?", "Yes, employees get 30 days of leave.", "unsupported"),
        ("Is it true that print jobs are kept for a week?", "No, print jobs are not kept for a week.", "supported"),
        ("员工有14天的假期吗？", "是的。", "supported"),
        # A "not" beside a denial of the same act is none made up.
        ("Can I unplug my screen?", "No, you cannot unplug your screen.", "supported"),
    ],
)
def test_yes_and_no_are_held_against_what_the_question_claims(question: str, said: str, expected: str) -> None:
    chinese = "员工有14天的假期。"
    evidence = (
        "Employees get 14 days of leave. Print jobs are kept for 48 hours. Please do not unplug screens yourselves."
    )
    assert verdict(said, chinese if said == "是的。" else evidence, question) == expected


def test_a_figure_that_the_question_names_accuses_nobody() -> None:
    evidence, said = "Nobody under 16 steers a boat.", "No, your 14-year-old may not steer."
    asked, unasked = judged(said, evidence, "May my 14-year-old steer?"), judged(said, evidence, "Who may steer?")
    assert [each[1] for each in reasons(asked)] == ["not"]
    assert [each[1] for each in reasons(unasked)] == ["14-year", "not"]


@pytest.mark.parametrize(
    ("question", "said", "expected"),
    [
        ("How long is the trial period of an engineer?", "Six months.", "supported"),
        ("How long is the trial period of an engineer?", "It is six months.", "supported"),
        # Another rule's figure.
        ("How long is the trial period of an engineer?", "Three months.", "unsupported"),
    ],
)
def test_an_answer_of_a_few_words_is_held_to_what_was_asked(question: str, said: str, expected: str) -> None:
    evidence = "The trial period of an engineer is six months. For a sailor three months are enough."
    assert verdict(said, evidence, question) == expected


def test_a_name_beside_the_title_that_is_asked_for_answers() -> None:
    evidence = "Larkfield CEO Ada Brandt opened the fair. Eva Keller sold tickets."
    assert verdict("Ada Brandt", evidence, "Who is the CEO of Larkfield?") == "supported"
    assert verdict("Eva Keller", evidence, "Who is the CEO of Larkfield?") != "supported"


def test_whether_it_is_so_and_whether_it_was_asked_are_two_questions() -> None:
    evidence = "The trial period of an engineer is six months. Notice is given in writing to Ada Brandt."
    beside = judged("Notice is given in writing to Ada Brandt.", evidence, "How long is the trial period?")
    assert (beside.verdict, beside.answers) == ("supported", False)
    answer = judged("The trial period of an engineer is six months.", evidence, "How long is the trial period?")
    assert (answer.verdict, answer.answers) == ("supported", True)


def test_each_member_of_a_list_is_a_claim_and_the_wrong_one_is_marked() -> None:
    said = "The plan covers vision, dental treatment and massages."
    sentence = judged(
        said, "The plan covers vision. The plan covers dental treatment. Cosmetics are a matter of taste."
    )
    assert sentence.verdict == "partly"
    assert [said[start:end] for start, end in sentence.words] == ["massages"]
    assert [claim.text for claim in sentence.claims] == [
        "The plan covers vision.",
        "The plan covers dental treatment.",
        "The plan covers massages.",
    ]


def test_it_and_the_plan_are_what_the_sentence_before_is_about() -> None:
    evidence = "The Plus plan costs 75 euros. The Plus plan covers vision care. The Basic plan covers nothing of it."
    answer = "The Plus plan costs 75 euros. It covers vision care. The plan covers vision care."
    found, _ = verify(answer, "What about the plans?", [], said_in(evidence), judge=JUDGE)
    assert [sentence.claims[0].text for sentence in found[1:]] == ["The Plus plan covers vision care."] * 2
    assert [sentence.verdict for sentence in found] == ["supported"] * 3


ROWS = [
    replace(quote(text), start=place * 100, end=place * 100 + len(text), head="Model | Flow | Weight")
    for place, text in enumerate(["P20 | 3.2 m | 2.4 kg", "P40 | 5.5 m | 3.9 kg"])
]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The P20 has a weight of 2.4 kg.", "supported"),
        ("The P20 has a weight of 3.9 kg.", "unsupported"),
        ("The P20 has a weight of 2.4 kg and the P40 has a weight of 3.9 kg.", "supported"),
    ],
)
def test_cells_are_held_against_the_row_and_the_column_they_name(said: str, expected: str) -> None:
    (sentence,), _ = verify(said, "What do the models weigh?", ROWS, [], judge=JUDGE)
    assert sentence.verdict == expected


@pytest.mark.parametrize(
    ("said", "computed"),
    [
        ("Bread and cakes together brought 530 euros.", "410 + 120 euros = 530 euros"),
        ("Bread brought 290 euros more than cakes.", "410 - 120 euros = 290 euros"),
    ],
)
def test_sums_and_differences_are_computed_and_shown(said: str, computed: str) -> None:
    sentence = judged(said, "Bread brought 410 euros. Cakes brought 120 euros.")
    assert sentence.verdict == "supported"
    assert [(reason.key, str(reason.fields["said"]).replace("410 euros", "410")) for reason in sentence.reasons] == [
        ("computed", computed if "+" not in computed else "120 euros + 410 = 530 euros")
    ]
    assert (
        judged(
            said.replace("530", "540").replace("290", "280"), "Bread brought 410 euros. Cakes brought 120 euros."
        ).verdict
        == "unsupported"
    )


FARES = "An adult single was £5.90 until March and is £6.40 now. Car journeys are paid at 30 pence a mile."
WAGES = "The monthly wage is 6,200 euros. During probation 80% of it are paid. A day at the desk pays 40 euros less."


@pytest.mark.parametrize(
    ("said", "document", "verdict", "computed"),
    [
        ("An adult single has become 50 pence dearer.", FARES, "supported", ["£6.40 - £5.90 = 50 pence"]),
        ("An adult single has become 60 pence dearer.", FARES, "unsupported", []),
        # Nobody says that these were reckoned: they are not accused, and not called supported either.
        ("Whoever drives 40 miles by car is paid £12.", FARES, "partly", ["40 miles x 30 pence = £12"]),
        ("Whoever drives 40 miles by car is paid £17.", FARES, "unsupported", []),
        ("The monthly wage during probation is 4,960 euros.", WAGES, "partly", ["80% x 6,200 euros = 4,960 euros"]),
        ("The monthly wage during probation is 4,860 euros.", WAGES, "unsupported", []),
    ],
)
def test_what_is_reckoned_from_the_documents_is_not_accused(
    said: str, document: str, verdict: str, computed: list[str]
) -> None:
    sentence = judged(said, document)
    told = [reason.fields["said"] for claim in sentence.claims for reason in claim.reasons if reason.key == "computed"]
    assert (sentence.verdict, told) == (verdict, computed)


def test_the_figures_of_a_whole_column_are_added_up() -> None:
    rows = [
        replace(quote(text), start=place * 100, end=place * 100 + len(text), head="Machine | Deposit (euros)")
        for place, text in enumerate(["Digger | 4,000", "Roller | 1,500", "Mixer | 800", "Saw | 250"])
    ]

    def verdict(said: str) -> str:
        return verify(said, "What is the deposit?", rows, [], judge=JUDGE)[0][0].verdict

    assert verdict("The deposits for the machines come to a total of 6,550 euros.") == "supported"
    assert verdict("The deposits for the machines come to a total of 6,450 euros.") == "unsupported"


@pytest.mark.parametrize(
    ("said", "document", "expected"),
    [
        (
            "Assistance dogs cost nothing.",
            "Assistance dogs travel free. Other dogs cost 2 euros.",
            {"partly", "supported"},
        ),
        ("Nothing may be left in the lockers.", "Coats may be left in the lockers over night.", {"unsupported"}),
        ("Members do not pay.", "Members pay 2 euros an hour.", {"unsupported"}),
    ],
)
def test_what_costs_nothing_is_no_denial(said: str, document: str, expected: set[str]) -> None:
    assert judged(said, document).verdict in expected


@pytest.mark.parametrize("day", ["3 March", "3 May"])
def test_the_day_of_a_month_counts_nothing(day: str) -> None:
    said = f"The generator started slowly on {day}."
    document = f"On {day} the generator started slowly. Since 1 {day[2:]} the kitchen has had two fryers."
    assert judged(said, document).verdict == "supported"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Total assets were 15.8 billion dollars.", "supported"),
        ("Total assets were $165.74.", "unsupported"),
    ],
)
def test_figures_are_compared_with_the_scale_of_their_column(said: str, expected: str) -> None:
    row = replace(quote("Total assets | 15,803 | 14,210"), head="In millions of dollars | 2023 | 2022")
    (sentence,), _ = verify(said, "What were the total assets?", [row], [], judge=JUDGE)
    assert (sentence.verdict == "unsupported") is (expected == "unsupported")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Hello!", "no_claim"),
        ("According to the handbook", "no_claim"),
        ("Would you like to know more about hotels?", "no_claim"),
        ("The documents do not mention a bonus.", "no_claim"),
        ("The bonus is not mentioned in the given text.", "no_claim"),
        ("No information is given about a bonus.", "no_claim"),
        ("Based on the provided text, it isn't clear who gets a bonus.", "no_claim"),
        ("文中没有提到奖金。", "no_claim"),
        ("Der Text nennt keinen Bonus.", "no_claim"),
        ("Le mot de passe doit comporter au moins quatorze lettres.", "unchecked"),
        ("Ein Passwort muss mindestens vierzehn Zeichen haben.", "unchecked"),
        ("Пароль должен состоять из четырнадцати знаков.", "unchecked"),
        ("Bananas ripen faster beside apples.", "unsupported"),
    ],
)
def test_what_claims_nothing_or_cannot_be_read_is_said_to_be_so(said: str, expected: str) -> None:
    assert verdict(said, "A password must have at least fourteen characters. The hotel is in Lisbon.") == expected


def test_without_any_evidence_nothing_is_supported() -> None:
    assert [s.verdict for s in verify("The sky is blue.", "Why?", [], [], judge=JUDGE)[0]] == ["unsupported"]


def test_how_many_there_are_must_stand_there() -> None:
    evidence = "The first contract is renewed automatically. The second contract ends after two years."
    assert (
        verdict("Two contracts are renewed automatically.", evidence, "How many contracts are renewed?")
        == "unsupported"
    )


def test_a_sentence_of_the_pages_is_footnoted_with_a_quote_of_its_own() -> None:
    said = "The greenhouse is watered at six. Tools hang in shed B."
    found, quotes = verify(
        "The tools hang in shed B.",
        "Where are the tools?",
        [quote("The greenhouse is watered at six.")],
        said_in(said),
        judge=JUDGE,
    )
    assert [(sentence.verdict, sentence.quotes) for sentence in found] == [("supported", (1,))]
    assert [cited.text for cited in quotes] == ["The greenhouse is watered at six.", "Tools hang in shed B."]
    assert said[quotes[1].start : quotes[1].end] == quotes[1].text


@given(st.text(alphabet=st.sampled_from(list("Ab. !?\n1,。年•-、和")), max_size=200))
def test_the_sentences_joined_are_the_answer_again(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert "".join(sentence.text for sentence in verify(text, "?", [quote("Ab 1.")], [])[0]) == text


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


@pytest.mark.parametrize(
    "said",
    [
        "It is not advised to water the greenhouse before the sun is up.",
        "Gardeners should not close the valve after they have watered the greenhouse.",
    ],
)
def test_a_not_whose_opposite_is_likelier_is_unsupported(said: str) -> None:
    evidence = (
        "The greenhouse has no heating. It is advised to water the greenhouse before the sun is up. After they have "
        "watered the greenhouse, gardeners should close the valve."
    )
    assert verdict(said.replace(" not ", " "), evidence) == "supported"
    assert verdict(said, evidence) == "unsupported"


def test_a_mark_taken_along_from_an_encyclopedia_is_no_figure() -> None:
    assert verdict("The hotel limit in Lisbon is 135 euros a night.[12]", SENTENCES[0]) == "supported"


def test_a_figure_that_belongs_to_a_name_is_none() -> None:
    said, evidence = "The fair was closed because of COVID-19.", "The fair was closed because of the pandemic."
    assert all(kind != "figure_missing" for kind, _, _ in reasons(judged(said, evidence)))


def test_a_name_that_nothing_says_is_a_doubt_where_the_judge_bears_the_claim_out() -> None:
    said = "In Lisbon, Portugal, the hotel limit is 135 euros a night."
    sentence = judged(said, SENTENCES[0])
    assert (sentence.verdict, sentence.contradicted) == ("partly", False)
    assert reasons(sentence) == [("name_missing", "Portugal", "")]
    assert [said[start:end] for start, end in sentence.words] == ["Portugal"]
    # What else is said there nowhere accuses.
    assert verdict("The gardens of Oslo were planted by monks.", SENTENCES[0]) == "unsupported"


def test_the_number_of_a_list_item_is_no_figure() -> None:
    text = "1. Receipts must reach the finance team within 30 days."
    assert verdict(text, SENTENCES[2]) == "supported"


def test_each_sentence_has_a_verdict_of_its_own() -> None:
    text = f"{SENTENCES[0]} The hotel limit in Oslo is 180 euros."
    found, _ = verify(text, "What are the limits?", [quote(SENTENCES[0])], [])
    assert [sentence.verdict for sentence in found] == ["supported", "unsupported"]


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
        # Three equal words beside the name, and nearly all of the others.
        (
            "Those on probation can choose the Premium plan.",
            "Those on probation may choose the Basic plan only. The Premium plan covers vision.",
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
            "partly",
        ),
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
    assert names("1985年,Dairy Queen的总公司在Bloomington市。") == ["Dairy", "Queen", "Bloomington"]
