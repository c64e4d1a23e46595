"""Prompts: short, in the question's language, within the model's context.

The parts that change least come first (rules, then quotes), so that a second question about the same quotes reuses
the KV cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompts import BasePromptTemplate, ChatPromptTemplate, format_document

from rag.answering.prompt_rules import disagreement_told, rules_for, told_first
from rag.core.text import estimated_tokens
from rag.core.types import Disagreement, QuestionKind

History = Sequence[tuple[str, str]]
# From (question, documents, history) and from (follow-up, history) to the model's input. The history is
# (question, answer) pairs.
AnswerPrompt = Callable[[str, Sequence[Document], History], LanguageModelInput]
CondensePrompt = Callable[[str, History], LanguageModelInput]

# The defaults of ConversationalRetrievalChain, as LangChain templates.
CONDENSE_QUESTION_PROMPT = ChatPromptTemplate.from_template(
    "Here is a conversation and a question that follows it. Write the question again so that it can be understood "
    "without the conversation, in the same language. Write the question only.\n\n"
    "Conversation:\n{chat_history}\n\nQuestion: {question}\nQuestion on its own:"
)
COMBINE_DOCS_PROMPT = ChatPromptTemplate.from_messages(
    [
        (
            "system",
            "Answer from the following text only. Where it does not say, say that you do not know.\n\n{context}",
        ),
        ("human", "{question}"),
    ]
)

# Context size assumed where the model does not tell.
_USUAL_CONTEXT = 4096
# Tokens of the chat format around a message, generously.
_FRAME = 24
# Share of the budget for earlier questions, and how many the model is told: they are read anew with each.
_HISTORY_SHARE = 0.25
_EARLIER = 2
# Behind all quotes.
_LAST = 1 << 20


@dataclass(frozen=True, slots=True)
class Budget:
    """Token budget: `context` for prompt and answer, `answer` reserved for the answer, `count` the token counter."""

    context: int
    answer: int
    count: Callable[[Sequence[str]], list[int]]

    @property
    def prompt(self) -> int:
        return max(self.context - self.answer, self.context // 2)


def budget_for(model: object, answer_tokens: int) -> Budget:
    """The budget of a chat model; estimated for models other than those of rag.models.llms."""
    context = getattr(model, "context_tokens", None)
    count = getattr(model, "count_tokens", estimated_tokens)
    return Budget(context() if callable(context) else _USUAL_CONTEXT, answer_tokens, count)


def answer_prompt(
    budget: Budget, kind: QuestionKind = "question", disagreements: Sequence[Disagreement] = ()
) -> Callable[[str, Sequence[Document], History], list[BaseMessage]]:
    """The prompt for an answer from quotes: rules for the kind of question, quotes, what they differ in, earlier
    questions, question.

    What exceeds the budget is dropped: the oldest questions, the last quotes; never the question. Quotes are numbered
    in an outline, and where the model is told which of them differ: on 50 SQuAD questions the bundled model was right
    28 times without numbers, 24 times with them, and where a number changes the quotes are read again.
    """

    def build(question: str, documents: Sequence[Document], history: History) -> list[BaseMessage]:
        words, told = rules_for(question), told_first(question, kind)
        differ, asked = disagreement_told(question, disagreements), words.question + question
        room = budget.prompt - sum(budget.count([told, asked])) - 2 * _FRAME
        asked_before = [q for q, _ in history if q][-_EARLIER:]
        earlier = _latest(asked_before, int(room * _HISTORY_SHARE), budget)
        before = [differ] if differ else []
        before += [words.earlier + " / ".join(earlier)] if earlier else []
        texts = _numbered if differ or kind == "summary" else _unnumbered
        room -= sum(budget.count(before))
        quotes = _nearest(texts(documents), room, budget)
        if len(quotes) < len(documents):
            quotes = _nearest(texts(sorted(documents, key=_rank)), room, budget)
        text = words.text + "\n".join(quotes)
        return [SystemMessage(told), HumanMessage("\n\n".join([text, *before, asked]))]

    return build


def _rank(document: Document) -> int:
    """The number of the best quote in it; those of earlier questions last."""
    return min(document.metadata.get("numbers", (0,)), default=_LAST)


def _unnumbered(documents: Sequence[Document]) -> list[str]:
    return [document.page_content for document in documents]


def _numbered(documents: Sequence[Document]) -> list[str]:
    """Their texts, each with the numbers that the quotes in it have on the page."""
    numbers = [d.metadata.get("numbers", ()) for d in documents]
    return [
        " ".join(["".join(f"[{n}]" for n in mine), d.page_content]).lstrip()
        for mine, d in zip(numbers, documents, strict=True)
    ]


def condense_prompt(budget: Budget) -> Callable[[str, History], list[BaseMessage]]:
    """The prompt to rewrite a follow-up as a standalone question."""

    def build(question: str, history: History) -> list[BaseMessage]:
        rules = rules_for(question).condense
        room = budget.prompt - sum(budget.count([rules, question])) - 2 * _FRAME
        turns = _latest([spoken([turn]).strip() for turn in history], room, budget)
        return [SystemMessage(rules), HumanMessage("\n".join([*turns, f"Human: {question}"]))]

    return build


def answer_prompt_of(
    format_history: Callable[[Any], str],
    prompt: BasePromptTemplate[Any] | AnswerPrompt = COMBINE_DOCS_PROMPT,
    document_prompt: BasePromptTemplate[str] | None = None,
    document_separator: str = "\n\n",
    document_variable_name: str = "context",
) -> Callable[[str, Sequence[Document], Any], LanguageModelInput]:
    """A template or a function as an answer prompt; `format_history` formats the history for templates."""

    def filled(question: str, documents: Sequence[Document], history: Any) -> LanguageModelInput:
        if not isinstance(prompt, BasePromptTemplate):
            return prompt(question, documents, pairs(history))
        texts = [format_document(d, document_prompt) if document_prompt else d.page_content for d in documents]
        context = document_separator.join(texts)
        values = {"question": question, document_variable_name: context, "chat_history": format_history(history)}
        return _filled(prompt, values)

    return filled


def condense_prompt_of(
    format_history: Callable[[Any], str], prompt: BasePromptTemplate[Any] | CondensePrompt
) -> Callable[[str, Any], LanguageModelInput]:
    """As `answer_prompt_of`, for condensing."""

    def filled(question: str, history: Any) -> LanguageModelInput:
        if not isinstance(prompt, BasePromptTemplate):
            return prompt(question, pairs(history))
        return _filled(prompt, {"question": question, "chat_history": format_history(history)})

    return filled


def _filled(template: BasePromptTemplate[Any], values: Mapping[str, str]) -> LanguageModelInput:
    filled: LanguageModelInput = template.invoke({name: values[name] for name in template.input_variables})
    return filled


def script(history: Sequence[object]) -> str:
    """A history in any form as a transcript."""
    return spoken(pairs(history))


def pairs(history: Sequence[object]) -> list[tuple[str, str]]:
    """A history of pairs or messages as (question, answer) pairs; "" for a missing one."""
    turns: list[tuple[str, str]] = []
    for turn in history:
        if isinstance(turn, BaseMessage):
            _add_message(turns, turn)
        elif isinstance(turn, tuple | list) and len(turn) == 2:
            turns.append((str(turn[0]), str(turn[1])))
        else:
            raise TypeError(f"a turn is a pair or a message, not {type(turn).__name__}")
    return turns


def _add_message(turns: list[tuple[str, str]], message: BaseMessage) -> None:
    if message.type != "ai":
        turns.append((message.text, ""))
    elif turns and not turns[-1][1]:
        turns[-1] = (turns[-1][0], message.text)
    else:
        turns.append(("", message.text))


def spoken(history: History) -> str:
    """The turns as a transcript: a line per speaker, none for an empty text."""
    lines = [line for question, answer in history for line in (("Human", question), ("Assistant", answer))]
    return "".join(f"\n{speaker}: {text}" for speaker, text in lines if text)


def _latest(texts: Sequence[str], room: int, budget: Budget) -> list[str]:
    """The last texts that fit into `room` tokens, in order."""
    kept: list[str] = []
    for text, size in zip(reversed(texts), reversed(budget.count(texts)), strict=True):
        room -= size + 2
        if room < 0:
            break
        kept.insert(0, text)
    return kept


def _nearest(texts: Sequence[str], room: int, budget: Budget) -> list[str]:
    """The first texts that fit into `room` tokens; the very first is truncated rather than dropped."""
    kept: list[str] = []
    for text, size in zip(texts, budget.count(texts), strict=True):
        room -= size + 6
        if room < 0:
            break
        kept.append(text)
    if texts and not kept:
        return [_cut(texts[0], room + budget.count(texts[:1])[0], budget)]
    return kept


def _cut(text: str, room: int, budget: Budget) -> str:
    """A text truncated to about `room` tokens."""
    while text and budget.count([text])[0] > room:
        text = text[: len(text) * 3 // 4]
    return text
