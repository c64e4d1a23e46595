"""What is said to the model fits its context, speaks the question's language and never cuts the question."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from rag.answering.prompts import Budget, answer_prompt, budget_for, condense_prompt, pairs, spoken
from rag.core.text import estimated_tokens


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def budget(context: int = 4096, answer: int = 256) -> Budget:
    return Budget(context, answer, count_words)


def documents(*texts: str) -> list[Document]:
    return [Document(page_content=text) for text in texts]


def text_of(messages: Sequence[BaseMessage]) -> str:
    return "\n".join(message.text for message in messages)


def test_rules_come_first_then_the_quotes_then_earlier_questions_then_the_question() -> None:
    messages = answer_prompt(budget())(
        "And when?", documents("Leave is 25 days.", "It ends in March."), [("How much leave?", "25 days.")]
    )
    assert [message.type for message in messages] == ["system", "human"]
    user = messages[1].text
    order = [user.index(part) for part in ("Leave is 25 days.", "It ends in March.", "How much leave?", "And when?")]
    assert order == sorted(order)
    assert user.endswith("Question: And when?")


def test_the_latest_two_questions_are_told_and_quotes_are_numbered_where_they_differ() -> None:
    history = [("How much leave?", "25 days."), ("And sick leave?", "As needed."), ("And parental leave?", "A year.")]
    quotes = documents("Leave is 25 days.", "It ends in March.")
    user = text_of(answer_prompt(budget())("And when?", quotes, history))
    assert "And sick leave? / And parental leave?" in user
    assert "How much leave?" not in user
    assert "[1]" not in user


def test_another_question_about_the_same_quotes_begins_alike() -> None:
    build = answer_prompt(budget())
    first, second = (text_of(build(q, documents("Leave is 25 days."), [])) for q in ("How much?", "Until when?"))
    common = next(i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    assert "Leave is 25 days." in first[:common]


def test_a_chinese_question_is_told_so_in_chinese() -> None:
    messages = answer_prompt(budget())("年假有几天？", documents("年假25天。"), [])
    assert "只根据" in messages[0].text
    assert messages[1].text.endswith("问题：年假有几天？")
    assert "改写" in condense_prompt(budget())("那加班呢？", [("年假有几天？", "25天。")])[0].text


def test_the_nearest_quotes_stay_when_there_is_no_room_for_all() -> None:
    texts = [f"quote{number} " + "word " * 40 for number in range(10)]
    user = text_of(answer_prompt(budget(context=256, answer=56))("Why?", documents(*texts), []))
    assert "quote0" in user
    assert "quote1" in user
    assert "quote9" not in user


def test_where_not_all_fit_what_earlier_questions_were_about_is_left_out_first() -> None:
    kept = [Document(page_content="old " * 40, metadata={"numbers": ()}) for _ in range(3)]
    new = [Document(page_content=f"new{n} " + "word " * 40, metadata={"numbers": (n,)}) for n in (2, 1)]
    user = text_of(answer_prompt(budget(context=256, answer=56))("Why?", [*kept, *new], []))
    assert user.index("new1") < user.index("new2")
    assert "old" not in user
    user = text_of(answer_prompt(budget())("Why?", [*kept, *new], []))
    assert user.index("old") < user.index("new2") < user.index("new1")


def test_a_single_quote_that_is_too_long_is_cut_rather_than_left_out() -> None:
    user = text_of(answer_prompt(budget(context=256, answer=56))("Why?", documents("word " * 1000), []))
    assert 50 < user.count("word") < 200


def test_the_latest_turns_stay() -> None:
    history = [(f"question{number} " + "word " * 10, "answer") for number in range(30)]
    user = text_of(answer_prompt(budget(context=512, answer=100))("Why?", documents("quote"), history))
    assert "question29" in user
    assert "question0 " not in user
    asked = text_of(condense_prompt(budget(context=512, answer=100))("Why?", history))
    assert "question29" in asked
    assert "question0 " not in asked


@given(
    question=st.text(st.characters(categories=["L", "Zs"]), min_size=1, max_size=200),
    quotes=st.lists(st.text(st.sampled_from("ab "), max_size=400), max_size=8),
    history=st.lists(st.tuples(st.text(st.sampled_from("xy "), max_size=100), st.just("z")), max_size=8),
    context=st.integers(256, 1024),
)
def test_the_prompt_fits_and_the_question_is_whole(
    question: str, quotes: list[str], history: list[tuple[str, str]], context: int
) -> None:
    allowed = budget(context=context, answer=64)
    for messages in (
        answer_prompt(allowed)(question, documents(*quotes), history),
        condense_prompt(allowed)(question, history),
    ):
        assert messages[-1].text.endswith(question)
        if count_words([question])[0] < 60:
            assert count_words([text_of(messages)])[0] <= context - 64


def test_history_is_read_from_pairs_and_from_messages() -> None:
    expected = [("Who?", "Ada."), ("And when?", "")]
    assert pairs([("Who?", "Ada."), ["And when?", ""]]) == expected
    assert pairs([HumanMessage("Who?"), AIMessage("Ada."), HumanMessage("And when?")]) == expected
    assert pairs([AIMessage("Hello."), SystemMessage("Be brief.")]) == [("", "Hello."), ("Be brief.", "")]
    assert spoken(expected) == "\nHuman: Who?\nAssistant: Ada.\nHuman: And when?"
    with pytest.raises(TypeError):
        pairs(["Who?"])


def test_the_estimate_is_careful_in_both_languages() -> None:
    english, chinese, nothing = estimated_tokens(["Employees are reimbursed for fitness classes.", "年假二十五天", ""])
    assert 9 <= english <= 20
    assert chinese == 6
    assert nothing == 0


def test_a_model_that_does_not_tell_gets_the_usual_context() -> None:
    assert budget_for(object(), 100).prompt == 4096 - 100
    assert budget_for(object(), 100).count(["abc"]) == [2]
