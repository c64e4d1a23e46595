"""What a model is told before it answers: the form of the answer, by the kind of question and in its language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rag.core.text import STOP_WORDS, language_of, words
from rag.core.types import Disagreement, QuestionKind

Form = Literal["fact", "list", "steps", "comparison", "summary", "asked"]

# The question says itself how the answer should look.
_ASKED: Final = re.compile(
    r"\b(?:in|as|into|with) (?:(?:an?|at (?:least|most)|exactly|one|two|three|four|five|six|seven|ten|\d{1,2}|few|short"
    r"|full|bullet|simple|more|great) ){0,3}+(?:sentences?|words?|paragraphs?|bullets?|points|table|detail|lines?)\b"
    r"|\b(?:in|als|mit) (?:(?:einer?|einem|zwei|drei|vier|fünf|\d{1,2}|wenigen|kurzen?) ){0,3}+"
    r"(?:Satz|Sätzen?|Worten|Wörtern|Absätzen|Stichpunkten|Stichworten|Tabelle)\b|\bausführlich\b"
    r"|[一二两三四五六七八九十几\d]个?(?:句话|段话|个字|点)|表格|详细",
    re.IGNORECASE,
)
_STEPS: Final = re.compile(
    r"^\W*+(?:how (?:do|can|should|must|to)\b|(?:what|which) (?:are the )?steps\b|wie (?:kann|muss|soll) (?:ich|man)\b"
    r"|welche schritte\b)|\bsteps (?:to|for)\b|\bstep by step\b|schritt für schritt|如何|怎么(?!样)|怎样|步骤|流程",
    re.IGNORECASE,
)
_KANA: Final = re.compile(r"[\u3040-\u30ff]")
# A question in a language without rules of its own has fewer English stop words among its words than this. By hand.
_ENGLISH: Final = 0.2
_SOME_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Rules:
    """The words of one language around the text and the question."""

    forms: Mapping[Form, str]
    text: str
    question: str
    earlier: str
    condense: str
    disagree: str
    go_on: str
    rewrite: str


_ENGLISH_RULES: Final = Rules(
    {
        "fact": "You answer questions in one short sentence, only from the given text.",
        "list": "You answer questions completely, only from the given text, with one line for each thing asked for.",
        "steps": "You answer how it is done, only with what the given text says; several steps as a numbered list.",
        "comparison": "You compare, one short line for each side and one for the difference, only from the given text.",
        "summary": "You summarize the given text in three to five short sentences, and add nothing.",
        "asked": "You answer questions only from the given text, in the length and form that is asked for.",
    },
    "Text:\n",
    "Question: ",
    "Earlier questions: ",
    "Write the last question again, so that it can be understood without the conversation. Only the question.",
    "The texts do not say the same: {values}. Name each.",
    "Go on exactly where you stopped. Repeat nothing.",
    "The text does not bear this out: {claims}\nWrite the answer again, only from the text.",
)
_CHINESE_RULES: Final = Rules(
    {
        "fact": "你只根据给出的文字回答问题，用中文，一两句话。文字里没有的，就说没有提到。",
        "list": "你只根据给出的文字回答问题，用中文，把有关的内容都写出来，不要遗漏。文字里没有的，就说没有提到。",
        "steps": "你只根据给出的文字，用中文说明怎么做；步骤多的，按顺序每行写一步。文字里没有的，就说没有提到。",
        "comparison": "你只根据给出的文字，用中文比较，每一方写一行，最后一行写不同之处。文字里没有的，就说没有提到。",
        "summary": "你用中文把给出的文字概括成三到五句话，不添加别的内容。",
        "asked": "你只根据给出的文字回答问题，用中文，按要求的形式写。文字里没有的，就说没有提到。",
    },
    "文字：\n",
    "问题：",
    "之前的问题：",
    "把最后一个问题改写成不看对话也能明白的完整问题。只写问题。",
    "这些文字说法不一：{values}。请分别写出。",
    "从停下的地方接着写，不要重复。",
    "文字里没有这些：{claims}\n只根据文字重新回答。",
)
_GERMAN_RULES: Final = Rules(
    {
        "fact": "Du beantwortest Fragen auf Deutsch in einem kurzen Satz, nur aus dem gegebenen Text.",
        "list": "Du beantwortest Fragen auf Deutsch vollständig, nur aus dem gegebenen Text, eine Zeile für jedes.",
        "steps": "Du sagst auf Deutsch, wie es gemacht wird, nur aus dem gegebenen Text; mehrere Schritte nummeriert.",
        "comparison": "Du vergleichst auf Deutsch, je Seite eine kurze Zeile und eine für den Unterschied, nur aus dem "
        "gegebenen Text.",
        "summary": "Du fasst den gegebenen Text auf Deutsch in drei bis fünf kurzen Sätzen zusammen, ohne Zusätze.",
        "asked": "Du beantwortest Fragen auf Deutsch in der gewünschten Form, nur aus dem gegebenen Text.",
    },
    "Text:\n",
    "Frage: ",
    "Frühere Fragen: ",
    "Schreibe die letzte Frage so, dass man sie ohne das Gespräch versteht. Nur die Frage.",
    "Die Texte sagen nicht dasselbe: {values}. Nenne jedes.",
    "Schreibe genau da weiter, wo du aufgehört hast. Wiederhole nichts.",
    "Der Text belegt das nicht: {claims}\nSchreibe die Antwort neu, nur aus dem Text.",
)
_IN_ITS_LANGUAGE: Final = " Answer in the language of the question."


def rules_for(question: str) -> Rules:
    """The rules in a question's language, English ones where there are none in it."""
    return {"zh": _CHINESE_RULES, "de": _GERMAN_RULES}.get(_language(question), _ENGLISH_RULES)


def told_first(question: str, kind: QuestionKind) -> str:
    """The form of the answer, as the model is told it.

    >>> told_first("How long is the notice period?", "question")
    'You answer questions in one short sentence, only from the given text.'
    """
    told = rules_for(question).forms[form_of(question, kind)]
    return told + _IN_ITS_LANGUAGE if _language(question) == "" else told


def form_of(question: str, kind: QuestionKind) -> Form:
    """How the answer should look.

    >>> form_of("Explain the notice period in three sentences", "question"), form_of("How do I take leave?", "question")
    ('asked', 'steps')
    """
    if _ASKED.search(question):
        return "asked"
    if kind == "list" or kind == "comparison" or kind == "summary":
        return "steps" if kind == "list" and _STEPS.search(question) else kind
    return "steps" if _STEPS.search(question) else "fact"


def disagreement_told(question: str, found: Sequence[Disagreement]) -> str:
    """That the quotes differ, and in what; "" where they do not."""
    values = [f"[{s.quote + 1}] {s.value}{f' ({s.date})' if s.date else ''}" for d in found for s in d.statements]
    return rules_for(question).disagree.format(values="; ".join(values)) if values else ""


def _language(question: str) -> str:
    """`zh`, `de`, `en`; "" for any other."""
    if _KANA.search(question):
        return ""
    language, found = language_of(question), words(question)
    english = sum(word in STOP_WORDS["en"] for word in found)
    other = language == "en" and len(found) >= _SOME_WORDS and english < _ENGLISH * len(found)
    return "" if other else language
