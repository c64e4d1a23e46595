"""Each kind of question gets the kind of answer that a person expects, asked by the door of a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.answering.retrieval.spelling import respelled
from rag.core.types import Answer, Notice, Passage
from rag.ingestion.pipeline import read_file
from rag.services import Services
from rag.ui.texts import Texts
from rag.viewing.answer_notices import refused_title
from rag.viewing.export import as_markdown
from tests.support.asking import OWNER, ask, library_of

LEASES = {
    "Lease_Maple.txt": "The lease with Maple Row begins in May 2022. The rent is 900 euros a month. It is renewed "
    "automatically each year.",
    "Lease_Oak.txt": "The lease with Oak Court begins in June 2023. The rent is 1,150 euros a month. It ends after "
    "three years. A penalty of 2 percent is due for late payment.",
    "Lease_Pine.txt": "The lease with Pine Yard begins in July 2023. The rent is 700 euros a month. It is renewed "
    "automatically each year.",
}
MANUAL = """# Boiler manual

## 1 Starting

Turn the red valve to the left before the boiler is started. The pressure gauge has to show two bar.

## 2 Alarms

Alarm B-1204 means that the burner does not light. Alarm B-1207 means that the water is too hot.

## 3 Service

The boiler is cleaned every twelve months by the Chief Heating Officer, Mr Valdes.
"""

GUIDE = {
    "Building_guide.md": """---
date: 2023-02-01
---
# Building guide

This guide explains how the offices of the harbour are used.

## Meeting rooms

There are three meeting rooms. Each of them is booked a day ahead.

### Anchor

Anchor seats twelve.

### Buoy

Buoy seats six people. It has no windows.

### Compass

Compass seats four people and is on the second floor.

## Garage

Not allowed in the garage:

- trailers
- gas cylinders
- tyres

Keys are handed out by the Night Round Office (NRO). Bicycles are kept in the yard.

See § 7 (2) of the house rules, and form GB-40-778.
""",
    "Boat_rules.md": "---\ndate: 2024-05-01\n---\n# Boat rules\n\nA boat pays 12 euros a day. It leaves by noon.\n",
}

TARIFFS = {
    "Berth_tariffs.md": """# Berth tariffs of the marina

| Berth | Fee a week | Notice period | Keys |
|---|---|---|---|
| River | 40 euros | 2 weeks | 1 |
| Basin (covered) | 75 euros | 6 weeks | 2 |
| Pontoon | 30 euros | 1 week | 1 |

A fee that is paid late costs 5 euros more. Lost keys cost 12 euros each.
""",
    "Notes.md": "# Notes\n\nThe crane is greased in spring.\n",
}

STORES = {
    "Suppliers.md": "# Suppliers\n\n- Ilka Ltd: nails\n- Orme Ltd: rope\n- Tove Ltd: cork\n",
    "Sale_terms.md": "# Terms of sale\n\n§ 2 Payment\n\n(1) An invoice is due within 21 days.\n"
    "(3) A discount of 2 percent is granted.\n\n§ 3 Warranty\n\n(5) Wear is left out.\n\nArticle 14 Privacy\n\n"
    "Addresses are kept in Malmo only.\n",
    "Minutes.md": "# Minutes of the yard\n\n| Action | Who | State |\n|---|---|---|\n| Paint the gate | Orme | open |\n"
    "| Mend the pump | Tove | done |\n| Count the ropes | Ilka | open |\n| Sell the crane | Tove | in progress |\n",
    "Regatta.txt": "The regatta of Brede took place on 12 June 2019. The next lantern parade is on 3 May 2020. "
    "The boat market is held each year in August.\n",
    "Standard_delivery.md": "# Standard delivery\n\nBearing 6204-2RS is in stock.\n\n"
    "Order number 4500012345 is about glue. The yard of Brede is led by the managing director, Runa Holt.\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with library_of(
        tmp_path_factory.mktemp("kinds"),
        {"leases": LEASES, "manual": {"boiler.md": MANUAL}, "guide": GUIDE, "tariffs": TARIFFS, "stores": STORES},
    ) as services:
        yield services


def quoted(answer: Answer) -> str:
    return " ¦ ".join(quote.text for quote in answer.quotes)


def test_documents_are_counted_and_listed_whole(library: Services) -> None:
    answer = ask(library, "leases", "How many leases are there?")
    assert (answer.outcome, answer.kind, len(answer.quotes)) == ("overview", "about_library", 3)
    assert [(notice.key, notice.fields["count"]) for notice in answer.notices] == [("documents_all", 3)]


@pytest.mark.parametrize(
    "question",
    ["What does each berth cost a week?", "What do all berths cost?", "How long is the notice of every berth?"],
)
def test_what_is_asked_of_each_is_answered_by_all_rows_of_its_table(library: Services, question: str) -> None:
    answer = ask(library, "tariffs", question)
    assert [quote.text.partition(" | ")[0] for quote in answer.quotes[:3]] == ["River", "Basin (covered)", "Pontoon"]
    assert answer.kind == "list"


def test_the_longest_of_a_column_is_computed(library: Services) -> None:
    computed = ask(library, "tariffs", "Which berth has the longest notice period?").computed
    assert computed is not None
    assert (computed.operation, computed.column, computed.shown) == ("maximum", "Notice period", "6 weeks")


def test_things_that_one_document_is_about_are_no_documents(library: Services) -> None:
    assert ask(library, "tariffs", "How many berths are there?").kind == "question"
    assert ask(library, "tariffs", "How many notes are there?").kind == "about_library"


def test_what_documents_are_called_is_read_anew_where_they_changed(library: Services) -> None:
    bills = library.store.collections.create(OWNER, "bills").id
    read_file(library.ingest, OWNER, bills, b"Heating costs 80 euros in May.", "note.txt")
    assert ask(library, "bills", "How many invoices are there?").kind == "question"
    read_file(library.ingest, OWNER, bills, b"Water costs 30 euros in May.", "invoice.txt")
    assert ask(library, "bills", "How many invoices are there?").kind == "about_library"


def test_a_summary_quotes_every_section(library: Services) -> None:
    answer = ask(library, "manual", "What are the main topics?")
    assert (answer.outcome, answer.kind) == ("overview", "summary")
    assert [quote.section for quote in answer.quotes] == ["1 Starting", "2 Alarms", "3 Service"]


def test_what_stands_in_a_chapter_is_what_is_quoted(library: Services) -> None:
    answer = ask(library, "manual", "What does chapter 2 say?")
    assert answer.outcome == "answered"
    assert [quote.text.split(" means")[0] for quote in answer.quotes] == ["Alarm B-1204", "Alarm B-1207"]


@pytest.mark.parametrize("question", ["B-1207", "What does alarm B1207 mean?", "b 1207"])
def test_a_code_is_found_in_any_spelling_and_its_neighbour_is_not(library: Services, question: str) -> None:
    answer = ask(library, "manual", question)
    assert answer.outcome == "answered"
    assert "B-1207" in answer.quotes[0].text


def test_a_code_in_no_document_is_refused_by_name_with_its_neighbours(library: Services) -> None:
    answer = ask(library, "manual", "What does alarm B-1206 mean?")
    assert answer.outcome == "refused"
    assert [(n.fields["identifier"], n.fields["nearest"]) for n in answer.notices] == [("B-1206", "B-1204, B-1207")]


def test_a_year_that_no_document_names_is_refused_by_name(library: Services) -> None:
    answer = ask(library, "leases", "Which rent was due in 2019?")
    assert answer.outcome == "refused"
    assert [notice.fields["identifier"] for notice in answer.notices] == ["2019"]


def test_a_slip_of_the_keyboard_and_an_abbreviation_are_understood(library: Services) -> None:
    assert "red valve" in quoted(ask(library, "manual", "Where is the red vavle turned to?"))
    answer = ask(library, "manual", "Who is the CHO?")
    assert answer.outcome == "answered"
    assert "Valdes" in answer.quotes[0].text


def test_a_word_is_no_slip_of_a_small_one_that_the_documents_have() -> None:
    text = "Nobody would turn the red valve to the right."
    page = Passage(1, "d", "a.txt", "", "text", None, 1, "", "", text, 0, len(text))
    asked = "Who turns the red vavle at the world cup?"
    assert respelled(asked, [page], lambda word: word != "turns") == asked.replace("vavle", "valve")


def test_a_comparison_quotes_each_side(library: Services) -> None:
    answer = ask(library, "leases", "Compare the rent of Maple Row and Oak Court")
    assert answer.kind == "comparison"
    assert "900 euros" in quoted(answer)
    assert "1,150 euros" in quoted(answer)


def test_a_list_quotes_each_member_and_the_same_words_of_several_documents(library: Services) -> None:
    answer = ask(library, "leases", "Which leases are renewed automatically?")
    assert answer.kind == "list"
    assert {quote.name for quote in answer.quotes if "renewed" in quote.text} == {"Lease_Maple.txt", "Lease_Pine.txt"}
    assert "penalty" in ask(library, "leases", "Which leases mention a penalty?").quotes[0].text


def test_two_questions_in_one_are_both_answered(library: Services) -> None:
    answer = ask(library, "manual", "How often is the boiler cleaned and what does alarm B-1204 mean?")
    assert "twelve months" in quoted(answer)
    assert "burner does not light" in quoted(answer)


def test_another_subject_is_refused_in_a_conversation_as_at_its_start(library: Services) -> None:
    before = ["How often is the boiler cleaned?", "thanks"]
    assert ask(library, "manual", "What about football?", before).outcome == "refused"
    assert ask(library, "manual", "So what is the capital of France?", before).outcome == "refused"
    assert "twelve months" in quoted(ask(library, "manual", "Tell me more", before))
    assert "two bar" in quoted(ask(library, "manual", "And the pressure?", before))


def test_a_language_that_the_embedder_does_not_read_is_said_and_nothing_denied(library: Services) -> None:
    answer = ask(library, "manual", "锅炉多久清洗一次？")
    assert [notice.key for notice in answer.notices] == ["language_unread"]


def test_an_overview_says_how_many_documents_it_leaves_out(tmp_path: Path) -> None:
    files = {f"Note_{n}.md": f"# Note {n}\n\nThe garden has {n} trees and a pond." for n in range(10, 24)}
    with library_of(tmp_path, {"notes": files}) as notes:
        overview = ask(notes, "notes", "What are these documents about?")
        assert (overview.kind, len(overview.quotes)) == ("summary", 12)
        assert overview.notices == (Notice("documents_first", {"count": 12, "total": 14}),)
        assert "first 12 of 14" in as_markdown(overview, Texts("en"))
        listed = ask(notes, "notes", "List all documents")
        assert ([notice.key for notice in listed.notices], len(listed.quotes)) == (["documents_all"], 14)


def test_documents_that_could_not_be_compared_are_named_and_not_said_to_lack_it(tmp_path: Path) -> None:
    with library_of(tmp_path, {"mixed": {"Handbook.md": "# Rules\n\nProbation lasts six months."}}) as mixed:
        # The embedder that the first document has decided on reads English alone.
        collection = mixed.store.collections.by_name(OWNER, "mixed")
        assert collection is not None
        moving = "# 搬迁通知\n\n办公室将于四月二十日迁入新址，当天上午九点开门。"
        read_file(mixed.ingest, OWNER, collection.id, moving.encode(), "搬迁.md")
        in_chinese = ask(mixed, "mixed", "试用期有多长时间？")
        assert (in_chinese.outcome, in_chinese.notices) == (
            "refused",
            (Notice("languages_apart", {"names": "Handbook.md"}),),
        )
        assert refused_title(in_chinese, Texts("en")) != Texts("en")("answer.refused")
        in_english = ask(mixed, "mixed", "Which wine goes with fish?")
        assert [notice.fields for notice in in_english.notices] == [{"names": "搬迁.md"}]
        assert not ask(mixed, "mixed", "How long is probation?").notices


def test_the_members_of_a_list_may_be_sections(library: Services) -> None:
    answer = ask(library, "guide", "Which meeting rooms are there?")
    assert answer.kind == "list"
    assert [quote.text.split()[0] for quote in answer.quotes[:4]] == ["There", "Anchor", "Buoy", "Compass"]


def test_what_announces_a_list_is_not_quoted_without_its_items(library: Services) -> None:
    answer = ask(library, "guide", "What is not allowed in the garage?")
    assert [quote.text.strip("- ") for quote in answer.quotes[:4]] == [
        "Not allowed in the garage:",
        "trailers",
        "gas cylinders",
        "tyres",
    ]


def test_documents_that_do_not_say_so_are_those_asked_for(library: Services) -> None:
    answer = ask(library, "leases", "Which leases are not renewed automatically?")
    assert answer.kind == "list"
    assert {quote.name for quote in answer.quotes} == {"Lease_Oak.txt"}
    assert "ends after three years" in quoted(answer)
    without = ask(library, "leases", "Which leases do not mention a penalty?")
    assert {quote.name for quote in without.quotes} == {"Lease_Maple.txt", "Lease_Pine.txt"}


def test_other_documents_answers_stand_behind_the_best_ones(library: Services) -> None:
    """Three answers, each in a document of its own; one that has none adds nothing."""
    answer = ask(library, "leases", "What is the rent a month?")
    assert {quote.name for quote in answer.quotes} == set(LEASES)
    assert all(rent in quoted(answer) for rent in ("900", "1,150", "700"))


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Which is the newest document?", "Boat_rules.md"),
        ("Which is the oldest document?", "Building_guide.md"),
        ("Which documents are from 2023?", "Building_guide.md"),
        ("Summarise Boat_rules.md", "Boat_rules.md"),
    ],
)
def test_documents_are_meant_by_age_year_and_file_name(library: Services, question: str, name: str) -> None:
    answer = ask(library, "guide", question)
    assert (answer.outcome, {quote.name for quote in answer.quotes}) == ("overview", {name})


def test_documents_of_a_year_that_none_is_known_to_be_of_are_not_counted_as_all(library: Services) -> None:
    answer = ask(library, "guide", "How many documents are there from 2019?")
    assert answer.outcome == "refused"


def test_a_section_is_asked_for_by_its_title(library: Services) -> None:
    answer = ask(library, "guide", "What does the section on the garage say?")
    assert (answer.outcome, {quote.section or "Garage" for quote in answer.quotes}) == ("answered", {"Garage"})
    assert "trailers" in quoted(answer)


def test_a_page_that_no_document_has_is_refused_by_its_number(library: Services) -> None:
    answer = ask(library, "guide", "What is on page 9?")
    assert (answer.outcome, answer.quotes) == ("refused", ())
    assert [(notice.key, notice.fields) for notice in answer.notices] == [("page_missing", {"page": "9"})]


@pytest.mark.parametrize(
    "question", ["What does § 7 (2) say?", "§7 Abs. 2", "GB40778", "Where is form GB-40778 named?"]
)
def test_paragraphs_and_codes_are_found_however_they_are_written(library: Services, question: str) -> None:
    answer = ask(library, "guide", question)
    assert answer.outcome == "answered"
    assert "§ 7 (2)" in answer.quotes[0].text


def test_a_paragraph_in_no_document_is_refused_by_name(library: Services) -> None:
    answer = ask(library, "guide", "What does § 9 say?")
    assert answer.outcome == "refused"
    assert [notice.fields["identifier"] for notice in answer.notices] == ["§ 9"]


def test_a_greeting_before_a_question_changes_nothing(library: Services) -> None:
    answer = ask(library, "guide", "Good morning, what does a boat pay?")
    assert (answer.outcome, answer.kind) == ("answered", "question")
    assert "12 euros" in answer.quotes[0].text


def test_a_question_of_figures_alone_is_asked(library: Services) -> None:
    assert "2023" in ask(library, "leases", "2023").quotes[0].text


def test_what_letters_stand_for_is_where_they_stand(library: Services) -> None:
    answer = ask(library, "guide", "What does NRO stand for?")
    assert (answer.outcome, "Night Round Office (NRO)" in quoted(answer)) == ("answered", True)


def test_the_same_asked_of_another_is_no_other_subject(library: Services) -> None:
    before = ["When does the lease with Maple Row begin in 2022?"]
    answer = ask(library, "leases", "And in 2023?", before)
    assert (answer.outcome, "2023" in quoted(answer)) == ("answered", True)


def test_what_one_document_lists_is_asked_for_by_its_name(library: Services) -> None:
    for question in ("Which suppliers are there?", "List all suppliers", "How many suppliers are there?"):
        answer = ask(library, "stores", question)
        assert (answer.outcome, answer.kind) == ("answered", "list")
        assert {quote.text[2:6] for quote in answer.quotes} >= {"Ilka", "Orme", "Tove"}


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What does § 2 (3) say?", "(3) A discount of 2 percent is granted."),
        ("What is the discount under § 2 (3)?", "(3) A discount of 2 percent is granted."),
        ("What does Article 14 say?", "Addresses are kept in Malmo only."),
        ("Is bearing 6204-2RS in stock?", "Bearing 6204-2RS is in stock."),
        ("What is order number 4500012345 about?", "Order number 4500012345 is about glue."),
        ("Is paint part of the standard delivery?", "Order number 4500012345 is about glue."),
    ],
)
def test_paragraphs_without_headings_and_numbers_of_things_are_found(
    library: Services, question: str, first: str
) -> None:
    answer = ask(library, "stores", question)
    if "part of" in question:
        assert answer.gate is not None, "of what something is a part is no place in a document"
    else:
        assert (answer.outcome, answer.quotes[0].text) == ("answered", first)


@pytest.mark.parametrize(
    ("question", "nearest"),
    [
        ("What does § 2 (5) say?", ""),
        ("Is bearing 6205-2RS in stock?", "6204-2RS"),
        ("What is order number 4500012346 about?", "4500012345"),
    ],
)
def test_numbers_of_things_in_no_document_are_refused_by_name(library: Services, question: str, nearest: str) -> None:
    answer = ask(library, "stores", question)
    assert answer.outcome == "refused"
    assert answer.notices[0].fields.get("nearest", "") == nearest


def test_what_was_found_nowhere_is_refused_again_and_followed_by_nothing(library: Services) -> None:
    asked = ["When is an invoice due?", "Who painted the ceiling of Lisbon?"]
    assert ask(library, "stores", "Why?", asked).outcome == "refused"
    assert ask(library, "stores", "What about discounts?", asked).outcome == "answered"
    assert ask(library, "stores", "Where?", ["What is in stock?"]).generated_question.endswith("? Where?")


@pytest.mark.parametrize(
    ("question", "actions"),
    [
        ("Which actions are still open?", {"Paint", "Count"}),
        ("Which actions are done?", {"Mend"}),
        ("Which actions are not done?", {"Paint", "Count", "Sell"}),
        ("List the actions of Tove", {"Mend", "Sell"}),
        ("Which actions are there?", {"Paint", "Mend", "Count", "Sell"}),
    ],
)
def test_of_a_tables_rows_those_in_the_state_asked_for_are_listed(
    library: Services, question: str, actions: set[str]
) -> None:
    answer = ask(library, "stores", question)
    assert answer.outcome == "answered"
    assert {quote.text.strip("| ").split()[0] for quote in answer.quotes if quote.name == "Minutes.md"} == actions


def test_a_side_of_a_comparison_that_is_in_no_document_is_named(library: Services) -> None:
    answer = ask(library, "stores", "Compare Orme Ltd and Meyer Sons")
    assert answer.outcome == "answered"
    assert "Orme Ltd" in quoted(answer)
    assert [(notice.key, notice.fields["identifier"]) for notice in answer.notices] == [
        ("identifier_missing", "Meyer Sons")
    ]
    assert ask(library, "stores", "Compare Orme Ltd and Tove Ltd").notices == ()


def test_each_of_two_documents_is_quoted_as_one_alone(library: Services) -> None:
    answer = ask(library, "leases", "Compare the terms of Maple and Oak")
    names = [quote.name for quote in answer.quotes]
    assert (names.count("Lease_Maple.txt"), names.count("Lease_Oak.txt")) == (3, 3)


def test_things_are_listed_of_the_one_document_that_is_about_them(library: Services) -> None:
    answer = ask(library, "stores", "List all deliveries")
    assert (answer.outcome, {quote.name for quote in answer.quotes}) == ("overview", {"Standard_delivery.md"})


@pytest.mark.parametrize(
    "question", ["Who is the mayor of Brede?", "Who is the chairman of the yard?", "谁是 Brede 市长？"]
)
def test_an_office_that_is_in_no_document_is_refused_by_name(library: Services, question: str) -> None:
    answer = ask(library, "stores", question)
    assert answer.outcome == "refused"
    assert [notice.fields["identifier"] for notice in answer.notices if notice.key == "identifier_missing"] == [
        next(office for office in ("mayor", "chairman", "市长") if office in question)
    ]


def test_an_office_may_be_called_otherwise(library: Services) -> None:
    answer = ask(library, "stores", "Who is the CEO of the yard of Brede?")
    assert (answer.outcome, "Runa Holt" in answer.quotes[0].text) == ("answered", True)


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ("When is the next regatta of Brede?", "refused"),
        ("When was the regatta of Brede?", "answered"),
        ("When is the next lantern parade?", "answered"),
        ("When is the next boat market?", "answered"),
    ],
)
def test_the_next_time_is_none_that_is_gone_by(library: Services, question: str, outcome: str) -> None:
    assert ask(library, "stores", question).outcome == outcome
