"""Questions to begin with come from a collection's headings, and only those that its documents answer there."""

from __future__ import annotations

from rag.answering.suggestions import Heading, answered, headings
from rag.core.types import Answer, Document, Outcome, Page, Quote
from rag.core.types import Heading as PageHeading


def document(key: str, title: str = "") -> Document:
    return Document(key, "ann", "c", f"{key}.pdf", title, "pdf", None, key, 1, 1, 1, (), "en", "2026")


def page(*titles: str) -> Page:
    return Page(1, "1", "\n".join(titles), tuple(PageHeading(place, title) for place, title in enumerate(titles)))


def reply(key: str, section: str, outcome: Outcome = "answered") -> Answer:
    quote = Quote(key, f"{key}.pdf", "", "pdf", None, 1, "1", section, "Words.", 0, 6, 1.0)
    return Answer("?", "?", "", outcome, None, quotes=(quote,))


def say(heading: Heading) -> str:
    return f"What about {heading.text}?"


def test_headings_are_taken_from_each_document_in_turn_without_numbers_questions_first() -> None:
    one = document("one", "Rules"), [page("Rules", "4.1 Annual leave", "How do I claim?", "abc")]
    two = document("two"), [page("第三章 年假规定", "Annual Leave", "Chapter 2: Travel", "x" * 81)]
    assert [each.text for each in headings([one, two])] == ["How do I claim?", "年假规定", "Annual leave", "Travel"]
    three = document("three"), [page("二、停车收费", "（三）宠物管理")]
    assert [each.text for each in headings([three])] == ["停车收费", "宠物管理"]


def test_only_questions_are_offered_that_are_answered_under_their_heading() -> None:
    found = headings(
        [(document("one"), [page("Leave days", "Travel costs", "2.1 Gifts taken", "Sick notes", "Pets here")])]
    )
    replies = {
        "What about Leave days?": reply("one", "Leave days", "refused"),
        "What about Travel costs?": reply("two", "Travel costs"),
        "What about Gifts taken?": reply("one", "2 Conduct › 2.1 Gifts taken"),
        "What about Sick notes?": reply("one", "Another section"),
        "What about Pets here?": reply("one", "Pets here"),
    }
    assert list(answered(found, say, replies.__getitem__, 2)) == ["What about Gifts taken?", "What about Pets here?"]


def test_a_question_that_the_document_asks_itself_is_asked_as_it_stands() -> None:
    found = headings([(document("one"), [page("How do I claim?")])])
    assert list(answered(found, say, lambda _: reply("one", "How do I claim?"), 3)) == ["How do I claim?"]


def test_the_looking_ends_where_nothing_is_answered() -> None:
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return reply("one", "", "refused")

    found = headings([(document("one"), [page(*(f"Heading {number}x" for number in range(50)))])])
    assert list(answered(found, say, ask, 3)) == []
    assert len(asked) == 16
