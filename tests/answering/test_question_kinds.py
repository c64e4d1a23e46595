"""What a question asks for is known by its words alone, in three languages."""

from __future__ import annotations

import pytest

from rag.answering.retrieval import asked_of_documents, asked_place, question_kind, several_questions, sides
from rag.answering.retrieval.spelling import respelled
from rag.core.types import Passage, QuestionKind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Hello!", "small_talk"),
        ("good morning", "small_talk"),
        ("thanks a lot", "small_talk"),
        ("Danke!", "small_talk"),
        ("你好", "small_talk"),
        ("Sounds good", "small_talk"),
        ("No thanks", "small_talk"),
        ("Good, thank you very much!", "small_talk"),
        ("How are you today?", "small_talk"),
        ("Who made you?", "small_talk"),
        ("Which languages do you speak?", "small_talk"),
        ("Are my files sent to the internet?", "small_talk"),
        ("Wie heißt du?", "small_talk"),
        ("What is in here?", "summary"),
        ("Summarise this document", "summary"),
        ("can you summarize these files please", "summary"),
        ("What is this document about?", "summary"),
        ("tl;dr please", "summary"),
        ("What are the main topics?", "summary"),
        ("What is the key message of the report?", "summary"),
        ("Table of contents", "summary"),
        ("Worum geht es in diesen Unterlagen?", "summary"),
        ("Fasse das Dokument kurz zusammen", "summary"),
        ("总结一下这份文档", "summary"),
        ("这份报告主要讲什么？", "summary"),
        ("What documents do you have?", "about_library"),
        ("How many files are there?", "about_library"),
        ("List all documents", "about_library"),
        ("Wie viele Dokumente gibt es hier?", "about_library"),
        ("这里有多少个文件？", "about_library"),
        ("How many contracts are there?", "about_library"),
        ("Compare the rent of 2021 and 2023", "comparison"),
        ("What is the difference between the two plans?", "comparison"),
        ("两个方案有什么区别？", "comparison"),
        ("Is the north hut more expensive than the south hut?", "comparison"),
        ("Which plans cover dental care?", "list"),
        ("Which huts cost more than 35 euros?", "list"),
        ("Who are the wardens?", "list"),
        ("What are the fees of the huts?", "list"),
        ("What are the fees of 2023 and 2024, respectively?", "question"),
        ("What are the respective fees of both huts?", "question"),
        ("Which types of huts are there?", "list"),
        ("List all chapters", "summary"),
        ("Which version is the latest?", "about_library"),
        ("Which contract is the newest?", "about_library"),
        ("What is the latest price?", "question"),
        ("How many contracts are renewed?", "list"),
        ("公司有哪些福利？", "list"),
        ("What is in the safety kit?", "question"),
        ("Summarise the safety policy", "question"),
        ("Hello, how many days of leave do I have?", "question"),
        ("What is the document retention period?", "question"),
        ("How many days of leave are there?", "question"),
        ("What does the table show?", "question"),
        ("总结一下差旅报销的规定", "question"),
    ],
)
def test_the_kind_of_a_question(question: str, kind: QuestionKind) -> None:
    assert question_kind(question, lambda: {"contract"}) == kind


def test_places_are_asked_for_by_page_chapter_and_paragraph() -> None:
    found = {question: asked_place(question) for question in ("Page 12 of the handbook", "§ 7", "第三章讲什么？")}
    assert {question: (place.sort, place.number) for question, place in found.items() if place} == {
        "Page 12 of the handbook": ("page", "12"),
        "§ 7": ("section", "7"),
        "第三章讲什么？": ("section", "3"),
    }
    assert asked_place("How many pages are there?") is None


def test_a_comparison_is_asked_side_by_side() -> None:
    titles = {"a": {"contract", "alder"}, "b": {"contract", "birch"}, "c": {"contract", "cedar"}}
    found = sides("Compare the payment terms of Alder and Cedar", titles)
    assert [(part.query.split()[-1], part.documents) for part in found] == [("Alder", ("a",)), ("Cedar", ("c",))]
    assert [part.query[:6] for part in sides("Difference between a deposit and a fee", {})] == ["a depo", "a fee"]
    assert sides("Compare them", {}) == []


def test_a_little_word_of_a_title_makes_no_side() -> None:
    titles = {"a": {"leas", "acorn"}, "d": {"leas", "daisi"}, "h": {"rule", "of", "the", "hous"}}
    found = sides("Compare the rent of Acorn and Daisy", titles)
    assert [part.documents for part in found] == [("a",), ("d",)]


def test_several_questions_in_one_are_taken_apart_where_each_says_what_it_asks() -> None:
    assert len(several_questions("How long is probation and how many days of leave are there?")) == 2
    assert several_questions("Who founded it? When?") == ["Who founded it? When?"]


def test_documents_that_mention_something_are_searched_for_what_they_mention() -> None:
    assert asked_of_documents("Which documents mention a penalty?", set) == "a penalty?"
    assert asked_of_documents("Which employees mention a penalty?", set) is None


@pytest.mark.parametrize(
    ("query", "said", "wanted"),
    [
        ("How many life boats are there?", "Lifeboats are lowered.", "How many lifeboats are there?"),
        ("Where are the back ups?", "Backups are kept.", "Where are the backups?"),
        ("Who is the care taker?", "The caretaker lives here.", "Who is the caretaker?"),
        ("Is a life boat kept?", "Lifeboats, or a life boat.", "Is a life boat kept?"),
    ],
)
def test_words_written_apart_are_joined_as_the_documents_write_them(query: str, said: str, wanted: str) -> None:
    passage = Passage(1, "d", "a.txt", "", "text", None, 1, "", "", said, 0, len(said))
    assert respelled(query, [passage], lambda _: False) == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("Wie lange ist die Kündigungsfrist?", "Wie lange ist die gekündigt Frist?"),
        ("Wann ist die Kranprüfung?", "Wann ist die Kran geprüft?"),
        ("Wer war bei der Versammlung?", "Wer war bei der Betriebsversammlung?"),
        ("Wie hoch ist die Vertragsstrafe?", "Wie hoch ist die Vertragsstrafe?"),
    ],
)
def test_german_compounds_are_read_by_the_parts_that_the_documents_write(query: str, wanted: str) -> None:
    said = "Der Vertrag wird mit einer Frist gekündigt. Nach der Betriebsversammlung wird der Kran geprüft."
    passage = Passage(1, "d", "a.txt", "", "text", None, 1, "", "", said, 0, len(said))
    assert respelled(query, [passage], lambda _: True) == wanted
