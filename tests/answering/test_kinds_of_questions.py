"""Each kind of question gets the kind of answer that a person expects, asked by the door of a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.core.types import Answer, Turn
from rag.ingestion.pipeline import read_file
from rag.services import Services, open_services

OWNER = "me"
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


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("kinds"), samples=False, model="none", reader="elsewhere")
    services = open_services(settings)
    with closing(services.store):
        leases = services.store.collections.create(OWNER, "leases").id
        for name, text in LEASES.items():
            read_file(services.ingest, OWNER, leases, text.encode(), name)
        manual = services.store.collections.create(OWNER, "manual").id
        read_file(services.ingest, OWNER, manual, MANUAL.encode(), "boiler.md")
        yield services


def ask(library: Services, collection: str, question: str, before: Sequence[str] = ()) -> Answer:
    known = library.store.collections.by_name(OWNER, collection)
    assert known is not None
    context, history = CallContext(OWNER, known.id), list[Turn]()
    for number, earlier in enumerate(before):
        *_, said = library.conversation.ask(earlier, context, history=history)
        history.append(Turn(str(number), earlier, said, ""))
    *_, answer = library.conversation.ask(question, context, history=history)
    return answer


def quoted(answer: Answer) -> str:
    return " ¦ ".join(quote.text for quote in answer.quotes)


def test_documents_are_counted_and_listed_whole(library: Services) -> None:
    answer = ask(library, "leases", "How many leases are there?")
    assert (answer.outcome, answer.kind, len(answer.quotes)) == ("overview", "about_library", 3)
    assert [(notice.key, notice.fields["count"]) for notice in answer.notices] == [("documents_all", 3)]


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
