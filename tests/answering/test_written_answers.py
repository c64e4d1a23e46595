"""What becomes of a model's words: its thoughts, an answer that was cut off, a second version, a summary."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage

from rag.answering.conversation import Conversation
from rag.answering.generation import AnswerWriter
from rag.answering.retrieval import Retriever
from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.core.types import Answer
from rag.ingestion.pipeline import read_file
from rag.library.store.answers import answer_from_json, answer_to_json
from rag.models.llms.streaming import ChatStreamed
from rag.services import Services, open_services
from rag.ui.answer_view import answer_data
from rag.ui.texts import Language, Texts
from rag.viewing.export import as_markdown
from tests.support.exports import as_html

RULES = (
    "# Passwords\n\nPasswords have at least fourteen characters. They are changed once a year.\n\n"
    "# Accounts\n\nAn account is locked for twenty minutes after five wrong attempts.\n\n"
    "# Printing\n\nPrint jobs are kept for three days and then removed.\n"
)
ASKED = "How many characters must passwords have?"
RIGHT = "Passwords have at least fourteen characters."


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Services:
    made = open_services(Settings(data_dir=tmp_path_factory.mktemp("library"), model="none", samples=False))
    collection = made.store.collections.create("me", "Rules")
    read_file(made.ingest, "me", collection.id, RULES.encode(), "rules.md")
    return made


class Says:
    """A model that says these replies, one after the other; (text, why it ended) where it did not come to its end."""

    def __init__(self, *replies: str | tuple[str, str] | Iterator[str]) -> None:
        self._replies = list(replies)
        self.heard: list[list[tuple[str, str]]] = []
        self.pieces = 0

    def __call__(self, messages: list[BaseMessage], _stops: Sequence[str], context: CallContext) -> Iterator[str]:
        self.heard.append([(message.type, message.text) for message in messages])
        reply = self._replies.pop(0)
        text, reason = reply if isinstance(reply, tuple) else (reply, "")
        for piece in text:
            self.pieces += 1
            yield piece
        if reason:
            context.on_end(reason)


def talk(library: Services, model: Says, *, rewrite: bool = False, narrow: bool = False) -> Conversation:
    retriever = Retriever(library.index, library.store.documents, library.embedder)
    writer = AnswerWriter("tiny", ChatStreamed.of("tiny", model), narrow=narrow)
    return Conversation(library.store, retriever, library.embedder, lambda: writer, rewrite=rewrite)


def context(library: Services) -> CallContext:
    return CallContext("me", library.store.collections.list("me")[0].id)


def ask(library: Services, model: Says, question: str = ASKED, *, so_far: str = "", rewrite: bool = False) -> Answer:
    *_, final = talk(library, model, rewrite=rewrite).ask(question, context(library), so_far=so_far)
    return final


def keys(answer: Answer) -> list[str]:
    return [notice.key for notice in answer.notices]


def test_thoughts_are_neither_shown_nor_judged(library: Services) -> None:
    model = Says(f"<think>\nTwelve? No.\n</think>\n\n{RIGHT}")
    drafts = list(talk(library, model).ask(ASKED, context(library)))
    assert {draft.text for draft in drafts} <= {RIGHT[:end].rstrip() for end in range(len(RIGHT) + 1)}
    assert [(sentence.text, sentence.verdict) for sentence in drafts[-1].sentences] == [(RIGHT, "supported")]
    assert keys(drafts[-1]) == []


@pytest.mark.parametrize(
    ("reply", "notice"),
    [
        (("<think>Twelve?", "length"), "only_reasoning"),
        (("", "reasoning"), "only_reasoning"),
        ("", "reply_empty"),
        (("", "content_filter"), "reply_refused"),
        ((f"{RIGHT} They", "length"), "cut_off"),
        (f"{RIGHT}<|im_end|>\nuser", "went_on"),
        (f"{RIGHT} " * 4, "repeated"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_befell_an_answer_is_said_on_the_page_kept_and_exported(
    library: Services, reply: str | tuple[str, str], notice: str, language: Language
) -> None:
    answer = answer_from_json(answer_to_json(ask(library, Says(reply))))
    assert keys(answer) == [notice]
    texts = Texts(language)
    said = texts(f"answer.{notice}")
    assert said in str(answer_data(answer, texts, "", {})["remark"])
    assert said.replace("“", "&#34;")[:12] in as_html(answer, texts, language=language)
    assert said.split("RAG")[0][:20].rstrip("(_ ") in as_markdown(answer, texts)


def test_a_model_in_a_loop_is_stopped(library: Services) -> None:
    model = Says(itertools.cycle(f"{RIGHT} "))
    answer = ask(library, model)
    assert (answer.text, keys(answer)) == (RIGHT, ["repeated"])
    assert model.pieces < 8 * len(RIGHT)


def test_a_model_goes_on_with_an_answer_that_was_cut_off(library: Services) -> None:
    model = Says(("Passwords have at least four", "length"), "fourteen characters.")
    first = ask(library, model)
    assert (first.text, keys(first)) == ("Passwords have at least four", ["cut_off"])
    whole = ask(library, model, so_far=first.text)
    assert (whole.text, keys(whole)) == (RIGHT, [])
    assert [sentence.verdict for sentence in whole.sentences] == ["supported"]
    before, after = model.heard
    assert after[: len(before)] == before
    assert after[len(before) :] == [
        ("ai", "Passwords have at least four"),
        ("human", "Go on exactly where you stopped. Repeat nothing."),
    ]


def test_what_was_written_stays_when_a_model_cannot_go_on(library: Services) -> None:
    again = ask(library, Says((" and", "length")), so_far="Passwords have fourteen characters")
    assert (again.text, keys(again)) == ("Passwords have fourteen characters and", ["cut_off"])
    ended = ask(library, Says(""), so_far=RIGHT)
    assert (ended.text, keys(ended)) == (RIGHT, [])


WRONG = "A visitor brings twelve horses. "


def test_a_second_version_is_kept_where_the_documents_bear_out_more_of_it(library: Services) -> None:
    model = Says(WRONG + RIGHT, RIGHT)
    answer = ask(library, model, rewrite=True)
    assert (answer.text, keys(answer)) == (RIGHT, ["rewritten"])
    prompt, (role, told) = model.heard[1][:-1], model.heard[1][-1]
    assert (prompt, role) == ([*model.heard[0], ("ai", WRONG + RIGHT)], "human")
    assert f"- {WRONG.strip()}\n" in told
    assert "fourteen" not in told


@pytest.mark.parametrize("second", [WRONG + WRONG + RIGHT, "It does not say.", ""])
def test_a_second_version_that_is_no_better_is_dropped(library: Services, second: str) -> None:
    answer = ask(library, Says(WRONG + RIGHT, second), rewrite=True)
    assert (answer.text, keys(answer)) == (WRONG + RIGHT, [])


def test_only_an_able_model_writes_again_and_only_where_that_is_set(library: Services) -> None:
    for reply, options in (
        (WRONG + RIGHT, {}),
        (WRONG + RIGHT, {"rewrite": True, "narrow": True}),
        (RIGHT, {"rewrite": True}),
    ):
        model = Says(reply)
        list(talk(library, model, **options).ask(ASKED, context(library)))
        assert len(model.heard) == 1


def test_a_summary_is_written_from_the_outline(library: Services) -> None:
    model = Says("Passwords have at least fourteen characters. Print jobs are kept for three days and then removed.")
    answer = ask(library, model, "Summarize this document.")
    assert (answer.outcome, answer.kind) == ("overview", "summary")
    assert "summarize" in model.heard[0][0][1]
    lines = model.heard[0][1][1].split("\n\n")[0].splitlines()
    assert lines == [
        "Text:",
        "[1] Passwords: Passwords have at least fourteen characters.",
        "[2] Accounts: An account is locked for twenty minutes after five wrong attempts.",
        "[3] Printing: Print jobs are kept for three days and then removed.",
    ]
    assert [sentence.quotes for sentence in answer.sentences] == [(0,), (2,)]
    narrow = Says()
    *_, outline = talk(library, narrow, narrow=True).ask("Summarize this document.", context(library))
    assert (outline.text, len(outline.quotes), narrow.heard) == ("", 3, [])


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What rules are there for passwords and accounts?", "one short sentence"),
        ("List all rules for passwords.", "one line for each"),
        ("How do I unlock an account?", "how it is done"),
        ("Compare how long accounts are locked and print jobs are kept.", "You compare"),
        ("Explain in three sentences how long print jobs are kept.", "form that is asked for"),
        ("Wie viele Zeichen haben Passwörter mindestens?", "auf Deutsch"),
        ("密码至少有几个字符？", "用中文"),
        ("Combien de caractères ont les mots de passe ?", "in the language of the question"),
    ],
)
def test_a_model_is_told_the_form_of_the_answer_in_the_language_of_the_question(
    library: Services, question: str, told: str
) -> None:
    model = Says("?")
    list(talk(library, model).ask(question, context(library), anyway=True))
    assert told in model.heard[0][0][1]
    assert model.heard[0][1][1].endswith(question)


def test_a_model_is_told_that_documents_do_not_say_the_same(tmp_path: Path) -> None:
    made = open_services(Settings(data_dir=tmp_path, model="none", samples=False))
    made.store.collections.create("me", "Two")
    for name, days in (("old.md", 14), ("new.md", 30)):
        text = f"# Notice\n\nThe notice period for the rented office is {days} days.\n"
        read_file(made.ingest, "me", context(made).collection, text.encode(), name)
    model = Says("It is 14 or 30 days.")
    answer = ask(made, model, "How many days is the notice period for the rented office?")
    assert len(answer.disagreements) == 1
    told = model.heard[0][1][1]
    first, second = (f"[{s.quote + 1}] {s.value}" for s in answer.disagreements[0].statements)
    assert f"The texts do not say the same: {first}; {second}. Name each." in told
    assert all(f"[{number}]" in told.split("\n\n")[0] for number in (1, 2))


@pytest.mark.parametrize(
    ("language", "question", "title"),
    [
        ("en", "What does X-4711 mean?", "Not an answer: the passages closest to the question"),
        ("zh", "X-4711 是什么意思？", "不是答案：只是与问题最接近的片段"),
    ],
)
def test_passages_near_a_code_that_is_nowhere_are_not_taken_for_an_answer(
    library: Services, language: Language, question: str, title: str
) -> None:
    answer = ask(library, Says(), question)
    assert (answer.outcome, keys(answer)) == ("refused", ["identifier_missing"])
    assert answer.quotes
    texts = Texts(language)
    data = answer_data(answer, texts, "", {})
    assert dict(data["labels"])["quotes"] == title  # type: ignore[call-overload]
    assert title in as_html(answer, texts, language=language)
    assert texts("answer.quotes") not in as_html(answer, texts, language=language)
    assert title in as_markdown(answer, texts)


def test_where_nothing_is_borne_out_the_quotes_lead_and_that_is_said(library: Services) -> None:
    nothing = answer_data(ask(library, Says(WRONG)), Texts("en"), "", {})
    assert nothing["remark"] == Texts("en")("answer.nothing_left")
    assert nothing["quotes"]
